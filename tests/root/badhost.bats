#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Hosts on which something is missing, which only root can prepare: each test
# is a mount namespace or an account of its own, and drops to a plain user.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TREE RANBY_TEST_IMAGES
}

# as_user [OPTION...] SCRIPT: a shell as the plain user, with a store of its own in $R.
as_user() {
	local script=${*: -1}
	"$RANBY_TREE/tests/as-user" "${@:1:$#-1}" -- bash -c '
		base=$(mktemp -d "$TMPDIR/host.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
		R="ranby --root $base/data --runroot $run"
		'"$script"'
		code=$?
		$R rm --all --force --time 0 >/dev/null 2>&1
		left=$(find "$base/data/containers" "$run" -mindepth 1 ! -path "$run/runtime" ! -name "keeper*" 2>/dev/null)
		[ -z "$left" ] || echo "LEFT: $left"
		rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
		exit $code'
}

one_error() {
	[ "$(grep -c '^Error: ' <<<"$output")" = 1 ] && [[ $output == *"$1"* && $output != *LEFT* ]] || {
		echo "wanted one Error line with \"$1\":"
		echo "$output"
		return 1
	}
}

@test "no subordinate ids: a single-id map, and a notice" {
	run -0 as_user --no-ranges '$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && $R run --rm busybox sh -c "id -u; cat /proc/self/uid_map"'
	[[ $output == *subuid* ]]
	[[ $output =~ (^|$'\n')0($'\n'|$) ]]
	[[ $output =~ 0\ +[0-9]+\ +1($'\n'|$) ]]
}

@test "no subordinate ids: another user is an error, not another confinement" {
	run -125 as_user --no-ranges '$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && $R run --rm -u 33 busybox true'
	one_error 33
}

@test "root's run directory, of which nothing may be executed, as Debian's /run: a here-document of RUN that begins with #! is all the same" {
	local base
	base=$(mktemp -d /var/tmp/noexec.XXXXXX)
	mkdir "$base/run" "$base/ctx"
	printf 'FROM busybox\nRUN <<X\n#!/bin/sh\necho "$0 runs"\nX\n' >"$base/ctx/Containerfile"
	run unshare --mount --propagation private bash -c 'mount -t tmpfs -o mode=700,noexec,nosuid,nodev none "$1/run"
		R() { "$2" --root "$1/data" --runroot "$1/run" "${@:3}"; }
		R "$@" load -q -i "$RANBY_TEST_IMAGES/busybox.tar"
		R "$@" build --network none --no-cache "$1/ctx"
		code=$?
		ls -A "$1/data/staging"
		R "$@" rmi --all --force >/dev/null
		exit $code' bash "$base" "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby"
	rm -r "$base"
	[ "$status" = 0 ] && [[ $output == *"/dev/pipes/script runs"* ]] || { echo "$output"; false; }
}

# with_newuidmap COMMAND SCRIPT: newuidmap as COMMAND leaves it, in a private mount namespace.
with_newuidmap() {
	unshare --mount --propagation private bash -c '
		helper=$(command -v newuidmap) copy=$(mktemp)
		cp "$helper" "$copy"
		eval "$1"
		mount --bind "$copy" "$helper"
		rm -f "$copy"
		shift
		"$@"' with_newuidmap "$1" bash -c "$(declare -f as_user); as_user '$2'"
}

@test "newuidmap is not setuid" {
	run -125 with_newuidmap 'chmod 755 "$copy"' \
		'$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && $R run --rm busybox true'
	one_error newuidmap
}

@test "newuidmap is not executable" {
	run -125 with_newuidmap 'chmod 644 "$copy"' \
		'$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && $R run --rm busybox true'
	one_error newuidmap
}

@test "newuidmap belongs to somebody else" {
	run -125 with_newuidmap 'chown ranbytest "$copy"; chmod 4755 "$copy"' \
		'$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null && $R run --rm busybox true'
	one_error newuidmap
}

@test "newuidmap is missing" {
	run -125 unshare --mount --propagation private bash -c '
		upper=$(mktemp -d) && mount -t tmpfs none "$upper" && mkdir "$upper/u" "$upper/w"
		mount -t overlay -o "lowerdir=/usr/bin,upperdir=$upper/u,workdir=$upper/w" none /usr/bin || exit 99
		rm -f /usr/bin/newuidmap
		'"$(declare -f as_user)"'
		as_user "\$R load -q -i \"\$RANBY_TEST_IMAGES/busybox.tar\" >/dev/null && \$R run --rm busybox true"'
	one_error newuidmap
}

@test "a host without an interface: the network helper's words, and the next step" {
	run -125 unshare --net bash -c '"$1/tests/as-user" -- bash -c "$2"' bash "$RANBY_TREE" '
		base=$(mktemp -d "$TMPDIR/host.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
		R="ranby --root $base/data --runroot $run"
		$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		$R run --rm busybox true
		code=$?
		$R run --rm --network none busybox echo works without
		$R ps --all --quiet
		rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
		exit $code'
	one_error 'network helper: '
	[[ $output == *'Hint: '*'--network none'* ]]
	[[ $output == *$'\nworks without' ]]
}
