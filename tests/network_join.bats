#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --network container: and ns: : two containers in one network namespace, as the
# kernel shows it, over stops, starts and removals of the first.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# web: a container "web" that answers "hello" on port 8080 of its loopback
web() {
	ranby run -d --name web --hostname aaa --network none busybox sh -c 'echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp' >/dev/null
}
net_of() { readlink "/proc/$(ranby inspect -f '{{.State.Pid}}' "$1")/ns/net"; }
fetch() { wget_in "$1" | grep -qx hello; }
wget_in() {
	local i
	for i in {1..300}; do # the server may not listen yet
		ranby exec "$1" wget -q -O- http://127.0.0.1:8080/ 2>/dev/null && return
		sleep 0.1
	done
	return 1
}

@test "--network container: one network namespace and its files; users may differ" {
	need_namespaces
	web
	ranby run -d --name b --network container:web busybox sleep 1000 >/dev/null
	[ "$(net_of b)" = "$(net_of web)" ]
	[ "$(net_of b)" != "$(readlink /proc/self/ns/net)" ]
	[ "$(readlink "/proc/$(ranby inspect -f '{{.State.Pid}}' b)/ns/user")" != "$(readlink "/proc/$(ranby inspect -f '{{.State.Pid}}' web)/ns/user")" ]
	fetch b
	ranby exec b grep -q aaa /etc/hosts
	[ "$(ranby inspect -f '{{.HostConfig.NetworkMode}}' b)" = "container:$(ranby inspect -f '{{.Id}}' web)" ]
	local options
	for options in '' --userns=keep-id --userns=host '--user 33'; do
		# shellcheck disable=SC2086 # words
		[ "$(ranby run --rm $options --network container:web busybox wget -q -O- http://127.0.0.1:8080/)" = hello ]
	done
	# it is in the other's network, and has no power over it
	run ranby exec --privileged b ip link set lo down
	[[ $status != 0 && $output == *'not permitted'* ]]
	fetch web
}

@test "--network container: over stops and starts, and after the other one's removal" {
	need_namespaces
	local before
	web
	ranby create --name b --network container:web busybox sleep 1000 >/dev/null
	ranby stop --time 0 web >/dev/null
	run -125 ranby start b
	one_error 'whose network it has, is not running'
	ranby start web >/dev/null
	ranby start b >/dev/null
	before=$(net_of web)
	[ "$(net_of b)" = "$before" ]
	ranby stop --time 0 b >/dev/null
	# its init has another number and another namespace now
	ranby restart --time 0 web >/dev/null
	ranby start b >/dev/null
	[ "$(net_of b)" = "$(net_of web)" ]
	fetch b
	ranby rm --force --time 0 web >/dev/null
	ranby exec b true
	ranby stop --time 0 b >/dev/null
	run -125 ranby start b
	one_error 'no such container'
	ranby rm b >/dev/null
	nothing_left
}

@test "--network container: the other one is killed meanwhile: its network or an error, never another's" {
	need_namespaces
	local i pid net
	for i in {1..8}; do
		web
		net=$(net_of web)
		pid=$(ranby inspect -f '{{.State.Pid}}' web)
		{ sleep "0.0$i"; kill -9 "$pid"; } 3>&- &
		run ranby run --rm --network container:web busybox readlink /proc/self/ns/net
		wait $!
		[ "$status" = 125 ] || [ "$output" = "$net" ] || fail "status $status:" "$output"
		ranby rm --force --time 0 web >/dev/null
	done
	nothing_left
}

@test "--network ns: a namespace by its path; the host's is refused" {
	need_namespaces
	web
	fetch web
	[ "$(ranby run --rm --network "ns:/proc/$(ranby inspect -f '{{.State.Pid}}' web)/ns/net" busybox wget -q -O- http://127.0.0.1:8080/)" = hello ]
	run -125 ranby run --rm --network ns:/proc/self/ns/net busybox true
	one_error 'Operation not permitted'
	run -125 ranby run --rm --network ns:/nowhere busybox true
	one_error 'No such file or directory'
	run -125 ranby run --rm --network ns:nowhere busybox true
	one_error "neither a network's name nor"
}

@test "--network container: what cannot be together is said" {
	need_namespaces
	web
	ranby run -d --name b --network container:web busybox sleep 1000 >/dev/null
	refused() { # WORDS OPTION...
		run -125 ranby run --rm "${@:2}" busybox true
		one_error "$1"
	}
	refused 'that container has no network of its own' --network container:b
	refused 'no such container' --network container:nope
	refused 'not possible with --network container' --network container:web -p 80:80
	refused "the other container's" --network container:web --dns 1.1.1.1
	refused "the other container's" --network container:web --add-host a:1.2.3.4
	refused "shares another's network namespace" --network container:web --sysctl net.ipv4.ip_forward=1
	ranby run -d --name h --network host busybox sleep 1000 >/dev/null
	refused 'that container has no network of its own' --network container:h
}

@test "/sys shows the interfaces of the network that is joined, and none of the host's" {
	local how show='ls /sys/class/net; ls -d /sys/devices/virtual/net/*; grep -c " /sys sysfs ro," /proc/mounts; ls /sys/fs/cgroup/cgroup.procs'
	local own=$'lo\n/sys/devices/virtual/net/lo\n1\n/sys/fs/cgroup/cgroup.procs'
	ranby run -d --name first --network none busybox sleep 1000 >/dev/null
	ranby pod create --name bare --network none >/dev/null
	ranby pod create --name whole --network none --share net,user,pid,ipc,uts >/dev/null
	for how in '--network container:first' '--pod bare' '--pod bare --pid host' '--pod whole' '--network container:first --userns host'; do
		# shellcheck disable=SC2086 # words
		run -0 ranby run --rm $how busybox sh -c "$show"
		[ "$output" = "$own" ] || fail "$how:" "$output"
	done
	# what is written there is nobody's to write
	run -0 ranby run --rm --pod bare --privileged busybox sh -c 'ls /sys/class/net'
	[ "$output" = lo ]
	run -1 ranby run --rm --pod bare busybox sh -c 'mount -o remount,rw /sys || echo 1500 >/sys/class/net/lo/mtu'
	[[ $output == *'Read-only file system'* ]] || fail "$output"
	ranby pod rm --all --force --time 0 >/dev/null
	ranby rm --force --time 0 first >/dev/null
}
