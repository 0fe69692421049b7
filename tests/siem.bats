#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What tools that are not ours make of our kernel records: tests/siem/records.log holds one of each kind, as a kernel
# and auditd wrote them, with golden outputs of laurel and of auditbeat's rules. That today's witness writes records of
# the same shape is tested by tests/root/witness.bats, with a kernel; ausearch's and aureport's readings are there, too.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup() {
	SIEM=$RANBY_TREE/tests/siem
	need_program python3
}

@test "auditbeat: each record's fields, action and object (F30)" {
	"$SIEM/auditbeat" <"$SIEM/records.log" | diff "$SIEM/auditbeat.golden" -
	python3 - "$SIEM/auditbeat.golden" <<-'PY'
		import json, sys
		records = [json.loads(line) for line in open(sys.argv[1])]
		start = next(r for r in records if r["object"]["primary"] == "start" and r["data"]["result"] == "success")
		assert (start["action"], start["object"]) == ("issued-vm-control", {"type": "virtual-machine", "primary": "start", "secondary": "web"})
		assert len(start["data"]["ctr"]) == 64 and start["data"]["auid"] == start["data"]["starter-auid"] == "2014"
		# the kernel's stamp is what stands there: nothing of ours has one of its names
		assert all(r["data"]["auid"] == r["data"]["uid"] == "2014" and r["data"]["pid"] != r["data"].get("vm-pid") for r in records)
		assert {r["record_type"] for r in records} >= {"virt_control", "virt_resource", "virt_create", "virt_destroy", "virt_integrity_check"}
	PY
}

@test "laurel: each record is an event without an error, and its message whole (F30)" {
	python3 - "$SIEM/laurel.golden" "$SIEM/records.log" <<-'PY'
		import json, re, sys
		events = [json.loads(line) for line in open(sys.argv[1])]
		lines = open(sys.argv[2], newline="\n").read().splitlines()
		want = [re.match(r"type=(\w+) msg=audit\(([\d.:]+)\): .*? msg='(.*)'", line).groups() for line in open(sys.argv[2], newline="\n")]
		assert len(events) == len(want)
		for event, (kind, id, message) in zip(events, want):
		    assert event["ID"] == id and event[kind]["msg"] == message and event[kind]["auid"] == 2014, event
	PY
	command -v laurel >/dev/null || [ -x /usr/sbin/laurel ] || skip 'no laurel here: its golden output alone was looked at'
	mkdir "$BATS_TEST_TMPDIR/out"
	cat >"$BATS_TEST_TMPDIR/config" <<-TOML
		directory = "$BATS_TEST_TMPDIR/out"
		statusreport-period = 0
		[auditlog]
		file = "audit.log"
		size = 50000000
		generations = 1
		[enrich]
		pid = false
		container = false
	TOML
	run -0 env PATH="$PATH:/usr/sbin" timeout 30 laurel --config "$BATS_TEST_TMPDIR/config" <"$SIEM/records.log"
	[[ $output == *'with 0 errors in total'* ]]
	diff "$SIEM/laurel.golden" "$BATS_TEST_TMPDIR/out/audit.log"
}
