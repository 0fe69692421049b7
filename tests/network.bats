#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# pasta and slirp4netns: what they publish, and how long they live.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox debian
	mkdir -p "$BATS_FILE_TMPDIR"/root/{bin,dev,proc,sys,etc,tmp}
	cp /bin/busybox "$BATS_FILE_TMPDIR/root/bin/sleep"
}
teardown_file() { ranby_teardown_file; }
setup() {
	[ -w /dev/net/tun ] || skip '/dev/net/tun is not open to users here'
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# echo_run UDP PORTS...: container c sends back what comes to TCP port 7 and UDP port UDP
echo_run() {
	local udp=$1
	shift
	ranby run -d --name c "$@" debian perl -e '
		use Socket qw(:all);
		if (!fork) {
			socket(S, AF_INET, SOCK_DGRAM, 0) or die; bind(S, pack_sockaddr_in($ARGV[0], INADDR_ANY)) or die;
			while (my $a = recv(S, $b, 100, 0)) { send(S, $b, 0, $a) }
		}
		if (!fork) {
			socket(S, AF_INET6, SOCK_STREAM, 0) or die; setsockopt(S, IPPROTO_IPV6, IPV6_V6ONLY, 0);
			bind(S, pack_sockaddr_in6(7, Socket::IN6ADDR_ANY)) or die;
			listen(S, 9); while (accept(C, S)) { sysread(C, $b, 100); syswrite(C, $b); close C }
		}
		sleep 1000' "$udp"
}
helper_of() { cut -d' ' -f1 "$RANBY_RUN/$(ranby inspect --format '{{.Id}}' "$1")/helper"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
# holds PID DIRECTORY: it has it open; 2: its descriptors cannot be looked at
holds() {
	local fd
	ls "/proc/$1/fd" >/dev/null || return 2
	for fd in "/proc/$1/fd"/*; do
		[ ! "$fd" -ef "$2" ] || return 0
	done
	return 1
}
# ask KIND ADDRESS PORT: one word there and back
ask() {
	python3 - "$@" <<-'END'
		import socket, sys
		kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
		s.settimeout(5)
		s.connect((address, port))
		s.send(b"word\n")
		print(s.recv(100).decode().strip())
	END
}
answers() { [ "$(ask "$@" 2>/dev/null)" = word ]; }

@test "pasta: TCP and UDP, over IPv4 and IPv6" {
	need_program pasta
	local tcp udp
	tcp=$(free_port) udp=$(free_port)
	# the same UDP port on both sides: between others, Debian 12's pasta loses the answers
	echo_run "$udp" -p "127.0.0.1:$tcp:7" -p "127.0.0.1:$udp:$udp/udp"
	wait_for 30 answers tcp 127.0.0.1 "$tcp"
	wait_for 30 answers udp 127.0.0.1 "$udp"
	run -0 ranby inspect --format '{{json .NetworkSettings.Ports}}' c
	[[ $output == *"$tcp"* && $output == *"$udp"* ]] || fail "$output"
	local pid
	pid=$(helper_of c)
	ranby rm --force --time 0 c
	is_gone "$pid"
	run ! ask tcp 127.0.0.1 "$tcp"
	grep -q ' lo$' /proc/net/if_inet6 || skip 'no IPv6 here'
	echo_run 9 -p "[::1]:$tcp:7"
	wait_for 30 answers tcp ::1 "$tcp"
	run ! ask tcp 127.0.0.1 "$tcp"
}

@test "pasta: a port that somebody has in IPv6 alone: an error that says so, and an address of IPv4 is the way out" {
	need_program pasta
	grep -q ' lo$' /proc/net/if_inet6 || skip 'no IPv6 here'
	local port taker
	# listens at ::1, and writes which port that is
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6)
s.bind(("::1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(600)' >"$BATS_TEST_TMPDIR/port" 3>&- &
	taker=$!
	wait_for 30 test -s "$BATS_TEST_TMPDIR/port"
	port=$(cat "$BATS_TEST_TMPDIR/port")
	run ranby run --rm --network pasta -p "0.0.0.0:$port:7" busybox echo has it
	[ "$status" = 0 ] && [ "$output" = 'has it' ] || { kill "$taker"; fail "$output"; }
	run ranby run --rm --network pasta -p "$port:7" busybox true
	kill "$taker"
	[ "$status" = 125 ] || fail "$status: $output"
	one_error "--publish [::]:$port/tcp: Address already in use"
	[[ $output == *"-p 0.0.0.0:$port:PORT"* ]] || fail "$output"
}

@test "pasta: kill -9 of the monitor: the network goes on, and ends with the container" {
	need_program pasta
	local tcp pid monitor how
	for how in 'stop --time 0' 'rm --force --time 0'; do
		tcp=$(free_port)
		echo_run 9 -p "127.0.0.1:$tcp:7"
		wait_for 30 answers tcp 127.0.0.1 "$tcp"
		pid=$(helper_of c)
		monitor=$(status_field "$(ctr_pid c)" PPid)
		kill -KILL "$monitor"
		wait_for 30 is_gone "$monitor"
		answers tcp 127.0.0.1 "$tcp"
		# shellcheck disable=SC2086 # words
		ranby $how c
		wait_for 30 is_gone "$pid"
		ranby rm --force --ignore c
	done
	nothing_left
}

@test "pasta, slirp4netns: kill -9 of the monitor, and the payload ends by itself: nobody has to end the helper" {
	local network pid monitor options
	for network in pasta slirp4netns; do
		need_program "$network"
		for options in '' '--read-only' '--userns=auto' '--userns=keep-id' '--pid=host' "--rootfs $BATS_FILE_TMPDIR/root"; do
			# shellcheck disable=SC2086 # words
			case $options in
			--rootfs*) ranby run -d --name c --network "$network" $options /bin/sleep 1000 ;;
			*) ranby run -d --name c --network "$network" $options busybox sleep 1000 ;;
			esac
			pid=$(helper_of c)
			monitor=$(status_field "$(ctr_pid c)" PPid)
			kill -KILL "$monitor"
			wait_for 30 is_gone "$monitor"
			kill -0 "$pid" # the control: it outlives the monitor
			kill -KILL "$(ctr_pid c)"
			wait_for 30 is_gone "$pid" || fail "$network $options"
			ranby rm c
		done
	done
	nothing_left
}

@test "pasta that was killed: the container goes on, stop and rm do not mind" {
	need_program pasta
	ranby run -d --name c busybox sleep 1000
	kill -KILL "$(helper_of c)"
	ranby exec c true
	ranby stop --time 0 c
	ranby rm c
	nothing_left
}

@test "pasta:OPTIONS and slirp4netns:OPTIONS: what the kernel has then; the host's loopback only when asked for" {
	need_program slirp4netns
	local port server said
	run -0 ranby run --rm --network pasta:-a,10.9.8.7,-n,24,-g,10.9.8.1 busybox ip -4 -o addr show scope global
	[[ $output == *' 10.9.8.7/24 '* ]] || fail "$output"
	run -0 ranby run --rm --network slirp4netns:mtu=1500,cidr=10.77.0.0/24 busybox sh -c 'ip -4 -o addr show tap0; cat /sys/class/net/tap0/mtu'
	[[ $output == *' 10.77.0.100/24 '*$'\n'1500 ]] || fail "$output"
	port=$(free_port)
	echo 'of the host' >"$BATS_TEST_TMPDIR/index.html"
	python3 -m http.server --bind 127.0.0.1 --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
	server=$!
	wait_for 30 curl -s -o /dev/null "http://127.0.0.1:$port"
	said=$(ranby run --rm --network slirp4netns:allow_host_loopback=true busybox timeout 30 wget -q -O- "http://10.0.2.2:$port/")
	[ "$said" = 'of the host' ]
	said=$(ranby run --rm --network "pasta:-T,$port" busybox timeout 30 wget -q -O- "http://127.0.0.1:$port/")
	[ "$said" = 'of the host' ]
	run ! ranby run --rm --network slirp4netns busybox timeout 5 wget -q -O- "http://10.0.2.2:$port/"
	run ! ranby run --rm --network pasta busybox timeout 5 wget -q -O- "http://127.0.0.1:$port/"
	kill "$server"
	wait "$server" || true
	run -125 ranby create --network pasta:--pcap,/tmp/x busybox true
	one_error 'option "--pcap" is not one that a container can have'
	run -125 ranby create --network slirp4netns:port_handler=rootlesskit busybox true
	one_error 'port_handler=rootlesskit: ports are published by slirp4netns itself'
	run -125 ranby create --network slirp4netns:port_handler=x busybox true
	one_error '"x" is no value of port_handler'
	ranby rm "$(ranby create --network slirp4netns:port_handler=slirp4netns busybox true)"
}

@test "slirp4netns: an interface, ended with the container" {
	need_program slirp4netns
	run -0 ranby run --rm --network slirp4netns busybox /bin/busybox ip -o addr show tap0
	[[ $output == *10.0.2.100/24* ]] || fail "$output"
	ranby run -d --name c --network slirp4netns busybox sleep 1000
	local pid
	pid=$(helper_of c)
	run -0 cat "/proc/$pid/comm"
	[ "$output" = slirp4netns ]
	# no way back out of its sandbox: without ports it has no directory
	run -1 holds "$pid" "$RANBY_RUN/$(ranby inspect --format '{{.Id}}' c)"
	ranby stop --time 0 c
	wait_for 30 is_gone "$pid"
	ranby rm c
	nothing_left
}

@test "slirp4netns -p: TCP and UDP, a range, one address, a network of one's own; the API socket is nobody's afterwards" {
	need_program slirp4netns
	local tcp udp dir
	tcp=$(free_port) udp=$(free_port)
	# without allow_host_loopback, slirp4netns has no answers of UDP for the host's loopback
	echo_run 9 --network slirp4netns:cidr=10.77.0.0/24,port_handler=slirp4netns,allow_host_loopback=true -p "127.0.0.1:$tcp:7" -p "$udp:9/udp"
	wait_for 30 answers tcp 127.0.0.1 "$tcp"
	wait_for 30 answers udp 127.0.0.1 "$udp"
	# what listens is on that address, and on all
	run -0 ss -Hltn "sport = :$tcp"
	[[ $output == *"127.0.0.1:$tcp "* && $output != *"0.0.0.0:$tcp "* ]] || fail "$output"
	run -0 ss -Hlun "sport = :$udp"
	[[ $output == *"0.0.0.0:$udp "* ]] || fail "$output"
	run -0 ranby port c
	[[ $output == *"7/tcp -> 127.0.0.1:$tcp"* && $output == *"9/udp -> 0.0.0.0:$udp"* ]] || fail "$output"
	dir=$RANBY_RUN/$(ranby inspect --format '{{.Id}}' c)
	[ ! -e "$dir/slirp4netns" ]
	holds "$(helper_of c)" "$dir"
	# the kernel knows the socket still, under a name that is gone: nothing leads there from inside, nor from outside
	run -1 ranby exec c cat "$dir/slirp4netns"
	ranby restart --time 0 c
	wait_for 30 answers tcp 127.0.0.1 "$tcp"
	wait_for 30 answers udp 127.0.0.1 "$udp"
	ranby rm --force --time 0 c
	run ! ask tcp 127.0.0.1 "$tcp"
	run -0 ss -Hltun "sport = :$tcp or sport = :$udp"
	[ -z "$output" ] || fail "$output"
	nothing_left
}

# tells WORDS OPTION...: a container that says them on TCP ports 7, 8 and 9; $port, and the client's $b
tells() {
	ranby run -d "${@:2}" debian perl -e '
		use Socket;
		for $port (7, 8, 9) {
			next if fork;
			socket(S, AF_INET, SOCK_STREAM, 0) or die; bind(S, pack_sockaddr_in($port, INADDR_ANY)) or die; listen(S, 9);
			while ($a = accept(C, S)) { (undef, $b) = unpack_sockaddr_in($a); syswrite(C, "'"$1"'\n"); close C }
		}
		sleep 1000'
}
# says WORDS ADDRESS PORT: what a TCP server says by itself
says() {
	python3 - "$@" <<-'END' 2>/dev/null
		import socket, sys
		s = socket.create_connection((sys.argv[2], int(sys.argv[3])), 10)
		sys.exit(s.makefile().readline().strip() != sys.argv[1])
	END
}

# ports_in_a_row N: the first of N that nobody has
ports_in_a_row() {
	python3 - "$1" <<-'END'
		import socket, sys
		n = int(sys.argv[1])
		for first in range(20000, 60000, n):
		    try:
		        for s in [socket.socket() for _ in range(n)]:
		            s.bind(("127.0.0.1", first))
		            first += 1
		        print(first - n)
		        break
		    except OSError:
		        pass
	END
}

@test "slirp4netns -p: ranges, and of a pod; the client's address; a port that is taken; IPv6 says what to use" {
	need_program slirp4netns
	local first p dir own
	first=$(ports_in_a_row 3)
	tells 'of " . $port . "' --name c --network slirp4netns -p "127.0.0.1:$first-$((first + 2)):7-9"
	for p in 0 1 2; do
		wait_for 30 says "of $((p + 7))" 127.0.0.1 $((first + p))
	done
	ranby rm --force --time 0 c
	own=$(hostname -I | tr ' ' '\n' | grep -m 1 -v :) || true
	if [ -n "$own" ]; then
		tells 'you are " . inet_ntoa($b) . "' --name c --network slirp4netns -p "$first:7"
		wait_for 30 says "you are $own" "$own" "$first"
		ranby rm --force --time 0 c
	fi
	ranby pod create --name p --network slirp4netns -p "127.0.0.1:$first:7" >/dev/null
	tells 'of a pod' --pod p
	wait_for 30 says 'of a pod' 127.0.0.1 "$first"
	# taken: no container then, and nothing of the helper
	run -125 ranby run --name d --network slirp4netns -p "127.0.0.1:$first:7" busybox true
	one_error "--publish 127.0.0.1:$first/tcp: Address already in use"
	run -0 ranby inspect --format '{{.State.Status}} {{.State.Pid}}' d
	[ "$output" = 'created 0' ]
	dir=$RANBY_RUN/$(ranby inspect --format '{{.Id}}' d)
	[ ! -e "$dir" ] || fail "$(ls "$dir")"
	ranby rm d
	ranby pod rm --force --time 0 p
	run -125 ranby create --network slirp4netns -p "[::1]:$first:7" busybox true
	one_error 'slirp4netns publishes on addresses of IPv4 alone'
	nothing_left
}
