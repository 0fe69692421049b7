#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Debian's Slurm on one node, with the oci.conf of ranby-slurm(7): what a job
# in a container says, what the host's /proc says of its process, and what is
# left. The daemons are this file's own, on loopback, and end with it.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output, lines and status, and each test is a process

load ../audit
load ../lib
USER_OF_JOBS=${RANBY_SLURM_USER:-ranbytest}

is_idle() { [ "$(sinfo -h -o %t 2>/dev/null)" = idle ]; }

setup_file() {
	local program name
	export TREE BASE WHY=''
	TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	for program in munged slurmctld slurmd srun jq; do
		command -v "$program" >/dev/null || WHY="there is no $program"
	done
	[ -d /sys/fs/cgroup/memory ] && [ -d /sys/fs/cgroup/freezer ] || WHY='the memory and freezer controllers are not ones of cgroup v1, which this Slurm is set up for'
	[ -z "$WHY" ] || return 0
	BASE=$(mktemp -d /run/ranby-slurm.XXXXXX)
	chmod 755 "$BASE"
	"$TREE/tests/as-user" --account "$USER_OF_JOBS" true
	# the job's user may not reach the tree
	mkdir -p "$BASE/libexec/ranby" "$BASE"/{state,spool,bin}
	cp -a "$TREE/${RANBY_BUILD:-build}/bin/ranby-runtime" "$BASE/bin/"
	cp -a "$TREE/${RANBY_BUILD:-build}/libexec/ranby/ranby-init" "$BASE/libexec/ranby/"
	name=$(hostname -s)
	(umask 077 && head -c 64 /dev/urandom >"$BASE/munge.key")
	cat >"$BASE/slurm.conf" <<-C
		ClusterName=ranbytest
		SlurmctldHost=$name(127.0.0.1)
		SlurmUser=root
		SlurmctldPort=16817
		SlurmdPort=16818
		AuthType=auth/munge
		AuthInfo=socket=$BASE/munge.sock
		ProctrackType=proctrack/cgroup
		TaskPlugin=task/cgroup
		JobAcctGatherType=jobacct_gather/none
		MpiDefault=none
		KillWait=2
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core_Memory
		SlurmctldPidFile=$BASE/slurmctld.pid
		SlurmdPidFile=$BASE/slurmd.pid
		StateSaveLocation=$BASE/state
		SlurmdSpoolDir=$BASE/spool
		SlurmctldLogFile=$BASE/slurmctld.log
		SlurmdLogFile=$BASE/slurmd.log
		SlurmdDebug=debug
		NodeName=$name NodeAddr=127.0.0.1 CPUs=1 RealMemory=500 State=UNKNOWN
		PartitionName=main Nodes=$name Default=YES State=UP
	C
	printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainRAMSpace=yes\n' >"$BASE/cgroup.conf"
	# the page's own, with this tree's runtime and a place for state that is there without a login
	sed -n '/^# oci.conf/,/^\.Ed/{/^\.Ed/!p}' "$TREE/man/ranby-slurm.7" |
		sed -e "s#/usr/bin/ranby-runtime#$BASE/bin/ranby-runtime#" -e 's/\\e/\\/g' >"$BASE/oci.conf"
	export SLURM_CONF=$BASE/slurm.conf
	munged --key-file="$BASE/munge.key" --socket="$BASE/munge.sock" --pid-file="$BASE/munged.pid" --log-file="$BASE/munged.log" \
		--seed-file="$BASE/munge.seed" 3>&-
	slurmctld -c 3>&-
	slurmd -c 3>&-
	wait_for 20 is_idle
	mkdir -p "$BASE/b/rootfs"/{bin,proc,dev,sys,tmp,etc}
	cp /bin/busybox "$BASE/b/rootfs/bin/"
	for program in sh id sleep cat; do ln -s busybox "$BASE/b/rootfs/bin/$program"; done
	# as a plain user makes one: his own id is root's inside, the host's network
	local uid gid
	uid=$(id -u "$USER_OF_JOBS") gid=$(id -g "$USER_OF_JOBS")
	"$TREE/tests/bundle" "$BASE/b" "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$uid,\"size\":1}],
		\"gidMappings\":[{\"containerID\":0,\"hostID\":$gid,\"size\":1}]}}" -- id
	sed -i -e 's/, *"gid=5"//' -e 's/"gid=5", *//' "$BASE/b/config.json"
	chown -R "$USER_OF_JOBS:" "$BASE/b"
}

teardown_file() {
	local daemon pid
	[ -n "${BASE:-}" ] || return 0
	export SLURM_CONF=$BASE/slurm.conf
	scancel --user="$USER_OF_JOBS" 2>/dev/null || true
	for _ in $(seq 100); do
		[ -n "$(squeue -h 2>/dev/null)" ] || break
		sleep 0.1
	done
	for daemon in slurmd slurmctld munged; do
		pid=$(cat "$BASE/$daemon.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || continue
		for _ in $(seq 100); do
			[ -e "/proc/$pid/exe" ] || break
			sleep 0.1
		done
	done
	find /sys/fs/cgroup/{memory,freezer}/slurm_"$(hostname -s)" -depth -type d -exec rmdir {} \; 2>/dev/null || true
	rm -rf "$BASE" "/tmp/ranby-slurm-$USER_OF_JOBS"
}

setup() {
	[ -z "$WHY" ] || skip "$WHY"
	export SLURM_CONF=$BASE/slurm.conf
}
# of the test that has audit
teardown() { audit_end; }
# job ARG...: srun as the user
job() {
	setpriv --reuid="$USER_OF_JOBS" --regid="$USER_OF_JOBS" --init-groups env -i PATH="$PATH" HOME=/tmp SLURM_CONF="$SLURM_CONF" \
		timeout 40 srun -n1 --mem=64 "$@" 3>&-
}
have_ended() { [ ! -e "$BASE/slurmd.pid" ] && [ ! -e "$BASE/slurmctld.pid" ]; }
# again EXPRESSION FILE: the daemons, with FILE changed by sed: they read it when they start
again() {
	kill "$(cat "$BASE/slurmd.pid")" "$(cat "$BASE/slurmctld.pid")"
	wait_for 20 have_ended
	sed -i "$1" "$BASE/$2"
	slurmctld -c 3>&-
	slurmd -c 3>&-
	wait_for 20 is_idle
}
# begin SECONDS: a job that sleeps so long: its process in $pid, its number in $id, its srun in $front
begin() {
	job --container="$BASE/b" sleep "$1" &
	front=$!
	for _ in $(seq 200); do
		pid=$(pgrep -u "$USER_OF_JOBS" -x -f "sleep $1") && break
		sleep 0.1
	done
	[ -n "$pid" ]
	id=$(squeue -h -o %i)
}
# ended: its process has, and srun too
ended() {
	for _ in $(seq 200); do
		[ -e "/proc/$pid/exe" ] || break
		sleep 0.1
	done
	[ ! -e "/proc/$pid/exe" ]
	wait "$front" || true
}

@test "srun --container: the bundle's process answers, as root inside; its exit code is the job's" {
	run -0 job --container="$BASE/b" id
	[ "$output" = 'uid=0 gid=0' ] || [[ $output = 'uid=0 gid=0 '* ]] || { echo "$output"; false; }
	run -7 job --container="$BASE/b" sh -c 'exit 7'
	[ -z "$(ls -A "/tmp/ranby-slurm-$USER_OF_JOBS")" ]
}

@test "a job's process is in the job's own cgroup, under its limit; the state names the job; scancel ends it" {
	local id pid='' group state front
	begin 1357
	group=$(sed -n 's/^[0-9]*:memory://p' "/proc/$pid/cgroup")
	[[ $group = */job_$id/* ]]
	[ "$(cat "/sys/fs/cgroup/memory${group%/step_*}/memory.limit_in_bytes")" = $((64 << 20)) ]
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[ "$(awk '$1 == "Uid:" {print $2}' "/proc/$pid/status")" = "$(id -u "$USER_OF_JOBS")" ]
	state=$(ls "/tmp/ranby-slurm-$USER_OF_JOBS")
	run -0 setpriv --reuid="$USER_OF_JOBS" --regid="$USER_OF_JOBS" --init-groups "$BASE/bin/ranby-runtime" \
		--root "/tmp/ranby-slurm-$USER_OF_JOBS" state "$state"
	run -0 jq -r '.pid, .attribution.claimed.SLURM_JOB_ID, .attribution.claimed.SLURM_STEP_ID, .attribution.uid' <<<"$output"
	[ "$output" = "$pid"$'\n'"$id"$'\n0\n'"$(id -u "$USER_OF_JOBS")" ] || { echo "$output"; false; }
	scancel "$id"
	ended
	for _ in $(seq 100); do
		[ -n "$(ls -A "/tmp/ranby-slurm-$USER_OF_JOBS")" ] || break
		sleep 0.1
	done
	[ -z "$(ls -A "/tmp/ranby-slurm-$USER_OF_JOBS")" ]
}

@test "proctrack/pgid: a job that is cancelled, or whose runtime is killed, leaves no payload" {
	local id pid front
	again 's#^ProctrackType=.*#ProctrackType=proctrack/pgid#; s#^TaskPlugin=.*#TaskPlugin=task/none#' slurm.conf
	for how in scancel kill; do
		begin 1358
		case $how in
		scancel) scancel --signal=KILL "$id" ;;
		kill) kill -KILL "$(awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")" ;;
		esac
		ended
	done
}

@test "kernel audit has the start and the end of a job, whose it is, and the job as a claim" {
	local id pid front record
	audit_begin
	audit_need any
	installed
	again "s#$BASE/bin/ranby-runtime#$INSTALLED/bin/ranby-runtime#" oci.conf
	begin 1359
	kill -KILL "$pid"
	ended
	audit_sync
	record=$(grep -a '^type=VIRT_CONTROL .* op=start ' "$AUDIT_LOG")
	echo "$record"
	[ "$(wc -l <<<"$record")" = 1 ]
	# the kernel's stamp: the user, and that slurmd is nobody's login; then the witness's word, then the job's own
	[[ $record == *" uid=$(id -u "$USER_OF_JOBS") auid=$(cat "/proc/$(cat "$BASE/slurmd.pid")/loginuid") "*" vm-pid=$pid trust=live "* ]]
	[[ $record == *" claimed-detail=\"SLURM_JOB_ID=$id\" "* ]]
	grep -aq "^type=VIRT_CONTROL .* op=stop .* vm-pid=$pid trust=zombie .* exit-signal=9 .*SLURM_JOB_ID=$id" "$AUDIT_LOG" || { grep -a ' op=stop ' "$AUDIT_LOG"; false; }
}
