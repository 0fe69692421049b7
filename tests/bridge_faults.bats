#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Bridge networks when what serves them is killed: what is said, what the next
# start mends, and that nothing stays (A53).
# shellcheck disable=SC2154 # bats sets output and status

load lib
load bridge

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
setup() {
	need_bridges
	ranby network create n1 >/dev/null
	ADDRESS=$(host_address)
	[ -n "$ADDRESS" ] || skip 'the host has no address but its loopback'
}
teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER" 2>/dev/null || true
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	rm -rf "$RANBY_ROOT/networks"
}
# pasta_with WORD: the pid of the pasta of this run directory's that has that argument
pasta_with() {
	local pid
	for pid in $(pgrep -u "$(id -u)" 'pasta|passt'); do
		! tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -e "$1" || echo "$pid"
	done
}
gone() { [ ! -d "/proc/$1" ] || [ "$(status_field "$1" State)" = Z ]; }
answers() { curl -s -m 1 -o /dev/null "http://$1/"; }

@test "kill -9 of a container's pasta: it runs on, the port is gone, a restart brings it back" {
	local port pid
	port=$(free_port)
	web web --network n1 -p "$port:80"
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	[ "$(ask "$ADDRESS:$port")" = 'hello from web' ]
	pid=$(pasta_with tap1)
	[ -n "$pid" ] || fail 'no pasta with tap1'
	kill -KILL "$pid"
	wait_for 30 gone "$pid"
	run ! answers "$ADDRESS:$port"
	[ "$(ranby inspect -f '{{.State.Running}}' web)" = true ]
	[ "$(get peer web)" = 'hello from web' ]
	ranby restart --time 0 web >/dev/null
	[ "$(ask "$ADDRESS:$port")" = 'hello from web' ]
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "kill -9 of the pasta that all bridges share: the next start has a way out again, and so have those that run" {
	local port pid
	port=$(free_port)
	echo 'from the host' >"$BATS_TEST_TMPDIR/index.html"
	python3 -m http.server --bind "$ADDRESS" --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
	SERVER=$!
	wait_for 30 answers "$ADDRESS:$port"
	web web --network n1
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	[ "$(get peer "$ADDRESS:$port")" = 'from the host' ]
	pid=$(pasta_with tap0)
	[ -n "$pid" ] || fail 'no pasta with tap0'
	kill -KILL "$pid"
	wait_for 30 gone "$pid"
	cannot_get peer "$ADDRESS:$port"
	# what has no need of it goes on
	[ "$(get peer web)" = 'hello from web' ]
	ranby run -d --name third --network n1 busybox sleep 1000 >/dev/null
	[ "$(get third "$ADDRESS:$port")" = 'from the host' ]
	[ "$(get peer "$ADDRESS:$port")" = 'from the host' ]
	[ "$(pasta_with tap0 | wc -l)" = 1 ]
	# the new one is of the same pid namespace: it ends with the rest
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "kill -9 of aardvark-dns: addresses go on; the next start has names for all again" {
	local pid
	web web --network n1
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	[ "$(get peer web)" = 'hello from web' ]
	pid=$(pgrep -P "$(holder)" -x aardvark-dns)
	kill -KILL "$pid"
	wait_for 30 gone "$pid"
	[ "$(get peer 10.89.0.2)" = 'hello from web' ]
	run ! ranby exec peer timeout 2 nslookup -type=a web
	wait_for 30 looks_up web 10.89.0.2 ranby run --rm --network n1 busybox
	wait_for 30 looks_up web 10.89.0.2 ranby exec peer
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "aardvark-dns that does not answer: no start beside it, with a word why, and nothing half made" {
	local pid
	web web --network n1
	pid=$(pgrep -P "$(holder)" -x aardvark-dns)
	# its sockets are bound all the same
	kill -STOP "$pid"
	run -125 ranby run --name late --network n1 busybox true
	kill -CONT "$pid"
	one_error 'aardvark-dns: it does not answer at 10.89.0.1'
	run -0 ranby ps -a --format '{{.Names}} {{.State}}'
	[ "$(sort <<<"$output")" = $'late created\nweb running' ] || fail "$output"
	run -0 ranby start -a late
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "a payload that asks for a name at once has it, while others of its network come and go" {
	local i
	web web --network n1
	for i in {1..15}; do
		run -0 ranby run --rm --network n1 busybox nslookup -type=a web.dns.podman
		[[ $output == *'Address: 10.89.0.2'* ]] || fail "$i: $output"
	done
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "a port of the host that is taken: an error that names it, and nothing half made" {
	local port mode protocol
	port=$(free_port)
	python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 3>&- &
	SERVER=$!
	wait_for 30 answers "127.0.0.1:$port"
	run -125 ranby run --rm --network n1 -p "127.0.0.1:$port:80" busybox true
	one_error "$port"
	nothing_of_bridges
	# by a container on another kind of network: pasta would be content with the port in IPv6
	port=$(free_port)
	ranby network create n2 >/dev/null
	web web --network n1 -p "$port:80" -p "$port:80/udp"
	for mode in pasta slirp4netns n2; do
		for protocol in tcp udp; do
			run -125 ranby run --rm --network "$mode" -p "$port:80/$protocol" busybox true
			one_error "$port/$protocol"
		done
	done
	[ "$(ask "127.0.0.1:$port")" = 'hello from web' ]
	run -125 ranby run --name late --network n1 -p "$port:80" busybox true
	one_error "$port/tcp"
	[ ! -e "$RANBY_RUN/$(ranby inspect --format '{{.Id}}' late)" ]
	ranby rm --force --time 0 web late >/dev/null
	nothing_of_bridges
	# and one that is not a user's
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ] || skip 'users may have port 80 here'
	for mode in pasta slirp4netns n1; do
		run -125 ranby run --rm --network "$mode" -p 80:80 busybox true
		one_error '--publish 80/tcp: Permission denied'
		[[ $output == *net.ipv4.ip_unprivileged_port_start* ]]
	done
	nothing_of_bridges
}

@test "a start that cannot read the notes of the others takes nothing from them" {
	local pid note
	web web --network n1
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	pid=$(holder)
	[ -n "$pid" ] || fail 'no holder'
	note=$RANBY_RUN/bridge/$(printf '0%.0s' {1..64})
	mkdir "$note"
	run -125 ranby run --rm --network n1 busybox true
	one_error 'notes of containers'
	rmdir "$note"
	[ "$(holder)" = "$pid" ]
	[ "$(get peer web)" = 'hello from web' ]
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}
