#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Limits in a cgroup that root has delegated, with no service manager: what a
# batch system or a container gives. The only controller that is free on every
# host is hugetlb, so that is the limit; the others are in tests/vm/limits.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0
load ../delegated

setup_file() { delegated_setup_file; }

@test "a limit in a delegated cgroup is in force, in a group of its own; exec goes there; nothing is left (F30)" {
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

@test "update: at once and for the next start, all of it or nothing; a group's own counters in stats" {
	run -0 delegated '
		N=upd-$$
		conf() { cat /sys/fs/cgroup$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" $N)/cgroup)/hugetlb.2MB.max; }
		$R run -d --name $N --network none --cgroup-conf hugetlb.2MB.max=4194304 busybox sh -c "while :; do :; done" >/dev/null || exit
		$R update --cgroup-conf hugetlb.2MB.max=2097152 $N >/dev/null || exit
		echo "running $(conf)"
		$R update --cgroup-conf hugetlb.2MB.max=8388608 --cgroup-conf hugetlb.2MB.rsvd.max=none $N 2>&1 | head -1
		echo "refused $(conf)"
		$R update --memory 1g $N 2>&1
		echo "kept $(conf) $($R inspect --format "{{.HostConfig.Memory}}" $N)"
		group=/sys/fs/cgroup$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" $N)/cgroup)
		before=$(sed -n "s/^usage_usec //p" $group/cpu.stat)
		said=$($R stats --no-stream --format "{{.CPUNano}}" $N)
		after=$(sed -n "s/^usage_usec //p" $group/cpu.stat)
		[ $before -le $((said / 1000)) ] && [ $((said / 1000)) -le $after ] && echo "cpu as in cpu.stat"
		$R stop -t 0 $N >/dev/null && $R start $N >/dev/null || exit
		echo "again $(conf)"
		$R stop -t 0 $N >/dev/null
		$R update --cgroup-conf hugetlb.2MB.max=6291456 $N >/dev/null && $R start $N >/dev/null || exit
		echo "stopped and updated $(conf)"
		# nothing is left to be limited, and the group stays its own
		$R create --name $N-2 --network none --cgroups enabled busybox sleep 1000 >/dev/null
		$R update --pids-limit -1 $N-2 >/dev/null && $R start $N-2 >/dev/null || exit
		sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" $N-2)/cgroup | sed "s/.*ranby-[0-9a-f]*$/own group/"
		$R events --stream=false --filter name=$N --filter event=update --format "{{.Result}} {{.Detail}}"'
	look
	[[ $output == *"running 2097152"*"hugetlb.2MB.rsvd.max"*"refused 2097152"*'"memory" is not delegated'*"kept 2097152 0"*"cpu as in cpu.stat"*"again 2097152"*"stopped and updated 6291456"*"own group"*"success hugetlb.2MB.max=2097152"*"failed "*"failed "*"success hugetlb.2MB.max=6291456"* ]] ||
		{ echo "$output"; false; }
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
