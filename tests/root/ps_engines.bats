#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ps --all-engines as root: a container below containerd's directory of
# states, and a user's, of whose files nothing is believed.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs in another mount namespace

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can run this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BIN=$RANBY_TREE/${RANBY_BUILD:-build}/bin
	export RANBY_TREE BIN
	"$RANBY_TREE/tests/as-user" --no-loginuid --account ranbytest true
}
setup() {
	B=$BATS_TEST_TMPDIR/b
	mkdir -p "$B/rootfs"/{bin,proc,dev,sys,tmp,etc}
	cp /bin/busybox "$B/rootfs/bin/"
	ln -s busybox "$B/rootfs/bin/sleep"
	export B
}
fail() { printf '%s\n' "$@" >&2; return 1; }

@test "containerd's, as root: by the directory it is in; all that is said of its process is what /proc says" {
	"$RANBY_TREE/tests/bundle" "$B" '{"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
		{"type":"mount"}],"uidMappings":null,"gidMappings":null},"annotations":{"io.kubernetes.cri.image-name":"docker.io/x/y:1\u001b[31m"}}' -- sleep 1000
	run -0 --separate-stderr unshare --mount --propagation private bash -euc 'mkdir -p /run/containerd; mount -t tmpfs -o mode=711 none /run/containerd
		mkdir -p -m 700 /run/containerd/runc /run/containerd/runc/k8s.io
		R() { "$BIN/ranby-runtime" --root /run/containerd/runc/k8s.io "$@" </dev/null 3>&- 4>&-; }
		trap "R delete --force c1 || true" EXIT
		R create --bundle "$B" --pid-file "$B/pid" c1 >/dev/null 2>&1
		P() { "$BIN/ranby" --root "$B/data" --runroot "$B/run" ps --all-engines "$@"; }
		P --format json --filter id=c1
		P --noheading --format "{{.ID}} {{.Status}} {{.Image}}" --filter engine=containerd
		R start c1
		P --noheading --format "{{.ID}} {{.Status}}" --filter engine=containerd
		pid=$(cat "$B/pid")
		echo "proc $pid $(cat /proc/$pid/loginuid) $(awk "{print \$22}" /proc/$pid/stat) $(awk "/^Seccomp:/ {print \$2}" /proc/$pid/status)"
		jq -c ".startTicks -= 1" /run/containerd/runc/k8s.io/c1/state.json >"$B/s"; cp "$B/s" /run/containerd/runc/k8s.io/c1/state.json
		P --all --noheading --format "{{.ID}} {{.Status}} {{.Pid}}" --filter engine=containerd
		P --noheading --format "{{.Engine}} {{.Pid}} {{.Trust}}" --filter pid="$pid"
		jq -c ".startTicks += 1" "$B/s" >/run/containerd/runc/k8s.io/c1/state.json'
	local proc=$output
	python3 - "$proc" <<-'PYTHON'
		import json, sys
		rows, at = json.JSONDecoder().raw_decode(sys.argv[1])
		lines = sys.argv[1][at:].strip().splitlines()
		_, pid, auid, ticks, seccomp = lines[2].split()
		assert len(rows) == 1, rows
		r = rows[0]
		assert (r["Engine"], r["ID"], r["Status"], r["Pid"]) == ("containerd", "c1", "created", int(pid)), r
		assert r["StartTicks"] == int(ticks) and r["UID"] == 0, r
		assert r["LoginUID"] == (None if auid == "4294967295" else int(auid)), r
		assert r["Sources"]["Image"] == r["Sources"]["Engine"] == "claimed" and r["Sources"]["Pid"] == r["Sources"]["LoginUID"] == "kernel", r
		assert lines[0] == r"c1 created docker.io/x/y:1\x1b[31m", lines
		assert lines[1] == "c1 running", lines
		assert lines[3] == "c1 stopped unknown", lines
		assert lines[4].split()[:2] == ["unknown", pid], lines
	PYTHON
}

@test "a user's is seen by root, with the login's identity; the user's own files are not read" {
	"$RANBY_TREE/tests/bundle" "$B" -- sleep 1000
	sed -i -e 's/, *"gid=5"//' -e 's/"gid=5", *//' "$B/config.json"
	chmod -R a+rX "$B" "$BATS_RUN_TMPDIR" 2>/dev/null || true
	mkfifo "$BATS_TEST_TMPDIR/go" "$BATS_TEST_TMPDIR/end" && chmod 666 "$BATS_TEST_TMPDIR"/{go,end}
	"$RANBY_TREE/tests/as-user" --account ranbytest -- bash -euc 'd=$(mktemp -d "$XDG_RUNTIME_DIR/en.XXXXXX")
		cp -r "$1" "$d/b"
		k() { unshare --map-root-user --map-auto ranby-runtime --root "$d/s" "$@" </dev/null; }
		k create --bundle "$d/b" --pid-file "$d/pid" u1 >/dev/null 2>&1
		k start u1
		echo "$(cat "$d/pid") $d/s" >"$2/go"
		read -r _ <"$2/end"
		k delete --force u1
		rm -rf "$d" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$d"' - "$B" "$BATS_TEST_TMPDIR" 3>&- 4>&- &
	local job=$! pid state
	read -r -t 60 pid state <"$BATS_TEST_TMPDIR/go"
	P() { "$BIN/ranby" --root "$B/data" --runroot "$B/run" ps --all-engines "$@"; }
	run -0 --separate-stderr P --format json --filter pid="$pid"
	local rows=$output
	run --separate-stderr P --runtime-root "$state"
	local refused=$status why=$stderr
	local auid
	auid=$(cat "/proc/$pid/loginuid")
	echo end >"$BATS_TEST_TMPDIR/end"
	wait "$job"
	[ "$refused" = 125 ]
	[[ $why == *"$state: a link, neither yours nor root's"* ]] || fail "$why"
	[ "$(jq -r '.[] | .Engine, .ID, .LoginUID // 4294967295, .OwnerUID, .Sources.LoginUID' <<<"$rows" | paste -sd ' ')" = "unknown unknown $auid $(id -u ranbytest) kernel" ] || fail "$rows"
}
