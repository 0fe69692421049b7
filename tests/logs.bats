# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Log drivers, their options and their rotation. journald is tested in
# root/journal.bats, the writer alone in src/monitor/test_log_drivers.c.
# RANBY_LOG_LINES=10000000 is the long mode.

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

log_of() { ranby inspect --format '{{.LogPath}}' "$1"; }
is_running() { [ "$(ranby inspect --format '{{.State.Status}}' "$1")" = running ]; }

@test "json-file: docker's lines, read by jq, attrs as docker has them" {
	need_program jq
	ranby run --name web --network none --log-driver json-file --log-opt tag='{{.Name}}/{{.ImageName}}' \
		--log-opt labels=tier,absent --log-opt env=MODE --label tier='<front>' -e MODE=x busybox \
		sh -c 'printf "a\"b\\\\\t<&>\033\n"; sleep 0.1; printf "end"'
	local log
	log=$(log_of web)
	[ "$(jq -r .log "$log" | head -c 10 | od -An -tx1)" = "$(printf 'a"b\\\t<&>\033\n' | od -An -tx1)" ]
	[ "$(jq -c '[.stream, .attrs]' "$log" | sort -u)" = '["stdout",{"MODE":"x","tag":"web/busybox","tier":"<front>"}]' ]
	head -1 "$log" | grep -qxE '\{"log":"a\\"b\\\\\\u0009\\u003c\\u0026\\u003e\\u001b\\n","stream":"stdout","attrs":\{"MODE":"x","tag":"web/busybox","tier":"\\u003cfront\\u003e"\},"time":"20[0-9-]+T[0-9:.]+Z"\}'
	tail -1 "$log" | grep -q '^{"log":"end","stream"'
	# keys in docker's order, its time without zeros at the end
	[ "$(jq -c keys_unsorted "$log" | sort -u)" = '["log","stream","attrs","time"]' ]
	run -1 grep -E '"time":"[^"]*0Z"' "$log"
	[ "$(ranby inspect --format '{{.HostConfig.LogConfig.Type}} {{.HostConfig.LogConfig.Tag}}' web)" = 'json-file {{.Name}}/{{.ImageName}}' ]
}

@test "many lines on both streams, json-file and k8s-file: the same bytes come back (A47)" {
	local driver n=${RANBY_LOG_LINES:-200000}
	for driver in json-file k8s-file; do
		ranby run -d --name "l$driver" --network none --log-driver $driver busybox \
			sh -c "seq $n & seq 100000001 $((100000000 + n)) >&2; wait" >/dev/null
		ranby wait "l$driver" >/dev/null
		[ "$(ranby logs "l$driver" 2>/dev/null | sha256sum)" = "$(seq "$n" | sha256sum)" ]
		[ "$(ranby logs "l$driver" 2>&1 >/dev/null | sha256sum)" = "$(seq 100000001 $((100000000 + n)) | sha256sum)" ]
		ranby rm "l$driver" >/dev/null
	done
}

@test "rotation by size and count holds, in both files, and --tail and --since go over it" {
	local log driver
	for driver in json-file k8s-file; do
		ranby run --name "r$driver" --network none --log-driver $driver --log-opt max-size=10k --log-opt max-file=4 \
			busybox seq 5000 >/dev/null
		log=$(log_of "r$driver")
		[ "$(find "${log%/*}" -name 'ctr.log*' | wc -l)" = 4 ]
		[ -z "$(find "${log%/*}" -name 'ctr.log*' -size +10240c)" ]
		ranby logs "r$driver" >"$BATS_TEST_TMPDIR/out"
		local n
		n=$(wc -l <"$BATS_TEST_TMPDIR/out")
		[ "$n" -gt 300 ]
		seq 5000 | tail -n "$n" | cmp - "$BATS_TEST_TMPDIR/out"
		[ "$(ranby logs --tail 250 "r$driver")" = "$(seq 4751 5000)" ]
		[ "$(ranby logs --since 1h "r$driver" | wc -l)" = "$n" ]
		[ -z "$(ranby logs --until 1h "r$driver")" ]
		ranby rm "r$driver" >/dev/null
	done
}

@test "logs -f sees every line over many rotations, partial lines too" {
	local driver pid dir=$BATS_TEST_TMPDIR/dir
	for driver in json-file k8s-file; do
		rm -rf "$dir" && mkdir "$dir"
		# what the follower has is counted in there: whoever falls behind by all files has lost what it would have shown
		ranby run -d --name "f$driver" --network none --log-driver $driver --log-opt max-size=4k --log-opt max-file=10 -v "$dir:/dir" busybox \
			sh -c 'echo begin; until [ -e /dir/seen ]; do sleep 0.05; done
				for i in $(seq 400); do
					printf "part $i, "; [ $((i % 20)) != 0 ] || until [ "$(cat /dir/seen)" -ge $((i - 60)) ]; do sleep 0.05; done; echo "end $i"
				done' >/dev/null
		timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" logs -f "f$driver" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
		pid=$!
		wait_for 30 grep -qx begin "$BATS_TEST_TMPDIR/out"
		while kill -0 $pid 2>/dev/null; do
			wc -l <"$BATS_TEST_TMPDIR/out" >"$dir/new"
			mv "$dir/new" "$dir/seen"
			sleep 0.05
		done
		wait $pid
		{ echo begin; for i in $(seq 400); do echo "part $i, end $i"; done; } | cmp - "$BATS_TEST_TMPDIR/out"
		[ ! -s "$BATS_TEST_TMPDIR/err" ]
	done
}

@test "--log-opt path: there, kept after rm; a directory that is not there is an error" {
	ranby run --name own --network none --log-opt path="$BATS_TEST_TMPDIR/own.log" busybox echo there
	grep -q 'stdout F there$' "$BATS_TEST_TMPDIR/own.log"
	[ "$(ranby logs own)" = there ]
	ranby rm own
	[ -f "$BATS_TEST_TMPDIR/own.log" ]
	run -125 ranby run --rm --network none --log-opt path=/nonexistent/dir/log busybox true
	one_error '/nonexistent/dir/log: No such file'
	# no link of somebody else's is followed
	ln -s "$BATS_TEST_TMPDIR/target" "$BATS_TEST_TMPDIR/link"
	run -125 ranby run --rm --network none --log-opt path="$BATS_TEST_TMPDIR/link" busybox echo x
	[ ! -e "$BATS_TEST_TMPDIR/target" ]
}

@test "what could not be logged is said: file removed, directory removed" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	ranby run -d --name gone --network none --log-opt path="$BATS_TEST_TMPDIR/dir/log" -v "$BATS_TEST_TMPDIR:/dir" busybox \
		sh -c 'echo one; until [ -e /dir/go ]; do sleep 0.05; done; echo two' >/dev/null
	wait_for 30 test -s "$BATS_TEST_TMPDIR/dir/log"
	rm -r "$BATS_TEST_TMPDIR/dir"
	touch "$BATS_TEST_TMPDIR/go"
	[ "$(ranby wait gone)" = 0 ]
	mkdir "$BATS_TEST_TMPDIR/dir"
	run -0 --separate-stderr ranby logs gone
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *'8 bytes of its output could not be logged'* ]]
}

@test "drivers and options that are not there are refused, and none are accepted and ignored" {
	local bad
	for bad in '--log-driver syslog' '--log-opt compress=true' '--log-opt max-size=' '--log-opt max-file=0' '--log-opt max-file=101' \
		'--log-opt path=relative' '--log-opt tag=x' '--log-opt tag' '--log-driver journald --log-opt max-size=1k' \
		'--log-driver none --log-opt path=/tmp/x' '--log-driver json-file --log-opt tag={{.Nope' '--log-driver passthrough -t'; do
		# shellcheck disable=SC2086 # words
		run -125 ranby create --network none $bad busybox true
		one_error --log
	done
	run -125 ranby run --network none --log-driver json-file --log-opt 'tag={{.Nope}}' busybox true
	one_error 'Nope'
	# those that there are, info says
	run -0 ranby info --format '{{json .plugins.log}}'
	[ "$output" = '["k8s-file","json-file","journald","passthrough","none"]' ]
	for bad in k8s-file json-file journald passthrough none; do
		ranby create --network none --log-driver "$bad" busybox true >/dev/null
	done
}

@test "logs of several: names, colours, an end of each" {
	ranby run --name one --network none busybox seq 3 >/dev/null
	ranby run --name two --network none --log-driver json-file busybox seq 11 13 >/dev/null
	run -0 ranby logs --names --tail 2 one two
	[ "$output" = $'one 2\none 3\ntwo 12\ntwo 13' ]
	run -0 ranby logs --names --color one
	[[ ${lines[0]} == $'\033['*'one 1'*$'\033[0m' ]]
	run -0 ranby logs --color --tail 1 one
	[ "$output" = $'\033[36m3\033[0m' ]
	run -125 ranby logs --details one
	[[ $output == *'ranby inspect'* ]]
	run -0 ranby logs -l -n 1
	[ "$output" = 13 ]
	run -0 ranby logs -t one
	[[ ${lines[0]} =~ ^20[0-9-]+T[0-9:.]+Z\ 1$ ]]
}
