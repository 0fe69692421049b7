#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Opaque directories and removed trees of a layer as root sees them, who needs no user namespace to mount it.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup() {
	[ "$(id -u)" = 0 ] || { echo 'only root can be root' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	base=$(mktemp -d /var/tmp/opaque.XXXXXX)
}
teardown() { rm -rf "${base:?}"; }

R() { "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby" --root "$base/data" --runroot "$base/run" "$@"; }

@test "what a layer hides is hidden from root's containers, builds, volumes and mounted images" {
	python3 - "$base" <<-'END'
		import io, sys, tarfile
		def write(name, entries):
		    with tarfile.open(sys.argv[1] + "/" + name, "w") as t:
		        for n in entries:
		            i = tarfile.TarInfo(n)
		            t.addfile(i, io.BytesIO(b""))
		write("1.tar", ("dir/old", "opq/old", "fresh/old"))
		write("2.tar", ("dir/new", "opq/.wh..wh..opq", "opq/new", ".wh.fresh", "fresh/new"))
	END
	"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" --layer "$base/1.tar" --layer "$base/2.tar" \
		--ref localhost/w:2 "$base/w"
	R load -q -i "$base/w"
	run -0 R run --rm --network none w:2 sh -c 'echo dir/* opq/* fresh/*'
	[ "$output" = 'dir/new dir/old opq/new fresh/new' ]
	printf 'FROM w:2\nRUN test ! -e /opq/old -a ! -e /fresh/old && rm -r /dir && mkdir /dir && touch /dir/made\n' >"$base/Containerfile"
	R build -q --no-cache --network none -t made -f "$base/Containerfile" "$base/w"
	# what is hidden in the upper directory is hidden by the layer that is made of it
	run -0 R run --rm --network none made sh -c 'echo dir/* opq/*'
	[ "$output" = 'dir/made opq/new' ]
	run -0 R run --rm --network none -v filled:/opq w:2 ls /opq
	[ "$output" = new ]
	run -0 R image mount w:2
	[ "$(ls "$output/fresh")" = new ]
	R image unmount w:2
}
