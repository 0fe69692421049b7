#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# run --ident, as a plain user: what needs no privilege, and what is said where it is missing.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

identity() { ranby inspect --format "{{.Ranby.Identity.$2}}" "$1"; }

@test "--ident=uid: the container's root is a subordinate id, in a slice of its own" {
	need_ranges
	ranby run -d --network=none --ident=uid --name one busybox sleep 100
	ranby run -d --network=none --ident=uid --name two busybox sleep 100
	[ "$(identity one inForce)" = uid ]
	from=$(identity one uidFrom) to=$(identity one uidTo)
	[ "$(status_field "$(ctr_pid one)" Uid)" = "$from" ]
	[ "$from" -ge "$(sub_first uid)" ]
	[ "$to" -lt "$(identity two uidFrom)" ] || [ "$(identity two uidTo)" -lt "$from" ]
	run -0 ranby exec one id -u
	[ "$output" = 0 ]
	# the login stays
	[ "$(cat "/proc/$(ctr_pid one)/loginuid")" = "$(cat /proc/self/loginuid)" ]
	# and it cannot be changed from inside, where it looks unset
	run -0 ranby exec one sh -c 'cat /proc/self/loginuid; echo 0 2>/dev/null >/proc/self/loginuid || echo refused'
	[ "$output" = 4294967295refused ]
	[ "$(ranby ps --format '{{.Names}}={{.Ident}}' | sort | tr '\n' ' ')" = 'one=uid two=uid ' ]
}

@test "--ident=uid: containers made at the same time never share a slice" {
	need_ranges
	pids=()
	for i in 1 2 3 4 5 6; do
		ranby create --network=none --ident=uid --name "same$i" busybox true >/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	for i in 1 2 3 4 5 6; do jq -r .autoUid "$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' "same$i")/container.json"; done |
		awk 'NF {print $2}' | sort -n >"$BATS_TEST_TMPDIR/starts"
	[ "$(uniq "$BATS_TEST_TMPDIR/starts" | wc -l)" = 6 ]
	awk 'NR > 1 && $1 - last < 1024 {exit 1} {last = $1}' "$BATS_TEST_TMPDIR/starts"
}

@test "--ident=uid needs a slice: modes that say otherwise are errors" {
	run -125 ranby run --rm --ident=uid --userns=keep-id busybox true
	one_error 'needs --userns auto'
	run -125 ranby run --rm --ident=uid --uidmap 0:0:1 busybox true
	one_error 'needs --userns auto'
	run -125 ranby run --rm --ident=nobody busybox true
	one_error 'not of uid, session, landlock'
	run -0 ranby run --rm --network=none --ident=uid --userns=auto:size=1500 busybox awk '{s += $3} END {print s}' /proc/self/uid_map
	[ "$output" = 1500 ]
}

@test "--ident=session without the helper's capability: its own ids instead, and it is said" {
	need_ranges
	run -0 --separate-stderr ranby run -d --network=none --ident=session --name fallback busybox sleep 100
	[[ $stderr == *'--ident=session'*'(--ident=uid)'* ]]
	[ "$(identity fallback inForce)" = uid ]
	[ "$(cat "/proc/$(ctr_pid fallback)/sessionid")" = "$(cat /proc/self/sessionid)" ]
}

@test "ranby-session without its capability changes nothing, and executes the monitor alone" {
	helper=${RANBY%/bin/ranby}/libexec/ranby/ranby-session
	before=$(cat /proc/self/sessionid)
	run -4 "$helper" --check
	[ "$(cat /proc/self/sessionid)" = "$before" ]
	# whatever it is given goes to the monitor, which wants its options
	run -125 "$helper" sh -c 'echo executed'
	[[ $output != *executed* ]]
	[[ $output == *ranby-monitor* ]]
}

@test "--ident=landlock: a domain where the kernel logs, a notice where it does not" {
	need_program python3
	run -0 --separate-stderr ranby run -d --network=none --ident=landlock --name lock busybox sleep 100
	# by the kernel's word and not by ours
	if [ "$("$RANBY_TREE/tests/landlock-abi")" -lt 7 ]; then
		[[ $stderr == *'does not log here'* ]]
		[ "$(identity lock inForce)" = '' ] || [ "$(identity lock inForce)" = '<no value>' ]
		skip 'Landlock does not log here'
	fi
	[ -z "$stderr" ]
	[ "$(identity lock inForce)" = landlock ]
	# what a container does goes on to work
	run -0 ranby run --rm --network=none --ident=landlock --cap-add=SYS_ADMIN --security-opt seccomp=unconfined busybox \
		sh -c 'mount -t tmpfs none /tmp && touch /tmp/x && kill -0 1 && echo fine'
	[ "$output" = fine ]
	run -0 ranby run --rm --network=none --ident=landlock --security-opt no-new-privileges -u 1000 busybox id -u
	[ "$output" = 1000 ]
}
