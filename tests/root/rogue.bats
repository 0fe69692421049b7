#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# `ranby audit rogue` against the machine's own kernel audit: each way to a namespace or a mount that is not
# ranby's is found, and of ranby's own ways nothing is.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user
load ../audit

setup_file() {
	audit_begin RAW
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || return 0
	installed
	RANBY_TEST_IMAGES=$("$RANBY_TREE/tests/images/build" --where)
	export RANBY_TEST_IMAGES
	clone3_program >"$AUDIT_DIR/by-clone3"
	chmod 755 "$AUDIT_DIR/by-clone3"
	auditctl -b 32768 >/dev/null
	audit_pack "$AUDIT_ALICE" "$AUDIT_BOB"
}

teardown_file() { audit_end; }
setup() {
	audit_need
	BEGIN=$(wc -c <"$AUDIT_LOG")
}

# clone3_program: does one thing in namespaces that it made by clone3, or nothing; without exec, mounts or unshare.
clone3_program() {
	cat <<-'PY'
		#!/usr/bin/env python3
		import ctypes, os, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		NEWNS, NEWUTS, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x10000000, 0x20000000, 0x40000000
		def map_own():
		    open("/proc/self/setgroups", "w").write("deny")
		    return 0
		deeds = {
		    "nothing": (NEWUSER | NEWPID | NEWNET, lambda: 0),
		    "mount": (NEWUSER | NEWNS, lambda: libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)),
		    "map": (NEWUSER | NEWPID, map_own),
		    "hostname": (NEWUSER | NEWUTS, lambda: libc.sethostname(b"x", 1)),
		    "chroot": (NEWUSER, lambda: libc.chroot(b"/")),
		}
		flags, deed = deeds[sys.argv[1]]
		args = struct.pack("11Q", flags, *([0] * 3), 17, *([0] * 6))
		pid = libc.syscall(435, args, len(args))
		if pid == 0:
		    os._exit(0 if deed() == 0 else 1)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PY
}

# since: the log of this test alone
since() {
	audit_sync
	tail -c "+$((BEGIN + 1))" "$AUDIT_LOG" >"$AUDIT_DIR/since.log"
	chmod 644 "$AUDIT_DIR/since.log"
}
rogue() { since; run --separate-stderr "$INSTALLED/bin/ranby" audit rogue --format json "$@" "$AUDIT_DIR/since.log"; }

# found AUID PROGRAM [WHAT [VERDICT]]: a line says so
found() {
	jq -es --argjson auid "$1" --arg exe "$2" --arg what "${3:-}" --arg verdict "${4:-rogue}" \
		'any(.[]; .auid == $auid and (.exe | endswith($exe)) and ($what == "" or .what == $what) and .verdict == $verdict)' \
		<<<"$output" >/dev/null || { echo "no line of $*: $output"; return 1; }
}

@test "unshare: a user namespace alone, with a map, with mounts, with processes (F22)" {
	local flags
	for flags in --user -Ur -Urm -Urpf; do
		BEGIN=$(wc -c <"$AUDIT_LOG")
		audit_as "$AUDIT_ALICE" unshare $flags true
		rogue
		[ "$status" = 1 ]
		found "$(id -u "$AUDIT_ALICE")" /unshare unshare
	done
}

@test "a namespace of one kind only, of any kind" {
	local flag
	for flag in --net --uts --ipc --cgroup --time; do
		BEGIN=$(wc -c <"$AUDIT_LOG")
		# root in a user namespace that the log does not show any more, so that this kind alone is there
		audit_as "$AUDIT_BOB" unshare -Ur sh -c '"$@"' - unshare "$flag" true
		since
		grep -av 'a0=10000000' "$AUDIT_DIR/since.log" | grep -a 'type=SYSCALL.* syscall=272 ' >"$AUDIT_DIR/one.log"
		[ "$(wc -l <"$AUDIT_DIR/one.log")" = 1 ]
		run -1 --separate-stderr "$INSTALLED/bin/ranby" audit rogue --format json "$AUDIT_DIR/one.log"
		found "$(id -u "$AUDIT_BOB")" /unshare unshare
	done
}

@test "nsenter: a namespace that somebody else made" {
	local inside made
	inside=/var/tmp/ranby-tests-$(id -u "$AUDIT_ALICE")/inside
	rm -f "$inside"
	audit_as "$AUDIT_ALICE" unshare -Urm sh -c 'echo $$ >"$TMPDIR/inside"; exec sleep 100' 3>&- &
	made=$!
	for _ in $(seq 300); do
		[ ! -s "$inside" ] || break
		sleep 0.1
	done
	BEGIN=$(wc -c <"$AUDIT_LOG")
	audit_as "$AUDIT_ALICE" sh -c 'exec nsenter -U --preserve-credentials -t "$(cat "$TMPDIR/inside")" true'
	kill "$(cat "$inside")"
	wait $made || true
	rm -f "$inside"
	rogue
	[ "$status" = 1 ]
	found "$(id -u "$AUDIT_ALICE")" /nsenter setns
}

@test "bwrap (F22)" {
	command -v bwrap >/dev/null || skip 'bwrap is not installed'
	audit_as "$AUDIT_ALICE" bwrap --ro-bind / / --unshare-pid --dev /dev true
	rogue
	[ "$status" = 1 ]
	found "$(id -u "$AUDIT_ALICE")" /bwrap
}

@test "podman: what it makes by itself (F22)" {
	command -v podman >/dev/null || skip 'podman is not installed'
	audit_as "$AUDIT_BOB" sh -c 'd=$(mktemp -d) && podman --root "$d/d" --runroot "$d/r" --storage-driver vfs unshare true; r=$?
		rm -rf "$d"; exit $r'
	rogue
	[ "$status" = 1 ]
	found "$(id -u "$AUDIT_BOB")" /podman
}

@test "clone3: whoever mounts, maps, names or goes by what it made (F20, F22)" {
	local deed
	while read -r deed what; do
		BEGIN=$(wc -c <"$AUDIT_LOG")
		audit_as "$AUDIT_BOB" "$AUDIT_DIR/by-clone3" "$deed"
		rogue
		[ "$status" = 1 ]
		found "$(id -u "$AUDIT_BOB")" "$(readlink -f /usr/bin/python3)" "$what"
	done <<-'DEEDS'
		mount mount
		map map
		hostname privileged
		chroot privileged
	DEEDS
}

@test "clone3 and nothing else: said to be possible, with program and login, and not passed over" {
	audit_as "$AUDIT_BOB" "$AUDIT_DIR/by-clone3" nothing
	rogue
	[ "$status" = 0 ]
	[ -z "$output" ]
	[[ $stderr == *'1 program used clone3'*'--unclear'* ]]
	rogue --unclear
	[ "$status" = 1 ]
	[ "${#lines[@]}" = 1 ]
	found "$(id -u "$AUDIT_BOB")" "$(readlink -f /usr/bin/python3)" clone3 unclear
}

@test "reading a map, and a setuid program's mount of its own, are no namespaces" {
	audit_as "$AUDIT_ALICE" sh -c 'cat /proc/self/uid_map /proc/self/setgroups >/dev/null; echo 1 >/proc/self/oom_score_adj'
	audit_as "$AUDIT_ALICE" sh -c 'exec 3<>/proc/self/comm'
	rogue
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "of ranby's own: none, whatever the network, the map and the verb (F22)" {
	audit_as --nodes "$AUDIT_ALICE" bash -euc 'umask 077
		d=$(mktemp -d "$TMPDIR/t.XXXXXX"); mkdir "$d/run"; export XDG_STATE_HOME=$d/state
		R() { ranby --root "$d/data" --runroot "$d/run" "$@"; }
		trap "R rm --all --force --time 0 >/dev/null 2>&1; R unshare rm -rf \"$d\"; rm -rf \"$d\"" EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		R run --rm busybox true
		R run --rm -p 127.0.0.1:18931:80 busybox true
		R run --rm --network host busybox true
		R run --rm --userns keep-id busybox true
		R run --rm --userns auto busybox true
		R run --rm -u nobody -v vol:/v --read-only busybox true
		! command -v fuse-overlayfs >/dev/null || ranby --root "$d/data" --runroot "$d/run" --storage-opt overlay.mount_program=/usr/bin/fuse-overlayfs run --rm --network none busybox true
		R run -d --name c --network none busybox sleep 100 >/dev/null
		R exec c true; R stop -t 0 c; R start c; R rm -f -t 0 c
		R audit verify >/dev/null || true' >"$AUDIT_DIR/own.out" 2>&1 || { cat "$AUDIT_DIR/own.out"; return 1; }
	since
	# the helpers' part was there to be seen
	rogue --all
	! command -v pasta >/dev/null || [[ $output == *'"exe":"/usr/bin/passt'*'"verdict":"engine"'* ]]
	rogue --unclear
	# what `unshare` runs for its caller, who has asked for it, is that caller's
	output=$(jq -c 'select((.exe | endswith("/rm")) | not)' <<<"$output")
	echo "$output"
	[ -z "$output" ]
}
