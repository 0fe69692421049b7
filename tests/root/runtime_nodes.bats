#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Device nodes that ranby-runtime makes itself, as root without a user namespace:
# in a volume, whose other users change names below it all the time.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

fail() { printf '%s\n' "$@" >&2; return 1; }

setup() {
	[ "$(id -u)" = 0 ] || { echo 'only root can run this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RUNTIME=$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby-runtime
	RUN=$(mktemp -d /var/tmp/rn.XXXXXX) B=$BATS_TEST_TMPDIR/b RACER=''
	mkdir -p "$B/rootfs"/{bin,tmp} "$B/vol"
	cp /bin/busybox "$B/rootfs/bin/"
	ln -s busybox "$B/rootfs/bin/stat"
	echo unchanged >"$BATS_TEST_TMPDIR/canary"
	chmod 600 "$BATS_TEST_TMPDIR/canary"
	chown 5:6 "$BATS_TEST_TMPDIR/canary"
}
teardown() {
	[ -z "$RACER" ] || kill "$RACER" 2>/dev/null || true
	rm -rf "$RUN" "$B"
}

# bundle PATH: one that has a null of mode 666 at PATH, and /dev/vol is a volume
bundle() {
	"$RANBY_TREE/tests/bundle" "$B" "{\"mounts\":[{\"destination\":\"/dev/vol\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\",\"dev\"]}],
		\"linux\":{\"uidMappings\":null,\"gidMappings\":null,\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}],
		\"devices\":[{\"path\":\"$1\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":438,\"uid\":7,\"gid\":8}]}}" -- stat -c '%F %t:%T %a %u:%g' "$1"
}

@test "as root: a node has its mode and owner whatever the umask; one that is there is taken when it is the same, and refused when it is not" {
	bundle /dev/vol/x
	umask 077
	run -0 "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	[ "$output" = 'character special file 1:3 666 7:8' ]
	run -0 "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	rm "$B/vol/x"
	mknod "$B/vol/x" c 1 5
	run -1 "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	[[ $output = *'device /dev/vol/x: File exists'* ]]
	rm "$B/vol/x"
	ln -s "$BATS_TEST_TMPDIR/canary" "$B/vol/x"
	run -1 "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	[ "$(stat -c '%a %u:%g' "$BATS_TEST_TMPDIR/canary")" = '600 5:6' ]
}

@test "A08 as root: a name that comes and goes while a node is made there: mode and owner are the node's, not of what a link leads to" {
	local loops=${RANBY_ATTACK_LOOPS:-1000}
	bundle /dev/vol/x
	ln -s "$BATS_TEST_TMPDIR/canary" "$B/vol/l"
	# the link takes the name's place, and leaves it again
	python3 -c '
import os, sys
os.chdir(sys.argv[1])
while True:
    os.rename("l", "x")
    os.rename("x", "l")
    if not os.path.islink("l"):
        os.unlink("l")
        os.symlink(sys.argv[2], "l")' "$B/vol" "$BATS_TEST_TMPDIR/canary" 3>&- &
	RACER=$!
	run bash -c 'for ((i = 0; i < $4; i++)); do "$1" --root "$2" run --bundle "$3" c1; echo "exit $?"; done 2>&1' bash "$RUNTIME" "$RUN/state" "$B" "$loops"
	kill "$RACER"
	echo "# $loops starts, $(grep -c '^exit 0' <<<"$output") ran" >&3
	[ "$(grep -c ^exit <<<"$output")" = "$loops" ]
	[ "$(stat -c '%a %u:%g' "$BATS_TEST_TMPDIR/canary")" = '600 5:6' ] || fail "$(stat -c '%a %u:%g' "$BATS_TEST_TMPDIR/canary")"
	# the node was made, often enough for the race to be on
	[ "$(grep -cE '^exit 0|File exists|No such|Too many' <<<"$output")" -ge $((loops / 2)) ] || fail "$(sort <<<"$output" | uniq -c | sort -rn | head)"
}
