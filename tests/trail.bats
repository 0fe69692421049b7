#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# run --trail: every exec of a container, and what it costs the container.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox debian
	export EXECS=$RANBY_TREE/${RANBY_BUILD:-build}/tools/execs
	[ -x "$EXECS" ] || make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/execs"
}

teardown_file() { ranby_teardown_file; }

teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# trail NAME [JQ]: its lines
trail() { ranby audit execs --format json "$1" | jq -c "${2:-.}"; }

# count NAME FILE: exec lines whose file is FILE
count() { trail "$1" 'select(.type == "exec" and .file == "'"$2"'")' | wc -l; }

# timed SECONDS ARG...: ranby, which must not take longer
timed() { timeout "$1" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "${@:2}"; }

traced() { # NAME RUN-OPTION... IMAGE COMMAND...
	local name=$1
	shift
	ranby run --network=none --trail --name "$name" -v "$EXECS:/execs:ro" "$@"
}

@test "an exec's line says who, as what inside, from which login, what it passed, and what then ran" {
	need_ranges
	run -0 traced who -u 7:8 busybox sh -c 'sleep 0.2; exec /bin/sleep 0.3'
	line=$(trail who 'select(.type == "exec" and .file == "/bin/sleep")')
	[ "$(jq -c .argv <<<"$line")" = '["/bin/sleep","0.3"]' ]
	[ "$(jq .nspid <<<"$line")" = 1 ]
	[ "$(jq .uid <<<"$line")" = $(($(sub_first uid) + 6)) ]
	[ "$(jq .auid <<<"$line")" = "$(sed s/4294967295/null/ /proc/self/loginuid)" ]
	[ "$(jq .ses <<<"$line")" = "$(sed s/4294967295/null/ /proc/self/sessionid)" ]
	[ "$(jq -r .caller <<<"$line")" = /bin/busybox ]
	seq=$(jq .seq <<<"$line")
	[ "$(trail who "select(.type == \"seen\" and .of == $seq) | .exe")" = '"/bin/busybox"' ]
	pid=$(ranby inspect --format '{{.Ranby.InForce.pid}}' who)
	[ "$(jq .pid <<<"$line")" = "$pid" ]
}

@test "the first exec is the payload's own, and stands before it" {
	run -0 traced first busybox true
	[ "$(trail first 'select(.type == "exec") | .caller' | head -1)" = '"/memfd:ranby-init (deleted)"' ]
	[ "$(trail first .type | tr -d '"' | sort | uniq | tr '\n' ' ')" = 'begin end exec listener ' ] ||
		[ "$(trail first .type | tr -d '"' | sort | uniq | tr '\n' ' ')" = 'begin end exec listener seen ' ]
	[ "$(trail first 'select(.type == "end") | .execs')" = "$(trail first 'select(.type == "exec")' | wc -l)" ]
}

@test "1000 of 1000: fork, vfork, fexecve, threads, static programs (F06)" {
	for mode in fork vfork fexecve thread; do
		# the default profile leaves execveat to the C library's way without it
		run -0 traced "$mode" --security-opt seccomp=unconfined busybox /execs "$mode" 1000
		[ "$mode" = fexecve ] && file= || file=/proc/self/exe
		[ "$(count "$mode" "$file")" = 1000 ]
		[ "$(trail "$mode" 'select(.argv == ["execs","done"])' | wc -l)" = 1000 ]
	done
	[ "$(trail fexecve 'select(.call == "execveat" and .flags == 4096)' | wc -l)" = 1000 ]
	# the calling thread is not the first one: its number and the process's differ, and the process's counts
	[ "$(trail thread 'select(.tid != null and .tid != .pid)' | wc -l)" = 1000 ]
}

@test "1000 of 1000: dynamic programs, many at once (F06)" {
	# shellcheck disable=SC2016 # for the shell inside
	run -0 traced dynamic debian bash -c 'for i in 1 2 3 4; do (for k in $(seq 250); do /bin/true "$i.$k"; done) & done; wait'
	trail dynamic 'select(.type == "exec" and .file == "/bin/true") | .argv[1]' | sort -u >"$BATS_TEST_TMPDIR/seen"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/seen")" = 1000 ]
	[ "$(count dynamic /bin/true)" = 1000 ]
}

@test "the 32-bit gate is no way around it" {
	traced narrow --security-opt seccomp=unconfined busybox /execs narrow 20 || {
		[ $? = 77 ] && skip 'this kernel has no 32-bit gate'
		false
	}
	[ "$(count narrow /proc/self/exe)" = 20 ]
}

@test "a process of ranby exec is in the same trail, each in its own session" {
	traced joined -d busybox sleep 100
	run -0 ranby exec joined sh -c '/bin/true one'
	run -0 ranby exec -u 1000 joined /bin/true two
	ranby exec joined /execs fork 200 &
	first=$!
	ranby exec joined /execs vfork 200 &
	wait $! && wait "$first"
	[ "$(count joined /bin/true)" = 2 ]
	[ "$(count joined /proc/self/exe)" = 400 ]
	[ "$(trail joined 'select(.type == "listener")' | wc -l)" = 5 ]
}

@test "bytes of any kind come back as they were, and much too much is cut" {
	# shellcheck disable=SC2016
	run -0 traced bytes debian bash -c '/bin/true "a b" "" $'\''\xff\n"\x1b[2J'\'' $'\''gr\xc3\xbc\xc3\x9f'\''; /bin/true $(seq 5000); /bin/true "$(printf %8000s x)"'
	[ "$(trail bytes 'select(.argv[1] == "a b") | .argv[2:]')" = '["",{"hex":"ff0a221b5b324a"},"grüß"]' ]
	[ "$(trail bytes 'select(.argv[1] == "1") | [(.argv | length), .argvCut]')" = '[256,true]' ]
	[ "$(trail bytes 'select(.argvCut and .argv[1] != "1") | .argv[1] | length')" = 4087 ]
	# and nothing of it steers a terminal
	run -0 ranby audit execs bytes
	[[ $output != *$'\x1b'* ]]
}

@test "what the profile refuses stays refused, and what it allows stays allowed" {
	cat >"$BATS_TEST_TMPDIR/no-mkdir.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
			{"names": ["execveat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
	END
	for trail in '' --trail; do
		# shellcheck disable=SC2086
		run -1 ranby run --rm --network=none $trail --security-opt seccomp="$BATS_TEST_TMPDIR/no-mkdir.json" busybox mkdir /tmp/x
		[[ $output == *'Permission denied'* ]]
	done
	run -1 traced refused --security-opt seccomp="$BATS_TEST_TMPDIR/no-mkdir.json" busybox /execs fexecve 1
	[ "$(trail refused 'select(.call == "execveat")' | wc -l)" = 0 ]
	# with all options of confinement there are
	run -0 traced nnp --security-opt no-new-privileges --read-only --cap-drop all -u 1000 busybox /execs fork 5
	[ "$(count nnp /proc/self/exe)" = 5 ]
	traced filters -d busybox sleep 100
	with=$(status_field "$(ctr_pid filters)" Seccomp_filters)
	ranby run -d --network=none --name plain busybox sleep 100
	without=$(status_field "$(ctr_pid plain)" Seccomp_filters)
	[ "$with" = $((without + 1)) ]
}

@test "killed writer: execs fail with ENOSYS, and inspect says so; the container can be started again" {
	traced orphan -d busybox sh -c 'trap "" TERM; while :; do read -t 1 x <>/dev/zero; done'
	[ "$(ranby inspect --format '{{.Ranby.Trail.served}}' orphan)" = true ]
	monitor=$(ranby inspect --format '{{.State.MonitorPid}}' orphan)
	writer=$(pgrep -P "$monitor" ranby-monitor)
	kill -KILL "$writer"
	wait_for 30 eval '[ "$(ranby inspect --format "{{.Ranby.Trail.served}}" orphan)" = false ]'
	run ranby exec orphan /bin/true
	[ "$status" = 125 ]
	[[ $output == *'not written any more'* ]]
	[ "$(ranby inspect --format '{{.State.Status}}' orphan)" = running ]
	ranby stop -t 0 orphan
	run -1 ranby audit execs --verify orphan
	[[ $output == *'its end is missing'* ]]
	ranby start orphan >/dev/null
	[ "$(ranby inspect --format '{{.Ranby.Trail.served}}' orphan)" = true ]
}

@test "killed monitor: the trail goes on" {
	traced alone -d busybox sh -c 'while :; do sleep 0.1; done'
	monitor=$(ranby inspect --format '{{.State.MonitorPid}}' alone)
	kill -KILL "$monitor"
	wait_for 30 bash -c "! kill -0 $monitor 2>/dev/null"
	local before
	before=$(trail alone | wc -l)
	grew() { [ "$(trail alone | wc -l)" -gt "$before" ]; }
	wait_for 20 grew
	run -0 ranby exec alone /bin/true
	ranby kill alone
	wait_for 30 eval 'trail alone "select(.type == \"end\") | .monitor" | grep -q gone'
	run -0 ranby audit execs --verify alone
}

@test "a flood of execs holds up neither attach nor logs nor the exit" {
	# shellcheck disable=SC2016
	traced flood -d busybox sh -c 'for i in 1 2 3 4; do while :; do /bin/true; done & done; for i in $(seq 1000000); do echo $i; sleep 0.05; done'
	wait_for 30 eval '[ "$(ranby logs flood | wc -l)" -gt 3 ]'
	run -0 timed 60 exec flood echo hello
	[ "$output" = hello ]
	run -0 timed 60 stop -t 1 flood
	run -0 timed 60 wait flood
	run -0 ranby audit execs --verify flood
}


@test "verify: a changed byte, a line left out, a lost end are found; the format goes on over restarts" {
	run -0 traced verify busybox sh -c '/bin/true; /bin/true'
	ranby start -a verify
	run -0 ranby audit execs --verify verify
	[[ $output =~ ^[0-9]+\ lines,\ whole ]]
	file=$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' verify)/trail
	[ "$(stat -c %a "$file")" = 600 ]
	cp "$file" "$BATS_TEST_TMPDIR/good"
	sed -i '4s/execve/execvf/' "$file"
	run -1 ranby audit execs --verify verify
	[[ $output == *'line 5: the line before is not the one that was there'* ]]
	sed 5d "$BATS_TEST_TMPDIR/good" >"$file"
	run -1 ranby audit execs --verify verify
	[[ $output == *'line 5: its number does not follow'* ]]
	head -n -1 "$BATS_TEST_TMPDIR/good" >"$file"
	run -1 ranby audit execs --verify verify
	[[ $output == *'its end is missing'* ]]
}

@test "audit execs: table, template, follow; and what has no trail says so" {
	run -0 traced shown busybox sh -c '/bin/true "a b"'
	run -0 ranby audit execs shown
	[[ ${lines[0]} =~ ^TIME\ +PID\ +PID\ INSIDE\ +UID\ +LOGINUID\ +SEEN\ +COMMAND$ ]]
	[[ ${lines[-1]} == *"/bin/true 'a b'" ]]
	run -0 ranby audit execs --format '{{.File}}' shown
	[ "${lines[-1]}" = /bin/true ]
	traced followed -d busybox sh -c 'sleep 0.3; /bin/true last'
	run -0 timed 60 audit execs --follow --format '{{.Command}}' followed
	[ "${lines[-1]}" = '/bin/true last' ]
	ranby create --network=none --name none busybox true
	run -125 ranby audit execs none
	one_error 'has no exec trail'
}
