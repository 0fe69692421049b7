#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime --systemd-cgroup where systemd has controllers: limits as
# properties of the unit and in the kernel's files, the user's manager and the
# system's, and the distribution's podman, which asks for scopes by default.
# guests: bookworm:apparmor
# shellcheck disable=SC2154 # bats sets output and status

load ../lib
load lib

setup() {
	B=$BATS_TEST_TMPDIR/b
	state=$XDG_RUNTIME_DIR/rt-test
	mkdir -p "$B/rootfs"/{bin,proc,dev,sys,tmp,etc}
	cp /bin/busybox "$B/rootfs/bin/sleep"
}
teardown() {
	local c
	for c in $(ranby-runtime --root "$state" list --quiet 2>/dev/null); do rt delete --force "$c"; done
}
# the guest's python has no json, so not tests/bundle
bundle() {
	rm -f "$B/config.json"
	ranby-runtime spec --bundle "$B"
	jq --argjson change "$1" --argjson args "$(printf '%s\n' "${@:3}" | jq -R . | jq -s .)" '. * $change | .process.args = $args' "$B/config.json" >"$B/new"
	mv "$B/new" "$B/config.json"
}
rt() { ranby-runtime --root "$state" --systemd-cgroup "$@" </dev/null; }
group() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(rt state "$1" | jq .pid)/cgroup")"; }
inactive() { ! systemctl --user --quiet is-active "$1"; }
prop() { systemctl --user show "$1" -p "$2" --value; }

@test "each limit is the unit's property and in the kernel's file; update changes both, and they stay over a reload of the manager" {
	bundle '{"linux":{"cgroupsPath":"user.slice:t:l1","resources":{"memory":{"limit":67108864,"swap":100663296,"reservation":33554432},
		"cpu":{"shares":2048,"quota":50000,"period":100000,"cpus":"1","mems":"0"},"pids":{"limit":20},"unified":{"memory.high":"50331648"}}}}' -- /bin/sleep 1000
	rt run --detach --bundle "$B" l1
	local d
	d=$(group l1)
	[[ $d = */user@$(id -u).service/user.slice/t-l1.scope ]] || fail "$d"
	look() {
		[ "$(cat "$d/memory.max" "$d/memory.swap.max" "$d/memory.low" "$d/memory.high" "$d/cpu.weight" "$d/cpu.max" "$d/cpuset.cpus" "$d/cpuset.mems" "$d/pids.max" | tr '\n' ' ')" = "$1 " ] ||
			fail "$(cat "$d/memory.max" "$d/memory.swap.max" "$d/memory.low" "$d/memory.high" "$d/cpu.weight" "$d/cpu.max" "$d/cpuset.cpus" "$d/cpuset.mems" "$d/pids.max" | tr '\n' ' ')" "$1"
	}
	look '67108864 33554432 33554432 50331648 79 50000 100000 1 0 20'
	[ "$(prop t-l1.scope MemoryMax)" = 67108864 ]
	[ "$(prop t-l1.scope MemorySwapMax)" = 33554432 ]
	[ "$(prop t-l1.scope MemoryLow)" = 33554432 ]
	[ "$(prop t-l1.scope MemoryHigh)" = 50331648 ]
	[ "$(prop t-l1.scope CPUWeight)" = 79 ]
	[ "$(prop t-l1.scope CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(prop t-l1.scope AllowedCPUs)" = 1 ]
	[ "$(prop t-l1.scope TasksMax)" = 20 ]
	systemctl --user daemon-reload
	look '67108864 33554432 33554432 50331648 79 50000 100000 1 0 20'
	printf '{"memory":{"limit":83886080,"swap":-1},"cpu":{"quota":25000,"period":100000,"cpus":"0-1"},"pids":{"limit":30}}' >"$BATS_TEST_TMPDIR/r"
	rt update --resources "$BATS_TEST_TMPDIR/r" l1
	[ "$(prop t-l1.scope MemoryMax)" = 83886080 ]
	[ "$(prop t-l1.scope TasksMax)" = 30 ]
	systemctl --user daemon-reload
	look '83886080 max 33554432 50331648 79 25000 100000 0-1 0 30'
	# what the kernel does not take is an error, and is not told to the manager
	run -1 rt update --cpuset-cpus 77 --pids-limit 31 l1
	[ "$(prop t-l1.scope AllowedCPUs)" = '0-1' ]
	# less than is in use
	printf '{"memory":{"limit":1,"checkBeforeUpdate":true}}' >"$BATS_TEST_TMPDIR/r"
	run -1 rt update --resources "$BATS_TEST_TMPDIR/r" l1
	[[ $output = *'are in use already'* ]] || fail "$output"
	[ "$(cat "$d/memory.max")" = 83886080 ]
	rt delete --force l1
	wait_for 20 inactive t-l1.scope
	[ ! -d "$d" ]
}

@test "login and session stay what they are" {
	bundle '{}' -- /bin/sleep 1000
	rt run --detach --bundle "$B" l2
	local pid
	pid=$(rt state l2 | jq .pid)
	[ "$(cat "/proc/$pid/loginuid" "/proc/$pid/sessionid")" = "$(cat /proc/self/loginuid /proc/self/sessionid)" ]
	rt delete --force l2
}

@test "exec from the login's session, which is out of the manager's groups, goes into the scope" {
	bundle '{}' -- /bin/sleep 1000
	rt run --detach --bundle "$B" l3
	[[ $(cat /proc/self/cgroup) = */session-*.scope ]]
	ranby-runtime --root "$state" exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" l3 /bin/sleep 1000 </dev/null
	[ "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" = "$(group l3)" ]
	rt delete --force l3
}

@test "podman, whose manager of cgroups is systemd: run with limits, exec, update, stats, rm" {
	command -v podman >/dev/null || skip 'no podman in this guest'
	local -a P=(podman --runtime "$(command -v ranby-runtime)" --cgroup-manager systemd --storage-driver vfs)
	"${P[@]}" load -q -i "$RANBY_TEST_IMAGES/busybox.tar"
	run -0 "${P[@]}" images --format '{{.Repository}}:{{.Tag}}'
	local image=${lines[0]} id
	id=$("${P[@]}" run -d --name p1 --network none --memory 64m --pids-limit 30 --cpus 0.5 "$image" sleep 1000)
	local d
	d=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$("${P[@]}" inspect --format '{{.State.Pid}}' p1)/cgroup")
	[[ $d = */user.slice/libpod-$id.scope ]] || fail "$d"
	[ "$(cat "$d/memory.max" "$d/pids.max" "$d/cpu.max" | tr '\n' ' ')" = '67108864 30 50000 100000 ' ]
	run -0 "${P[@]}" exec p1 cat /proc/self/cgroup
	[ "$output" = '0::/' ]
	run -0 "${P[@]}" stats --no-stream --format '{{.PIDs}}' p1
	[ "$output" = 1 ]
	"${P[@]}" stop -t 0 p1
	"${P[@]}" start p1
	"${P[@]}" rm -f -t 0 p1
	wait_for 20 inactive "libpod-$id.scope"
}

@test "root: the system's manager; devices are the unit's rules and the program's" {
	bundle '{"process":{"capabilities":{"bounding":["CAP_MKNOD"],"effective":["CAP_MKNOD"],"permitted":["CAP_MKNOD"]}},"root":{"readonly":false},
		"linux":{"cgroupsPath":":t:r1","namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},{"type":"cgroup"}],
		"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":200,"access":"rw"}],"pids":{"limit":20}}}}' -- \
		/bin/sh -c 'mknod /dev/m c 1 1; mknod /dev/n c 1 3; echo x >/dev/n && echo null-ok; head -c 1 /dev/m >/dev/null 2>&1 && echo MEM-READ; exec sleep 1000'
	jq 'del(.linux.uidMappings, .linux.gidMappings)' "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
	cat >"$BATS_TEST_TMPDIR/as-root" <<-END
		set -e
		cd "$B"
		state=/run/rt-root
		rt() { "$(command -v ranby-runtime)" --root \$state --systemd-cgroup "\$@" </dev/null; }
		for a in sh mknod head; do ln -sf sleep "$B/rootfs/bin/\$a"; done
		rt run --detach --bundle "$B" r1 >/tmp/r1.out 2>&1
		sed -n s/^0:://p /proc/\$(rt state r1 | jq .pid)/cgroup
		systemctl show t-r1.scope -p DevicePolicy -p DeviceAllow -p TasksMax
		for _ in \$(seq 100); do [ -s /tmp/r1.out ] && break; sleep 0.1; done
		cat /tmp/r1.out
		systemctl daemon-reload
		rt delete --force r1
		systemctl is-active t-r1.scope || true
	END
	run -0 as_root bash "$BATS_TEST_TMPDIR/as-root"
	[[ $output = *'/system.slice/t-r1.scope'* ]] || fail "$output"
	[[ $output = *'DevicePolicy=strict'* && $output = *'DeviceAllow='*'/dev/char/10:200 rw'* && $output = *TasksMax=20* ]] || fail "$output"
	[[ $output = *null-ok* && $output != *MEM-READ* && $output = *inactive* ]] || fail "$output"
}
