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

# peak COMMAND...: runs it, its output to $output and its exit code to $status, the largest resident size of it and its workers (KiB) to $peak
# shellcheck disable=SC2034 # it is the caller's
peak() {
	run timeout 120 python3 -c '
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)' "$BATS_TEST_TMPDIR/peak" "$@"
	peak=$(cat "$BATS_TEST_TMPDIR/peak")
}
