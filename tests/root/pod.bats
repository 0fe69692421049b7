#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Limits of a pod, and pause, in a cgroup that root has delegated (see ../delegated.bash): hugetlb is the controller that is
# free on every host.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0
load ../delegated

setup_file() { delegated_setup_file; }

@test "a pod's limit is of a group that all its containers are below; nothing of it is left" {
	run -0 delegated '
		$R pod create --name p --network none --cgroup-conf hugetlb.2MB.max=4194304 >/dev/null || exit
		$R run -d --pod p --name a busybox sleep 1000 >/dev/null || exit
		$R run -d --pod p --name b --cgroup-conf hugetlb.2MB.max=2097152 busybox sleep 1000 >/dev/null || exit
		for c in a b $($R pod inspect p --format "{{.InfraContainerID}}"); do
			path=$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" $c)/cgroup)
			echo "of ${D##*/}: $path own $(cat /sys/fs/cgroup$path/hugetlb.2MB.max) pod $(cat /sys/fs/cgroup${path%/*}/hugetlb.2MB.max)"
		done
		$R pod restart p >/dev/null
		path=$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" a)/cgroup)
		echo "again $(cat /sys/fs/cgroup${path%/*}/hugetlb.2MB.max)"
		$R pod stop --time 0 p >/dev/null
		# the monitors clear up
		for _ in $(seq 600); do left=$(find $D -mindepth 1 -name "ranby-*" | wc -l); [ $left = 0 ] && break; sleep 0.05; done
		echo "stopped $left"
		$R pod rm p >/dev/null'
	look
	[ "$(grep -cE '^of (ranby-tests-[0-9]+): /\1/ranby-pod-[0-9a-f]{64}/ranby-[0-9a-f]{64} own [0-9max]+ pod 4194304$' <<<"$output")" = 3 ] || { echo "$output"; false; }
	[ "$(grep -c 'own 2097152' <<<"$output")" = 1 ]
	[[ $output == *'again 4194304'* ]]
	[[ $output == *'stopped 0'* ]]
}

@test "a member cannot be started out of reach of its pod's limits" {
	run -0 delegated '
		$R pod create --name p --network none --cgroup-conf hugetlb.2MB.max=4194304 >/dev/null || exit
		$R pod start p >/dev/null
		$R create --pod p --name a busybox sleep 1000 >/dev/null
		$R create --pod p --cgroups disabled busybox true
		mkdir $D/elsewhere
		(echo $BASHPID >$D/elsewhere/cgroup.procs; $R start a; echo "code $?")
		echo "state $($R inspect --format "{{.State.Status}}" a)"
		$R pod rm --force --time 0 p >/dev/null
		find $D/elsewhere -depth -type d -exec rmdir {} +'
	look
	[[ $output == *'--cgroups disabled: the pod has limits'* ]] || { echo "$output"; false; }
	[[ $output == *'limits do not reach to here'*'code 125'*'state created'* ]] || { echo "$output"; false; }
}

@test "a controller that is not delegated: the pod does not start, with its name" {
	run -125 delegated '$R pod create --name p --network none --pids-limit 5 >/dev/null && $R pod start p; code=$?; $R pod rm -f p >/dev/null; exit $code'
	look
	[[ $output == *'"pids" is not delegated'* ]] || { echo "$output"; false; }
}

@test "pause: all of a pod stands still, and goes on" {
	run -0 delegated '
		$R pod create --name p --network none >/dev/null
		$R run -d --pod p --name a busybox sleep 1000 >/dev/null
		$R pod pause p >/dev/null && echo "$($R pod inspect p --format "{{.State}}")"
		path=$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" a)/cgroup)
		grep frozen /sys/fs/cgroup$path/cgroup.events
		$R pod unpause p >/dev/null && echo "$($R pod inspect p --format "{{.State}}")"
		$R pod pause p >/dev/null
		$R pod rm --force --time 1 p >/dev/null && echo gone'
	look
	[[ $output == *$'Paused\nfrozen 1\nRunning\ngone'* ]] || { echo "$output"; false; }
}
