#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The distribution's containerd, as root, on cgroup v2 alone, with
# ranby-runtime as the program that its shim calls. What holds is read from
# the host's /proc and /sys/fs/cgroup, never from containerd.
#
# guests: *:apparmor
# shellcheck disable=SC2154 # bats sets output and status
# shellcheck disable=SC2016 # scripts for the other side

load ../lib
load lib

# in_root SCRIPT: on root's side, where tests/vm/containerd.bash is loaded; its output is ours, and a command that fails ends it.
in_root() {
	login-as root 'bash -eu -o pipefail -E -c ". '"$RANBY_TREE"'/tests/vm/containerd.bash; eval \"\$(cat)\""' <<<"$1"
}

setup_file() {
	in_root '
		mkdir -p /etc/containerd
		# what is not driven here: the network of pods, and stores that this kernel has not
		cat >/etc/containerd/config.toml <<-T
			version = 2
			disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
				"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp"]
		T
		systemctl start containerd
		ctr images import '"$RANBY_TEST_IMAGES"'/busybox.docker.tar
	' >"$BATS_FILE_TMPDIR/begin" 2>&1 || { cat "$BATS_FILE_TMPDIR/begin" >&2; return 1; }
}
teardown_file() { in_root 'systemctl stop containerd' || true; }

@test "containerd: run prints, reads, and ends with the payload's code; nothing is left" {
	run -0 in_root '
		same "$(echo word | ctr_run_reading --rm --env A=b -- c1 sh -c "id -u; echo \$A; read x; echo \$x")" $'"'0\nb\nword'"'
		code=0; ctr_run --rm -- c2 sh -c "echo to-err >&2; exit 7" 2>err || code=$?
		same $code 7
		has "$(cat err)" to-err
		[ -z "$(ls /run/containerd/runc/default)" ] && [ ! -e /sys/fs/cgroup/default/c1 ]'
}

@test "containerd: run with a terminal, and exec with one" {
	run -0 in_root '
		out=$(script -qec "ctr run --rm -t ${WITH[*]} $IMAGE t1 sh -c \"tty; stat -c %t /dev/console\"" /dev/null </dev/null)
		has "$out" /dev/pts/0
		has "$out" 88
		ctr_run -d -- t2 sleep 1000
		out=$(script -qec "ctr tasks exec -t --exec-id x t2 tty" /dev/null </dev/null)
		has "$out" /dev/pts/
		gone t2'
}

@test "containerd: a task's life: ls, exec, ps, metrics, pause, resume, kill, events, delete" {
	run -0 in_root '
		timeout 100 ctr events >events 2>&1 & listener=$!
		until_is listening eval "ctr namespaces label default listening=\$RANDOM; ! grep -q /namespaces/update events || echo listening"
		ctr_run -d -- l1 sh -c "sleep 1000 & wait"
		pid=$(pid_of l1)
		same "$(status_of l1)" RUNNING
		same "$(tr "\0" " " <"/proc/$pid/cmdline")" "sh -c sleep 1000 & wait "
		same "$(readlink /proc/$pid/ns/user)" "$(readlink /proc/self/ns/user)"
		[ "$(readlink /proc/$pid/ns/pid)" != "$(readlink /proc/self/ns/pid)" ]
		same "$(exec_in l1 cat /proc/1/comm)" sh
		same "$(exec_in l1 sort -u /proc/1/cgroup /proc/self/cgroup | wc -l)" 1
		code=0; exec_in l1 sh -c "exit 5" || code=$?
		same $code 5
		same "$(ctr tasks ps l1 | sed 1d | awk "{print \$1}" | sort -n)" "$(sort -n "$(group_of $pid)/cgroup.procs")"
		metrics=$(ctr tasks metrics --format json l1)
		has "$metrics" memory
		has "$(ctr tasks metrics l1)" pids.current
		ctr tasks pause l1
		same "$(status_of l1)" PAUSED
		grep -q "^frozen 1" "$(group_of $pid)/cgroup.events"
		ctr tasks resume l1
		grep -q "^frozen 0" "$(group_of $pid)/cgroup.events"
		same "$(status_of l1)" RUNNING
		ctr tasks kill -s KILL l1
		until_is STOPPED status_of l1
		[ ! -e /proc/$pid/exe ]
		gone l1
		for topic in create start exec-added exec-started paused resumed exit delete; do
			until_is yes eval "! grep -q \"/tasks/$topic.*l1\" events || echo yes"
		done
		kill $listener'
}

@test "containerd: limits are in force, and shares that it asks for by itself; out of memory is told" {
	run -0 in_root '
		timeout 100 ctr events >events 2>&1 & listener=$!
		ctr_run -d --memory-limit 33554432 --cpus 0.5 -- m1 sleep 1000
		group=$(group_of "$(pid_of m1)")
		same "$group" /sys/fs/cgroup/default/m1
		same "$(cat $group/memory.max)" 33554432
		same "$(cat $group/cpu.max)" "50000 100000"
		same "$(cat $group/cpu.weight)" 39
		exec_in m1 sh -c "exec tail -c 200000000 /dev/zero" || true
		grep -q "^oom_kill [1-9]" $group/memory.events
		until_is yes eval "! grep -q \"/tasks/oom.*m1\" events || echo yes"
		kill $listener
		gone m1'
}

@test "containerd: a cgroup by systemd: a scope in the slice, its limits systemd's too, metrics, exec in it, nothing left" {
	run -0 in_root '
		ctr_run -d --runc-systemd-cgroup --cgroup system.slice:ctr:y1 --memory-limit 33554432 -- y1 sh -c "sleep 1000 & wait"
		pid=$(pid_of y1)
		same "$(group_of $pid)" /sys/fs/cgroup/system.slice/ctr-y1.scope
		same "$(systemctl show -P ActiveState ctr-y1.scope)" active
		same "$(systemctl show -P MemoryMax ctr-y1.scope)" 33554432
		same "$(cat "$(group_of $pid)/memory.max")" 33554432
		same "$(exec_in y1 sort -u /proc/1/cgroup /proc/self/cgroup | wc -l)" 1
		has "$(ctr tasks metrics y1)" pids.current
		# what makes systemd set its values again takes none of ours back
		systemctl daemon-reload
		same "$(cat "$(group_of $pid)/memory.max")" 33554432
		gone y1
		until_is inactive systemctl show -P ActiveState ctr-y1.scope
		[ ! -e /sys/fs/cgroup/system.slice/ctr-y1.scope ]'
}

@test "containerd: its own seccomp and AppArmor profiles, user, capabilities, a read-only root" {
	run -0 in_root '
		ctr_run -d --seccomp --apparmor-default-profile ctrd-test -- s1 sleep 1000
		pid=$(pid_of s1)
		same "$(in_status $pid Seccomp)" 2
		same "$(in_status $pid NoNewPrivs)" 1
		has "$(tr -d "\0" </proc/$pid/attr/current)" "ctrd-test (enforce)"
		has "$(exec_in s1 cat /proc/self/attr/current)" "ctrd-test (enforce)"
		gone s1
		ctr_run -d --read-only --cap-drop CAP_CHOWN --cap-add CAP_SYS_TIME --mount type=bind,src=/opt,dst=/mnt,options=rbind:ro -- s2 sleep 1000
		pid=$(pid_of s2)
		same "$(exec_in s2 sh -c "grep -E \"^(Uid|CapEff)\" /proc/self/status")" "$(grep -E "^(Uid|CapEff)" /proc/$pid/status)"
		same "$(timeout 60 ctr tasks exec --exec-id u --user 7:8 s2 sh -c "id -u; id -g" </dev/null)" $'"'7\n8'"'
		bounding=$((0x$(in_status $pid CapBnd)))
		[ $((bounding >> 0 & 1)) = 0 ] && [ $((bounding >> 25 & 1)) = 1 ] && [ $((bounding >> 21 & 1)) = 0 ]
		! touch /proc/$pid/root/x
		[ -d /proc/$pid/root/mnt/job ]
		gone s2'
}

@test "containerd: the host's network and another one; devices; privileged" {
	run -0 in_root '
		ctr_run -d --net-host -- n1 sleep 1000
		same "$(readlink /proc/$(pid_of n1)/ns/net)" "$(readlink /proc/self/ns/net)"
		gone n1
		ctr_run -d -- n2 sleep 1000
		[ "$(readlink /proc/$(pid_of n2)/ns/net)" != "$(readlink /proc/self/ns/net)" ]
		# device rules are in force: a node of the disk that root in it makes is of no use
		same "$(exec_in n2 sh -c "cd /tmp || cd /; mknod d b 259 0; head -c 1 d 2>/dev/null | wc -c; echo x >/dev/null && echo null")" $'"'0\nnull'"'
		gone n2
		same "$(ctr_run --rm --privileged -- n3 sh -c "grep CapEff /proc/self/status | cut -f2; mkdir /m && mount -t tmpfs none /m && echo mounted")" \
			"$(in_status $$ CapEff)"$'"'\nmounted'"'
		ctr_run -d --device /dev/fuse -- n4 sleep 1000
		exec_in n4 sh -c "test -c /dev/fuse && : <>/dev/fuse"
		gone n4'
}

@test "containerd: limits change, and what is stopped or not there is told in the words that it knows" {
	run -0 in_root '
		! ctr_run --rm -- e1 /nosuch 2>err
		has "$(cat err)" /nosuch
		[ ! -e /run/containerd/runc/default/e1 ] && [ ! -e /sys/fs/cgroup/default/e1 ]
		ctr_run -d -- e2 sleep 1000
		kill -9 "$(pid_of e2)"
		until_is STOPPED status_of e2
		# as the shim asks
		! $RUNTIME --root /run/containerd/runc/default kill e2 9 2>err
		grep -qi "no such process" err
		! ctr tasks kill -s KILL e2 2>err
		has "$(cat err)" "not found"
		gone e2'
}

@test "containerd: whose a container is: a service has no login; the state and the audit record say so" {
	run -0 in_root '
		ctr_run -d -- w1 sleep 1000
		pid=$(pid_of w1)
		same "$(cat /proc/$pid/loginuid)" 4294967295
		state=$(state_of w1)
		same "$(jq -r ".pid, .status, .owner, .attribution.verified, .attribution.loginuid, .attribution.uid" <<<"$state")" \
			"$pid"$'"'\nrunning\n0\nfalse\nunset\n0'"'
		same "$(jq -r ".attribution | has(\"auid\") or has(\"session\")" <<<"$state")" false
		# the one who asked containerd is not known to the shim; root may write the record, and the kernel stamps it
		recorded "$(jq -r .attribution.record.receipt <<<"$state")" " uid=0 auid=4294967295 ses=4294967295 " "op=start reason=runtime" \
			" vm-pid=$pid trust=root " " pid-ns=$(readlink /proc/$pid/ns/pid | tr -dc 0-9) "
		gone w1'
}
