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
	ASK=$RANBY_TREE/${RANBY_BUILD:-build}/tools/witness-ask
	export ASK
	# what makes the start records here; without it nothing below could end well
	[ -x "$ASK" ] || { echo "$ASK is not there: \`make check\` builds it" >&2; return 1; }
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
	await test -e "$SYSTEM/system/00000000000000000001.jsonl" && return 0
	cat "$AUDIT_DIR/auditd.out" >&2
	return 1
}

# await COMMAND...: until it succeeds, for a minute at most.
await() {
	for _ in $(seq 600); do
		! "$@" || return 0
		sleep 0.1
	done
	echo "in vain: $*" >&2
	return 1
}

nobody_writes() { ! pgrep -f "ranby-trail.*$AUDIT_DIR/" >/dev/null; }
teardown_file() {
	# what it would write after that could not be removed
	[ -z "${SYSTEM:-}" ] || { audit_daemon stop && await nobody_writes; } || true
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
	await holds "$BOB" "\"exe\":\"$marker\""
}
holds() { shard "$1" | grep -qF "$2"; }

# killed: the plugin dies as it stands, and auditd, which starts it when it next has something for it, has another.
killed() {
	local old
	old=$(trail_pid)
	kill -9 "$old"
	await is_another "$old"
}
is_another() {
	local now
	audit_as "$AUDIT_BOB" true
	now=$(trail_pid) && [ "$now" != "$1" ]
}

# contained NAME N [END]: alice logs in and runs N short-lived programs in namespaces, below a start record of that name;
# with END more of them, until there is such a file, and says then how many they were.
contained() {
	cp "$ASK" "$AUDIT_DIR/ask"
	cat >"$AUDIT_DIR/contained" <<-'SCRIPT'
		name=$1 n=$2 ask=$3 witness=$4 go=$5 end=${6:-$5}
		unshare --user --map-root-user --pid --mount --fork sh -c "
			k=0; while [ ! -e $go ]; do sleep 0.02; k=\$((k + 1)); [ \$k -lt 1500 ] || exit 1; done
			i=0; while [ \$i -lt $n ] || [ ! -e $end ]; do /bin/true; i=\$((i + 1)); done
			echo ran \$i" &
		outer=$!
		for _ in $(seq 500); do
			init=$(cat /proc/$outer/task/$outer/children 2>/dev/null) && [ -n "$init" ] &&
				[ "$(readlink "/proc/${init% }/ns/pid")" != "$(readlink /proc/self/ns/pid)" ] &&
				[ "$(cat "/proc/${init% }/comm")" = sh ] && break
			sleep 0.02
		done
		$ask "$witness" 1 pid=${init% } "vm=$name" "ctr=$(printf %s "$name" | sha256sum | cut -c1-64)" || { kill $outer; exit 1; }
		touch "$go"
		wait $outer
	SCRIPT
	chmod 755 "$AUDIT_DIR/ask" "$AUDIT_DIR/contained"
	mkdir -p "$AUDIT_DIR/go"
	chmod 777 "$AUDIT_DIR/go"
	audit_as "$AUDIT_ALICE" bash "$AUDIT_DIR/contained" "$1" "$2" "$AUDIT_DIR/ask" "$INSTALLED/libexec/ranby/ranby-witness" "$AUDIT_DIR/go/$1" "${3:-}"
}

@test "a thousand short-lived execs in a container are labelled, all of them and right (F23)" {
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

@test "the chain is whole, and its heads are signed (F24)" {
	verified
	grep -q "auid-$ALICE: .*, whole" "$VERIFIED"
	grep -q 'anchors met' "$VERIFIED"
	[ "$(stat -c %a "$KEYS/trail.key")" = 600 ]
}

# grown N: alice's shard has N entries or more.
grown() { [ "$(shard "$ALICE" | wc -l)" -ge "$1" ]; }

@test "killed in the middle of the stream and started again: none lost, none twice, none labelled wrong (F23)" {
	local before round end=$AUDIT_DIR/go/crash-end
	before=$(shard "$ALICE" | wc -l)
	contained crash 3000 "$end" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local work=$!
	for round in 1 2 3; do
		await grown $((before + round * 600))
		[ -d "/proc/$work" ]
		killed
	done
	# however fast the one is and however slow the other: it ran all the time
	: >"$end"
	wait "$work"
	settled
	shard "$ALICE" >"$BATS_TEST_TMPDIR/entries"
	python3 - "$BATS_TEST_TMPDIR/entries" "$AUDIT_LOG" "$ALICE" "$(sed -n 's/^ran //p' "$BATS_TEST_TMPDIR/out")" <<-'PY'
		import json, re, sys
		entries, ran = [json.loads(line) for line in open(sys.argv[1])], int(sys.argv[4])
		receipts = [e["receipt"] for e in entries if "receipt" in e]
		assert len(receipts) == len(set(receipts)), "written twice"
		log = open(sys.argv[2], errors="replace").read()
		want = set(m[1] for m in re.finditer(r"type=SYSCALL msg=audit\(([\d.:]+)\): arch=c000003e syscall=(?:59|322) success=yes .*? auid=%s " % sys.argv[3], log))
		missing = sorted(want - set(receipts))
		assert len(want) >= ran >= 3000 and not missing, (len(want), len(missing), missing[:3])
		inside = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/true") and e["container"] == "crash"]
		wrong = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/true") and e["container"] not in ("web", "crash", "unknown")]
		unknown = [e for e in entries if e.get("op") == "execve" and e["exe"].endswith("/true") and e["container"] == "unknown"]
		assert not wrong and len(inside) == ran, (len(inside), ran, wrong[:2], len(unknown), unknown[:1], unknown[-1:], [e["receipt"] for e in entries if e.get("op") == "start"])
	PY
	verified
	# all of it, and nothing is said to be missing
	if grep -h '"op":"gap"' "$SYSTEM"/system/*.jsonl; then return 1; fi
}

@test "the system ledger and auditd's log agree, and what is taken from either is found" {
	local log=$BATS_TEST_TMPDIR/log copy=$BATS_TEST_TMPDIR/copy at
	# from where the plugin was there; auditd does not know what was lost before
	# the newest serials may still be on their way while others log in
	local newest
	newest=$(tail -n 1 "$AUDIT_LOG" | sed 's/.*:\([0-9]*\)): .*/\1/')
	settled
	since() { tac "$AUDIT_LOG" | sed '/type=DAEMON_START/q' | tac | awk -v max="$newest" 'match($0, /:[0-9]+\): /) && substr($0, RSTART + 1, RLENGTH - 4) + 0 <= max' >"$log"; }
	since
	cp -r "$SYSTEM" "$copy"
	compare() { run -1 ranby audit verify --system "$copy" --key "$KEYS/trail.pub" --log "$log"; }
	compare
	# but for what ended without a word here
	if grep -vE '^  (first bad: )?no-stop: |entries, (NOT )?whole$|anchors met, |^  no anchor from elsewhere: |^audit log: ' <<<"$output"; then return 1; fi
	[[ $output =~ 'audit log: '([0-9]+)' records and '([0-9]+)' entries compared' ]]
	[ "${BASH_REMATCH[1]}" -ge 4000 ]
	at=$(shard "$ALICE" | sed -n 's/.*"exe":"[^"]*true".*"receipt":"\([0-9.:]*\)".*/\1/p' | sed -n 500p)
	sed -i "/audit($at)/d" "$log"
	compare
	grep -qF "first bad: missing-serials: serial ${at#*:} is missing in the audit log" <<<"$output"
	grep -qE "no-record: entry [0-9]+ \(op=execve\) names audit record $at, which the log does not have" <<<"$output"
	since
	sed -i "/\"receipt\":\"$at\"/d" "$copy/auid-$ALICE/00000000000000000001.jsonl"
	compare
	grep -q 'first bad: missing: ' <<<"$output"
	grep -qF "no-entry: the system ledger has no entry for audit record $at (op=execve)" <<<"$output"
}

@test "a user can neither read nor cut the ledger, his own part neither (F24)" {
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
	local pid child uid confined=0
	pid=$(trail_pid)
	[ "$(awk '$1 == "CapEff:" {print $2}' "/proc/$pid/status")" = 0000000000000200 ]
	uid=$(id -u "$TRAIL_USER")
	for child in $(pgrep -P "$pid"); do
		[ "$(awk '$1 == "Uid:" {print $2 $3 $4 $5}' "/proc/$child/status")" = "$uid$uid$uid$uid" ]
		[ "$(awk '$1 == "CapPrm:" || $1 == "CapBnd:" {print $2}' "/proc/$child/status" | sort -u)" = 0000000000000000 ]
		[ "$(awk '$1 == "NoNewPrivs:" {print $2}' "/proc/$child/status")" = 1 ]
		[ "$(awk '$1 == "Seccomp:" {print $2}' "/proc/$child/status")" != 2 ] || confined=$((confined + 1))
	done
	# the one that has auditd's stream can make hardly a call
	[ "$confined" = 1 ]
}

@test "what root changes is found by a head that was kept elsewhere (F24)" {
	local copy=$BATS_TEST_TMPDIR/copy shard heads=$BATS_TEST_TMPDIR/heads key=$KEYS/trail.pub last
	settled
	shard=$copy/auid-$ALICE/00000000000000000001.jsonl
	# until the last of alice's entries is covered by a head
	head_of() { grep -h "\"ledger\":\"auid-$ALICE\"" "$SYSTEM"/heads/*.jsonl | tail -n 1 | grep -q "\"ledger-seq\":$(shard "$ALICE" | wc -l),"; }
	await head_of
	cp -r "$SYSTEM" "$copy"
	cat "$copy"/heads/*.jsonl >"$heads"
	found() { run -1 ranby audit verify --system "$@"; }
	# what was copied is whole but for the containers that ended without a word
	found "$copy" --key "$key" --head "$heads"
	run ! grep -vE '^  (first bad: )?no-stop: |entries, (NOT )?whole$|anchors met, [1-9][0-9]* of them kept elsewhere$' <<<"$output"
	# the last line goes, and the heads beside the ledger with it: by itself it is whole
	last=$(wc -l <"$shard")
	sed -i '$d' "$shard"
	rm -r "$copy/heads"
	found "$copy"
	run ! grep truncated <<<"$output"
	found "$copy" --key "$key" --head "$heads"
	grep -q "truncated: the ledger ends at entry $((last - 1)), and the head of " <<<"$output"
	# a whole shard goes
	rm -r "$copy/auid-$ALICE"
	found "$copy" --key "$key" --head "$heads"
	grep -q "truncated: the ledger auid-$ALICE is not there" <<<"$output"
	# a head that nobody signed
	sed 's/"ledger-seq":1,/"ledger-seq":2,/' "$heads" >"$BATS_TEST_TMPDIR/forged"
	run ! cmp -s "$heads" "$BATS_TEST_TMPDIR/forged"
	found "$SYSTEM" --key "$key" --head "$BATS_TEST_TMPDIR/forged"
	grep -q 'the signature does not fit' <<<"$output"
}

@test "whatever bytes a user gives to a program: they are in the ledger, and the plugin goes on" {
	local old
	old=$(trail_pid)
	audit_as "$AUDIT_ALICE" bash -c $'for i in 1 2 3; do exec -a \'\xff\xc3\' /bin/true $\'odd \xed\xa0\x80\xf8\' "$i" & done; wait'
	cp /bin/true "$AUDIT_DIR"/$'odd \xff'
	audit_as "$AUDIT_ALICE" "$AUDIT_DIR"/$'odd \xff'
	settled
	[ "$(trail_pid)" = "$old" ]
	run -0 jq -r 'select(.op == "execve" and ."exe-inexact" and (.exe | endswith("/odd \ufffd"))) | .receipt' < <(shard "$ALICE")
	[ "${#lines[@]}" = 1 ]
	run -0 jq -r 'select(.op == "execve" and ."cmd-inexact" and (.cmd | contains("odd"))) | .receipt' < <(shard "$ALICE")
	[ "${#lines[@]}" -ge 3 ]
}

@test "a container of ranby's own is named by its id" {
	RANBY_TEST_IMAGES=$("$RANBY_TREE/tests/images/build" --where)
	export RANBY_TEST_IMAGES
	local n
	# of an id, each byte but 0 could be taken for a character
	run -0 audit_as "$AUDIT_ALICE" bash -euc 'umask 077; d=$(mktemp -d "$TMPDIR/t.XXXXXX"); mkdir "$d/run"; export XDG_STATE_HOME=$d/state
		R() { ranby --root "$d/data" --runroot "$d/run" "$@"; }
		trap "R rm --all --force >/dev/null 2>&1; R unshare rm -rf \"$d\"; rm -rf \"$d\"" EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		for i in 1 2 3; do R create --name "own$i" --network none busybox true; R start -a "own$i" >/dev/null; done'
	mapfile -t ids < <(grep -xE '[0-9a-f]{64}' <<<"$output")
	[ "${#ids[@]}" = 3 ]
	settled
	for n in 1 2 3; do
		[ "$(shard "$ALICE" | jq -r --arg vm "own$n" 'select(.op == "start" and .vm == $vm) | .ctr')" = "${ids[n - 1]}" ]
		[ "$(shard "$ALICE" | jq -r --arg c "own$n" 'select(.op == "execve" and .container == $c) | .ctr' | sort -u)" = "${ids[n - 1]}" ]
	done
}

@test "what a container of root's writes of itself is a claim to events, report and trail; what was seen of it is not (A52)" {
	[ -x /usr/bin/python3 ] || skip 'no /usr/bin/python3 for the container'
	cat >"$AUDIT_DIR/forge.py" <<-'PYTHON'
		import socket, struct, sys
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
		# and without virt, and by the words that the ledger has for its own entries
		for op in "virt=ranby op=start", "virt=ranby op=rm", "op=start", "virt=x op=torn", "op=head", "virt=x op=login", "op=execve":
		    text = (f"{op} reason=booted vm=\"forged\" uuid=00000000-0000-8000-8000-000000000000 vm-pid=1 trust=live "
		            f"vm-start=1 init-pid=1 init-start=1 pid-ns=7 exe=\"ranby-witness\" res=success\0").encode()
		    s.send(struct.pack("=IHHII", 16 + len(text), 2500, 5, 1, 0) + text)
		    kind, error = struct.unpack_from("=4xH10xi", s.recv(4096))
		    if kind != 2 or error != 0: sys.exit(f"refused: {error}")
	PYTHON
	local b=$AUDIT_DIR/forger
	mkdir -p "$b"/rootfs/{bin,proc,dev,sys,tmp,etc,usr}
	cp /bin/busybox "$b/rootfs/bin/sh"
	cp "$AUDIT_DIR/forge.py" "$b/rootfs/"
	ln -s usr/lib "$b/rootfs/lib"
	ln -s usr/lib64 "$b/rootfs/lib64"
	"$RANBY_TREE/tests/bundle" "$b" '{"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}],
		"uidMappings":null,"gidMappings":null},
		"process":{"capabilities":{"bounding":["CAP_AUDIT_WRITE"],"effective":["CAP_AUDIT_WRITE"],"permitted":["CAP_AUDIT_WRITE"]}},
		"mounts":[{"destination":"/usr","source":"/usr","type":"bind","options":["bind","ro"]}]}' -- sh -c '/usr/bin/python3 /forge.py; exit $?'
	run -0 audit_as --sudo root "$AUDIT_ALICE" "$INSTALLED/bin/ranby-runtime" --root "$b/state" run --bundle "$b" forger
	settled
	words() { shard "$ALICE" | jq -r --arg vm "$1" --arg op "$2" 'select(.type | startswith("VIRT_")) | select(.vm == $vm and .op == $op) | .word'; }
	[ "$(words forged start | xargs) $(words forged rm) $(words forger start)" = 'claimed claimed claimed believed' ] ||
		{ shard "$ALICE" | jq -c 'select(.type | startswith("VIRT_")) | [.vm, .op, .word]' | tail -n 5; false; }
	run -0 ranby events --stream=false --system "$SYSTEM" --filter name=forged --filter name=forger --format '{{.Name}} {{.Status}} {{.Trust}}'
	grep -qx 'forged start claimed' <<<"$output" && grep -qx 'forged rm claimed' <<<"$output" && grep -qx 'forger start root' <<<"$output"
	run -0 ranby audit report --system "$SYSTEM" --format json
	[ "$(jq .notBelieved <<<"$output")" -ge 3 ]
	[ "$(jq -r '.containers[].container' <<<"$output" | grep -cx forged)" = 0 ] && [ "$(jq -r '.containers[].container' <<<"$output" | grep -cx forger)" = 1 ]
	run -0 --separate-stderr ranby audit trail --system "$SYSTEM" --container forged --format json
	[ "$(jq -r .confidence <<<"$output" | sort -u)" = claimed ]
	[ "$(shard "$ALICE" | jq -r 'select(.vm == "forged") | ."claimed-op" // empty' | xargs)" = 'torn head login execve' ]
	# no entry of these accounts for what is not there
	run ranby audit verify --system "$SYSTEM" --key "$KEYS/trail.pub"
	[[ $output == *"auid-$ALICE: "*', whole'* && ! $output =~ 'torn bytes'|no-entry|no-record|different ]] || { echo "$output"; false; }
}

@test "the index is made again when it is removed or damaged" {
	local file=$SYSTEM/index/index.sqlite
	settled
	rows() { python3 -c 'import sqlite3, sys; print(sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute("select count(*) from entry where auid = ?", (sys.argv[2],)).fetchone()[0])' "$file" "$ALICE" 2>/dev/null || echo 0; }
	whole() { [ "$(rows)" = "$(shard "$ALICE" | wc -l)" ]; }
	await whole
	rm -f "$file" "$file-wal" "$file-shm"
	settled
	await whole
	dd if=/dev/urandom of="$file" bs=4096 count=2 conv=notrunc status=none
	rm -f "$file-wal" "$file-shm"
	killed
	settled
	await whole
	# without any index the ledger itself answers
	local copy=$BATS_TEST_TMPDIR/noindex
	cp -r "$SYSTEM" "$copy"
	rm -r "$copy/index"
	[ "$(ranby audit trail --system "$copy" --user "$AUDIT_ALICE" --format json 2>/dev/null | wc -l)" = \
		"$(cat "$copy/auid-$ALICE"/*.jsonl | wc -l)" ]
}

@test "each entry is exported once, in each form" {
	settled
	cat >"$BATS_TEST_TMPDIR/exported" <<-'PY'
		import glob, json, sys
		system, alice = sys.argv[1], sys.argv[2]
		# others log in on this machine, too: alice's entries alone stand still
		mine, size = f"auid-{alice}", 0
		def read(name):
		    return [json.loads(l) for l in open(f"{system}/export/{name}.jsonl") if l.endswith("\n")]
		lines, ecs, ocsf = read("json"), read("ecs"), read("ocsf")
		ids = [(e["ledger"], e["seq"]) for e in lines]
		assert len(ids) == len(set(ids)), "exported twice"
		for events in ([e["event"]["id"] for e in ecs], [(e["metadata"]["log_name"], e["metadata"]["sequence"]) for e in ocsf]):
		    assert len(events) == len(set(events)), "exported twice"
		for name in glob.glob(f"{system}/{mine}/*.jsonl"):
		    size += sum(1 for l in open(name))
		held = [sum(e["ledger"] == mine for e in lines), sum(e["event"]["id"].startswith(f"{mine}:") for e in ecs),
		    sum(e["metadata"]["log_name"] == mine for e in ocsf)]
		if held != [size] * 3:
		    sys.exit(75)  # not yet
		assert size > 1000
		ctr = [e["container"]["id"] for e in ecs if e.get("container", {}).get("id")]
		assert ctr and all(len(c) == 64 and set(c) <= set("0123456789abcdef") for c in ctr), ctr[:3]
		one = [e for e in ecs if e["event"].get("action") == "execve" and e.get("container", {}).get("name") == "web"][0]
		assert one["user"]["audit"]["id"] == alice and one["process"]["executable"] and one["event"]["category"] == ["process"]
		two = [e for e in ocsf if e["class_uid"] == 1007 and e["process"].get("container", {}).get("name") == "web"][0]
		assert two["type_uid"] == 100701 and two["actor"]["user"]["uid"] == alice and two["metadata"]["uid"]
	PY
	exported() {
		python3 "$BATS_TEST_TMPDIR/exported" "$SYSTEM" "$ALICE" 2>"$BATS_TEST_TMPDIR/why" && return
		[ $? = 75 ] || { cat "$BATS_TEST_TMPDIR/why" >&2; exit 1; }
		return 1
	}
	await exported || { cat "$BATS_TEST_TMPDIR/why"; return 1; }
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
