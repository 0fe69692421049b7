# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Bundles for ranby-runtime by itself. The user namespace around the container
# (ranby's keeper, podman's own) is unshare(1)'s here. In a test file:
#
#	load lib
#	load oci
#	setup_file() { oci_setup_file; }
#	teardown_file() { oci_teardown_file; }
#	setup() { oci_setup; }
#	teardown() { oci_teardown; }
#	@test "..." { run -0 go '{"process":{...}}' -- id

RUNTIME=${RUNTIME:-$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby-runtime}
export RUNTIME

oci_setup_file() {
	[ "$(id -u)" != 0 ] || fail 'these tests want an unprivileged user: tests/as-user bats FILE'
	RUN=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/rr.XXXXXX")
	export RUN XDG_CACHE_HOME=$RUN/cache
}

oci_teardown_file() { remove_tree "$RUN"; }

oci_setup() {
	B=$BATS_TEST_TMPDIR/b
	mkdir -p "$B/rootfs"/{bin,etc,tmp,usr/bin}
	cp /bin/busybox "$B/rootfs/bin/"
	local applet
	for applet in sh ls cat id mount echo true sleep ps stat hostname ip grep env pwd tty readlink touch mkdir wc chmod ln rm kill find umount uname head; do
		ln -s busybox "$B/rootfs/bin/$applet"
	done
	echo 'root:x:0:0::/:/bin/sh' >"$B/rootfs/etc/passwd"
}

# what a failed test left is not the next one's
oci_teardown() {
	local state
	for state in "$RUN"/state/*; do
		[ ! -e "$state" ] || keeper "$RUNTIME" --root "$RUN/state" delete --force "${state##*/}" >/dev/null 2>&1 || true
	done
	rm -f "$RUN/pid" "$RUN/es"
	remove_tree "$BATS_TEST_TMPDIR/b"
}

keeper() { unshare --map-root-user --map-auto "$@"; }
rt() { "$RUNTIME" --root "$RUN/state" "$@"; }
export -f rt
bundle() { "$RANBY_TREE/tests/bundle" "$B" "$@"; }
# go [CHANGES] -- COMMAND...: a bundle, run to its end inside a keeper
go() {
	bundle "$@"
	keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
}
none_left() { [ -z "$(ls -A "$RUN/state" 2>/dev/null)" ] || fail 'left behind:' "$(ls -lR "$RUN/state")"; }
