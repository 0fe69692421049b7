#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A user's own ledger, without any privilege: a walk through a container's life
# leaves an entry each, and `audit verify` names the first one that was tampered with.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() {
	ranby_setup_file busybox
	LEDGER=$XDG_STATE_HOME/ranby/ledger
	export LEDGER
	need_namespaces
	ranby run --name walk --network=none --detach busybox sleep 1000 >/dev/null
	ranby exec walk true
	ranby kill --signal USR1 walk >/dev/null
	ranby stop --time 0 walk >/dev/null
	ranby rm walk >/dev/null
	ranby run --rm --network=none busybox sh -c 'exit 3' || [ $? = 3 ]
	ranby tag busybox walked
	ranby rmi walked >/dev/null
	# what fails is an entry, too
	if ranby run --rm --network=none busybox /no/such/program 2>/dev/null; then return 1; fi
	if ranby pull --quiet localhost:1/nothing 2>/dev/null; then return 1; fi
}
teardown_file() { ranby_teardown_file; }

verify() { ranby audit verify --ledger "${1:-$LEDGER}"; }

# copy: a ledger to tamper with; $SEGMENT is its only file.
copy() {
	COPY=$BATS_TEST_TMPDIR/copy
	rm -rf "$COPY"
	cp -r "$LEDGER" "$COPY"
	SEGMENT=$COPY/00000000000000000001.jsonl
}

# found WORD SEQ: the first fault is that one, at that entry.
found() {
	run -1 verify "$COPY"
	[[ $output == *"first bad: $1: "* ]] || fail "wanted $1:" "$output"
	run -1 ranby audit verify --ledger "$COPY" --format json
	python3 -c 'import json, sys
first = json.load(sys.stdin)["ledgers"][0]["faults"][0]
assert first["kind"] == sys.argv[1] and first["seq"] == int(sys.argv[2]), first' "$1" "$2" <<<"$output" || fail "wanted entry $2:" "$output"
}

@test "each verb left its entry, in order and chained, failures too (F19)" {
	run -0 verify
	[[ $output == *', whole'* ]]
	# said of each ledger that nobody else vouches for
	[[ $output == *'no anchor from elsewhere'* ]]
	python3 - "$LEDGER/00000000000000000001.jsonl" <<-'PY'
		import hashlib, json, sys
		prev, entries = "0" * 64, []
		for n, line in enumerate(open(sys.argv[1], "rb"), 1):
		    line = line.rstrip(b"\n")
		    e = json.loads(line)
		    assert e["seq"] == n and e["prev"] == prev, e
		    assert json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == line, line
		    prev = hashlib.sha256(line).hexdigest()
		    entries.append(e)
		walk = [e["op"] for e in entries if e.get("vm") == "walk"]
		order = [op for op in walk if op in ("create", "start", "exec", "kill", "stop", "rm")]
		assert order[:4] == ["create", "start", "exec", "kill"] and order[-1] == "rm" and "stop" in order, order
		failed = [e for e in entries if e.get("res") == "failed"]
		assert any(e["op"] == "start" for e in failed) and any(e["op"] == "pull" for e in failed), failed
		start = [e for e in entries if e["op"] == "start" and e.get("res") == "success"]
		stop = [e for e in entries if e["op"] == "stop" and e.get("res") == "success"]
		assert {e["ctr"] for e in start} == {e["ctr"] for e in stop} and len(start) == 2, (start, stop)
	PY
}

# since N EXPRESSION: a Python expression over `es`, the entries after the Nth, is true
since() {
	python3 - "$LEDGER/00000000000000000001.jsonl" "$@" <<-'PY'
		import json, sys
		es = [json.loads(line) for line in open(sys.argv[1])][int(sys.argv[2]):]
		say = lambda *keys, **want: [tuple(e.get(k) for k in keys) for e in es if all(e.get(k.replace("_", "-")) == v for k, v in want.items())]
		assert eval(sys.argv[3]), "\n".join(map(str, es))
	PY
}
entries() { wc -l <"$LEDGER/00000000000000000001.jsonl"; }

@test "volumes: made once, taken away with their container, and failures of both" {
	local n id
	n=$(entries)
	ranby create --name vols -v cache:/c -v /anonymous --network=none busybox true >/dev/null
	id=$(ranby inspect --format '{{.Id}}' vols)
	since "$n" "say('vm', 'res', 'ctr', op='volume-create')[0] == ('cache', 'success', '$id')"
	since "$n" "[len(vm) for vm, in say('vm', op='volume-create')] == [5, 64]"
	since "$n" "[e['op'] for e in es].index('volume-create') < [e['op'] for e in es].index('create')"
	ranby rm -v vols >/dev/null
	since "$n" "say('vm', 'reason', 'res', 'ctr', op='volume-rm') == [(say('vm', op='volume-create')[1][0], 'user', 'success', '$id')]"
	# it is there already; --rm is nobody's word
	n=$(entries)
	ranby run --rm -v cache:/c -v /anonymous --network=none busybox true
	since "$n" "len(say('vm', op='volume-create')) == 1 and say('reason', op='volume-rm') == [('auto',)]"
	# a container that does not come to be takes what was made for it along
	n=$(entries)
	run -125 ranby create -v fresh:/a -v other:/a --network=none busybox true
	since "$n" "say('op', 'reason', 'res', vm='fresh') == [('volume-create', 'user', 'success'), ('volume-rm', 'discard', 'success')]"
	since "$n" "say('res', op='create') == [('failed',)]"
	ranby create --name vols -v /anonymous --network=none busybox true >/dev/null
	mv "$RANBY_ROOT/volumes" "$RANBY_ROOT/aside"
	: >"$RANBY_ROOT/volumes"
	n=$(entries)
	run -125 ranby create -v fresh:/a --network=none busybox true
	run ranby rm -v vols
	[ "$status" != 0 ]
	rm "$RANBY_ROOT/volumes"
	mv "$RANBY_ROOT/aside" "$RANBY_ROOT/volumes"
	since "$n" "say('vm', 'res', op='volume-create') == [('fresh', 'failed')] and say('res', op='volume-rm') == [('failed',)]"
	since "$n" "all(e.get('detail') for e in es if e['res'] == 'failed')"
	ranby rm -v vols >/dev/null
}

@test "a container that goes by the way: --replace, rmi --force, prune, a run that does not start" {
	local n
	ranby create --name way --network=none busybox true >/dev/null
	n=$(entries)
	ranby create --name way --replace --network=none busybox true >/dev/null
	since "$n" "say('vm', 'reason', op='rm') == [('way', 'replace')]"
	n=$(entries)
	ranby container prune --force >/dev/null
	since "$n" "('way', 'prune') in say('vm', 'reason', op='rm')"
	n=$(entries)
	run -127 ranby run --rm --name way --network=none busybox nosuch
	since "$n" "say('op', 'reason', 'res', vm='way') == [('create', 'user', 'success'), ('start', 'booted', 'failed'), ('rm', 'auto', 'success')]"
	ranby import "$RANBY_TEST_IMAGES/busybox.tar" gone:1 >/dev/null
	ranby create --name way2 --network=none gone:1 true >/dev/null
	n=$(entries)
	ranby rmi --force gone:1 >/dev/null
	since "$n" "say('vm', 'reason', op='rm') == [('way2', 'rmi')]"
}

@test "a run that fails between its making and its start is a failed start" {
	local n
	n=$(entries)
	run -125 ranby run --name early --network=none --pidfile /no/such/directory/pid busybox true
	since "$n" "say('op', 'res', vm='early') == [('create', 'success'), ('start', 'failed')]"
	since "$n" "'--pidfile' in say('detail', vm='early', op='start')[0][0]"
	ranby rm early >/dev/null
	n=$(entries)
	run -125 ranby run --name early --network=none --conmon-pidfile /no/such/directory/pid busybox true
	since "$n" "say('op', 'res', vm='early') == [('create', 'success'), ('start', 'failed')]"
	run -125 ranby start --attach --detach-keys 'ctrl-nothing' early
	since "$n" "say('op', 'res', vm='early')[2:] == [('start', 'failed')]"
	ranby rm early >/dev/null
}

@test "a byte changed in any entry: that entry is named (F10)" {
	local n at
	n=$(wc -l <"$LEDGER/00000000000000000001.jsonl")
	for at in 1 2 $((n / 2)) $((n - 1)); do
		copy
		sed -i "${at}s/\"op\":\"\\(.\\)/\"op\":\"X/" "$SEGMENT"
		found changed "$at"
		copy
		# not canonical any more
		sed -i "${at}s/{/{ /" "$SEGMENT"
		found changed "$at"
	done
}

@test "an entry taken out, two exchanged, one twice, one put in, bytes between (F10)" {
	copy
	sed -i 4d "$SEGMENT"
	found missing 4
	copy
	sed -i 1,2d "$SEGMENT"
	found missing 1
	copy
	sed -i '4{h;d};5G' "$SEGMENT"
	run -1 verify "$COPY"
	[[ $output == *'first bad: missing: '* || $output == *'first bad: reordered: '* ]]
	[[ $output == *reordered* ]]
	copy
	sed -i 5p "$SEGMENT"
	found duplicate 5
	copy
	sed -i '5a {"op":"rm","vm":"other"}' "$SEGMENT"
	run -1 verify "$COPY"
	[[ $output == *'first bad: '* ]]
	copy
	sed -i '5a nothing at all' "$SEGMENT"
	run -1 verify "$COPY"
	[[ $output == *'first bad: garbage: '* ]]
}

@test "what only an anchor could show is not called proved (F10)" {
	local n
	copy
	n=$(wc -l <"$SEGMENT")
	sed -i "$((n - 1)),\$d" "$SEGMENT"
	# the stop of the last run may be among what was cut off
	run verify "$COPY"
	[[ $output != *truncated* ]]
	[[ $output == *'that nothing was cut off at its end, or all of it written anew, is not proved'* ]]
}

@test "a start whose end nobody wrote is named, and one that still runs is not" {
	local id
	copy
	# written anew without the stop, as its owner could
	cat >"$BATS_TEST_TMPDIR/without" <<-'PY'
		import hashlib, json, sys
		prev, out, told = "0" * 64, [], None
		for line in open(sys.argv[1]):
		    e = json.loads(line)
		    if e["op"] == "stop" and e["vm"] == "walk":
		        continue
		    if len(sys.argv) > 2 and e["op"] == "rm" and e["vm"] == "walk":
		        continue
		    e["prev"], e["seq"] = prev, len(out) + 1
		    if e["op"] == "start" and e["vm"] == "walk":
		        told = e
		    out.append(json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
		    prev = hashlib.sha256(out[-1].encode()).hexdigest()
		open(sys.argv[1], "w").write("\n".join(out) + "\n")
		print(told["seq"], told.get("uuid", "of container " + told["ctr"][:40]))
	PY
	for how in '' without-rm; do
		copy
		# shellcheck disable=SC2086 # none or one
		read -r seq run < <(python3 "$BATS_TEST_TMPDIR/without" "$SEGMENT" $how)
		run -1 verify "$COPY"
		[[ $output == *"first bad: no-stop: run $run was started by entry $seq, and its end was not recorded"* ]] || fail "$how" "$output"
	done
	id=$(ranby run --detach --network=none busybox sleep 1000)
	run -0 verify
	ranby rm --force --time 0 "$id" >/dev/null
	run -0 verify
}

@test "a run that ends before the start, because its --cidfile cannot be written, leaves no container, and both are recorded" {
	run -125 ranby run --name made --network none --cidfile /nonexistent/id busybox true
	one_error /nonexistent/id
	run -1 ranby container exists made
	[ "$(jq -r 'select(.vm == "made") | .op + " " + .res' "$LEDGER"/*.jsonl | paste -sd,)" = 'create success,rm success' ]
}
