#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Limits in a cgroup that root has delegated, with no service manager: what a
# batch system or a container gives. The only controller that is free on every
# host is hugetlb, so that is the limit; the others are in tests/vm/limits.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TREE RANBY_TEST_IMAGES
}

# delegated SCRIPT: as a plain user, in a cgroup that is his own, with hugetlb; in the end, what is left in it.
delegated() {
	unshare --mount --propagation private bash -eu -c '
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		base=/sys/fs/cgroup dir=/sys/fs/cgroup/ranby-tests-$$
		grep -qw hugetlb $base/cgroup.controllers || { echo NO-HUGETLB; exit; }
		was=$(cat $base/cgroup.subtree_control)
		echo +hugetlb >$base/cgroup.subtree_control
		mkdir $dir
		user=ranbytest
		"$RANBY_TREE/tests/as-user" true
		chown $user $dir $dir/cgroup.procs $dir/cgroup.subtree_control
		status=0
		(
			echo $BASHPID >$dir/cgroup.procs
			"$RANBY_TREE/tests/as-user" --reap bash -c "D=$dir;"'"'"'
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
		case " $was " in *" hugetlb "*) ;; *) echo -hugetlb >$base/cgroup.subtree_control || true ;; esac
		exit $status
	' delegated "$1"
}

look() { [[ $output != *NO-HUGETLB* ]] || skip 'no controller of cgroup v2 is free here'; [[ $output != *LEFT* ]] || { echo "$output"; return 1; }; }

@test "a limit in a delegated cgroup is in force, in a group of its own; exec goes there; nothing is left" {
	run -0 delegated '
		$R run -d --name c --network none --cgroup-conf hugetlb.2MB.max=4194304 busybox sleep 1000 >/dev/null || exit
		pid=$($R inspect --format "{{.State.Pid}}" c)
		path=$(sed -n s/^0:://p /proc/$pid/cgroup)
		echo "group $path of ${D##*/}"
		echo "max $(cat /sys/fs/cgroup$path/hugetlb.2MB.max)"
		$R exec c cat /proc/self/cgroup | sed -n "s/^0::/exec /p"
		$R info --format "{{.host.cgroupManager}} {{.host.cgroupControllers}}"
		$R run --rm --network none --cgroup-conf hugetlb.2MB.max=2097152 busybox true && echo second'
	look
	[[ $output =~ group\ /(ranby-tests-[0-9]+)/ranby-[0-9a-f]{64}\ of\ (ranby-tests-[0-9]+) ]]
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
	[[ $output == *$'\nmax 4194304\nexec /\ncgroupfs [hugetlb]\nsecond'* ]] || { echo "$output"; false; }
}

@test "a controller that was not delegated: an error with its name, and nothing is left" {
	run -125 delegated '$R run --rm --network none --pids-limit 5 busybox true'
	look
	[[ $output == *'"pids" is not delegated'* ]] || { echo "$output"; false; }
	run -125 delegated '$R run --rm --network none --cgroup-parent x.slice busybox true'
	[[ $output == *'--cgroup-parent'* ]]
}

@test "kill -9 of the monitor and of init: the next command finds the group and removes it" {
	run -0 delegated '
		$R run -d --name c --network none --cgroup-conf hugetlb.2MB.max=4194304 busybox sleep 1000 >/dev/null || exit
		kill -9 $($R inspect --format "{{.State.MonitorPid}}" c) $($R inspect --format "{{.State.Pid}}" c)
		sleep 0.2
		$R start c >/dev/null || exit
		find $D -mindepth 1 -name "ranby-*" -type d | wc -l
		$R rm -f -t 0 c >/dev/null'
	look
	[ "$output" = 1 ] || { echo "$output"; false; }
}

@test "a runtime that is killed at any moment of create leaves no group that rm does not remove" {
	run -0 delegated '
		for t in 0.002 0.004 0.006 0.008 0.010 0.012 0.014 0.016 0.020; do
			$R create --name k --network none --cgroup-conf hugetlb.2MB.max=4194304 busybox sleep 1000 >/dev/null || exit
			$R start k >/dev/null 2>&1 &
			front=$!
			sleep $t
			pkill -9 -u "$(id -u)" -x ranby-runtime
			wait $front
			$R rm -f -t 0 k >/dev/null || exit
			find $D -mindepth 1 -name "ranby-*" -type d
		done'
	look
	[ -z "$output" ] || { echo "$output"; false; }
}
