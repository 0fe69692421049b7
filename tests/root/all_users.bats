#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ps --all-users and top --all-users: two logins' containers, those of other
# engines, as root sees them, as a member of the group sees them, and as
# nobody else does. Root is needed to log two users in.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	RANBY=$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby
	export RANBY_TREE RANBY_TEST_IMAGES RANBY ALICE=ranbytest BOB=ranbytest2
	"$RANBY_TREE/tests/as-user" --no-loginuid --account "$ALICE" true
	"$RANBY_TREE/tests/as-user" --no-loginuid --account "$BOB" true
}

setup() {
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip 'the tests were started in a login: its loginuid cannot be changed'
	SIGN=$RANDOM$RANDOM PIDS=()
}

teardown() {
	local pid
	for pid in "${PIDS[@]}"; do
		touch "$BATS_TEST_TMPDIR/end"
		wait "$pid" || true
	done
}

# stays USER SCRIPT: USER logs in and runs SCRIPT with a store of its own in $R; all of it is there when this returns, until teardown.
stays() {
	local user=$1 ready=$BATS_TEST_TMPDIR/ready.${#PIDS[@]} end=$BATS_TEST_TMPDIR/end
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR"/.. 2>/dev/null || true
	"$RANBY_TREE/tests/as-user" --account "$user" -- bash -c '
		base=$(mktemp -d "$TMPDIR/all.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
		R="ranby --root $base/data --runroot $run" SIGN='"$SIGN"'
		$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		'"$2"'
		echo ready
		while [ ! -e '"$end"' ]; do sleep 0.1; done
		$R rm --all --force --time 0 >/dev/null 2>&1
		jobs -p | xargs -r kill -9 2>/dev/null
		pkill -9 -f "[0-9]000$SIGN"
		rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
	' >"$ready" 2>"$ready.err" 3>&- 4>&- &
	PIDS+=($!)
	for _ in $(seq 1200); do
		! grep -q '^ready' "$ready" || return 0
		sleep 0.05
	done
	cat "$ready" "$ready.err" >&2
	return 1
}

# want SCRIPT: python over the rows of this test, as `rows`
want() {
	"$RANBY" ps --all-users --no-trunc --format json >"$BATS_TEST_TMPDIR/json" || return
	python3 - "$BATS_TEST_TMPDIR/json" "$SIGN" "$1" <<-'PYTHON'
		import json, os, pwd, sys, textwrap
		rows = [r for r in json.load(open(sys.argv[1])) if sys.argv[2] in r["Command"]]
		alice, bob = (pwd.getpwnam(os.environ[n]).pw_uid for n in ("ALICE", "BOB"))
		exec(textwrap.dedent(sys.argv[3]))
	PYTHON
}

@test "two logins' containers, with what the kernel says of each" {
	stays "$ALICE" '$R run -d --name web busybox sleep 1000$SIGN >/dev/null; $R run -d --net=none busybox sleep 2000$SIGN >/dev/null'
	stays "$BOB" '$R run -d busybox sleep 3000$SIGN >/dev/null'
	want '
		assert len(rows) == 3, rows
		by = {r["Command"][6]: r for r in rows}
		for key, user in (("1", alice), ("2", alice), ("3", bob)):
		    r = by[key]; proc = "/proc/%d" % r["Pid"]
		    assert r["LoginUID"] == r["OwnerUID"] == r["UID"] == user, r
		    assert r["LoginUID"] == int(open(proc + "/loginuid").read())
		    assert r["Session"] == int(open(proc + "/sessionid").read())
		    assert r["UserNS"] == int(os.readlink(proc + "/ns/user")[6:-1])
		    assert r["PidNS"] == int(os.readlink(proc + "/ns/pid")[5:-1])
		    assert r["StartTicks"] == int(open(proc + "/stat").read().rsplit(")", 1)[1].split()[19])
		    assert r["UIDMap"] == ",".join(":".join(l.split()) for l in open(proc + "/uid_map"))
		    assert r["Trust"] in ("proc", "ledger") and r["OwnPidNS"]'
}

@test "other engines, bare namespaces, and what lies inside of a container" {
	stays "$ALICE" '
		unshare -Urpf --mount-proc sleep 1000$SIGN & unshare -U sleep 2000$SIGN &
		! command -v bwrap >/dev/null || bwrap --ro-bind / / --unshare-user --unshare-pid --dev /dev --proc /proc sleep 3000$SIGN &
		$R run -d --name outer --privileged busybox sh -c "unshare -U sleep 4000$SIGN & unshare -p -f sleep 5000$SIGN & exec sleep 6000$SIGN" >/dev/null
		! command -v bwrap >/dev/null || all=1
		for i in $(seq 600); do [ "$(pgrep -cxf "sleep [0-9]000$SIGN")" -lt $((5 + ${all:-0})) ] || break; sleep 0.05; done'
	want '
		by = {}
		for r in rows:
		    if r["Command"].startswith("sleep "): by[r["Command"][6]] = r
		assert {"1", "2", "5", "6"} <= by.keys(), rows
		assert all(r["Trust"] == "proc" and r["LoginUID"] == alice for r in map(by.get, "12"))
		assert by["1"]["OwnPidNS"] and not by["2"]["OwnPidNS"]
		assert by["1"]["ParentComm"] == "unshare" and by["1"]["Name"] == "(unshare)", by["1"]
		assert by["2"]["Name"] == "(sleep)", by["2"]
		assert by["5"]["OuterPid"] == by["6"]["Pid"], rows
		assert by["6"]["ParentComm"] == "ranby-monitor"'
	command -v bwrap >/dev/null || return 0
	want 'assert any("3000" in r["Command"] for r in rows), rows'
}

@test "hostile names stay text" {
	stays "$BOB" 'exec 9>/dev/null; bash -c "exec -a $'"'"'\e]0;own\a\e[31m\u202e'"'"'$SIGN unshare -Upf sleep 1000$SIGN" &
		printf "#!/bin/sh\nsleep 2000$SIGN\n" >"$base/"$'"'"'ev\nil\x1b[2J'"'"'; chmod +x "$base/"*; unshare -U "$base/"$'"'"'ev\nil\x1b[2J'"'"' &
		until pgrep -xf "sleep 1000$SIGN" >/dev/null && pgrep -xf "sleep 2000$SIGN" >/dev/null; do sleep 0.05; done'
	for format in table json '{{.Names}} {{.Command}}'; do
		"$RANBY" ps --all-users --no-trunc --format "$format" >"$BATS_TEST_TMPDIR/out"
		grep -q "$SIGN" "$BATS_TEST_TMPDIR/out"
		python3 - "$BATS_TEST_TMPDIR/out" <<-'PYTHON'
			import sys
			bad = [c for c in open(sys.argv[1]).read() if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"]
			sys.exit(f"control characters: {bad}" if bad else 0)
		PYTHON
	done
}

@test "the same processes in top, each in its own container" {
	stays "$ALICE" '$R run -d --name web busybox sh -c "sleep 1000$SIGN & sleep 1001$SIGN" >/dev/null; $R exec -d web sleep 1002$SIGN
		until [ "$(pgrep -cxf "sleep 100[012]$SIGN")" = 3 ]; do sleep 0.05; done'
	stays "$BOB" '$R run -d busybox sleep 2000$SIGN >/dev/null; unshare -U sleep 3000$SIGN & until pgrep -xf "sleep 3000$SIGN" >/dev/null; do sleep 0.05; done'
	"$RANBY" top --all-users --format json ctr,hpid,auid,args >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" "$SIGN" <<-'PYTHON'
		import json, os, pwd, sys
		rows = [r for r in json.load(open(sys.argv[1])) if sys.argv[2] in str(r["args"])]
		of = lambda n: [r for r in rows if str(n) + sys.argv[2] in str(r["args"])]
		assert all(of(n) for n in (1000, 1001, 1002, 2000, 3000)), rows
		alice = {r["ctr"] for n in (1000, 1001, 1002) for r in of(n)}
		assert len(alice) == 1 and alice.pop().startswith(os.environ["ALICE"] + "/"), rows
		assert {r["ctr"] for r in of(2000)} != {r["ctr"] for r in of(3000)}, rows
		assert all(r["ctr"].startswith(os.environ["BOB"] + "/") for n in (2000, 3000) for r in of(n)), rows
	PYTHON
}

# in_group COMMAND...: as an account of nobody's, member of ranby-audit in a group file of this mount namespace
in_group() {
	cp /etc/group "$BATS_TEST_TMPDIR/group"
	sed -i '/^ranby-audit:/d' "$BATS_TEST_TMPDIR/group"
	echo 'ranby-audit:x:64123:' >>"$BATS_TEST_TMPDIR/group"
	local home=$BATS_TEST_TMPDIR/home
	mkdir -p "$home"
	chown 65534 "$home"
	chmod a+rX "$BATS_TEST_TMPDIR/group"
	unshare -m --propagation private bash -c 'mount --bind "$0" /etc/group && exec "$@"' "$BATS_TEST_TMPDIR/group" \
		setpriv --reuid=65534 --regid=65534 --groups="$GROUPS_OF" env HOME="$home" XDG_RUNTIME_DIR= "$@"
}

@test "the group sees what everybody may read, and is told what it does not see; others get one error" {
	stays "$ALICE" '$R run -d --name web busybox sleep 1000$SIGN >/dev/null; $R exec -d web sleep 1002$SIGN; unshare -U sleep 3000$SIGN &
		until pgrep -xf "sleep 1002$SIGN" >/dev/null && pgrep -xf "sleep 3000$SIGN" >/dev/null; do sleep 0.05; done'
	GROUPS_OF=64123 run --separate-stderr -0 in_group "$RANBY" ps --all-users --no-trunc --format '{{.LoginUser}} {{.Command}} {{.UIDMap}}'
	grep -q "^$ALICE sleep 1000$SIGN 0:$(id -u "$ALICE"):1,1:" <<<"$output"
	grep -q "^$ALICE sleep 3000$SIGN " <<<"$output"
	[[ $output != *"sleep 1002$SIGN"* ]]
	[[ $stderr == *'only root can look at the namespaces of others'* && $stderr == *'entered a PID namespace from outside'* ]]
	GROUPS_OF=64123 run --separate-stderr -0 in_group "$RANBY" top --all-users hpid,luser,args
	grep -q "$ALICE  *sleep 1000$SIGN" <<<"$output"
	local command
	for command in ps top events; do
		GROUPS_OF=65534 run --separate-stderr -125 in_group "$RANBY" "$command" --all-users
		[ -z "$output" ]
		[[ $stderr == 'Error: --all-users is for root and the members of group ranby-audit'$'\n''Hint: with sudo,'* ]] || { echo "$stderr" >&2; false; }
	done
}

# with_ledger COMMAND...: where /var/log/ranby holds the start record of $PID's process, as the witness would have written it
with_ledger() {
	python3 - "$PID" "$BATS_TEST_TMPDIR/ledger" <<-'PYTHON'
		import json, os, sys
		pid, top = int(sys.argv[1]), sys.argv[2]
		stat = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
		boot = int(open("/proc/sys/kernel/random/boot_id").read().replace("-", "").strip()[:16], 16) >> 22
		hi = boot << 22 | (pid >> 26) << 16 | 0x8000 | (pid >> 14 & 0xfff)
		lo = 2 << 62 | (pid & 0x3fff) << 48 | int(stat[19])
		t = f"{hi:016x}{lo:016x}"
		uuid = "-".join((t[:8], t[8:12], t[12:16], t[16:20], t[20:]))
		auid = open(f"/proc/{pid}/loginuid").read()
		os.makedirs(f"{top}/auid-{auid}", exist_ok=True)
		with open(f"{top}/auid-{auid}/{1:020d}.jsonl", "w") as f:
		    print(json.dumps({"op": "start", "virt": "ranby", "res": "success", "trust": "live", "word": os.environ.get("WORD", "believed"), "uuid": uuid, "vm": "recorded\x1b[31m",
		                      "ctr": "ab" * 32, "claimed-image": "nginx:1", "receipt": "1.000:7", "seq": 1}, sort_keys=True), file=f)
	PYTHON
	chmod -R a+rX "$BATS_TEST_TMPDIR/ledger"
	unshare -m --propagation private bash -c 'mount -t tmpfs none /var/log && cp -r "$0" /var/log/ranby && exec "$@"' "$BATS_TEST_TMPDIR/ledger" "$@"
}

@test "the system ledger's start record of that very process names it, and of no other" {
	stays "$ALICE" '$R run -d --name web busybox sleep 1000$SIGN >/dev/null; $R run -d --name other busybox sleep 2000$SIGN >/dev/null'
	PID=$("$RANBY" ps --all-users --no-trunc --noheading --format '{{.Pid}} {{.Command}}' | awk -v c="1000$SIGN" '$3 == c {print $1}')
	run -0 with_ledger "$RANBY" ps --all-users --no-trunc --noheading --format '{{.Trust}} {{.Names}} {{.Image}} {{.ID}} {{.Receipt}} {{.Command}}'
	grep -qF "ledger recorded\\x1b[31m nginx:1 $(printf 'ab%.0s' $(seq 32)) 1.000:7 sleep 1000$SIGN" <<<"$output"
	grep -q "^proc (ranby-monitor) -  *sleep 2000$SIGN" <<<"$output"
	# who is not believed by events is not here
	WORD=claimed run -0 with_ledger "$RANBY" ps --all-users --no-trunc --noheading --format '{{.Trust}} {{.Command}}'
	grep -qF "claimed sleep 1000$SIGN" <<<"$output"
	run -0 --separate-stderr with_ledger "$RANBY" ps --all-engines --format json --filter trust=ledger
	[ "$(jq -r '.[] | .Engine, .ID[:4], .Pid, .Receipt, .Sources.ID, .Sources.Image, .Sources.Receipt, .Sources.Bundle' <<<"$output" | paste -sd ' ')" = \
		"unknown abab $PID 1.000:7 verified verified verified unknown" ]
	run -0 with_ledger "$RANBY" top --all-users --noheading ctr,args
	grep -qF "$ALICE/recorded" <<<"$output"
	run -0 with_ledger bash -c 'chmod 777 /var/log/ranby; exec "$@"' - "$RANBY" ps --all-users --filter trust=ledger --noheading
	[[ $output == *'is not believed'* && $output != *recorded* ]]
}

# with_history COMMAND...: where /var/log/ranby is a system ledger of six containers, as ranby-trail leaves it
with_history() {
	rm -rf "$BATS_TEST_TMPDIR/history"
	"$RANBY_TREE/tests/make-ledger" "$BATS_TEST_TMPDIR/history" 6
	chgrp -R 64123 "$BATS_TEST_TMPDIR/history"
	chmod -R u=rwX,g=rX,o= "$BATS_TEST_TMPDIR/history"
	unshare -m --propagation private bash -c 'mount -t tmpfs none /var/log && cp -a "$0" /var/log/ranby && "$@"' "$BATS_TEST_TMPDIR/history" "$@"
}

@test "events: everybody's for root and the group, from a ledger that only root can write" {
	run -125 unshare -m --propagation private bash -c 'mount -t tmpfs none /var/log && "$@"' - "$RANBY" events --all-users --stream=false
	[[ $output == *'the system ledger /var/log/ranby: No such file'*ranby-trail* ]]
	run -0 with_history "$RANBY" events --all-users --stream=false --filter type=container --format '{{.LoginUID}} {{.Status}}'
	[ "${#lines[@]}" = "$(cat "$BATS_TEST_TMPDIR"/history/auid-*/*.jsonl | grep -c '"type":"VIRT_C')" ]
	[ "$(cut -d' ' -f1 <<<"$output" | sort -u | wc -l)" = "$(find "$BATS_TEST_TMPDIR/history" -name 'auid-*' | wc -l)" ]
	export -f in_group
	GROUPS_OF=64123 run -0 with_history in_group "$RANBY" events --all-users --stream=false --filter event=start
	[[ ${lines[0]} == *' container start '*receipt=* ]]
	run -125 with_history bash -c 'chmod 777 /var/log/ranby; exec "$@"' - "$RANBY" events --all-users --stream=false
	[[ $output == *'it is not believed'* ]]
}

@test "processes that come and go do not disturb it" {
	stays "$BOB" '(while [ ! -e '"$BATS_TEST_TMPDIR/end"' ]; do unshare -Upf true$SIGN; unshare -Upf sleep 0; done) 2>/dev/null &
		unshare -Upf sleep 1000$SIGN & until pgrep -xf "sleep 1000$SIGN" >/dev/null; do sleep 0.05; done'
	for _ in $(seq 50); do
		run -0 "$RANBY" ps --all-users --no-trunc --noheading
		[[ $output == *"sleep 1000$SIGN"* ]]
	done
	run -0 "$RANBY" top --all-users hpid,args
}

@test "filters, quiet, and options that do not go together" {
	stays "$ALICE" '$R run -d --name web busybox sleep 1000$SIGN >/dev/null'
	run -0 "$RANBY" ps --all-users --no-trunc --noheading --filter auid="$ALICE" --filter trust=proc --filter trust=ledger
	[[ $output == *"sleep 1000$SIGN"* ]]
	run -0 "$RANBY" ps --all-users --no-trunc --noheading --filter auid="$BOB"
	[[ $output != *"sleep 1000$SIGN"* ]]
	run -0 "$RANBY" ps --all-users --quiet --filter auid="$ALICE"
	# others' tests have containers too, which come and go
	grep -qx "$(want 'print(rows[0]["Pid"])')" <<<"$output"
	run -1 grep -vxE '[0-9]+' <<<"$output"
	run -125 "$RANBY" ps --all-users --filter volume=x
	[[ $output == *'invalid filter "volume=x"'* ]]
	run -125 "$RANBY" ps --all-users --latest
	run -125 "$RANBY" top --all-users --all
}
