#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# SIGKILL at a few system calls of each verb, and errors from a few; `make
# kill-sweep` and `make error-sweep` take them all.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load bridge

setup() {
	no_leak_check
	[ -z "${RANBY_SAN:-}" ] || [[ $BATS_TEST_DESCRIPTION != *'call of '* ]] || skip 'a sanitizer ends its program when a call of its own fails'
}

sweep() {
	# one system call in so many: enough to see a fault come back, quick enough for every run
	"$RANBY_TREE/tests/kill-sweep" --points "${RANBY_SWEEP_POINTS:-8}" "$@"
}

@test "run killed: nothing without an owner" { run -0 sweep run; }
@test "run, its monitor killed" { run -0 sweep run:ranby-monitor; }
@test "run, its runtime killed" { run -0 sweep run:ranby-runtime; }
@test "run, the container's init killed before exec" { run -0 sweep run:ranby-init; }
@test "create killed" { run -0 sweep create; }
@test "start killed" { run -0 sweep start; }
@test "stop killed" { run -0 sweep stop; }
@test "rm killed" { run -0 sweep rm; }
@test "pull killed" { run -0 sweep pull; }
@test "pull, its fetch worker killed" { run -0 sweep pull:ranby-fetch; }
@test "pull, its unpack worker killed" { run -0 sweep pull:ranby-unpack; }
@test "load, or its unpack worker, killed" { run -0 sweep load load:ranby-unpack; }
@test "copy and push, or its fetch worker, killed" { run -0 sweep copy push push:ranby-fetch; }

# three calls of each of the other verbs
few() { "$RANBY_TREE/tests/kill-sweep" --points "${RANBY_SWEEP_POINTS:-3}" "$@"; }

@test "kill, exec, cp, commit, rename killed" { run -0 few kill exec cp cp-out commit rename; }
@test "restart, and that of one whose health check fails, killed" { run -0 few restart health-restart; }
@test "volume, network, secret: create and rm killed" { run -0 few volume-create volume-rm network-create network-rm secret-create secret-rm; }
@test "pod create, start, stop, rm, run --pod new: killed" { run -0 few pod-create pod-start pod-stop pod-rm run-pod; }
@test "build: killed, or a call of it fails" { run -0 few build && run -0 few --errors build; }
@test "a call of kill, exec, cp, commit, rename fails" { run -0 few --errors kill exec cp cp-out commit rename; }
@test "a call of restart, and of that of one whose health check fails, fails" { run -0 few --errors restart health-restart; }
@test "a call of volume, network, secret create and rm fails" { run -0 few --errors volume-create volume-rm network-create network-rm secret-create secret-rm; }
@test "a call of pod create, start, stop, rm, run --pod new: fails" { run -0 few --errors pod-create pod-start pod-stop pod-rm run-pod; }
@test "bridge networks: run, start, connect, disconnect and the ends of it killed" {
	need_bridges
	run -0 few network-run network-run:ranby-monitor network-start network-connect network-disconnect network-rm-force network-end
}
@test "bridge networks: a call of run, start, connect, disconnect and of the ends of it fails" {
	need_bridges
	run -0 few --errors network-run network-run:ranby-monitor network-start network-connect network-disconnect network-rm-force network-end
}

# errors N SWEEP...: N of its calls made to fail, with one of eight errors in turn
errors() {
	"$RANBY_TREE/tests/kill-sweep" --errors --points "${RANBY_SWEEP_POINTS:-$1}" "${@:2}"
}

@test "a call of init fails: no launch, or one that is confined as ever" { run -0 errors 16 run:ranby-init; }
@test "a call of the runtime, or of its child before init, fails" { run -0 errors 8 run:ranby-runtime run:ranby-runtime/child; }
@test "a call of the monitor, or of its child before the runtime, fails" { run -0 errors 5 run:ranby-monitor run:ranby-monitor/child; }
@test "a call of ranby run, or of its child before the monitor, fails" { run -0 errors 6 run run:ranby/child; }
@test "a call of create, start, stop, rm fails" { run -0 errors 4 create start stop rm; }
@test "a call of pull, or of its workers, fails" { run -0 errors 4 pull pull:ranby-fetch pull:ranby-unpack; }
@test "a call of load, or of its worker, fails" { run -0 errors 4 load load:ranby-unpack; }
@test "a call of copy or push, or of its worker, fails" { run -0 errors 4 copy push push:ranby-fetch; }

@test "create: whichever fsync fails, there is no container then, and its name is free" {
	local killat=$RANBY_TREE/${RANBY_BUILD:-build}/tools/killat total n said tried=0
	[ "$(uname -m)" = x86_64 ] || skip 'fsync(2) is 74 on x86-64'
	no_leak_check
	ranby_setup_file busybox
	# the first one makes more than itself
	ranby create --name made busybox true >/dev/null
	ranby rm made
	total=$("$killat" --error 5 0 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" create --name made busybox true | sed -n 's/^ended after \([0-9]*\).*/\1/p')
	ranby rm made
	# the last of its calls are where it becomes one
	for ((n = total; n > total - 150 && tried < 3; n--)); do
		said=$("$killat" --error 5 "$n" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" create --name made busybox true 2>&1) || true
		if [[ $said == *' at 74('* ]]; then
			tried=$((tried + 1))
			[[ $said == *Error:* ]] || fail "$said"
			[ -z "$(ranby ps --all --quiet)" ] || fail "$n: $said" "$(ranby ps --all)"
		else
			ranby rm --ignore made >/dev/null
		fi
	done
	[ "$tried" = 3 ] || fail "only $tried calls of fsync in the last 150 of $total"
	nothing_left
	ranby_teardown_file
}

@test "rename: whichever fsync fails, it has one name then, by which it is found" {
	local killat=$RANBY_TREE/${RANBY_BUILD:-build}/tools/killat total n said tried=0 now
	[ "$(uname -m)" = x86_64 ] || skip 'fsync(2) is 74 on x86-64'
	no_leak_check
	ranby_setup_file busybox
	ranby create --name old busybox true >/dev/null
	total=$("$killat" --error 5 0 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rename old new | sed -n 's/^ended after \([0-9]*\).*/\1/p')
	ranby rm --all >/dev/null
	# the first of its calls are the loader's
	for ((n = 30; n <= total && tried < 3; n++)); do
		ranby create --name old busybox true >/dev/null
		said=$("$killat" --error 5 "$n" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rename old new 2>&1) || true
		if [[ $said == *' at 74('* ]]; then
			tried=$((tried + 1))
			[[ $said == *Error:* ]] || fail "$said"
			now=$(ranby ps -a --format '{{.Names}}')
			ranby container inspect "$now" >/dev/null || fail "$n: $now is not found: $said"
			# the next command finishes what that one left
			[ "$(ranby create --name third busybox true; ls "$RANBY_ROOT/names")" ] || fail
			[ "$(ls "$RANBY_ROOT/names")" = "$(printf '%s\n' "$now" third | sort)" ] || fail "$n: $now has: $(ls "$RANBY_ROOT/names"): $said"
		fi
		ranby rm --all >/dev/null
	done
	[ "$tried" = 3 ] || fail "only $tried calls of fsync in $total"
	nothing_left
	ranby_teardown_file
}

@test "a sweep goes on where it was ended, and counts what was before" {
	run -0 "$RANBY_TREE/tests/kill-sweep" --minutes 0 --done "$BATS_TEST_TMPDIR/done" --points 2 create
	[[ $output == *'create: '*' system calls, 0 points of '*', hit 0, '* ]] || fail "$output"
	run -0 "$RANBY_TREE/tests/kill-sweep" --done "$BATS_TEST_TMPDIR/done" --calls 1-2 create
	[[ $output == *', 2 points of '*', hit 2, refused 0, faults at 0' ]] || fail "$output"
	[ "$(cut -d' ' -f1-3 "$BATS_TEST_TMPDIR/done")" = $'create 1 KILL\ncreate 2 KILL' ]
	# with a fault that was found before, and nothing to do
	sed -i '1s/done$/fault/' "$BATS_TEST_TMPDIR/done"
	run -1 "$RANBY_TREE/tests/kill-sweep" --done "$BATS_TEST_TMPDIR/done" --calls 1-2 create
	[[ $output == *', 2 points of '*', hit 2, refused 0, faults at 1' ]] || fail "$output"
}

@test "the oracle sees a launch with less confinement, and a process without an owner (control)" {
	run -1 env RANBY_SWEEP_CONTROL=unconfined "$RANBY_TREE/tests/kill-sweep" --errors --points 3 run:ranby-monitor
	[[ $output == *Seccomp:* ]]
	run -1 env RANBY_SWEEP_CONTROL=orphan "$RANBY_TREE/tests/kill-sweep" --points 2 create
	[[ $output == *'I2: process left'* ]]
}
