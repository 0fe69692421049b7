#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What podman answers to the same command lines: tests/compat.

load lib

@test "command lines of docker's and podman's users: podman's answers, or a reason why not" {
	need_program podman
	need_ranges
	"$BATS_TEST_DIRNAME/compat/run" || fail 'what differs is above; a difference needs its reason in tests/compat/differences'
}
