#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit attribute, who and rogue on recorded logs with known answers (tests/audit-logs): without root and without
# kernel audit. What a live kernel says is in tests/root/attribute.bats and truth.bats.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output, lines and status, and each test is a shell of its own

load lib

setup_file() { ranby_setup_file; }
teardown_file() { ranby_teardown_file; }
setup() {
	need_program python3
	LOGS=$RANBY_TREE/tests/audit-logs T=$BATS_TEST_TMPDIR
}

# of NAME: its log in $LOG, its anchor in $ANCHOR
of() {
	LOG=$T/$1.log TRUTH=$LOGS/$1.truth
	[ -e "$LOG" ] || gunzip -c "$LOGS/$1.log.gz" >"$LOG"
	ANCHOR=$(sed -n 's/^{"anchor": "\(.*\)",$/\1/p' "$TRUTH")
}
judge() { ranby audit attribute --format json --anchor "$ANCHOR" "$1" 2>/dev/null | "$RANBY_TREE/tests/exec-truth" judge "$TRUTH"; }

@test "raw and enriched, whole, torn into pieces and interleaved: each exec is where it was (F21)" {
	local name n
	for name in raw enriched; do
		of $name
		n=$(grep -c '": "' <<<"$(grep '^ "[0-9]' "$TRUTH")")
		[ "$n" -ge 1000 ]
		run judge "$LOG"
		[ "${lines[-1]}" = "$n 0 0" ] || fail "$name: $output"
		"$RANBY_TREE/tests/exec-truth" shuffle 1 <"$LOG" >"$T/shuffled"
		run judge "$T/shuffled"
		[ "${lines[-1]}" = "$n 0 0" ] || fail "$name, interleaved: $output"
		split -n 3 "$LOG" "$T/part."
		run bash -c '"$0/tests/exec-truth" judge "$1"' "$RANBY_TREE" "$TRUTH" < <(ranby audit attribute --format json --anchor "$ANCHOR" - <"$LOG" 2>/dev/null)
		[ "${lines[-1]}" = "$n 0 0" ] || fail "$name, from a pipe: $output"
	done
}

@test "with records left out: unknown, never wrong (F21)" {
	local name k
	for name in raw enriched; do
		of $name
		for k in 2 3 7 31 97 503; do
			"$RANBY_TREE/tests/exec-truth" drop every $k 1 <"$LOG" >"$T/holes"
			run judge "$T/holes"
			read -r _ wrong unknown <<<"${lines[-1]}"
			[ "$wrong" = 0 ] || fail "$name, every ${k}th: $output"
		done
		for k in 2 20 200; do
			"$RANBY_TREE/tests/exec-truth" drop random $k 7 <"$LOG" >"$T/holes"
			run judge "$T/holes"
			read -r _ wrong unknown <<<"${lines[-1]}"
			[ "$wrong" = 0 ] && [ "$unknown" -gt 0 ] || fail "$name, $k of 1000: $output"
		done
	done
}

@test "any single record left out, each in its turn: nothing is wrong (F21)" {
	local n right wrong unknown
	of raw
	# four containers have begun by then; RANBY_ATTACK_LOOPS=1000 is all of the log
	[ "${RANBY_ATTACK_LOOPS:-0}" -ge 1000 ] || head -n 2500 "$LOG" >"$T/begin"
	run "$RANBY_TREE/${RANBY_BUILD:-build}/tools/leave-one-out" "$TRUTH" "$([ -e "$T/begin" ] && echo "$T/begin" || echo "$LOG")" "$ANCHOR"
	read -r n right wrong unknown <<<"${lines[-1]}"
	echo "$n records, one left out at a time: $right right, $wrong wrong, $unknown unknown"
	[ "$wrong" = 0 ] || fail "$output"
	[ "$n" -ge 2500 ]
	# most is still known: what is unknown hangs on what was left out
	[ "$right" -gt "$unknown" ]
}

@test "an end that is cut off, a beginning that is missing, a byte that is not what it was" {
	of raw
	local size k
	size=$(stat -c %s "$LOG")
	for k in 1 2 3 4 5; do
		head -c $((size * k / 6)) "$LOG" >"$T/head"
		tail -c $((size * k / 6)) "$LOG" >"$T/tail"
		for part in head tail; do
			run judge "$T/$part"
			read -r _ wrong unknown <<<"${lines[-1]}"
			[ "$wrong" = 0 ] || fail "$part $k: $output"
		done
		LC_ALL=C sed "$((k * 1000))s/pid=/qid=/" "$LOG" >"$T/changed"
		run judge "$T/changed"
		read -r _ wrong unknown <<<"${lines[-1]}"
		[ "$wrong" = 0 ] || fail "changed $k: $output"
	done
}

@test "without the anchor the other engine's are unknown, and rogue finds it alone" {
	of raw
	run -0 --separate-stderr ranby audit attribute --format json --container c6 "$LOG"
	[ -z "$output" ]
	run -0 --separate-stderr ranby audit attribute --format json --container c6 --anchor "$ANCHOR" "$LOG"
	[ "${#lines[@]}" = "$(grep -c '"c6"' "$TRUTH")" ]
	run -1 --separate-stderr ranby audit rogue --engine /var/tmp/ranby-audit/usr/libexec/ranby --engine /var/tmp/ranby-audit/usr/bin --format json "$LOG"
	[[ $output == *podman* ]]
	[[ $output != */ranby/* && $output != */bin/ranby* ]]
}

@test "who: a container by name, a pid at its time, a serial" {
	of raw
	run -0 --separate-stderr ranby audit who --log "$LOG" c2
	[[ $output == *"c2: uuid "* ]]
	local serial
	serial=$(sed -n 's/^ "\([0-9]*\)": "c4".*/\1/p' "$TRUTH" | sed -n 5p)
	run -0 --separate-stderr ranby audit who --serial --format json --log "$LOG" "$serial"
	[[ $output == *'"container":"c4"'* ]]
	grep -qE '"id":"[0-9a-f]{64}"' <<<"$output" || fail "$output"
}

# asks WORD ARG...: says so, and nothing else is said
asks() {
	run -125 --separate-stderr ranby audit who --log "$LOG" "${@:2}"
	[ -z "$output" ] || fail "${*:2}: $output"
	# shellcheck disable=SC2154
	[[ $stderr == "Error: "*"$1"* && $(grep -c '^Error' <<<"$stderr") = 1 ]] || fail "${*:2}: $stderr"
}

@test "who: what is asked about is told by its form, and what is almost a form is an error of that form" {
	of raw
	local word day id
	# times that are none, also without a colon; receipts that are none
	for word in 2026-13-45 2026-02-30 2026-1-99 0000-01-01 2026-11-22T25:00 2026-11-22T10:61:00Z '2026-11-22 10' 2026-11-22T10:44:05+99:00 10:44 \
		1700000000.123: 1700000000.12:4567 1700000000.123:0 :1 1700000000.123:99999999999 a:b; do
		asks "\"$word\" is no time" "$word"
	done
	asks 'is no time' --time yesterday
	asks 'is no process id' --pid web
	asks 'is no process id' --pid 0
	asks 'is no serial, and no receipt' --serial 1700000000.123
	asks 'is no serial' --serial 0
	asks 'exclude each other' --pid --serial 17
	asks 'exclude each other' --file --container 17
	asks 'nothing is asked about' ''
	# what is one of these, and not there
	asks 'nothing of the time "1999-12-31T10:44:05Z"' 1999-12-31T10:44:05Z
	asks 'nothing of the time "1999-12-31"' 1999-12-31
	asks 'nothing of a file "/no/such"' /no/such
	asks 'nothing of a file "c2"' --file c2
	asks 'nothing of a process or a record "4294967295"' 4294967295
	asks 'nothing of a process "4294967295"' --pid 4294967295
	asks 'nothing of a record "1700000000.123:4294967295"' 1700000000.123:4294967295
	asks 'nothing of a container "2026-13-45"' --container 2026-13-45
	asks 'nothing of a container "self"' self
	asks 'nothing of a container "0"' 0
	asks 'nothing of a container "1234"' --container 1234
	asks 'nothing of a container "host"' --container host
	run -0 --separate-stderr ranby audit who --log "$LOG" --format json host
	[ "$(grep -c '"container":"host"' <<<"$output")" = "${#lines[@]}" ]
	# a second, its minute and its day; with a zone, and without
	word=$(sed -n 's/^type=SYSCALL msg=audit(\([0-9]*\)\..* success=yes .*key="exec".*/\1/p' "$LOG" | sed -n 9p)
	[ -n "$word" ] || word=$(sed -n 's/^type=EXECVE msg=audit(\([0-9]*\)\..*/\1/p' "$LOG" | sed -n 9p)
	export TZ=UTC-3
	local last=0
	for day in "$(date -u -d "@$word" +%FT%TZ)" "$(date -d "@$word" +%FT%T)" "$(date -d "@$word" +%FT%H:%M)" "$(date -d "@$word" +%F)"; do
		run -0 --separate-stderr ranby audit who --log "$LOG" --format json "$day"
		grep -q "\"time\":\"\?$word" <<<"$output" || grep -qF "$(date -u -d "@$word" +%FT%T)" <<<"$output" || fail "$day: ${lines[0]}"
		[ "${#lines[@]}" -ge "$last" ] || fail "$day: ${#lines[@]} of $last"
		last=${#lines[@]}
	done
	run -0 --separate-stderr ranby audit who --log "$LOG" --format json --time "$word"
	# the beginning of one id, and of several; containers with names of other forms
	id=$(grep -ao ' ctr=[0-9a-f]*' "$LOG" | head -n 1 | cut -d= -f2)
	run -0 --separate-stderr ranby audit who --log "$LOG" "${id:0:12}"
	local found=$output
	# a claim that calls itself so hides nothing, and its id makes nothing ambiguous
	{
		cat "$LOG"
		printf "type=VIRT_CONTROL msg=audit(1795337999.000:%s): pid=77 uid=0 auid=4294967295 ses=4294967295 msg='virt=ranby op=start reason=runtime vm=\"%s\" \
uuid=00000000-0000-8000-8000-000000000000 vm-pid=78 trust=root ctr=%s vm-start=1 init-pid=78 init-start=1 exe=\"x\" res=success'\n" \
			999999999 "${id:0:12}" "${id:0:12}$(printf '0%.0s' {1..52})"
	} >"$T/claim.log"
	run -0 --separate-stderr ranby audit who --log "$T/claim.log" "${id:0:12}"
	[ "$(grep -v "^${id:0:12}: .*, a claim: " <<<"$output")" = "$found" ] && [ "$output" != "$found" ] || fail "$output"
	sed "s/ ctr=[0-9a-f]\{8\}/ ctr=abcdef01/; s/vm=\"c1\"/vm=\"2026-11-22\"/; s/vm=\"c3\"/vm=\"1234\"/; s/vm=\"c4\"/vm=\"self\"/" "$LOG" >"$T/named.log"
	LOG=$T/named.log
	asks "is the beginning of several containers' ids" abcdef01
	for word in 2026-11-22 1234 self; do
		run -0 --separate-stderr ranby audit who --log "$LOG" --container "$word"
		[[ $output == *"$word: uuid "* ]] || fail "$word: $output"
	done
	run -0 --separate-stderr ranby audit who --log "$LOG" self
	[[ $output == *"self: uuid "* ]]
}

@test "who killed it: login, session and program of the signal to its init (F18)" {
	of raw
	run -0 --separate-stderr ranby audit who --log "$LOG" c4
	[[ $output == *"c4: init 24121 got signal 9 from auid 1002 in session 2703, pid 24150 in host, /var/tmp/ranby-audit/usr/bin/ranby, record 1631572"* ]]
	[[ $output != *"c4: init 23387 got signal"* ]]
	run -0 --separate-stderr ranby audit who --format json --log "$LOG" c4
	[ "$(grep -c '"killed":"c4"' <<<"$output")" = 1 ]
	run -0 --separate-stderr ranby audit who --log "$LOG" c1
	[[ $output != *"got signal"* ]]
}

@test "from where: the session's login says its address (F29)" {
	of raw
	local ses
	ses=$(grep -ao 'op=start .*vm="c1".*starter-ses=[0-9]*' "$LOG" | grep -o '[0-9]*$')
	{ printf 'type=USER_LOGIN msg=audit(1.000:1): pid=5 uid=0 auid=1001 ses=%s msg='\''op=login id=1001 exe="/usr/sbin/sshd" hostname=h addr=192.0.2.7 terminal=ssh res=success'\''\n' "$ses"
		cat "$LOG"; } >"$T/from.log"
	run -0 --separate-stderr ranby audit who --log "$T/from.log" c1
	[[ $output == *"c1: "*", from 192.0.2.7"* ]]
	run -0 --separate-stderr ranby audit attribute --format json --container c1 "$T/from.log"
	[ "$(grep -c '"from":"192.0.2.7","terminal":"ssh"' <<<"$output")" = "${#lines[@]}" ]
	run -0 --separate-stderr ranby audit attribute --format json --container c5 "$T/from.log"
	[[ $output != *192.0.2.7* ]]
}
