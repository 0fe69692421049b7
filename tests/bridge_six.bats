#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Bridge networks with IPv6: names, ways out, and ports.
# shellcheck disable=SC2154 # bats sets output and status

load lib
load bridge

setup_file() { ranby_setup_file busybox debian; }
teardown_file() { ranby_teardown_file; }
setup() {
	need_bridges
	need_helper ip6tables
	ranby network create --ipv6 --subnet 10.46.0.0/24 --subnet fd46::/64 both >/dev/null
	ranby network create --subnet fd47::/64 six >/dev/null
	ranby network create --subnet 10.48.0.0/24 four >/dev/null
}
teardown() {
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	rm -rf "$RANBY_ROOT/networks"
}
# log_web NAME OPTION...: as web, and it logs who asked
log_web() {
	local name=$1
	shift
	ranby run -d --name "$name" "$@" busybox sh -c "echo hello from $name >/tmp/index.html; exec httpd -f -vv -p 80 -h /tmp" >/dev/null
}

@test "addresses and names of both families; of IPv6 alone too" {
	web web --network both
	ranby run -d --name peer --network both busybox sleep 1000 >/dev/null
	wait_for 30 looks_up web fd46::2 ranby run --rm --network both busybox
	wait_for 30 looks_up web 10.46.0.2 ranby run --rm --network both busybox
	[ "$(get peer '[fd46::2]')" = 'hello from web' ]
	[ "$(get peer web)" = 'hello from web' ]
	# the kernel's own words
	ranby exec peer ip -6 -o addr show dev eth0 | grep -q 'inet6 fd46::3/64'
	ranby exec peer ip -6 route show default | grep -q 'via fd46::1 dev eth0'
	web lone --network six
	# asked at once, of a server that has IPv6 alone
	run -0 ranby run --rm --network six busybox sh -c 'cat /etc/resolv.conf; nslookup -type=aaaa lone'
	[[ $output == *'nameserver fd47::1'* && $output == *fd47::2* ]] || fail "$output"
	[ "$(ranby exec lone ip -4 -o addr show scope global)" = '' ]
	# a network of its own keeps others out, whatever the family
	cannot_get peer '[fd47::2]'
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "-p over IPv6: the server sees the client's own address; one on the host's loopback is the bridge (A34)" {
	local six four port
	six=$(host_address 6) four=$(host_address)
	[ -n "$six" ] || skip 'the host has no IPv6 address but its loopback'
	port=$(free_port)
	log_web web --network both -p "$port:80"
	[ "$(ask "[$six]:$port")" = 'hello from web' ]
	logged web "[$six]:"
	[ "$(ask "[::1]:$port")" = 'hello from web' ]
	logged web '[fd46::1]:'
	[ "$(ask "127.0.0.1:$port")" = 'hello from web' ]
	logged web '10.46.0.1]:'
	[ -z "$four" ] || [ "$(ask "$four:$port")" = 'hello from web' ]
	ranby restart --time 0 web >/dev/null
	[ "$(ask "[::1]:$port")" = 'hello from web' ]
	ranby rm --all --force --time 0 >/dev/null
	run ! curl -s -m 2 "http://[::1]:$port/"
	nothing_of_bridges
}

@test "-p on an address of IPv6: that one alone; where nothing has IPv6 an error, and nothing half made" {
	local six one other
	six=$(host_address 6)
	[ -n "$six" ] || skip 'the host has no IPv6 address but its loopback'
	one=$(free_port) other=$(free_port)
	log_web a --network both -p "[::1]:$one:80"
	log_web b --network six -p "$other:80"
	[ "$(ask "[::1]:$one")" = 'hello from a' ]
	run ! curl -s -m 2 "http://127.0.0.1:$one/"
	run ! curl -s -m 2 "http://[$six]:$one/"
	[ "$(ask "[$six]:$other")" = 'hello from b' ]
	run ! curl -s -m 2 "http://127.0.0.1:$other/"
	run -125 ranby run --rm --network four -p "[::1]:8080:80" busybox true
	one_error '--publish on ::1: the container has no address of IPv6 on its networks'
	run -125 ranby run --rm --network six -p "127.0.0.1:8080:80" busybox true
	one_error '--publish on 127.0.0.1: the container has no address of IPv4 on its networks'
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "-p of UDP over IPv6: the answer comes back, to the client's own address" {
	local six port
	six=$(host_address 6)
	[ -n "$six" ] || skip 'the host has no IPv6 address but its loopback'
	port=$(free_port)
	ranby run -d --name u --network both -p "$port:$port/udp" debian perl -e 'use Socket qw(:all);
		socket(S, AF_INET6, SOCK_DGRAM, 0); bind(S, pack_sockaddr_in6($ARGV[0], IN6ADDR_ANY)) or die;
		while (my $from = recv(S, $b, 100, 0)) { send(S, inet_ntop(AF_INET6, (unpack_sockaddr_in6($from))[1]), 0, $from) }' "$port" >/dev/null
	ask_udp() {
		timeout 10 python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(5); s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b"word"); print(s.recv(100).decode())' "$1" "$port" 2>/dev/null
	}
	wait_for 30 ask_udp "$six" >/dev/null
	[ "$(ask_udp "$six")" = "$six" ]
	[ "$(ask_udp ::1)" = fd46::1 ]
}

@test "the host's loopback is out of reach over IPv6; its other addresses are not" {
	local six port to server
	six=$(host_address 6)
	[ -n "$six" ] || skip 'the host has no IPv6 address but its loopback'
	port=$(free_port)
	echo 'from the host' >"$BATS_TEST_TMPDIR/index.html"
	serve() {
		python3 -m http.server --bind "$1" --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
		server=$!
		wait_for 30 curl -s -o /dev/null "http://[$1]:$port"
	}
	ranby run -d --name c --network both busybox sleep 1000 >/dev/null
	serve ::1
	for to in ::1 fd46::1 fd72:616e:6279::1 fd72:616e:6279::2 fe80::1%eth0 "$six"; do
		cannot_get c "[$to]:$port" || fail "$to"
	done
	kill "$server"
	wait "$server" || true
	serve "$six"
	[ "$(get c "[$six]:$port")" = 'from the host' ]
	kill "$server"
	wait "$server" || true
}
