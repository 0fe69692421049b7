#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# rename and port; logs of several; ps --ns and --watch; operands that come from files and filters; pause where there is no cgroup for it.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm -af -t 0 >/dev/null; }

@test "rename: the new name is its name and the old one is free; a running one goes on" {
	ranby run -d --name a --network none busybox sleep 1000
	local pid
	pid=$(ctr_pid a)
	run -0 ranby rename a b
	[ -z "$output" ]
	[ "$(ctr_pid b)" = "$pid" ]
	[ "$(ranby ps --format '{{.Names}}')" = b ]
	[ "$(ranby inspect --format '{{.Name}}' b)" = b ]
	run -125 ranby inspect a
	ranby create --name a --network none busybox true
	run -125 ranby rename a b
	one_error 'already in use'
	[ "$(ranby ps -a --format '{{.Names}}' --sort names)" = $'a\nb' ]
	run -0 ranby rename a a
	ranby rm -f -t 0 a b
	nothing_left
}

@test "rename: names that are none, and containers that are not there" {
	ranby create --name a --network none busybox true
	run -125 ranby rename a x/y
	one_error 'must match'
	run -125 ranby rename a ../../x
	one_error 'must match'
	run -125 ranby rename a ''
	one_error 'must match'
	run -125 ranby rename a "$(printf 'x%.0s' {1..129})"
	one_error "container name \"$(printf 'x%.0s' {1..32})...\": longer than 128 characters"
	run -125 ranby create --network none --name "$(printf 'x%.0s' {1..5000})" busybox true
	one_error 'longer than 128 characters'
	run -125 ranby pod create --infra=false --name "$(printf 'x%.0s' {1..129})"
	one_error 'pod name "'
	one_error 'longer than 128 characters'
	run -125 ranby rename nope z
	one_error 'no such container'
	run -125 ranby rename a
	[ "$(ranby ps -a --format '{{.Names}}')" = a ]
}

@test "rename is in the ledger: the name it had, the new one, and who; a failed one too" {
	local id
	id=$(ranby create --name a --network none busybox true)
	ranby rename a b
	run -125 ranby rename b x/y
	run -0 ranby events --stream=false --filter event=rename --filter "container=$id" --format '{{.Result}} {{.Name}} {{.Detail}} {{.LoginUID}}'
	[ "${lines[0]}" = "success a b $(cat /proc/self/loginuid)" ]
	[[ ${lines[1]} == "failed b container name "*x/y*"must match"* ]] || fail "$output"
}

@test "rename killed at every moment: one name at the end, the old or the new, and the other is free" {
	local at n=0 name
	# whoever sweeps; whom SIGKILL caught in fsync still holds its lock for a moment
	swept() { ranby rm -i no-such && [ "$(find "$RANBY_ROOT/names" -type l | wc -l)" = 1 ]; }
	for at in $(seq 1 15); do
		ranby create --name "old$at" --network none busybox true >/dev/null
		timeout -s KILL "0.00$((at % 10))$((at / 10))" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" rename "old$at" "new$at" || true
		wait_for 30 swept || fail "names: $(ls "$RANBY_ROOT/names")"
		name=$(ranby ps -a --format '{{.Names}}' --filter "name=$at\$")
		[[ $name == "old$at" || $name == "new$at" ]]
		[ "$(find "$RANBY_ROOT/names" -type l -printf '%f\n')" = "$name" ]
		ranby rm "$name" >/dev/null
		n=$((n + 1))
	done
	[ $n = 15 ]
	nothing_left
}

@test "port: what is published by one that runs, in podman's words" {
	local base=$((20000 + $$ % 20000))
	ranby create --name b -p "$base:80" -p "$((base + 1))-$((base + 3)):90-92/udp" -p "127.0.0.1:$((base + 4)):99" busybox sleep 1000
	run -0 ranby port b
	[ -z "$output" ]
	ranby start b
	run -0 ranby port b
	[ "$output" = "80/tcp -> 0.0.0.0:$base
90/udp -> 0.0.0.0:$((base + 1))
91/udp -> 0.0.0.0:$((base + 2))
92/udp -> 0.0.0.0:$((base + 3))
99/tcp -> 127.0.0.1:$((base + 4))" ] || fail "$output"
	run -0 ranby port b 80
	[ "$output" = "0.0.0.0:$base" ]
	run -0 ranby port b 91/udp
	[ "$output" = "0.0.0.0:$((base + 2))" ]
	run -0 ranby port -l 99/tcp
	[ "$output" = "127.0.0.1:$((base + 4))" ]
	run -125 ranby port b 91
	one_error 'failed to find published port "91"'
	run -125 ranby port b x
	run -0 ranby port --all
	[ "${lines[0]}" = "$(ranby ps --format '{{.ID}}')"$'\t'"80/tcp -> 0.0.0.0:$base" ]
	run -125 ranby port --all b
	run -125 ranby port nope
	one_error 'no such container'
	# the kernel's word for it
	awk '{print $2}' /proc/net/tcp /proc/net/tcp6 | grep -qi ":$(printf %04X "$base")\$"
}

@test "what was done to is printed as it was named, or as its ID where no operand named it" {
	local id verb
	id=$(ranby create --name named --network none --stop-timeout 0 busybox sleep 1000)
	for verb in 'start' 'restart' 'stop' 'start' 'kill' 'rm'; do
		[ "$verb" != kill ] || ranby start "$id"
		# shellcheck disable=SC2086 # a word or two
		run -0 ranby $verb "${id:0:7}"
		[ "$output" = "${id:0:7}" ]
	done
	id=$(ranby create --name named --network none --stop-timeout 0 busybox sleep 1000)
	run -0 ranby init named
	[ "$output" = named ]
	run -0 ranby start --latest
	[ "$output" = "$id" ]
	run -0 ranby start --all
	[ -z "$output" ]
	run -0 ranby stop --all
	[ "$output" = "$id" ]
	run -0 ranby rm --all
	[ "$output" = "$id" ]
}

@test "--cidfile and --filter name what stop, kill, rm, restart and start are about" {
	local a b
	a=$(ranby run -d --name a --cidfile "$BATS_TEST_TMPDIR/a.cid" --label k=1 --network none --stop-timeout 0 busybox sleep 1000)
	b=$(ranby run -d --name b --label k=2 --network none --stop-timeout 0 busybox sleep 1000)
	run -0 ranby stop --cidfile "$BATS_TEST_TMPDIR/a.cid"
	[ "$output" = "$a" ]
	[ "$(ranby ps --format '{{.Names}}')" = b ]
	run -0 ranby start --filter label=k=1
	[ "$output" = "$a" ]
	run -0 ranby restart --filter label=k=1
	[ "$output" = "$a" ]
	run -0 ranby kill --cidfile "$BATS_TEST_TMPDIR/a.cid"
	[ "$output" = "$a" ]
	run -0 ranby stop --filter label=k=2
	[ "$output" = "$b" ]
	run -0 ranby rm --filter label=k=2
	[ "$output" = "$b" ]
	run -0 ranby rm --cidfile "$BATS_TEST_TMPDIR/a.cid"
	[ "$output" = "$a" ]
	run -125 ranby stop --cidfile "$BATS_TEST_TMPDIR/none"
	one_error "--cidfile $BATS_TEST_TMPDIR/none"
	run -0 ranby stop --ignore --cidfile "$BATS_TEST_TMPDIR/none"
	run -125 ranby stop --filter no=such
}

@test "exec --cidfile: all operands are the command; --no-session says what to do" {
	ranby run -d --name a --cidfile "$BATS_TEST_TMPDIR/x.cid" --network none --stop-timeout 0 busybox sleep 1000
	run -0 ranby exec --cidfile "$BATS_TEST_TMPDIR/x.cid" echo a b
	[ "$output" = 'a b' ]
	run -125 ranby exec --cidfile "$BATS_TEST_TMPDIR/x.cid"
	run -125 ranby exec --cidfile "$BATS_TEST_TMPDIR/none" true
	one_error "--cidfile $BATS_TEST_TMPDIR/none"
	echo nobody >"$BATS_TEST_TMPDIR/none"
	run -125 ranby exec --cidfile "$BATS_TEST_TMPDIR/none" true
	one_error 'no such container'
	run -125 ranby exec --latest --cidfile "$BATS_TEST_TMPDIR/x.cid" true
	one_error 'not both'
	run -125 ranby exec --no-session a true
	one_error '--no-session'
	ranby rm --force --time 0 a >/dev/null
}

@test "pause of a container without a cgroup of its own says so, and what would give it one" {
	ranby run -d --name a --network none busybox sleep 1000
	run -125 ranby pause a
	one_error 'it has no cgroup of its own'
	[[ $output == *'--cgroups=enabled'* ]]
	run -125 ranby unpause a
	one_error 'not paused'
	[ "$(ranby ps --format '{{.State}}')" = running ]
	run -0 ranby unpause --all
	[ -z "$output" ]
}

@test "logs of several containers: each line with whose it is; followed, none is mixed with another" {
	local one two id
	one=$(ranby run -d --name one --network none busybox sh -c 'echo a; echo b >&2; printf c')
	two=$(ranby run -d --name two --network none busybox sh -c 'echo d')
	ranby wait one two
	run -0 --separate-stderr ranby logs one two
	[ "$output" = "${one:0:12} a
${one:0:12} c
${two:0:12} d" ] || fail "$output"
	[ "$stderr" = "${one:0:12} b" ]
	run -0 --separate-stderr ranby logs --names two one
	[ "$output" = $'two d\none a\none c' ]
	run -0 ranby logs --names two
	[ "$output" = 'two d' ]
	run -0 ranby logs --color --names two
	[ "$output" = $'\e[36mtwo d\e[0m' ]
	run -0 ranby logs two
	[ "$output" = d ]
	run -125 --separate-stderr ranby logs one nope
	[ -z "$output" ]
	run -125 ranby logs --latest one
	for id in 1 2 3; do
		ranby run -d --name "f$id" --network none busybox sh -c "sleep 0.3; i=0; while [ \$i -lt 300 ]; do echo $id.\$i-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; i=\$((i + 1)); done" >/dev/null
	done
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" logs -f --names f1 f2 f3
	[ "$(wc -l <<<"$output")" = 900 ]
	for id in 1 2 3; do
		[ "$(sed -n "s/^f$id $id\.\([0-9]*\)-x\{32\}\$/\1/p" <<<"$output")" = "$(seq 0 299)" ] || fail "lines of f$id"
	done
}

@test "ps --ns: the numbers are the kernel's; --watch looks again" {
	ranby run -d --name a --network none busybox sleep 1000
	ranby create --name b --network none busybox true
	local pid ns want=''
	pid=$(ctr_pid a)
	for ns in cgroup ipc mnt net pid user uts; do want+=" $(stat -Lc %i "/proc/$pid/ns/$ns")"; done
	run -0 ranby ps --ns --no-trunc --noheading
	[ "$(tr -s ' \n' ' ' <<<"$output")" = "$(ranby inspect --format '{{.Id}}' a) a $pid$want " ] || fail "$output"
	[[ $(ranby ps --ns | head -1) =~ ^CONTAINER\ ID\ +NAMES\ +PID\ +CGROUPNS\ +IPC\ +MNT\ +NET\ +PIDNS\ +USERNS\ +UTS$ ]]
	[ "$(ranby ps --format '{{.USERNS}}')" = "$(stat -Lc %i "/proc/$pid/ns/user")" ]
	[ -z "$(ranby ps -a --filter name=b --format '{{.MNT}}')" ]
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" ps --watch 1 --format '{{.Names}}' >"$BATS_TEST_TMPDIR/watched" 3>&- &
	pid=$!
	twice() { [ "$(grep -c . "$BATS_TEST_TMPDIR/watched")" -ge 2 ]; }
	wait_for 30 twice
	kill "$pid"
	[ "$(sort -u "$BATS_TEST_TMPDIR/watched")" = a ] || fail "$(<"$BATS_TEST_TMPDIR/watched")"
	run -125 ranby ps --watch 1 --latest
}
