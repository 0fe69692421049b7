#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# create, start, stop, kill, restart, wait, rm; what ps says; and what it says when
# a monitor was killed, or the machine was booted again.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

state() { ranby inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1"; }
is() { [ "$(state "$1")" = "$2" ]; }

@test "create, start, stop, start again, rm" {
	run -0 ranby create --name c --network=none busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	is c 'created 0'
	run -0 ranby start c
	is c 'running 0'
	run -2 ranby rm c
	one_error c
	run -0 ranby stop --time 5 c
	is c 'exited 3'
	run -0 ranby start c
	is c 'running 0'
	run -0 ranby rm --force --time 0 c
	run -125 ranby inspect c
	nothing_left
}

@test "what the payload wrote stays over stop and start" {
	run -0 ranby run -d --name c --network=none busybox sh -c 'echo x >>/count; sleep 100'
	wait_for 30 count_is x
	ranby stop -t 0 c
	ranby start c
	wait_for 30 count_is $'x\nx'
}
count_is() { [ "$(ranby exec c cat /count 2>/dev/null)" = "$1" ]; }

@test "stop falls back to SIGKILL after its time" {
	run -0 ranby run -d --name c --network=none --stop-timeout 1000 busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" stop --time 1 c
	is c 'exited 137'
}

# Whose end waits until the other has its signal too: one after the other would take a minute each, and then 137.
two_that_wait() {
	local a
	for a in a b; do
		ranby run -d --name $a "$@" -e NAME=$a --network none --stop-timeout 60 -v "$BATS_TEST_TMPDIR/shared:/shared" busybox \
			sh -c "$(waits_for "$([ $a = a ] && echo b || echo a)")"
	done
	for a in a b; do wait_for 30 test -e "$BATS_TEST_TMPDIR/shared/$a"; done
}

@test "stop, restart and rm --force of several: all have their signal before the first is waited for; --all too, and one that is not there is told" {
	local how a
	mkdir "$BATS_TEST_TMPDIR/shared"
	for how in 'stop --time 60 a nobody b' 'stop --time 60 --all' 'restart b nobody a' 'restart --all' 'restart --time 60 --running' \
		'rm --force --time 60 b a' 'rm --force --time 60 --all'; do
		two_that_wait
		# shellcheck disable=SC2086 # words
		case $how in
		*nobody*) run -125 --separate-stderr ranby $how ;;
		*) run -0 --separate-stderr ranby $how ;;
		esac
		# as it was given and in that order, or the id of one that no operand names
		case $how in
		*b*' a') a=$'b\na' ;;
		*a*' b') a=$'a\nb' ;;
		rm*) a= ;;
		*) a=$(ranby inspect --format '{{.ID}}' a b) ;;
		esac
		[ -z "$a" ] || [ "$output" = "$a" ] || fail "$how: $output $stderr"
		[[ $how != *nobody* || $stderr == *nobody* ]] || fail "$stderr"
		# ended by itself, both: not by SIGKILL
		[ -e "$BATS_TEST_TMPDIR/shared/a.ended" ] && [ -e "$BATS_TEST_TMPDIR/shared/b.ended" ] || fail "$how"
		case $how in
		stop*)
			run -0 ranby inspect --format '{{.State.ExitCode}}' a b
			[ "$output" = $'0\n0' ] || fail "$how: $output"
			;;
		restart*)
			run -0 ranby inspect --format '{{.State.Running}}' a b
			[ "$output" = $'true\ntrue' ] || fail "$how: $output"
			;;
		esac
		ranby rm --force --all
		rm "$BATS_TEST_TMPDIR"/shared/*
	done
	nothing_left
}

@test "restart and rm --force of several: one that fails, one named twice, those that need another, and --rm" {
	local first
	mkdir "$BATS_TEST_TMPDIR/shared"
	two_that_wait --rm
	ranby create --name broken --network none busybox /no/such
	run -127 --separate-stderr ranby restart a broken b a
	[ "$output" = $'a\nb\na' ] || fail "$output"
	[[ $stderr == 'Error: '*/no/such* && $(wc -l <<<"$stderr") = 1 ]] || fail "$stderr"
	run -0 ranby inspect --format '{{.State.Running}}' a b
	[ "$output" = $'true\ntrue' ] || fail "$output"
	ranby rm --force a b broken
	# in both orders: it is never started while the one whose network it has is down
	ranby run -d --name net --network none busybox sleep 1000
	ranby run -d --name in --network container:net --requires net busybox sleep 1000
	for first in 'net in' 'in net'; do
		# shellcheck disable=SC2086 # words
		run -0 ranby restart --time 1 $first
		[ "$output" = "${first/ /$'\n'}" ] || fail "$output"
		run -0 ranby inspect --format '{{.State.Running}}' net in
		[ "$output" = $'true\ntrue' ] || fail "$output"
	done
	# a time that would mean nothing
	for first in 'rm --time 5 net' 'pod rm --time 5 p' 'network rm --time 5 n' 'volume rm --time 5 v'; do
		# shellcheck disable=SC2086 # words
		run -125 ranby $first
		one_error '--force option must be specified to use the --time option'
	done
	# who needs it goes first, or it stays and runs
	run -125 --separate-stderr ranby rm --force --time 1 net
	[[ $stderr == *'dependent containers'* ]] || fail "$stderr"
	[ "$(ranby inspect --format '{{.State.Running}}' net)" = true ]
	[ "$(ranby ps -n -1 --format '{{.Names}}' | sort | xargs) $(ranby ps -n 1 --format '{{.Names}}')" = 'in net in' ]
	run -0 ranby rm --force --time 1 in net
	[ "$output" = $'in\nnet' ]
	ranby run -d --name net --network none busybox sleep 1000
	ranby run -d --name in --requires net --network none busybox sleep 1000
	run -0 ranby rm --force --time 1 --all
	nothing_left
}

@test "stop and kill of more than are held open at once" {
	local i names=()
	ranby run -d --name c --network none busybox sleep 1000
	# the same one, named often enough to be several times as many as are begun together
	for ((i = 0; i < 450; i++)); do names+=(c); done
	run -0 ranby stop --time 0 "${names[@]}"
	[ "$(grep -cx c <<<"$output")" = 450 ]
	ranby start c
	run -125 --separate-stderr ranby kill "${names[@]}"
	[ "$(grep -c '^Error: ' <<<"$stderr")" -ge 250 ] || fail "$stderr"
	ranby rm c
	nothing_left
}

@test "kill with a signal by name and by number" {
	run -0 ranby run -d --name c --network=none busybox sh -c 'trap "exit 9" USR1; touch /ready; while :; do sleep 0.05; done'
	wait_for 30 ranby exec c test -e /ready
	run -0 ranby kill --signal USR1 c
	wait_for 30 is c 'exited 9'
	ranby start c
	run -0 ranby kill -s 9 c
	wait_for 30 is c 'exited 137'
	run -125 ranby kill c
	one_error c
	run -125 ranby kill -s NOSUCH c
	one_error NOSUCH
}

@test "wait for several, from before their end" {
	run -0 ranby run -d --name a --network=none busybox sh -c 'sleep 0.6; exit 4'
	run -0 ranby run -d --name b --network=none busybox sh -c 'sleep 0.3; exit 5'
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait a b
	[ "$output" = $'4\n5' ]
}

@test "wait --condition: another state, any of several, and what is no state" {
	w() { timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait "$@"; }
	ranby create --name c --network=none busybox sh -c 'until [ -e /end ]; do sleep 0.05; done; exit 4' >/dev/null
	run -0 w --condition created c
	[ "$output" = -1 ]
	run -0 w --condition configured,running c
	(sleep 0.5 && ranby start c) >/dev/null 3>&- &
	local pid=$!
	run -0 w --condition running --interval 10ms c
	[ "$output" = -1 ]
	is c 'running 0'
	wait $pid
	(sleep 1 && ranby exec c touch /end) 3>&- &
	pid=$!
	run -0 w --condition stopped -i 1000000 c # its end wakes it sooner than that
	wait $pid
	[ "$output" = 4 ]
	run -0 w --condition exited --condition running c
	[ "$output" = 4 ]
	run -124 timeout 1 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait --condition paused c
	run -125 ranby wait --condition dead c
	one_error '--condition dead'
	run -125 ranby wait --condition running --interval soon c
	one_error '--interval soon'
	# it will not come any more
	(sleep 3 && ranby rm c) >/dev/null 3>&- &
	pid=$!
	run -125 w --condition running c
	one_error removed
	wait $pid
}

@test "by name, by whole id, by the start of an id; not by an ambiguous one" {
	local id
	run -0 ranby create --name byname --network=none busybox true
	id=$output
	for which in byname "$id" "${id:0:12}" "${id:0:4}"; do
		run -0 ranby inspect --format '{{.Name}}' "$which"
		[ "$output" = byname ]
	done
}

@test "200 at once: each by its name, none lost, the same name only once" {
	# `wait` with no pid would wait for the timer of bats as well
	local i j pids
	for ((i = 0; i < 20; i++)); do
		pids=()
		for ((j = 0; j < 10; j++)); do
			ranby create --name "many$i-$j" --network=none busybox true >/dev/null &
			pids+=($!)
		done
		wait "${pids[@]}"
	done
	[ "$(ranby ps -aq | wc -l)" = 200 ]
	pids=()
	for ((i = 0; i < 10; i++)); do
		ranby create --name same --network=none busybox true >"$BATS_TEST_TMPDIR/$i" 2>/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}" || true
	[ "$(cat "$BATS_TEST_TMPDIR"/[0-9] | wc -l)" = 1 ]
}

@test "20 run --rm at once" {
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		ranby run --rm --network=none busybox sh -c "echo $i; exit $i" >"$BATS_TEST_TMPDIR/out.$i" &
		pids[i]=$!
	done
	for ((i = 0; i < 20; i++)); do
		local code=0
		wait "${pids[i]}" || code=$?
		[ "$code" = "$i" ]
		[ "$(cat "$BATS_TEST_TMPDIR/out.$i")" = "$i" ]
	done
	nothing_left
}

@test "monitor killed, payload alive: ps says running, stop and rm work" {
	run -0 ranby run -d --name c --network=none busybox sleep 100
	local pid
	pid=$(ctr_pid c)
	kill -KILL "$(status_field "$pid" PPid)"
	sleep 0.2
	if [ -e "/proc/$pid" ]; then
		is c 'running 0'
	fi
	run -0 ranby rm --force --time 0 c
	[ ! -e "/proc/$pid" ] || [ "$(status_field "$pid" State)" = Z ]
	nothing_left
}

@test "monitor killed, then the payload ends: the code where the kernel tells it, else lost; never running" {
	run -0 ranby run -d --name c --network=none -v "$BATS_TEST_TMPDIR:/dir" busybox sh -c 'until [ -e /dir/end ]; do sleep 0.05; done; exit 7'
	local pid
	pid=$(ctr_pid c)
	kill -KILL "$(status_field "$pid" PPid)"
	touch "$BATS_TEST_TMPDIR/end"
	ended() { [ ! -e "/proc/$pid" ] || [ "$(status_field "$pid" State)" = Z ]; }
	wait_for 30 ended
	run -0 ranby ps -a --format '{{.State}} {{.ExitCode}}'
	[[ $output == exited\ 7 || $output == *lost* || $output == 'exited 255' || $output == 'exited -1' ]] || fail "$output"
	run timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait c
	[ "$status" != 124 ]
	run -0 ranby rm c
}

@test "after a boot: nothing runs, whatever the files say" {
	run -0 ranby run -d --name c --network=none busybox sleep 100
	local id file
	id=$(ranby inspect --format '{{.Id}}' c)
	file=$RANBY_ROOT/containers/$id/state.json
	local pid
	pid=$(ctr_pid c)
	jq '.bootId = "00000000-0000-4000-8000-000000000000"' "$file" >"$file.new" && mv "$file.new" "$file"
	run -0 ranby ps -a --format '{{.State}}'
	[[ $output != running ]] || fail "$output"
	kill -KILL "$pid"
	run -0 ranby rm --force --time 0 c
	nothing_left
}

@test "a pid that was taken by another process is not ours" {
	run -0 ranby run -d --name c --network=none busybox sleep 100
	local id file pid
	id=$(ranby inspect --format '{{.Id}}' c)
	pid=$(ctr_pid c)
	file=$RANBY_ROOT/containers/$id/state.json
	ranby kill c
	wait_for 30 is c 'exited 137'
	sleep 60 &
	local victim=$!
	jq --argjson pid $victim '.pid = $pid' "$file" >"$file.new" && mv "$file.new" "$file"
	run ranby stop -t 0 c
	run ranby kill c
	run -0 ranby rm --force --time 0 c
	kill -0 $victim
	kill $victim
}

@test "logs: both streams, partial lines, --tail, raw bytes" {
	run -0 ranby run --name c --network=none busybox sh -c 'echo one; echo two >&2; printf "no newline"'
	run -0 --separate-stderr ranby logs c
	[ "$output" = $'one\nno newline' ]
	[ "$stderr" = two ]
	ranby rm c
	run -0 ranby run -d --name lines --network=none busybox seq 1 20000
	timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait lines
	ranby logs lines | cmp - <(seq 1 20000)
	run -0 ranby logs --tail 2 lines
	[ "$output" = $'19999\n20000' ]
}

@test "exec: code, user, environment, directory, stdin; detached; not in one that stopped" {
	run -0 ranby run -d --name c -e A=1 --network=none busybox sleep 100
	run -5 ranby exec c sh -c 'exit 5'
	run -0 ranby exec -e B=2 -w /tmp c sh -c 'echo $A$B; pwd'
	[ "$output" = $'12\n/tmp' ]
	run -127 ranby exec c nosuchcommand
	one_error nosuchcommand
	run -0 bash -c 'echo in | "$0" --root "$1" --runroot "$2" exec -i c cat' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	[ "$output" = in ]
	run -0 ranby exec -d c touch /tmp/detached
	there() { ranby exec c test -f /tmp/detached; }
	wait_for 30 there
	run -0 ranby exec c cat /proc/self/status
	[ "$(awk '$1 == "Seccomp:" {print $2}' <<<"$output")" = 2 ]
	ranby stop -t 0 c
	run -125 ranby exec c true
	one_error c
}

@test "attach to a running container, and leave it" {
	run -0 ranby run -dit --name c --network=none busybox sh
	printf '#!/bin/sh\nexec "%s" --root "%s" --runroot "%s" "$@"\n' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" >"$BATS_TEST_TMPDIR/ranby"
	chmod +x "$BATS_TEST_TMPDIR/ranby"
	"$RANBY_TREE/tests/pty" "$BATS_TEST_TMPDIR/ranby" attach c <<-'STEPS'
		send echo $((40 + 2))\r
		expect ^42
		send \x10\x11
		exit 0
	STEPS
	is c 'running 0'
}

@test "kill -9 of the one in front: container, monitor and log live on, attach comes back; --rm is kept; so it is with exec" {
	local front pid monitor
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --name c --network none -v "$BATS_TEST_TMPDIR:/dir" busybox \
		sh -c 'echo before; until [ -e /dir/go ]; do sleep 0.05; done; echo after; until [ -e /dir/end ]; do [ ! -e /dir/tick ] || echo tick; sleep 0.05; done; exit 3' \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	front=$!
	wait_for 30 grep -q before "$BATS_TEST_TMPDIR/out"
	pid=$(ctr_pid c)
	monitor=$(status_field "$pid" PPid)
	kill -KILL $front
	wait $front || true
	[ "$(status_field "$pid" PPid)" = "$monitor" ]
	[ "$(cat "/proc/$monitor/comm")" = ranby-monitor ]
	[ "$(ranby inspect --format '{{.State.Status}}' c)" = running ]
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 30 bash -c '[ "$("$@")" = $'"'before\nafter'"' ]' x "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" logs c
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = before ]
	# the command of an exec whose front is killed
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" exec c sh -c 'touch /dir/in; until [ -e /dir/go2 ]; do sleep 0.05; done; touch /dir/out2' \
		>/dev/null 2>&1 3>&- &
	front=$!
	wait_for 30 test -e "$BATS_TEST_TMPDIR/in"
	kill -KILL $front
	wait $front || true
	touch "$BATS_TEST_TMPDIR/go2"
	wait_for 30 test -e "$BATS_TEST_TMPDIR/out2"
	# whoever comes back to it has its code, and its --rm is its monitor's to do
	ranby attach c >"$BATS_TEST_TMPDIR/attached" 3>&- &
	front=$!
	touch "$BATS_TEST_TMPDIR/tick"
	wait_for 30 grep -q tick "$BATS_TEST_TMPDIR/attached"
	touch "$BATS_TEST_TMPDIR/end"
	local code=0
	wait $front || code=$?
	[ $code = 3 ] || fail "$code"
	wait_for 30 nothing_left
}

@test "a signal to the one in front reaches the payload" {
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --name c --network=none busybox \
		sh -c 'trap "exit 11" TERM; touch /ready; while :; do sleep 0.05; done' &
	local front=$!
	ready() { ranby exec c test -e /ready 2>/dev/null; }
	wait_for 30 ready
	kill -TERM $front
	local code=0
	wait $front || code=$?
	[ $code = 11 ]
}

@test "ps: formats, filters, json" {
	run -0 ranby run -d --name a --label k.x=v --network=none busybox sleep 100
	run -3 ranby run --name b --network=none busybox sh -c 'exit 3'
	run -0 ranby ps --format json
	jq -e 'length == 1' <<<"$output"
	run -0 ranby ps -a --filter status=exited --format '{{.Names}}'
	[ "$output" = b ]
	run -0 ranby ps -a --filter name=a -q --no-trunc
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	run -0 ranby ps --format '{{.LoginUID}} {{.LoginUser}} {{.Session}}'
	[[ $output == "$(cat /proc/self/loginuid) "* ]]
	run -0 ranby ps -a --sort names --format '{{.Names}}={{.Label "k.x"}}{{if eq (.Label "k.x" | upper) "V"}}!{{end}}'
	[ "$output" = $'a=v!\nb=' ] || fail "$output"
	run -125 ranby ps --format '{{.Names "k.x"}}'
	one_error "can't give argument to non-function"
	run -125 ranby ps --format '{{.NoSuchField}}'
	one_error NoSuchField
}

@test "restart of several, one of which another command has: those after it run on, and are nobody's, while it is waited for" {
	local a holder pids
	ranby run -d --name a --network none busybox sleep 1000
	ranby run -d --name b --network none busybox sleep 1000
	a=$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' a)
	pids=$(ranby inspect --format '{{.State.Pid}}' a b)
	flock --no-fork "$a" sleep 1000 3>&- &
	holder=$!
	locked() { ! flock --nonblock "$a" true; }
	wait_for 30 locked
	run -124 timeout 5 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" restart --time 0 a b
	[ "$(ranby inspect --format '{{.State.Pid}}' a b)" = "$pids" ]
	kill "$holder"
	run -0 ranby restart --time 0 a b
	[ "$output" = $'a\nb' ] || fail "$output"
}

# Its upper layer is mounted volatile: the kernel leaves a mark, and mounts it only once while that is there.
@test "restart of a --rm container: the end in between does not remove it" {
	local i
	ranby run -d --rm --name c --network=none busybox sleep 100
	for i in 1 2 3 4 5 6 7 8; do
		run -0 ranby restart --time 0 c
		is c 'running 0'
	done
	ranby stop --time 0 c
	removed() { [ ! -L "$RANBY_ROOT/names/c" ]; }
	wait_for 30 removed
	nothing_left
}

@test "a --rm container that has run is started again within its boot, and not after" {
	run -0 ranby create --rm --name c --network=none busybox true
	local dir state='"pid":1,"startTicks":1}'
	dir=$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' c)
	mkdir -p "$dir/work/work/incompat/volatile"
	echo '{"bootId":"another",'"$state" >"$dir/state.json"
	run -125 ranby start c
	one_error 'made with --rm'
	echo '{"bootId":"'"$(</proc/sys/kernel/random/boot_id)"'",'"$state" >"$dir/state.json"
	run -0 ranby start --attach c
	gone() { [ ! -L "$RANBY_ROOT/names/c" ]; }
	wait_for 30 gone
	nothing_left
}

@test "a current directory that has been removed: only a relative path needs it" {
	mkdir "$BATS_TEST_TMPDIR/gone"
	cd "$BATS_TEST_TMPDIR/gone"
	rmdir "$BATS_TEST_TMPDIR/gone"
	run -0 ranby run --name gone --network none busybox echo hi
	[ "$output" = hi ]
	run -0 ranby inspect --format '{{.Ranby.CreatedBy.cwd}}' gone
	[ "$output" = "$BATS_TEST_TMPDIR/gone (deleted)" ]
	run -0 ranby start --attach gone
	[ "$output" = hi ]
	run -125 ranby run --rm --network none -v ./x:/y busybox true
	one_error 'the directory that it was relative to is gone'
	run -125 ranby run --rm --network none --rootfs x true
	one_error 'has been removed'
	ranby rm gone
	nothing_left
}

@test "start -a of a container that runs attaches to it" {
	ranby run -d --name on --network none busybox sh -c 'trap "echo got; exit 5" TERM; while :; do echo tick; sleep 0.1; done'
	# the program itself: a function in the background would be a shell that gets the signal
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" start --attach on >"$BATS_TEST_TMPDIR/out" 3>&- &
	local front=$! pid
	pid=$(ctr_pid on)
	wait_for 30 grep -qx tick "$BATS_TEST_TMPDIR/out"
	kill -TERM $front
	local code=0
	wait $front || code=$?
	[ "$code" = 5 ] || fail "code $code"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = got ]
	# not attached: no error
	ranby start on
	[ "$(ctr_pid on)" != "$pid" ]
	run -0 ranby start on
	[ "$output" = on ]
	ranby rm --force --time 0 on
	nothing_left
}

# without_ptrace ARG...: ranby where ptrace(2) is refused, as with yama's ptrace_scope 3
without_ptrace() {
	timeout 60 python3 -c '
import ctypes, os, struct, sys
nr = {"x86_64": 101, "aarch64": 117}[os.uname().machine]
code = [(0x20, 0, 0, 0), (0x15, 0, 1, nr), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, struct.pack("HxxxxxxQ", len(code), ctypes.addressof(text))) == 0
os.execvp(sys.argv[1], sys.argv[1:])' "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"
}

@test "without ptrace: recorded before the exec; a container that cannot be built says why, and is not waited for" {
	no_leak_check
	# newuidmap has no privilege there: the keeper is there before
	ranby run -d --name keeper --network none busybox sleep 1000
	run -0 without_ptrace run -d --name c --network none busybox sleep 1000
	is c 'running 0'
	[ "$(ranby inspect --format '{{.Ranby.InForce.stage}}' c)" = pre-exec ]
	run -127 without_ptrace run --network none busybox nosuch
	one_error nosuch
	run -127 without_ptrace run --rm --network none busybox nosuch
	one_error nosuch
	run -126 without_ptrace run --rm --network none --workdir /bin/sh busybox true
	one_error /bin/sh
	# what was recorded as started has its end, too
	run -0 ranby audit verify
	[[ $output == *', whole'* ]]
	ranby rm --force --time 0 c keeper
	python3 - "$XDG_STATE_HOME"/ranby/ledger/*.jsonl <<-'PY'
		import json, sys
		es = [json.loads(line) for path in sys.argv[1:] for line in open(path)]
		runs = lambda op: sorted(e["ctr"] for e in es if e["op"] == op and e["res"] == "success")
		assert runs("start") == runs("stop"), (runs("start"), runs("stop"))
	PY
}

@test "without ptrace: a run that fails because its monitor was killed leaves nothing that runs" {
	local i pid monitor keeper
	no_leak_check
	none_runs() { ! pgrep -u "$(id -u)" -xf 'sleep 4323' >/dev/null; }
	keeper=$(ranby run -d --network none busybox sleep 1000)
	for i in {0..29}; do
		without_ptrace run -d --name c --network none busybox sleep 4323 >/dev/null 2>&1 3>&- &
		pid=$!
		# at any moment from its start to the payload's
		until compgen -G "$RANBY_RUN/[0-9a-f]*/monitor" | grep -v "$keeper" >"$BATS_TEST_TMPDIR/noted" || ! kill -0 "$pid" 2>/dev/null; do :; done
		sleep "0.00$((i % 10))"
		if read -r monitor _ <"$(cat "$BATS_TEST_TMPDIR/noted")"; then kill -KILL "$monitor" || true; fi
		wait "$pid" || wait_for 30 none_runs
		ranby rm --force --time 0 c
		none_runs
	done
}

@test "create: all that it is is on the disk before it is one, and nothing twice" {
	local trace=$BATS_TEST_TMPDIR/trace id calls
	need_program strace
	no_leak_check
	# a traced newuidmap has no privilege: what it makes has to be there
	ranby run -d --name keeps --network none busybox sleep 1000 >/dev/null 3>&-
	id=$(strace -f -y -e trace=fsync,fdatasync,renameat,renameat2 -o "$trace" \
		"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" create --network none busybox true)
	calls=$(sed -nE "s#.*(fsync|renameat)\([0-9]+<$RANBY_ROOT/([^>]*)>.* = 0\$#\1 \2#p" "$trace" | sed "s/$id/ID/g")
	[ "$calls" = "$(printf '%s\n' 'fsync pending/ID/config.json' 'fsync names' 'fsync pending/ID/container.json' \
		'fsync pending/ID' 'renameat pending' 'fsync containers')" ] || fail "$calls"
	ranby rm -f -t 0 "$id" keeps >/dev/null
}
