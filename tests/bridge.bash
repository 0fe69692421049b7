# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# For tests of bridge networks, after lib: a web server in a container, who
# gets what it says, and whether anything is left.

# need_bridges: skips where something is not there that they need; holds a lock until the test ends
need_bridges() {
	need_namespaces
	local p
	for p in netavark aardvark-dns pasta iptables ip; do
		need_helper "$p"
	done
	[ -w /dev/net/tun ] || skip '/dev/net/tun is not open to users here'
	# one test at a time of all files: they look for what serves bridges by name
	exec {BRIDGE_LOCK}>"${XDG_RUNTIME_DIR:-/tmp}/bridge-tests.lock"
	flock -w 100 "$BRIDGE_LOCK" || fail 'another test of bridges does not end'
}
# need_helper NAME: where self_open_helper() looks
need_helper() {
	local d
	for d in /usr/bin /usr/sbin /usr/local/bin /bin /usr/lib/podman /usr/libexec/podman; do
		[ ! -x "$d/$1" ] || return 0
	done
	skip "$1 is not installed"
}
# web NAME OPTION...: a container that answers "hello from NAME" on port 80
web() {
	local name=$1
	shift
	ranby run -d --name "$name" "$@" busybox sh -c "echo hello from $name >/tmp/index.html; exec httpd -f -p 80 -h /tmp" >/dev/null
}
# get CONTAINER HOST: what its web server says
get() {
	local _
	for _ in {1..300}; do # the server may not listen yet
		timeout 5 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" exec "$1" timeout 2 wget -q -O- "http://$2/" 2>/dev/null && return
		sleep 0.05
	done
	return 1
}
cannot_get() { ! timeout 4 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" exec "$1" timeout 1 wget -q -O- "http://$2/" 2>/dev/null; }
# looks_up NAME ADDRESS COMMAND...: the command, before an nslookup, has that answer; aardvark-dns closes its sockets for a moment when
# it is told of another container
looks_up() { "${@:3}" nslookup -type="$([[ $2 == *:* ]] && echo aaaa || echo a)" "$1" 2>/dev/null | grep -qF "$2"; }
ip_of() { ranby inspect -f "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1"; }
# holder: its pid; empty: there is none
holder() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pid"])' "$RANBY_RUN/bridge/holder" 2>/dev/null; }
# ours_left: processes of this user that belong to bridges, a line each. Other files of tests run as this user meanwhile:
# theirs is pasta without an interface's name or with another run directory, and an init below a monitor of theirs.
ours_left() {
	local pid name words
	while read -r pid name; do
		words=$(tr '\0' ' ' <"/proc/$pid/cmdline") || continue
		case $name in
		aardvark* | netavark*) ;;
		ranby-init) [ "$(cat "/proc/$(status_field "$pid" PPid)/comm")" != ranby-monitor ] || continue ;;
		*) [[ $words == *"$RANBY_RUN/"* || $words == *' --ns-ifname tap0 '* ]] || continue ;;
		esac
		echo "$pid $name $words"
	done < <(pgrep -u "$(id -u)" -l -r S,R,D 'pasta|passt|aardvark|netavark|ranby-init') 2>/dev/null
}
nothing_of_bridges() {
	nothing_left
	[ ! -e "$RANBY_RUN/bridge" ] || fail "$(find "$RANBY_RUN/bridge")"
	wait_for 30 no_process || fail "$(ours_left)"
}
# What was there when it was first looked is gone: an init of somebody else's start is there for a moment only.
no_process() {
	[ -n "${LOOKED_FOR+set}" ] || LOOKED_FOR=$(ours_left)
	LOOKED_FOR=$(comm -12 <(sort <<<"$LOOKED_FOR") <(ours_left | sort))
	[ -n "$LOOKED_FOR" ] || unset LOOKED_FOR
	[ -z "${LOOKED_FOR:-}" ]
}
not_running() { [ "$(ranby inspect -f '{{.State.Running}}' "$1")" = false ]; }

# host_address [6]: one of the host that is not a loopback's; empty where there is none
host_address() { ip "-${1:-4}" -o addr show scope global | awk '{sub("/.*", "", $4); print $4; exit}'; }
# ask ADDRESS:PORT: what the web server there says, asked on the host
ask() {
	local _
	for _ in {1..300}; do # it may not listen yet
		curl -s -m 1 "http://$1/" && return
		sleep 0.1
	done
	return 1
}
# logged NAME TEXT: the container's log comes to have it
logged() { wait_for 30 in_log "$1" "$2" || fail "$(ranby logs "$1" 2>&1)"; }
in_log() { ranby logs "$1" 2>&1 | grep -qF -e "$2"; }
