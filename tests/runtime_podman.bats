#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The distribution's podman with ranby-runtime in the place of crun: what it
# says and does, and what the host's /proc says of it. Rootless here; as root
# in tests/root/runtime_podman.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load podman

setup_file() {
	ranby_setup_file busybox
	podman_setup_file
}
teardown_file() {
	podman_teardown_file
	ranby_teardown_file
}
setup() { [ -f "$PODMAN/works" ] || skip 'no podman that runs here'; }

@test "podman run, attached: output, exit code, user, environment; 126 and 127" {
	run -0 driven run --rm --network=none -e A=b localhost/busybox-docker sh -c 'id -u; echo $A; hostname | wc -c'
	[ "$output" = $'0\nb\n13' ]
	run -7 driven run --rm --network=none localhost/busybox-docker sh -c 'exit 7'
	run -127 driven run --rm --network=none localhost/busybox-docker nosuch
	run -126 driven run --rm --network=none localhost/busybox-docker /etc
	run -0 driven run --rm --network=none --user 5:6 --cap-drop all localhost/busybox-docker grep -E '^(Uid|CapEff|Seccomp):' /proc/self/status
	[[ $output = *$'Uid:\t5\t5\t5\t5'*$'CapEff:\t0000000000000000'*$'Seccomp:\t2' ]]
}

@test "podman run -d, exec, top, inspect, kill, rm: the process is a child of conmon, and ranby-runtime's state has it" {
	run -0 driven run -d --name d1 --network=none localhost/busybox-docker sleep 1000
	local pid
	pid=$(driven inspect --format '{{.State.Pid}}' d1)
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = 'sleep 1000 ' ]
	[ "$(cat "/proc/$(awk '{print $4}' "/proc/$pid/stat")/comm")" = conmon ]
	run -0 driven inspect --format '{{.OCIRuntime}} {{.State.Status}}' d1
	[[ $output = *ranby-runtime*' running' ]]
	run -0 driven exec -e X=y d1 sh -c 'echo $X; cat /proc/1/comm'
	[ "$output" = $'y\nsleep' ]
	run -3 driven exec d1 sh -c 'exit 3'
	run -0 driven top d1 huser pid comm
	[[ $output = *sleep* ]]
	run -0 driven kill d1
	run -0 timeout 20 bash -c 'driven wait d1'
	[ "$output" = 137 ]
	run -0 driven rm d1
	run ! kill -0 "$pid"
}

@test "podman with a terminal: run -t and exec -t; /dev/console is the terminal's" {
	run -0 driven run --rm -t --network=none localhost/busybox-docker sh -c 'tty; stat -c %t /dev/console'
	[[ $output = /dev/pts/0*$'\n'88* ]] || fail "$output"
	run -0 driven run -d --name t1 --network=none localhost/busybox-docker sleep 1000
	run -0 driven exec -t t1 tty
	[[ $output = /dev/pts/* ]] || fail "$output"
	driven rm -f -t 0 t1
}

@test "podman stop, restart, and a container that is created and started later" {
	run -0 driven create --name s1 --network=none localhost/busybox-docker sh -c 'trap "exit 5" TERM; while :; do sleep 0.05; done'
	run -0 driven start s1
	run -0 driven restart -t 5 s1
	run -0 driven stop -t 10 s1
	[ "$(driven inspect --format '{{.State.ExitCode}}' s1)" = 5 ]
	run -0 driven rm s1
}

@test "podman with volumes, a read-only root, tmpfs, ulimits, sysctls, --init and hooks" {
	mkdir "$BATS_TEST_TMPDIR/v" "$BATS_TEST_TMPDIR/hooks"
	echo there >"$BATS_TEST_TMPDIR/v/file"
	run -0 driven run --rm --network=none -v "$BATS_TEST_TMPDIR/v:/v:ro" --read-only --tmpfs /t --ulimit nofile=99:99 --sysctl net.ipv4.ip_forward=1 localhost/busybox-docker \
		sh -c 'cat /v/file; touch /v/x 2>/dev/null || touch /x 2>/dev/null || touch /t/x && ulimit -n; cat /proc/sys/net/ipv4/ip_forward'
	[ "$output" = $'there\n99\n1' ]
	cat >"$BATS_TEST_TMPDIR/hooks/h.json" <<-END
		{"version":"1.0.0","hook":{"path":"/usr/bin/tee","args":["tee","$BATS_TEST_TMPDIR/state"]},"when":{"always":true},"stages":["createRuntime"]}
	END
	run -0 driven --hooks-dir "$BATS_TEST_TMPDIR/hooks" run --rm --network=none localhost/busybox-docker true
	grep -q '"status": "creating"' "$BATS_TEST_TMPDIR/state"
}
