#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# SIGKILL at a few system calls of each verb; `make kill-sweep` takes them all.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

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
