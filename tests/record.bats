#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# run and exec --record, and audit replay.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	export WRAP=$BATS_FILE_TMPDIR/ranby
	printf '#!/bin/sh\nexec "%s" --root "%s" --runroot "%s" "$@"\n' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" >"$WRAP"
	chmod +x "$WRAP"
}

teardown_file() { ranby_teardown_file; }

teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# cast NAME [N]: file of its recording
cast() { echo "$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' "$1")/record-${2:-1}.cast"; }

@test "what comes back is what was shown, byte for byte, and the log's too (F26)" {
	run -0 ranby run --network=none --record --name bytes busybox sh -c \
		'head -c 300000 /dev/urandom; printf "gr\303\274\303\237 \342\202"; sleep 0.2; printf "\254\n"; head -c 1000 /dev/zero; echo err >&2'
	ranby audit replay --speed 0 bytes >"$BATS_TEST_TMPDIR/replayed"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/replayed")" = 301015 ]
	ranby run --rm --network=none --record="$BATS_TEST_TMPDIR/out.cast" busybox sh -c 'i=0; while [ $i -lt 3000 ]; do echo "$i: x"; i=$((i + 1)); done' \
		>"$BATS_TEST_TMPDIR/shown"
	ranby audit replay --speed 0 "$BATS_TEST_TMPDIR/out.cast" | cmp - "$BATS_TEST_TMPDIR/shown"
	run -0 ranby audit replay --verify bytes
	[[ $output =~ ^whole:\ [0-9]+\ lines,\ 0\ bytes\ not\ recorded$ ]]
	[ "$(stat -c %a "$(cast bytes)")" = 600 ]
}

@test "it is asciicast v2: a head, events whose times go forward, codes" {
	run -0 ranby run --network=none --record --name format busybox sh -c 'echo one; sleep 0.3; printf "\377two\n"'
	file=$(cast format)
	[ "$(head -1 "$file" | jq -c '[.version, .width, .height, .ranby.tty, .ranby.input]')" = '[2,80,24,false,false]' ]
	[ "$(head -1 "$file" | jq -r .ranby.container)" = "$(ranby inspect --format '{{.Id}}' format)" ]
	[ "$(tail -n +2 "$file" | jq -r '.[1]' | tr '\n' ' ')" = 'o ranby-raw o ranby-end ' ]
	tail -n +2 "$file" | jq -s -e 'map(.[0]) == (map(.[0]) | sort) and .[1][0] > 0.25 and .[1][0] < 60'
	[ "$(tail -n +2 "$file" | jq -r 'select(.[1] == "o") | .[2]' | head -1)" = one ]
}

@test "a terminal: its size, resizes, what it echoes; what is typed only when that is asked for" {
	"$RANBY_TREE/tests/pty" --size 30x100 "$WRAP" run -it --network=none --record --name plain busybox sh <<-'STEPS'
		expect # $
		send stty size; stty -echo; echo rea''dy; read x; stty echo\r
		expect 30 100
		expect ready
		size 40x120
		send secret\r
		send exit 0\r
		exit 0
	STEPS
	file=$(cast plain)
	[ "$(head -1 "$file" | jq -c '[.width, .height, .ranby.tty]')" = '[100,30,true]' ]
	ranby audit replay --speed 0 plain | grep -q '30 100'
	[ -z "$(tail -n +2 "$file" | jq -c 'select(.[1] == "i")')" ]
	run -1 grep -q secret "$file"
	"$RANBY_TREE/tests/pty" "$WRAP" run -it --network=none --record --record-input --name typed busybox sh <<-'STEPS'
		expect # $
		send exit 3\r
		exit 3
	STEPS
	[ "$(ranby audit replay --speed 0 --input typed)" = $'exit 3\r' ]
}

@test "exec sessions have recordings of their own" {
	ranby run -d --network=none --name main busybox sleep 100
	run -0 ranby exec --record main echo first
	run -0 ranby exec --record main echo second
	[ "$(ranby audit replay --speed 0 main)" = second ]
	[ "$(ranby audit replay --speed 0 --number 1 main)" = first ]
	cd "$BATS_TEST_TMPDIR"
	run -0 ranby exec --record=here.cast main echo third
	[ "$(ranby audit replay --speed 0 ./here.cast)" = third ]
	run -125 ranby exec --record-input main true
	one_error '--record-input needs --record'
	run -125 ranby audit replay --number 7 main
	one_error 'no recording 7'
}

@test "a file that is there is not touched; a restart makes a new one" {
	echo precious >"$BATS_TEST_TMPDIR/there.cast"
	run -125 ranby run --rm --network=none --record="$BATS_TEST_TMPDIR/there.cast" busybox true
	one_error 'is there already'
	[ "$(cat "$BATS_TEST_TMPDIR/there.cast")" = precious ]
	ranby run --network=none --record="$BATS_TEST_TMPDIR/again.cast" --name again busybox echo hello
	ranby start -a again
	[ "$(ranby audit replay --speed 0 "$BATS_TEST_TMPDIR/again.cast")" = hello ]
	run -0 ranby audit replay --speed 0 "$BATS_TEST_TMPDIR/again.cast.1"
	[[ $output == *hello* ]]
}

@test "verify: each changed byte, each cut, each line left out is found" {
	ranby run --network=none --record="$BATS_TEST_TMPDIR/whole.cast" --name short busybox sh -c 'echo a; sleep 0.1; echo b'
	file=$BATS_TEST_TMPDIR/whole.cast bad=$BATS_TEST_TMPDIR/bad.cast
	run -0 ranby audit replay --verify "$file"
	for line in 1 2 3; do
		sed "${line}d" "$file" >"$bad"
		run ranby audit replay --verify "$bad"
		[ "$status" != 0 ]
	done
	sed 's/"b/"c/' "$file" >"$bad"
	run -1 ranby audit replay --verify "$bad"
	[[ $output == *'what stands before is not what was recorded'* ]]
	for cut in 1 10 100; do
		head -c "-$cut" "$file" >"$bad"
		run -1 ranby audit replay --verify "$bad"
	done
	head -n -1 "$file" >"$bad"
	run -1 ranby audit replay --verify "$bad"
	echo '[9.0,"o","more"]' | cat "$file" - >"$bad"
	run -1 ranby audit replay --verify "$bad"
	[[ $output == *'stands behind the end'* ]]
	# somebody else's recorder: played, and said to prove nothing
	printf '%s\n' '{"version": 2, "width": 80, "height": 24}' '[0.1, "o", "hello\n"]' '[0.2, "m", "mark"]' >"$bad"
	run -1 --separate-stderr ranby audit replay --speed 0 "$bad"
	[ "$output" = hello ]
	[[ $stderr == *'no hashes'* ]]
	run -125 ranby audit replay "$RANBY_TREE/README.md"
	one_error 'not a recording'
}

@test "a monitor that is killed leaves a recording without its end" {
	ranby run -d --network=none --record --name killed busybox sh -c 'echo hello; sleep 100'
	wait_for 30 grep -q hello "$(cast killed)"
	kill -KILL "$(ranby inspect --format '{{.State.MonitorPid}}' killed)"
	run -1 --separate-stderr ranby audit replay --speed 0 killed
	[ "$output" = hello ]
	[[ $stderr == *'end is missing'* ]]
}

@test "timing: as it was, faster, and no longer than the limit" {
	ranby run --network=none --record --name slow busybox sh -c 'echo a; sleep 1; echo b'
	from=$(date +%s%N)
	ranby audit replay slow
	[ $((($(date +%s%N) - from) / 1000000)) -ge 900 ]
	# as if it had taken ten minutes, and a recorder without hashes
	{ head -n 1 "$(cast slow)"; printf '%s\n' '[0.0, "o", "a\n"]' '[600.0, "o", "b\n"]'; } >"$BATS_TEST_TMPDIR/long.cast"
	run -1 --separate-stderr timeout 60 "$RANBY" audit replay --speed 1000 "$BATS_TEST_TMPDIR/long.cast"
	[ "$output" = $'a\nb' ]
	run -1 --separate-stderr timeout 60 "$RANBY" audit replay --idle-limit 0.1s "$BATS_TEST_TMPDIR/long.cast"
	[ "$output" = $'a\nb' ]
	run -125 ranby audit replay --speed fast slow
	one_error 'not a factor'
}

@test "a hostile recording does not reach beyond the picture of the terminal that it is watched on" {
	# shellcheck disable=SC2016
	ranby run --network=none --record --name hostile busybox printf '\033]0;title\007\033]52;c;cm0K\007\033[6n\033[c\033[31mred\033[0m\n'
	# without a terminal all bytes come out; on one, script(1) shows what was written to it
	ranby audit replay --speed 0 hostile | grep -q $'\x1b]52;c;cm0K'
	need_program script
	script -qc "'$WRAP' audit replay --speed 0 hostile" /dev/null </dev/null >"$BATS_TEST_TMPDIR/typescript"
	grep -q $'\x1b\\[31mred' "$BATS_TEST_TMPDIR/typescript"
	run -1 grep -q $'\x1b]' "$BATS_TEST_TMPDIR/typescript"
	run -1 grep -q $'\x1b\\[6n' "$BATS_TEST_TMPDIR/typescript"
	script -qc "'$WRAP' audit replay --raw --speed 0 hostile" /dev/null </dev/null | grep -q $'\x1b]0;title'
}
