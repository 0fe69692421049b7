#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit attribute, who and rogue on recorded logs with known answers (tests/audit-logs): without root and without
# kernel audit. What a live kernel says is in tests/root/attribute.bats and truth.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

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

@test "raw and enriched, whole, torn into pieces and interleaved: each exec is where it was" {
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

@test "with records left out: unknown, never wrong" {
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
}

@test "who killed it: login, session and program of the signal to its init" {
	of raw
	run -0 --separate-stderr ranby audit who --log "$LOG" c4
	[[ $output == *"c4: init 24121 got signal 9 from auid 1002 in session 2703, pid 24150 in host, /var/tmp/ranby-audit/usr/bin/ranby, record 1631572"* ]]
	[[ $output != *"c4: init 23387 got signal"* ]]
	run -0 --separate-stderr ranby audit who --format json --log "$LOG" c4
	[ "$(grep -c '"killed":"c4"' <<<"$output")" = 1 ]
	run -0 --separate-stderr ranby audit who --log "$LOG" c1
	[[ $output != *"got signal"* ]]
}

@test "from where: the session's login says its address" {
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
