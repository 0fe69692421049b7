#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --restart: what comes back and what does not, after how long, with which records; that stop and rm win; and what ps
# says when the monitor that waits, or who restarts, is killed. --timeout.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

get() { ranby inspect --format "{{$2}}" "$1"; }
count() { get "$1" .RestartCount; }
count_is() { [ "$(count "$1")" = "$2" ]; }
count_from() { [ "$(count "$1")" -ge "$2" ]; }
monitor() { get "$1" .State.MonitorPid; }
is_exited() { [ "$(get "$1" .State.Status)" = exited ]; }
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*[ZX]' "/proc/$1/status"; }
# no program of ours is there that names the container in its arguments
quiet() { ! pgrep -u "$(id -u)" -f "$1" >/dev/null; }
ended_and_quiet() { is_exited "$1" && quiet "$2"; }
started() { # the moments of all starts that the ledger has, in seconds
	ranby events --stream=false --filter container="$1" --filter event=start --format '{{.TimeNano}}' | awk '{printf "%.3f\n", $1 / 1e9}'
}

@test "on-failure:N: so often, each time longer, and then no more" {
	local id
	id=$(ranby run -d --name c --network none --restart on-failure:3 busybox false)
	wait_for 30 count_is c 3
	wait_for 30 ended_and_quiet c "$id"
	[ "$(get c .State.ExitCode)" = 1 ]
	[ "$(get c .HostConfig.RestartPolicy.Name) $(get c .HostConfig.RestartPolicy.MaximumRetryCount)" = 'on-failure 3' ]
	sleep 1
	count_is c 3
	# four starts, 100, 200 and 400 ms apart at least
	run -0 started c
	[ ${#lines[@]} = 4 ] || fail "$output"
	awk 'NR > 1 && $1 - last < wait {exit 1} {last = $1; wait = wait ? 2 * wait : 0.1}' <<<"$output" || fail "$output"
	# each has its end
	[ "$(ranby events --stream=false --filter container=c --filter event=stop --format '{{.Detail}}' | sort | uniq -c | xargs)" = '4 1' ]
	# and who started the first stays who it was
	run -0 ranby events --stream=false --filter container=c --filter event=start --format '{{.Reason}}'
	[ "$output" = $'booted\nrestart\nrestart\nrestart' ]
	[[ $(get c '.Ranby.StartedBy.argv') == *on-failure:3* ]]
	# somebody's own start begins anew
	ranby start c
	wait_for 30 count_is c 3
}

@test "an end without a failure: on-failure stays down, always and unless-stopped come back" {
	local policy id
	id=$(ranby run -d --name f --network none --restart on-failure busybox true)
	wait_for 30 ended_and_quiet f "$id"
	count_is f 0
	for policy in always unless-stopped; do
		ranby run -d --name $policy --network none --restart $policy busybox true
		wait_for 30 count_from $policy 2
	done
	run -0 ranby ps --all --filter restart-policy=always --format '{{.Names}}'
	[ "$output" = always ]
	run -0 ranby ps --all --filter restart-policy=always --format '{{.Restarts}} {{.Status}}'
	[[ $output =~ ^[1-9][0-9]*\ (Restarting\ \(0\)|Up) ]] || fail "$output"
}

@test "between an end and the next start it says Restarting, never Exited" {
	local i
	ranby run -d --name c --network none --restart always busybox true
	for i in {1..60}; do
		run -0 ranby ps --all --filter name=c --format '{{.Status}}'
		[[ $output =~ ^(Restarting\ \(0\)|Up) ]] || fail "$i: $output"
	done
	# the first waits are short: there were ends and starts enough
	wait_for 30 count_from c 4
	ranby stop --time 0 c >/dev/null
	run -0 ranby ps --all --filter name=c --format '{{.Status}}'
	[[ $output == 'Exited (0) '* ]] || fail "$output"
}

@test "stop wins: while it runs, while it waits, and over --all" {
	local id
	id=$(ranby run -d --name runs --network none --stop-timeout 0 --restart always busybox sleep 1000)
	ranby stop runs
	wait_for 20 quiet "$id"
	sleep 0.5
	is_exited runs
	count_is runs 0
	# it waits longer and longer, and the stop ends that wait
	id=$(ranby run -d --name waits --network none --restart always busybox false)
	wait_for 30 count_from waits 4
	run -0 ranby stop --all
	wait_for 20 quiet "$id"
	id=$(count waits)
	sleep 2
	is_exited waits
	count_is waits "$id"
	run -0 ranby ps --all --filter name=waits --format '{{.Status}}'
	[[ $output == 'Exited (1) '* ]] || fail "$output"
	# started by somebody it has its policy again
	ranby start waits
	wait_for 30 count_from waits 1
}

@test "kill: SIGKILL and the stop signal are for good, others are not" {
	ranby run -d --name c --network none --restart always busybox sh -c 'trap "exit 3" USR1; touch /ready; while :; do sleep 0.05; done'
	wait_for 30 ranby exec c test -e /ready
	ranby kill --signal USR1 c
	wait_for 30 count_is c 1
	wait_for 30 ctr_pid c >/dev/null
	ranby kill c
	wait_for 30 is_exited c
	sleep 1
	is_exited c
	count_is c 1
}

@test "rm --force of one that waits, or is just being started, leaves nothing" {
	local id i
	for i in 1 2 3 4 5 6 7 8; do
		id=$(ranby run -d --name c --network none --restart always busybox true)
		sleep "0.$i"
		run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rm --force --time 0 c
		wait_for 20 quiet "$id"
		nothing_left
	done
}

@test "A53: a race of stop against restarts: what was stopped does not run" {
	local id i
	for ((i = 0; i < ${RANBY_ATTACK_LOOPS:-12}; i++)); do
		id=$(ranby run -d --name c --network none --restart always busybox true)
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
		run timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" stop --time 0 c
		[ "$status" = 0 ] || fail "round $i: $output"
		is_exited c
		wait_for 20 quiet "$id"
		is_exited c
		ranby rm c >/dev/null
	done
	nothing_left
}

@test "the monitor killed while it waits: ps tells the truth, start starts" {
	local id pid
	id=$(ranby run -d --name c --network none --restart always busybox false)
	# the wait that comes then is of more than three seconds
	wait_for 30 count_from c 5
	wait_for 30 is_exited c
	pid=$(monitor c)
	kill -KILL "$pid"
	wait_for 20 is_gone "$pid"
	run -0 ranby ps --all --format '{{.Status}}'
	[[ $output == 'Exited (1) '* ]] || fail "$output"
	pid=$(count c)
	sleep 2
	count_is c "$pid"
	ranby start c
	wait_for 30 count_from c 1
	ranby rm -f -t 0 c
	wait_for 20 quiet "$id"
	nothing_left
}

# caught: in $pid the cleanup that c's monitor has started, its child for some milliseconds: too short for a program that looks
caught() {
	local m=0 kids kid comm end=$((SECONDS + 60))
	while ((SECONDS < end)); do
		[ -e "/proc/$m" ] && [ "$m" != 0 ] || m=$(monitor c)
		read -ra kids <"/proc/$m/task/$m/children" || true
		for kid in "${kids[@]}"; do
			read -r comm <"/proc/$kid/comm" && [ "$comm" = ranby ] || continue
			pid=$kid
			return
		done
	done 2>/dev/null
	fail 'it is not restarted'
}

@test "who restarts it killed at some moment: exited or running, by the kernel, and rm leaves nothing" {
	local id i pid state
	for i in 00 01 02 03 04 05 06 08 10 12 15 20; do
		id=$(ranby run -d --name c --network none --restart always busybox sh -c 'sleep 0.1')
		caught
		sleep "0.0$i"
		kill -KILL "$pid" 2>/dev/null || true
		state=$(ranby inspect --format '{{.State.Status}} {{.State.Pid}}' c)
		case $state in
		running\ [1-9]* | exited\ 0 | lost\ 0) ;;
		*) fail "killed after $i: $state" ;;
		esac
		run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rm --force --time 0 c
		wait_for 30 quiet "$id"
		nothing_left
	done
}

@test "SIGTERM to the monitor ends the container and its coming back" {
	local id
	id=$(ranby run -d --name c --network none --restart always busybox sh -c 'trap "exit 7" TERM; touch /ready; while :; do sleep 0.05; done')
	wait_for 30 ranby exec c test -e /ready
	kill -TERM "$(monitor c)"
	wait_for 30 ended_and_quiet c "$id"
	[ "$(get c .State.ExitCode)" = 7 ]
	count_is c 0
}

@test "in the foreground: the first end is what the front tells, and it comes back behind it" {
	run -5 ranby run --name c --network none --restart on-failure:2 busybox sh -c 'echo line; exit 5'
	[ "$output" = line ]
	wait_for 30 count_is c 2
	wait_for 30 is_exited c
	run -0 ranby logs c
	[ "$output" = $'line\nline\nline' ]
}

@test "restart: the count begins anew, its policy goes on" {
	ranby run -d --name c --network none --restart always busybox sh -c '[ -e /again ] && exec sleep 1000; touch /again'
	wait_for 30 count_is c 1
	ranby restart --time 0 c
	sleep 0.5
	count_is c 0
	ctr_pid c >/dev/null
}

@test "update --restart: the run that is there ends by the new policy, both ways" {
	ranby run -d --name c --network none busybox sh -c '[ -e /again ] && exec sleep 1000; touch /again; while [ ! -e /go ]; do sleep 0.05; done'
	run -0 ranby update --restart always c
	[ "$(get c .HostConfig.RestartPolicy.Name)" = always ]
	ranby exec c touch /go
	wait_for 30 count_is c 1
	ranby update --restart no c
	ranby kill c
	wait_for 30 is_exited c
	sleep 0.5
	is_exited c
	count_is c 1
	run -0 ranby events --stream=false --filter container=c --filter event=update
	[[ $output == *restart=always*restart=no* ]] || fail "$output"
}

@test "update --restart: after a stop under another policy, and with a front that waits for the end" {
	ranby run -d --name c --network none --restart always busybox sleep 1000
	ranby stop -t 0 c
	ranby update --restart no c
	ranby start c
	ranby update --restart on-failure:1 c
	ranby exec c sh -c 'kill -TERM 1' || true
	kill -KILL "$(ctr_pid c)"
	wait_for 30 count_is c 1
	ranby kill c
	wait_for 30 is_exited c
	sleep 0.5
	is_exited c
	ranby run --name d --network none busybox sh -c '[ -e /again ] && exec sleep 1000; touch /again; while [ ! -e /go ]; do sleep 0.05; done; exit 3' 3>&- &
	local front=$! code=0
	wait_for 30 ctr_pid d
	ranby update --restart unless-stopped d
	ranby exec d touch /go
	wait $front || code=$?
	[ "$code" = 3 ]
	wait_for 30 count_is d 1
}

@test "update --restart: what is refused" {
	ranby run -d --rm --name c --network none busybox sleep 1000
	run -125 ranby update --restart always c
	one_error '--rm'
	run -125 ranby update --restart sometimes c
	one_error sometimes
	run -125 ranby update c
	one_error 'nothing to change'
}

@test "what is refused" {
	local bad
	for bad in sometimes always:3 on-failure:x on-failure: no:1; do
		run -125 ranby create --network none --restart "$bad" busybox true
		one_error "--restart $bad"
	done
	run -125 ranby run --rm --network none --restart always busybox true
	one_error '--rm and --restart'
	run -0 ranby run --rm --network none --restart no busybox true
	nothing_left
}

@test "--timeout: SIGKILL when the time is over, and the end says why" {
	local start=$EPOCHREALTIME
	run -137 ranby run --name c --network none --timeout 1 busybox sleep 1000
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {exit !(b - a >= 0.95 && b - a < 60)}'
	grep -q '"reason":"timeout"' "$RANBY_ROOT/containers"/*/exit.json
	[ "$(get c .Config.Timeout)" = 1 ]
	run -3 ranby run --rm --network none --timeout 60 busybox sh -c 'exit 3'
	run -125 ranby create --network none --timeout -1 busybox true
	one_error timeout
	run -125 ranby create --network none --timeout 2s busybox true
	one_error timeout
}
