#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What the options of run and create do that option_effects.bats leaves:
# those of how it runs, of the log and of the image. tests/lint/options says
# when one has no test at all.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib
load option

setup_file() {
	need_namespaces
	ranby_setup_file busybox
	WRAP=$BATS_FILE_TMPDIR/ranby
	printf '#!/bin/sh\nexec "%s" --root "%s" --runroot "%s" "$@"\n' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" >"$WRAP"
	chmod 755 "$WRAP"
	export WRAP
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

up() { wait_for 30 bash -c '[ "$("$WRAP" logs "$1" 2>/dev/null | head -1)" = up ]' up "$1"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

@test "--detach-keys: other keys than the usual ones, and none" {
	run -0 "$RANBY_TREE/tests/pty" "$WRAP" run -it --name keys --network=none --detach-keys ctrl-x,y busybox sh <<-'STEPS'
		expect #
		send \x10\x11echo still\x20here\r
		expect still here
		send \x18y
		exit 0
	STEPS
	[ "$(ranby inspect --format '{{.State.Status}}' keys)" = running ]
	run -0 "$RANBY_TREE/tests/pty" "$WRAP" run -it --rm --network=none --detach-keys '' busybox sh <<-'STEPS'
		expect #
		send \x10\x11exit 4\r
		exit 4
	STEPS
	run -125 script -qec "$WRAP run -it --network=none --detach-keys nosuchkey busybox true" /dev/null
	[[ $output == *'Error: '*detach* ]] || fail "$output"
}

@test "--sig-proxy: a signal reaches the payload, or ends the front alone" {
	local pid rc=0
	"$WRAP" run --name proxied --network=none busybox sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.1; done' >/dev/null 3>&- &
	pid=$!
	up proxied
	kill -TERM $pid
	wait $pid || rc=$?
	[ $rc = 9 ]
	rc=0
	"$WRAP" run --name alone --network=none --sig-proxy=false busybox sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.1; done' >/dev/null 3>&- &
	pid=$!
	up alone
	kill -TERM $pid
	wait $pid || rc=$?
	[ $rc = 143 ]
	[ "$(ranby inspect --format '{{.State.Status}}' alone)" = running ]
	# the same of start
	local value wanted
	for value in true false; do
		ranby stop -t 0 alone
		rc=0
		"$WRAP" start --attach --sig-proxy=$value alone >"$BATS_TEST_TMPDIR/$value" 3>&- &
		pid=$!
		wait_for 30 grep -qs up "$BATS_TEST_TMPDIR/$value"
		kill -TERM $pid
		wait $pid || rc=$?
		[ $value = true ] && wanted='9 exited' || wanted='143 running'
		[ "$rc $(ranby inspect --format '{{.State.Status}}' alone)" = "$wanted" ] || fail "$value: $rc"
	done
}

@test "--replace: the name is taken over, without it refused" {
	local old
	old=$(ranby run -d --name one --network=none busybox sleep 1000)
	run -125 ranby run -d --name one --network=none busybox sleep 1000
	one_error one
	run -0 ranby run -d --name one --replace --network=none busybox sleep 1000
	[ "$output" != "$old" ]
	run -0 ranby ps --all --quiet --no-trunc
	[ "${#lines[@]}" = 1 ]
	run -0 ranby create --name one --replace --network=none busybox true
	run -0 ranby ps --all --quiet
	[ "${#lines[@]}" = 1 ]
	run -125 ranby run --rm --replace --network=none busybox true
	one_error 'without --name'
	run -125 ranby pod create --replace --infra=false
	one_error 'without --name'
}

@test "--stop-signal, --stop-timeout: what stop sends, and how long it waits" {
	ranby run -d --name usr --network=none --stop-signal USR1 busybox sh -c 'trap "exit 5" USR1; echo up; while :; do sleep 0.1; done' >/dev/null
	up usr
	ranby stop usr
	[ "$(ranby inspect --format '{{.State.ExitCode}}' usr)" = 5 ]
	ranby run -d --name deaf --network=none --stop-timeout 12 busybox sh -c 'trap "" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
	up deaf
	local start=$EPOCHREALTIME
	ranby stop deaf
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {exit !(b - a >= 11.5 && b - a < 90)}' # 10 without the option
	[ "$(ranby inspect --format '{{.State.ExitCode}}' deaf)" = 137 ]
	ranby rm --all
	refused 'NOSUCH' --stop-signal NOSUCH
	refused 'stop-timeout' --stop-timeout -2
}

@test "--conmon-pidfile: the monitor's process" {
	local file=$BATS_TEST_TMPDIR/pid
	ranby run -d --name c --network=none --conmon-pidfile "$file" busybox sleep 1000 >/dev/null
	[ "$(cat "$file")" = "$(status_field "$(ctr_pid c)" PPid)" ]
	[ "$(cat "/proc/$(cat "$file")/comm")" = ranby-monitor ]
}

@test "--log-driver, --log-opt: no log, a bounded one, and what is not known" {
	ranby run -d --name none --network=none --log-driver none busybox sh -c 'echo hello; sleep 1000' >/dev/null
	run -125 ranby logs none
	one_error 'there is no log'
	[ -z "$(find "$RANBY_ROOT/containers" -name 'ctr.log*')" ]
	ranby rm --force --time 0 none
	ranby run --name bounded --network=none --log-opt max-size=10k busybox sh -c 'for i in $(seq 3000); do echo "line $i"; done' >/dev/null
	[ "$(ranby logs bounded | tail -1)" = 'line 3000' ]
	# without the option it is 3000 lines of 50 bytes and more
	[ "$(ranby logs bounded | wc -l)" -lt 3000 ]
	ranby rm bounded
	# also when it comes all at once
	ranby run --name bounded --network=none --log-opt max-size=10k busybox sh -c 'yes | head -n 30000' >/dev/null
	[ "$(ranby logs bounded | sort -u)" = y ]
	[ -z "$(find "$RANBY_ROOT/containers" -name 'ctr.log*' -size +10240c)" ] || fail "$(ls -l "$RANBY_ROOT"/containers/*/)"
	ranby rm bounded
	ranby run --name whole --network=none --log-driver k8s-file busybox sh -c 'for i in $(seq 3000); do echo "line $i"; done' >/dev/null
	[ "$(ranby logs whole | wc -l)" = 3000 ]
	ranby rm whole
	refused k8s-file --log-driver syslog
	refused max-size --log-opt compress=true
	refused max-size --log-opt max-size=x
}

@test "--annotation: in the bundle that the runtime gets, and in inspect" {
	ranby run -d --name c --network=none --annotation org.example.a=b=c --annotation empty= busybox sleep 1000 >/dev/null
	run -0 python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["annotations"])' "$RANBY_ROOT"/containers/*/config.json
	[[ $output == *"'org.example.a': 'b=c'"* && $output == *"'empty': ''"* ]] || fail "$output"
	run -0 ranby inspect --format '{{index .Config.Annotations "org.example.a"}}' c
	[ "$output" = b=c ]
	ranby rm --force --time 0 c
	refused annotation --annotation =x
}

@test "--env-host, --unsetenv-all: all of the caller's, none of the image's" {
	export MARKER_HERE=yes
	run -0 inside --env-host -e OTHER=1 -- env
	grep -qx MARKER_HERE=yes <<<"$output"
	grep -qx OTHER=1 <<<"$output"
	run -0 inside -- env
	[[ $output != *MARKER_HERE* ]]
	grep -q ^PATH= <<<"$output"
	run -0 inside --unsetenv-all -e KEPT=1 -- /bin/env
	grep -qx KEPT=1 <<<"$output"
	! grep -qE '^(PATH|container)=' <<<"$output" || fail "$output"
}

@test "--tz: the host's zone, a named one, and nothing that is none" {
	[ -f /usr/share/zoneinfo/Asia/Tokyo ] || skip 'no zone files here'
	[ "$(inside --tz Asia/Tokyo -- cat /etc/localtime | sha256sum)" = "$(sha256sum </usr/share/zoneinfo/Asia/Tokyo)" ]
	if [ -f /etc/localtime ]; then
		[ "$(inside --tz local -- cat /etc/localtime | sha256sum)" = "$(sha256sum </etc/localtime)" ]
	fi
	run -1 inside -- cat /etc/localtime # the control: this image has none
	refused 'not the name of a time zone' --tz ../../../etc/passwd
	refused 'not the name of a time zone' --tz /etc/passwd
	refused 'Nowhere/Land' --tz Nowhere/Land
}

@test "--os, --arch, --variant: an image of another platform is not taken for it" {
	case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) skip 'another architecture' ;; esac
	run -0 inside --pull never --os linux --arch "$arch" -- echo ran
	[ "$output" = ran ]
	refused '' --pull never --arch s390x
	refused '' --pull never --os plan9
	refused '' --pull never --arch arm --variant v6
}

@test "--image-volume: a volume of its own, a tmpfs, or nothing" {
	local tree=$BATS_TEST_TMPDIR/tree before
	mkdir -p "$tree"/{bin,data}
	cp /bin/busybox "$tree/bin/"
	echo content >"$tree/data/file"
	tar --owner=0 --group=0 -C "$tree" -cf "$tree.tar" .
	ranby import --quiet --change 'VOLUME /data' "$tree.tar" vol >/dev/null
	mounts() { ranby run -d --name c --network none "$@" vol /bin/busybox sleep 1000 >/dev/null; ranby exec c /bin/busybox grep ' /data ' /proc/mounts; }
	run -0 mounts --image-volume tmpfs
	[[ $output == tmpfs* ]]
	run -0 ranby exec c /bin/busybox cat /data/file
	[ "$output" = content ]
	ranby rm --force --time 0 c
	[ -z "$(ls -A "$RANBY_ROOT/volumes" 2>/dev/null)" ]
	run -1 mounts --image-volume ignore
	ranby rm --force --time 0 c
	run -0 mounts --image-volume anonymous
	[[ $output != tmpfs* ]]
	before=$(ls -A "$RANBY_ROOT/volumes")
	[ -n "$before" ]
	ranby rm --force --time 0 c
	refused image-volume --image-volume nonsense
}

@test "--no-hostname: the image's /etc/hostname" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"/{bin,etc,proc,sys,dev}
	cp /bin/busybox "$root/bin/"
	echo of-the-image >"$root/etc/hostname"
	run -0 ranby run --rm --network none --no-hostname --hostname other --rootfs "$root" /bin/busybox cat /etc/hostname
	[ "$output" = of-the-image ]
	run -0 ranby run --rm --network none --hostname other --rootfs "$root" /bin/busybox cat /etc/hostname
	[ "$output" = other ]
}

@test "--uts: the host's name and namespace, or its own" {
	ranby run -d --name host --network none --uts host busybox sleep 1000 >/dev/null
	[ "$(readlink "/proc/$(ctr_pid host)/ns/uts")" = "$(readlink /proc/self/ns/uts)" ]
	ranby run -d --name own --network none --uts private busybox sleep 1000 >/dev/null
	[ "$(readlink "/proc/$(ctr_pid own)/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]
	ranby rm --all --force --time 0
	refused uts --uts nonsense
	refused exclude --uts host --hostname x
}

@test "--cgroups: without, the container stays in the caller's; nothing unknown" {
	ranby run -d --name c --network none --cgroups disabled busybox sleep 1000 >/dev/null
	[ "$(cat "/proc/$(ctr_pid c)/cgroup")" = "$(cat /proc/self/cgroup)" ]
	run -0 inside --cgroups no-conmon -- true
	run -0 inside --cgroups enabled -- true
	ranby rm --all --force --time 0
	refused cgroups --cgroups nonsense
}

@test "without a limit no cgroup is looked for, no service manager asked, and no library of its opened" {
	need_program strace
	no_leak_check
	# it holds the keeper: newuidmap cannot work under strace
	ranby run -d --name k --network none busybox sleep 1000 >/dev/null
	run -0 strace -f -s 300 -e trace=openat,openat2,connect -o "$BATS_TEST_TMPDIR/trace" "$WRAP" run --rm --network none busybox true
	grep -q 'ranby-runtime\|/proc/bus' "$BATS_TEST_TMPDIR/trace"
	run ! grep -E 'libsystemd|systemd/private|/run/[^"]*bus"|"/sys/fs/cgroup|cgroup\.|"/proc/(self|[0-9]+)/cgroup' "$BATS_TEST_TMPDIR/trace"
}

@test "-v SRC:DST:U: the source is given to the payload's user; without it stays whose it is" {
	need_ranges
	local dir=$BATS_TEST_TMPDIR/u
	mkdir -p "$dir/sub"
	touch "$dir/sub/file"
	run -1 inside -v "$dir:/u" -u 33:44 -- touch /u/new
	run -0 inside -v "$dir:/u:U" -u 33:44 -- sh -c 'touch /u/new; stat -c %u:%g /u /u/sub/file'
	[ "$output" = $'33:44\n33:44' ] || fail "$output"
	[ "$(stat -c %u:%g "$dir/sub/file")" = "$(($(sub_first uid) + 32)):$(($(sub_first gid) + 43))" ]
	run -0 inside -v "$dir:/u:U" -- true # and back, so that it can be removed
	[ "$(stat -c %u "$dir/sub/file")" = "$(id -u)" ]
}

@test "-v SRC:DST:z and :Z: nothing to be done without SELinux" {
	local dir=$BATS_TEST_TMPDIR/z letter
	mkdir "$dir"
	echo content >"$dir/file"
	for letter in z Z; do
		run -0 inside -v "$dir:/z:ro,$letter" -- cat /z/file
		[ "$output" = content ]
	done
	refused 'exclude each other' -v "$dir:/z:z,Z"
}

@test "--rootfs DIR:O: what is written stays above the directory" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"/{bin,etc,proc,sys,dev,tmp}
	cp /bin/busybox "$root/bin/"
	echo below >"$root/etc/file"
	run -0 ranby run --name c --network none --rootfs "$root:O" /bin/busybox sh -c 'cat /etc/file; echo above >/etc/file; echo new >/new'
	[ "$output" = below ]
	[ "$(cat "$root/etc/file")" = below ]
	[ ! -e "$root/new" ]
	# the control: without it the directory is what is written to
	run -0 ranby run --rm --network none --rootfs "$root" /bin/busybox sh -c 'echo above >/etc/file'
	[ "$(cat "$root/etc/file")" = above ]
}

@test "options of docker and podman that are not here: each is refused with what to use, by run and by create" {
	while read -r option text; do
		for verb in run create; do
			run -125 ranby "$verb" "--$option=1" busybox true
			one_error "--$option: "
			[[ $output == *"$text"* ]] || fail "$verb --$option: $output"
		done
	done <<-'LIST'
		blkio-weight-device --cgroup-conf
		cert-dir certs.d
		chrootdirs -v
		cpu-rt-period realtime
		cpu-rt-runtime realtime
		decryption-key skopeo
		device-cgroup-rule --device
		device-read-bps --cgroup-conf
		device-read-iops --cgroup-conf
		device-write-bps --cgroup-conf
		device-write-iops --cgroup-conf
		disable-content-trust policy.json
		init-ctr --pod
		kernel-memory --memory
		link name
		link-local-ip --ip
		memory-swappiness cgroup
		oom-kill-disable cgroup
		permissive seccomp-log
		rdt-class resctrl
		retry ranby pull
		retry-delay ranby pull
		seccomp-policy --security-opt
		storage-opt --tmpfs
	LIST
	nothing_left
}
