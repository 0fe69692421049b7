#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The tars of tests/hostile-tars through every door that unpacks one. Nothing
# reaches what is outside; by each door each is refused, or gives the tree that
# umoci unpacks, but for what is said here. `import` is in image.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	need_namespaces
	need_program python3
	need_program umoci
	ranby_setup_file busybox
	umoci_trees
}
teardown_file() { ranby_teardown_file; }

# umoci ends at attributes that only root may set and at a hard link to itself, makes files of devices,
# and no directory that only its opaque mark names; longer paths than PATH_MAX end who compares
umoci_cannot='deep attributes hardlink-to-itself device whiteouts'

# umoci_trees: of each tar that is to be taken, once for all doors
umoci_trees() {
	local tar name
	export TARS=$BATS_FILE_TMPDIR/once
	mkdir -p "$TARS" "$BATS_FILE_TMPDIR/umoci"
	BATS_TEST_TMPDIR=$TARS
	canary_make
	"$RANBY_TREE/tests/hostile-tars" "$TARS/tars" "$CANARY"
	for tar in "$TARS"/tars/taken/*.tar; do
		name=$(basename "$tar" .tar)
		[[ " $umoci_cannot " != *" $name "* ]] || continue
		image "$tar" --ref localhost/h:1 "$TARS/h"
		umoci unpack --rootless --image "$TARS/h:localhost/h:1" "$TARS/bundle" >/dev/null 2>&1 || fail "umoci: $name"
		tree "$TARS/bundle/rootfs" >"$BATS_FILE_TMPDIR/umoci/$name"
		remove_tree "$TARS/bundle" "$TARS/h"
	done
}
# the path is in the tars, and in umoci's trees of them
setup() {
	CANARY=$TARS/canary
	# shellcheck disable=SC2034 # canary_intact reads it
	CANARY_SUM=$(canary_sum)
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

# door TREE COMMAND...: all tars through one, with the file's name after it. What is to be refused is, and what is taken has
# umoci's tree, which TREE prints of what came in; but for those that the caller names with the reason, in
# $refused_here, $taken_here and $other_here.
door() {
	local look=$1 tar name n=0 same=0 wrong=()
	shift
	for tar in "$TARS"/tars/*/*.tar; do
		name=$(basename "$tar" .tar)
		run "$@" "$tar"
		refused_or_done "$name"
		n=$((n + 1))
		case $tar:$status in
		*/refused/*:0) [[ " ${taken_here:-} " == *" $name "* ]] || wrong+=("$name: not refused") ;;
		*/taken/*:125) [[ " ${refused_here:-} " == *" $name "* ]] || wrong+=("$name: $output") ;;
		*/taken/*:0)
			[[ " $umoci_cannot ${other_here:-} " != *" $name "* ]] || continue
			"$look" >"$BATS_TEST_TMPDIR/ours"
			if diff "$BATS_FILE_TMPDIR/umoci/$name" "$BATS_TEST_TMPDIR/ours"; then same=$((same + 1)); else wrong+=("$name: another tree"); fi ;;
		esac
	done
	[ ${#wrong[@]} = 0 ] || fail "${wrong[@]}"
	[ $same -ge 18 ] || fail "$same compared"
	[ $n -ge 80 ] || fail "$n tars"
}

# each into something new
away() { go rmi --force "$1" >/dev/null 2>&1 || true; }
by_pull() { away localhost/h:1 && image "$1" --ref localhost/h:1 "$BATS_TEST_TMPDIR/h" && go pull -q "oci:$BATS_TEST_TMPDIR/h"; }
by_load() { away localhost/h:1 && image "$1" --docker-archive localhost/h:1 "$BATS_TEST_TMPDIR/h.tar" && go load -q -i "$BATS_TEST_TMPDIR/h.tar"; }
by_volume() { go volume rm --force tars >/dev/null && go volume create tars >/dev/null && go volume import tars "$1"; }
# shellcheck disable=SC2094 # its name is not it
by_cp() { go cp "$BATS_TEST_TMPDIR/into" "tars:/$(basename "$1")" && go cp - "tars:/$(basename "$1")" <"$1"; }
by_add() { away add && cp "$1" "$BATS_TEST_TMPDIR/context/layer.tar" && go build -q -t add "$BATS_TEST_TMPDIR/context"; }
by_context() { away context && go build -q -t context -f "$BATS_TEST_TMPDIR/Containerfile" - <"$1"; }
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

of_image() { tree "$(tree_of "${1:-localhost/h:1}")"; }
of_add() { of_image localhost/add; }
of_context() { of_image localhost/context; }
of_volume() { tree "$(ranby volume inspect --format '{{.Mountpoint}}' tars)"; }
# $name is door's
of_cp() { tree "$UPPER/$name.tar"; }

@test "pull: refused, or the tree that umoci unpacks (A18, A44)" {
	door of_image by_pull
}

@test "load: refused, or the tree that umoci unpacks (A18, A44)" {
	door of_image by_load
}

@test "volume import: refused, or the tree that umoci unpacks (A18, A44)" {
	# a volume has no layers, so a whiteout's name is a name; what is there stays when something of another kind comes
	taken_here='whiteout-directory whiteout-dot whiteout-dotdot whiteout-empty' refused_here='directory-over-symlink duplicate'
	door of_volume by_volume
	ranby volume rm tars >/dev/null
}

@test "cp: refused, or the tree that umoci unpacks, nothing outside the container (A18, A44)" {
	ranby create --name tars --network none busybox true >/dev/null
	UPPER=$(ranby inspect --format '{{.GraphDriver.Data.UpperDir}}' tars)
	mkdir "$BATS_TEST_TMPDIR/into"
	# the same; owners are the container's root's, and a link leads to where it leads in the container, not below /into
	taken_here='whiteout-directory whiteout-dot whiteout-dotdot whiteout-empty owner-none owner-unmapped'
	refused_here='directory-over-symlink duplicate symlink-above-root symlink-inside' other_here='symlink-to-parent symlink-to-root'
	door of_cp by_cp
	ranby rm tars >/dev/null
}

@test "build: ADD, refused, or the tree that umoci unpacks (A18, A20, A44)" {
	mkdir "$BATS_TEST_TMPDIR/context"
	printf 'FROM scratch\nADD layer.tar /\n' >"$BATS_TEST_TMPDIR/context/Containerfile"
	# zeros alone are no archive to add; what a file of an image cannot be called, and how deep directories go, is said
	refused_here='deep directory-over-symlink duplicate whiteouts' other_here=empty
	door of_add by_add
}

@test "build: a context that is a tar, refused, or the tree that umoci unpacks (A18, A20, A44)" {
	# what is in the context by then is copied through whatever links it has
	printf 'FROM scratch\nCOPY . /\n' >"$BATS_TEST_TMPDIR/Containerfile"
	# owners are root's; zeros are no context
	taken_here='owner-none owner-unmapped' refused_here='deep directory-over-symlink duplicate empty whiteouts'
	door of_context by_context
}
