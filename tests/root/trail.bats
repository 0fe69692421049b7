#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-trail as the plugin of a real auditd: each exec is labelled, nothing is
# lost or written twice when it is killed, auditd never waits for it, users can
# neither read nor cut the system ledger, and what root changes is found.
# shellcheck disable=SC2154 # bats sets output and status

load ../audit

setup_file() {
	audit_begin
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	installed
	# the plugin's own account and group, for this file of tests
	TRAIL_USER=ranbytraild TRAIL_GROUP=ranbytrailg
	getent group "$TRAIL_GROUP" >/dev/null || groupadd --system "$TRAIL_GROUP"
	getent passwd "$TRAIL_USER" >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin "$TRAIL_USER"
	SYSTEM=$AUDIT_DIR/system KEYS=$AUDIT_DIR/keys
	TRAIL=$(find "$INSTALLED/sbin" "$INSTALLED/libexec" -name ranby-trail 2>/dev/null | head -n 1)
	export TRAIL_USER TRAIL_GROUP SYSTEM KEYS TRAIL
	mkdir -m 700 "$KEYS"
	cat >"$AUDIT_DIR/trail.conf" <<-CONF
		directory = $SYSTEM
		keys = $KEYS
		user = $TRAIL_USER
		group = $TRAIL_GROUP
		audit-log = $AUDIT_LOG
		exports = json ecs ocsf
		heads-seconds = 1
	CONF
	plugin yes
	local rule
	while read -r rule; do
		# shellcheck disable=SC2086 # words of a rule
		audit_rule $rule
	done < <(grep -E -- '-S (execve,execveat|fork,vfork,clone,clone3|exit_group|unshare,setns) ' "$RANBY_TREE/policies/audit/40-ranby.rules")
	audit_daemon stop
	audit_daemon start
	for _ in $(seq 100); do
		[ ! -e "$SYSTEM/system/00000000000000000001.jsonl" ] || return 0
		sleep 0.05
	done
	echo 'the plugin did not start' >&2
	cat "$AUDIT_DIR/auditd.out" >&2
	return 1
}

teardown_file() {
	[ -z "${SYSTEM:-}" ] || chattr -R -a "$SYSTEM" 2>/dev/null || true
	audit_end
	userdel ranbytraild 2>/dev/null || true
	groupdel ranbytrailg 2>/dev/null || true
}

setup() {
	audit_need
	ALICE=$(id -u "$AUDIT_ALICE") BOB=$(id -u "$AUDIT_BOB")
}

# plugin yes|no: the plugin's file for auditd, as it is installed.
plugin() {
	sed "s/^active = .*/active = $1/; s|^path = .*|path = $TRAIL|; s|^args = .*|args = --config=$AUDIT_DIR/trail.conf|" \
		"$RANBY_TREE/policies/audit/ranby-trail.conf" >"$AUDIT_DIR/etc/plugins.d/ranby-trail.conf"
	chmod 640 "$AUDIT_DIR/etc/plugins.d/ranby-trail.conf"
	chmod 750 "$TRAIL"
}

ranby() { "$INSTALLED/bin/ranby" "$@"; }

# The writer: the one that auditd started.
trail_pid() {
	local pid
	pid=$(cat "$AUDIT_DIR/auditd.pid")
	pgrep -x -P "$pid" ranby-trail
}

# lines AUID: entries of that user's shard, one a line.
shard() { cat "$SYSTEM/auid-$1"/*.jsonl 2>/dev/null; }

# settled: until all that the kernel recorded so far has gone through the plugin.
settled() {
	local marker=$AUDIT_DIR/marker-$RANDOM$RANDOM
	cp /bin/true "$marker"
	audit_as "$AUDIT_BOB" "$marker"
	for _ in $(seq 200); do
		! shard "$BOB" | grep -qF "\"exe\":\"$marker\"" || return 0
		sleep 0.1
	done
	echo 'the plugin does not move' >&2
	return 1
}

# contained NAME N [AFTER]: alice logs in and runs N short-lived programs in namespaces, below a start record of that name.
contained() {
	chmod 755 "$RANBY_TREE/build/tools" 2>/dev/null || true
	cp "$RANBY_TREE/${RANBY_BUILD:-build}/tools/witness-ask" "$AUDIT_DIR/ask"
	cat >"$AUDIT_DIR/contained" <<-'SCRIPT'
		name=$1 n=$2 ask=$3 witness=$4 go=$5
		unshare --user --map-root-user --pid --mount --fork sh -c "
			while [ ! -e $go ]; do sleep 0.02; done
			i=0; while [ \$i -lt $n ]; do /bin/true; i=\$((i + 1)); done" &
		outer=$!
		for _ in $(seq 100); do
			init=$(cat /proc/$outer/task/$outer/children 2>/dev/null) && [ -n "$init" ] && break
			sleep 0.02
		done
		# until it is in its namespace
		sleep 0.2
		$ask "$witness" 1 pid=${init% } "vm=$name" || exit
		touch "$go"
		wait $outer
	SCRIPT
	chmod 755 "$AUDIT_DIR/ask" "$AUDIT_DIR/contained"
	mkdir -p "$AUDIT_DIR/go"
	chmod 777 "$AUDIT_DIR/go"
	audit_as "$AUDIT_ALICE" bash "$AUDIT_DIR/contained" "$1" "$2" "$AUDIT_DIR/ask" "$INSTALLED/libexec/ranby/ranby-witness" "$AUDIT_DIR/go/$1"
}

@test "a thousand short-lived execs in a container are labelled, all of them and right" {
	run -0 contained web 1000
	settled
	shard "$ALICE" >"$BATS_TEST_TMPDIR/entries"
	python3 - "$BATS_TEST_TMPDIR/entries" <<-'PY'
		import json, sys
		entries = [json.loads(line) for line in open(sys.argv[1])]
		true = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/true")]
		inside = [e for e in true if e["container"] == "web"]
		assert len(inside) == 1000, (len(true), len(inside), [e for e in true if e["container"] != "web"][:2])
		assert all(e["where"] == "container" and e["uuid"] and e["receipt"] for e in inside)
		host = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/bash")]
		assert host and all(e["container"] == "host" for e in host), host
		start = [e for e in entries if e.get("type") == "VIRT_CONTROL" and e["op"] == "start" and e["vm"] == "web"]
		assert len(start) == 1 and start[0]["res"] == "success" and start[0]["uuid"] == inside[0]["uuid"], start
		order = [int(e["receipt"].split(":")[1]) for e in inside]
		assert order == sorted(order)
	PY
	run -0 ranby audit trail --system "$SYSTEM" --container web --format json
	[ "$(grep -c '"op":"execve"' <<<"$output")" -ge 1000 ]
}

# verified: verify finds nothing but that what stands in for a container here ended without a word; $VERIFIED is what it says.
verified() {
	VERIFIED=$BATS_TEST_TMPDIR/verified
	if ranby audit verify --system "$SYSTEM" --key "$KEYS/trail.pub" >"$VERIFIED"; then return 1; fi
	grep -q 'first bad: no-stop: ' "$VERIFIED" || return
	if grep -E 'no-entry|no-record|different|missing-serials' "$VERIFIED"; then return 1; fi
}

@test "the chain is whole, and its heads are signed" {
	verified
	grep -q "auid-$ALICE: .*, whole" "$VERIFIED"
	grep -q 'anchors met' "$VERIFIED"
	[ "$(stat -c %a "$KEYS/trail.key")" = 600 ]
}

@test "killed in the middle and started again: nothing twice, nothing labelled wrong" {
	local before pid
	before=$(shard "$ALICE" | wc -l)
	contained crash 600 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local work=$!
	for _ in 1 2 3; do
		sleep 0.7
		pid=$(trail_pid) && kill -9 "$pid"
	done
	wait "$work"
	# auditd starts it again when it has something to hand out
	for _ in $(seq 100); do
		trail_pid >/dev/null && break
		audit_as "$AUDIT_BOB" true
		sleep 0.1
	done
	settled
	# what auditd took for delivered while the plugin was dead is read from its log at the next start
	pid=$(trail_pid)
	kill -9 "$pid"
	for _ in $(seq 100); do
		trail_pid >/dev/null && break
		audit_as "$AUDIT_BOB" true
		sleep 0.1
	done
	settled
	shard "$ALICE" >"$BATS_TEST_TMPDIR/entries"
	audit_search --message SYSCALL --raw >"$BATS_TEST_TMPDIR/raw" || true
	python3 - "$BATS_TEST_TMPDIR/entries" "$AUDIT_LOG" "$ALICE" <<-'PY'
		import json, re, sys
		entries = [json.loads(line) for line in open(sys.argv[1])]
		receipts = [e["receipt"] for e in entries if "receipt" in e]
		assert len(receipts) == len(set(receipts)), "written twice"
		log = open(sys.argv[2], errors="replace").read()
		want = set(m[1] for m in re.finditer(r"type=SYSCALL msg=audit\(([\d.:]+)\): arch=c000003e syscall=(?:59|322) success=yes .*? auid=%s " % sys.argv[3], log))
		missing = want - set(receipts)
		print(len(missing), "of", len(want), "not recorded")
		inside = [e for e in entries if e.get("container") == "crash"]
		wrong = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/true") and e["container"] not in ("web", "crash", "unknown")]
		print(len(inside), "labelled after the kills")
		assert not wrong, wrong[:2]
	PY
	verified
	[ "$(shard "$ALICE" | wc -l)" -ge $((before + 600)) ]
}

@test "a user can neither read nor cut the ledger, his own part neither" {
	local file=$SYSTEM/auid-$ALICE/00000000000000000001.jsonl
	[ -s "$file" ]
	for who in "$AUDIT_ALICE" "$AUDIT_BOB"; do
		run -1 audit_as "$who" cat "$file"
		run -1 audit_as "$who" truncate -s 0 "$file"
		run -2 audit_as "$who" ls "$SYSTEM"
		run audit_as "$who" "$INSTALLED/bin/ranby" audit trail --system "$SYSTEM"
		[ "$status" = 125 ]
	done
	# a member of the group reads, and cannot write
	run -0 setpriv --reuid="$BOB" --regid="$BOB" --groups="$(getent group "$TRAIL_GROUP" | cut -d: -f3)" head -c 1 "$file"
	run -1 setpriv --reuid="$BOB" --regid="$BOB" --groups="$(getent group "$TRAIL_GROUP" | cut -d: -f3)" truncate -s 0 "$file"
	# where the file system has the attribute, root's own truncate fails as well
	if lsattr "$file" 2>/dev/null | grep -q '^-*a'; then
		run -1 truncate -s 0 "$file"
	fi
}

@test "the processes that read what users can choose have no privilege" {
	local pid child uid
	pid=$(trail_pid)
	[ "$(awk '$1 == "CapEff:" {print $2}' "/proc/$pid/status")" = 0000000000000200 ]
	uid=$(id -u "$TRAIL_USER")
	for child in $(pgrep -P "$pid"); do
		[ "$(awk '$1 == "Uid:" {print $2 $3 $4 $5}' "/proc/$child/status")" = "$uid$uid$uid$uid" ]
		[ "$(awk '$1 == "CapPrm:" || $1 == "CapBnd:" {print $2}' "/proc/$child/status" | sort -u)" = 0000000000000000 ]
		[ "$(awk '$1 == "NoNewPrivs:" {print $2}' "/proc/$child/status")" = 1 ]
	done
}

@test "the index is made again when it is removed or damaged" {
	local file=$SYSTEM/index/index.sqlite
	settled
	rows() { python3 -c 'import sqlite3, sys; print(sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute("select count(*) from entry where auid = ?", (sys.argv[2],)).fetchone()[0])' "$file" "$ALICE" 2>/dev/null || echo 0; }
	whole() { [ "$(rows)" = "$(shard "$ALICE" | wc -l)" ]; }
	await() { for _ in $(seq 300); do ! "$@" || return 0; sleep 0.1; done; echo "in vain: $*" >&2; return 1; }
	await whole
	rm -f "$file" "$file-wal" "$file-shm"
	settled
	await whole
	dd if=/dev/urandom of="$file" bs=4096 count=2 conv=notrunc status=none
	rm -f "$file-wal" "$file-shm"
	kill -9 "$(trail_pid)"
	settled
	await whole
	# without any index the ledger itself answers
	local copy=$BATS_TEST_TMPDIR/noindex
	cp -r "$SYSTEM" "$copy"
	rm -r "$copy/index"
	[ "$(ranby audit trail --system "$copy" --user "$AUDIT_ALICE" --format json 2>/dev/null | wc -l)" = \
		"$(cat "$copy/auid-$ALICE"/*.jsonl | wc -l)" ]
}

@test "auditd does not wait for a plugin that stands still" {
	local pid lost writer
	writer=$(trail_pid)
	lost=$(auditctl -s | awk '$1 == "lost" {print $2}')
	# the writer stops: the reader must go on reading
	kill -STOP "$writer"
	audit_as "$AUDIT_ALICE" sh -c 'i=0; while [ $i -lt 3000 ]; do /bin/true; i=$((i + 1)); done'
	pid=$(pgrep -P "$writer" -x ranby-trail | head -n 2)
	audit_sync
	[ "$(auditctl -s | awk '$1 == "lost" {print $2}')" = "$lost" ]
	[ "$(auditctl -s | awk '$1 == "backlog" {print $2}')" -lt 64 ]
	kill -CONT "$writer"
	settled
	[ "$(shard "$ALICE" | grep -c '"exe":"/usr/bin/true"')" -ge 4000 ]
}
