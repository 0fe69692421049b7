# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
# bats sets stderr and runs each test in a shell of its own; what echo prints is for tests/pty; nothing writes what cmp reads:
# shellcheck disable=SC2154,SC2030,SC2031,SC2028,SC2094
#
# The monitor alone: no engine, no namespaces. tests/monitor/drive.c plays the
# engine and the runtime; "init" is a plain process that waits on a FIFO.

load lib

setup_file() {
	[ "$(id -u)" != 0 ] || fail 'these tests want an unprivileged user: tests/as-user bats FILE'
	DRIVE=$RANBY_TREE/${RANBY_BUILD:-build}/tools/monitor-drive
	MONITOR=$RANBY_TREE/${RANBY_BUILD:-build}/libexec/ranby/ranby-monitor
	[ -x "$DRIVE" ] || make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/monitor-drive"
	# the monitor's words go to /dev/null; the driver does not free
	export DRIVE MONITOR ASAN_OPTIONS="detect_leaks=0:log_path=$BATS_FILE_TMPDIR/san" UBSAN_OPTIONS="log_path=$BATS_FILE_TMPDIR/san"
}

teardown_file() {
	if compgen -G "$BATS_FILE_TMPDIR/san*" >/dev/null; then fail "$(cat "$BATS_FILE_TMPDIR"/san*)"; fi
}

setup() {
	# longer than any socket's path may be
	DIR=$BATS_TEST_TMPDIR/a-run-directory-with-a-name-of-more-than-one-hundred-and-eight-bytes-as-ids-of-64-digits-make-them
	mkdir -m 700 "$DIR"
	export MONITOR_TEST=$BATS_TEST_TMPDIR
}

teardown() {
	local pid
	for pid in $(pids_of_test) $(payloads_of_test); do kill -KILL "$pid" 2>/dev/null || true; done
}

# Whatever the driver has started, by its environment.
payloads_of_test() { grep -lzsFx "MONITOR_TEST=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ | cut -d/ -f3; }

# Every process that names this test's directory, but for the shells of the test itself.
pids_of_test() {
	local p
	for p in /proc/[0-9]*; do
		[ "${p#/proc/}" != "$$" ] && [ "${p#/proc/}" != "$BASHPID" ] || continue
		if { tr '\0' ' ' <"$p/cmdline" | grep -qE "^[^ ]*(ranby-monitor|monitor-drive) .*$BATS_TEST_TMPDIR"; } 2>/dev/null; then
			echo "${p#/proc/}"
		fi
	done
}

drive() {
	local verb=$1
	shift
	timeout -k 5 "${DRIVE_TIMEOUT:-60}" "$DRIVE" "$verb" "$DIR" --monitor "$MONITOR" "$@"
}

# background VERB OPTION...: $! is the driver's own pid, so that it can be signalled.
background() { "$DRIVE" "$1" "$DIR" --monitor "$MONITOR" "${@:2}" 3>&- & }

# start OPTION... -- CMD: detached; sets MPID and IPID.
start() {
	drive run --detach "$@" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/started" || return
	MPID=$(awk '$1 == "monitor" {print $2}' "$BATS_TEST_TMPDIR/started")
	IPID=$(awk '$1 == "init" {print $2}' "$BATS_TEST_TMPDIR/started")
	[ -n "$MPID" ] && [ -n "$IPID" ]
}

gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
alive() { if gone "$1"; then fail "process $1 has gone"; fi; }
exited() { [ -f "$DIR/exit.json" ]; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; }
hwm() { awk '/^VmHWM/ {print $2}' "/proc/$1/status"; }
ticks() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }

# nothing_of_us: no process and no socket, console or half-written file.
nothing_of_us() {
	wait_for 30 no_processes
	local left
	left=$(find "$DIR" -mindepth 1 -printf '%f\n' | grep -vxE 'ctr\.log(\.1)?|exit\.json|pid|go|helper-pid|trace.*|mark') || true
	[ -z "$left" ] || fail "left behind: $left"
}
no_processes() { [ -z "$(pids_of_test)" ]; }

@test "orders that it cannot take: the starter hears why, and so does a person" {
	python3 - "$MONITOR" <<-'PY'
		import array, os, resource, socket, subprocess, sys

		def await_with(message, fds=(), before=None, after=None, keep=()):
		    """What a monitor that waits on descriptor 3 answers to `message`."""
		    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    def child():
		        os.dup2(theirs.fileno(), 3)
		        if before:
		            before()
		    p = subprocess.Popen([sys.argv[1], "--await", "3", "." * 200], preexec_fn=child, pass_fds=(3, *keep), stderr=subprocess.PIPE)
		    theirs.close()
		    if after:
		        after(p.pid)
		    ours.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
		    ours.settimeout(20)
		    kind, said = 0, ours.recv(65536)
		    if said:
		        kind, said = int.from_bytes(said[:4], sys.byteorder), said[8:]
		    assert p.wait(20) == 125, p.returncode
		    assert p.stderr.read() == b"", "said twice"
		    return kind, said

		FAILED = 2
		null = os.open("/dev/null", os.O_RDONLY)
		def no_memory(pid):
		    # it stands still while it waits; what it has is what it gets
		    while open("/proc/%d/wchan" % pid).read() in ("", "0") and open("/proc/%d/stat" % pid).read().split(") ")[1][0] != "S":
		        pass
		    have = int(open("/proc/%d/statm" % pid).read().split()[0]) * 4096
		    resource.prlimit(pid, resource.RLIMIT_AS, (have, have))
		for what, args, word in (
		    ("words without an end", dict(message=b"ranby-monitor\0--id"), b"Protocol error"),
		    ("descriptors with other numbers", dict(message=b"ranby-monitor\0", fds=(null,), before=lambda: os.dup2(null, 4), keep=(4,)), b"Bad file descriptor"),
		    ("no such option", dict(message=b"ranby-monitor\0--nonsense\0"), b"unknown option --nonsense"),
		    ("no memory", dict(message=b"ranby-monitor\0" + b"x\0" * 60000, after=no_memory), b"Cannot allocate memory"),
		):
		    # a sanitizer wants address space for itself, and has the last word
		    if "after" in args and os.environ.get("RANBY_SAN"):
		        continue
		    kind, said = await_with(**args)
		    assert kind == FAILED and word in said, (what, kind, said[:200])
		    print(what)
		# nobody listens there
		p = subprocess.run([sys.argv[1], "--await", "3", "."], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
		assert p.returncode == 125 and b"its orders" in p.stderr, p
		# he has changed his mind
		ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		p = subprocess.Popen([sys.argv[1], "--await", "3", "."], preexec_fn=lambda: os.dup2(theirs.fileno(), 3), pass_fds=(3,))
		ours.close(), theirs.close()
		assert p.wait(20) == 0
	PY
}

@test "exit code, output, log and exit file" {
	run --separate-stderr -7 drive run -- sh -c 'echo out; echo err >&2; printf "no newline"; exit 7'
	[ "$output" = $'out\nno newline' ]
	[[ $stderr == *err* ]]
	[ "$(sed 's/^[^ ]* //' "$DIR/ctr.log" | sort)" = $'stderr F err\nstdout F out\nstdout P no newline' ]
	grep -qxE '\{"pid":[0-9]+,"startTicks":[0-9]+,"exitCode":7,"signal":0,"finishedAt":"[0-9T:.-]{29}Z","reason":"exited"\}' "$DIR/exit.json"
	[ "$(stat -c %a "$DIR/ctr.log" "$DIR/exit.json" | sort -u)" = 600 ]
	nothing_of_us
}

@test "death by a signal" {
	run -143 drive run -- sh -c 'kill -TERM $$'
	grep -q '"exitCode":143,"signal":15,.*"reason":"signal"' "$DIR/exit.json"
	nothing_of_us
}

@test "a runtime that fails: its struct err, its words, or its exit code" {
	run -127 drive run --how err -- true
	one_error 'Error: executable not found'
	nothing_of_us
	run -125 drive run --how words -- true
	[[ $output == 'Error: monitor-drive: fake: these are my words' ]]
	nothing_of_us
	run -125 drive run --how no-pid -- sleep 1000
	one_error 'pid of the container'
	nothing_of_us
	run -125 drive run --tty --how no-terminal -- sleep 1000
	one_error 'sent no terminal'
	nothing_of_us
	[ ! -e "$DIR/exit.json" ]
}

@test "descriptors: the runtime gets its own, the payload none but stdio (A02)" {
	run --separate-stderr -0 drive run --how fds --stdin -- true </dev/null
	[ "$(grep -c '^fd' "$DIR/ctr.log" || true)" = 0 ]
	# fake's list went to the log before anybody was attached
	[ "$(sed -nE 's/^.* stdout F fd ([0-9]+) ([a-z/]+).*/\1 \2/p' "$DIR/ctr.log")" = $'0 pipe\n1 pipe\n2 pipe\n3 pipe' ]
	run --separate-stderr -0 drive run -- sh -c 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]*\) -> .*/\1/p"'
	[ "$output" = $'0\n1\n2\n3' ] # 3 is ls's own
	start -- sleep 1000
	[ "$(readlink "/proc/$MPID/cwd" 2>/dev/null || echo hidden)" = hidden ] # not dumpable
	[ "$(awk '/^SigBlk/ {print $2}' "/proc/$IPID/status")" = 0000000000000000 ]
	[ "$(awk '/^SigIgn/ {print $2}' "/proc/$IPID/status")" = 0000000000000000 ]
}

@test "idle memory is under 1 MiB, and under conmon's" {
	start -- sleep 1000
	sleep 0.3
	echo "# ranby-monitor: VmRSS $(rss "$MPID") KiB" >&3
	[ "$(rss "$MPID")" -lt 1024 ] || [ -n "${RANBY_SAN:-}" ]
	need_program conmon
	mkdir "$BATS_TEST_TMPDIR/c"
	# conmon with a runtime that leaves a sleep behind
	printf '#!/bin/sh\nwhile [ "$1" != --pid-file ]; do shift; done\nsleep 1000 & echo $! >"$2"\n' >"$BATS_TEST_TMPDIR/runtime"
	chmod +x "$BATS_TEST_TMPDIR/runtime"
	(cd "$BATS_TEST_TMPDIR/c" && conmon -c x -u x -r "$BATS_TEST_TMPDIR/runtime" -b . --log-path "k8s-file:$PWD/log" \
		-p pidfile -P conmon-pid --socket-dir-path . >/dev/null 2>&1 3>&- &)
	wait_for 30 test -s "$BATS_TEST_TMPDIR/c/conmon-pid"
	sleep 0.3
	local conmon
	conmon=$(cat "$BATS_TEST_TMPDIR/c/conmon-pid")
	echo "# conmon: VmRSS $(rss "$conmon") KiB" >&3
	[ "$(rss "$MPID")" -lt "$(rss "$conmon")" ] || [ -n "${RANBY_SAN:-}" ]
	kill "$conmon" "$(cat "$BATS_TEST_TMPDIR/c/pidfile")" || true
}

@test "a million lines on both streams, to the client and into the log, none lost (A47)" {
	DRIVE_TIMEOUT=120 drive run -- sh -c 'seq 1000000 & seq 1000001 2000000 >&2; wait' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	sed -i '/^monitor\|^init/d' "$BATS_TEST_TMPDIR/err"
	seq 1000000 | cmp - "$BATS_TEST_TMPDIR/out"
	seq 1000001 2000000 | cmp - "$BATS_TEST_TMPDIR/err"
	"$DRIVE" logs "$DIR" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	seq 1000000 | cmp - "$BATS_TEST_TMPDIR/out"
	seq 1000001 2000000 | cmp - "$BATS_TEST_TMPDIR/err"
	[ "$("$DRIVE" logs "$DIR" --tail 3 2>/dev/null | wc -l)" -le 3 ]
}

@test "any bytes come back from the log as they went in (A47)" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	# with what would be a head at the beginning of lines
	head -c 100000 /dev/urandom | tr '\0-\177' '\n' >>"$BATS_TEST_TMPDIR/bytes"
	printf '2026-01-02T03:04:05.000000006Z stderr F forged\n2026-01-02T03:04:05.000000006Z stderr P' >>"$BATS_TEST_TMPDIR/bytes"
	drive run -- cat "$BATS_TEST_TMPDIR/bytes" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/bytes"
	"$DRIVE" logs "$DIR" | cmp - "$BATS_TEST_TMPDIR/bytes"
}

@test "standard input arrives whole, and so does its end" {
	head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	run --separate-stderr -0 drive run --stdin --no-log -- sha256sum <"$BATS_TEST_TMPDIR/bytes"
	[ "${output%% *}" = "$(sha256sum <"$BATS_TEST_TMPDIR/bytes" | cut -d' ' -f1)" ]
	# through a payload that gives it back while it comes
	drive run --stdin --no-log -- cat <"$BATS_TEST_TMPDIR/bytes" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/bytes"
	# one that does not read
	run --separate-stderr -3 drive run --stdin --no-log -- sh -c 'exec <&-; sleep 0.2; exit 3' <"$BATS_TEST_TMPDIR/bytes"
	# no --stdin: nothing comes
	run --separate-stderr -0 drive run --no-log -- wc -c <"$BATS_TEST_TMPDIR/bytes"
	[ "$output" = 0 ]
}

@test "stdin stays open without clients, and ends with the last word of one" {
	start --stdin -- sh -c 'echo ready; cat; echo end'
	sleep 0.3
	alive "$IPID"
	run --separate-stderr -0 drive attach --stdin < <(echo hello)
	[[ $output == *$'hello\nend' ]]
	wait_for 30 exited
}

@test "every client gets the output, and one that is killed hurts nobody" {
	start --stdin -- cat
	local i
	for i in 1 2 3; do
		background attach >"$BATS_TEST_TMPDIR/out$i" 2>"$BATS_TEST_TMPDIR/att$i"
		eval "client$i=\$!"
		wait_for 30 grep -q attached "$BATS_TEST_TMPDIR/att$i"
	done
	# shellcheck disable=SC2154
	kill -KILL "$client3"
	seq 20000 | drive attach --stdin >"$BATS_TEST_TMPDIR/out4" 2>/dev/null
	# shellcheck disable=SC2154
	wait "$client1" "$client2"
	for i in 1 2 4; do seq 20000 | cmp - "$BATS_TEST_TMPDIR/out$i"; done
}

@test "more clients than there is room for are refused, not crashed on" {
	start -- sleep 1000
	local i
	attached() { [ "$(cat "$BATS_TEST_TMPDIR"/att* | grep -c attached)" = 32 ]; }
	for i in $(seq 36); do
		background attach >/dev/null 2>"$BATS_TEST_TMPDIR/att$i"
	done
	wait_for 30 attached
	sleep 1
	attached
	kill "$IPID"
	wait_for 30 exited
	nothing_of_us
}

@test "a client that stops reading stops the payload, costs no memory, loses nothing (A48)" {
	start -- sh -c 'until [ -e "$1" ]; do sleep 0.05; done; yes 0123456789abcde | head -c 60000000; echo done' sh "$DIR/trace-on"
	mkfifo "$BATS_TEST_TMPDIR/slow"
	"$DRIVE" attach "$DIR" >"$BATS_TEST_TMPDIR/slow" 2>"$BATS_TEST_TMPDIR/att" 3>&- &
	exec 5<"$BATS_TEST_TMPDIR/slow"
	wait_for 30 grep -q attached "$BATS_TEST_TMPDIR/att"
	touch "$DIR/trace-on"
	local size
	stands() {
		size=$(stat -c %s "$DIR/ctr.log")
		[ "$size" -gt 0 ] && sleep 1 && [ "$size" = "$(stat -c %s "$DIR/ctr.log")" ]
	}
	wait_for 20 stands
	[ "$size" -lt 4000000 ]
	alive "$IPID"
	echo "# stalled: VmHWM $(hwm "$MPID") KiB" >&3
	[ "$(hwm "$MPID")" -lt 2048 ] || [ -n "${RANBY_SAN:-}" ]
	[ "$(wc -c <&5)" = 60000005 ]
	exec 5<&-
	wait_for 30 exited
	[ "$("$DRIVE" logs "$DIR" | wc -c)" = 60000005 ]
}

@test "256 MiB from yes, read as fast as it comes: the monitor stays under 2 MiB (A48)" {
	# shellcheck disable=SC2016
	start --no-log -- sh -c 'until [ -e "$1/trace-on" ]; do sleep 0.05; done; yes | head -c 256M; touch "$1/mark"; while [ -e "$1/trace-on" ]; do sleep 0.05; done' sh "$DIR"
	DRIVE_TIMEOUT=110 drive attach 2>"$BATS_TEST_TMPDIR/att" 3>&- | wc -c >"$BATS_TEST_TMPDIR/n" &
	wait_for 30 grep -q attached "$BATS_TEST_TMPDIR/att"
	touch "$DIR/trace-on"
	wait_for 90 test -e "$DIR/mark"
	# the most that it ever was
	local peak
	peak=$(hwm "$MPID")
	rm "$DIR/trace-on"
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/n")" = 268435456 ]
	echo "# 256 MiB: VmHWM $peak KiB" >&3
	[ "$peak" -gt 0 ]
	[ "$peak" -lt 2048 ] || [ -n "${RANBY_SAN:-}" ]
}

@test "a client stopped at the end does not keep the exit from being known, and still gets all" {
	# shellcheck disable=SC2016
	start --on-exit "touch '$DIR/mark'" -- sh -c 'until [ -e "$1" ]; do sleep 0.05; done; seq 14000; exit 5' sh "$DIR/trace-on"
	mkfifo "$BATS_TEST_TMPDIR/slow"
	"$DRIVE" attach "$DIR" >"$BATS_TEST_TMPDIR/slow" 2>"$BATS_TEST_TMPDIR/att" 3>&- &
	local client=$!
	exec 5<"$BATS_TEST_TMPDIR/slow"
	wait_for 30 grep -q attached "$BATS_TEST_TMPDIR/att"
	kill -STOP $client
	touch "$DIR/trace-on"
	wait_for 30 exited
	wait_for 30 test -e "$DIR/mark"
	gone "$IPID"
	kill -CONT $client
	seq 14000 | cmp - <(cat <&5)
	exec 5<&-
	code=0
	wait $client || code=$?
	[ $code = 5 ]
	[ "$("$DRIVE" logs "$DIR" | wc -l)" = 14000 ]
	nothing_of_us
}

@test "a child that keeps the pipe does not keep the session" {
	run --separate-stderr -4 drive run -- sh -c 'sleep 1000 & echo "$! in the background"; exit 4'
	# it is there still: the session has not waited for it
	kill "${output%% *}"
	# the client ends before the monitor, whose directory is the next one's
	nothing_of_us
	# one that writes on and on is cut off
	local code=0
	drive run --no-log -- sh -c 'yes & exit 4' >/dev/null || code=$?
	[ $code = 4 ]
	nothing_of_us
}

@test "orphans are reaped while the payload lives" {
	start -- sh -c '(sleep 0.2 & sleep 0.2 & sleep 0.2 &) ; touch "$1"; exec sleep 1000' sh "$DIR/mark"
	alone() { [ -e "$DIR/mark" ] && [ "$(tr ' ' '\n' <"/proc/$MPID/task/$MPID/children" | grep -c .)" = 1 ]; }
	wait_for 30 alone
	alive "$IPID"
}

@test "a starter that dies before START takes init along (no half-made container)" {
	local where driver
	for where in launched created; do
		rm -f "$DIR/exit.json"
		background run --hold $where --on-exit "echo $where >'$DIR/mark'" -- sleep 1000 2>"$BATS_TEST_TMPDIR/held"
		driver=$!
		wait_for 30 grep -q holding "$BATS_TEST_TMPDIR/held"
		kill -KILL $driver
		wait $driver || true
		wait_for 30 grep -qs $where "$DIR/mark"
		nothing_of_us
	done
	grep -q '"exitCode":137,"signal":9,.*"reason":"starter-died"' "$DIR/exit.json"
	# while the runtime is at work
	rm -f "$DIR/exit.json" "$DIR/mark"
	background run --how hang --hold launched --on-exit "touch '$DIR/mark'" -- sleep 1000 2>"$BATS_TEST_TMPDIR/held"
	driver=$!
	wait_for 30 grep -q holding "$BATS_TEST_TMPDIR/held"
	sleep 0.3
	kill -KILL $driver
	wait_for 30 test -e "$DIR/mark"
	nothing_of_us
	[ ! -e "$DIR/exit.json" ]
	# after START it lives on
	background run --hold started --detach -- sleep 1000 2>"$BATS_TEST_TMPDIR/held"
	driver=$!
	wait_for 30 grep -q holding "$BATS_TEST_TMPDIR/held"
	kill -KILL $driver
	sleep 0.3
	IPID=$(awk '$1 == "init" {print $2}' "$BATS_TEST_TMPDIR/held")
	alive "$IPID"
	kill "$IPID"
}

@test "on-exit: when the starter is gone, not when it has cleaned, always when asked" {
	drive run --on-exit "echo gone >>'$DIR/mark'" -- true
	wait_for 30 test -e "$DIR/mark"
	nothing_of_us
	rm "$DIR/mark"
	drive run --cleaned --on-exit "echo cleaned >>'$DIR/mark'" -- true
	nothing_of_us
	[ ! -e "$DIR/mark" ]
	drive run --cleaned --always --on-exit "echo always >>'$DIR/mark'" -- true
	wait_for 30 test -e "$DIR/mark"
	rm "$DIR/mark"
	start --on-exit "cat '$DIR/exit.json' >'$DIR/mark'" -- sh -c 'exit 9'
	wait_for 30 test -s "$DIR/mark"
	grep -q '"exitCode":9' "$DIR/mark"
}

@test "the network helper: a daemon with a pid file" {
	local helper
	# shellcheck disable=SC2016
	helper='echo "$1 $2" >"'$DIR'/trace"; sleep 1000 & echo $! >"'$DIR'/helper-pid"; sleep 0.2; echo up >>"'$DIR'/trace"'
	start --helper "$helper" --helper-pid-file "$DIR/helper-pid" -- sleep 1000
	[ "$(sed -n 1p "$DIR/trace")" = "/proc/$IPID/x$IPID 3" ]
	[ "$(sed -n 2p "$DIR/trace")" = up ]
	local daemon
	daemon=$(cat "$DIR/helper-pid")
	[ "$(ps -o ppid= -p "$daemon" | tr -d ' ')" = "$MPID" ]
	kill "$IPID"
	wait_for 30 exited
	gone "$daemon"
	nothing_of_us
}

@test "the network helper: one that stays and says when it is ready" {
	# shellcheck disable=SC2016
	start --helper 'sleep 0.2; echo x >&$2; echo noise >&2; sleep 0.3; echo noise >&2; exec sleep 1000' -- sleep 1000
	local helper
	sleep 0.6
	helper=$(pgrep -P "$MPID" | grep -vx "$IPID")
	[ -n "$helper" ]
	kill "$IPID"
	wait_for 30 exited
	gone "$helper"
	# one that ignores SIGTERM
	rm "$DIR/exit.json"
	# shellcheck disable=SC2016
	start --helper 'trap "" TERM; echo x >&$2; while :; do sleep 1; done' -- sh -c 'exit 3'
	wait_for 30 exited
	grep -q '"exitCode":3' "$DIR/exit.json"
	nothing_of_us
}

@test "the network helper: one that fails is an error in its words, with nothing left" {
	run -125 drive run --helper 'echo hello >&2; echo "no tap device" >&2; exit 1' --helper-pid-file "$DIR/helper-pid" -- sleep 1000
	one_error 'network helper: failed: no tap device'
	nothing_of_us
	run -125 drive run --helper 'echo "cannot join" >&2; exit 1' -- sleep 1000
	one_error 'cannot join'
	nothing_of_us
}

@test "SIGTERM to the monitor goes to the payload, SIGHUP to nobody" {
	start -- sh -c 'trap "exit 33" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for 30 grep -q ready "$DIR/ctr.log"
	kill -HUP "$MPID"
	kill -PIPE "$MPID"
	kill -USR1 "$MPID"
	sleep 0.2
	alive "$IPID"
	kill -TERM "$MPID"
	wait_for 30 exited
	grep -q '"exitCode":33' "$DIR/exit.json"
}

@test "a monitor killed with SIGKILL: the container survives, the end is known or said to be lost" {
	# pid 1 of a container survives EPIPE as this shell does
	start -- sh -c 'trap "" PIPE; i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i + 1)); sleep 0.1; done 2>/dev/null; exec sleep 1000'
	wait_for 30 grep -q 'line 3' "$DIR/ctr.log"
	local t
	t=$(ticks "$IPID")
	kill -KILL "$MPID"
	wait_for 30 gone "$MPID"
	sleep 0.3
	alive "$IPID"
	[ "$("$DRIVE" find "$DIR" "$IPID" "$t")" = "running 0 0 exited" ]
	run -0 "$DRIVE" logs "$DIR"
	[[ $output == *'line 3'* ]]
	run -125 drive attach
	one_error 'attach to the container'
	kill -KILL "$IPID"
	wait_for 30 gone "$IPID"
	run -0 "$DRIVE" find "$DIR" "$IPID" "$t"
	[[ $output == 'zombie 137 9 signal' || $output == 'lost -1 0 lost' ]]
	# the next one takes the stale socket and a torn log over
	printf '2026-01-02T03:04:05.000000006Z stdout F torn' >>"$DIR/ctr.log"
	drive run -- echo again
	run -0 "$DRIVE" logs "$DIR" --tail 1
	[ "$output" = again ]
}

@test "logs --follow shows what comes, and ends with the container" {
	start -- sh -c 'for i in 1 2 3 4; do echo line $i; sleep 0.3; done; printf last'
	run --separate-stderr -0 timeout 60 "$DRIVE" logs "$DIR" --follow
	[ "$output" = $'line 1\nline 2\nline 3\nline 4\nlast' ]
}

@test "logs --follow goes through rotations" {
	# shellcheck disable=SC2016
	start --log-max 20000 -- sh -c 'echo begin; while [ ! -e "$1/mark" ]; do sleep 0.1; done; i=0
		while [ $i -lt 2000 ]; do
			echo line $i; i=$((i + 1))
			[ $((i % 100)) != 0 ] || until read -r seen <"$1/trace" && [ "$seen" -ge $((i - 200)) ]; do sleep 0.05; done
		done 2>/dev/null' sh "$DIR"
	timeout 100 "$DRIVE" logs "$DIR" --follow >"$BATS_TEST_TMPDIR/out" 3>&- &
	local follower=$!
	wait_for 30 grep -qx begin "$BATS_TEST_TMPDIR/out"
	touch "$DIR/mark"
	# how far it is: two files are kept, so that who falls further behind has lost what it would have shown
	while kill -0 $follower 2>/dev/null; do
		wc -l <"$BATS_TEST_TMPDIR/out" >"$DIR/trace.new"
		mv "$DIR/trace.new" "$DIR/trace"
		sleep 0.05
	done
	wait $follower
	{ echo begin && seq -f 'line %.0f' 0 1999; } | cmp - "$BATS_TEST_TMPDIR/out"
	[ -f "$DIR/ctr.log.1" ]
	[ "$(stat -c %s "$DIR/ctr.log")" -le 20000 ]
}

@test "a log that cannot grow does not stop the payload, and the loss is told" {
	bash -c 'ulimit -f 8; exec "$@"' limit "$DRIVE" run "$DIR" --monitor "$MONITOR" -- seq 100000 2>/dev/null | cat >"$BATS_TEST_TMPDIR/out"
	seq 100000 | cmp - "$BATS_TEST_TMPDIR/out"
	grep -q '"exitCode":0,.*"logLostBytes":[1-9]' "$DIR/exit.json"
	local lost kept
	lost=$(sed 's/.*"logLostBytes":\([0-9]*\).*/\1/' "$DIR/exit.json")
	kept=$("$DRIVE" logs "$DIR" | wc -c) # no line is torn: the reader skips nothing
	[ $((lost + kept)) = "$(seq 100000 | wc -c)" ]
}

@test "a limit on the size of files does not end a monitor that waits for its orders" {
	local i
	for i in {1..12}; do
		rm -rf "$DIR"
		mkdir -m 700 "$DIR"
		[ "$(bash -c 'ulimit -f 8; exec "$@"' limit "$DRIVE" run "$DIR" --monitor "$MONITOR" -- echo "$i")" = "$i" ]
	done
}

# ---- terminals ----

pty() { "$RANBY_TREE/tests/pty" "$@"; }
# what the shell would give: a command line for tests/pty
terminal() { echo "$DRIVE run $DIR --monitor $MONITOR --tty --stdin"; }

@test "a terminal: both sides, its size, signals by key, exit code" {
	need_program python3
	# shellcheck disable=SC2046
	pty --size 31x97 --timeout 60 $(terminal) -- bash --norc -i <<-'STEPS'
		expect \$ $
		send tty; stty size\r
		expect /dev/pts/[0-9]+\s+31 97
		size 40x100
		send stty size\r
		expect 40 100
		send echo g""o; sleep 1000\r
		expect ^go
		reject half a second, for sleep to have the terminal
		send \x03
		expect \^C
		expect \$ $
		send echo alive $((6 * 7))\r
		expect alive 42
		send echo re"ad"y; cat\r
		expect ready
		send text\r
		expect text\s+text
		send \x04
		send exit 6\r
		exit 6
	STEPS
	grep -q '"exitCode":6' "$DIR/exit.json"
}

@test "a terminal: detach by keys and come back; the keys can be others" {
	need_program python3
	# shellcheck disable=SC2046
	pty --timeout 60 $(terminal) -- bash --norc -i <<-'STEPS'
		expect \$ $
		send A=before\r
		expect \$ $
		send \x10\x11
		expect detached
		exit 0
	STEPS
	pty --timeout 60 "$DRIVE" attach "$DIR" --stdin --keys x,y <<-'STEPS'
		send echo $A\r
		expect ^before
		send echo \x10\x11 x\r
		expect \$ $
		send xy
		expect detached
		exit 0
	STEPS
	pty --timeout 60 "$DRIVE" attach "$DIR" --stdin <<-'STEPS'
		send exit 3\r
		exit 3
	STEPS
}

@test "a terminal: the user's is put back on every way out" {
	need_program python3
	local way
	for way in exit detach signal lost; do
		rm -rf "$DIR" && mkdir -m 700 "$DIR"
		cat >"$BATS_TEST_TMPDIR/way" <<-WAY
			stty -g >"$BATS_TEST_TMPDIR/before"
			$(terminal) -- bash --norc -i
			stty -g >"$BATS_TEST_TMPDIR/after"
			echo over
		WAY
		{
			echo 'expect \$ $'
			case $way in
			exit) echo 'send exit\r' ;;
			detach) echo 'send \x10\x11' ;;
			signal) echo 'send pkill -TERM -f "monitor-drive run .*'"$(basename "$BATS_TEST_TMPDIR")"'"\r' ;;
			lost) echo 'send kill -KILL $PPID\r' ;;
			esac
			echo 'expect over'
			echo 'exit 0'
		} | pty --timeout 60 bash "$BATS_TEST_TMPDIR/way"
		cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after" || fail "terminal changed: $way"
		for pid in $(pids_of_test); do kill -KILL "$pid" 2>/dev/null || true; done
	done
}

@test "a terminal: stop and go on with job control" {
	need_program python3
	{
		echo 'expect \$ $'
		echo "send $(terminal) -- bash --norc -i\\r"
		echo 'expect init \d+'
		echo 'expect \$ $'
		echo "send pkill -TSTP -f 'monitor-drive run .*$(basename "$BATS_TEST_TMPDIR")'\\r"
		echo 'expect Stopped'
		echo 'send stty -a\r'
		echo 'expect  icanon'
		echo 'send fg\r'
		echo 'send \r'
		echo 'expect \$ $'
		echo 'send echo inside $((3 * 5)); exit 4\r'
		echo 'expect inside 15'
		echo 'expect \$ $'
		echo 'send stty -a | grep -o " icanon"; exit 2\r'
		echo 'expect  icanon'
		echo 'exit 2'
	} | pty --timeout 60 bash --norc -i
}

@test "a terminal: closed by the payload and opened again" {
	need_program python3
	# shellcheck disable=SC2046
	pty --timeout 60 $(terminal) -- sh -c 't=$(tty); exec </dev/null >/dev/null 2>&1; sleep 1; echo back >$t; sleep 0.3; exit 8' <<-'STEPS'
		expect back
		exit 8
	STEPS
}

@test "a terminal's output is one stream, and input's end is its character" {
	run --separate-stderr -0 drive run --tty --stdin -- sh -c 'cat; echo err >&2' < <(printf 'one\ntwo')
	[[ $output == *$'\r\n'* ]]
	[[ $output == *err* ]]
	run -1 grep ' stderr ' "$DIR/ctr.log"
}

# ---- clients' ends ----

@test "nobody reads our output: the outcome is broken pipe, the payload goes on" {
	drive run -- sh -c 'yes; exit 1' 2>"$BATS_TEST_TMPDIR/err" | head -1 >/dev/null
	grep -q 'broken pipe' "$BATS_TEST_TMPDIR/err"
	# its yes, and nobody else's
	alive "$(awk '$1 == "init" {print $2}' "$BATS_TEST_TMPDIR/err")"
}

@test "sig-proxy gives signals to the payload; without it they end the client" {
	background run --proxy -- sh -c 'trap "exit 44" USR1; echo ready; while :; do sleep 0.05; done' >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	local client=$!
	wait_for 60 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -USR1 $client
	code=0
	wait $client || code=$?
	[ $code = 44 ]
	# the client ends before the monitor, whose directory is the next one's
	nothing_of_us
	background run -- sh -c 'echo ready; exec sleep 1000' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	client=$!
	wait_for 60 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $client
	code=0
	wait $client || code=$?
	[ $code = 143 ]
	alive "$(awk '$1 == "init" {print $2}' "$BATS_TEST_TMPDIR/err")"
}

# ---- signals at every system call (A54) ----

@test "a signal at each of the monitor's system calls changes nothing (A54)" {
	need_program strace
	local wrapper=$BATS_TEST_TMPDIR/traced call count n sig tried=0 bad=0
	printf '#!/bin/sh\nexec strace -qq -o /dev/null -e signal=none $INJECT "%s" "$@"\n' "$MONITOR" >"$wrapper"
	chmod +x "$wrapper"
	printf '#!/bin/sh\nexec strace -qq -c -S name -U calls,name -o "%s" "%s" "$@"\n' "$DIR/trace" "$MONITOR" >"$wrapper.count"
	chmod +x "$wrapper.count"
	INJECT='' timeout 60 "$DRIVE" run "$DIR" --monitor "$wrapper.count" -- sh -c 'echo hello; exit 7' || [ $? = 7 ]
	wait_for 30 test -s "$DIR/trace"
	nothing_of_us
	while read -r count call; do
		[[ $count =~ ^[0-9]+$ ]] && [ "$call" != total ] || continue
		# the first, the last and, for frequent ones, a few between
		for n in $(seq 1 $((count / 4 + 1)) "$count") "$count"; do
			for sig in HUP CHLD WINCH PIPE TSTP CONT USR2; do
				# each signal at each place by turns, all of them over the file's runs
				(((tried++ + RANDOM) % 7 == 0)) || [ -n "${RANBY_TEST_FULL:-}" ] || continue
				export INJECT="--inject=$call:signal=SIG$sig:when=$n"
				code=0
				out=$(timeout 60 "$DRIVE" run "$DIR" --monitor "$wrapper" -- sh -c 'echo hello; exit 7' 2>/dev/null) || code=$?
				# before it has blocked them all it can be killed: then nothing has come of it
				if [ "$code$out" != 7hello ] && [ "$code$out" != 125 ]; then
					echo "# $INJECT: $code '$out'" >&3
					bad=1
				fi
			done
		done
	done <"$DIR/trace"
	[ $bad = 0 ]
	nothing_of_us
	# SIGTERM and SIGINT: either nothing comes of it, or the payload dies of it; nothing half-made in any case
	while read -r count call; do
		[[ $count =~ ^[0-9]+$ ]] && [ "$call" != total ] || continue
		export INJECT="--inject=$call:signal=SIGTERM:when=$count"
		code=0
		timeout 60 "$DRIVE" run "$DIR" --monitor "$wrapper" -- sh -c 'echo hello; exit 7' >/dev/null 2>&1 || code=$?
		case $code in
		7 | 125 | 137 | 143) ;;
		*)
			echo "# $INJECT: $code" >&3
			bad=1
			;;
		esac
	done <"$DIR/trace"
	[ $bad = 0 ]
	unset INJECT
	nothing_of_us
}
