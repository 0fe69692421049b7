#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# pause and unpause, in a cgroup that root has delegated. What stands still is
# asked of the kernel: cgroup.events, and a counter that a process writes.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0
load ../delegated

export DELEGATED_CONTROLLER=''
setup_file() { delegated_setup_file; }

# what the scripts below begin with: a container that counts, and what its group and its counter say
COUNTER='
	counter() { $R run -d --name $1 --network none --cgroups enabled -v $base/data:/data busybox \
		sh -c "i=0; while :; do i=\$((i + 1)); echo \$i >/data/$1; usleep 20000; done" >/dev/null || exit; }
	mkdir -p $base/data
	frozen() { sed -n "s/^frozen //p" /sys/fs/cgroup$(sed -n s/^0:://p /proc/$($R inspect --format "{{.State.Pid}}" $1)/cgroup)/cgroup.events; }
	moves() { a=$(cat $base/data/$1); for _ in $(seq 15); do sleep 0.2; [ "$a" = "$(cat $base/data/$1)" ] || { echo moves; return; }; done; echo stands; }
	'

@test "pause: the kernel says frozen, nothing of it runs, ps says so; unpause: it goes on" {
	run -0 delegated "$COUNTER"'
		counter c
		sleep 0.3
		echo "1 $(moves c) $(frozen c)"
		$R pause c
		echo "2 $(moves c) $(frozen c) $($R ps -a --format "{{.State}}") $($R inspect --format "{{.State.Status}} {{.State.Paused}} {{.State.Running}}" c)"
		$R ps --filter status=paused --format "{{.Names}} {{.Status}}" | sed "s/Up .* (/Up (/"
		$R unpause c
		echo "3 $(moves c) $(frozen c) $($R ps --format "{{.State}}")"'
	look
	[ "$output" = '1 moves 0
c
2 stands 1 paused paused true true
c Up (Paused)
c
3 moves 0 running' ] || { echo "$output"; false; }
}

@test "pause --all and --filter pass over what is so already; several names; exec and a second pause are errors" {
	run -0 delegated "$COUNTER"'
		counter one; counter two; counter three
		$R pause one two
		$R pause --all | grep -xc "[0-9a-f]\{64\}"
		echo "$(frozen one)$(frozen two)$(frozen three)"
		$R pause one; echo "rc $?"
		$R exec one true; echo "rc $?"
		$R unpause --filter name=t | grep -xc "[0-9a-f]\{64\}"
		echo "$(frozen one)$(frozen two)$(frozen three)"
		$R unpause nope one; echo "rc $?"
		$R unpause one; echo "rc $?"
		$R create --name made --network none --cgroups enabled busybox true >/dev/null
		$R pause made; echo "rc $?"'
	look
	[[ $output == *$'one\ntwo\n1\n111\n'*'paused already'*$'\nrc 125\n'*'running'*$'\nrc 125\n'* ]] || { echo "$output"; false; }
	[[ $output == *$'2\n100\n'*'no such container'*$'one\nrc 125\n'*'not paused'*$'\nrc 125\n'*'"created" is not running'*$'\nrc 125' ]] ||
		{ echo "$output"; false; }
}

@test "stop, kill and rm -f of a paused container end it; restart starts it; nothing is left" {
	run -0 delegated "$COUNTER"'
		for verb in "stop -t 60" "kill" "kill -s KILL" "rm -f -t 0" "rm -f -t 60" "restart -t 60"; do
			$R run -d --name c --network none --cgroups enabled busybox sh -c "trap \"exit 7\" TERM; touch /ready; while :; do usleep 20000; done" >/dev/null || exit
			for _ in $(seq 600); do $R exec c test -e /ready && break; sleep 0.05; done
			$R pause c >/dev/null
			pid=$($R inspect --format "{{.State.Pid}}" c)
			start=$(date +%s%N)
			$R $verb c >/dev/null || echo "rc $?"
			took=$((($(date +%s%N) - start) / 1000000))
			[ ! -d /proc/$pid ] || echo "$verb: alive"
			[ $took -lt 30000 ] || echo "$verb: took $took ms"
			echo "$verb: $($R ps -a --format "{{.State}} {{.ExitCode}}")"
			$R rm -f -t 0 -i c >/dev/null
		done'
	look
	[ "$output" = 'stop -t 60: exited 7
kill: exited 137
kill -s KILL: exited 137
rm -f -t 0: 
rm -f -t 60: 
restart -t 60: running 0' ] || { echo "$output"; false; }
}

@test "pause and unpause are in the ledger with who; one that failed too" {
	run -0 delegated "$COUNTER"'
		counter c
		$R pause c >/dev/null; $R unpause c >/dev/null; $R unpause c 2>/dev/null
		$R events --stream=false --filter container=c --format "{{.Status}} {{.Result}} {{.LoginUID}} {{.Detail}}" | tail -n 3; id -u'
	look
	[[ $output =~ ^pause\ success\ ([0-9]+)\ .*unpause\ success\ ([0-9]+)\ .*unpause\ failed\ ([0-9]+)\ container.*not\ paused.*([0-9]+)$ ]] || { echo "$output"; false; }
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[3]}" ]
	[ "${lines[3]}" = "${BASH_REMATCH[1]}" ]
}

@test "pause and unpause killed at their system calls: nothing without an owner, and rm -f removes what stands still" {
	run -0 delegated "$RANBY_TREE/tests/kill-sweep --points ${RANBY_SWEEP_POINTS:-6} pause unpause update"
	look
	[[ $output == *'pause: '*'faults at 0'*'unpause: '*'faults at 0'* ]] || { echo "$output"; false; }
}

@test "a call of pause or unpause fails: it says so, or it has done it" {
	[ -z "${RANBY_SAN:-}" ] || skip 'a sanitizer ends its program when a call of its own fails'
	run -0 delegated "$RANBY_TREE/tests/kill-sweep --errors --points ${RANBY_SWEEP_POINTS:-8} pause unpause update"
	look
	[[ $output == *'pause: '*'faults at 0'*'unpause: '*'faults at 0'* ]] || { echo "$output"; false; }
}
