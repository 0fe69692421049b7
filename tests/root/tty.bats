#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The kernel's own record of keystrokes (TTY, as pam_tty_audit(8) switches it on at a login) from inside a container,
# beside ours: both say the same, and the kernel's says whose they were.
# shellcheck disable=SC2154 # bats sets output and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin
	installed
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TEST_IMAGES
}
teardown_file() { audit_end; }
setup() {
	audit_need
	"$RANBY_TREE/tests/tty-audit" true 2>/dev/null || skip 'this kernel has no TTY auditing'
	: >"$AUDIT_LOG"
}

# typed STEPS: alice's login, with TTY auditing, drives a recorded shell in a container; its recorded input, then its output
typed() {
	export STEPS=$1
	"$RANBY_TREE/tests/tty-audit" bash -c "$(declare -f audit_as)"'; audit_as "$AUDIT_ALICE" bash -c '\''
		base=$(mktemp -d "$TMPDIR/t.XXXXXX") && mkdir -m 700 "$base/run"
		export XDG_STATE_HOME=$base/state
		R() { ranby --root "$base/data" --runroot "$base/run" "$@"; }
		trap "R rm --all --force --time 0 >/dev/null 2>&1; R rmi --all >/dev/null 2>&1; rm -rf $base 2>/dev/null || unshare --map-root-user --map-auto rm -rf $base" EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		printf "#!/bin/sh\nexec ranby --root $base/data --runroot $base/run \"\$@\"\n" >"$base/ranby"
		chmod +x "$base/ranby"
		"$RANBY_TREE/tests/pty" "$base/ranby" run -it --network=none --record --record-input --name typed busybox sh <<<"$1" >/dev/null || exit
		R audit replay --speed 0 --input typed >"$base/in"
		R audit replay --speed 0 typed >"$base/out"
		od -An -v -tx1 "$base/in" | tr -d " \n"; echo
		od -An -v -tx1 "$base/out" | tr -d " \n"; echo'\'' sh "$STEPS"'
}

# keystrokes COMM: what the kernel says that programs of that name have read from a terminal, in the order of its serials
keystrokes() {
	python3 - "$AUDIT_LOG" "$1" <<-'PY'
		import re, sys
		got = []
		for line in open(sys.argv[1], errors="replace"):
		    m = re.match(r"type=TTY msg=audit\([\d.]+:(\d+)\): .*\bcomm=\"?([^\" ]*)\"? data=([0-9A-F]+|\"[^\"]*\")", line)
		    if m and m[2] == sys.argv[2]:
		        got.append((int(m[1]), bytes.fromhex(m[3]) if m[3][0] != '"' else m[3][1:-1].encode()))
		print(b"".join(data for _, data in sorted(got)).hex())
	PY
}

@test "what is typed in a container: the kernel's record and ours are the same, and whose it is (F26)" {
	local input output uid
	typed $'expect # $\nsend echo one; cat\\r\nexpect one\nsend line of cat\\r\nexpect line of cat\nsend \\x04\nexpect # $\nsend exit 5\\r\nexit 5' >"$BATS_TEST_TMPDIR/ours"
	{ read -r input; read -r output; } <"$BATS_TEST_TMPDIR/ours"
	[ "$input" = "$(printf 'echo one; cat\rline of cat\r\004exit 5\r' | od -An -v -tx1 | tr -d ' \n')" ]
	[[ $output == *"$(printf 'line of cat' | od -An -v -tx1 | tr -d ' \n')"* ]]
	audit_sync
	# the front reads all of it from the user's own terminal, key by key; what is in the container reads the lines that its terminal makes
	[ "$(keystrokes ranby)" = "$input" ]
	[ "$(keystrokes sh)" = "$(printf 'echo one; cat\nexit 5\n' | od -An -v -tx1 | tr -d ' \n')" ]
	[ "$(keystrokes cat)" = "$(printf 'line of cat\n' | od -An -v -tx1 | tr -d ' \n')" ]
	uid=$(id -u "$AUDIT_ALICE")
	[ "$(grep -a '^type=TTY' "$AUDIT_LOG" | grep -avc " uid=$uid auid=$uid ses=")" = 0 ]
	[ "$(grep -aE '^type=(TTY|VIRT_CONTROL) ' "$AUDIT_LOG" | grep -ao ' auid=[0-9]* ses=[0-9]*' | sort -u | wc -l)" = 1 ]
	# and a real tool reads it
	run -0 audit_report --tty
	[[ $output == *'"line of cat"'* ]]
}

@test "a password, which is typed without echo: the kernel leaves it out of what the container reads, and what is shown has none" {
	typed $'expect # $\nsend stty -echo; echo rea""dy; read x; stty echo; echo got $x | tr a-z A-Z\\r\nexpect ready\nsend hush\\r\nexpect GOT HUSH\nsend exit 0\\r\nexit 0' >"$BATS_TEST_TMPDIR/ours"
	audit_sync
	[ -n "$(keystrokes sh)" ] && [[ $(keystrokes sh) != *"$(printf hush | od -An -v -tx1 | tr -d ' \n')"* ]]
	[ "$(sed -n 2p "$BATS_TEST_TMPDIR/ours" | grep -c "$(printf hush | od -An -v -tx1 | tr -d ' \n')")" = 0 ]
}
