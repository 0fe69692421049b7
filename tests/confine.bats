#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What holds a payload, read from the payload's own /proc and from the host.
# guests: *:*
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }

field() { awk -v f="$1:" '$1 == f {print $2}' <<<"$output"; }

@test "the default: seccomp filter, docker's capabilities, no_new_privs off" {
	run -0 ranby run --rm --network=none busybox cat /proc/self/status
	[ "$(field Seccomp)" = 2 ]
	[ "$(field CapEff)" = "$(field CapBnd)" ]
	[ "$(field CapInh)" = 0000000000000000 ]
	[ "$(field CapAmb)" = 0000000000000000 ]
	[ "$(field NoNewPrivs)" = 0 ]
	# neither SYS_ADMIN (21), SYS_PTRACE (19), NET_ADMIN (12), SYS_MODULE (16), nor MKNOD (27)
	[ $((0x$(field CapBnd) & (1 << 21 | 1 << 19 | 1 << 12 | 1 << 16 | 1 << 27))) = 0 ]
}

@test "--cap-drop, --cap-add" {
	run -0 ranby run --rm --network=none --cap-drop ALL busybox cat /proc/self/status
	[ "$(field CapBnd)" = 0000000000000000 ]
	[ "$(field CapEff)" = 0000000000000000 ]
	run -0 ranby run --rm --network=none --cap-drop ALL --cap-add NET_ADMIN busybox cat /proc/self/status
	[ "$(field CapEff)" = 0000000000001000 ]
	run -0 ranby run --rm --network=none --cap-add CAP_SYS_PTRACE busybox cat /proc/self/status
	[ $((0x$(field CapEff) >> 19 & 1)) = 1 ]
}

@test "another user than root has no effective capability" {
	need_ranges
	run -0 ranby run --rm --network=none -u 1000 busybox cat /proc/self/status
	[ "$(field CapEff)" = 0000000000000000 ]
	[ "$(field CapPrm)" = 0000000000000000 ]
}

@test "--security-opt no-new-privileges, with and without another user" {
	need_ranges
	run -0 ranby run --rm --network=none --security-opt no-new-privileges busybox cat /proc/self/status
	[ "$(field NoNewPrivs)" = 1 ]
	[ "$(field Seccomp)" = 2 ]
	run -0 ranby run --rm --network=none --security-opt no-new-privileges -u 33 busybox cat /proc/self/status
	[ "$(field NoNewPrivs)" = 1 ]
	[ "$(field Uid)" = 33 ]
}

@test "a profile whose flags are no strings is an error, also where the engine adds one" {
	local flags
	for flags in '[null]' '[3]' '[{}]'; do
		echo "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":$flags,\"syscalls\":[]}" >"$BATS_TEST_TMPDIR/flags.json"
		run -125 ranby run --rm --network=none --security-opt seccomp-log --security-opt "seccomp=$BATS_TEST_TMPDIR/flags.json" busybox true
		one_error 'flags'
		run -125 ranby run --rm --network=none --security-opt "seccomp=$BATS_TEST_TMPDIR/flags.json" busybox true
		one_error 'flags'
	done
	nothing_left
}

@test "seccomp=unconfined, a profile of one's own, and what inspect says is in force" {
	run -0 ranby run --rm --network=none --security-opt seccomp=unconfined busybox cat /proc/self/status
	[ "$(field Seccomp)" = 0 ]
	cat >"$BATS_TEST_TMPDIR/profile.json" <<-'JSON'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}
	JSON
	run -1 ranby run --rm --network=none --security-opt "seccomp=$BATS_TEST_TMPDIR/profile.json" busybox mkdir /tmp/x
	[[ $output == *'not implemented'* ]]
	run -0 ranby run -d --name force --network=none busybox sleep 100
	run -0 ranby inspect force
	jq -e '.[0].Ranby.InForce' <<<"$output"
	ranby rm -f -t 0 force
}

@test "dangerous calls are refused: mount, ptrace of init, unshare, keyctl, bpf" {
	run -0 ranby run --rm --network=none busybox sh -c 'mount -t tmpfs none /tmp 2>/dev/null && echo mounted; unshare -U true 2>/dev/null && echo unshared; true'
	[ -z "$output" ]
}

@test "masked and read-only paths" {
	run -0 ranby run --rm --network=none busybox sh -c 'for f in kcore keys timer_list; do [ ! -e /proc/$f ] || wc -c </proc/$f; done; ls -A /proc/acpi 2>/dev/null | wc -l; ls -A /sys/firmware | wc -l'
	[[ $output != *[1-9]* ]]
	run -0 ranby run --rm --network=none busybox sh -c 'for f in /proc/sys/kernel/hostname /proc/sysrq-trigger; do echo x 2>/dev/null >$f && echo wrote $f; done; true'
	[[ $output != *wrote* ]]
}

@test "devices: the usual ones and no other; no new ones" {
	run -0 ranby run --rm --network=none busybox sh -c 'ls /dev | sort | tr "\n" " "'
	[[ $output =~ ^(console\ |core\ )?fd\ full\ mqueue\ null\ ptmx\ pts\ random\ shm\ stderr\ stdin\ stdout\ tty\ urandom\ zero\ $ ]] || fail "$output"
	run -0 ranby run --rm --network=none busybox sh -c 'mknod /tmp/sda b 8 0 2>/dev/null && cat /tmp/sda; head -c 4 /dev/zero | wc -c; echo x >/dev/null; head -c 2 /dev/urandom | wc -c'
	[ "$output" = $'4\n2' ]
}

@test "only the container's processes, and only its own mounts" {
	run -0 ranby run --rm --network=none busybox sh -c 'ls -d /proc/[0-9]* | wc -l'
	[ "$output" -le 3 ]
	run -0 ranby run --rm --network=none busybox cat /proc/self/mountinfo
	[[ $output != *"$(df --output=source / | tail -1) "*' /home '* ]]
	[[ $output != *"$RANBY_ROOT/containers"*'shared:'* ]]
}

@test "no descriptor of ours reaches the payload" {
	run -0 ranby run --rm --network=none busybox sh -c 'sleep 0; ls /proc/1/fd >/tmp/fds; echo $(cat /tmp/fds)'
	# without a pipe, whose ends the shell has for a moment; 10 is where it keeps what it puts aside
	[[ $output =~ ^0\ (1\ 2|1\ 10\ 2)$ ]] || fail "$output"
	run -0 bash -c 'exec 9</etc/passwd; "$0" --root "$1" --runroot "$2" run --rm --network=none busybox ls /proc/1/fd' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	[[ $output != *9* ]]
}

@test "root in one container has no power over another's processes or files" {
	local one two
	run -0 ranby run -d --name one --network=none busybox sleep 100
	run -0 ranby run -d --name two --network=none busybox sleep 100
	one=$(ctr_pid one) two=$(ctr_pid two)
	[ "$(readlink "/proc/$one/ns/user")" != "$(readlink "/proc/$two/ns/user")" ]
	local ns
	for ns in user mnt pid ipc uts net; do
		[ "$(readlink "/proc/$one/ns/$ns")" != "$(readlink "/proc/$two/ns/$ns")" ]
		[ "$(readlink "/proc/$one/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	ranby rm -f -t 0 one two
}

@test "the state directories are nobody else's" {
	local dir
	for dir in "$RANBY_ROOT" "$RANBY_RUN"; do
		[ "$(stat -c %a "$dir")" = 700 ]
	done
	[ -z "$(find "$RANBY_ROOT" "$RANBY_RUN" -maxdepth 2 -perm /022 ! -type l -not -path '*/layers/*' -not -type s 2>/dev/null)" ]
}

@test "A30: no cgroup hierarchy can be mounted, by root of the container or in a namespace that it makes, so there is no release_agent" {
	local script='unshare -UrmC true 2>/dev/null && echo unshared
		for t in "-t cgroup -o memory" "-t cgroup -o rdma" "-t cgroup2"; do mount $t none /mnt 2>/dev/null && echo mounted; done
		find / -xdev -name release_agent 2>/dev/null; find /sys/fs/cgroup -name release_agent 2>/dev/null; true'
	run -0 ranby run --rm --network=none --tmpfs /mnt busybox sh -c "$script"
	[ -z "$output" ] || fail "$output"
}
