# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What goes in and out of real containers: the monitor with its engine. What
# it does by itself is tested in monitor.bats.
# Nothing writes what cmp reads:
# shellcheck disable=SC2094

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# monitor_of PID: its parent.
monitor_of() { awk '/^PPid/ {print $2}' "/proc/$1/status"; }
memory() { awk -v f="$2:" '$1 == f {print $2}' "/proc/$1/status"; }
# Monitors of this test's directories, with `exec` only those of exec sessions.
monitors() { pgrep -f "^ranby-monitor .*--run-dir $RANBY_RUN/.*${1:-}"; }

@test "a million lines on both streams, to the front and to the log (A47)" {
	ranby run --name lines --network none busybox sh -c 'seq 1000000 & seq 1000001 2000000 >&2; wait' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	seq 1000000 | cmp - "$BATS_TEST_TMPDIR/out"
	seq 1000001 2000000 | cmp - "$BATS_TEST_TMPDIR/err"
	ranby logs lines >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	seq 1000000 | cmp - "$BATS_TEST_TMPDIR/out"
	seq 1000001 2000000 | cmp - "$BATS_TEST_TMPDIR/err"
}

@test "a container that does nothing costs less than 1 MiB" {
	ranby run -d --name idle --network none busybox sleep 1000
	sleep 0.3
	local monitor
	monitor=$(monitor_of "$(ctr_pid idle)")
	[ "$(cat "/proc/$monitor/comm")" != ranby ]
	echo "# VmRSS $(memory "$monitor" VmRSS) KiB" >&3
	[ "$(memory "$monitor" VmRSS)" -lt 1024 ] || [ -n "${RANBY_SAN:-}" ]
}

@test "exec'd yes and a reader that stops: less than 2 MiB, then all of it (A48)" {
	ranby run -d --name busy --network none busybox sleep 1000
	mkfifo "$BATS_TEST_TMPDIR/slow"
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" exec busy sh -c 'yes | head -c 80000000' >"$BATS_TEST_TMPDIR/slow" 3>&- &
	exec 5<"$BATS_TEST_TMPDIR/slow"
	local monitor=''
	there() { monitor=$(monitors /exec/); }
	wait_for 30 there
	sleep 2
	echo "# VmHWM $(memory "$monitor" VmHWM) KiB" >&3
	[ "$(memory "$monitor" VmHWM)" -lt 2048 ] || [ -n "${RANBY_SAN:-}" ]
	[ "$(wc -c <&5)" = 80000000 ]
	exec 5<&-
	wait $!
	wait_for 30 no_exec
}
no_exec() { ! monitors /exec/ >/dev/null; }

# bats test_tags=vm
@test "input: whole, to its end, and through run and exec alike" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	ranby run -i --rm --network none busybox cat <"$BATS_TEST_TMPDIR/bytes" >"$BATS_TEST_TMPDIR/out"
	cmp "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/out"
	ranby run -d --name box --network none busybox sleep 1000
	ranby exec -i box cat <"$BATS_TEST_TMPDIR/bytes" >"$BATS_TEST_TMPDIR/out"
	cmp "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/out"
	# without -i nothing comes, and nobody waits for it
	run -0 ranby exec box wc -c <"$BATS_TEST_TMPDIR/bytes"
	[ "$output" = 0 ]
}

@test "run -i: the end of the front is the end of the input" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -i --name once --network none busybox sh -c 'cat; echo over' \
		<"$BATS_TEST_TMPDIR/in" >/dev/null 3>&- &
	local front=$!
	exec 6>"$BATS_TEST_TMPDIR/in"
	wait_for 30 is_running once
	# what it is given comes through the front: then it reads
	echo first >&6
	wait_for 30 log_says once first
	kill -KILL $front
	wait_for 30 log_says once $'first\nover'
	exec 6>&-
}
is_running() { [ "$(ranby inspect --format '{{.State.Status}}' "$1" 2>/dev/null)" = running ]; }
log_says() { [ "$(ranby logs "$1")" = "$2" ]; }

@test "an output that nobody reads any more ends a foreground run" {
	local code=0
	timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --name piped --network none busybox yes | head -1 || code=$?
	[ $code = 0 ]
	wait_for 30 is_absent piped
}
is_absent() { ! ranby container exists "$1"; }

@test "logs: partial lines, no newline at the end, bytes that look like heads (A47)" {
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	printf '\n2026-01-02T03:04:05.000000006Z stderr F forged\nno end' >>"$BATS_TEST_TMPDIR/bytes"
	ranby run -i --name bytes --network none busybox cat <"$BATS_TEST_TMPDIR/bytes" | cmp - "$BATS_TEST_TMPDIR/bytes"
	ranby logs bytes 2>"$BATS_TEST_TMPDIR/err" | cmp - "$BATS_TEST_TMPDIR/bytes"
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "a full disk does not stop a container, nor hide its end" {
	# a store of its own, too small for the log; its image is the directory's
	mkdir "$BATS_TEST_TMPDIR/rootfs"
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/rootfs/busybox" 2>/dev/null || skip 'no busybox on this host'
	bash -c 'ulimit -f 2000; exec "$@"' limit "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" \
		run --name big --network none --rootfs "$BATS_TEST_TMPDIR/rootfs" /busybox sh -c \
		'/busybox seq 400000; echo end' | cat >"$BATS_TEST_TMPDIR/out"
	{ seq 400000 && echo end; } | cmp - "$BATS_TEST_TMPDIR/out"
	[ "$(ranby logs big | wc -c)" -lt 2048000 ]
	[ "$(ranby inspect --format '{{.State.Status}} {{.State.ExitCode}}' big)" = 'exited 0' ]
}

@test "no socket of ours can be reached from a container on the host's network (A31)" {
	ranby run -d --name net --network host busybox sleep 1000
	[ -S "$(find "$RANBY_RUN" -name attach)" ]
	run -0 ranby exec net cat /proc/net/unix
	# abstract names begin with @; a name in the file system cannot be reached from inside
	run -1 grep -E '@.*(ranby|attach)' <<<"$output"
	[ "$(stat -c %a "$RANBY_RUN")" = 700 ]
	[ "$(find "$RANBY_RUN" -name attach -perm /077)" = '' ]
}

@test "a terminal's keys do not reach the caller's shell (A33)" {
	need_program python3
	# TIOCSTI is on the container's own terminal: what it types is read there
	"$RANBY_TREE/tests/pty" --timeout 60 bash --norc -c "'$RANBY' --root '$RANBY_ROOT' --runroot '$RANBY_RUN' run --rm -it --network none busybox sh -c 'ls -l /proc/self/fd/0; tty'; echo code \$?; read -t 1 line; echo \"got:\$line:\"" <<-'STEPS'
		expect /dev/(pts/0|console)
		expect code 0
		expect got::
		exit 0
	STEPS
}

@test "a signal at each of the front's system calls: the exit code is the payload's, or the signal's (A54)" {
	need_program strace
	no_leak_check
	ranby run -d --name box --network none busybox sleep 1000
	local count call n sig code tried=0 bad=0 ours=(--root "$RANBY_ROOT" --runroot "$RANBY_RUN")
	strace -qq -c -S name -U calls,name -o "$BATS_TEST_TMPDIR/trace" "$RANBY" "${ours[@]}" exec box sh -c 'echo hello; exit 7' || [ $? = 7 ]
	while read -r count call; do
		[[ $count =~ ^[0-9]+$ ]] && [ "$call" != total ] || continue
		for n in $(seq 1 $((count / 3 + 1)) "$count") "$count"; do
			for sig in TERM INT HUP CHLD WINCH PIPE CONT; do
				(((tried++ + RANDOM) % 12 == 0)) || [ -n "${RANBY_TEST_FULL:-}" ] || continue
				code=0
				out=$(timeout 60 strace -qq -o /dev/null -e signal=none "--inject=$call:signal=SIG$sig:when=$n" \
					"$RANBY" "${ours[@]}" exec box sh -c 'echo hello; exit 7' 2>&1) || code=$?
				case $sig,$code in
				CHLD,7 | WINCH,7 | CONT,7) [ "$out" = hello ] || bad=1 ;;
				# to the front before it relays, or to the payload by --sig-proxy
				*,7 | TERM,143 | INT,130 | HUP,129 | PIPE,141) ;;
				# a helper that was being waited for, in one line
				*,125 | *,126 | *,127) [ "$(wc -l <<<"$out")" -le 2 ] || bad=1 ;;
				*) bad=1 ;;
				esac
				[ $bad = 0 ] || fail "$call $sig $n: $code '$out'"
			done
		done
	done <"$BATS_TEST_TMPDIR/trace"
	echo "# $tried places" >&3
	# and nothing of them all is left
	wait_for 30 no_exec
	[ "$(pgrep -cP "$(ctr_pid box)" || true)" = 0 ]
}
