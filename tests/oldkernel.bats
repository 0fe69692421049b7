#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Kernels older than the one that runs here (tests/tools/oldkernel): calls and
# flags that Linux 6.1 and 5.14 lack fail, and overlay takes its layers the old
# way. What most users have must be as good as what is new.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output, lines and status

load lib

OLD=$RANBY_TREE/${RANBY_BUILD:-build}/tools/oldkernel

setup_file() {
	[ -x "$OLD" ] || make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/oldkernel"
	# names that mean something in the text of mount options
	mkdir -p "${TMPDIR:-/tmp}/a:b,c\\d e"
	RANBY_TEST_STORE="${TMPDIR:-/tmp}/a:b,c\\d e" ranby_setup_file busybox
	"$RANBY_TREE/tests/images/many-layers" 60 "$RANBY_ROOT/layers.tar"
	"$RANBY_TREE/tests/images/many-layers" 400 "$RANBY_ROOT/more.tar"
	export OLD
}
teardown_file() {
	ranby_teardown_file
	rmdir "${TMPDIR:-/tmp}/a:b,c\\d e" || true
}

setup() {
	need_ranges
	# without its new privileges nobody makes a keeper: it is there before
	ranby run -d --network none --name keeper busybox sleep 10000
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# old VERSION ARG...: ranby there
old() {
	local version=$1
	shift
	"$OLD" "$version" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"
}

probe='
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(*a):
    r = libc.syscall(*a)
    return r if r >= 0 else -ctypes.get_errno()
fs = call(430, b"overlay", 1)
print(call(457, 0, 0, 0, 0), call(444, 0, 0, 1), call(319, b"x", 0x10), call(448, -1, 0), call(431, fs, 5, b"lowerdir+", 0, 0))
'

@test "the tool makes an old kernel: newer calls and flags fail as there" {
	run -0 python3 -c "$probe"
	[[ $output != "-38 "* ]] || skip 'this kernel is old itself'
	run -0 "$OLD" 6.1 python3 -c "$probe"
	[[ $output == '-38 2 -22 -9 '-* ]] || fail "$output"
	run -0 "$OLD" 5.14 python3 -c "$probe"
	[[ $output == '-38 1 -22 -38 '-* ]] || fail "$output"
	run -7 "$OLD" 6.1 sh -c 'exit 7'
}

walk() {
	local v=$1
	run -0 old "$v" load --quiet --input "$RANBY_TEST_IMAGES/busybox.tar"
	run -0 old "$v" run --rm --network none busybox sh -c 'id -u; echo a >/f; cat /f; rm /bin/vi; [ ! -e /bin/vi ]; grep " / overlay" /proc/mounts'
	[ "${lines[0]} ${lines[1]}" = '0 a' ]
	# it is the old way in which the layers are given
	[[ ${lines[2]} == *lowerdir=/proc/self/fd/* ]] || fail "$output"
	run -7 old "$v" run --rm --network none busybox sh -c 'exit 7'
	run -127 old "$v" run --rm --network none busybox nosuch
	run -0 old "$v" run -d --name w --network none -v vol:/v --tmpfs /t -e A=b busybox sh -c 'trap "exit 3" TERM; echo out; while :; do sleep 0.1; done'
	run -0 old "$v" exec w sh -c 'echo x >/v/x; echo x >/t/x; echo $A; id -u'
	[ "$output" = $'b\n0' ]
	run -0 old "$v" top w huser,user,seccomp,args
	[[ ${lines[1]} == *"$(id -un)"*root*filter*'trap "exit 3"'* ]] || fail "$output"
	run -0 old "$v" ps --filter name=w --format '{{.Names}} {{.State}}'
	[ "$output" = 'w running' ]
	wait_for 30 says_out "$v"
	run -0 old "$v" inspect --format '{{.State.Status}} {{.Ranby.InForce.stage}} {{.Ranby.InForce.rootfs.type}}' w
	[ "$output" = 'running exec-stop overlay' ]
	old "$v" stop --time 5 w
	run -0 old "$v" inspect --format '{{.State.ExitCode}}' w
	[ "$output" = 3 ]
	old "$v" start w
	run -0 old "$v" exec w cat /v/x
	[ "$output" = x ]
	old "$v" rm --force --time 0 w
	run -0 old "$v" run --rm --network none --userns keep-id busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 old "$v" run --rm --network none --read-only --init --user nobody busybox id -un
	[ "$output" = nobody ]
}
says_out() { [ "$(old "$1" logs w)" = out ]; }

@test "6.1: load, run, exec, top, logs, stop, start, rm" { walk 6.1; }
@test "5.14: the same" { walk 5.14; }

@test "6.1: the order of sixty layers, and of four hundred, which mount(2) takes" {
	old 6.1 load --quiet --input "$RANBY_ROOT/layers.tar"
	run -0 old 6.1 run --rm --network none layers sh -c 'cat /layer; ls / | grep only; grep " / overlay" /proc/mounts'
	[ "${lines[0]} ${lines[1]}" = '60 only-60' ]
	# sixty-one of the image, and the one of mount points below them
	[[ ${lines[2]} == *lowerdir=0:1:2:*:61,upperdir=u,workdir=w* ]] || fail "$output"
	old 6.1 load --quiet --input "$RANBY_ROOT/more.tar"
	run -0 old 6.1 run --rm --network none layers sh -c 'cat /layer; ls / | grep only; echo new >/layer; cat /layer'
	[ "$output" = $'400\nonly-400\nnew' ]
	# nothing of the scratch directory is left in the container
	run -0 old 6.1 run --rm --network none layers grep -c tmpfs /proc/mounts
	local there=$output
	run -0 ranby run --rm --network none layers grep -c tmpfs /proc/mounts
	[ "$output" = "$there" ]
}

@test "6.1: overlays of a volume, from names with ':' ',' and a backslash" {
	local dir="$BATS_TEST_TMPDIR/x:y,z\\w"
	mkdir "$dir"
	echo low >"$dir/f"
	for v in 6.1 5.14; do
		run -0 old $v run --rm --network none --mount "type=bind,source=/,destination=/never,readonly" busybox true
		run -0 env -C "$dir" "$OLD" $v "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" \
			run --rm --network none --rootfs "$(rootfs_in "$dir"):O" sh -c 'echo hi >/new; cat /new'
		[ "$output" = hi ]
	done
	[ ! -e "$dir/r/new" ]
}
rootfs_in() {
	mkdir -p "$1/r/bin"
	cp /bin/busybox "$1/r/bin/sh"
	cp /bin/busybox "$1/r/bin/cat"
	echo "$1/r"
}

@test "6.1: fuse-overlayfs as well" {
	need_program fuse-overlayfs
	[ -w /dev/fuse ] || skip '/dev/fuse is not open to users here'
	local fuse=(--storage-opt overlay.mount_program=/usr/bin/fuse-overlayfs) plain=$BATS_TEST_TMPDIR/plain
	local plainly=("$RANBY" --root "$plain" --runroot "$RANBY_RUN")
	"${plainly[@]}" load --quiet --input "$RANBY_TEST_IMAGES/busybox.tar"
	"${plainly[@]}" run -d --network none --name keeper busybox sleep 10000
	run -0 "$OLD" 6.1 "${plainly[@]}" "${fuse[@]}" run --rm --network none busybox sh -c 'echo hi >/x; cat /x'
	[ "$output" = hi ]
	"${plainly[@]}" rm --force --time 0 keeper
	remove_tree "$plain"
	# what it cannot do is said
	run -125 old 6.1 "${fuse[@]}" run --rm --network none busybox true
	one_error "':' in its name"
}
