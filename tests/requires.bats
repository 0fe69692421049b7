#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --requires: what is started first, in which order, and what cannot be removed.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

state_is() { [ "$(ranby inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }
made() { ranby create --network none --stop-timeout 0 "$@" busybox sleep 1000 >/dev/null; }
ticks() { sed 's/.*) //' "/proc/$(ctr_pid "$1")/stat" | cut -d' ' -f20; }

@test "what it needs is started first, and what that needs" {
	made --name a
	made --name b --requires a
	made --name c
	ranby run -d --name d --network none --stop-timeout 0 --requires b,c busybox sleep 1000
	for name in a b c; do state_is $name running; done
	[ "$(ticks a)" -le "$(ticks b)" ]
	[ "$(ticks b)" -le "$(ticks d)" ]
	[ "$(ticks c)" -le "$(ticks d)" ]
	ranby stop --all
	run -0 ranby start d
	[ "$output" = d ]
	for name in a b c d; do state_is $name running; done
	# one that runs is left alone
	local pid
	pid=$(ctr_pid a)
	ranby restart -t 0 d
	[ "$(ctr_pid a)" = "$pid" ]
	[ "$(ranby inspect --format '{{len .Dependencies}}' d)" = 2 ]
}

@test "what is needed stays; rm --depend, rm --all, --replace" {
	made --name a
	made --name b --requires a
	run -125 ranby rm a
	one_error 'dependent containers'
	run -125 ranby rm --force a
	one_error 'dependent containers'
	run -125 ranby create --name a --replace --network none busybox true
	one_error 'dependent containers'
	state_is a created
	local b
	b=$(ranby inspect --format '{{.Id}}' b)
	run -0 ranby rm --depend a
	[ "$output" = "$b"$'\na' ]
	nothing_left
	made --name a
	made --name b --requires a
	made --name c --requires a,b
	run -0 ranby rm --all
	nothing_left
}

@test "what is not there, and one that cannot start" {
	run -125 ranby create --network none --requires nosuch busybox true
	one_error '--requires nosuch'
	nothing_left
	made --name self
	run -125 ranby create --name self --replace --requires self --network none busybox true
	one_error '--requires self'
	nothing_left
	ranby create --name bad --network none busybox /nosuch
	made --name b --requires bad
	run -127 ranby start b
	one_error 'needs'
	state_is b created
}
