#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Roots that fuse-overlayfs serves: where the kernel refuses an overlay, and
# where it was asked for. Who lives how long, and what is left.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox nginx
}
teardown_file() { ranby_teardown_file; }

setup() {
	need_ranges
	need_program fuse-overlayfs
	[ -w /dev/fuse ] || skip '/dev/fuse is not open to users here'
	wait_for 30 no_server
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

fuse() { ranby --storage-opt overlay.mount_program="$(command -v fuse-overlayfs)" "$@"; }

# servers: pids of this user's fuse-overlayfs that have not ended
servers() { pgrep --uid "$(id -u)" --exact --runstates S,R,D,T fuse-overlayfs; }
no_server() { ! servers >/dev/null; }

@test "run, write, read back, start again, rm; nothing is left" {
	fuse run --name f busybox sh -c 'echo one >/x; rm -r /home; mkdir /home; echo two >/home/y; ln -s x /z'
	wait_for 30 no_server
	[ "$(find "$RANBY_ROOT"/containers/*/upper -name x -exec cat {} +)" = one ]
	run -0 ranby inspect --format '{{.Ranby.InForce.rootfs.type}}' f
	[ "$output" = fuse.fuse-overlayfs ]
	ranby rm f
	fuse run -d --name f busybox sh -c '[ -e /x ] || { echo 1 >/x; rm -r /home; mkdir /home; echo 2 >/home/y; }; sleep 1000'
	wait_for 30 ranby exec f test -e /home/y
	ranby stop --time 0 f
	wait_for 30 no_server
	# the choice is the container's: not repeated here
	ranby start f
	run -0 ranby exec f sh -c 'cat /x /home/y; ls /home; grep " / " /proc/mounts'
	[[ $output == *fuse.fuse-overlayfs* ]]
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = '1 2 y' ]
	ranby rm --force --time 0 f
	no_server
	nothing_left
}

@test "owners, modes, links, set-id bits and whiteouts are as in the kernel's overlay" {
	local script='cd /tmp; touch f; chown 33:7 f; chmod 4751 f; ln f g; mkfifo p; mkdir -m 1770 d; rm /bin/cat; mv /bin/wc /bin/cw
		stat -c "%n %u %g %a %F" f g p d /etc /etc/passwd /bin/cw; stat -c %h f g; ls /bin | cw -c; test -e /bin/cat; echo $?'
	run -0 ranby run --rm --entrypoint sh nginx -c "$script"
	local kernel=$output
	run -0 fuse run --rm --entrypoint sh nginx -c "$script"
	diff -u <(echo "$kernel") <(echo "$output")
}

@test "the server is outside: not in the container's pid namespace, no descriptor or mount of it is" {
	fuse run -d --name f busybox sleep 1000
	run -0 servers
	local server=$output
	[ "$(readlink "/proc/$server/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(readlink "/proc/$server/ns/pid")" != "$(readlink "/proc/$(ctr_pid f)/ns/pid")" ]
	run -0 ranby exec f sh -c 'ls /proc | grep -c "^[0-9]"; ls -l /proc/1/fd'
	[ "${lines[0]}" -le 5 ]
	[[ $output != */dev/fuse* ]]
	# nothing of the caller's environment, and nothing it could read of him
	[ ! -s "/proc/$server/environ" ]
	# it is the monitor's child, and so of the container's session
	[[ $(tr '\0' ' ' <"/proc/$(status_field "$server" PPid)/cmdline") == "ranby-monitor --id $(ranby inspect --format '{{.Id}}' f)"* ]]
}

@test "several users' ids, names, and exec as a name" {
	fuse run -d --name f nginx sh -c 'sleep 1000'
	run -0 ranby exec --user www-data f id -un
	[ "$output" = www-data ]
	ranby exec --detach --user www-data f sleep 1001
	run -0 ranby top f user,huser,args
	[[ $output == *"www-data"*"sleep 1001"* ]]
	[[ $output == *"root"*"sleep 1000"* ]]
	run -125 ranby exec --user nosuch f id
	one_error nosuch
}

@test "top and exec do not hang on a server that does not answer" {
	fuse run -d --name f nginx sleep 1000
	local server
	server=$(servers)
	kill -STOP "$server"
	# a new reader, not the kernel's cache: names are left out, numbers stay
	run -0 timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" top f user,args
	[[ $output == *"sleep 1000"* ]]
	run timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rm --force --time 0 f
	[ "$status" = 0 ]
	wait_for 30 no_server
	nothing_left
}

@test "kill -9 of the server: the container can be ended and removed" {
	fuse run -d --name f busybox sleep 1000
	kill -KILL "$(servers)"
	wait_for 30 no_server
	run ranby exec f true
	[ "$status" -ge 125 ]
	ranby rm --force --time 0 f
	nothing_left
}

@test "kill -9 of the monitor: the server goes with the container" {
	fuse run -d --network none --name f busybox sleep 1000
	kill -KILL "$(pgrep --uid "$(id -u)" --full "^ranby-monitor --id $(ranby inspect --format '{{.Id}}' f)")"
	servers
	ranby rm --force --time 0 f
	wait_for 30 no_server
	nothing_left
}

@test "a launch that fails leaves no server" {
	run -127 fuse run --rm busybox nosuch
	wait_for 30 no_server
	run -125 fuse run --rm -v /nonexistent:/x busybox true
	wait_for 30 no_server
	nothing_left
}

@test "volumes are filled from it, and :O is served by it" {
	mkdir -p "$BATS_TEST_TMPDIR/low"
	echo low >"$BATS_TEST_TMPDIR/low/file"
	run -0 fuse run --rm -v "$BATS_TEST_TMPDIR/low:/o:O" -v /etc busybox sh -c 'cat /o/file; echo up >/o/file; cat /o/file; grep -c root: /etc/passwd; grep -c fuse-overlayfs /proc/mounts'
	[ "$output" = $'low\nup\n1\n2' ]
	[ "$(cat "$BATS_TEST_TMPDIR/low/file")" = low ]
	wait_for 30 no_server
}

@test "where the kernel refuses, it is taken by itself; where that is missing, one error" {
	# an overlay as the upper directory is what the kernel refuses
	unshare --map-root-user --map-auto --mount bash -c '
		set -e
		mkdir -p "$1"/{low,up,work,on}
		mount -t overlay -o "lowerdir=$1/low,upperdir=$1/up,workdir=$1/work,userxattr" overlay "$1/on"
	' - "$BATS_TEST_TMPDIR" || skip 'no overlay in a user namespace here'
	unshare --map-root-user --map-auto --mount bash -c '
		set -e
		mount -t overlay -o "lowerdir=$1/low,upperdir=$1/up,workdir=$1/work,userxattr" overlay "$1/on"
		mkdir -p "$1"/on/{b/rootfs,l/bin,u,w}
		cp /bin/busybox "$1/on/l/bin/sh"
		"$2/tests/bundle" "$1/on/b" -- sh -c "echo hi >/x; read a </x; echo \$a"
		python3 - "$1/on" <<-\END
			import json, sys
			on = sys.argv[1]
			c = json.load(open(on + "/b/config.json"))
			options = [f"lowerdir={on}/l", f"upperdir={on}/u", f"workdir={on}/w", "userxattr"]
			c["mounts"].insert(0, {"destination": "/", "type": "overlay", "source": "overlay", "options": options})
			json.dump(c, open(on + "/b/config.json", "w"))
		END
		exec 7</usr/bin/fuse-overlayfs
		"$2/$3/bin/ranby-runtime" --root "$1/state" run --fuse-overlayfs-fd 7 --bundle "$1/on/b" c1
		cat "$1/on/u/x"
		exec 7<&-
		mount -t tmpfs tmpfs /usr/bin
		! "$2/$3/bin/ranby-runtime" --root "$1/state" run --bundle "$1/on/b" c1
	' - "$BATS_TEST_TMPDIR" "$RANBY_TREE" "${RANBY_BUILD:-build}" >"$BATS_TEST_TMPDIR/out" 2>&1 || fail "$(cat "$BATS_TEST_TMPDIR/out")"
	run -0 cat "$BATS_TEST_TMPDIR/out"
	[ "${lines[0]} ${lines[1]}" = 'hi hi' ]
	[[ $output == *'fuse-overlayfs can, when it is installed'* ]]
	wait_for 30 no_server
	remove_tree "$BATS_TEST_TMPDIR"/{on,up,work,low}
}

@test "storage options: what is not supported, and a program of one's own" {
	run -125 ranby --storage-opt overlay.size=1 ps
	one_error 'not supported'
	run -125 ranby --storage-opt overlay.mount_program=fuse-overlayfs ps
	one_error 'not an absolute path'
	cp "$(command -v fuse-overlayfs)" "$BATS_TEST_TMPDIR/fuse-overlayfs"
	run -125 ranby --storage-opt overlay.mount_program="$BATS_TEST_TMPDIR/fuse-overlayfs" run --rm busybox true
	one_error 'the one that is trusted'
	run -0 fuse info --format '{{.store.fuseOverlayfs}}'
	[ "$output" = always ]
	run -0 ranby info --format '{{.store.fuseOverlayfs}}'
	[ "$output" = 'where the kernel refuses' ]
	run -0 ranby --storage-opt overlay.mount_program= info --format '{{.store.graphDriverName}}'
	[ "$output" = overlay ]
}
