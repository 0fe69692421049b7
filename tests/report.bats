#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit report: of a system ledger with a known history, of one's own, and
# the page in a real browser. `REPORT_KEEP=DIR bats tests/report.bats` keeps the pictures.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
setup() { T=$BATS_TEST_TMPDIR; }

@test "the history of a known ledger, counted" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 20
	run -0 ranby audit report --profile srg-ctr --system "$T/ledger" --format json
	python3 - "$output" "$T/ledger" <<-'PYTHON'
		import glob, json, sys
		d = json.loads(sys.argv[1])
		lines = [json.loads(l) for f in glob.glob(sys.argv[2] + "/*/*.jsonl") for l in open(f)]
		starts = {l["uuid"]: l for l in lines if l["op"] == "start"}
		assert len(d["containers"]) == len(starts) == 20, len(d["containers"])
		for c in d["containers"]:
		    s = starts[c["uuid"]]
		    assert (c["container"], c["auid"], c["ses"], c["startRecord"]) == (s["vm"], s["auid"], s["ses"], s["receipt"])
		    assert c["execs"] == sum(l["op"] == "execve" and l["uuid"] == c["uuid"] for l in lines)
		assert d["source"] == "system ledger" and d["notMet"] == 0 and d["entries"] == len(lines)
		receipts = {l.get("receipt") for l in lines} | {"system#1"} | {f"heads#{i}" for i in range(9)}
		assert all(e in receipts for c in d["controls"] for e in c["evidence"])
	PYTHON
}

@test "each profile, in each form; one flipped byte shows (F28)" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 3
	local profile format
	for profile in pci4 srg-ctr 800-53 800-190; do
		for format in text json html; do
			run -0 ranby audit report --profile "$profile" --system "$T/ledger" --format "$format"
			[ "${#output}" -gt 900 ] || fail "$profile $format: $output"
		done
	done
	run -0 ranby audit report --profile 800-53 --system "$T/ledger"
	[[ $output == *"met        AU-9 "*"is whole"* ]]
	sed -i '0,/success/s//failure/' "$T/ledger"/auid-1001/*.jsonl
	run -0 ranby audit report --profile 800-53 --system "$T/ledger"
	[[ $output == *"NOT MET    AU-9 "*"auid-1001: "* ]]
	run -125 ranby audit report --profile pci5
	run -125 ranby audit report --system "$T/nowhere"
	one_error 'cannot open the system ledger'
	run -125 ranby audit report --system "$T/ledger" --since nonsense
	one_error '"nonsense" is no time'
}

@test "of one user, of one time" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 40
	run -0 ranby audit report --system "$T/ledger" --user 1002 --since 2026-11-22T10:00:00Z --until 2026-11-22T12:00:00Z --format json
	python3 - "$output" <<-'PYTHON'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["containers"], d
		assert all(c["auid"] == 1002 and "2026-11-22T10" <= c["start"] <= "2026-11-22T12" for c in d["containers"]), d["containers"]
	PYTHON
}

@test "one's own ledger says what it does not prove" {
	run -125 ranby audit report --ledger "$RANBY_ROOT/none"
	one_error 'there is no ledger'
	mkdir -p "$T/own"
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 2
	cp -r "$T/ledger/auid-1001" "$T/own/ledger"
	run -0 ranby audit report --ledger "$T/own/ledger"
	[[ $output == *"It does not protect from its owner"* ]]
}

@test "into a file, whole, for nobody else" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 1
	run -0 ranby audit report --system "$T/ledger" --format html -o "$T/page.html"
	[ -z "$output" ]
	[ "$(stat -c %a "$T/page.html")" = 600 ]
	[ "$(tail -n 1 "$T/page.html")" = '</html>' ]
	run -125 ranby audit report --system "$T/ledger" -o "$T/none/page.html"
	one_error 'page.html'
	run -125 ranby audit report --system "$T/ledger" -o "$T/"
}

# shot PAGE PICTURE WIDTH HEIGHT [OPTION...]: what the browser complains of is in PICTURE.log
shot() {
	local page=$1 picture=$2 width=$3 height=$4
	shift 4
	HOME=$T timeout 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --user-data-dir="$T/browser" \
		--enable-logging=stderr --window-size="$width,$height" --screenshot="$picture" "$@" "file://$page" >/dev/null 2>"$picture.log" 3>&- ||
		fail "chromium: $(tail -n 3 "$picture.log")"
	[ -z "${REPORT_KEEP:-}" ] || cp "$picture" "$REPORT_KEEP/"
	! grep CONSOLE "$picture.log" || fail 'the browser complains'
}

@test "the page in a browser: 1, 20 and 200 containers, light, dark and narrow, no word of its policy against it" {
	need_program chromium
	need_program python3
	local n picture colours
	for n in 1 20 200; do
		"$RANBY_TREE/tests/make-ledger" "$T/l$n" "$n"
		ranby audit report --profile pci4 --system "$T/l$n" --format html -o "$T/$n.html"
		shot "$T/$n.html" "$T/$n-light.png" 1000 700
		mapfile -t colours < <("$RANBY_TREE/tests/png-colours" "$T/$n-light.png" f7f6f2 3c6db3 ffffff)
		# its ground, its bars, its cards: style is applied, and there is something drawn
		[ "${colours[0]}" -gt 50000 ] && [ "${colours[1]}" -gt 500 ] && [ "${colours[2]}" -gt 50000 ] || fail "light $n: ${colours[*]}"
	done
	shot "$T/20.html" "$T/20-dark.png" 1000 700 --blink-settings=preferredColorScheme=0
	mapfile -t colours < <("$RANBY_TREE/tests/png-colours" "$T/20-dark.png" 11141a 5b93dd f7f6f2)
	[ "${colours[0]}" -gt 50000 ] && [ "${colours[1]}" -gt 500 ] && [ "${colours[2]}" = 0 ] || fail "dark: ${colours[*]}"
	shot "$T/20.html" "$T/20-narrow.png" 500 1000
	mapfile -t colours < <("$RANBY_TREE/tests/png-colours" "$T/20-narrow.png" f7f6f2 3c6db3)
	[ "${colours[1]}" -gt 500 ] || fail "narrow: ${colours[*]}"
}

@test "names that an attacker would choose are text to the browser" {
	need_program chromium
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 24 3 hostile
	ranby audit report --profile 800-53 --system "$T/ledger" --format html -o "$T/page.html"
	shot "$T/page.html" "$T/hostile.png" 1000 1400
	HOME=$T timeout 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$T/browser" --dump-dom "file://$T/page.html" \
		>"$T/dom" 2>/dev/null 3>&-
	python3 - "$T/dom" <<-'PYTHON'
		import sys
		from html.parser import HTMLParser
		class P(HTMLParser):
		    tags, attrs = set(), set()
		    def handle_starttag(self, tag, attrs):
		        self.tags.add(tag); self.attrs |= {k for k, v in attrs}
		p = P(); p.feed(open(sys.argv[1]).read())
		assert not p.tags & {"script", "img", "iframe", "object", "b1"}, p.tags
		assert not [a for a in p.attrs if a.startswith("on") or a in ("src", "style")], p.attrs
	PYTHON
}
