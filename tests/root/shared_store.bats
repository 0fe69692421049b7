#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A shared image store as root fills it, with the commands of ranby-images(1), and another user who has images of it.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

bats_require_minimum_version 1.5.0

setup() {
	[ "$(id -u)" = 0 ] || { echo 'only root can be root' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	base=$(mktemp -d /var/tmp/shared.XXXXXX)
	chmod 755 "$base"
	export SHARED=$base/images CONTAINERS_STORAGE_CONF=$base/storage.conf
	printf '[storage.options]\nadditionalimagestores = ["%s"]\n' "$SHARED" >"$CONTAINERS_STORAGE_CONF"
	chmod 644 "$CONTAINERS_STORAGE_CONF"
	umask 077
	install -d -m 755 "$SHARED" "$SHARED"/{blobs,blobs/sha256,images}
}
teardown() { rm -rf "${base:?}"; }

# as_root ARG...: ranby on the shared store
as_root() { "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby" --root "$SHARED" --runroot "$base/run" "$@"; }

# as_user SCRIPT: $R is that user's ranby, with an empty store of its own
as_user() {
	timeout 120 "$RANBY_TREE/tests/as-user" ${RANBY_DELEGATED_ACCOUNT:+--account "$RANBY_DELEGATED_ACCOUNT"} bash -c '
		export SHARED=$0 CONTAINERS_STORAGE_CONF=$1
		base=$(mktemp -d "$TMPDIR/s.XXXXXX") && mkdir -m 700 "$base/run"
		trap "unshare --map-root-user --map-auto rm -rf -- $base" EXIT
		R="ranby --root $base/data --runroot $base/run"
		'"$1" "$SHARED" "$CONTAINERS_STORAGE_CONF"
}

@test "root copies an image into it, and a user runs that without a copy of its blobs" {
	as_root copy --quiet "oci-archive:$RANBY_TEST_IMAGES/debian.tar" store:quay.example/base/debian:12
	# a load or pull has it unpacked too, which nobody else may look into
	as_root load --quiet --input "$RANBY_TEST_IMAGES/busybox.tar"
	printf 'FROM busybox\nCOPY --chown=33:42 --chmod=4750 a /a\n' >"$base/Containerfile"
	mkdir "$base/context"
	echo a >"$base/context/a"
	as_root build --quiet -f "$base/Containerfile" -t owned "$base/context"
	[ "$(stat -c %a "$SHARED"/layers)" = 700 ]
	id=$(as_root images -q --no-trunc debian)
	id=${id#sha256:}
	before=$(find "$SHARED" -printf '%p %m %u %T@ %C@\n' | sort)
	run -0 as_user '
		set -e
		$R images --format "{{.Repository}} {{.ReadOnly}}" | sort
		# owned by what the map of a container says, not by the owners of the machine
		$R run --rm owned stat -c "%u %g %a" /a
		$R run --rm --userns keep-id owned stat -c "%u %g" /a /bin
		$R run --rm --pull never debian:12 echo ran
		find "$base/data/blobs/sha256" -type f | wc -l
		$R rmi debian:12 || echo "code $?"
		[ ! -r "$SHARED/layers" ] || echo "layers/ can be read"'
	[ "$output" = "localhost/busybox true
localhost/owned true
quay.example/base/debian true
33 42 4750
33 42
0 0
ran
0
Error: debian:12: cannot remove read-only image \"$id\": it is a shared store's
code 125" ]
	[ "$(find "$SHARED" -printf '%p %m %u %T@ %C@\n' | sort)" = "$before" ]
	# it is not a store of root's alone that way: for root it is one to read, too
	run -0 "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby" --root "$base/own" --runroot "$base/run" images --format '{{.ReadOnly}}' busybox
	[ "$output" = true ]
}

@test "a store of another user is refused; within a user namespace, where root is nobody, it is passed over" {
	as_root copy --quiet "oci-archive:$RANBY_TEST_IMAGES/busybox.tar" store:quay.example/base/busybox:1
	run -0 as_user '$R unshare ranby --root "$base/data" --runroot "$base/run" images -q'
	[ -z "$output" ]
	chown 12345 "$SHARED/images"
	run -125 as_user '$R images'
	[ "$output" = "Error: shared image store $SHARED/images: belongs to uid 12345, neither to root nor to you" ]
	chown 0 "$SHARED/images"
	chmod 700 "$SHARED/images"
	run -125 as_user '$R images'
	[[ $output == "Error: shared image store $SHARED/images: Permission denied"* ]]
}
