#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What a filter refuses is in the kernel's own audit log with the login of
# the user: --security-opt seccomp-log, with the default profile and with a
# recorded one.
# shellcheck disable=SC2154 # bats sets output and status

load ../audit

setup_file() {
	audit_begin
	installed
	[ -n "${INSTALLED:-}" ] || return 0
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TEST_IMAGES
	as_alice ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
}

teardown_file() {
	[ -z "${INSTALLED:-}" ] || as_alice ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	audit_end
}

setup() { audit_need; }

as_alice() { audit_as "$AUDIT_ALICE" "$@"; }

# refused SYSCALL COMM: SECCOMP records of alice's with that number and program
refused() { audit_sync && { grep -ac "^type=SECCOMP .* auid=$(id -u "$AUDIT_ALICE") .* comm=\"$2\" .* syscall=$1 " "$AUDIT_LOG" || true; }; }

@test "a call outside of a recorded profile is refused, and is in the audit log with the user's auid; without the option it is not" {
	run -0 as_alice ranby profile record --rm --network=none web busybox cat /etc/passwd
	run -1 as_alice ranby run --rm --network=none --security-opt profile=web busybox mkdir /tmp/silent
	[[ $output == *'not permitted'* ]]
	# cat is what was recorded, and mkdir is another applet of the same program
	[ "$(refused 83 mkdir)" = 0 ]
	run -1 as_alice ranby run --rm --network=none --security-opt profile=web --security-opt seccomp-log busybox mkdir /tmp/said
	[[ $output == *'not permitted'* ]]
	[ "$(refused 83 mkdir)" = 1 ]
	grep -a '^type=SECCOMP .*comm="mkdir"' "$AUDIT_LOG" | grep -q ' arch=c000003e .* code=0x50000'
	# and ausearch finds it by the login
	audit_search -m SECCOMP --loginuid "$(id -u "$AUDIT_ALICE")" --raw | grep -q 'comm="mkdir"'
	run -0 as_alice ranby run --rm --network=none --security-opt profile=web --security-opt seccomp-log busybox cat /etc/passwd
}

@test "the default profile with seccomp-log: what it refuses, and nothing of what it allows" {
	run -1 as_alice ranby run --rm --network=none --security-opt seccomp-log busybox unshare -U true
	[ "$(refused 272 unshare)" = 1 ]
	[ "$(refused 59 unshare)" = 0 ]
}

@test "apply --log: the workload runs, and each call outside of the profile is in the audit log" {
	local options
	run -0 as_alice ranby profile record --rm --network=none logged busybox cat /etc/passwd
	options=$(as_alice ranby profile apply --log logged)
	# shellcheck disable=SC2086 # options
	run -0 as_alice ranby run --rm --network=none $options busybox rmdir --ignore-fail-on-non-empty /etc
	[ "$(refused 84 rmdir)" = 1 ]
	grep -a '^type=SECCOMP .*comm="rmdir"' "$AUDIT_LOG" | grep -q 'code=0x7ffc0000'
}
