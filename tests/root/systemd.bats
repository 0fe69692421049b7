#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# systemd as a rootless container's first process (--systemd), in a cgroup that
# root has delegated: it boots, stops, and has its own cgroup and no other.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

bats_require_minimum_version 1.5.0
load ../delegated

setup_file() {
	delegated_setup_file
	# where the account that the scripts run as can read it
	SYSTEMD_TREE=$(mktemp -d /var/tmp/ranby-systemd.XXXXXX)/systemd.tar
	export SYSTEMD_TREE
	chmod 755 "${SYSTEMD_TREE%/*}"
	[ ! -x /lib/systemd/systemd ] || "$RANBY_TREE/tests/systemd-tree" >"$SYSTEMD_TREE"
}

teardown_file() { [ ! -d "${SYSTEMD_TREE%/*}" ] || rm -rf "${SYSTEMD_TREE%/*}"; }

need_systemd() {
	[ -s "$SYSTEMD_TREE" ] || skip 'the package systemd is not installed here'
	[ "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" = bookworm ] || skip 'the systemd of this host is for another release than the test image'
}

# What the scripts begin with: the image systemd, and how to wait.
BOOT='
	$R load -q -i "$RANBY_TEST_IMAGES/debian.tar" >/dev/null
	$R create --name base debian true >/dev/null
	$R cp - base:/ <SYSTEMD_TREE
	$R commit -q base localhost/systemd >/dev/null
	$R rm base >/dev/null
	is_up() { case $($R exec "$1" systemctl is-system-running 2>/dev/null) in running|degraded) ;; *) false ;; esac; }
	wait_up() { for i in $(seq 600); do is_up "$1" && return; sleep 0.1; done; $R logs "$1"; echo NEVER-UP; exit 1; }
'
boot() { echo "${BOOT/SYSTEMD_TREE/$SYSTEMD_TREE}"; }

@test "systemd boots as a user, in a cgroup of its own; top shows its groups; stop ends it by SIGRTMIN+3" {
	need_systemd
	run -0 delegated "$(boot)"'
		$R run -d -t --name c --network none systemd /sbin/init >/dev/null || exit
		wait_up c
		echo "mode $($R inspect --format "{{.Config.SystemdMode}} {{.Config.StopSignal}}" c)"
		id=$($R inspect --format "{{.Id}}" c)
		[ "$($R exec c cat /etc/machine-id)" = "$(echo $id | cut -c1-32)" ] && echo "machine-id of the container"
		echo "virt $($R exec c systemd-detect-virt)"
		pid=$($R inspect --format "{{.State.Pid}}" c)
		path=$(sed -n s/^0:://p /proc/$pid/cgroup)
		echo "init in ${path#*/ranby-$id}"
		for where in /run /run/lock /tmp /var/log/journal; do grep -c " $where rw,nosuid,nodev.* tmpfs " /proc/$pid/mountinfo; done | tr -d "\n"
		echo " tmpfs"
		$R top c args | grep -c systemd-journald
		$R exec c sh -c "printf \"[Service]\nType=oneshot\nExecStart=/bin/cp /proc/self/cgroup /tmp/cgroup\n\" >/run/systemd/system/try.service; systemctl daemon-reload; systemctl start try"
		$R exec c sed -n s/^0:://p /tmp/cgroup
		# an early one: the getty hangs the console up when it starts, and what was not read from it yet is lost (vhangup(2))
		$R logs c | grep -q "Reached target.*sysinit.target" && echo console
		$R stop --time 60 c >/dev/null
		echo "end $($R inspect --format "{{.State.Status}} {{.State.ExitCode}}" c)"
		$R logs c | grep -c "Exiting container"
		$R start c >/dev/null && wait_up c && echo again'
	look
	[[ $output == *'mode true SIGRTMIN+3'* ]] || { echo "$output"; false; }
	[[ $output == *'machine-id of the container'* ]] || { echo "$output"; false; }
	# any name that it does not know is this one; ConditionVirtualization=container holds
	[[ $output == *'virt container-other'* ]] || { echo "$output"; false; }
	[[ $output == *$'init in /init.scope\n1111 tmpfs\n1\n/system.slice/try.service\nconsole\nend exited 0\n1\nagain'* ]] || { echo "$output"; false; }
}

@test "systemd where the container's root is not the user: the group is given away, and removed after all" {
	need_systemd
	run -0 delegated "$(boot)"'
		$R run -d -t --name c --network none --userns auto systemd /lib/systemd/systemd >/dev/null || exit
		wait_up c
		pid=$($R inspect --format "{{.State.Pid}}" c)
		group=/sys/fs/cgroup$(sed -n s/^0:://p /proc/$pid/cgroup); group=${group%/init.scope}
		[ "$(stat -c %u $group $group/cgroup.procs $group/cgroup.subtree_control | sort -u)" = "$(stat -c %u /proc/$pid)" ] && echo given
		[ "$(stat -c %u $group/cgroup.freeze)" = "$(id -u)" ] && echo kept
		$R kill c >/dev/null; $R wait c'
	look
	[[ $output == *$'given\nkept'* ]] || { echo "$output"; false; }
}

@test "exec where the container's manager left its own group to groups below" {
	# privileged: it may write to its own group, as in systemd mode, and a controller is enabled for that by a limit
	run -0 delegated '
		$R run -d --privileged --cgroup-conf hugetlb.2MB.max=4194304 --name c --network none busybox sh -c "mkdir /sys/fs/cgroup/init &&
			echo 1 >/sys/fs/cgroup/init/cgroup.procs && echo +hugetlb >/sys/fs/cgroup/cgroup.subtree_control; touch /tmp/done; exec sleep 1000" >/dev/null || exit
		for i in $(seq 200); do $R exec c test -e /tmp/done 2>/dev/null && break; sleep 0.05; done
		echo "below $($R exec c cat /sys/fs/cgroup/cgroup.subtree_control)"
		$R exec c cat /proc/self/cgroup | sed -n "s/^0::/exec /p"'
	look
	[[ $output == *$'below hugetlb\nexec /init'* ]] || { echo "$output"; false; }
}

@test "its cgroup: read-only without the mode, its own alone with it; limits need the border that the kernel keeps" {
	run -0 delegated '
		write="echo 0 >/sys/fs/cgroup/cgroup.freeze"
		$R run --rm --network none busybox sh -c "$write" 2>&1 | tail -1
		$R run --rm --network none --systemd true busybox sh -c "$write" 2>&1 | tail -1
		$R run --rm --network none --systemd always busybox sh -c "$write; mkdir /sys/fs/cgroup/x; sed -n s/^0::/own:/p /proc/self/cgroup; ls -d /sys/fs/cgroup/supervisor 2>&1"
		grep -q nsdelegate /proc/self/mountinfo && echo BORDER
		$R run --rm --network none --systemd always --cgroup-conf hugetlb.2MB.max=2097152 busybox sh -c "echo max >/sys/fs/cgroup/hugetlb.2MB.max" 2>&1 | head -1
		$R create --name c --systemd always busybox true >/dev/null
		$R update --cgroup-conf hugetlb.2MB.max=2097152 c 2>&1 | head -1
		$R create --name d --systemd always --cgroups disabled busybox true 2>&1 | head -1
		$R create --name d --systemd always --cgroupns host busybox true 2>&1 | head -1'
	look
	[[ ${lines[0]} == *'Read-only file system'* && ${lines[1]} == *'Read-only file system'* ]] || { echo "$output"; false; }
	[[ $output == *$'\nown:/\n'*'supervisor: No such file'* ]] || { echo "$output"; false; }
	if [[ $output != *BORDER* ]]; then
		[[ $output == *$'Error: --systemd always: its limits could be lifted from inside'*$'\nError: '*'container c: systemd mode: limits could be lifted'* ]] || { echo "$output"; false; }
	fi
	[[ $output == *'--systemd always: --cgroups disabled'*'--systemd always: it has no cgroup namespace of its own'* ]] || { echo "$output"; false; }
}
