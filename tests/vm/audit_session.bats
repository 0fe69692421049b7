#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# tests/audit-session where the host has an auditd of its own, under systemd, with rules: it is left alone unless that
# was allowed, and then it is there again afterwards, with its rules.
# guests: *:apparmor
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as root

load ../lib
load lib

# auditd has closed its log to others when it started again
teardown_file() { as_root sh -c 'chmod 755 /var/log/audit; chmod 644 /var/log/audit/audit.log'; }

# session ENVIRONMENT...: one session as root, and what was there before, in it and after it
session() {
	run -0 as_root env "$@" bash -c 'dir=$(mktemp -d) owner=$$
		auditctl -a always,exit -F arch=b64 -S acct -k hosts-own >/dev/null
		auditctl -l | sort >"$dir/was"
		pid() { auditctl -s | sed -n "s/^pid //p"; }
		echo "before=$(pid | grep -c "^$(pidof auditd)$")"
		setsid /opt/job/tests/audit-session "$dir" $owner >"$dir/said" 2>&1 &
		for i in $(seq 300); do [ -e "$dir/ready" ] || [ -e "$dir/refused" ] && break; sleep 0.2; done
		if [ -e "$dir/refused" ]; then
			echo "refused: $(cat "$dir/refused")"
		else
			echo "inside=$(pid | grep -c "^$(cat "$dir/auditd.pid")$") rules=$(auditctl -l | grep -c hosts-own)"
			touch "$dir/stop"
			for i in $(seq 300); do [ -e "$dir/done" ] && break; sleep 0.2; done
		fi
		cat "$dir/said"
		auditctl -l | sort | cmp - "$dir/was" && echo same-rules
		echo "after=$(pid | grep -c "^$(pidof auditd)$") $(systemctl is-active auditd)"
		auditctl -d always,exit -F arch=b64 -S acct -k hosts-own >/dev/null
		rm -r "$dir"' 2>&1
}

@test "an auditd of the host is left alone, and the step is named" {
	session RANBY_TEST_AUDITD=
	echo "$output"
	[ "${lines[0]}" = before=1 ]
	[[ ${lines[1]} == 'refused: '*'RANBY_TEST_AUDITD=stop'* ]]
	[ "${lines[2]}" = same-rules ]
	[ "${lines[3]}" = 'after=1 active' ]
}

@test "when it may be stopped, it is, and is there again afterwards" {
	session RANBY_TEST_AUDITD=stop
	echo "$output"
	[ "${lines[0]}" = before=1 ]
	[ "${lines[1]}" = 'inside=1 rules=0' ]
	[ "${lines[2]}" = same-rules ]
	[ "${lines[3]}" = 'after=1 active' ]
}
