#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Published ports of a plain user's containers, asked by another host: a
# network namespace that is the containers' host, and another, on the other end
# of its wire, that is the client (A34). And root's own containers.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	HOST=ranby-host-$$ CLIENT=ranby-client-$$
	export RANBY_TREE RANBY_TEST_IMAGES HOST CLIENT
	ip netns add "$HOST"
	ip netns add "$CLIENT"
	ip link add wire netns "$HOST" type veth peer name wire netns "$CLIENT"
	address "$HOST" 1
	address "$CLIENT" 2
	ip -n "$HOST" route add default via 10.231.0.2
	ip -n "$HOST" -6 route add default via fd31::2
}
# address NETNS N
address() {
	ip -n "$1" link set lo up
	ip -n "$1" link set wire up
	ip -n "$1" address add "10.231.0.$2/24" dev wire
	ip -n "$1" address add "fd31::$2/64" dev wire nodad
}
teardown_file() {
	ip netns delete "$HOST" || true
	ip netns delete "$CLIENT" || true
}
setup() {
	local p
	for p in netavark aardvark-dns pasta ip6tables; do
		command -v "$p" >/dev/null || [ -x "/usr/lib/podman/$p" ] || [ -x "/usr/libexec/podman/$p" ] || skip "$p is not installed"
	done
	[ -c /dev/net/tun ] || skip 'there is no /dev/net/tun'
	D=$(mktemp -d /var/tmp/ranby-bridge.XXXXXX)
	chmod 777 "$D"
	user=
}
teardown() {
	[ -n "${D:-}" ] || return 0
	touch "$D/done"
	[ -z "$user" ] || wait "$user" || true
	rm -rf "$D"
}

# on_host START: as a plain user on the host, and then waits for $D/done; `R` is ranby there, `web NAME OPTION...` starts a server.
on_host() {
	# shellcheck disable=SC2016 # the inner shell's
	timeout 120 nsenter --net="/run/netns/$HOST" "$RANBY_TREE/tests/as-user" --account "${RANBY_BRIDGE_ACCOUNT:-ranbytest}" --reap bash -c '
		D=$1
		base=$(mktemp -d "$TMPDIR/bridge.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
		export XDG_STATE_HOME=$base/state XDG_CACHE_HOME=$base/cache
		R() { ranby --root "$base/data" --runroot "$run" "$@"; }
		web() { local name=$1; shift; R run -d --name "$name" "$@" busybox sh -c "echo hello from $name >/tmp/index.html; exec httpd -f -vv -p 80 -h /tmp"; }
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" && R network create --ipv6 --subnet 10.46.0.0/24 --subnet fd46::/64 both
		eval "$2"
		echo "code $?" >"$D/ready"
		for _ in {1..1000}; do [ ! -e "$D/done" ] || break; sleep 0.05; done
		for c in $(R ps -aq --format "{{.Names}}"); do R logs "$c" >"$D/log.$c" 2>&1; done
		R rm --all --force --time 0
		rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
	' on_host "$D" "$1" >"$D/out" 2>&1 3>&- &
	user=$!
	local _
	for _ in {1..600}; do [ ! -e "$D/ready" ] || break; sleep 0.1; done
	[ "$(cat "$D/ready")" = 'code 0' ] || { cat "$D/out"; return 1; }
}
finish() {
	touch "$D/done"
	wait "$user" || { cat "$D/out"; return 1; }
	user=
}
from_client() { nsenter --net="/run/netns/$CLIENT" "$@"; }
# ask ADDRESS:PORT: what the web server there says to the client
ask() {
	local _
	for _ in {1..300}; do # it may not listen yet
		from_client curl -s -m 1 "http://$1/" && return
		sleep 0.1
	done
	return 1
}
asked_by() { grep -qF -e "$2" "$D/log.$1" || { cat "$D/log.$1"; return 1; }; }
not_asked_by() { ! asked_by "$@" >/dev/null || { cat "$D/log.$1"; return 1; }; }

@test "a client elsewhere: its own address is in the server's log, on a bridge and on pasta, over IPv4 and IPv6" {
	on_host 'web bridged --network both -p 8080:80 && web plain -p 8081:80'
	[ "$(ask 10.231.0.1:8080)" = 'hello from bridged' ]
	[ "$(ask '[fd31::1]:8080')" = 'hello from bridged' ]
	[ "$(ask 10.231.0.1:8081)" = 'hello from plain' ]
	[ "$(ask '[fd31::1]:8081')" = 'hello from plain' ]
	finish
	local c
	for c in bridged plain; do
		asked_by $c '10.231.0.2]:'
		asked_by $c '[fd31::2]:'
		not_asked_by $c '127.0.0.1'
		not_asked_by $c '[::1]'
	done
}

@test "a port on one address of the host is not on the others" {
	on_host 'web one --network both -p 127.0.0.1:8080:80 && web two --network both -p "[::1]:8081:80" && web four --network both -p 10.231.0.1:8082:80 &&
		web six --network both -p "[fd31::1]:8083:80" && for a in 127.0.0.1:8080 "[::1]:8081"; do for _ in {1..20}; do curl -s -m 1 "http://$a/" >"$D/$a" && break; sleep 0.1; done; done'
	[ "$(cat "$D/127.0.0.1:8080")" = 'hello from one' ]
	[ "$(cat "$D/[::1]:8081")" = 'hello from two' ]
	[ "$(ask 10.231.0.1:8082)" = 'hello from four' ]
	[ "$(ask '[fd31::1]:8083')" = 'hello from six' ]
	local a
	for a in 10.231.0.1:8080 '[fd31::1]:8081' '[fd31::1]:8082' 10.231.0.1:8083; do
		run ! from_client curl -s -m 1 "http://$a/"
	done
	finish
}

@test "root's containers: the default network, bridges with names, and a port with the client's address" {
	local pid rules
	R() { nsenter --net="/run/netns/$HOST" env XDG_STATE_HOME="$D/state" XDG_CACHE_HOME="$D/cache" "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby" --root "$D/data" --runroot "$D/run" "$@" 3>&-; }
	R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	R network create --ipv6 --subnet 10.46.0.0/24 --subnet fd46::/64 both >/dev/null
	R run --rm busybox ip -4 -o addr show scope global | grep -q 10.231.0.1
	R run -d --name web --network both -p 8080:80 busybox sh -c 'echo hello from root >/tmp/index.html; exec httpd -f -vv -p 80 -h /tmp' >/dev/null
	R run -d --name plain -p 8081:80 busybox sh -c 'echo hello plain >/tmp/index.html; exec httpd -f -vv -p 80 -h /tmp' >/dev/null
	R run --rm --network both busybox nslookup -type=a web | grep -q 10.46.0.2
	[ "$(ask 10.231.0.1:8080)" = 'hello from root' ]
	[ "$(ask '[fd31::1]:8080')" = 'hello from root' ]
	[ "$(ask 10.231.0.1:8081)" = 'hello plain' ]
	R logs web >"$D/log.web" 2>&1
	asked_by web '10.231.0.2]:'
	asked_by web '[fd31::2]:'
	# the host itself has no bridge of theirs, and no rule
	[ -z "$(ip -n "$HOST" -o link show type bridge)" ]
	rules=$(nsenter --net="/run/netns/$HOST" iptables-save)
	[[ $rules != *NETAVARK* ]]
	# nothing that waits there, or forwards, has a capability of the host's
	pid=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pid"])' "$D/run/bridge/holder")
	[ "$(awk '$1 == "CapPrm:" {print $2}' "/proc/$pid/status")" = 0000000000000000 ]
	R rm --all --force --time 0 >/dev/null
	[ ! -e "$D/run/bridge" ]
	[ ! -e "/proc/$pid" ] || [ "$(awk '$1 == "State:" {print $2}' "/proc/$pid/status")" = Z ]
}

# without NAME SCRIPT: as a plain user on a host that has not got that helper
without() {
	# shellcheck disable=SC2016 # the inner shells'
	timeout 120 unshare --mount --propagation private bash -eu -c '
		mount -t tmpfs tmpfs /mnt
		for dir in /usr/bin /usr/sbin /usr/lib/podman /usr/libexec/podman; do
			[ -e "$dir/$1" ] || continue
			upper=/mnt/upper$dir
			mkdir -p "$upper" "/mnt/work$dir"
			mknod "$upper/$1" c 0 0
			mount -t overlay overlay -o "lowerdir=$dir,upperdir=$upper,workdir=/mnt/work$dir" "$dir"
		done
		exec nsenter --net="/run/netns/$HOST" "$RANBY_TREE/tests/as-user" --account "${RANBY_BRIDGE_ACCOUNT:-ranbytest}" --reap bash -c '"'"'
			base=$(mktemp -d "$TMPDIR/bridge.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
			export XDG_STATE_HOME=$base/state XDG_CACHE_HOME=$base/cache
			R() { ranby --root "$base/data" --runroot "$run" "$@"; }
			R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && R network create n1 >/dev/null || exit
			eval "$1"
			R rm --all --force --time 0 >/dev/null
			rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"'"'"' user "$2"
	' without "$@"
}

@test "a helper that is not installed: one error that says what to install, exit 125, nothing half made" {
	local name package
	while read -r name package; do
		# shellcheck disable=SC2016 # the inner shell's
		run -0 without "$name" '
			R run --rm --network n1 -p 8080:80 busybox true; echo "run $?"
			R create --name c --network n1 busybox true >/dev/null; R start c; echo "start $?"
			echo "left: $(R ps -aq --filter status=running) $(ls -d "$run"/bridge 2>&1 | grep -v "cannot access") $(pgrep -u "$(id -u)" "pasta|passt|aardvark|netavark" 2>&1 | grep -E "^[0-9]+$")"
			R run --rm --network none busybox echo "alone $?"'
		[[ $output == *"Error: $name: not installed"*"apt install $package"*'run 125'* ]] || { echo "$name: $output"; false; }
		[ "$name" = ip ] || [ "$name" = iptables-restore ] || [[ $output == *"Error: $name: not installed"*'start 125'* ]] || { echo "$name: $output"; false; }
		[[ $output == *'left:   '$'\n''alone 0' ]] || { echo "$name: $output"; false; }
	done <<-'END'
		netavark netavark
		aardvark-dns aardvark-dns
		pasta passt
		iptables iptables
		iptables-restore iptables
		ip iproute2
	END
}

# last: it is none from here on
@test "a host without IPv6: a network with both is of use in IPv4" {
	nsenter --net="/run/netns/$HOST" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	on_host 'web a --network both -p 8080:80 && R run --rm --network both busybox nslookup -type=aaaa a | grep -q fd46::2'
	[ "$(ask 10.231.0.1:8080)" = 'hello from a' ]
	finish
	asked_by a '10.231.0.2]:'
}
