#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# guests: *:selinux
#
# Labels under an enforcing policy: Debian 12's has no types for containers, so
# there it is our module's (policies/selinux); Debian 13's has container_t.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../lib
load lib

setup_file() {
	ranby_setup_file busybox
	mkdir "$HOME/secret"
	echo secret >"$HOME/secret/f"
}
teardown_file() {
	rm -rf "${HOME:?}"/{secret,shared,own}
	ranby_teardown_file
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

type_of() { label_of "$1" | cut -d: -f3; }
level_of() { label_of "$1" | cut -d: -f4-; }

# denials OF_LABEL PATTERN: the AVC records whose subject has that label
denials() { in_audit '^type=AVC .*denied' "scontext=$1 " "$2"; }

@test "each container has a label of its own, and inspect, top, the record and the kernel agree on it" {
	ranby run -d --name a --network none busybox sleep 1000
	ranby run -d --name b --network none busybox sleep 1000
	local a b record
	a=$(label_of "$(ctr_pid a)")
	b=$(label_of "$(ctr_pid b)")
	[ "$(type_of "$(ctr_pid a)")" = "$(type_here)" ]
	[[ $(level_of "$(ctr_pid a)") =~ ^s0:c[0-9]+,c[0-9]+$ ]]
	[ "$a" != "$b" ]
	run -0 ranby inspect --format '{{.ProcessLabel}} {{.MountLabel}} {{.Ranby.InForce.label}} {{.Ranby.SELinux}}' a
	[ "$output" = "$a ${a%%:*}:object_r:$(file_type_here):$(level_of "$(ctr_pid a)") $a on" ]
	run -0 ranby top a label lsm
	[[ ${lines[1]} =~ ^"$a"\ +selinux$ ]]
	record=$(vm_record VIRT_MACHINE_ID a)
	[[ $record == *" vm-ctx=\"$a\" img-ctx=? model=selinux "* || $record == *" vm-ctx=$a img-ctx=? model=selinux "* ]] || fail "$record"
	run -0 ranby info --format '{{.host.confinement.selinux}}'
	[[ $output == *":$(type_here):s0:c"* ]]
}

@test "refused: the user's home, and the record has the login's auid" {
	local label avc
	ranby run -d --name c --network none -v "$HOME/secret:/s" busybox sleep 1000
	label=$(label_of "$(ctr_pid c)")
	run ! ranby exec c cat /s/f
	[[ $output == *'Permission denied'* ]]
	avc=$(denials "$label" 'tclass=dir\|tclass=file' | head -n 1)
	[ -n "$avc" ]
	by_this_login "$avc"
	# red without the label: the same container's root is the user
	run -0 ranby run --rm --network none --security-opt label=disable -v "$HOME/secret:/s" busybox cat /s/f
	[ "$output" = secret ]
}

@test "refused: another container's files, through a mount and through its processes" {
	local a avc
	mkdir -p "$HOME/own"
	ranby run -d --name a --network none -v "$HOME/own:/o:Z" busybox sh -c 'echo mine >/o/f; echo mine >/mine; exec sleep 1000'
	a=$(ctr_pid a)
	wait_for 10 test -s "$HOME/own/f"
	[ "$(stat -c %C "$HOME/own/f" | cut -d: -f3-)" = "$(file_type_here):$(level_of "$a")" ]
	# the file itself too: that a directory was refused, Debian 13's policy does not audit
	ranby run -d --name b --network none -v "$HOME/own:/o" -v "$HOME/own/f:/f" busybox sleep 1000
	run ! ranby exec b cat /o/f
	[[ $output == *'Permission denied'* ]]
	run ! ranby exec b cat /f
	[[ $output == *'Permission denied'* ]]
	avc=$(denials "$(label_of "$(ctr_pid b)")" "tcontext=[^ ]*:$(level_of "$a")" | head -n 1)
	by_this_login "$avc"
	run -0 ranby exec a cat /o/f
	[ "$output" = mine ]
}

@test "z shares, Z does not; a volume is shared; what is the host's is not relabelled" {
	local dir
	mkdir -p "$HOME/shared/deep"
	echo data >"$HOME/shared/deep/f"
	ln -s /etc/passwd "$HOME/shared/link"
	run -0 ranby run --rm --network none -v "$HOME/shared:/d:z" busybox cat /d/deep/f
	[ "$output" = data ]
	[ "$(stat -c %C "$HOME/shared/deep/f" | cut -d: -f3-)" = "$(file_type_here):s0" ]
	[[ $(stat -c %C /etc/passwd) == *:etc_t:* ]]
	run -0 ranby run --rm --network none -v "$HOME/shared:/d" busybox cat /d/deep/f
	run -0 ranby run --rm --network none -v vol:/v busybox sh -c 'echo 1 >/v/f'
	run -0 ranby run --rm --network none -v vol:/v busybox cat /v/f
	[ "$output" = 1 ]
	for dir in / /home /etc /usr "$HOME" "$HOME/.." /etc/passwd; do
		run -125 ranby run --rm --network none -v "$dir:/d:z" busybox true
		[[ $output == *'not relabelled'* ]] || fail "$dir: $output"
	done
}

@test "everything it prints arrives: a megabyte on both streams, with and without a terminal" { all_arrives; }

@test "exec: the container's label, with and without a terminal, and as another user" {
	ranby run -d --name c --network none busybox sleep 1000
	local label
	label=$(label_of "$(ctr_pid c)")
	run -0 ranby exec c sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$label" ]
	run -0 ranby exec -t c sh -c 'tr -d "\0" </proc/self/attr/current; tty >/dev/tty'
	[[ $output == "$label"*/dev/pts/0* ]]
	run -0 ranby exec -u nobody --privileged c sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$label" ]
}

@test "label= takes its words, or says what is wrong" {
	run -0 ranby run --rm --network none --security-opt label=level:s0:c5,c6 busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[[ $output == *":$(type_here):s0:c5,c6" ]]
	run -0 ranby run --rm --network none --security-opt label=disable busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$(label_of self)" ]
	run -0 ranby run --rm --network none --privileged busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$(label_of self)" ]
	run -125 ranby run --rm --network none --security-opt label=type:nosuch_t busybox true
	[[ $output == *'does not have'*nosuch_t* ]]
	run -125 ranby run --rm --network none --security-opt label=type:init_t busybox true
	[[ $output == *'does not let'*init_t* ]]
	run -125 ranby run --rm --network none --security-opt label=level:s0:c9999 busybox true
	run -125 ranby run --rm --network none --security-opt label=nonsense busybox true
	[[ $output == *'neither disable'* ]]
	run -125 ranby run --rm --network none --security-opt label=nested busybox true
	[[ $output == *'nested: the host has one SELinux policy'* ]]
	run -125 ranby run --rm --network none --security-opt apparmor=x busybox true
	[[ $output == *'AppArmor is not enabled'* ]]
}

@test "ranby's own programs are in domains of their own, and the policy has all that they need" {
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(type_of "$(ranby inspect --format '{{.State.MonitorPid}}' c)")" = ranby_t ]
	# who wrote the record, as the kernel stamped it
	[[ $(vm_record VIRT_CONTROL c) == *':ranby_witness_t:'* ]]
	ranby exec c true
	ranby rm -f -t 0 c
	run -0 ranby run --rm -p 18082:80 --memory 64m busybox true
	sleep 1
	run grep -a '^type=AVC .*denied.*scontext=[^ ]*:ranby_\(witness_\|trail_\|\)t:' /var/log/audit/audit.log
	[ "$status" = 1 ] || fail "$output"
}

# Three categories make three pairs: two users share them, and the fourth container has none.
@test "a pair is one container's among those of all users" {
	local all
	a() { runcon -l s0-s0:c1,c2,c3 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -d --network none "$@" busybox sleep 1000 3>&-; }
	as_bob ranby load -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null 2>&1
	a --name one
	as_bob runcon -l s0-s0:c1,c2,c3 ranby run -d --name his --network none busybox sleep 1000
	a --name two
	run -125 a --name three
	[[ $output == *'all 3 pairs of categories'*'in use'* ]]
	all=$({ level_of "$(ctr_pid one)"; level_of "$(ctr_pid two)"; level_of "$(as_bob ranby inspect --format '{{.State.Pid}}' his)"; } | sort)
	[ "$(uniq <<<"$all" | wc -l)" = 3 ] || fail "$all"
	# a monitor that was killed holds no claim; its container still has the pair
	kill -9 "$(ranby inspect --format '{{.State.MonitorPid}}' one)"
	three() { runcon -l s0-s0:c1,c2,c3 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" start three; }
	run -125 three
	[[ $output == *'in use'* ]]
	as_bob ranby rm -f -t 0 his
	three
	all=$({ level_of "$(ctr_pid one)"; level_of "$(ctr_pid two)"; level_of "$(ctr_pid three)"; } | sort)
	[ "$(uniq <<<"$all" | wc -l)" = 3 ] || fail "$all"
	[ "$(ranby inspect --format '{{.ProcessLabel}}' three)" = "$(label_of "$(ctr_pid three)")" ]
}

@test "A29 A30: its cgroups and a release agent are out of reach, whatever it has of capabilities" {
	fails_inside --cgroupns host busybox mkdir /sys/fs/cgroup/x
	fails_inside --cap-add SYS_ADMIN --security-opt seccomp=unconfined busybox \
		sh -c 'mkdir /c && mount -t cgroup -o memory c /c && echo /x >/c/release_agent'
	fails_inside --cap-add all --security-opt seccomp=unconfined --security-opt unmask=ALL busybox \
		sh -c 'echo x >/proc/sys/kernel/core_pattern'
	run -0 ranby run --rm --network none --cap-add all --security-opt seccomp=unconfined busybox sh -c '! cat /dev/nvme0n1 2>/dev/null | head -c 1 | grep -q .'
}

@test "A37: --privileged has the login's label, and inspect says so; a label that was asked for stays" {
	ranby run -d --name c --network none --privileged busybox sleep 1000
	[ "$(label_of "$(ctr_pid c)")" = "$(label_of self)" ]
	run -0 ranby inspect --format '{{.Ranby.SELinux}}{{.ProcessLabel}}' c
	[ "$output" = disabled ]
	run -0 ranby run --rm --network none --privileged --security-opt label=level:s0:c7,c8 -v "$HOME/secret:/s" busybox \
		sh -c '! cat /s/f 2>/dev/null && tr -d "\0" </proc/self/attr/current'
	[[ $output == *":$(type_here):s0:c7,c8" ]]
}

@test "a root that fuse-overlayfs serves: labelled processes, and the user's home is refused all the same" {
	run -0 ranby --storage-opt overlay.mount_program=/usr/bin/fuse-overlayfs run --rm --network none -v "$HOME/secret:/s" busybox \
		sh -c 'echo x >/new && cat /new && ! cat /s/f 2>/dev/null && tr -d "\0" </proc/self/attr/current'
	[[ $output == x*":$(type_here):s0:c"* ]] || fail "$output"
}

@test "a stopped container keeps its pair, and its files theirs" {
	mkdir -p "$HOME/own"
	ranby run -d --name c --network none -v "$HOME/own:/o:Z" busybox sh -c 'echo x >>/kept; echo y >>/o/kept; exec sleep 1000'
	local label
	label=$(label_of "$(ctr_pid c)")
	ranby stop -t 0 c
	ranby start c
	[ "$(label_of "$(ctr_pid c)")" = "$label" ]
	run -0 ranby exec c sh -c 'wc -l </kept; wc -l </o/kept'
	[ "${lines[*]}" = '2 2' ]
}
