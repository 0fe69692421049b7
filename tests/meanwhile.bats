#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Two commands on one container: what one of them finds is not what it has when its turn comes.
load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() {
	ranby rm --all --force --time 0 >/dev/null
	rm -f "$RANBY_ROOT"/out* "$RANBY_ROOT/fifo"
}

# dir_of NAME: its directory, whose lock the commands take.
dir_of() { echo "$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' "$1")"; }

# hold DIR: its lock is taken; let_go gives it back.
hold() {
	flock "$1" sh -c 'echo; exec sleep 600' >"$RANBY_ROOT/out.held" &
	holder=$!
	wait_for 30 test -s "$RANBY_ROOT/out.held"
}
let_go() {
	pkill -P "$holder" sleep
	wait "$holder" || true
}

# has_open PID PATTERN: a descriptor of that process leads there.
has_open() { find "/proc/$1/fd" -lname "$2" 2>/dev/null | grep -q .; }
is_gone() { ! ranby container exists "$1"; }

# background NAME ARG...: ranby ARG..., with its output in out.NAME; the process is $pid.
background() {
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "${@:2}" >"$RANBY_ROOT/out.$1" 2>&1 &
	pid=$!
}

@test "start --attach to one that runs: others can change and remove it meanwhile" {
	ranby run -d --name c --network none busybox sh -c 'echo here; sleep 600'
	background a start --attach c
	wait_for 30 has_open "$pid" 'anon_inode:*pidfd*'
	# nobody holds it, and so nobody who changes it waits
	wait_for 30 flock --nonblock "$(dir_of c)" true
	ranby update --restart no c
	ranby rename c d
	ranby rm --force --time 0 d
	wait "$pid" && fail 'its end was no failure' || [ $? = 137 ]
}

@test "restart by two at once: both are done, none is told that it runs" {
	local dir one
	ranby create --name c --network none busybox sleep 600
	dir=$(dir_of c)
	hold "$dir"
	background 1 restart --time 0 c
	one=$pid
	background 2 restart --time 0 c
	wait_for 30 has_open "$one" "$dir"
	wait_for 30 has_open "$pid" "$dir"
	let_go
	wait "$one" || fail "$(cat "$RANBY_ROOT/out.1")"
	wait "$pid" || fail "$(cat "$RANBY_ROOT/out.2")"
	[ "$(ranby inspect --format '{{.State.Status}}' c)" = running ]
}

@test "rm by two at once: for the later one there is none, which is exit code 1, and no error with --ignore" {
	local dir one two
	for how in '' --ignore; do
		ranby create --name c --network none busybox true
		dir=$(dir_of c)
		hold "$dir"
		background 1 rm $how c
		one=$pid
		background 2 rm $how c
		two=$pid
		wait_for 30 has_open "$one" "$dir"
		wait_for 30 has_open "$two" "$dir"
		let_go
		wait "$one" && one=0 || one=$?
		wait "$two" && two=0 || two=$?
		cat "$RANBY_ROOT"/out.[12]
		[ $((one + two)) = "$([ -n "$how" ] && echo 0 || echo 1)" ]
		is_gone c
	done
}

@test "stop and kill of a --rm container: it has gone when they are done, and its name is free" {
	local dir
	for verb in 'stop --time 0' kill; do
		ranby run -d --rm --name c --network none busybox sleep 600
		dir=$(dir_of c)
		hold "$dir"
		# shellcheck disable=SC2086
		background 1 $verb c
		# its end, and then a while in which nobody can remove it
		wait_for 30 test -e "$dir/exit.json"
		sleep 0.5
		kill -0 "$pid" # it waits for that
		let_go
		wait "$pid" || fail "$(cat "$RANBY_ROOT/out.1")"
		[ "$(cat "$RANBY_ROOT/out.1")" = c ]
		is_gone c
	done
}

@test "wait: the exit code of a --rm container that has gone by the time it looks" {
	for condition in '' --condition=exited; do
		ranby run -d --rm -i --name c --network none busybox sh -c 'mkfifo /f; cat /f; exit 4'
		# shellcheck disable=SC2086
		background w wait $condition c
		wait_for 30 has_open "$pid" '*/exit.json.new'
		kill -STOP "$pid"
		ranby exec c sh -c 'until [ -p /f ]; do sleep 0.02; done; echo >/f' || true # its own end may be in the middle of it
		wait_for 30 is_gone c
		kill -CONT "$pid"
		wait "$pid" || fail "$(cat "$RANBY_ROOT/out.w")"
		[ "$(cat "$RANBY_ROOT/out.w")" = 4 ]
	done
}

@test "rm --force and run --replace of one whose front is stopped: it holds its monitor no longer than others are patient" {
	local payload how code
	for payload in 'exec yes' 'echo; exec sleep 600'; do
		for how in rm replace; do
			background front run --name c --network none busybox sh -c "$payload"
			wait_for 30 test -s "$RANBY_ROOT/out.front"
			kill -STOP "$pid"
			if [ $how = rm ]; then
				run -0 ranby rm --force --time 0 c
				[ "$output" = c ] || fail "$payload" "$output"
				run -1 ranby container exists c
			else
				run -0 ranby run -d --replace --name c --network none busybox sleep 600
				[ "$(ranby inspect --format '{{.Id}} {{.State.Running}}' c)" = "$output true" ] || fail "$payload" "$output"
			fi
			kill -CONT "$pid"
			code=0
			wait "$pid" || code=$?
			[ $code = 137 ] || fail "$payload" "$code"
			ranby rm --all --force --time 0 >/dev/null
			rm "$RANBY_ROOT/out.front"
		done
	done
}

@test "rm --force of one whose start --attach is stopped" {
	local code=0
	ranby create --name c --network none busybox yes >/dev/null
	background front start --attach c
	wait_for 30 test -s "$RANBY_ROOT/out.front"
	kill -STOP "$pid"
	run -0 ranby rm --force --time 0 c
	kill -CONT "$pid"
	wait "$pid" || code=$?
	[ $code = 137 ] || fail "$code" "$(tail -n 1 "$RANBY_ROOT/out.front")"
}

@test "wait for several: one with --rm that has ended and gone before its turn" {
	local first second
	first=$(ranby run -d --name first --network none busybox sleep 600)
	second=$(ranby run -d --rm -i --name second --network none busybox sh -c 'mkfifo /f; cat /f; exit 4')
	background w wait first second
	wait_for 30 has_open "$pid" "*/$first/exit.json.new"
	wait_for 30 has_open "$pid" "*/$second/exit.json.new"
	ranby exec second sh -c 'until [ -p /f ]; do sleep 0.02; done; echo >/f' || true # its own end may be in the middle of it
	wait_for 30 is_gone second
	ranby kill first
	wait "$pid" || fail "$(cat "$RANBY_ROOT/out.w")"
	[ "$(cat "$RANBY_ROOT/out.w")" = $'137\n4' ]
	ranby rm first
}

@test "restart of several: one that has ended is not kept down until a slower one has" {
	local before slow
	ranby run -d --name slow --stop-timeout 600 --network none busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done' >/dev/null
	ranby run -d --name quick --network none busybox sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
	slow=$(ranby inspect --format '{{.State.Pid}}' slow)
	before=$(ranby inspect --format '{{.State.Pid}}' quick)
	background r restart slow quick
	# shellcheck disable=SC2317 # called by wait_for
	has_restarted() { [ "$(ranby inspect --format '{{.State.Running}} {{.State.Pid}}' quick)" != "true $before" ] && ranby ps -q --filter name=quick | grep -q .; }
	wait_for 30 has_restarted
	# the slow one is still what it was, and told in its order
	[ "$(ranby inspect --format '{{.State.Pid}}' slow)" = "$slow" ]
	kill -0 "$pid"
	kill -KILL "$slow"
	wait "$pid"
	[ "$(cat "$RANBY_ROOT/out.r")" = $'slow\nquick' ]
	[ "$(ranby ps -q | wc -l)" = 2 ]
}

@test "exec: the end of the container is what it says, wherever that met it" {
	ranby run -d --name c --network none busybox sleep 600
	mkfifo "$RANBY_ROOT/fifo"
	background x exec --env-file "$RANBY_ROOT/fifo" c true
	exec 9>"$RANBY_ROOT/fifo"
	ranby kill c
	echo A=1 >&9
	exec 9>&-
	wait "$pid" && fail 'it ran' || [ $? = 125 ]
	cat "$RANBY_ROOT/out.x"
	grep -qxE 'Error: container [0-9a-f]{12} ended before the command ran in it' "$RANBY_ROOT/out.x"
}
