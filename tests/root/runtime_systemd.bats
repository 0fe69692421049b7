#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime --systemd-cgroup with a user's service manager, which is
# started by hand in a mount namespace with a cgroup of its own. There it has
# no controllers.
# shellcheck disable=SC2016,SC2154 # scripts for another shell; bats sets output and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_MANAGER=/usr/lib/systemd/systemd
	export RANBY_TREE RANBY_TEST_MANAGER
}
setup() { [ -x "$RANBY_TEST_MANAGER" ] || skip 'systemd is not installed'; }
fail() { printf '%s\n' "$@" >&2; return 1; }

# managed SCRIPT: as a plain user with a manager of his own. `$B` is a bundle, `bundle CHANGES -- COMMAND` writes it,
# `rt VERB ...` is ranby-runtime --systemd-cgroup on `$state` as root of a user namespace, `group ID` the container's
# cgroup as the host's /proc has it, `gone UNIT` waits for its end.
managed() {
	unshare --mount --propagation private bash -eu -c '
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		# sd_booted(3)
		mkdir -p /run/systemd
		mount -t tmpfs tmpfs /run/systemd
		mkdir /run/systemd/system
		user=${RANBY_DELEGATED_ACCOUNT:-ranbytest} dir=/sys/fs/cgroup/ranby-tests-$$ status=0
		"$RANBY_TREE/tests/as-user" --account $user true
		mkdir $dir $dir/manager
		chown -R $user $dir
		(
			echo $BASHPID >$dir/manager/cgroup.procs
			"$RANBY_TREE/tests/as-user" --account $user bash -c "cgroup=$dir;"'"'"'
				base=$(mktemp -d "$TMPDIR/systemd.XXXXXX") XDG_RUNTIME_DIR=$(mktemp -d "$XDG_RUNTIME_DIR/sd.XXXXXX")
				"$RANBY_TEST_MANAGER" --user --unit=basic.target --log-target=console >"$base/log" 2>&1 </dev/null &
				manager=$!
				for _ in $(seq 200); do [ ! -S "$XDG_RUNTIME_DIR/systemd/private" ] || break; sleep 0.05; done
				[ -S "$XDG_RUNTIME_DIR/systemd/private" ] || { echo NO-MANAGER; cat "$base/log"; }
				B=$base/b state=$base/state
				mkdir -p "$B/rootfs"/{bin,proc,dev,sys,tmp,etc}
				cp /bin/busybox "$B/rootfs/bin/"
				"$B/rootfs/bin/busybox" --install -s "$B/rootfs/bin" 2>/dev/null || for a in sh sleep cat true trap; do ln -sf busybox "$B/rootfs/bin/$a"; done
				for a in "$B"/rootfs/bin/*; do [ ! -L "$a" ] || ln -sf busybox "$a"; done
				bundle() { "$RANBY_TREE/tests/bundle" "$B" "$@"; }
				plain() { unshare --map-root-user --map-auto --mount ranby-runtime --root "$state" "$@" </dev/null; }
				rt() { plain --systemd-cgroup "$@"; }
				group() { sed -n s/^0:://p "/proc/$(rt state "$1" | jq .pid)/cgroup"; }
				gone() { for _ in $(seq 200); do systemctl --user --quiet is-active "$1" || return 0; sleep 0.05; done; echo "STILL: $1"; }
				'"'"'"$1"'"'"'
				code=$?
				for c in $(plain list --quiet); do echo "LEFT: $c"; plain delete --force "$c"; done
				kill -KILL $manager
				wait $manager 2>/dev/null
				unshare --map-root-user --map-auto rm -rf "$base"
				rm -rf "$XDG_RUNTIME_DIR"
				exit $code'"'"'
		) || status=$?
		echo 1 >$dir/cgroup.kill
		for _ in $(seq 100); do
			find $dir -depth -type d -delete 2>/dev/null || true
			[ -d $dir ] || break
			sleep 0.05
		done
		exit $status
	' managed "$1"
}
clean() {
	[[ $output != *NO-MANAGER* ]] || skip "no manager can be started here: $output"
	[[ $output != *LEFT* && $output != *STILL* ]] || fail "$output"
}

@test "a container is a scope of the name, in the slice and with the properties that were asked for; delete ends it" {
	run -0 managed '
		bundle "{\"linux\":{\"cgroupsPath\":\"tests.slice:pre:c1\"},\"annotations\":{\"org.systemd.property.TimeoutStopSec\":\"7\",
			\"org.systemd.property.KillSignal\":\"int32 10\",\"org.systemd.property.After\":\"[\\u0027basic.target\\u0027]\",\"other\":\"x\"}}" -- /bin/sleep 1000
		rt create --bundle "$B" c1
		echo "created $(group c1)"
		rt start c1
		echo "started $(group c1)"
		systemctl --user show pre-c1.scope -p TimeoutStopUSec -p KillSignal -p After -p Delegate -p Slice -p ControlGroup -p Description
		ranby-runtime --root "$state" exec c1 cat /proc/self/cgroup </dev/null
		rt pause c1 && rt state c1 | jq -r .status && rt resume c1
		d=/sys/fs/cgroup$(group c1)
		rt kill c1 KILL
		gone pre-c1.scope
		rt delete c1
		[ ! -d "$d" ] || echo "LEFT $d"
		# the name is free at once
		for i in 1 2 3; do rt run --detach --bundle "$B" c1 && rt delete --force c1; done
		gone pre-c1.scope'
	clean
	[[ $output = *'created /'*'/tests.slice/pre-c1.scope'$'\n''started /'*'/tests.slice/pre-c1.scope'* ]] || fail "$output"
	for line in TimeoutStopUSec=7s KillSignal=10 Delegate=yes Slice=tests.slice 'Description=container c1' '0::/' paused; do
		grep -qx -- "$line" <<<"$output" || fail "no $line in: $output"
	done
	[[ $output = *After=*basic.target* ]]
}

@test "without a path it is ranby-ID.scope in user.slice; --cgroup-manager=systemd is the same; run waits and leaves nothing" {
	run -0 managed '
		bundle -- cat /proc/1/cgroup
		rt run --bundle "$B" c2
		bundle "{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"user\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"network\"}]}}" -- cat /proc/1/cgroup
		plain --cgroup-manager=systemd run --bundle "$B" c3
		gone ranby-c3.scope'
	clean
	[[ $output = *'0::/'$'\n'* ]] || fail "$output"
	[[ $output = *'/user.slice/ranby-c3.scope'* ]] || fail "$output"
}

@test "what is left in it is ended by delete, and nobody waits for those that do not heed SIGTERM" {
	run -0 managed '
		bundle -- /bin/sleep 1000
		rt run --detach --bundle "$B" c4
		d=/sys/fs/cgroup$(group c4)
		sh -c "trap \"\" TERM; while :; do sleep 1; done" >/dev/null 2>&1 & other=$!
		echo $other >"$d/cgroup.procs"
		kill -KILL "$(rt state c4 | jq .pid)"
		for _ in $(seq 100); do grep -qx $other "$d/cgroup.procs" && [ "$(rt state c4 | jq -r .status)" = stopped ] && break; sleep 0.05; done
		systemctl --user is-active ranby-c4.scope
		start=$SECONDS
		rt delete c4
		[ $((SECONDS - start)) -lt 30 ] || echo LEFT for long
		[ ! -d "$d" ] || echo "LEFT $d"
		kill -0 $other && echo LEFT $other
		gone ranby-c4.scope'
	clean
	[[ $output = active* ]] || fail "$output"
}

@test "killed before the end of create it leaves no scope, and delete --force clears up" {
	run -0 managed '
		bundle "{\"linux\":{\"cgroupsPath\":\":pre:c5\"}}" -- /bin/sleep 1000
		# it stops in the middle, when init is in its scope: a hook that waits
		printf "#!/bin/sh\necho \$PPID >%s/in-hook\nexec sleep 1000\n" "$base" >"$base/hook"
		chmod 755 "$base/hook"
		jq ".hooks.createRuntime=[{\"path\":\"$base/hook\"}]" "$B/config.json" >"$base/new" && mv "$base/new" "$B/config.json"
		unshare --map-root-user --map-auto --mount --fork --kill-child ranby-runtime --root "$state" --systemd-cgroup create --bundle "$B" c5 </dev/null &
		creator=$!
		for _ in $(seq 200); do [ -s "$base/in-hook" ] && break; sleep 0.05; done
		systemctl --user is-active pre-c5.scope
		kill -KILL $creator
		wait $creator
		plain delete --force c5
		gone pre-c5.scope'
	clean
	[[ $output = active* ]] || fail "$output"
}

@test "refused: a path of another form, names that are none, a property that is not on the list, values that are none" {
	run -0 managed '
		try() { bundle "$1" -- /bin/true; rt run --bundle "$B" bad && echo "ACCEPTED: $1"; }
		try "{\"linux\":{\"cgroupsPath\":\"/a/b\"}}"
		try "{\"linux\":{\"cgroupsPath\":\"a.slice:b\"}}"
		try "{\"linux\":{\"cgroupsPath\":\"a:b:c\"}}"
		try "{\"linux\":{\"cgroupsPath\":\"a.slice:b:../c\"}}"
		try "{\"linux\":{\"cgroupsPath\":\"a.slice:b:c.slice\"}}"
		try "{\"annotations\":{\"org.systemd.property.PIDs\":\"[1]\"}}"
		try "{\"annotations\":{\"org.systemd.property.Slice\":\"\\u0027other.slice\\u0027\"}}"
		try "{\"annotations\":{\"org.systemd.property.TimeoutStopSec\":\"soon\"}}"
		try "{\"annotations\":{\"org.systemd.property.KillMode\":\"mixed\"}}"
		# what systemd itself does not take is its word
		try "{\"annotations\":{\"org.systemd.property.KillMode\":\"\\u0027some\\u0027\"}}"
		systemctl --user --plain --no-legend list-units "*bad*" "*-c.scope"' 2>&1
	clean
	[[ $output != *ACCEPTED* && $output != *scope\ * ]] || fail "$output"
	[ "$(grep -c '^Error: linux.cgroupsPath' <<<"$output")" = 5 ] || fail "$output"
	[ "$(grep -c '^Error: annotations.org.systemd.property' <<<"$output")" = 4 ] || fail "$output"
	[ "$(grep -c '^Error: service manager' <<<"$output")" = 1 ] || fail "$output"
}

@test "no manager, or none that answers: an error that says where it was looked for, and nothing is made" {
	run -0 managed '
		bundle -- /bin/true
		XDG_RUNTIME_DIR=$base rt run --bundle "$B" c6 && echo ACCEPTED
		( unset XDG_RUNTIME_DIR; rt run --bundle "$B" c6 ) && echo ACCEPTED
		rt list --quiet' 2>&1
	clean
	[[ $output != *ACCEPTED* ]]
	[ "$(grep -c '^Error: --systemd-cgroup:' <<<"$output")" = 2 ] || fail "$output"
}

@test "a limit whose controller the manager does not hand out is an error that names it" {
	run -0 managed '
		bundle "{\"linux\":{\"resources\":{\"memory\":{\"limit\":33554432}}}}" -- /bin/true
		rt run --bundle "$B" c7 && echo ACCEPTED
		rt list --quiet
		gone ranby-c7.scope' 2>&1
	clean
	if [[ $output = *ACCEPTED* ]]; then skip 'this manager has the memory controller'; fi
	[[ $output = *'memory.max: the cgroup controller "memory" is not delegated'* ]] || fail "$output"
}

@test "two of one name: the second is refused, also where no cgroup can be seen, and the first goes on" {
	run -0 managed '
		bundle "{\"linux\":{\"cgroupsPath\":\":pre:same\"}}" -- /bin/sleep 1000
		rt run --detach --bundle "$B" c8
		rt run --detach --bundle "$B" c9 && echo ACCEPTED
		unshare --map-root-user --map-auto --mount sh -c "mount -t tmpfs tmpfs /sys/fs/cgroup; exec ranby-runtime --root \"$state\" --systemd-cgroup run --detach --bundle \"$B\" c10" </dev/null && echo ACCEPTED
		rt list --quiet
		systemctl --user is-active pre-same.scope
		rt delete --force c8
		gone pre-same.scope' 2>&1
	clean
	[[ $output != *ACCEPTED* && $output = *$'\n''c8'$'\n'active* ]] || fail "$output"
	[ "$(grep -c 'Error: service manager: start pre-same.scope' <<<"$output")" = 2 ] || fail "$output"
}

@test "a manager that takes connections and says nothing: an error in bounded time, and nothing is left" {
	run -0 managed '
		bundle -- /bin/sleep 1000
		kill -STOP $manager
		start=$SECONDS
		timeout 300 unshare --map-root-user --map-auto --mount ranby-runtime --root "$state" --systemd-cgroup run --bundle "$B" c11 </dev/null && echo ACCEPTED
		[ $((SECONDS - start)) -lt 80 ] || echo LEFT for long
		pgrep -u "$(id -u)" ranby-scope && echo LEFT a program
		plain list --quiet
		kill -CONT $manager
		gone ranby-c11.scope' 2>&1
	clean
	[[ $output != *ACCEPTED* && $output = *'Error: service manager'* ]] || fail "$output"
}
