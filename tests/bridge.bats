#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Containers on bridge networks: who reaches whom, by which address and name,
# and that nothing stays of it.
# shellcheck disable=SC2154 # bats sets output and status

load lib
load bridge

setup_file() { ranby_setup_file busybox debian; }
teardown_file() { ranby_teardown_file; }
setup() {
	need_bridges
	ranby network create n1 >/dev/null
	ranby network create n2 >/dev/null
}
teardown() {
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	rm -rf "$RANBY_ROOT/networks"
}

@test "two containers of one network talk by name, alias and id; a third on another network can not" {
	local id
	web web --network n1:alias=www --network-alias also
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	ranby run -d --name other --network n2 busybox sleep 1000 >/dev/null
	id=$(ranby inspect -f '{{.Id}}' web)
	local name
	for name in web www also web.dns.podman "${id:0:12}" 10.89.0.2; do
		[ "$(get peer "$name")" = 'hello from web' ] || fail "$name"
	done
	[ "$(get web localhost)" = 'hello from web' ]
	cannot_get other web
	cannot_get other 10.89.0.2
	cannot_get web 10.89.1.2
	run ranby exec peer cat /etc/resolv.conf
	[[ $output == *'nameserver 10.89.0.1'* && $output == *'search dns.podman'* ]] || fail "$output"
	run ranby exec peer cat /etc/hosts
	[[ $output == *$'10.89.0.3\t'*peer* ]] || fail "$output"
	# what is there, as the kernel has it
	[ "$(ranby exec peer cat /sys/class/net/eth0/address)" = 02:42:0a:59:00:03 ]
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "--rm, and a payload that ends by itself: nothing stays" {
	run -0 ranby run --rm --network n1 busybox sh -c 'ip -4 -o addr show dev eth0'
	[[ $output == *' 10.89.0.2/24 '* ]] || fail "$output"
	nothing_of_bridges
	ranby run -d --rm --network n1 busybox true >/dev/null
	wait_for 30 no_process
	nothing_of_bridges
}

@test "without a bridge nothing of bridges is started" {
	ranby run --rm busybox true
	ranby run -d --name c --network none busybox sleep 100 >/dev/null
	[ ! -e "$RANBY_RUN/bridge" ]
	ranby rm -f --time 0 c >/dev/null
	nothing_of_bridges
}

@test "-p on a bridge: the server sees the client's own address (A34)" {
	local address port
	address=$(host_address)
	[ -n "$address" ] || skip 'the host has no address but its loopback'
	port=$(free_port)
	ranby run -d --name web --network n1 -p "$port:80" busybox sh -c 'echo hi >/tmp/index.html; exec httpd -f -vv -p 80 -h /tmp' >/dev/null
	[ "$(ask "$address:$port")" = hi ]
	ranby logs web 2>&1 | grep -q "$address" || fail "$(ranby logs web 2>&1)"
	run ranby port web
	[ "$output" = "80/tcp -> 0.0.0.0:$port" ]
	# a client on the host's loopback is let in too, as the bridge
	[ "$(ask "127.0.0.1:$port")" = hi ]
	ranby logs web 2>&1 | grep -q 10.89.0.1 || fail "$(ranby logs web 2>&1)"
	# containers of another network reach it by the host alone
	ranby run -d --name other --network n2 busybox sleep 1000 >/dev/null
	cannot_get other 10.89.0.2
	[ "$(get other "$address:$port")" = hi ]
	ranby rm --all --force --time 0 >/dev/null
	run ! curl -s -m 2 "http://$address:$port/"
	nothing_of_bridges
}

@test "-p on bridges: an address, two containers, UDP, a port that is taken" {
	local port udp other
	port=$(free_port) udp=$(free_port) other=$(free_port)
	web a --network n1 -p "127.0.0.1:$port:80"
	ranby run -d --name u --network n1 -p "$udp:$udp/udp" debian perl -e 'use Socket;
		socket(S, AF_INET, SOCK_DGRAM, 0); bind(S, pack_sockaddr_in($ARGV[0], INADDR_ANY)) or die;
		while (my $from = recv(S, $b, 100, 0)) { send(S, inet_ntoa((unpack_sockaddr_in($from))[1]), 0, $from) }' "$udp" >/dev/null
	web b --network n2 -p "$other:80"
	[ "$(ask "127.0.0.1:$port")" = 'hello from a' ]
	[ "$(ask "127.0.0.1:$other")" = 'hello from b' ]
	run ! curl -s -m 2 "http://$(host_address):$port/"
	# says who asked
	ask_udp() {
		timeout 10 python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b"word"); print(s.recv(100).decode())' "$1" "$udp" 2>/dev/null
	}
	wait_for 30 ask_udp "$(host_address)"
	[ "$(ask_udp "$(host_address)")" = "$(host_address)" ]
	[ "$(ask_udp 127.0.0.1)" = 10.89.0.1 ]
	run -125 ranby run --rm --network n1 -p "$port:80" busybox true
	one_error 'is published by container'
	ranby rm --force --time 0 a >/dev/null
	[ "$(ask "127.0.0.1:$other")" = 'hello from b' ]
	# what the first had is free again
	web c --network n1 -p "127.0.0.1:$port:80"
	[ "$(ask "127.0.0.1:$port")" = 'hello from c' ]
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "the host's loopback is out of reach from a bridge; its other addresses are not" {
	local address port
	address=$(host_address)
	[ -n "$address" ] || skip 'the host has no address but its loopback'
	port=$(free_port)
	echo 'from the host' >"$BATS_TEST_TMPDIR/index.html"
	python3 -m http.server --bind 127.0.0.1 --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
	local server=$!
	wait_for 30 curl -s -o /dev/null "http://127.0.0.1:$port"
	ranby run -d --name c --network n1 busybox sleep 1000 >/dev/null
	local to
	for to in 127.0.0.1 10.89.0.1 169.254.2.1 169.254.2.2 "$address"; do
		cannot_get c "$to:$port" || fail "$to"
	done
	kill "$server"
	wait "$server" || true
	python3 -m http.server --bind "$address" --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
	server=$!
	wait_for 30 curl -s -o /dev/null "http://$address:$port"
	[ "$(get c "$address:$port")" = 'from the host' ]
	kill "$server"
	wait "$server" || true
}

@test "--ip, --ip6 and --mac-address are honoured, also after a restart; one that is taken is an error" {
	ranby network create --subnet 10.44.0.0/24 --subnet fd44::/64 n3 >/dev/null
	ranby run -d --name c --network n3 --ip 10.44.0.77 --ip6 fd44::77 --mac-address 02:00:00:00:00:77 busybox sleep 1000 >/dev/null
	same() {
		run ranby exec c ip addr show dev eth0
		[[ $output == *' 10.44.0.77/24 '* && $output == *' fd44::77/64 '* && $output == *' 02:00:00:00:00:77 '* ]] || fail "$output"
	}
	same
	run -125 ranby run --rm --network n3:ip=10.44.0.77 busybox true
	one_error "requested ip address 10.44.0.77 is already allocated to container ID $(ranby inspect -f '{{.Id}}' c)"
	ranby run -d --name d --network n3 busybox sleep 1000 >/dev/null
	ranby restart --time 0 c >/dev/null
	same
	run -125 ranby run --rm --network n3 --ip 10.44.0.1 busybox true
	one_error 'is the gateway of network n3'
	run -125 ranby create --network n3 --ip 10.45.0.7 busybox true
	one_error 'requested static ip 10.45.0.7 not in any subnet on network n3'
	run -125 ranby create --network n3 --network n1 --ip 10.44.0.7 busybox true
	one_error 'only with one bridge network'
	run -125 ranby create --ip 10.44.0.7 busybox true
	one_error 'only with one bridge network'
	run -125 ranby create --network-alias x busybox true
	one_error 'only with a bridge network'
	run -125 ranby create --network nope busybox true
	one_error 'unable to find network with name or ID nope: network not found'
	# one that was removed between create and start
	ranby network create short >/dev/null
	ranby create --name late --network short busybox true >/dev/null
	rm "$RANBY_ROOT/networks/short.json"
	run -125 ranby start late
	one_error 'unable to find network with name or ID short: network not found'
	[ "$(ranby inspect --format '{{.State.Status}}' late)" = created ]
	ranby rm late >/dev/null
	run -125 ranby create --network n1:ip=x busybox true
	one_error 'not an IP address'
	# once it is gone its address is free
	ranby rm --force --time 0 c >/dev/null
	run -0 ranby run --rm --network n3:ip=10.44.0.77,mac=02:00:00:00:00:78,interface_name=lan7 busybox ip addr show dev lan7
	[[ $output == *' 10.44.0.77/24 '* && $output == *' 02:00:00:00:00:78 '* ]] || fail "$output"
}

@test "several networks: an interface and a name on each" {
	[ "$(ranby run --rm --network n2,n1 busybox sh -c 'ls -d /sys/class/net/eth*')" = $'/sys/class/net/eth0\n/sys/class/net/eth1' ]
	run -125 ranby run --rm --network n1,none busybox true
	one_error '--network none'
	ranby run -d --name c --network n1 --network n2:alias=two busybox sleep 1000 >/dev/null
	[ "$(ranby exec c cat /sys/class/net/eth0/address /sys/class/net/eth1/address | tr '\n' ' ')" = '02:42:0a:59:00:02 02:42:0a:59:01:02 ' ]
	wait_for 30 looks_up two 10.89.1.2 ranby run --rm --network n2 busybox
	wait_for 30 looks_up c 10.89.0.2 ranby run --rm --network n1 busybox
	run ! ranby run --rm --network n1 busybox nslookup two
}

@test "a container that comes or goes changes nothing for the others of its network" {
	local before
	ranby run -d --name c --network n1 busybox sleep 1000 >/dev/null
	# whatever address the interface of one that comes has
	in_holder() { nsenter -t "$(holder)" -U --preserve-credentials -n ip "$@"; }
	mac() { in_holder -o link show podman1 | grep -o 'ether [0-9a-f:]*'; }
	before=$(mac)
	[ -n "$before" ]
	in_holder link add low0 address 02:00:00:00:00:01 type veth peer name low1
	in_holder link set low0 up master podman1
	web web --network n1
	[ "$(get c web)" = 'hello from web' ]
	[ "$(mac)" = "$before" ]
	in_holder link delete low0
	[ "$(mac)" = "$before" ]
	[ "$(get c web)" = 'hello from web' ]
}

@test "--internal: no way out, and its containers find each other" {
	local address port
	address=$(host_address)
	port=$(free_port)
	ranby network create --internal n3 >/dev/null
	run -125 ranby run --rm --network n3 -p 8080:80 busybox true
	one_error '--publish: network n3 is internal'
	web web --network n3
	ranby run -d --name c --network n3 busybox sleep 1000 >/dev/null
	[ "$(get c web)" = 'hello from web' ]
	[ -n "$address" ] || skip 'the host has no address but its loopback'
	python3 -m http.server --bind "$address" "$port" >/dev/null 2>&1 3>&- &
	local server=$!
	wait_for 30 curl -s -o /dev/null "http://$address:$port/"
	run ! ranby exec c timeout 2 wget -q -O- "http://$address:$port/"
	# also with a way of its own making
	ranby exec --privileged c ip route add default via 10.89.2.1 2>/dev/null || true
	run ! ranby exec c timeout 2 wget -q -O- "http://$address:$port/"
	kill "$server"
	wait "$server" || true
}

@test "--opt mtu and isolate, and --interface-name, are what the kernel has" {
	ranby network create -o mtu=1400 --interface-name br-x n3 >/dev/null
	ranby network create -o isolate=false n4 >/dev/null
	ranby network create -o isolate=false n5 >/dev/null
	web web --network n4
	ranby run -d --name c --network n3 busybox sleep 1000 >/dev/null
	ranby run -d --name d --network n5 busybox sleep 1000 >/dev/null
	[ "$(ranby exec c cat /sys/class/net/eth0/mtu)" = 1400 ]
	nsenter -t "$(holder)" -U --preserve-credentials -n ip -o link show type bridge | grep -q ' br-x: .*mtu 1400'
	[ "$(get d 10.89.3.2)" = 'hello from web' ]
	# n3 is isolated, but n4 is not; of two that are, neither gets to the other
	web two --network n1
	cannot_get c 10.89.0.2
}

@test "twenty at once: twenty addresses, and nothing left" {
	local i pids=()
	for i in {1..20}; do
		timeout 120 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -d --name "c$i" --network n1 busybox sleep 1000 >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	# one holds the network; those of the containers became their payloads
	one_init() { [ "$(ours_left | grep -c ' ranby-init ')" = 1 ]; }
	wait_for 30 one_init
	for i in {1..20}; do
		ranby exec "c$i" ip -4 -o addr show dev eth0 | awk '{print $4}'
	done >"$BATS_TEST_TMPDIR/addresses"
	[ "$(sort -u "$BATS_TEST_TMPDIR/addresses" | wc -l)" = 20 ]
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "kill -9 of the holder, aardvark-dns, pasta and monitors: the next command clears up (A53)" {
	local h pid
	web web --network n1
	h=$(holder)
	kill -KILL "$h"
	# pasta and aardvark-dns were in its pid namespace
	wait_for 30 no_process
	# the next start has a holder of its own, and no lease of before
	run -0 ranby run --rm --network n1 busybox ip -4 -o addr show dev eth0
	[[ $output == *' 10.89.0.2/24 '* ]] || fail "$output"
	ranby restart --time 0 web >/dev/null
	ranby run -d --name peer --network n1 busybox sleep 1000 >/dev/null
	[ "$(get peer web)" = 'hello from web' ]
	for pid in $(pgrep -P "$(holder)" -x aardvark-dns); do
		kill -KILL "$pid"
	done
	ranby run -d --name third --network n1 busybox sleep 1000 >/dev/null
	[ "$(get third web)" = 'hello from web' ]
	# a monitor and its payload at once: nobody is told
	kill -KILL "$(status_field "$(ctr_pid third)" PPid)" "$(ctr_pid third)"
	wait_for 30 not_running third
	run -0 ranby run --rm --network n1 busybox ip -4 -o addr show dev eth0
	[[ $output == *' 10.89.0.4/24 '* ]] || fail "$output"
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "SIGKILL of a start at any moment: no process, no lease, no file stays" {
	local i
	for i in 01 02 04 06 08 10 12 14 16 18 20 25; do
		timeout -s KILL "0.$i" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -d --name c --network n1 busybox sleep 1000 >/dev/null 2>&1 || true
		run -0 ranby run --rm --network n1 busybox true
		ranby rm --force --time 0 c >/dev/null 2>&1 || true
	done
	run -0 ranby run --rm --network n1 busybox ip -4 -o addr show dev eth0
	[[ $output == *' 10.89.0.2/24 '* ]] || fail "$output"
	nothing_of_bridges
}

@test "network connect and disconnect: while it runs, and for the next start" {
	web web --network n1
	web two --network n2
	ranby run -d --name c --network n1 busybox sleep 1000 >/dev/null
	cannot_get c 10.89.1.2
	ranby network connect --alias cc --ip 10.89.1.50 --mac-address 02:00:00:00:00:50 n2 c
	[ "$(ranby exec c cat /sys/class/net/eth1/address)" = 02:00:00:00:00:50 ]
	[ "$(get c 10.89.1.2)" = 'hello from two' ]
	[ "$(get c web)" = 'hello from web' ]
	wait_for 30 looks_up cc 10.89.1.50 ranby exec two
	ranby exec c cat /etc/hosts | grep -q '^10.89.1.50'
	ranby exec c cat /etc/resolv.conf | grep -q '10.89.1.1'
	[ "$(ip_of c n2)" = 10.89.1.50 ]
	# it is on it: nothing is to be done, and nothing more can be asked for
	ranby network connect n2 c
	run -125 ranby network connect --alias more n2 c
	one_error 'is already connected to network "n2"'
	ranby restart --time 0 c >/dev/null
	[ "$(ranby exec c cat /sys/class/net/eth1/address)" = 02:00:00:00:00:50 ]
	ranby network disconnect n1 c
	cannot_get c 10.89.0.2
	[ ! -e "/proc/$(ctr_pid c)/root/sys/class/net/eth0" ]
	run -125 ranby network disconnect n1 c
	one_error 'is not connected to network n1'
	ranby network disconnect --force n1 c
	run -125 ranby network disconnect --force nope c
	one_error 'network not found'
	ranby stop --time 0 c >/dev/null
	ranby network connect n1 c
	ranby network disconnect n2 c
	ranby start c >/dev/null
	[ "$(get c web)" = 'hello from web' ]
	[ "$(ranby ps --filter name=^c$ --format '{{.Networks}}')" = n1 ]
	[ "$(ranby ps -q --filter network=n1 | wc -l)" = 2 ]
	run -125 ranby network connect n1 nope
	one_error 'no such container'
	run -125 ranby network connect nope c
	one_error 'network not found'
	run -125 ranby network connect --ip 10.89.0.2 n1 two
	one_error 'is already allocated to container'
	ranby run -d --name p --network none busybox sleep 1000 >/dev/null
	run -125 ranby network connect n1 p
	one_error '"none" is not supported: invalid network mode'
	ranby rm --all --force --time 0 >/dev/null
	nothing_of_bridges
}

@test "network rm while a container is put on it: one of the two has come first" {
	local i connected
	ranby run -d --name c --network n1 busybox sleep 1000 >/dev/null
	for i in {1..12}; do
		ranby network create t >/dev/null
		ranby network connect t c 2>/dev/null &
		connected=$!
		until ! ranby network exists t || ! kill -0 "$connected" 2>/dev/null; do
			ranby network rm t >/dev/null 2>&1 || true
		done
		if wait "$connected"; then
			ranby network exists t || fail "round $i: the network of a container is gone"
			ranby network disconnect t c
			ranby network rm t >/dev/null
		else
			run -1 ranby network exists t
		fi
	done
	for i in {1..12}; do
		ranby network create t >/dev/null
		ranby create --name made --network t busybox true >"$BATS_TEST_TMPDIR/made" 2>&1 &
		connected=$!
		until ! ranby network exists t || ! kill -0 "$connected" 2>/dev/null; do
			ranby network rm t >/dev/null 2>&1 || true
		done
		if wait "$connected"; then
			ranby network exists t || fail "round $i: the network of a new container is gone"
			ranby rm made >/dev/null
			ranby network rm t >/dev/null
		else
			[[ $(<"$BATS_TEST_TMPDIR/made") == 'Error: '*t* ]] || fail "round $i: $(<"$BATS_TEST_TMPDIR/made")"
			run -1 ranby network exists t
			run -1 ranby container exists made
		fi
	done
}

@test "network rm with users, prune and dangling; network inspect names who is there" {
	web web --network n1
	[ "$(ranby network ls -q --filter dangling=true)" = n2 ]
	[ "$(ranby network ls -q --filter dangling=false)" = $'n1\npodman' ]
	run -2 ranby network rm n1
	one_error '"n1" has associated containers with it'
	[ "$(ranby network inspect n1 | python3 -c 'import json, sys
c = json.load(sys.stdin)[0]["containers"]; v = list(c.values())[0]
print(v["name"], v["interfaces"]["eth0"]["subnets"][0]["ipnet"], v["interfaces"]["eth0"]["mac_address"])')" = \
		'web 10.89.0.2/24 02:42:0a:59:00:02' ]
	run -0 ranby network prune -f
	[ "$output" = n2 ] || fail "$output"
	[ "$(ranby network rm -f --time 0 n1)" = n1 ]
	run -1 ranby container exists web
	nothing_of_bridges
	# the default network is there without a file, and is called bridge too
	run -0 ranby run --rm --network bridge busybox ip -4 -o addr show dev eth0
	[[ $output == *' 10.88.0.2/16 '* ]] || fail "$output"
	nothing_of_bridges
}

@test "inspect .NetworkSettings: the fields of podman, and the values of the kernel" {
	local short
	ranby create --name c --network n1:alias=foo --network n2 busybox sleep 1000 >/dev/null
	ranby start c >/dev/null
	run -0 ranby inspect -f '{{with (index .NetworkSettings.Networks "n1")}}{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}} {{.MacAddress}}{{end}}' c
	[ "$output" = "$(ranby exec c ip -4 -o addr show dev eth0 | awk '{print $4}') $(ranby exec c ip route show dev eth0 | awk '/^default/ {print $3}') $(ranby exec c cat /sys/class/net/eth0/address)" ] ||
		fail "$output"
	ranby stop --time 0 c >/dev/null
	[ -z "$(ip_of c n1)" ]
	command -v podman >/dev/null || skip 'podman is not installed'
	short=$(mktemp -d /tmp/XXXXXX) # podman wants it short
	pod() { XDG_RUNTIME_DIR=$short timeout 60 podman --root "$BATS_TEST_TMPDIR/root" --runroot "$short" "$@"; }
	mkdir -p "$BATS_TEST_TMPDIR/root/networks"
	cp "$RANBY_ROOT"/networks/*.json "$BATS_TEST_TMPDIR/root/networks/"
	pod load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	pod create --name c --network n1:alias=foo --network n2 localhost/busybox sleep 1000 >/dev/null
	plain() { python3 -c 'import json, sys
o = json.load(sys.stdin)[0]["NetworkSettings"]
for n in o["Networks"].values(): n["Aliases"][-1] = "id"
print(json.dumps(o, indent=1))'; }
	diff <(pod inspect c | plain) <(ranby inspect c | plain)
	kill "$(cat "$short/libpod/tmp/pause.pid")"
	unshare --map-root-user --map-auto rm -rf "$short" "$BATS_TEST_TMPDIR/root"
}
