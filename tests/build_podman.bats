#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build: the Containerfiles of tests/compat/builds, built by ranby and by podman in one run; with RANBY_TEST_FULL all of them.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load podman

setup_file() { ranby_setup_file; }
teardown_file() {
	end_podman "RANBY_RUN=$RANBY_RUN"
	ranby_teardown_file
}

@test "Containerfiles as people have them: the configuration and the files that podman makes of them, or a known difference" {
	need_program podman
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p "$XDG_CONFIG_HOME/containers" run
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PWD/store" "$PWD/run" >"$XDG_CONFIG_HOME/containers/storage.conf"
	run podman load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar"
	[ "$status" = 0 ] || skip "podman does not work here: $output"
	run podman build -q --isolation chroot - <<<$'FROM localhost/busybox-docker\nRUN true'
	[ "$status" = 0 ] || skip "podman cannot build here: $output"
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null
	run "$RANBY_TREE/tests/compat/builds" ${RANBY_TEST_FULL:+--all} "$PWD" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" -- podman
	unshare --map-root-user --map-auto rm -rf store
	[ "$status" = 0 ] || fail "$output"
}
