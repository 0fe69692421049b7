#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# That tests/audit.bash does what the tests of audit rely on: two logins whose
# records are told apart, and a machine that is as before afterwards.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../audit

setup_file() {
	BEFORE=$(auditctl -s 2>/dev/null | grep -E '^(enabled|failure|rate_limit|backlog_limit) '; auditctl -l 2>/dev/null)
	export BEFORE
	audit_begin
}
teardown_file() {
	audit_end
	# another file of tests may have its turn now
	exec 9>/run/ranby-audit-tests.lock
	if flock --nonblock 9 && [ -e /proc/self/loginuid ]; then
		[ "$BEFORE" = "$(auditctl -s 2>/dev/null | grep -E '^(enabled|failure|rate_limit|backlog_limit) '; auditctl -l 2>/dev/null)" ]
	fi
}
setup() { audit_need; }

# serials of execve records of $1 by key $2
execs_of() { audit_search -k "$2" -ul "$(id -u "$1")" --raw 2>/dev/null | grep -c '^type=SYSCALL' || true; }

@test "two users, two sessions, and ausearch reads whose is whose" {
	audit_rule -a always,exit -F arch=b64 -S execve -F path=/usr/bin/true -k harness
	audit_as "$AUDIT_ALICE" /usr/bin/true
	audit_as "$AUDIT_BOB" /usr/bin/true
	audit_as "$AUDIT_BOB" sh -c '/usr/bin/true; exec /usr/bin/true'
	audit_sync
	[ "$(execs_of "$AUDIT_ALICE" harness)" = 1 ]
	[ "$(execs_of "$AUDIT_BOB" harness)" = 3 ]
	run -0 audit_search -k harness --raw
	# whoever else is at the host has sessions of his own
	[ "$(grep -E " syscall=59 .* auid=($(id -u "$AUDIT_ALICE")|$(id -u "$AUDIT_BOB")) " <<<"$output" | grep -o ' ses=[0-9]*' | sort -u | wc -l)" = 3 ]
	run -0 audit_search -k harness -ul "$(id -u "$AUDIT_ALICE")" -i
	[[ $output == *"auid=$AUDIT_ALICE"* ]]
}

@test "su and sudo keep the login" {
	audit_rule -a always,exit -F arch=b64 -S execve -F path=/usr/bin/false -k become
	run -1 audit_as --su "$AUDIT_BOB" "$AUDIT_ALICE" /usr/bin/false
	if command -v sudo >/dev/null; then
		run -1 audit_as --sudo "$AUDIT_BOB" "$AUDIT_ALICE" /usr/bin/false
	fi
	audit_sync
	run -0 audit_search -k become --raw
	[[ $output == *"auid=$(id -u "$AUDIT_ALICE") uid=$(id -u "$AUDIT_BOB")"* ]]
	[[ $output != *"auid=$(id -u "$AUDIT_BOB")"* ]]
}

@test "a rule can be taken away, and auditd too" {
	audit_rule -a always,exclude -F msgtype=USER
	audit_rule -d always,exclude -F msgtype=USER
	audit_daemon stop
	[ "$(auditctl -s | awk '$1 == "pid" {print $2}')" = 0 ]
	audit_daemon start
	audit_sync
}
