#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime and the container's cgroup: where it is, pause, resume, update,
# events; what the kernel's own files say. In a cgroup that root has delegated.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0
load ../delegated

setup_file() { delegated_setup_file; }

# what the scripts below begin with: a bundle in $base/b, changed by $1; `rt` in a keeper
BUNDLE='
	mkdir -p $base/b/rootfs/bin
	cp /bin/busybox $base/b/rootfs/bin/
	ln -s busybox $base/b/rootfs/bin/sh; ln -s busybox $base/b/rootfs/bin/sleep; ln -s busybox $base/b/rootfs/bin/usleep
	make() { "$RANBY_TREE/tests/bundle" $base/b "$@" -- sh -c "i=0; while :; do i=\$((i + 1)); echo \$i >/count; usleep 20000; done"; }
	own=/$(basename $D)
	export base run runtime own
	inside() { unshare --map-root-user --map-auto bash -c "$1"; }
	'

@test "a path of its own: the group is there, exec joins it, delete removes it; one that others are in is refused" {
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/engine/c1\"}}"
		inside "cd $base/b; $runtime create --pid-file $base/pid c1 && $runtime start c1
			sed -n s/^0:://p /proc/\$(cat $base/pid)/cgroup
			$runtime exec --detach --pid-file $base/pid2 c1 sleep 100; sed -n s/^0:://p /proc/\$(cat $base/pid2)/cgroup
			$runtime create c2; echo rc \$?
			$runtime delete --force c1; [ -d $D/engine/c1 ] || echo removed; rmdir $D/engine"' 
	look
	[[ $output =~ ^(/ranby-tests-[0-9]+/engine/c1)$'\n'(/ranby-tests-[0-9]+/engine/c1)$'\n'.*'has processes of others in it'.*$'\nrc 1\nremoved' ]] || { echo "$output"; false; }
}

@test "pause, resume, update and events, and what state, exec and the kernel say" {
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\",\"resources\":{\"unified\":{\"hugetlb.2MB.max\":\"4194304\"}}}}"
		export G=$D/c1
		unshare --map-root-user --map-auto $runtime create --bundle $base/b c1 2>&1; echo rc $?
		mkdir $D/supervisor; for pid in $(cat $D/cgroup.procs); do echo $pid >$D/supervisor/cgroup.procs || true; done 2>/dev/null
		inside "cd $base/b; rt() { $runtime \"\$@\"; }; rt create c1 && rt start c1; sleep 0.3
			echo max \$(cat \$G/hugetlb.2MB.max)
			rt pause c1; rt state c1 | grep -o paused; grep frozen \$G/cgroup.events; rt pause c1; echo rc \$?; rt exec c1 sleep 1; echo rc \$?
			a=\$(cat rootfs/count); sleep 0.3; [ \"\$a\" = \"\$(cat rootfs/count)\" ] && echo stands
			rt resume c1; rt state c1 | grep -o running
			for _ in \$(seq 50); do sleep 0.1; [ \"\$a\" = \"\$(cat rootfs/count)\" ] || break; done; [ \"\$a\" = \"\$(cat rootfs/count)\" ] || echo moves
			rt resume c1; echo rc \$?
			echo \"{\\\"hugepageLimits\\\":[{\\\"pageSize\\\":\\\"2MB\\\",\\\"limit\\\":2097152}]}\" | rt update --resources - c1; echo max \$(cat \$G/hugetlb.2MB.max)
			rt update --pids-limit 5 c1; echo rc \$?
			rt events --stats c1; timeout 60 $runtime events --interval 100ms c1 | head -2 | wc -l
			rt pause c1; rt delete --force c1; [ -d \$G ] || echo removed"'
	look
	[[ $output = *'no controller can be enabled below it
rc 1
max 4194304
paused
frozen 1
'*'is paused
rc 1'*'paused, not running
rc 1
stands
running
moves
'*'is running
rc 1
max 2097152
'*'"pids" is not delegated'*'rc 1
{"type":"stats","id":"c1","data":{"cpu":{"usage":{"total":'*'
2
removed' ]] || { echo "$output"; false; }
}

@test "init and exec are born in the group; where the kernel cannot do that, or a filter forbids it, they are moved there" {
	command -v strace >/dev/null || skip 'no strace'
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\"}}"
		mkdir -p $D/supervisor
		inside "cd $base/b; group() { sed -n s/^0:://p /proc/\$(cat $base/pid)/cgroup; }
			trace() { strace -qq -o $base/trace -e trace=clone3,openat2 \"\$@\"; }
			trace $runtime create --pid-file $base/pid c1; group; grep -c CLONE_INTO_CGROUP $base/trace; grep -c \"cgroup.procs.*O_WRONLY\" $base/trace
			$runtime start c1; trace $runtime exec --detach --pid-file $base/pid c1 sleep 100; group; grep -c CLONE_INTO_CGROUP $base/trace
			$runtime delete --force c1
			for error in ENOSYS EPERM; do
				trace -e inject=clone3:error=\$error $runtime create --pid-file $base/pid c1; group; grep -c \"cgroup.procs.*O_WRONLY\" $base/trace
				$runtime start c1; trace -e inject=clone3:error=\$error $runtime exec --detach --pid-file $base/pid c1 sleep 100; group
				$runtime delete --force c1
			done"'
	look
	[[ $output =~ ^(/ranby-tests-[0-9]+/c1)$'\n1\n0\n'(/ranby-tests-[0-9]+/c1)$'\n1\n'(/ranby-tests-[0-9]+/c1)$'\n1\n'(/ranby-tests-[0-9]+/c1)$'\n'(/ranby-tests-[0-9]+/c1)$'\n1\n'(/ranby-tests-[0-9]+/c1)$ ]] || { echo "$output"; false; }
}

@test "devices of an update: the same rules are no change, others are refused and nothing is set" {
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":200,\"access\":\"rw\"}]}}}"
		mkdir $D/supervisor; for pid in $(cat $D/cgroup.procs); do echo $pid >$D/supervisor/cgroup.procs || true; done 2>/dev/null
		limits="\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2097152}]"
		export same="{$limits,\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":200,\"access\":\"rw\"}]}"
		export other="{$limits,\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}" empty="{$limits,\"devices\":[]}" wrong="{$limits,\"devices\":[{\"allow\":1}]}"
		export G=$D/c1
		inside "cd $base/b; $runtime create c1 && $runtime start c1
			for r in other wrong same empty; do echo \"\${!r}\" | $runtime update --resources - c1 2>&1; echo \$r \$? \$(cat \$G/hugetlb.2MB.max 2>/dev/null || echo none); done
			$runtime delete --force c1"'
	look
	[[ $output = *"Error: resources: devices: other rules"*"other 1 none"*"linux.resources.devices[0]"*"wrong 1 none"$'\n'"same 0 2097152"$'\n'"empty 0 2097152" ]] || { echo "$output"; false; }
}

@test "--cgroup-manager=disabled: no group, whatever path is asked for; limits are refused; it is not --systemd-cgroup too" {
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\"}}"
		runtime="$runtime --cgroup-manager=disabled"
		inside "cd $base/b; $runtime create --pid-file $base/pid c1 && $runtime start c1
			[ \"\$(cat /proc/\$(cat $base/pid)/cgroup)\" = \"\$(cat /proc/self/cgroup)\" ] && [ ! -e $D/c1 ] && echo stays
			$runtime delete --force c1; $runtime --systemd-cgroup create c1"
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\",\"resources\":{\"unified\":{\"hugetlb.2MB.max\":\"4194304\"}}}}"
		inside "cd $base/b; $runtime create c1; echo rc \$?; $runtime list --quiet"'
	look
	[[ $output = *stays$'\n'*"--systemd-cgroup and --cgroup-manager=disabled: one of them"*"linux.resources.unified"*"--cgroup-manager=disabled leaves it no cgroup"*$'\n'"rc 1" ]] || { echo "$output"; false; }
}

@test "a group that comes later by the same path is not the ended container's: its delete leaves it alone" {
	run -0 delegated "$BUNDLE"'
		make "{\"linux\":{\"cgroupsPath\":\"$own/c1\"}}"
		inside "cd $base/b; $runtime create --pid-file $base/pid c1 && $runtime start c1; kill -KILL \$(cat $base/pid)
			for _ in \$(seq 200); do rmdir $D/c1 2>/dev/null && break; sleep 0.05; done
			$runtime create --pid-file $base/pid c2 && $runtime start c2
			$runtime delete c1; echo rc \$?; sed -n s/^0:://p /proc/\$(cat $base/pid)/cgroup; $runtime state c2 | grep -o running
			$runtime delete --force c2; [ -e $D/c1 ] || echo removed"'
	look
	[[ $output =~ ^'rc 0'$'\n'(/ranby-tests-[0-9]+/c1)$'\nrunning\nremoved'$ ]] || { echo "$output"; false; }
}

@test "a run takes at most 600 system calls, its own true among them: without a limit, with one, and with its group to write in" {
	command -v strace >/dev/null || skip 'no strace'
	run -0 delegated "$BUNDLE"'
		ln -s busybox $base/b/rootfs/bin/true
		export XDG_CACHE_HOME=$base/cache limit="\"resources\":{\"unified\":{\"hugetlb.2MB.max\":\"4194304\"}}"
		filter="\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"keyctl\",\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"
		group="\"mounts\":[{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[\"nosuid\",\"noexec\",\"nodev\"]}]"
		for more in "{\"linux\":{$filter}}" "{\"linux\":{$limit,$filter}}" "{$group,\"linux\":{$limit,$filter}}"; do
			"$RANBY_TREE/tests/bundle" $base/b "$more" -- /bin/true
			# the first one compiles the filter, and makes room in the group
			for _ in 1 2; do inside "strace -f -qq -o $base/trace $runtime run --bundle $base/b c1 </dev/null" || exit; done
			echo calls $(grep -cE "^[0-9]+ +[a-z0-9_]+\(" $base/trace)
		done'
	look
	[ "$(grep -c '^calls ' <<<"$output")" = 3 ] || { echo "$output"; false; }
	while read -r _ n; do [ "$n" -gt 300 ] && [ "$n" -le 600 ] || { echo "$output"; false; }; done < <(grep '^calls ' <<<"$output")
}
