# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A cgroup that root has delegated, with no service manager: what a batch
# system or a container gives. For tests under tests/root:
#
#	load ../delegated
#	setup_file() { delegated_setup_file; }
#	@test "..." {
#		run -0 delegated '$R run -d --name c ...'
#		look
#
# In the script `$R` is ranby with directories of its own and the image busybox,
# `$runtime` ranby-runtime on the same containers, `$D` the group's directory.

delegated_setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TREE RANBY_TEST_IMAGES
}

# delegated SCRIPT: as a plain user ($RANBY_DELEGATED_ACCOUNT), in a cgroup
# that is his own, with the controller hugetlb unless $DELEGATED_CONTROLLER names another or none; in the end, what is left in it.
delegated() {
	unshare --mount --propagation private bash -eu -c '
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		base=/sys/fs/cgroup dir=/sys/fs/cgroup/ranby-tests-$$
		want=${DELEGATED_CONTROLLER-hugetlb}
		was=$(cat $base/cgroup.subtree_control)
		if [ -n "$want" ]; then
			grep -qw $want $base/cgroup.controllers || { echo NO-HUGETLB; exit; }
			echo +$want >$base/cgroup.subtree_control
		fi
		mkdir $dir
		user=${RANBY_DELEGATED_ACCOUNT:-ranbytest}
		"$RANBY_TREE/tests/as-user" --account $user true
		chown $user $dir $dir/cgroup.procs $dir/cgroup.subtree_control
		status=0
		(
			echo $BASHPID >$dir/cgroup.procs
			"$RANBY_TREE/tests/as-user" --account $user --reap bash -c "D=$dir;"'"'"'
				base=$(mktemp -d "$TMPDIR/limits.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
				R="ranby --root $base/data --runroot $run"
				runtime="ranby-runtime --root $run/runtime"
				$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
				'"'"'"$1"'"'"'
				code=$?
				$R rm --all --force --time 0 >/dev/null
				find "$D" -mindepth 1 -type d ! -name supervisor -printf "LEFT: %p\n"
				rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
				exit $code'"'"'
		) || status=$?
		for _ in $(seq 100); do
			rmdir $dir/supervisor $dir 2>/dev/null || [ -d $dir ] || break
			sleep 0.05
		done
		[ ! -d $dir ] || echo "LEFT: $dir"
		case " $was " in *" $want "*) ;; *) [ -z "$want" ] || echo -$want >$base/cgroup.subtree_control || true ;; esac
		exit $status
	' delegated "$1"
}

# shellcheck disable=SC2154 # bats sets output
look() { [[ $output != *NO-HUGETLB* ]] || skip 'no controller of cgroup v2 is free here'; [[ $output != *LEFT* ]] || { echo "$output"; return 1; }; }
