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
