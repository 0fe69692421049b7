#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A reference means data, also after a power loss at any moment: what each
# command that makes one has synced by then (tests/crash-order).
# shellcheck disable=SC2154 # bats sets output and stderr
load lib

setup_file() {
	ranby_setup_file busybox
	# a traced newuidmap has no privilege: what it makes has to be there
	ranby run -d --name keeps --network none busybox sleep 1000 3>&- >/dev/null
	registry=$("$RANBY_TREE/tests/registry" start "$BATS_FILE_TMPDIR/registry" 0)
	export registry
	printf 'FROM busybox\nCOPY a /a\n' >"$BATS_FILE_TMPDIR/Containerfile"
	echo a >"$BATS_FILE_TMPDIR/a"
	ranby build --quiet -t "$registry/there:1" "$BATS_FILE_TMPDIR" >/dev/null
	ranby push --quiet "$registry/there:1"
	ranby save --quiet --format oci-archive -o "$BATS_FILE_TMPDIR/there.tar" "$registry/there:1"
	ranby rmi "$registry/there:1" >/dev/null
}

teardown_file() {
	"$RANBY_TREE/tests/registry" stop "$BATS_FILE_TMPDIR/registry" || true
	ranby_teardown_file
}

# in_order ARG...: ranby, traced; what tests/crash-order says.
in_order() {
	trace=$BATS_TEST_TMPDIR/trace
	strace -f -y -qq -e "trace=$("$RANBY_TREE/tests/crash-order" --calls)" -o "$trace" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@" >/dev/null
	run -0 "$RANBY_TREE/tests/crash-order" "$trace" "$RANBY_ROOT"
	echo "$output"
}

setup() {
	need_program strace
	ranby rmi "$registry/there:1" made >/dev/null 2>&1 || true
}

@test "pull: data first, then its name, then the reference" {
	in_order pull --quiet "$registry/there:1"
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:1\ images:1$ ]]
}

@test "load, import, copy, build and commit likewise" {
	in_order load --quiet --input "$BATS_FILE_TMPDIR/there.tar"
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:1\ images:1$ ]]
	ranby rmi "$registry/there:1"
	in_order copy --quiet "oci-archive:$BATS_FILE_TMPDIR/there.tar" store:made
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:0\ images:1$ ]]
	ranby rmi made
	in_order build --quiet --no-cache -t made "$BATS_FILE_TMPDIR"
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:1\ images:[1-9]$ ]]
	ranby rmi made
	ranby exec keeps sh -c 'echo b >/b'
	in_order commit --quiet keeps made
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:1\ images:1$ ]]
	tar -C "$BATS_FILE_TMPDIR" -cf "$BATS_TEST_TMPDIR/files.tar" a
	in_order import --quiet "$BATS_TEST_TMPDIR/files.tar" made
	[[ $output =~ ^blobs/sha256:[1-9].*\ layers:1\ images:[1-9]$ ]]
}

@test "a name for what another command made is given when that is on the disk" {
	in_order tag busybox made
	[ "$output" = 'blobs/sha256:0 layers:0 images:1' ]
}

@test "what looks at the order finds each sync that is missing" {
	in_order pull --quiet "$registry/there:1"
	total=0
	while read -r number; do
		sed "${number}d" "$trace" >"$BATS_TEST_TMPDIR/less"
		run -1 "$RANBY_TREE/tests/crash-order" "$BATS_TEST_TMPDIR/less" "$RANBY_ROOT"
		total=$((total + 1))
	done < <(grep -nE "(fsync|syncfs)\([0-9]+<$RANBY_ROOT/(images|staging/[0-9a-f]*/blob)" "$trace" | grep -v unfinished | cut -d: -f1)
	[ "$total" -ge 3 ] || fail "only $total: $(cat "$trace")"
}
