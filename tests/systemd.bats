#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --systemd without a systemd: when it is on, what it mounts and sets, and what
# becomes of it where there is no cgroup. It boots in root/systemd.bats.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib
load option

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

get() { ranby inspect --format "{{$2}}" "$1"; }
mode() { get "$1" ".Config.SystemdMode}} {{.Config.StopSignal"; }
made() { ranby create --name "$@" 2>/dev/null >/dev/null; }
no_place() { [ "$(ranby info --format '{{.host.cgroupManager}}')" = none ]; }

@test "--systemd: on for an init by its name, and for always; off for others, and with false" {
	made a busybox /sbin/init
	[ "$(mode a)" = 'true SIGRTMIN+3' ]
	made b busybox sh -c true
	[ "$(mode b)" = 'false SIGTERM' ]
	made c --systemd false busybox /sbin/init
	[ "$(mode c)" = 'false SIGTERM' ]
	made d --systemd=true --stop-signal INT --entrypoint /usr/lib/systemd/systemd busybox
	[ "$(mode d)" = 'true SIGINT' ]
	made e --init busybox /sbin/init
	[ "$(mode e)" = 'false SIGTERM' ]
	run -125 ranby create --systemd maybe busybox true
	one_error '--systemd maybe: not one of true, false, always'
}

@test "--systemd true where no cgroup is delegated: a warning, and all of it but the cgroup" {
	no_place || skip 'a cgroup is delegated here: root/systemd.bats shows the mode whole'
	printf '#!/bin/sh\ngrep -E " /(run|run/lock|tmp|var/log/journal|sys/fs/cgroup) " /proc/self/mounts; echo ${#container_uuid} $container; touch /sys/fs/cgroup/x\n' >"$BATS_TEST_TMPDIR/init"
	chmod +x "$BATS_TEST_TMPDIR/init"
	run -1 ranby run --rm --network none --shm-size-systemd 1m -v "$BATS_TEST_TMPDIR/init:/sbin/init:ro" busybox /sbin/init
	[ "$(grep -c '^tmpfs /[a-z/]* tmpfs rw,nosuid,nodev,.*size=1024k' <<<"$output")" = 4 ] || fail "$output"
	[[ $output == *'cgroup2 ro,'* && $output == *$'\n32 ranby'* && $output == *'Read-only file system'* ]] || fail "$output"
	[[ $output == *'systemd mode with a read-only /sys/fs/cgroup, in which systemd does not boot: '* ]] || fail "$output"
	# one's own mount there is not covered, and one's own variable stays
	run -1 ranby run --rm --network none --read-only --tmpfs /run:size=2m -e container_uuid=mine -v "$BATS_TEST_TMPDIR/init:/sbin/init:ro" busybox /bin/sh -c /sbin/init
	[[ $output == *'tmpfs /run tmpfs'*size=2048k* && $output == *$'\n4 ranby'* ]] || fail "$output"
}

@test "--systemd always is an error where it cannot be had, and nothing is left" {
	! no_place || refused '--systemd always: ' --systemd always
	refused 'has to be the first process' --systemd always --pid host
	refused '--init is the first process' --systemd always --init
	refused '--cgroups disabled' --systemd always --cgroups disabled
	refused 'no cgroup namespace of its own' --systemd always --cgroupns host
	refused 'not in systemd mode' --shm-size-systemd 1m
}

@test "a clone has the mode of its container" {
	made a --systemd false busybox /sbin/init
	ranby container clone a b >/dev/null
	[ "$(mode b)" = 'false SIGTERM' ]
	made c busybox /sbin/init
	ranby container clone c d >/dev/null 2>&1
	[ "$(mode d)" = 'true SIGRTMIN+3' ]
}

@test "what is committed has nothing of the machine that the container was" {
	ranby create --name a --network none --systemd true -e A=b busybox /sbin/init >/dev/null 2>&1
	[ "$(get a '.Id' | cut -c1-32)" = "$(ranby inspect --format '{{range .Config.Env}}{{println .}}{{end}}' a | sed -n s/^container_uuid=//p)" ]
	ranby commit --quiet a committed >/dev/null
	run -0 ranby image inspect --format '{{.Config.Env}}' committed
	[[ $output == *A=b* && $output != *container* ]] || fail "$output"
	ranby rmi committed >/dev/null
}
