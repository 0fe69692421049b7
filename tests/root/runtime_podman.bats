#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The distribution's podman as root with ranby-runtime: with and without a
# user namespace, and the attacks that are worse there.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0
load ../podman

remove_tree() { rm -rf "$@"; }

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can run this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	# a view with cgroup v2 alone, for each call; limits need controllers that no test host gives away
	PODMAN_NS=$BATS_FILE_TMPDIR/ns
	export RANBY_TREE RANBY_TEST_IMAGES PODMAN_NS
	printf '#!/bin/sh\n[ "$(stat -f -c %%T /sys/fs/cgroup)" = cgroup2fs ] || exec unshare --mount --propagation private sh -c '\''umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'\'' sh "$@"\nexec "$@"\n' >"$PODMAN_NS"
	chmod 755 "$PODMAN_NS"
	podman_setup_file
}
teardown_file() { podman_teardown_file; }
setup() { [ -f "$PODMAN/works" ] || skip 'no podman that runs here as root'; }
fail() { printf '%s\n' "$@" >&2; return 1; }

@test "podman as root: run, exec, top, kill, rm; the host's /proc says what it has" {
	run -0 driven run -d --name r1 --network=none localhost/busybox-docker sleep 1000
	local pid
	pid=$(driven inspect --format '{{.State.Pid}}' r1)
	run -0 grep -E '^(CapInh|CapBnd|Seccomp|NoNewPrivs):' "/proc/$pid/status"
	[[ $output = *$'CapInh:\t0000000000000000'*$'Seccomp:\t2' ]] || fail "$output"
	[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ]
	[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
	run -0 driven exec r1 id -u
	[ "$output" = 0 ]
	run -0 driven top r1 comm
	[[ $output = *sleep* ]]
	run -0 driven kill r1
	run -0 driven rm -f -t 0 r1
}

@test "podman as root with a user namespace, and another user" {
	run -0 driven run --rm --network=none --uidmap 0:300000:1000 --gidmap 0:300000:1000 localhost/busybox-docker cat /proc/self/uid_map
	[ "$(awk '{print $1, $2, $3}' <<<"$output")" = '0 300000 1000' ]
	run -0 driven run --rm --network=none --user 7 localhost/busybox-docker id -u
	[ "$output" = 7 ]
}

@test "A01 A08: as root too, the program that enters is nobody's file, and links in the image lead nowhere" {
	local sum
	sum=$(sha256sum "$DRIVEN")
	run -0 driven run -d --name a1 --network=none localhost/busybox-docker sh -c 'printf "#!/proc/self/exe\n" >/bin/evil; chmod 755 /bin/evil
		while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || (exec 4<$p/exe; echo X >/proc/self/fd/4 && echo WROTE) 2>/dev/null; done; done'
	for _ in $(seq 10); do
		driven exec a1 true
		driven exec a1 /bin/evil >/dev/null 2>&1 || true
	done
	run -0 driven logs a1
	[[ $output != *WROTE* ]]
	driven rm -f -t 0 a1
	[ "$(sha256sum "$DRIVEN")" = "$sum" ]
}

@test "as root: device rules: null can be used, memory and disks neither opened nor made use of, whoever makes a node" {
	run -0 driven run --rm --network=none --cap-add MKNOD localhost/busybox-docker sh -c 'cd /dev; mknod m c 1 1; mknod n c 1 3; mknod b b 259 0
		echo x >n && echo wrote; for i in m b; do head -c 1 $i >/dev/null 2>&1 && echo "READ $i"; done; echo end'
	[ "$output" = $'wrote\nend' ] || fail "$output"
}

@test "as root: CAP_MKNOD without a user namespace is refused where no device rules can be in force" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || skip 'cgroup v2 alone: they are in force'
	PODMAN_NS='' run -126 driven run --rm --network=none --cap-add MKNOD localhost/busybox-docker mknod /x c 1 1
	[[ $output = *'device rules need a cgroup'* ]] || fail "$output"
}
