#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --uts, --ipc and --pid container:NAME and ns:PATH: one namespace of two
# containers, as the kernel shows it, and what cannot be together.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

pid_of() { ranby inspect -f '{{.State.Pid}}' "$1"; }
ns_of() { readlink "/proc/$(pid_of "$1")/ns/$2"; }
refused() { # WORDS OPTION...
	run -125 ranby run --rm "${@:2}" busybox true
	one_error "$1"
}

@test "--uts container: one host name, and its end and start are followed" {
	need_namespaces
	ranby run -d --name a --hostname aaa --network none busybox sleep 1000 >/dev/null
	ranby run -d --name b --uts container:a busybox sleep 1000 >/dev/null
	[ "$(ns_of a uts)" = "$(ns_of b uts)" ]
	[ "$(ns_of a ipc)" != "$(ns_of b ipc)" ]
	[ "$(ranby exec b hostname)" = aaa ]
	[ "$(ranby exec b cat /etc/hostname)" = aaa ]
	[ "$(ranby inspect -f '{{.HostConfig.UTSMode}}' b)" = "container:$(ranby inspect -f '{{.Id}}' a)" ]
	# the other's user namespace is not its own: it cannot change what it shares
	run ranby exec b hostname bbb
	[ "$status" != 0 ]
	ranby stop --time 0 a b >/dev/null
	run -125 ranby start b
	one_error 'is not running'
	ranby start a b >/dev/null
	[ "$(ns_of a uts)" = "$(ns_of b uts)" ]
	refused 'exclude each other' --uts container:a --hostname x
}

@test "--ipc container: System V memory and /dev/shm are those of one that is shareable, and of no other" {
	need_namespaces
	ranby run -d --name a --ipc shareable --network none busybox sleep 1000 >/dev/null
	ranby run -d --name own --network none busybox sleep 1000 >/dev/null
	ranby run -d --name b --ipc container:a busybox sleep 1000 >/dev/null
	[ "$(ns_of a ipc)" = "$(ns_of b ipc)" ]
	ranby exec a sh -c 'echo hello >/dev/shm/x'
	[ "$(ranby exec b cat /dev/shm/x)" = hello ]
	run ranby exec own cat /dev/shm/x
	[ "$status" != 0 ]
	# of one that has it of another
	[ "$(ranby run --rm --ipc container:b busybox cat /dev/shm/x)" = hello ]
	refused 'non-shareable IPC' --ipc container:own
	refused "the other container's" --ipc container:a --shm-size 1m
	refused '/dev/shm of --ipc shareable' --ipc shareable --shm-size 1m
	refused "shares another's IPC namespace" --ipc container:a --sysctl kernel.msgmax=1000
	refused 'no such container' --ipc container:nope
	# of both nothing stays
	ranby rm --force --time 0 a b >/dev/null
	run -0 find "$RANBY_RUN" -name shm
	[ -z "$output" ]
}

@test "--pid container: its processes are seen, in its user namespace" {
	need_namespaces
	ranby run -d --name a --network none busybox sleep 1234 >/dev/null
	ranby run -d --name b --pid container:a --network container:a busybox sleep 1000 >/dev/null
	local ns
	for ns in pid user net; do
		[ "$(ns_of a "$ns")" = "$(ns_of b "$ns")" ] || fail "$ns"
	done
	[ "$(ns_of a mnt)" != "$(ns_of b mnt)" ]
	ranby exec b ps -o args | grep -qx 'sleep 1234'
	run -0 ranby run --rm --pid container:a --network none busybox sh -c 'tr "\0" " " </proc/1/cmdline'
	[[ $output == *1234* ]]
	[ "$(ranby inspect -f '{{.HostConfig.PidMode}}' b)" = "container:$(ranby inspect -f '{{.Id}}' a)" ]
	# only its own processes are its top's
	run -0 ranby top b args
	[[ $output != *1234* ]]
	refused 'a network of its own cannot be connected' --pid container:a
	refused 'in its user namespace alone' --pid container:a --network none --userns keep-id
	refused "isn't private" --pid container:a --network none --init
	ranby run -d --name c --ipc shareable --network none busybox sleep 1000 >/dev/null
	refused 'in another user namespace' --pid container:a --network none --ipc container:c
	refused 'in another user namespace' --pid container:a --network container:c
	# the first one's end is the end of all processes of its namespace
	ranby kill a >/dev/null
	run ranby wait b
	[ "$output" = 137 ]
}

@test "--pid container: with a slice of IDs, with keep-id, and without a user namespace of its own" {
	need_namespaces
	local mode
	for mode in auto keep-id host; do
		ranby run -d --name "a-$mode" --userns "$mode" --network none busybox sleep 1234 >/dev/null
		run -0 ranby run --rm --pid "container:a-$mode" --network none busybox sh -c 'tr "\0" " " </proc/1/cmdline; readlink /proc/self/ns/user'
		[[ $output == *1234*"$(ns_of "a-$mode" user)"* ]] || fail "$mode: $output"
	done
}

@test "ns:PATH is a namespace that is there; what cannot be is said" {
	need_namespaces
	ranby run -d --name a --hostname aaa --ipc shareable --network none busybox sleep 1000 >/dev/null
	[ "$(ranby run --rm --uts "ns:/proc/$(pid_of a)/ns/uts" busybox hostname)" = aaa ]
	[ "$(ranby run --rm --ipc "ns:/proc/$(pid_of a)/ns/ipc" busybox readlink /proc/self/ns/ipc)" = "$(ns_of a ipc)" ]
	refused 'only with --userns host' --pid "ns:/proc/$(pid_of a)/ns/pid"
	refused 'namespace' --uts ns:/nope
	refused 'only private, host' --uts ns:relative
	ranby run -d --name h --uts host --pid host --network none busybox sleep 1000 >/dev/null
	refused "has the host's" --uts container:h
	refused "has the host's" --pid container:h --network none
	run -125 ranby pod create --pid container:a
	one_error "a pod has no other container's"
}
