# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# For tests of what lies, after lib: tests/hostile-registry for a whole file.

# hostile_setup_file: it serves busybox at $BAD; what it keeps, its log too, is in $HOSTILE.
hostile_setup_file() {
	export HOSTILE=$BATS_FILE_TMPDIR/hostile BAD
	mkdir -p "$HOSTILE"
	mkfifo "$HOSTILE/stdin"
	"$RANBY_TREE/tests/hostile-registry" "$RANBY_TEST_IMAGES/busybox" "$HOSTILE" <"$HOSTILE/stdin" >"$HOSTILE/out" 2>&1 3>&- &
	sleep 3600 >"$HOSTILE/stdin" 2>&1 3>&- &
	echo $! >"$HOSTILE/pid"
	wait_for 30 test -s "$HOSTILE/address"
	BAD=$(cat "$HOSTILE/address")
}

hostile_teardown_file() { [ ! -f "${HOSTILE:-/}/pid" ] || kill "$(cat "$HOSTILE/pid")" 2>/dev/null || true; }
