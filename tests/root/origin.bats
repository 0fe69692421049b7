#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What the kernel's own records say of the way from a login to a payload and to its end: that nothing else stands in
# between, that a login which is unset is pinned, and who ended it. The rules are by user ID, not by loginuid: what
# lost the login on the way would be seen.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin RAW
	installed
	audit_prelude
}
teardown_file() { audit_end; }
setup() {
	audit_need
	rm -f /run/ranby-witness/*
	: >"$AUDIT_LOG"
}

in_login() {
	local become=()
	[ "$1" != --nodes ] || { become=(--nodes); shift; }
	case $1 in --su | --sudo) become+=("$1" "$2"); shift 2 ;; esac
	audit_as "${become[@]}" "$1" bash -c ". '$PRELUDE'; $2"
}

# watch UID: everything that this user, or one of its subordinate ids, executes or makes, whatever its loginuid
watch() {
	local first
	first=$(awk -F: -v user="$(id -un "$1")" '$1 == user {print $2; exit}' /etc/subuid)
	RULES=()
	for range in "-F uid=$1" "-F uid>=$first -F uid<$((first + 65536))"; do
		RULES+=("always,exit -F arch=b64 -S execve,execveat,clone,vfork,fork,clone3 -F success=1 $range -k way")
	done
	# shellcheck disable=SC2086 # words
	for rule in "${RULES[@]}"; do audit_rule -a $rule; done
}
unwatch() {
	# shellcheck disable=SC2086 # words
	for rule in "${RULES[@]}"; do audit_rule -d $rule; done
}

# logins: "auid ses" of each record of the way, once each; and how many execs there are of what a path ends in
logins() { grep -a '^type=SYSCALL.* key="way"' "$AUDIT_LOG" | grep -ao ' auid=[0-9]* .* ses=[0-9]*' | sed 's/ auid=\([0-9]*\) .* ses=\([0-9]*\)/\1 \2/' | sort -u; }
execs_of() { grep -a '^type=SYSCALL.* key="way"' "$AUDIT_LOG" | grep -aEc "syscall=(59|322) .*exe=\"[^\"]*$1\""; }

RUN='R run --rm --network=none busybox /bin/true; R run -d --name d -u nobody busybox sleep 100 >/dev/null; R exec d /bin/true; R exec -d -u root d /bin/true
	sleep 0.3; R restart -t 0 d >/dev/null; R stop -t 0 d >/dev/null; R rm d >/dev/null'

@test "plain, su, sudo: each program and process between the caller and a payload has the caller's login and session (F01)" {
	local how become uid alice
	alice=$(id -u "$AUDIT_ALICE")
	for how in plain su sudo; do
		[ "$how" != sudo ] || command -v sudo >/dev/null || continue
		: >"$AUDIT_LOG"
		uid=$alice become=()
		[ "$how" = plain ] || { uid=$(id -u "$AUDIT_BOB") become=("--$how" "$AUDIT_BOB"); }
		watch "$uid"
		in_login --nodes "${become[@]}" "$AUDIT_ALICE" "$RUN"
		unwatch
		audit_sync
		run -0 logins
		[ "${#lines[@]}" = 1 ] || { echo "$how: $output"; false; }
		[[ $output == "$alice "* ]] || { echo "$how: $output"; false; }
		# it has seen engine, runtime, monitor and what ran inside, twice of a user that is not root there
		for name in ranby ranby-monitor ranby-runtime busybox; do
			[ "$(execs_of "/$name")" -ge 2 ] || { echo "$how: $name $(execs_of "/$name")"; false; }
		done
		[ "$(grep -a ' key="way"' "$AUDIT_LOG" | grep -aEc " uid=[1-9][0-9]{5,} .*exe=\"/bin/busybox\"")" -ge 1 ]
	done
}

@test "a loginuid that is unset: the kernel records that it was set to the user's own, before anything else of the run (F02)" {
	local uid login first
	uid=$(id -u "$AUDIT_ALICE")
	watch "$uid"
	setpriv --reuid="$uid" --regid="$uid" --init-groups --inh-caps=-all env -i HOME="/home/$AUDIT_ALICE" PATH="$INSTALLED/bin:/usr/bin:/bin" \
		TMPDIR="/var/tmp/ranby-tests-$uid" RANBY_TEST_IMAGES="$RANBY_TEST_IMAGES" "$RANBY_TREE/tests/reaper" \
		bash -c ". '$PRELUDE'; R run --rm --network=none busybox sh -c 'echo 0 >/proc/self/loginuid; echo 77 >/proc/self/loginuid; true' 2>/dev/null"
	unwatch
	audit_sync
	login=$(grep -a '^type=LOGIN ' "$AUDIT_LOG" | grep -a " uid=$uid ")
	grep -q "old-auid=4294967295 auid=$uid .* res=1" <<<"$login"
	# nothing else was set; what the payload tried was refused, and is recorded with the pinned login
	[ "$(grep ' res=1' <<<"$login" | grep -vc " auid=$uid ")" = 0 ]
	[ "$(grep ' res=0' <<<"$login" | grep -c " old-auid=$uid ")" = 2 ]
	# below the pin nothing runs without a login: all that is unset is the shell, and ranby before it pinned
	[ "$(grep -a '^type=SYSCALL.* key="way"' "$AUDIT_LOG" | grep -a ' auid=4294967295 ' | grep -aEc 'exe="[^"]*/(ranby-monitor|ranby-runtime|ranby-init|busybox)"')" = 0 ]
	[ "$(grep -a '^type=SYSCALL.* key="way"' "$AUDIT_LOG" | grep -a " auid=$uid " | grep -aEc 'exe="/bin/busybox"')" -ge 1 ]
}

@test "killed by another login, and ended by itself: who, and why (F18)" {
	local pid alice bob
	alice=$(id -u "$AUDIT_ALICE") bob=$(id -u "$AUDIT_BOB")
	audit_pack "$AUDIT_ALICE" "$AUDIT_BOB"
	in_login "$AUDIT_ALICE" 'R run -d --name victim --network=none busybox sleep 100 >/dev/null; R inspect --format "{{.State.Pid}}" victim >"$base/../pid.'$$'"
		R wait victim >/dev/null; R run --name seven --rm --network=none busybox sh -c "exit 7"; R run -d --name asked --network=none busybox sleep 100 >/dev/null
		R stop -t 0 asked >/dev/null' 3>&- &
	local login=$!
	for _ in $(seq 1200); do
		pid=$(cat /var/tmp/ranby-tests-"$alice"/pid.$$ 2>/dev/null) && [ -n "$pid" ] && break
		sleep 0.05
	done
	rm "/var/tmp/ranby-tests-$alice/pid.$$"
	# an administrator, who logged in as bob
	(
		echo "$bob" >/proc/self/loginuid
		exec kill -9 "$pid"
	)
	wait $login || true
	audit_unpack "$AUDIT_ALICE" "$AUDIT_BOB"
	audit_sync
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --log "$AUDIT_LOG" --container victim
	[[ $output == *"victim: init $pid got signal 9 from auid $bob in session "*", /usr/bin/kill, record "* ]] || { echo "$output"; false; }
	[[ $(grep -a 'VIRT_CONTROL.* op=stop .*vm="victim"' "$AUDIT_LOG") == *' reason=signal '*' exit-signal=9 '* ]]
	[[ $(grep -a 'VIRT_CONTROL.* op=stop .*vm="seven"' "$AUDIT_LOG") == *' reason=exited '*' exit-code=7 '* ]]
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --log "$AUDIT_LOG" --container asked
	[[ $output == *"asked: init "*"got signal 9 from auid $alice in session "* ]] || { echo "$output"; false; }
	# who asked for it has a record of its own
	[[ $(grep -a 'VIRT_CONTROL.* op=kill reason=stop .*vm="asked"' "$AUDIT_LOG") == *" auid=$alice "* ]]
}
