#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What podman answers to the same command lines: tests/compat.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output and status

load lib

# some hundred command lines of two engines are long on a busy machine
setup_file() { export BATS_TEST_TIMEOUT=600; }

@test "command lines of docker's and podman's users: podman's answers, or a reason why not" {
	need_program podman
	need_ranges
	"$BATS_TEST_DIRNAME/compat/run" || fail 'what differs is above; a difference needs its reason in tests/compat/differences'
}

# both COMMAND...: its JSON by podman and by ranby in $BATS_TEST_TMPDIR/{podman,ranby}.
both() {
	"${PODMAN[@]}" "$@" >"$BATS_TEST_TMPDIR/podman"
	ranby "$@" >"$BATS_TEST_TMPDIR/ranby"
}
# missing_keys [IGNORE...]
missing_keys() {
	run "$BATS_TEST_DIRNAME/compat/keys" "$BATS_TEST_TMPDIR/podman" "$BATS_TEST_TMPDIR/ranby" "$@"
	[ -z "$output" ] || fail "$output"
}

@test "JSON of inspect, ps, info and version: no key is missing that podman has" {
	local image made
	need_program podman
	need_ranges
	ranby_setup_file busybox
	made=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/k.XXXXXX")
	PODMAN=(podman --root "$BATS_TEST_TMPDIR/store" --runroot "$made" --cgroup-manager cgroupfs --log-level error)
	image=$("$BATS_TEST_DIRNAME/images/build" --where)/busybox.tar
	"${PODMAN[@]}" load -q -i "$image" >/dev/null
	for engine in "${PODMAN[*]}" ranby; do
		$engine create --name all -v vol:/data --tmpfs /t --ulimit nofile=9:9 --label a=b -u 5:6 --health-cmd true \
			--cap-drop NET_RAW -e A=b --group-add 7 --add-host x:192.0.2.1 -p 127.0.0.1:4199:80 busybox true >/dev/null
	done
	both inspect all
	# podman keeps notes of its own in annotations; a port has no host's number before the start
	missing_keys '\.Config\.Annotations\.'
	both image inspect busybox
	# where podman's store has an overlay for each layer; ours are directories (.Ranby.LayerDirs)
	missing_keys '\.GraphDriver\.Data\.'
	both ps -a --format json
	missing_keys
	both info --format json
	# what podman's driver found out, which depends on the driver that it chose
	missing_keys '\.store\.graphStatus\.'
	both version --format json
	missing_keys
	"${PODMAN[@]}" rm -a >/dev/null
	"${PODMAN[@]}" system migrate # ends its pause process
	unshare --map-root-user --map-auto rm -rf "$BATS_TEST_TMPDIR/store" "$made"
	ranby_teardown_file
}
