#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Offline attribution against the machine's own kernel audit. Each program of
# the workload says in an argument where it is (at=c1, at=host): that is the
# truth, and nothing else of it is looked at.
load ../audit

setup_file() {
	audit_begin RAW
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || return 0
	installed
	export XDG_RUNTIME_DIR=
	audit_pack "$AUDIT_ALICE" "$AUDIT_BOB"
	workload
	audit_sync
	cp "$AUDIT_LOG" "$AUDIT_DIR/work.log"
	chmod 644 "$AUDIT_DIR/work.log"
	auditctl -l >"$AUDIT_DIR/loaded"
	audit_unpack "$AUDIT_ALICE" "$AUDIT_BOB"
}

teardown_file() { audit_end; }
setup() { audit_need; }

ranby_of() { "${INSTALLED:-$RANBY_TREE/build}/bin/ranby" "$@"; }

# What runs in a container or on the host: children, grandchildren, orphans, sessions, vfork by the shell and by others.
script() {
	cat <<-SH
		n=0
		while [ \$n -lt ${2:-60} ]; do
			/bin/true at=$1
			(/bin/true at=$1; (/bin/true at=$1) ) &
			( ( /bin/true at=$1; /bin/true at=$1 ) & )
			setsid sh -c '/bin/true at=$1; /bin/true at=$1' &
			n=\$((n + 1))
			wait
		done
		sleep 0.3
	SH
}

# run_box USER NAME: a container that does it, in a store of its own.
run_box() {
	local user=$1 name=$2
	audit_as "$user" sh -c 'umask 077; d=/var/tmp/attribute-$2; rm -rf "$d"; mkdir -p "$d/r"
		"$0" --root "$d" --runroot "$d/r" load --quiet --input "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		"$0" --root "$d" --runroot "$d/r" run --rm --network none --name "$2" busybox sh -c "$1"; r=$?
		"$0" --root "$d" --runroot "$d/r" rm --all --force >/dev/null 2>&1
		"$0" --root "$d" --runroot "$d/r" unshare rm -rf "$d"
		exit $r' \
		"${INSTALLED:-$RANBY_TREE/build}/bin/ranby" "$(script "$name")" "$name"
}

workload() {
	local pids=() name
	RANBY_TEST_IMAGES=$("$RANBY_TREE/tests/images/build" --where)
	export RANBY_TEST_IMAGES
	for name in c1 c2 c3; do run_box "$AUDIT_ALICE" $name 3>&- & pids+=($!); done
	for name in c4 c5; do run_box "$AUDIT_BOB" $name 3>&- & pids+=($!); done
	for name in "$AUDIT_ALICE" "$AUDIT_BOB"; do
		audit_as "$name" sh -c "$(script host 50)" 3>&- & pids+=($!)
	done
	for name in "${pids[@]}"; do wait "$name"; done
}

# judge LOG: "right wrong unknown" of the workload's execs.
judge() {
	ranby_of audit attribute --format json "$@" 2>/dev/null | python3 -c '
import collections, json, re, sys
right = wrong = unknown = 0
why = collections.Counter()
for line in sys.stdin:
    o = json.loads(line)
    m = re.search(r"\bat=(\w+)$", o.get("command", ""))
    if not m or not o["exe"].endswith(("/true", "/busybox")) or "sh -c" in o["command"]:
        continue
    if o["container"] == "unknown":
        unknown += 1
        why[m[1] + ": " + o["why"]] += 1
    elif o["container"] == m[1]:
        right += 1
    else:
        wrong += 1
        print("wrong:", line.strip(), file=sys.stderr)
print("\n".join("%s (%d)" % pair for pair in why.items()), file=sys.stderr)
print(right, wrong, unknown)'
}

# Each event is a line's serial; every k-th of them, beginning with the j-th, is left out.
without() {
	awk -v k="$1" -v j="$2" '{ match($0, /:[0-9]+\)/); s = substr($0, RSTART + 1, RLENGTH - 2) + 0 }
		s % k != j' "$AUDIT_DIR/work.log"
}

# The witness is installed for this file: without its records all else would prove nothing.
has_starts() {
	[ "$(grep -c 'VIRT_CONTROL.*op=start.*trust=live' "$AUDIT_DIR/work.log")" = 5 ] || { echo 'not each container has its start record' >&2; return 1; }
}

@test "each of two thousand execs and more is where it says it is (F21)" {
	has_starts
	run -0 judge "$AUDIT_DIR/work.log"
	echo "right, wrong, unknown: $output"
	[ -z "${KEEP_LOG:-}" ] || cp "$AUDIT_DIR/work.log" "$KEEP_LOG"
	read -r right wrong unknown <<<"${lines[-1]}"
	[ "$wrong" = 0 ]
	[ "$unknown" = 0 ]
	[ "$right" -ge 2000 ]
}

@test "records left out make answers unknown, and none wrong (F21)" {
	has_starts
	local k known=0
	for k in 2 3 5 7 11 23 50 97 211 499 1009; do
		without "$k" $((k / 2)) >"$AUDIT_DIR/holes.log"
		run -0 judge "$AUDIT_DIR/holes.log"
		echo "every ${k}th: right, wrong, unknown: $output"
		read -r right wrong unknown <<<"${lines[-1]}"
		[ "$wrong" = 0 ]
		known=$((known + right))
	done
	[ "$known" -gt 0 ]
}

@test "any single start, fork or namespace record left out: nothing is wrong" {
	has_starts
	local serial
	for serial in $(grep -E 'VIRT_CONTROL|syscall=(272|308) |a0=7e02|a0=6c02' "$AUDIT_DIR/work.log" |
		sed 's/.*:\([0-9]*\)).*/\1/' | sort -un | head -60); do
		grep -v ":$serial):" "$AUDIT_DIR/work.log" >"$AUDIT_DIR/holes.log"
		run -0 judge "$AUDIT_DIR/holes.log"
		read -r right wrong unknown <<<"${lines[-1]}"
		[ "$wrong" = 0 ] || { echo "without $serial: $output"; return 1; }
	done
}

@test "without fork records it says unknown" {
	has_starts
	grep -vE 'syscall=(56|57|58|435) ' "$AUDIT_DIR/work.log" >"$AUDIT_DIR/holes.log"
	run -0 judge "$AUDIT_DIR/holes.log"
	read -r right wrong unknown <<<"${lines[-1]}"
	[ "$wrong" = 0 ]
	[ "$unknown" -gt 0 ]
}

@test "who: a container, a pid, a serial" {
	has_starts
	run -0 ranby_of audit who --log "$AUDIT_DIR/work.log" c4
	[[ $output == *"c4: uuid "* ]]
	[[ $output == *"$AUDIT_BOB"* ]]
	[[ $output != *"$AUDIT_ALICE"* ]]
	run -0 --separate-stderr ranby_of audit attribute --format json --container c4 "$AUDIT_DIR/work.log"
	serial=$(python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["serial"])' <<<"$output")
	run -0 --separate-stderr ranby_of audit who --serial --format json --log "$AUDIT_DIR/work.log" "$serial"
	[[ $output == *'"container":"c4"'* ]]
}

@test "rogue: nothing of ranby's own" {
	has_starts
	run -0 ranby_of audit rogue "$AUDIT_DIR/work.log"
}

@test "an anchor stands in for another engine's start record" {
	audit_pack "$AUDIT_ALICE"
	# a container of no engine: its init is told by the caller
	audit_as "$AUDIT_ALICE" unshare -Urmpf --mount-proc sh -c 'echo $$ >/dev/null; /bin/true at=box; (/bin/true at=box; (/bin/true at=box) )'
	audit_sync
	pid=$(ranby_of audit attribute --format json "$AUDIT_LOG" 2>/dev/null |
		python3 -c 'import json,sys
for l in sys.stdin:
    o = json.loads(l)
    if "echo $$" in o.get("command", "") and o["exe"].endswith("dash") : print(o["pid"]); break')
	[ -n "$pid" ]
	run -0 judge --anchor "$pid=box" <(grep -a "" "$AUDIT_LOG" | cat)
	[ -n "$output" ]
	run -0 --separate-stderr ranby_of audit attribute --anchor "$pid=box" --container box --format json "$AUDIT_LOG"
	[ "$(grep -c 'at=box"' <<<"$output")" = 3 ]
}

@test "the pack is read by augenrules, whole, and by the kernel (F20)" {
	[ "$(grep -c '^-a' "$RANBY_TREE/policies/audit/40-ranby.rules")" -gt 0 ]
	# those of two users were loaded by setup_file, each rule for each
	[ "$(grep -c ranby- "$AUDIT_DIR/loaded")" -ge "$((2 * $(grep -c '^-a.*auid>=1000' "$RANBY_TREE/policies/audit/40-ranby.rules")))" ]
	run -0 ranby_of audit rules
	[[ $output == *'-k ranby-exec'* ]]
	command -v augenrules >/dev/null || skip 'augenrules is not installed'
	run -0 unshare --mount --propagation private bash -eu -c '
		mount -t tmpfs none /etc/audit && mkdir /etc/audit/rules.d
		printf "%s\n" "-D" "-b 8192" >/etc/audit/rules.d/10-base.rules
		augenrules >/dev/null
		augenrules --check
		install -m 640 "$0" /etc/audit/rules.d/40-ranby.rules
		augenrules --check
		augenrules
		augenrules --check
		cat /etc/audit/audit.rules' "$RANBY_TREE/policies/audit/40-ranby.rules"
	[[ ${lines[0]} == *'No change' ]]
	[[ ${lines[1]} == *'Rules have changed and should be updated' ]]
	[[ ${lines[2]} == *'No change' ]]
	[ "$(grep '^-[aw]' <<<"$output")" = "$(grep '^-[aw]' "$RANBY_TREE/policies/audit/40-ranby.rules")" ]
}
