#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What holds whichever LSM it is: the label cannot be led astray, and who may
# make user namespaces on a host that has a gate for them.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../lib
load lib

setup_file() {
	ranby_setup_file busybox
	case ${RANBY_GUEST#*:} in apparmor) load_profile "$(default_profile)" ;; esac
}
teardown_file() {
	remove_tree "$HOME/root"
	ranby_teardown_file
}
teardown() {
	calm
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
}

# make_root: a root directory with a /proc of its own making, which the container may read
make_root() {
	ROOT=$HOME/root
	remove_tree "$ROOT"
	mkdir -p "$ROOT"/{bin,etc,dev,sys,tmp,proc} "$ROOT/fake"/{self/attr,1/attr,thread-self/attr,sys/kernel}
	cp /bin/busybox "$ROOT/bin/"
	for name in self 1 thread-self; do
		for file in attr/exec attr/current attr/apparmor/exec; do
			mkdir -p "$(dirname "$ROOT/fake/$name/$file")"
			echo fake >"$ROOT/fake/$name/$file"
		done
	done
	ln -s fake "$ROOT/link"
	# the programs in it are mapped out of the directory itself by Linux 6.1
	case $RANBY_GUEST in *:selinux) chcon -R -t "$(file_type_here)" "$ROOT" ;; esac
	FAKE_SUM=$(fake_sum)
}
fake_sum() { find "$ROOT/fake" "$ROOT/proc" -type f -exec sha256sum {} + | sed 's/ .*//' | sort | sha256sum; }
# under_real_label COMMAND...: the engine refused, or the container has the label; true when it ran
under_real_label() {
	status=0
	output=$(ranby run --rm --network none "$@" 2>&1 | tr -d '\0'; exit "${PIPESTATUS[0]}") || status=$?
	if [ "$status" -eq 125 ]; then return 1; fi
	[ "$status" -eq 0 ] || fail "$status" "$output"
	confined "$output" || fail "$output"
}

@test "A04: an image whose /proc is its own, a volume in its place: the real label, or no start" {
	make_root
	rmdir "$ROOT/proc"
	ln -s fake "$ROOT/proc"
	under_real_label --rootfs "$ROOT:O" /bin/busybox cat /proc/self/attr/current || echo "a link: $output"
	local at
	for at in /proc /proc/self /proc/self/attr /proc/1 /proc/sys/kernel; do
		under_real_label -v "vol:$at" busybox sh -c 'grep "" /proc/1/attr/current' || echo "$at: $output"
	done
	[ "$(fake_sum)" = "$FAKE_SUM" ] || fail 'something was written to the other files'
	# the control: an ordinary one
	under_real_label busybox cat /proc/self/attr/current
}

@test "A07: /proc of the root directory is exchanged for another all the time: the label is the kernel's, and no other file gets it" {
	make_root
	local i ran=0
	race "$ROOT/proc" "$ROOT/fake"
	race "$ROOT/fake" "$ROOT/link"
	for ((i = 0; i < 12; i++)); do
		if under_real_label --rootfs "$ROOT:O" /bin/busybox cat /proc/self/attr/current; then ran=$((ran + 1)); fi
	done
	calm
	echo "# 12 starts, $ran ran" >&3
	[ "$(find "$ROOT" -name exec -type f -exec cat {} + | sort -u)" = fake ]
	[ $ran -gt 0 ]
}

@test "A30: no user namespace for the payload where a policy has a word for it, with all else given away" {
	need_guest 'trixie:*'
	fails_inside --cap-add all --security-opt seccomp=unconfined busybox unshare -U -r true
	case $RANBY_GUEST in
	*:selinux) by_this_login "$(in_audit '^type=AVC .*denied' "scontext=[^ ]*:$(type_here):" tclass=user_namespace | tail -n 1)" ;;
	*) by_this_login "$(in_audit '^type=AVC .*apparmor="DENIED"' 'profile="ranby-default"' operation=\"userns_create\" | tail -n 1)" ;;
	esac
	# red without the label
	run -0 ranby run --rm --network none --cap-add all --security-opt seccomp=unconfined --security-opt label=disable --security-opt apparmor=unconfined \
		busybox unshare -U -r true
}

# gate_on, gate_off: only programs that the host's policy names make user namespaces
gate_on() {
	case $RANBY_GUEST in
	*:selinux) as_root dd if=/etc/selinux/gated of=/sys/fs/selinux/load bs=64M ;;
	*)
		load_profile "$RANBY_TREE/policies/apparmor/ranby"
		as_root sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=1
		;;
	esac
}
gate_off() {
	case $RANBY_GUEST in
	*:selinux) as_root load_policy ;;
	*)
		as_root sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0
		unload_profile "$RANBY_TREE/policies/apparmor/ranby"
		;;
	esac
}

@test "the gate: ranby makes user namespaces, other programs of the same login make none, and the record has the login's auid" {
	local avc
	[[ $RANBY_GUEST == *:selinux || -e /proc/sys/kernel/apparmor_restrict_unprivileged_userns ]] ||
		skip "no such gate in this kernel's AppArmor: kernel.apparmor_restrict_unprivileged_userns is Ubuntu's"
	run -0 unshare -U true
	gate_on
	run unshare -U -r true
	echo "unshare: $status $output"
	[ "$status" -ne 0 ]
	run podman unshare true
	echo "podman: $status $output"
	[ "$status" -ne 0 ]
	run -0 ranby run --rm --network none busybox id -u
	[ "$output" = 0 ]
	# a new keeper too, with the ids of the user's
	run -0 ranby --root "$BATS_TEST_TMPDIR/root" --runroot "$BATS_TEST_TMPDIR/run" info
	run -0 ranby run --rm --network none --userns auto busybox id -u
	run -0 ranby run --rm -p 18081:80 busybox true
	# what a container without a label gets is no way around it
	fails_inside --security-opt label=disable --security-opt apparmor=unconfined --cap-add all --security-opt seccomp=unconfined busybox unshare -U -r true
	gate_off
	case $RANBY_GUEST in
	*:selinux) avc=$(in_audit '^type=AVC .*denied  { create }' 'comm="unshare"' 'scontext=[^ ]*:unconfined_t:' tclass=user_namespace | tail -n 1) ;;
	*) avc=$(in_audit '^type=AVC .*apparmor="DENIED"' 'comm="unshare"' 'userns_create\|capable' | tail -n 1) ;;
	esac
	by_this_login "$avc"
	run -0 unshare -U true
}
