#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Which ids: every --userns mode, by the kernel's own maps and by the owner of
# a file that the container made.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	need_ranges
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }

# owner_of MODE-OPTIONS...: of a file that the container's process makes in a directory open to all
owner_of() {
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/dir.XXXX")
	chmod 777 "$dir"
	ranby run --rm --network=none -v "$dir:/mnt" "$@" busybox touch /mnt/file >/dev/null
	stat -c %u "$dir/file"
}

@test "the default: root is the user, others are its subordinate ids" {
	[ "$(owner_of)" = "$(id -u)" ]
	[ "$(owner_of -u 1)" = "$(sub_first uid)" ]
	[ "$(owner_of -u 33)" = $(($(sub_first uid) + 32)) ]
}

@test "keep-id: the user is itself, root is another" {
	[ "$(owner_of --userns=keep-id)" = "$(id -u)" ]
	run -0 --separate-stderr ranby run --rm --network=none --userns=keep-id busybox id -u
	[ "$output" = "$(id -u)" ]
	[ "$(owner_of --userns=keep-id -u 0)" != "$(id -u)" ]
}

@test "keep-id:uid=,gid=" {
	run -0 --separate-stderr ranby run --rm --network=none --userns=keep-id:uid=1000,gid=1000 busybox id
	[[ $output == 'uid=1000(guest) gid=1000(guest)'* ]]
	[ "$(owner_of --userns=keep-id:uid=1000,gid=1000)" = "$(id -u)" ]
}

@test "nomap: the user is not in it" {
	run -0 --separate-stderr ranby run --rm --network=none --userns=nomap busybox cat /proc/self/uid_map
	[ "$(owner_of --userns=nomap)" != "$(id -u)" ]
}

@test "keep-id: a name, a home and a group, in copies and not in the layers" {
	local me
	me=$(id -un)
	run -0 --separate-stderr ranby run --rm --network=none --userns=keep-id -w /work busybox sh -c 'id -un; id -gn; echo $HOME; tail -n 1 /etc/passwd; tail -n 1 /etc/group; stat -c "%U %a" /etc/passwd /etc/hosts'
	[ "$output" = "$me"$'\n'"$(id -gn)"$'\n/work\n'"$me:*:$(id -u):$(id -g)::/work:/bin/sh"$'\n'"$(id -gn):*:$(id -g):$me"$'\nroot 644\nroot 644' ] || fail "$output"
	# the image's own line stays the only one where it has the ID
	run -0 --separate-stderr ranby run --rm --network=none --userns=keep-id:uid=65534,gid=65534 busybox sh -c 'id -un; grep -c :65534: /etc/passwd; grep -c " /etc/passwd " /proc/mounts; true'
	[ "$output" = $'nobody\n1\n0' ] || fail "$output"
	run ! grep -rqs "^$me:" "$RANBY_ROOT"/layers
	# a home that would be another line, or other fields, is none
	for dir in $'/x\nroot2::0:0::' '/x:0' $'/x\e[31m'; do
		run -0 --separate-stderr ranby run --rm --network=none --userns=keep-id -w "$dir" busybox sh -c 'tail -n 1 /etc/passwd; grep -c . /etc/passwd'
		[ "${lines[0]}" = "$me:*:$(id -u):$(id -g)::/:/bin/sh" ] || fail "$output"
		[ "${lines[1]}" = "$(($(ranby run --rm --network=none busybox grep -c . /etc/passwd) + 1))" ]
	done
	# what the container changes in its copy stays with it
	ranby run --name keep --network=none --userns=keep-id -u 0 busybox sh -c 'echo x:x:7:7::/:/bin/sh >>/etc/passwd'
	ranby start keep
	run -0 ranby inspect --format '{{.State.ExitCode}}' keep
	[ "$output" = 0 ]
	ranby rm -f -t 0 keep
	nothing_left
}

@test "generated files belong to the container's root in each map, at each start" {
	local mode
	for mode in keep-id auto nomap host private; do
		ranby run -d --name c --network=none --userns=$mode -u 0 busybox sleep 1000
		run -0 ranby exec c stat -c %u /etc/hosts /etc/hostname /etc/resolv.conf
		[ "$output" = $'0\n0\n0' ] || fail "$mode: $output"
		ranby exec c sh -c 'echo 127.0.0.9 new >>/etc/hosts'
		ranby restart -t 0 c
		run -0 ranby exec c stat -c %u /etc/hosts /etc/hostname /etc/resolv.conf
		[ "$output" = $'0\n0\n0' ] || fail "$mode after a start: $output"
		ranby rm -f -t 0 c
	done
}

@test "auto: two that are made at the same time never get the same slice" {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		ranby create --name "same$i" --network=none --userns=auto:size=2000 busybox true >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	run -0 bash -c 'grep -ho "\"autoUid\":\"[^\"]*\"" "$1"/containers/*/container.json | sort | uniq -d' - "$RANBY_ROOT"
	[ -z "$output" ]
	[ "$(grep -lo autoUid "$RANBY_ROOT"/containers/*/container.json | wc -l)" = 6 ]
	ranby rm -f -t 0 same1 same2 same3 same4 same5 same6
}

@test "auto: slices that do not overlap" {
	run -0 ranby run -d --name auto1 --network=none --userns=auto:size=2000 busybox sleep 100
	run -0 ranby run -d --name auto2 --network=none --userns=auto:size=2000 busybox sleep 100
	local first second
	first=$(awk '{print $2; exit}' "/proc/$(ctr_pid auto1)/uid_map")
	second=$(awk '{print $2; exit}' "/proc/$(ctr_pid auto2)/uid_map")
	[ $((first > second ? first - second : second - first)) -ge 2000 ]
	[ "$(awk '{n += $3} END {print n}' "/proc/$(ctr_pid auto1)/uid_map")" = 2000 ]
	ranby rm -f -t 0 auto1 auto2
}

@test "--uidmap and --gidmap" {
	run -0 --separate-stderr ranby run --rm --network=none --uidmap 0:1:2000 --gidmap 0:1:2000 busybox sh -c 'awk "{print \$1, \$3}" /proc/self/uid_map; id -u; stat -c %u /bin/busybox'
	[ "${lines[0]}" = '0 2000' ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = 0 ]
	[ "$(owner_of --uidmap 0:1:2000 --gidmap 0:1:2000)" = "$(sub_first uid)" ]
}

@test "host: the keeper's namespace, no other one" {
	run -0 --separate-stderr ranby run --rm --network=none --userns=host busybox id -u
	[ "$output" = 0 ]
}

@test "files of the image have the owners that the image says, under every map" {
	local mode
	for mode in '' --userns=keep-id --userns=auto --uidmap=0:1:2000; do
		# shellcheck disable=SC2086 # the empty mode is no argument
		run -0 --separate-stderr ranby run --rm --network=none $mode -u 0 busybox stat -c %u:%g /bin/busybox /home/guest /etc/shadow
		[ "$output" = $'0:0\n1000:1000\n0:42' ] || fail "$mode: $output"
	done
}

@test "a map outside of the user's ranges is an error" {
	run -125 ranby run --rm --network=none --uidmap 0:1:20000000 busybox true
	one_error ''
	run -125 ranby run --rm --network=none --userns=auto:size=200000000 busybox true
	one_error ''
	nothing_left
}

@test "root without a mapping to the host's root: never uid 0 on the host" {
	local pid
	run -0 ranby run -d --name zero --network=none busybox sleep 100
	pid=$(ctr_pid zero)
	[ "$(status_field "$pid" Uid 2)" = "$(id -u)" ]
	run awk '$2 == 0 {print}' "/proc/$pid/uid_map"
	[ -z "$output" ]
	ranby rm -f -t 0 zero
}

# A traced newuidmap has no privilege (ptrace(2)); it fails while the container is being made.
@test "a map that newuidmap refuses: its own words, and nothing is left" {
	run "$RANBY_TREE/${RANBY_BUILD:-build}/tools/killat" --victim nobody 0 \
		ranby --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network=none busybox true
	[[ $output == *'Error: newuidmap: '* ]]
	nothing_left
}

@test "what the IPC namespace has belongs to the container's root under every map; the host's namespaces stay the host's" {
	need_ranges
	local mode
	for mode in auto keep-id nomap; do
		run -0 ranby run --rm --network none --userns $mode --user 0 busybox stat -c %u /dev/mqueue
		[ "$output" = 0 ] || fail "$mode: $output"
	done
	run -0 ranby run --rm --network none --cgroupns host busybox readlink /proc/self/ns/cgroup
	[ "$output" = "$(readlink /proc/self/ns/cgroup)" ]
	run -0 ranby run --rm --network none --ipc host busybox readlink /proc/self/ns/ipc
	[ "$output" = "$(readlink /proc/self/ns/ipc)" ]
}
