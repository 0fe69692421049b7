# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
# shellcheck shell=bash
#
# What the tests of `ranby build` share: a context below the test's own
# directory, and whether a build has left anything.
#
#	load lib
#	load context
#	setup() { in_context; }
#	containerfile <<<$'FROM busybox\nRUN true'; ranby build ctx; nothing_left

# A file of tests that needs more than busybox has functions of its own of these names.
setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }

in_context() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir ctx
}

# containerfile: ctx/Containerfile from standard input.
containerfile() { cat >ctx/Containerfile; }

# left_over: what there is of a build: a container, something half made in the store, secrets and processes' files in the run directory
left_over() {
	find "$RANBY_ROOT"/{staging,containers,pending} -mindepth 1 2>/dev/null || true
	find "$RANBY_RUN" -name 'build-*' 2>/dev/null || true
}
no_work_left() { [ -z "$(left_over)" ]; }
nothing_left() { no_work_left || fail 'left behind:' "$(left_over)"; }
