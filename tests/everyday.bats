#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Commands beside run: mount, clone, cleanup, system df, prune and reset. Files are looked at where they lie.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; other shells expand what is in single quotes

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm -af -t 0 >/dev/null; }

# within WORDS...: a shell of ranby unshare, where $R is this ranby
within() {
	R="$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" unshare sh -c "$@"
}

@test "mount: only within unshare; what is written there is the container's" {
	need_ranges
	ranby create --name c --network none busybox cat /etc/from-outside
	run -125 ranby mount c
	one_error 'must execute `ranby unshare` first'
	run -125 ranby unmount c
	one_error 'must execute `ranby unshare` first'
	# seen in the kernel's own list while it is mounted, and not afterwards
	run -0 within 'd=$($R mount c) && grep -c " $d overlay " /proc/mounts; ls $d/bin/busybox >/dev/null; echo hello >$d/etc/from-outside
		chown 5:6 $d/etc/from-outside; $R mount --format json; $R mount; $R mount c; cd $d; $R unmount c; cd /; $R unmount c; grep -c " $d " /proc/mounts; true'
	[ "${lines[0]}" = 1 ] || fail "$output"
	[[ $output == *'"mountpoint": "'*/merged* ]] || fail "$output"
	[[ $output == *'somebody works in it'* ]] || fail "$output"
	[ "${lines[-1]}" = 0 ] || fail "$output"
	[ "$(ranby start -a c)" = hello ]
	ranby create --name d --network none busybox true
	run -0 within '$R mount -a >/dev/null; $R mount | wc -l; $R unmount -a | wc -l; $R mount | wc -l'
	[ "$output" = $'2\n2\n0' ] || fail "$output"
}

@test "mount: of a container that runs it is its root; one that is started or removed is unmounted first" {
	need_ranges
	ranby run -d --name c --network none -v vol:/v busybox sh -c 'echo in >/v/file; sleep 1000'
	wait_for 5 ranby exec c test -s /v/file
	run -0 within 'd=$($R mount c); cat $d/v/file; echo out >$d/tmp/x; $R unmount c >/dev/null; $R mount'
	[ "${lines[0]}" = in ] || fail "$output"
	[ "${lines[1]}" = "$(ranby ps -q) /proc/$(ctr_pid c)/root" ] || fail "$output"
	[ "$(ranby exec c cat /tmp/x)" = out ]
	ranby stop -t 0 c
	ranby create --name d --network none busybox true
	run -0 within 'd=$($R mount d); $R rm d; ls $d; grep -c merged /proc/mounts; true'
	[[ $output == *'No such file'* ]] && [ "${lines[-1]}" = 0 ] || fail "$output"
	run -0 within '$R mount c >/dev/null; $R start c; grep -c merged /proc/mounts; $R kill c >/dev/null; true'
	[ "$output" = $'c\n0' ] || fail "$output"
}

@test "init: says what to do instead" {
	ranby create --name c busybox true
	run -125 ranby container init c
	one_error 'prepared and started in one step'
	run -125 ranby init c
}

@test "container clone: the same options, other limits, name and image; the other may go" {
	ranby create --name c --network none -e A=b --label x=y -w /tmp --stop-timeout 3 busybox sh -c 'echo $A; pwd'
	ranby tag busybox other:1
	local id
	id=$(ranby container clone c)
	[ "$(ranby inspect --format '{{.Id}} {{.ImageName}} {{.Config.StopTimeout}} {{index .Config.Labels "x"}}' c-clone)" = "$id localhost/busybox:latest 3 y" ]
	[ "$(ranby start -a c-clone)" = $'b\n/tmp' ]
	ranby container clone c
	ranby container exists c-clone1
	ranby container clone --memory 64m --cpu-shares 300 c second other:1
	[ "$(ranby inspect --format '{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.ImageName}}' second)" = '67108864 300 localhost/other:1' ]
	[ "$(ranby inspect --format '{{.HostConfig.Memory}}' c)" = 0 ]
	ranby run -d --name r --network none busybox sleep 1000
	run -125 ranby container clone --destroy r
	one_error 'needs --force'
	run -125 ranby container clone --force r
	run -1 ranby container exists r-clone
	ranby container clone --destroy -f --run --name s r
	run -1 ranby container exists r
	[ "$(ranby inspect --format '{{.State.Running}}' s)" = true ]
	run -125 ranby container clone nope
	one_error 'no such container'
}

@test "container cleanup: of what has ended, several at once, and no harm to what runs" {
	ranby run --name a --network none busybox true
	ranby run -d --name b --network none busybox sleep 1000
	run -0 ranby container cleanup a
	[ "$output" = "$(ranby ps -aq --no-trunc --filter name=a)" ]
	run -125 ranby container cleanup b
	one_error 'refusing to clean up'
	[ "$(ranby inspect --format '{{.State.Running}}' b)" = true ]
	run -0 ranby container cleanup --all
	[ "${#lines[@]}" = 1 ]
	ranby container cleanup --rm a
	run -1 ranby container exists a
	run -125 ranby container cleanup --rmi b
	one_error 'ranby rmi'
	run -125 ranby container cleanup
}
