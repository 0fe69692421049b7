#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# make install and uninstall, and what is installed works from there.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	DEST=$BATS_FILE_TMPDIR/dest
	export TREE DEST
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	# MAKEFLAGS: we may be below a make of our own
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" install DESTDIR="$DEST" PREFIX=/usr
}

@test "programs, their modes, and nothing set-user-id" {
	[ -x "$DEST/usr/bin/ranby" ]
	[ -x "$DEST/usr/bin/ranby-runtime" ]
	local program
	for program in init monitor fetch unpack; do
		[ -x "$DEST/usr/libexec/ranby/ranby-$program" ]
	done
	[ -z "$(find "$DEST" -type f -perm /7000)" ]
	[ -z "$(find "$DEST" -type f -perm /022)" ]
}

@test "the default seccomp profile, man pages and completions" {
	[ -f "$DEST/usr/share/ranby/profiles/seccomp/default.json" ]
	[ -f "$DEST/usr/share/man/man1/ranby-run.1" ]
	[ -s "$DEST/usr/share/bash-completion/completions/ranby" ]
	[ -s "$DEST/usr/share/zsh/site-functions/_ranby" ]
	[ -s "$DEST/usr/share/fish/vendor_completions.d/ranby.fish" ]
}

@test "an installed ranby runs a container" {
	local images=${RANBY_TEST_IMAGES:-$("$TREE/tests/images/build" --where)}
	run -0 "$TREE/tests/as-user" sh -c '
		r="$1/usr/bin/ranby --root $TMPDIR/inst.$$ --runroot $XDG_RUNTIME_DIR/inst.$$"
		$r load -q -i "$2/busybox.tar" >/dev/null && $r run --rm --network=none busybox echo it runs
		$r rmi --all >/dev/null; rm -rf "$TMPDIR/inst.$$" "$XDG_RUNTIME_DIR/inst.$$"' sh "$DEST" "$images"
	[ "${lines[-1]}" = 'it runs' ]
}

@test "uninstall leaves nothing of ours" {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" uninstall DESTDIR="$DEST" PREFIX=/usr
	run find "$DEST" -type f
	[ -z "$output" ]
}

# as root does it, without DESTDIR, on a host of its own: /etc is a copy, /run is empty
@test "install by root makes group ranby and /run/ranby-witness, and uninstall takes them away" {
	unshare --mount true 2>/dev/null || skip 'no mount namespace can be made here'
	cp -a /etc "$BATS_TEST_TMPDIR/etc"
	T=$BATS_TEST_TMPDIR timeout 120 unshare --mount --propagation private bash -euc '
		mount --bind "$T/etc" /etc && mount -t tmpfs tmpfs /run
		! getent group ranby >/dev/null || groupdel ranby
		rm -rf /etc/ranby
		made() { env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" "$@" PREFIX="$T/usr"; }
		made install >/dev/null
		[ "$(stat -c "%U:%G %a" /run/ranby-witness)" = "root:ranby 2770" ]
		[ "$(stat -c "%U:%G %a" "$T/usr/libexec/ranby/ranby-witness")" = "root:ranby 2755" ]
		made uninstall
		if getent group ranby; then exit 1; fi
		[ ! -e /run/ranby-witness ] && [ ! -e /etc/ranby ]
		[ -z "$(find "$T/usr" -type f)" ]'
}
