#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# guests: *:apparmor
#
# Profiles are loaded by root, and ranby is told nothing: the kernel is asked.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../lib
load lib

setup_file() {
	ranby_setup_file busybox
	# another file of tests may have loaded it
	unload_profile "$(default_profile)" >/dev/null 2>&1 || true
}
teardown_file() {
	remove_tree "$HOME/root"
	ranby_teardown_file
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# denied PROFILE PATTERN: the last AVC record of that
denied() { in_audit '^type=AVC .*apparmor="DENIED"' "profile=\"$1\"" "$2" | tail -n 1; }

@test "no profile is loaded: it runs, and says so; one that was asked for is an error" {
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(label_of "$(ctr_pid c)")" = unconfined ]
	run -0 ranby inspect --format '{{.AppArmorProfile}},{{.Ranby.AppArmor}},{{.Ranby.InForce.label}}' c
	[ "$output" = ',ranby-default is not loaded,unconfined' ]
	run -0 ranby info --format '{{.host.confinement.apparmor}}'
	[ "$output" = 'ranby-default is not loaded' ]
	for name in nosuch ranby-default 'two words' ''; do
		run -125 ranby run --rm --network none --security-opt apparmor="$name" busybox true
		[[ $output == *'profile'* ]] || fail "$name: $output"
	done
	run -125 ranby run --rm --network none --security-opt label=type:container_t busybox true
	[[ $output == *'SELinux is not enabled'* ]]
}

@test "the default profile is taken where it is loaded; inspect, top, the record and the kernel agree" {
	load_profile "$(default_profile)"
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(label_of "$(ctr_pid c)")" = 'ranby-default (enforce)' ]
	run -0 ranby inspect --format '{{.AppArmorProfile}},{{.Ranby.AppArmor}},{{.Ranby.InForce.label}}' c
	[ "$output" = 'ranby-default,on,ranby-default (enforce)' ]
	run -0 ranby top c label lsm
	[[ ${lines[1]} =~ ^'ranby-default (enforce)'\ +'apparmor(enforce)'$ ]]
	run -0 ranby exec c cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	run -0 ranby exec --privileged -u nobody c cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	vm_record VIRT_MACHINE_ID c | grep -a 'model=apparmor trust=live' |
		grep -aq "vm-ctx=$(printf 'ranby-default (enforce)' | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F) "
}

@test "with no_new_privs, as another user, with --init, and with a terminal" {
	load_profile "$(default_profile)"
	run -0 ranby run --rm --network none --security-opt no-new-privileges busybox cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	run -0 ranby run --rm --network none --security-opt no-new-privileges -u nobody busybox cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	run -0 ranby run --rm --network none --init busybox cat /proc/1/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	run -0 ranby run --rm --network none -t busybox cat /proc/self/attr/current
	[[ $output == 'ranby-default (enforce)'* ]]
	run -0 ranby run --rm --network none --security-opt apparmor=unconfined busybox cat /proc/self/attr/current
	[ "$output" = unconfined ]
	run -0 ranby run --rm --network none --privileged busybox cat /proc/self/attr/current
	[ "$output" = unconfined ]
}

@test "refused: a process of the user's and its files, with the host's process ids; the record has the login's auid" {
	load_profile "$(default_profile)"
	local victim avc
	sleep 1000 3>&- &
	victim=$!
	run ! ranby run --rm --network none --pid host busybox kill -TERM "$victim"
	kill -0 "$victim"
	avc=$(denied ranby-default 'operation="signal"')
	by_this_login "$avc"
	# red without the profile: the container's root is the user
	run -0 ranby run --rm --network none --pid host --security-opt apparmor=unconfined busybox kill -TERM "$victim"
	run ! kill -0 "$victim"
}

@test "refused: another container's files and the user's home, where a site's profile says so; the records have the login's auid" {
	local avc
	cat >"$BATS_TEST_TMPDIR/site" <<-P
		abi <abi/3.0>,
		profile site-$$ flags=(attach_disconnected,mediate_deleted) {
			file,
			network,
			capability,
			audit deny /home/** rwklx,
			audit deny /theirs/** rwklx,
		}
	P
	cp "$BATS_TEST_TMPDIR/site" "$HOME/site"
	load_profile "$HOME/site"
	mkdir -p "$HOME/d"
	echo secret >"$HOME/d/f"
	ranby run -d --name a --network none -v his:/v busybox sh -c 'echo his >/v/f; exec sleep 1000'
	run ! ranby run --rm --network none --security-opt apparmor=site-$$ -v "$HOME:$HOME" busybox cat "$HOME/d/f"
	[[ $output == *'Permission denied'* ]]
	avc=$(denied "site-$$" "name=\"$HOME/d/f\"")
	by_this_login "$avc"
	run ! ranby run --rm --network none --security-opt apparmor=site-$$ -v his:/theirs busybox cat /theirs/f
	[[ $output == *'Permission denied'* ]]
	avc=$(denied "site-$$" 'name="/theirs/f"')
	by_this_login "$avc"
	run -0 ranby run --rm --network none --security-opt apparmor=unconfined -v "$HOME:$HOME" busybox cat "$HOME/d/f"
	[ "$output" = secret ]
	rm -rf "$HOME/d" "$HOME/site"
}

# A04 A05 A07 A29 A30: what of the host a container must not reach, when all else that keeps it is taken away
@test "A04 A07 A29 A30: the profile holds where masks, filter and capabilities were given away" {
	load_profile "$(default_profile)"
	local script='for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/sys/fs/suid_dumpable /proc/sys/vm/overcommit_memory /sys/kernel/uevent_helper; do
		[ ! -e $f ] || { echo x >$f; } 2>/dev/null && [ -e $f ] && echo "wrote $f"; done
		cat /proc/kcore 2>/dev/null | head -c 1
		mkdir -p /c && mount -t cgroup -o memory c /c 2>/dev/null && echo mounted
		mount -t tmpfs t /c 2>/dev/null && echo mounted; umount /proc 2>/dev/null && echo unmounted; true'
	run -0 ranby run --rm --network none --cap-add all --security-opt seccomp=unconfined --security-opt unmask=ALL busybox sh -c "$script"
	[ -z "$output" ] || fail "$output"
	[[ $(denied ranby-default 'operation="mount"\|operation="umount"') == *DENIED* ]]
	# red without it: a container's root mounts in its own namespaces
	run -0 ranby run --rm --network none --cap-add all --security-opt seccomp=unconfined --security-opt apparmor=unconfined busybox sh -c "$script"
	[[ $output == *mounted* ]]
}

# podman, the peer, on the same host
@test "rootless podman drops the profile of containers.conf in silence, and refuses one on its command line; ranby applies it" {
	local profile podman=(podman run --rm --network none --cgroups disabled)
	load_profile "$(default_profile)"
	mkdir -p "$HOME/root/bin" "$HOME/root"/{proc,dev,sys,tmp,etc,run}
	cp /bin/busybox "$HOME/root/bin/"
	for profile in ranby-default nosuch; do
		run -125 "${podman[@]}" --security-opt apparmor="$profile" --rootfs "$HOME/root" /bin/busybox true
		[[ $output == *'Apparmor is not enabled on this system'* ]] || fail "$output"
	done
	printf '[containers]\napparmor_profile="ranby-default"\n' >"$BATS_TEST_TMPDIR/containers.conf"
	CONTAINERS_CONF=$BATS_TEST_TMPDIR/containers.conf run -0 "${podman[@]}" --rootfs "$HOME/root" /bin/busybox cat /proc/self/attr/current
	[ "$output" = unconfined ] || fail "$output"
	run -0 ranby run --rm --network none --security-opt apparmor=ranby-default --rootfs "$HOME/root" /bin/busybox cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	run -125 ranby run --rm --network none --security-opt apparmor=nosuch --rootfs "$HOME/root" /bin/busybox true
	[[ $output == *nosuch* ]]
}

@test "everything it prints arrives, also where its words are a terminal's or a file's" {
	load_profile "$(default_profile)"
	all_arrives
}

@test "a caller that is confined itself keeps its own profile: both hold" {
	load_profile "$(default_profile)"
	cat >"$HOME/caller" <<-'P'
		abi <abi/3.0>,
		profile caller-of-ranby flags=(attach_disconnected,mediate_deleted) {
			file, network, capability, mount, umount, remount, pivot_root, signal, ptrace, unix, dbus,
			change_profile -> ranby-default,
			change_profile -> &ranby-default,
		}
	P
	load_profile "$HOME/caller"
	run -0 aa-exec -p caller-of-ranby -- "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none busybox cat /proc/self/attr/current
	[[ $output == *ranby-default* && $output == *caller-of-ranby* ]] || fail "$output"
	run -0 aa-exec -p caller-of-ranby -- "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none --security-opt no-new-privileges busybox cat /proc/self/attr/current
	[[ $output == *ranby-default* && $output == *caller-of-ranby* ]] || fail "$output"
	rm "$HOME/caller"
}

@test "A37: --privileged is unconfined, and inspect says so; a profile that was asked for stays" {
	load_profile "$(default_profile)"
	ranby run -d --name c --network none --privileged busybox sleep 1000
	run -0 ranby inspect --format '{{.Ranby.AppArmor}}{{.AppArmorProfile}},{{.Ranby.InForce.label}}' c
	[ "$output" = unconfined,unconfined ]
	run -0 ranby run --rm --network none --privileged --security-opt apparmor=ranby-default busybox \
		sh -c '! mount -t tmpfs t /tmp 2>/dev/null && cat /proc/self/attr/current'
	[ "$output" = 'ranby-default (enforce)' ]
}

@test "ranby under the profile that only names it: its containers have theirs, and not both" {
	need_guest 'trixie:*'
	load_profile "$(default_profile)"
	load_profile "$RANBY_TREE/policies/apparmor/ranby"
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(label_of "$(ranby inspect --format '{{.State.MonitorPid}}' c)")" = 'ranby (unconfined)' ]
	[ "$(label_of "$(ctr_pid c)")" = 'ranby-default (enforce)' ]
	run -0 ranby run --rm --network none --security-opt no-new-privileges busybox cat /proc/self/attr/current
	[ "$output" = 'ranby-default (enforce)' ]
	unload_profile "$RANBY_TREE/policies/apparmor/ranby"
}

@test "ranby's own programs under their profiles: records are written, images unpacked, a registry is asked" {
	local n own=("$RANBY_TREE"/policies/apparmor/ranby-{witness,unpack,fetch,trail})
	as_root apparmor_parser -r -K "${own[@]}"
	n=$(grep -ac 'apparmor="DENIED".*profile="ranby-\(witness\|unpack\|fetch\|trail\)"' /var/log/audit/audit.log) || true
	ranby rmi -f busybox
	load_image busybox
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(ranby inspect --format '{{.Ranby.Receipt}}' c)" != self ]
	run ! timeout 60 ranby pull 127.0.0.1:1/x/y
	[[ $output == *'cannot connect'* ]]
	sleep 1
	[ "$(grep -ac 'apparmor="DENIED".*profile="ranby-\(witness\|unpack\|fetch\|trail\)"' /var/log/audit/audit.log)" = "$n" ] ||
		fail "$(grep -a 'apparmor="DENIED".*profile="ranby-\(witness\|unpack\|fetch\|trail\)"' /var/log/audit/audit.log | tail -n 5)"
	as_root apparmor_parser -R "${own[@]}"
}
