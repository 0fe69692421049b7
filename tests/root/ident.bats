#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What names a container in the kernel's own audit records: run --ident and --trail, installed, with audit on.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../audit

setup_file() {
	audit_begin
	installed
	[ -n "${INSTALLED:-}" ] || return 0
	make -s -C "$RANBY_TREE" install-session PREFIX="$INSTALLED" >/dev/null
	make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/execs" >/dev/null
	install -m 755 "$RANBY_TREE/${RANBY_BUILD:-build}/tools/execs" "$INSTALLED/execs"
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

pid_of() { as_alice ranby inspect --format '{{.State.Pid}}' "$1"; }
# execs KEY: waits until there are two with that key, of a loop in a container
execs() {
	for _ in $(seq 120); do
		audit_sync
		[ "$(audit_search -k "$1" --raw | grep -c '^type=SYSCALL.* syscall=59 ')" -lt 2 ] || return 0
		sleep 0.25
	done
	echo "no execs: $1" >&2
	return 1
}
identity() { as_alice ranby inspect --format "{{.Ranby.Identity.$2}}" "$1"; }

@test "--ident=session: a fresh session under the same login, linked to the old one, and a rule by it sees this container alone (F17)" {
	before=$(as_alice sh -c 'ranby run -d --network=none --ident=session --name ses busybox sh -c "while :; do sleep 0.2; /bin/true; done" >/dev/null; cat /proc/self/sessionid')
	[ "$(identity ses inForce)" = session ]
	ses=$(cat "/proc/$(pid_of ses)/sessionid")
	[ "$ses" = "$(identity ses session)" ]
	[ "$ses" != "$before" ] && [ "$(identity ses sessionOf)" = "$before" ]
	[ "$(cat "/proc/$(pid_of ses)/loginuid")" = "$(id -u "$AUDIT_ALICE")" ]
	audit_sync
	audit_search -m LOGIN --raw | grep -q "old-ses=$before ses=$ses res=1"
	# no process of it has kept a capability
	monitor=$(as_alice ranby inspect --format '{{.State.MonitorPid}}' ses)
	[ "$(awk '$1 == "CapPrm:" || $1 == "CapInh:" || $1 == "CapAmb:" {print $2}' "/proc/$monitor/status" | sort -u)" = 0000000000000000 ]
	audit_rule -a always,exit -F arch=b64 -S execve -F "sessionid=$ses" -k ranby-ses
	as_alice /bin/true
	execs ranby-ses
	[ "$(audit_search -k ranby-ses --raw | grep '^type=SYSCALL.* syscall=59 ' | grep -o ' ses=[0-9]*' | sort -u)" = " ses=$ses" ]
	as_alice ranby rm -f -t 0 ses
}

@test "ranby-session: refuses without a login, writes nothing but what it read, keeps no capability" {
	helper=$INSTALLED/libexec/ranby/ranby-session
	[ "$(getcap "$helper")" = "$helper cap_audit_control=ep" ]
	run -5 setpriv --reuid="$(id -u "$AUDIT_ALICE")" --regid="$(id -u "$AUDIT_ALICE")" --clear-groups "$helper" --check
	# shellcheck disable=SC2016 # for the shell inside
	run -0 as_alice sh -c 'cat /proc/self/loginuid; echo; "$0" --check; echo $?; cat /proc/self/loginuid; echo; unshare -Ur "$0" --check; echo $?' "$helper"
	[ "${lines[0]}" = "$(id -u "$AUDIT_ALICE")" ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = "${lines[0]}" ]
	# in a user namespace its capability is worth nothing
	[ "${lines[3]}" != 0 ]
	# with no_new_privs the file has none
	run -4 as_alice setpriv --no-new-privs "$helper" --check
	# descriptors 0 to 2 closed, a hostile environment, a name that is none of its own
	run -0 as_alice sh -c 'exec env -i LD_PRELOAD=/nonexistent GLIBC_TUNABLES=glibc.malloc.check=3 "$0" --check <&- >&- 2>&-' "$helper"
	audit_sync
	# whoever had a login had the same one afterwards
	[ "$(audit_search -m LOGIN --raw | sed -n 's/.*old-auid=\([0-9]*\) auid=\([0-9]*\) .*/\1 \2/p' | awk '$1 != 4294967295 && $1 != $2' | wc -l)" = 0 ]
}

@test "loginuid_immutable: ranby-session says the kernel forbids it, and the container has user IDs of its own instead (F17)" {
	helper=$INSTALLED/libexec/ranby/ranby-session
	"$RANBY_TREE/tests/audit-immutable" on
	run as_alice "$helper" --check
	said=$status
	run as_alice ranby run -d --network=none --ident=session --name fixed busybox sleep 100
	"$RANBY_TREE/tests/audit-immutable" off
	[ "$said" = 3 ]
	[ "$status" = 0 ]
	[[ $output == *'--ident=session: loginuid is immutable here'*'--ident=uid'* ]]
	[ "$(identity fixed inForce)" = uid ]
	[ "$(cat "/proc/$(pid_of fixed)/loginuid")" = "$(id -u "$AUDIT_ALICE")" ]
	as_alice ranby rm -f -t 0 fixed
	run -0 as_alice "$helper" --check
}

@test "--ident=uid: a rule by the range of uids sees this container alone (F08)" {
	as_alice ranby run -d --network=none --ident=uid --name slice busybox sh -c 'while :; do sleep 0.2; /bin/true; done' >/dev/null
	as_alice ranby run -d --network=none --ident=uid --name other busybox sh -c 'while :; do sleep 0.2; /bin/true; done' >/dev/null
	from=$(identity slice uidFrom) to=$(identity slice uidTo)
	audit_rule -a always,exit -F arch=b64 -S execve -F "uid>=$from" -F "uid<=$to" -F "auid=$(id -u "$AUDIT_ALICE")" -k ranby-uid
	execs ranby-uid
	[ "$(audit_search -k ranby-uid --raw | grep '^type=SYSCALL.* syscall=59 ' | grep -o ' uid=[0-9]*' | sort -u)" = " uid=$from" ]
	as_alice ranby rm -f -t 0 slice other
}

@test "--ident=landlock: the log names the domain's beginning, with the login, and its end, although the monitor was killed (F09)" {
	[ "$("$RANBY_TREE/tests/landlock-abi")" -ge 7 ] || skip 'Landlock does not log here'
	as_alice ranby run -d --network=none --ident=landlock --name lock busybox sleep 100 >/dev/null
	[ "$(identity lock inForce)" = landlock ]
	pid=$(pid_of lock)
	audit_sync
	begin=$(grep -a 'status=allocated' "$(audit_log)" | grep -a " pid=$pid ")
	[ -n "$begin" ]
	[[ $begin =~ \ domain=([0-9a-f]+)\  ]]
	domain=${BASH_REMATCH[1]}
	[[ $begin =~ msg=(audit\([0-9.:]+\)) ]]
	event=${BASH_REMATCH[1]}
	grep -aF "$event" "$(audit_log)" | grep -a '^type=SYSCALL' | grep -q " auid=$(id -u "$AUDIT_ALICE") "
	kill -KILL "$(as_alice ranby inspect --format '{{.State.MonitorPid}}' lock)"
	as_alice ranby rm -f -t 0 lock
	for _ in $(seq 600); do
		! grep -aq "domain=$domain status=deallocated" "$(audit_log)" || break
		sleep 0.05
	done
	grep -aq "domain=$domain status=deallocated" "$(audit_log)"
}

@test "--trail and the kernel's audit tell the same execs (F06)" {
	audit_rule -a always,exit -F arch=b64 -S execve -S execveat -F success=1 -F "auid=$(id -u "$AUDIT_ALICE")" -k ranby-exec
	for mode in fork vfork fexecve thread; do
		as_alice ranby run --network=none --trail --name "same-$mode" --security-opt seccomp=unconfined -v "$INSTALLED/execs:/execs:ro" busybox /execs "$mode" 100
		as_alice ranby audit execs --format json "same-$mode" |
			jq 'select(.type == "exec" and .argv == ["execs","done"]) | .pid' | sort >"$BATS_TEST_TMPDIR/trail-$mode"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/trail-$mode")" = 100 ]
	done
	audit_sync
	audit_search -k ranby-exec --raw | awk '
		/^type=SYSCALL/ {match($0, / pid=[0-9]+/); pid = substr($0, RSTART + 5, RLENGTH - 5); match($0, /:[0-9]+\)/); of[substr($0, RSTART, RLENGTH)] = pid}
		/^type=EXECVE/ && /argc=2 a0="execs" a1="done"/ {match($0, /:[0-9]+\)/); print of[substr($0, RSTART, RLENGTH)]}' | sort >"$BATS_TEST_TMPDIR/audit"
	sort "$BATS_TEST_TMPDIR"/trail-* | cmp - "$BATS_TEST_TMPDIR/audit"
}

@test "--trail=log: the kernel has a SECCOMP record of each exec, with login and session (F07)" {
	as_alice ranby run --rm --network=none --trail=log -v "$INSTALLED/execs:/execs:ro" busybox /execs fork 100
	audit_sync
	[ "$(grep -a '^type=SECCOMP' "$(audit_log)" | grep -a " auid=$(id -u "$AUDIT_ALICE") " | grep -a 'comm="execs"' | grep -c 'syscall=59 .*code=0x7ffc0000')" = 100 ]
	run -125 as_alice ranby audit execs nosuch
}
