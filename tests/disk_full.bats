#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A disk that is full at some point of what brings or sends an image: an error
# in one line, a store that is whole, and the same command again once there is room.
# shellcheck disable=SC2154 # bats sets output and status
# shellcheck disable=SC2016 # what is in single quotes runs in a namespace
load lib

setup_file() {
	need_program docker-registry
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

# fill COMMAND...: with a store of 40 KiB and more, until COMMAND ($R is ranby) succeeds. Prints what was wrong, and at the end
# how many sizes were too small.
fill() {
	unshare --user --map-root-user --map-auto --mount bash -c '
		store=$1/store run=$2 ranby=$3 small=0
		shift 3
		R() { timeout 60 "$ranby" --root "$store" --runroot "$run" "$@"; }
		mkdir -p "$store"
		for ((kib = 40; kib < 16000; kib = kib * 4 / 3)); do
			mount -t tmpfs -o size=${kib}k,mode=700 none "$store" || exit 99
			eval "$PREPARE" || { umount "$store"; continue; }
			R "$@" >"$store.out" 2>&1
			code=$?
			if [ $code = 0 ]; then
				umount "$store"
				echo "small $small"
				exit 0
			fi
			small=$((small + 1))
			[ $code = 125 ] || echo "$kib KiB: code $code"
			# each says it in its way, a worker that nobody could tell anything too
			{ grep -c ^Error: "$store.out" | grep -qx 1 && grep -q "^Error:.*No space left" "$store.out"; } || { echo "$kib KiB:"; cat "$store.out"; }
			R images -q >"$store.images" 2>&1
			[ "$(wc -l <"$store.images")" = "$BEFORE" ] || { echo "$kib KiB: images"; cat "$store.images"; }
			mount -o remount,size=64m "$store"
			R system check >"$store.out" 2>&1 || { echo "$kib KiB: check"; cat "$store.out"; }
			R "$@" >"$store.out" 2>&1 || { echo "$kib KiB: once more"; cat "$store.out"; }
			R system check >"$store.out" 2>&1 || { echo "$kib KiB: check after it"; cat "$store.out"; }
			R rmi --all --force >/dev/null 2>&1
			find "$store"/{blobs/sha256,layers,images,staging} -mindepth 1 | sed "s/^/$kib KiB: left: /"
			umount "$store"
		done
		echo never' bash "$BATS_TEST_TMPDIR" "$RANBY_RUN" "$RANBY" "$@"
}

# full COUNT COMMAND...: as fill, at least COUNT sizes being too small.
full() {
	local least=$1
	shift
	run fill "$@"
	[ "$status" != 99 ] || skip 'no tmpfs here'
	[[ $output =~ ^small\ [0-9]+$ ]] || fail "$output"
	((${output#small } >= least)) || fail "only at $output was there no room"
}

@test "disk full: pull" { PREPARE=: BEFORE=0 full 8 pull -q "$REG/busybox"; }
@test "disk full: load" { PREPARE=: BEFORE=0 full 8 load -q -i "$RANBY_TEST_IMAGES/busybox.tar"; }
@test "disk full: copy to the store" { PREPARE=: BEFORE=0 full 6 copy -q "oci-archive:$RANBY_TEST_IMAGES/busybox.tar" store:localhost/full; }
@test "disk full: import" {
	mkdir "$BATS_TEST_TMPDIR/files"
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/files/f"
	tar -C "$BATS_TEST_TMPDIR/files" -cf "$BATS_TEST_TMPDIR/files.tar" f
	PREPARE=: BEFORE=0 full 5 import -q "$BATS_TEST_TMPDIR/files.tar" localhost/full
}
@test "disk full: build" {
	mkdir "$BATS_TEST_TMPDIR/context"
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/context/f"
	printf 'FROM busybox\nCOPY f /a\n' >"$BATS_TEST_TMPDIR/context/Containerfile"
	PREPARE="mount -o remount,size=64m \$store && R load -q -i '$RANBY_TEST_IMAGES/busybox.tar' >/dev/null 2>&1 &&
		mount -o remount,size=\$((\$(df --output=used -k \$store | tail -1) + kib))k \$store" BEFORE=1 \
		full 5 build -q -t localhost/full "$BATS_TEST_TMPDIR/context"
}
@test "disk full: push of layers that are packed anew" {
	PREPARE="mount -o remount,size=64m \$store && R load -q -i '$RANBY_TEST_IMAGES/busybox.tar' >/dev/null 2>&1 &&
		mount -o remount,size=\$((\$(df --output=used -k \$store | tail -1) + kib))k \$store" BEFORE=1 \
		full 4 push -q --compression-format zstd busybox "$REG/full"
}
