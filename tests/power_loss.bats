#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A reference means data, also after a power loss at any moment: what each
# command that makes one has synced by then (tests/crash-order), and what ranby
# makes of the data directories that are possible (tests/crash-states). Their
# long mode is RANBY_CRASH_STATES=0, all of them; another number is so many.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output and stderr
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

# crash_states [OPTION...] -- COMMAND...: $output is what tests/crash-states says
crash_states() {
	local options=()
	need_ranges
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	mkdir -m 700 "$BATS_TEST_TMPDIR/states"
	run timeout "${RANBY_CRASH_SECONDS:-500}" unshare --user --map-root-user --map-auto --mount "$RANBY_TREE/tests/crash-states" \
		--states "${RANBY_CRASH_STATES:-24}" "${options[@]}" "$RANBY" "$BATS_TEST_TMPDIR/states" -- "$@"
	unshare --user --map-root-user --map-auto rm -rf "$BATS_TEST_TMPDIR/states"
}
# all_whole LEAST: so many were looked at, and nothing was wrong
all_whole() {
	[[ $status = 0 && $output =~ ^[0-9]+\ moments,\ [0-9]+\ states,\ ([0-9]+)\ looked\ at,\ 0\ with\ faults$ ]] || fail "$output"
	[ "${BASH_REMATCH[1]}" -ge "$1" ] || fail "$output"
}

@test "after a power loss during pull the store is whole, at worst without the image, and pull brings it" {
	crash_states -- pull --quiet "$registry/there:1"
	all_whole 24
}

@test "after a power loss during load likewise, with an image that shares its layers" {
	crash_states --before "load -q -i $RANBY_TEST_IMAGES/busybox.tar" -- load --quiet --input "$BATS_FILE_TMPDIR/there.tar"
	all_whole 24
}

@test "after a power loss during tag and rmi an image is as before or after" {
	crash_states --before "load -q -i $RANBY_TEST_IMAGES/busybox.tar" -- tag busybox other
	all_whole 5
	crash_states --before "load -q -i $RANBY_TEST_IMAGES/busybox.tar" --before "load -q -i $BATS_FILE_TMPDIR/there.tar" \
		--refused 'not known' -- rmi "$registry/there:1"
	all_whole 20
}

@test "after a power loss during create there is the container or none, and it can be removed" {
	crash_states --before "load -q -i $RANBY_TEST_IMAGES/busybox.tar" --refused 'in use' -- create --name c --network none busybox true
	all_whole 24
}

@test "what looks at the states finds that nothing was synced" {
	crash_states --forget-syncs -- pull --quiet "$registry/there:1"
	[[ $status = 1 && $output == *' is another'* && $output == *'system check after it: exit '* ]] || fail "$status: $output"
}
