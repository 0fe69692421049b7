# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Descriptors of the caller that the payload gets, and no others. What it has
# is read from /proc on the host.

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
setup() { for n in 3 5 7 12; do echo "file $n" >"$BATS_TEST_TMPDIR/$n"; done; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# ours COMMAND...: ranby, with 3, 5, 7 and 12 open, and none of those between.
ours() {
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@" 3<"$BATS_TEST_TMPDIR/3" 4>&- 5<"$BATS_TEST_TMPDIR/5" \
		7<"$BATS_TEST_TMPDIR/7" 12<"$BATS_TEST_TMPDIR/12" 6>&- 8>&- 9>&- 10>&- 11>&-
}
numbers() { find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' '; }

@test "run --preserve-fd: those, under their numbers, and no other (A02)" {
	ours run -d --name c --network none --preserve-fd 5,12 --preserve-fd 1 busybox sleep 1000
	local pid
	pid=$(ctr_pid c)
	[ "$(numbers "$pid")" = '0 1 2 5 12 ' ]
	[ "$(readlink "/proc/$pid/fd/5")" = "$BATS_TEST_TMPDIR/5" ]
	[ "$(readlink "/proc/$pid/fd/12")" = "$BATS_TEST_TMPDIR/12" ]
	run -0 ours run --rm --network none --preserve-fd 12 busybox sh -c 'cat <&12; ls /proc/self/fd | tr "\n" " "'
	[[ ${lines[0]} == 'file 12' && ${lines[1]} == '0 1 12 2 3 ' ]]
}

# A monitor cannot be looked into; but a pipe ends when nobody holds it any more.
@test "run --preserve-fd: nobody of ours holds it: what the payload closes is closed (A02)" {
	local reader pipe=$BATS_TEST_TMPDIR/pipe
	mkfifo "$pipe"
	(timeout 30 cat "$pipe" && echo over) >"$BATS_TEST_TMPDIR/out" 3>&- &
	reader=$!
	timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -d --name c --network none --preserve-fd 9 busybox \
		sh -c 'echo inside >&9; exec 9>&-; sleep 1000' 9>"$pipe" 3>&-
	wait_for 30 grep -q over "$BATS_TEST_TMPDIR/out" || fail 'it is still open'
	wait "$reader"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'inside\nover' ]
	# while all of them are there
	[ "$(ranby inspect --format '{{.State.Running}}' c)" = true ]
	kill -0 "$(ranby inspect --format '{{.State.ConmonPid}}' c)"
}

@test "run --preserve-fds N: 3 and up, and not one more (A02)" {
	run -0 ours run --rm --network none --preserve-fds 1 busybox sh -c 'cat <&3; exec 3>&-; ls /proc/self/fd | tr "\n" " "'
	[ "$output" = $'file 3\n0 1 2 3 ' ]
	ours run -d --name c --network none --preserve-fds 1 --init busybox sleep 1000
	[ "$(numbers "$(ctr_pid c)")" = '0 1 2 3 ' ]
}

@test "a pipe: its end is the payload's end" {
	run -0 timeout 20 bash -c '"$@" 9> >(cat >"$0"; echo over >>"$0")' "$BATS_TEST_TMPDIR/out" \
		"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none --preserve-fd 9 busybox sh -c 'echo from inside >&9'
	wait_for 30 grep -q over "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'from inside\nover' ]
}

@test "exec --preserve-fd and --preserve-fds alike; with a terminal too" {
	ranby run -d --name c --network none busybox sleep 1000
	run -0 ours exec --preserve-fd 7 c sh -c 'cat <&7; ls /proc/self/fd | tr "\n" " "'
	[[ ${lines[0]} == 'file 7' && ${lines[1]} == '0 1 2 3 7 ' ]]
	run -0 ours exec --preserve-fds 1 c cat /proc/self/fd/3
	[ "$output" = 'file 3' ]
	ours exec -d --preserve-fd 5 c sleep 4322
	local pid
	wait_for 20 pgrep -u "$(id -u)" -xf 'sleep 4322'
	pid=$(pgrep -u "$(id -u)" -xf 'sleep 4322')
	[ "$(numbers "$pid")" = '0 1 2 5 ' ]
	kill "$pid"
}

@test "a number that the caller has not opened is never one of ours (A02)" {
	local n
	for n in 4 6 8 9 10 11 13 20 50; do
		run -125 ours run --rm --network none --preserve-fd $n busybox true
		one_error "file descriptor $n is not open"
	done
	run -125 ours run --rm --network none --preserve-fds 2 busybox true
	one_error 'file descriptor 4 is not open'
	run -125 ours run --rm --network none --preserve-fds 4000 busybox true
	one_error 'are the most'
	run -125 ours run --rm --network none --preserve-fd x busybox true
	one_error '--preserve-fd x'
	run -125 ours run --rm --network none --preserve-fds 1 --preserve-fd 5 busybox true
	one_error 'exclude each other'
	run -125 ranby create --network none --preserve-fds 1 busybox true
	[ -z "$(ranby ps -aq)" ]
}

@test "passthrough: a pipe of the caller stays his, also for a payload of another user" {
	need_ranges
	local before pipe=$BATS_TEST_TMPDIR/pipe
	mkfifo -m 600 "$pipe"
	before=$(stat -c '%u:%g %a' "$pipe")
	ranby run --rm --network none --log-driver passthrough --user 5 busybox sh -c 'stat -L -c %u /proc/$$/fd/1 >&2; echo out' \
		<"$BATS_TEST_TMPDIR/3" 1<>"$pipe" 2>"$BATS_TEST_TMPDIR/err"
	# in its own IDs: root, which is the caller
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = 0 ]
	[ "$(stat -c '%u:%g %a' "$pipe")" = "$before" ]
}

@test "passthrough: the streams are the caller's own; no log, no terminal" {
	echo in >"$BATS_TEST_TMPDIR/in"
	ranby run --name p --network none --log-driver passthrough busybox sh -c 'cat; echo out; echo err >&2' \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'in\nout' ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = err ]
	run -125 ranby logs p
	one_error 'passthrough: there is no log'
	ranby run -d --name q --network none --log-driver passthrough busybox sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/q" 2>&1 3>&-
	[ "$(readlink "/proc/$(ctr_pid q)/fd/1")" = "$BATS_TEST_TMPDIR/q" ]
	# a start by another has that one's
	ranby stop -t 0 q >/dev/null
	ranby start q </dev/null >"$BATS_TEST_TMPDIR/q2" 2>&1 3>&-
	[ "$(readlink "/proc/$(ctr_pid q)/fd/1")" = "$BATS_TEST_TMPDIR/q2" ]
	need_program python3
	"$RANBY_TREE/tests/pty" --timeout 15 bash --norc -c "'$RANBY' --root '$RANBY_ROOT' --runroot '$RANBY_RUN' run --rm --network none --log-driver passthrough busybox true; echo code \$?" <<-'STEPS'
		expect is a terminal
		expect code 125
		exit 0
	STEPS
}
