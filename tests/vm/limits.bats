#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Resource limits of a plain user who logged in. What is in force is read from
# the kernel's files of the cgroup that the container's init is in, by its
# host pid: never from ranby.
# shellcheck disable=SC2154 # bats sets output and status

load ../lib
load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby pod rm --all --force --time 0 >/dev/null 2>&1 || true; ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# cgroup_of PID: its directory.
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }
# value NAME FILE: of a container's cgroup.
value() { cat "$(cgroup_of "$(ctr_pid "$1")")/$2"; }
scopes() { systemctl --user --no-legend --plain list-units 'ranby-*.scope' | wc -l; }
no_scopes() { [ "$(scopes)" = 0 ] && [ -z "$(find /sys/fs/cgroup/user.slice -type d -name 'ranby-*')" ]; }

@test "each limit is in the kernel's file" {
	ranby run -d --name c --network none --memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 2048 \
		--pids-limit 20 --cpuset-cpus 1 --cpuset-mems 0 --cgroup-conf memory.high=50331648 busybox sleep 1000
	[ "$(value c memory.max)" = 67108864 ]
	[ "$(value c memory.swap.max)" = 33554432 ]
	[ "$(value c memory.low)" = 33554432 ]
	[ "$(value c memory.high)" = 50331648 ]
	[ "$(value c cpu.max)" = '50000 100000' ]
	[ "$(value c cpu.weight)" = 79 ]
	[ "$(value c pids.max)" = 20 ]
	[ "$(value c cpuset.cpus.effective)" = 1 ]
	[ "$(value c cpuset.mems)" = 0 ]
	[ "$(status_field "$(ctr_pid c)" Cpus_allowed_list)" = 1 ]
	run -0 ranby inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.CpusetCpus}}' c
	[ "$output" = '67108864 500000000 20 1' ]
	ranby rm -f -t 0 c
	wait_for 10 no_scopes
}

@test "update: a running container's limits are other ones at once, and the next start's too" {
	ranby run -d --name c --network none --memory 64m --pids-limit 20 --cpuset-cpus 1 busybox sleep 1000
	ranby update --memory 80m --memory-swap 120m --cpus 0.25 --pids-limit 30 --cpuset-cpus 0 c
	[ "$(value c memory.max)" = 83886080 ]
	[ "$(value c memory.swap.max)" = 41943040 ]
	[ "$(value c cpu.max)" = '25000 100000' ]
	[ "$(value c pids.max)" = 30 ]
	[ "$(status_field "$(ctr_pid c)" Cpus_allowed_list)" = 0 ]
	# all or nothing: a processor that is not there
	run -125 ranby update --pids-limit 40 --cpuset-cpus 77 c
	[ "$(value c pids.max)" = 30 ]
	ranby stop -t 0 c
	ranby start c
	[ "$(value c memory.max)" = 83886080 ]
	[ "$(value c pids.max)" = 30 ]
}

@test "who started it and in which session stays as it was, and it is not in the login's scope" {
	ranby run -d --name c --network none --pids-limit 20 busybox sleep 1000
	local pid monitor
	pid=$(ctr_pid c)
	monitor=$(ranby inspect --format '{{.State.MonitorPid}}' c)
	[ "$(cat "/proc/$pid/loginuid")" = "$(id -u)" ]
	[ "$(cat "/proc/$pid/sessionid")" = "$(cat /proc/self/sessionid)" ]
	[ "$(cat "/proc/$monitor/sessionid")" = "$(cat /proc/self/sessionid)" ]
	[ "$(status_field "$pid" PPid)" = "$monitor" ]
	[[ $(cgroup_of "$pid") == "/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/user.slice/ranby-"*.scope/container ]] || fail "$(cgroup_of "$pid")"
	[[ $(cgroup_of "$monitor") == */user.slice/ranby-*.scope/supervisor ]] || fail "$(cgroup_of "$monitor")"
	[[ $(cgroup_of $$) == */session-*.scope ]]
	# its own cgroup is the root that it sees
	run -0 ranby exec c cat /proc/1/cgroup
	[ "$output" = '0::/' ]
	run -0 ranby exec c cat /sys/fs/cgroup/pids.max
	[ "$output" = 20 ]
}

@test "exec goes to the container's cgroup, and the limit holds for it" {
	ranby run -d --name c --network none --pids-limit 12 busybox sleep 1000
	run -0 ranby exec c sh -c 'cat /proc/self/cgroup'
	[ "$output" = '0::/' ]
	run ranby exec c sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 5 & done'
	[[ $output == *'fork'* ]] || fail "$output"
	[ "$(sed -n 's/^max //p' "$(cgroup_of "$(ctr_pid c)")/pids.events")" -gt 0 ]
}

@test "out of memory: killed by the kernel, and said so by inspect, events, the exit file and the stop record" {
	run -137 ranby run --name c --network none --memory 32m --memory-swap 32m busybox sh -c 'tail -c 200000000 /dev/zero'
	run -0 ranby inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' c
	[ "$output" = 'true 137' ]
	run -0 ranby events --stream=false --format json
	[[ $output == *'"Status":"stop","Reason":"oom"'* ]] || fail "$output"
	for _ in $(seq 50); do
		grep -aq '^type=VIRT_CONTROL .*op=stop .*claimed-reason="oom"' /var/log/audit/audit.log && break
		sleep 0.1
	done
	# what the witness saw is a signal; why is the monitor's word, which it read off the cgroup
	grep -a '^type=VIRT_CONTROL .*op=stop reason=signal .*trust=zombie .*exit-signal=9 claimed-reason="oom"' /var/log/audit/audit.log
	ranby rm c
	wait_for 10 no_scopes
}

@test "a kill that is not the kernel's for memory is not called one" {
	ranby run -d --name c --network none --memory 64m busybox sleep 1000
	ranby kill -s KILL c
	ranby wait c
	run -0 ranby inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' c
	[ "$output" = 'false 137' ]
}

@test "stop, start, restart: a scope each time, and none when it is stopped" {
	ranby run -d --name c --network none --memory 64m busybox sleep 1000
	[ "$(scopes)" = 1 ]
	ranby stop -t 0 c
	wait_for 10 no_scopes
	ranby start c
	[ "$(value c memory.max)" = 67108864 ]
	# what clears up after the run that ends waits for the one who restarts it, and he not for it
	local before=$SECONDS
	ranby restart -t 0 c
	[ $((SECONDS - before)) -lt 10 ]
	[ "$(value c memory.max)" = 67108864 ]
	ranby rm -f -t 0 c
	wait_for 10 no_scopes
}

@test "whoever is killed, no cgroup is left" {
	ranby run -d --name c --network none --memory 64m busybox sleep 1000
	local monitor
	monitor=$(ranby inspect --format '{{.State.MonitorPid}}' c)
	kill -9 "$monitor" "$(ctr_pid c)"
	wait_for 10 no_scopes
	ranby start c
	kill -9 "$(ranby inspect --format '{{.State.MonitorPid}}' c)"
	# the payload lives on without its monitor, in its cgroup
	[ "$(value c memory.max)" = 67108864 ]
	ranby rm -f -t 0 c
	wait_for 10 no_scopes
}

@test "without a limit nobody is asked, and it stays in the login's scope" {
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(cgroup_of "$(ctr_pid c)")" = "$(cgroup_of $$)" ]
	[ "$(scopes)" = 0 ]
	ranby run -d --name d --network none --cgroups enabled busybox sleep 1000
	[[ $(cgroup_of "$(ctr_pid d)") == */ranby-*.scope/container ]]
}

@test "--cgroup-parent: a slice of the service manager; its bounds hold" {
	ranby run -d --name c --network none --cgroup-parent lab.slice --pids-limit 30 busybox sleep 1000
	[[ $(cgroup_of "$(ctr_pid c)") == */lab.slice/ranby-*.scope/container ]] || fail "$(cgroup_of "$(ctr_pid c)")"
}

@test "--cgroupns host: the host's path is seen, the limit is in force" {
	ranby run -d --name c --network none --cgroupns host --pids-limit 30 busybox sleep 1000
	run -0 ranby exec c cat /proc/1/cgroup
	[[ $output == 0::/user.slice/*/ranby-*.scope/container ]] || fail "$output"
	[ "$(value c pids.max)" = 30 ]
}

@test "in a delegated cgroup nobody is asked: it goes below, and the bounds of the job hold" {
	run -0 systemd-run --user --scope -q -p Delegate=yes -p MemoryMax=200M --unit=job "$BATS_TEST_DIRNAME/in-job" "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	[[ $output == *'/job.scope/ranby-'* ]] || fail "$output"
	[[ $output == *'max=16777216'* ]] || fail "$output"
	[[ $output == *'again=33554432'* ]] || fail "$output"
	[ -z "$(find /sys/fs/cgroup/user.slice -type d -name 'ranby-*')" ]
}

@test "a job with limits that is not delegated is not left" {
	run as_root systemd-run --wait --pipe -q -p User=alice -p MemoryMax=200M \
		-p SELinuxContext=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 \
		"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none --pids-limit 5 busybox true
	[ "$status" = 125 ]
	[[ $output == *'--pids-limit: '* ]] || fail "$output"
}

@test "a controller that is not delegated: an error that names it, and the way to get it" {
	cp "$RANBY_TEST_IMAGES/busybox.tar" /tmp/busybox.tar
	run -125 as_bob sh -c "$RANBY load -q -i /tmp/busybox.tar >/dev/null && $RANBY run --rm --network none --cpuset-cpus 0 busybox true"
	[[ $output == *'"cpuset" is not delegated'*'Delegate='* ]] || fail "$output"
	run -0 as_bob "$RANBY" run --rm --network none --pids-limit 7 busybox cat /sys/fs/cgroup/pids.max
	[ "$output" = 7 ]
}

@test "info: version, manager, controllers" {
	run -0 ranby info --format '{{.host.cgroupVersion}} {{.host.cgroupManager}} {{.host.cgroupControllers}}'
	[ "$output" = 'v2 systemd [cpuset cpu io memory pids]' ] || fail "$output"
}

@test "everything that a container with a limit prints arrives" {
	run -0 ranby run --rm --network none --pids-limit 9 busybox sh -c 'seq 1 2000; echo end >&2'
	[ "$(wc -l <<<"$output")" = 2001 ]
}

@test "a pod's limits are of one group in its scope, which all its containers are below; exec too; nothing of it is left" {
	ranby pod create --name p --network none --memory 96m --cpus 0.5 --pids-limit 30 >/dev/null
	ranby run -d --pod p --name a busybox sleep 1000
	ranby run -d --pod p --name b --pids-limit 10 busybox sleep 1000
	local infra group c pid
	infra=$(ranby pod inspect p --format '{{.InfraContainerID}}')
	group=$(dirname "$(cgroup_of "$(ctr_pid "$infra")")")
	[[ $group == "/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/user.slice/ranby-pod-"*.scope/ranby-pod-* ]] || fail "$group"
	[ "$(cat "$group/memory.max")" = 100663296 ]
	[ "$(cat "$group/cpu.max")" = '50000 100000' ]
	[ "$(cat "$group/pids.max")" = 30 ]
	for c in a b; do
		pid=$(ctr_pid "$c")
		[ "$(dirname "$(cgroup_of "$pid")")" = "$group" ]
		[ "$(cat "/proc/$pid/loginuid")" = "$(id -u)" ]
		[ "$(cat "/proc/$pid/sessionid")" = "$(cat /proc/self/sessionid)" ]
	done
	[ "$(value b pids.max)" = 10 ]
	[ "$(scopes)" = 1 ]
	# the limit holds over all of them
	run ranby exec a sh -c 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i + 1)); done; wait'
	[[ $output == *"can't fork"* ]] || fail "$output"
	# Linux 6.1 has no such file
	[ -e "$group/pids.max" ]
	[ ! -e "$group/pids.peak" ] || [ "$(cat "$group/pids.peak")" -le 30 ]
	# before Linux 6.11 the refusal is counted where the fork was, below the group that has the limit
	[ "$(find "$group" -name pids.events -exec awk '/^max / { print $2 }' {} + | sort -n | tail -1)" -gt 0 ]
	run -0 ranby pod restart -a
	group=$(dirname "$(cgroup_of "$(ctr_pid a)")")
	[ "$(cat "$group/pids.max")" = 30 ]
	ranby stop -t 0 a
	ranby start a
	[ "$(dirname "$(cgroup_of "$(ctr_pid a)")")" = "$group" ]
	ranby pod rm --force --time 0 p
	wait_for 10 no_scopes
}

@test "a controller that is not delegated: a pod's limit names it, and how an administrator delegates it" {
	ranby pod create --name p --network none --cgroup-conf hugetlb.2MB.max=0 >/dev/null
	run -125 ranby pod start p
	[[ $output == *'the cgroup controller "hugetlb" is not delegated to this user'*'systemctl edit user@.service'* ]] || fail "$output"
}
