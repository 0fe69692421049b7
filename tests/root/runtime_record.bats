#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What ranby-runtime has kernel audit told of a container when no ranby drives
# it: a login's from a shell, root's as containerd would, one in a user
# namespace, and where audit is silent. With the machine's own kernel audit.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin
	installed
	[ -e "$AUDIT_DIR/refused" ] || {
		BUNDLES=$AUDIT_DIR/b RUNTIME=$INSTALLED/bin/ranby-runtime
		export BUNDLES RUNTIME
		local program uid
		mkdir -p "$BUNDLES/root/rootfs"/{bin,proc,dev,sys,tmp,etc}
		cp /bin/busybox "$BUNDLES/root/rootfs/bin/"
		for program in sh sleep true; do ln -s busybox "$BUNDLES/root/rootfs/bin/$program"; done
		cp -a "$BUNDLES/root" "$BUNDLES/alice"
		uid=$(id -u "$AUDIT_ALICE")
		"$RANBY_TREE/tests/bundle" "$BUNDLES/root" '{"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
			{"type":"mount"}],"uidMappings":null,"gidMappings":null}}' -- sleep 1000
		"$RANBY_TREE/tests/bundle" "$BUNDLES/alice" "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$uid,\"size\":1}],
			\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g "$AUDIT_ALICE"),\"size\":1}]}}" -- sh -c 'exit 7'
		cp -a "$BUNDLES/root" "$BUNDLES/short"
		jq '.process.args = ["true"]' "$BUNDLES/root/config.json" >"$BUNDLES/short/config.json"
		sed -i -e 's/, *"gid=5"//' -e 's/"gid=5", *//' "$BUNDLES/alice/config.json"
		chown -R "$AUDIT_ALICE:" "$BUNDLES/alice"
	}
}
teardown_file() { audit_end; }
setup() {
	audit_need
	rm -f /run/ranby-witness/*
	auditctl -e 1 >/dev/null
	: >"$AUDIT_LOG"
	STATE=$BATS_TEST_TMPDIR/state
}
teardown() {
	[ ! -d "$STATE" ] || "$RUNTIME" --root "$STATE" delete --force r1 || true
	[ -z "${NET:-}" ] || kill "$NET" || true
}

records() { grep -a '^type=VIRT_CONTROL' "$AUDIT_LOG" || true; }
field() { grep -ao "[ ']$2=[^ ']*" <<<"$1" | tail -n 1 | cut -d= -f2- | tr -d '"'; }
fail() { printf '%s\n' "$@" >&2; return 1; }
# started: root's container r1 runs; $pid is its init
started() {
	"$RUNTIME" --root "$STATE" create --bundle "$BUNDLES/root" --pid-file "$BATS_TEST_TMPDIR/pid" r1 </dev/null >/dev/null 2>&1 3>&-
	"$RUNTIME" --root "$STATE" start r1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
}
state() { "$RUNTIME" --root "$STATE" state r1 | jq -r "$1"; }

@test "a login's, from a shell: its start and its end are witnessed, with the job that it names; the state has the receipt" {
	run -7 audit_as "$AUDIT_ALICE" bash -c 'base=$(mktemp -d "$TMPDIR/p.XXXXXX"); trap "rm -rf $base" EXIT
		SLURM_JOB_ID=4711 "$0" --root "$base/s" run --bundle "$1" a1' "$RUNTIME" "$BUNDLES/alice"
	audit_sync
	local uid start end
	uid=$(id -u "$AUDIT_ALICE")
	start=$(records | grep -a ' op=start ') end=$(records | grep -a ' op=stop ')
	[ "$(records | wc -l)" = 2 ] || fail "$(records)"
	[[ $start == *" uid=$uid auid=$uid ses="*"virt=ranby op=start reason=runtime vm=\"a1\" uuid="*' trust=live '*" uid-map=0:$uid:1 "* ]] || fail "$start"
	[[ $start == *' stage=pre-exec '*'claimed-detail="SLURM_JOB_ID=4711"'* ]] || fail "$start"
	[[ $end == *" auid=$uid "*'op=stop reason=exited vm="a1" '*' trust=zombie '*' exit-code=7 '* ]] || fail "$end"
	[ "$(field "$start" uuid)" = "$(field "$end" uuid)" ]
}

@test "root's, in the host's user namespace: the record is of its init before it ran anything; the state has its receipt" {
	started
	audit_sync
	local record
	record=$(records)
	[ "$(wc -l <<<"$record")" = 1 ] || fail "$record"
	[[ $record == *" uid=0 auid=4294967295 ses=4294967295 "*"op=start reason=runtime vm=\"r1\" "*" vm-pid=$pid trust=root "* ]] || fail "$record"
	[[ $record == *" pid-ns=$(readlink "/proc/$pid/ns/pid" | tr -dc 0-9) user-ns=$(readlink /proc/self/ns/user | tr -dc 0-9) mnt-ns=$(readlink "/proc/$pid/ns/mnt" | tr -dc 0-9) "* ]]
	[[ $record == *" init-start=$(awk '{print $22}' "/proc/$pid/stat") "*' stage=pre-exec '*"res=success'"* ]] || fail "$record"
	# where the record is, and the same run
	[[ $record == *"audit($(state .attribution.record.receipt))"* ]] || fail "$(state .attribution)" "$record"
	[ "$(state .attribution.record.uuid)" = "$(field "$record" uuid)" ]
	[ "$(state .attribution.verified,.attribution.loginuid)" = $'false\nunset' ]
}

@test "root's, an exec in it and its end: one record each, of the same run; the exec's is before its program ran" {
	started
	"$RUNTIME" --root "$STATE" exec --detach --pid-file "$BATS_TEST_TMPDIR/exec" r1 sleep 500
	run -0 "$RUNTIME" --root "$STATE" exec r1 true
	local inside uuid
	inside=$(cat "$BATS_TEST_TMPDIR/exec") uuid=$(state .attribution.record.uuid)
	audit_sync
	[ "$(records | grep -ac ' op=exec ')" = 2 ] || fail "$(records)"
	[[ $(records | grep -a " vm-pid=$inside ") == *" uid=0 "*"op=exec reason=runtime vm=\"r1\" uuid=$uuid vm-pid=$inside trust=root "*" vm-start=$(awk '{print $22}' \
		"/proc/$inside/stat") init-pid=$pid init-start=$(awk '{print $22}' "/proc/$pid/stat") pid-ns=$(readlink "/proc/$pid/ns/pid" | tr -dc 0-9) "*' stage=pre-exec '* ]] ||
		fail "$(records)"
	[ "$(records | grep -ac ' op=stop ')" = 0 ]
	"$RUNTIME" --root "$STATE" delete --force r1
	audit_sync
	[ "$(records | grep -ac ' op=stop ')" = 1 ] || fail "$(records)"
	[[ $(records | tail -n 1) == *" uid=0 "*"op=stop reason=deleted vm=\"r1\" uuid=$uuid vm-pid=$pid trust=root "* ]] || fail "$(records)"
	# one that was never started has neither
	: >"$AUDIT_LOG"
	"$RUNTIME" --root "$STATE" create --bundle "$BUNDLES/root" r1 </dev/null >/dev/null 2>&1 3>&-
	"$RUNTIME" --root "$STATE" delete --force r1
	"$RUNTIME" --root "$STATE" run --bundle "$BUNDLES/short" r1
	audit_sync
	[ "$(records | sed 's/.* op=\([a-z]*\) .*/\1/' | paste -sd ' ')" = 'start stop' ] || fail "$(records)"
}

@test "root's end is recorded once, however often its removal is tried" {
	started
	mkdir "$STATE/r1/held"
	mount -t tmpfs -o size=4k held "$STATE/r1/held"
	run "$RUNTIME" --root "$STATE" delete --force r1
	[ "$status" != 0 ] || { umount "$STATE/r1/held"; fail 'it could be removed'; }
	run "$RUNTIME" --root "$STATE" delete --force r1
	umount "$STATE/r1/held"
	"$RUNTIME" --root "$STATE" delete --force r1
	[ ! -e "$STATE/r1" ]
	audit_sync
	[ "$(records | grep -ac ' op=start ')" = 1 ] || fail "$(records)"
	[ "$(records | grep -ac ' op=stop ')" = 1 ] || fail "$(records)"
}

@test "root's in a login: the record and the state have it" {
	run -0 bash -c 'echo 4242 >/proc/self/loginuid; "$0" --root "$1" create --bundle "$2" r1 </dev/null >/dev/null 2>&1 3>&-; "$0" --root "$1" start r1
		cat /proc/self/sessionid' "$RUNTIME" "$STATE" "$BUNDLES/root"
	audit_sync
	[[ $(records) == *" uid=0 auid=4242 ses=$output "*"starter-auid=4242 starter-ses=$output "* ]] || fail "$(records)"
	[ "$(state '.attribution | .verified, .auid, .session')" = $'true\n4242\n'"$output" ]
}

@test "root's, in a network namespace that it joins, where the kernel's stream is not heard: the record and its receipt all the same" {
	read -r NET < <(exec unshare --net sh -c 'echo $$; exec sleep 1000' 3>&-)
	cp -a "$BUNDLES/root" "$BATS_TEST_TMPDIR/joins"
	jq --arg net "/proc/$NET/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $net | .process.args = ["true"]' \
		"$BUNDLES/root/config.json" >"$BATS_TEST_TMPDIR/joins/config.json"
	"$RUNTIME" --root "$STATE" run --keep --bundle "$BATS_TEST_TMPDIR/joins" r1
	audit_sync
	[[ $(records) == *"audit($(state .attribution.record.receipt))"*" op=start reason=runtime "*" net-ns=$(readlink "/proc/$NET/ns/net" | tr -dc 0-9) "* ]] ||
		fail "$(state .attribution)" "$(records)"
}

@test "audit that is off, and a rule that drops it: the container starts, and the state says why there is no record" {
	auditctl -e 0 >/dev/null
	started
	auditctl -e 1 >/dev/null
	[ -e "/proc/$pid/exe" ]
	[[ $(state .attribution.record.why) == 'audit is off'* ]] || fail "$(state .attribution)"
	"$RUNTIME" --root "$STATE" delete --force r1
	audit_rule -a always,exclude -F msgtype=VIRT_CONTROL
	started
	audit_rule -d always,exclude -F msgtype=VIRT_CONTROL
	[ "$(state .attribution.record.why)" = 'an audit rule drops our records' ] || fail "$(state .attribution)"
	[ "$(state '.attribution.record | has("receipt")')" = false ]
}

@test "in another engine's user namespace nobody is asked, and nothing is claimed" {
	run -0 audit_as "$AUDIT_ALICE" unshare --map-root-user --map-auto --mount bash -c 'base=$(mktemp -d "$TMPDIR/p.XXXXXX"); trap "rm -rf $base" EXIT
		mkdir "$base/b"; cp -r "$1/rootfs" "$base/b/"; "$RANBY_TREE/tests/bundle" "$base/b" -- sleep 1000
		"$0" --root "$base/s" create --bundle "$base/b" u1 </dev/null >/dev/null 2>&1; "$0" --root "$base/s" start u1
		"$0" --root "$base/s" state u1; "$0" --root "$base/s" delete --force u1' "$RUNTIME" "$BUNDLES/alice"
	[ "$(jq -r '.attribution | .verified, has("record"), has("auid")' <<<"$output")" = $'false\nfalse\nfalse' ] || fail "$output"
	audit_sync
	[ -z "$(records)" ] || fail "$(records)"
}

# forger VICTIM...: in $BUNDLES/forger, root's container in the host's user namespace, which may write audit: its payload says where it
# is (at=r1), writes records of VICTIMs by an exec'd process, as root himself and as the witness would, and says again where it is
forger() {
	rm -rf "$BUNDLES/forger"
	cp -a "$BUNDLES/root" "$BUNDLES/forger"
	mkdir "$BUNDLES/forger/rootfs/usr"
	ln -s usr/lib "$BUNDLES/forger/rootfs/lib"
	ln -s usr/lib64 "$BUNDLES/forger/rootfs/lib64"
	cat >"$BUNDLES/forger/rootfs/forge.py" <<-'PYTHON'
		import socket, struct, sys
		boot = open("/proc/sys/kernel/random/boot_id").read().strip()
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
		for trust in "root", "live":
		    for pid in sys.argv[1:]:
		        text = (f"virt=ranby op=start reason=runtime vm=\"forged\" uuid=00000000-0000-8000-8000-000000000000 vm-pid={pid} trust={trust} "
		                f"boot={boot} vm-start=1 init-pid={pid} init-start=1 pid-ns=7 starter-auid=0 starter-ses=0 exe=\"ranby-runtime\" res=success\0").encode()
		        s.send(struct.pack("=IHHII", 16 + len(text), 2500, 5, 1, 0) + text)
		        kind, error = struct.unpack_from("=4xH10xi", s.recv(4096))
		        if kind != 2 or error != 0: sys.exit(f"refused: {error}")
	PYTHON
	"$RANBY_TREE/tests/bundle" "$BUNDLES/forger" '{"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
		{"type":"mount"}],"uidMappings":null,"gidMappings":null},
		"process":{"capabilities":{"bounding":["CAP_AUDIT_WRITE"],"effective":["CAP_AUDIT_WRITE"],"permitted":["CAP_AUDIT_WRITE"]}},
		"mounts":[{"destination":"/usr","source":"/usr","type":"bind","options":["bind","ro"]}]}' -- \
		sh -c '/bin/true at=r1; python3 /forge.py "$@"; r=$?; /bin/true at=r1; exit $r' sh "$@"
}

@test "a container of root's that may write audit: its records of the host's processes are claims, what root wrote of it is believed (A52)" {
	[ -x /usr/bin/python3 ] || skip 'no /usr/bin/python3 for the container'
	local go=$BATS_TEST_TMPDIR/go victim
	chmod 755 "$BATS_TEST_TMPDIR"
	audit_pack "$AUDIT_ALICE"
	run -0 audit_as --sudo root "$AUDIT_ALICE" bash -c 'BUNDLES=$1 RANBY_TREE=$4
		sh -c "while [ ! -e $3 ]; do sleep 0.1; done; /bin/true at=host" & victim=$!
		trap ": >$3; wait" EXIT
		echo "victim $victim"
		'"$(declare -f forger)"'; forger "$victim" || exit 9
		"$0" --root "$2" run --bundle "$BUNDLES/forger" r1' "$RUNTIME" "$BUNDLES" "$STATE" "$go" "$RANBY_TREE"
	audit_unpack "$AUDIT_ALICE"
	victim=$(awk '$1 == "victim" {print $2}' <<<"$output")
	audit_sync
	[ "$(records | grep -ac " vm=\"forged\" .* vm-pid=$victim trust=\(root\|live\) ")" = 2 ] || fail "$output" "$(records)"
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit attribute --format json "$AUDIT_LOG"
	local answers
	answers=$(jq -r 'select(.command | test(" at=")) | select(.exe | test("true|busybox")) | select(.command | test("sh -c") | not) |
		(.command | sub(".*at="; "")) + " " + .container' <<<"$output" | sort)
	[ "$answers" = $'host host\nr1 r1\nr1 r1' ] || fail "$answers" "$(jq -r .why <<<"$output" | sort | uniq -c)"
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --container forged --log "$AUDIT_LOG"
	[ "$(grep -c "^forged: .* init $victim, .* a claim: who sent the record was in a container, or may have been" <<<"$output")" = 2 ] || fail "$output"
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --container r1 --log "$AUDIT_LOG"
	[[ $output == 'r1: uuid '* && $output != *'a claim'* ]] || fail "$output"
}

@test "root's exec in a login: its record is believed, and what it starts is in the container" {
	audit_pack "$AUDIT_ALICE"
	run -0 audit_as --sudo root "$AUDIT_ALICE" bash -c '"$0" --root "$1" create --bundle "$2" r1 </dev/null >/dev/null 2>&1; "$0" --root "$1" start r1
		"$0" --root "$1" exec r1 /bin/true at=exec; "$0" --root "$1" delete --force r1' "$RUNTIME" "$STATE" "$BUNDLES/root"
	audit_unpack "$AUDIT_ALICE"
	audit_sync
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit attribute --format json "$AUDIT_LOG"
	[ "$(jq -r 'select(.command == "/bin/true at=exec") | .container' <<<"$output")" = r1 ] ||
		fail "$(jq -r 'select(.command | test("at=exec")) | .exe + " " + .command + " " + .container + " " + .why' <<<"$output")"
}

@test "in another pid namespace, whose /proc has other numbers, root writes nothing, and the state says why" {
	run -0 unshare --pid --fork --mount-proc bash -c '"$0" --root "$1" create --bundle "$2" r1 </dev/null >/dev/null 2>&1 3>&- && "$0" --root "$1" start r1 &&
		"$0" --root "$1" state r1; "$0" --root "$1" delete --force r1' "$RUNTIME" "$STATE" "$BUNDLES/root"
	[[ $(jq -r .attribution.record.why <<<"$output") == "not in the host's user and pid namespaces"* ]] || fail "$output"
	audit_sync
	[ -z "$(records)" ] || fail "$(records)"
}
