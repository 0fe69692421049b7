#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit verify --log with what the kernel and auditd really wrote: a user's
# ledger and the audit log agree, and whatever is taken from either, or changed by the
# ledger's own owner with all hashes made anew, is found.
# shellcheck disable=SC2154 # bats sets output and status

load ../audit

setup_file() {
	audit_begin
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	installed
	export RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	BASE=$AUDIT_DIR/alice
	export BASE
	install -d -m 700 -o "$AUDIT_ALICE" "$BASE"
	# an exec of somebody's between any two records, so that no gap is at the log's end
	audit_rule -a always,exit -F arch=b64 -S execve -F auid="$(id -u "$AUDIT_ALICE")" -k verify
	alice 'mkdir -p -m 700 $BASE/run; R load -q -i $RANBY_TEST_IMAGES/busybox.tar >/dev/null
		R run --rm --name once --network=none busybox true
		R run -d --name web --network=none busybox sleep 1000 >/dev/null
		R exec web true
		R stop -t 0 web >/dev/null
		R rm web >/dev/null
		R run --rm --name late --network=none busybox true'
	audit_sync
	cp -r "$BASE/state/ranby/ledger" "$AUDIT_DIR/ledger"
	cp "$AUDIT_LOG" "$AUDIT_DIR/whole.log"
	# rewritten LEDGER SCRIPT: what the owner can do: SCRIPT changes `entries`, and every hash is made anew
	cat >"$AUDIT_DIR/rewrite" <<-'PY'
		import hashlib, json, sys
		name = sys.argv[1] + "/00000000000000000001.jsonl"
		entries = [json.loads(l) for l in open(name)]
		exec(sys.argv[2])
		prev, out = "0" * 64, []
		for e in entries:
		    e["prev"], e["seq"] = prev, len(out) + 1
		    out.append(json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
		    prev = hashlib.sha256(out[-1].encode()).hexdigest()
		open(name, "w").write("\n".join(out) + "\n")
	PY
}

teardown_file() {
	[ -z "${BASE:-}" ] || alice 'R rm --all --force --time 0 >/dev/null 2>&1; R rmi --all >/dev/null 2>&1; unshare --map-root-user --map-auto rm -rf $BASE/data' || true
	audit_end
}

setup() {
	audit_need
	LEDGER=$BATS_TEST_TMPDIR/ledger LOG=$BATS_TEST_TMPDIR/log
	cp -r "$AUDIT_DIR/ledger" "$LEDGER"
	cp "$AUDIT_DIR/whole.log" "$LOG"
	SEGMENT=$LEDGER/00000000000000000001.jsonl
}

# alice SCRIPT: a login, in which R is ranby with a store below $BASE.
alice() {
	audit_as "$AUDIT_ALICE" env "BASE=$BASE" "XDG_STATE_HOME=$BASE/state" bash -c 'R() { ranby --root "$BASE/data" --runroot "$BASE/run" "$@"; }; '"$1"
}

verify() { "$INSTALLED/bin/ranby" audit verify --ledger "$LEDGER" --log "$LOG" --owner "$(id -u "$AUDIT_ALICE")" "$@"; }
rewrite() { python3 "$AUDIT_DIR/rewrite" "$LEDGER" "$1"; }

# found WORD...: not whole; the first fault is of the first kind, and the others are told as well.
found() {
	run -1 verify
	[[ $output == *"first bad: $1: "* ]] || { echo "wanted first $1:" "$output" >&2; return 1; }
	for word in "$@"; do
		grep -Eq "^  (first bad: )?$word: " <<<"$output" || { echo "wanted $word:" "$output" >&2; return 1; }
	done
}

whole() {
	run verify
	[ "$status" = 0 ] || { echo "$output" >&2; return 1; }
}

# receipt OP NAME: of that entry
receipt() {
	python3 -c 'import json, sys
print([e["receipt"] for e in map(json.loads, open(sys.argv[1])) if e["op"] == sys.argv[2] and e.get("vm") == sys.argv[3]][0])' "$SEGMENT" "$1" "$2"
}

@test "a ledger and the kernel's records agree, and each entry has one" {
	whole
	[[ $output == *', whole'* ]]
	# the records are anchors, which the owner cannot reach
	[[ $output =~ ([0-9]+)' anchors met, '([0-9]+)' of them kept elsewhere' ]]
	[ "${BASH_REMATCH[2]}" -ge 8 ]
	[[ $output =~ 'audit log: '([0-9]+)' records and '([0-9]+)' entries compared, 0 entries outside of what it covers, 0 entries without a receipt' ]] ||
		{ grep -v '"receipt":"[0-9]' "$SEGMENT"; echo "$output" >&2; return 1; }
	[ "${BASH_REMATCH[1]}" = "$(wc -l <"$SEGMENT")" ]
	# the log's own word for it: alice's VIRT_* records that name an entry, and the ends that monitors told
	[ "$(grep -a '^type=VIRT_' "$LOG" | grep " uid=$(id -u "$AUDIT_ALICE") " | grep -cE 'claimed-ledger=| op=stop ')" = "${BASH_REMATCH[1]}" ]
}

@test "records taken out of the log: the missing serials, and whose entries they were" {
	local at
	at=$(receipt exec web)
	sed -i "/audit($at)/d" "$LOG"
	found missing-serials no-record
	[[ $output == *"first bad: missing-serials: serial ${at#*:} is missing in the audit log"* ]]
	[[ $output == *"no-record: entry "*" (op=exec) names audit record $at, which the log does not have"* ]]
	# a hole of several
	cp "$AUDIT_DIR/whole.log" "$LOG"
	sed -i "/audit($(receipt start web))/,/audit($(receipt stop web))/d" "$LOG"
	found missing-serials no-record
	[[ $output =~ 'missing-serials: serials '[0-9]+' to '[0-9]+' are missing' ]]
}

@test "a byte of an entry, by somebody who does not make the hashes anew" {
	sed -i '4s/"op":"./"op":"X/' "$SEGMENT"
	found changed
	[[ $output == *"first bad: changed: "*"00000000000000000001.jsonl, byte "* ]]
}

@test "the owner changes an entry and makes all hashes anew: the record after it tells" {
	rewrite 'e = [e for e in entries if e["op"] == "create" and e["vm"] == "once"][0]; e["image"] = "another"'
	found rewritten
	[[ $output == *'first bad: rewritten: '*'audit record '* ]]
}

@test "the owner takes an entry out: the record that was made for it tells" {
	rewrite 'entries = [e for e in entries if not (e["op"] == "exec" and e["vm"] == "web")]'
	found rewritten no-entry
	[[ $output == *"no-entry: no entry of the ledger names audit record $(sed -n 's/.*audit(\([0-9.:]*\)).* op=exec .*vm="web".*/\1/p' "$LOG") (op=exec)"* ]]
}

@test "the owner cuts off the end (F10)" {
	rewrite 'entries = entries[:-3]'
	found truncated no-entry
	[[ $output == *'truncated: the ledger ends at entry '*'audit record '* ]]
}

@test "the owner takes out the end of a run, for which the monitor's record names no entry" {
	rewrite 'entries = [e for e in entries if not (e["op"] == "stop" and e["vm"] == "web")]'
	found rewritten no-entry no-stop
	grep -q "no-entry: no entry of the ledger names audit record $(sed -n 's/.*audit(\([0-9.:]*\)).* op=stop .*vm="web".*/\1/p' "$LOG"), the end of run " <<<"$output"
}

@test "the owner writes an entry that never was, with a receipt of something else" {
	local other
	other=$(sed -n 's/^type=SYSCALL msg=audit(\([0-9.:]*\)):.*key="verify".*/\1/p' "$LOG" | sed -n 5p)
	rewrite "entries.append(dict(entries[-1], op='exec', receipt='$other'))"
	found no-record
	[[ $output == *"(op=exec) names audit record $other, which the log does not have"* ]]
}

@test "the owner makes another event of one" {
	rewrite 'e = [e for e in entries if e["op"] == "stop" and e["vm"] == "late"][0]; e["op"] = "pause"'
	found rewritten different
	[[ $output == *'different: entry '*' says op=pause, the audit record op=stop'* ]] || { echo "$output" >&2; return 1; }
}

@test "however short a container's life: its end has a record" {
	local n
	# each login's own rate limit is not what is looked at
	rm -f /run/ranby-witness/*
	alice 'for n in $(seq 40); do R run --rm --name "short$n" --network=none busybox true; done'
	audit_sync
	n=$(cat "$BASE"/state/ranby/ledger/*.jsonl | grep '"op":"stop"' | grep '"vm":"short' | grep -c '"receipt":"[0-9]')
	[ "$n" = 40 ] || { echo "$n of 40" >&2; return 1; }
	[ "$(grep -a '^type=VIRT_CONTROL' "$AUDIT_LOG" | grep -c 'op=stop .*vm="short')" = 40 ]
}

@test "a monitor that was killed: a start without its stop" {
	alice 'R run -d --name lost --network=none busybox sleep 1000 >/dev/null; R inspect --format "{{.State.Pid}} {{.Ranby.UUID}}" lost' >"$BATS_TEST_TMPDIR/lost"
	read -r pid uuid <"$BATS_TEST_TMPDIR/lost"
	audit_sync
	cp -r "$BASE/state/ranby/ledger/." "$LEDGER"
	cp "$AUDIT_LOG" "$LOG"
	# it runs
	whole
	kill -9 "$(awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")"
	kill -9 "$pid"
	while [ -d "/proc/$pid" ]; do sleep 0.05; done
	audit_sync
	cp -r "$BASE/state/ranby/ledger/." "$LEDGER"
	cp "$AUDIT_LOG" "$LOG"
	found no-stop
	[[ $output == *"first bad: no-stop: run $uuid was started by entry "* ]]
}
