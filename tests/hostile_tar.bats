#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The tars of tests/hostile-tars through every door that unpacks one. Nothing
# reaches what is outside; as a layer each is refused, or gives the tree that
# umoci unpacks, but for what is said here. `import` is in image.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	need_namespaces
	need_program python3
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
setup() {
	canary_make
	"$RANBY_TREE/tests/hostile-tars" "$BATS_TEST_TMPDIR/tars" "$CANARY"
}

# image TAR OPTION...: an image of that one layer.
image() {
	local tar=$1
	shift
	"$RANBY_TREE/tests/images/oci-image" --layer "$tar" "$@"
}

# refused_or_done: after `run`: it ended well, or with one error; and the canary is as it was.
refused_or_done() {
	canary_intact || fail "$1: $output"
	case $status in
	0) ;;
	125) [ "$(grep -c '^Error: ' <<<"$output")" = 1 ] || fail "$1: $output" ;;
	*) fail "$1: $status, $output" ;;
	esac
}

# each COMMAND...: for all tars, with the file's name after it; the harmless ones are mostly taken.
each() {
	local tar n=0 taken=0
	for tar in "$BATS_TEST_TMPDIR"/tars/*/*.tar; do
		run "$@" "$tar"
		refused_or_done "$tar"
		n=$((n + 1))
		[[ $status != 0 || $tar != */taken/* ]] || taken=$((taken + 1))
	done
	[ $taken -ge 20 ] || fail "$taken taken"
	[ $n -ge 80 ] || fail "$n tars"
}

by_pull() { image "$1" --ref localhost/h:1 "$BATS_TEST_TMPDIR/h" && go pull -q "oci:$BATS_TEST_TMPDIR/h"; }
by_load() { image "$1" --docker-archive localhost/h:1 "$BATS_TEST_TMPDIR/h.tar" && go load -q -i "$BATS_TEST_TMPDIR/h.tar"; }
by_volume() { go volume import tars "$1"; }
by_cp() { go cp - tars:/into <"$1"; }
by_add() { cp "$1" "$BATS_TEST_TMPDIR/context/layer.tar" && go build -q -t add "$BATS_TEST_TMPDIR/context"; }
by_context() { go build -q -t context -f "$BATS_TEST_TMPDIR/Containerfile" - <"$1"; }
go() { timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"; }

# tree DIR: names, kinds, modes but for setuid, links, sums; whiteouts and owners aside.
tree() {
	unshare --map-root-user --map-auto python3 - "$1" <<-'END'
		import hashlib, os, stat, sys
		root = os.fsencode(sys.argv[1])
		for path, dirs, files in sorted(os.walk(root)):
		    for name in sorted(dirs + files):
		        full = os.path.join(path, name)
		        st = os.lstat(full)
		        if stat.S_ISCHR(st.st_mode):
		            continue
		        link = os.readlink(full) if stat.S_ISLNK(st.st_mode) else b""
		        text = hashlib.sha256(open(full, "rb").read()).hexdigest() if stat.S_ISREG(st.st_mode) else ""
		        print(os.path.relpath(full, root), stat.S_IFMT(st.st_mode), oct(st.st_mode & 0o1777), link, text)
	END
}

@test "pull: refused, or the tree that umoci unpacks (A18, A44)" {
	need_program umoci
	local tar name same=0
	for tar in "$BATS_TEST_TMPDIR"/tars/*/*.tar; do
		name=$(basename "$tar" .tar)
		run by_pull "$tar"
		refused_or_done "$name"
		case $tar in
		*/refused/*) [ "$status" = 125 ] || fail "$name: not refused" ;;
		*) [ "$status" = 0 ] || fail "$name: $output" ;;
		esac
		[ "$status" = 0 ] || continue
		# umoci ends at attributes that only root may set and at a hard link to itself, makes files of devices,
		# and no directory that only its opaque mark names; longer paths than PATH_MAX end who compares
		case $name in deep | attributes | hardlink-to-itself | device | whiteouts) ranby rmi --force localhost/h:1 >/dev/null && continue ;; esac
		umoci unpack --rootless --image "$BATS_TEST_TMPDIR/h:localhost/h:1" "$BATS_TEST_TMPDIR/bundle" 2>&1 || fail "umoci: $name"
		tree "$BATS_TEST_TMPDIR/bundle/rootfs" >"$BATS_TEST_TMPDIR/umoci"
		tree "$(tree_of localhost/h:1)" >"$BATS_TEST_TMPDIR/ours"
		remove_tree "$BATS_TEST_TMPDIR/bundle"
		diff "$BATS_TEST_TMPDIR/umoci" "$BATS_TEST_TMPDIR/ours" || fail "$name: another tree"
		same=$((same + 1))
		ranby rmi --force localhost/h:1 >/dev/null
	done
	[ $same -ge 25 ] || fail "$same compared"
}

@test "load: each refused or unpacked, nothing outside (A18)" {
	each by_load
}

@test "volume import: each refused or unpacked, nothing outside (A18)" {
	ranby volume create tars >/dev/null
	each by_volume
	ranby volume rm tars >/dev/null
}

@test "cp: each refused or unpacked, nothing outside the container (A18)" {
	ranby create --name tars --network none busybox true >/dev/null
	mkdir "$BATS_TEST_TMPDIR/into"
	ranby cp "$BATS_TEST_TMPDIR/into" tars:/into
	each by_cp
	ranby rm tars >/dev/null
}

@test "build: ADD and a context that is a tar, nothing outside (A18, A20)" {
	mkdir "$BATS_TEST_TMPDIR/context"
	printf 'FROM scratch\nADD layer.tar /\n' >"$BATS_TEST_TMPDIR/context/Containerfile"
	each by_add
	# what is in the context by then is copied through whatever links it has
	printf 'FROM scratch\nCOPY . /\n' >"$BATS_TEST_TMPDIR/Containerfile"
	each by_context
}
