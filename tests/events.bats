#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# events: of one's own ledger while things happen, and of a system ledger with a known history.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
setup() {
	T=$BATS_TEST_TMPDIR
	NAME=ev$RANDOM$RANDOM
}

all() { ranby events --stream=false "$@"; }

@test "a container's life, in order, with its exit code and by whom" {
	ranby run -d --name "$NAME" --network none busybox sleep 100 >/dev/null
	ranby exec "$NAME" true
	ranby kill "$NAME" >/dev/null
	ranby wait "$NAME" >/dev/null
	ranby rm "$NAME" >/dev/null
	run -0 all --filter "name=$NAME" --format '{{.Type}} {{.Status}} {{.LoginUID}} {{.Result}}'
	[ "${lines[*]%% success}" = "$(printf "container %s $(cat /proc/self/loginuid)\n" create start exec kill stop rm | tr '\n' ' ' | sed 's/ $//')" ] || fail "$output"
	run -0 all --filter "name=$NAME" --filter event=stop --format '{{.Detail}} {{.Trust}} {{.Session}}'
	[ "$output" = "137 self $(cat /proc/self/sessionid)" ] || fail "$output"
	[ "$(all --filter "name=$NAME" --filter event=died --format '{{.ContainerExitCode}}')" = 137 ]
	[ "$(all --filter "name=$NAME" --format json | jq -c .ContainerExitCode | sort -u | xargs)" = '137 null' ]
	[ "$(all --filter "name=$NAME" --filter event=died --filter event=destroy --format '{{.Status}}' | xargs)" = 'stop rm' ]
	run -0 all --filter "name=$NAME" --filter event=start --filter event=rm
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} =~ ^20[0-9-]*T[0-9:.]*Z\ .*/[0-9]*\ container\ start\ [0-9a-f]{12}\ \(name=$NAME,\ image=busybox, ]] || fail "${lines[0]}"
	run -0 all --filter "name=$NAME" --since 0
	[ "${#lines[@]}" = 6 ]
	run -0 all --filter "name=$NAME" --until 1h
	[ -z "$output" ]
}

@test "what is made and removed beside containers has a type, and a filter by its name" {
	local id
	ranby volume create "v-$NAME" >/dev/null
	ranby network create "v-$NAME" >/dev/null
	id=$(ranby pod create --infra=false --name "v-$NAME")
	echo x | ranby secret create "v-$NAME" - >/dev/null
	ranby create --name "v-$NAME" --network none busybox true >/dev/null
	ranby rm "v-$NAME" >/dev/null
	ranby pod rm "v-$NAME" >/dev/null
	ranby network rm "v-$NAME" >/dev/null
	ranby volume rm "v-$NAME" >/dev/null
	ranby secret rm "v-$NAME" >/dev/null
	shown() { all --format '{{.Type}} {{.Status}}' "$@" | sort | xargs; }
	[ "$(shown --filter "volume=v-$NAME")" = 'volume volume-create volume volume-rm' ]
	[ "$(shown --filter "network=v-$NAME")" = 'network network-create network network-rm' ]
	[ "$(shown --filter "pod=v-$NAME")" = 'pod pod-create pod pod-rm' ]
	[ "$(shown --filter "pod=${id:0:12}")" = 'pod pod-create pod pod-rm' ]
	[ -z "$(shown --filter "pod=${id:0:7}")" ]
	[ "$(shown --filter "secret=v-$NAME")" = 'secret secret-create secret secret-rm' ]
	[ "$(shown --filter "container=v-$NAME")" = 'container create container rm' ]
	[ "$(shown --filter "name=v-$NAME" --filter event=create)" = 'container create network network-create pod pod-create secret secret-create volume volume-create' ]
	[ "$(shown --filter "name=v-$NAME" --filter status=pod-create --filter event=remove --filter type=pod)" = 'pod pod-create pod pod-rm' ]
	[ "$(shown --filter "name=v-$NAME" --filter type=volume --filter event=remove)" = 'volume volume-rm' ]
}

@test "labels: of each event of a container, also after its end; --filter label, and as podman has them in JSON" {
	need_program python3
	ranby create --name "$NAME" --network none --label tier=front --label 'a b=x=y,z' --label none= busybox true >/dev/null
	ranby create --name "$NAME-other" --network none --label tier=back busybox true >/dev/null
	ranby create --name "$NAME-bare" --network none busybox true >/dev/null
	ranby start -a "$NAME"
	ranby wait "$NAME" >/dev/null
	shown() { all --format '{{.Status}} {{.Name}}' "$@" | sed "s/$NAME/N/" | xargs; }
	[ "$(shown --filter label=tier=front --filter "name=$NAME")" = 'create N start N stop N' ]
	ranby rm "$NAME" "$NAME-other" "$NAME-bare" >/dev/null
	[ "$(shown --filter label=tier=front --filter "name=$NAME")" = 'create N start N stop N rm N' ]
	[ "$(shown --filter label=tier=front --filter label=tier=back --filter event=rm)" = 'rm N rm N-other' ]
	[ "$(shown --filter label=tier --filter event=create)" = 'create N create N-other' ]
	[ "$(shown --filter 'label=a b=x=y,z' --filter event=create)" = 'create N' ]
	[ "$(shown --filter label=none= --filter event=create)" = 'create N' ]
	[ -z "$(shown --filter label=none=x)$(shown --filter label=tie)$(shown --filter label=tier=fron)$(shown --filter label=tier=)$(shown --filter label=x)" ]
	# what was before the moment is looked at for them
	[ "$(shown --filter "name=$NAME" --filter event=rm --filter label=tier=front --since 1h)" = 'rm N' ]
	[ "$(all --filter "name=$NAME" --filter event=rm --format '{{.Attributes.tier}} {{index .Attributes "a b"}} {{len .Attributes}} {{.AttributesLeftOut}}')" = 'front x=y,z 3 0' ]
	[ "$(all --filter "name=$NAME-bare" --filter event=rm --format '{{.Attributes}}')" = 'map[]' ]
	run -0 all --filter "name=$NAME" --filter event=stop
	[[ $output == *', '*'tier=front'*')' && $output == *'a b=x=y,z'* ]] || fail "$output"
	run -0 all --filter "name=$NAME" --format json
	python3 -c 'import json, sys
for l in sys.argv[1].splitlines():
    assert json.loads(l)["Attributes"] == {"tier": "front", "a b": "x=y,z", "none": ""}, l' "$output"
	# kept once, in the entry that made it
	[ "$(cat "$XDG_STATE_HOME"/ranby/ledger/*.jsonl | grep -F "\"vm\":\"$NAME\"" | grep -c '"labels":')" = 1 ]
}

@test "labels: what is somebody else's text steers no terminal, and what is too large is left out and counted" {
	local long
	long=$(head -c 3000 /dev/zero | tr '\0' x)
	ranby create --name "$NAME" --network none --label $'red\e[31m=\e[32mgreen\nline' --label "one=$long" --label "two=$long" busybox true >/dev/null
	run -0 all --filter "name=$NAME"
	[ "$(LC_ALL=C tr -cd '\000-\037\177' <<<"$output" | wc -c)" = 1 ] || fail "$output"
	[ "$(all --filter "name=$NAME" --format '{{len .Attributes}} {{.AttributesLeftOut}}')" = '2 1' ]
	[ "$(all --filter "name=$NAME" --filter $'label=red\e[31m=\e[32mgreen\nline' --format '{{.Status}}')" = create ]
	run -0 ranby audit verify
	ranby rm "$NAME" >/dev/null
}

@test "failed attempts are events, with the reason" {
	run -127 ranby run --rm --name "$NAME" --network none busybox /no/such/program
	run -0 all --filter "name=$NAME" --filter result=failed --format '{{.Status}}'
	[ "$output" = start ]
}

# Nothing here depends on how long a step takes: the follower is there when it shows what is done for it to see.
@test "followed while it happens: only what comes" {
	ranby create --name "$NAME-before" --network none busybox true >/dev/null
	ranby events --format '{{.Status}} {{.Name}}' >"$T/out" 3>&- &
	local pid=$! n=0
	until grep -q "^create $NAME-probe" "$T/out"; do
		n=$((n + 1))
		[ $n -le 100 ] || fail 'the follower shows nothing'
		ranby create --name "$NAME-probe$n" --network none busybox true >/dev/null
		sleep 0.3
	done
	ranby run --rm --name "$NAME" --network none busybox true
	wait_for 60 grep -q "^rm $NAME$" "$T/out"
	kill "$pid"
	wait "$pid" || true
	[ "$(grep "$NAME$" "$T/out" | cut -d' ' -f1 | tr '\n' ' ')" = 'create start stop rm ' ] || fail "$(cat "$T/out")"
	run ! grep "before" "$T/out"
	ranby rm --all >/dev/null
}

@test "followed until a moment: it ends by itself then, and shows nothing later" {
	ranby events --until "$(date -d '+5 seconds' +%s)" --format '{{.Status}} {{.Name}}' >"$T/out" 3>&- &
	local pid=$! from=$SECONDS
	wait "$pid"
	[ $((SECONDS - from)) -ge 2 ]
	from=$(date -d '-1 second' +%s)
	ranby run --rm --name "$NAME-late" --network none busybox true
	# and one that begins when that moment has gone by
	run -0 ranby events --since 1m --until "$from" --format '{{.Name}}'
	[[ $output != *"$NAME-late"* ]]
	run ! grep late "$T/out"
}

@test "a system ledger with a known history: each of its events once, in order, and no program" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 30
	run -0 --separate-stderr all --system "$T/ledger" --format json
	python3 - "$output" "$T/ledger" <<-'PYTHON'
		import glob, json, sys
		rows = [json.loads(l) for l in sys.argv[1].splitlines()]
		want = {}
		for f in glob.glob(sys.argv[2] + "/*/*.jsonl"):
		    name = f.split("/")[-2]
		    for l in map(json.loads, open(f)):
		        if name != "heads" and (l.get("virt") and l["op"] != "execve" or l["op"] in ("gap", "torn", "trail-start", "trail-stop")):
		            want[name, l["seq"]] = l
		assert len(rows) == len(want) > 60, (len(rows), len(want))
		assert [r["TimeNano"] for r in rows] == sorted(r["TimeNano"] for r in rows)
		for r in rows:
		    l = want.pop((r["Ledger"], r["Seq"]))
		    assert (r["Status"], r["Name"], r["LoginUID"], r["Session"], r["Receipt"], r["ID"]) == \
		        (l["op"], l.get("vm", ""), l.get("auid"), l.get("ses"), l.get("receipt", ""), l.get("ctr", "")), (r, l)
	PYTHON
	run -0 all --system "$T/ledger" --filter user=1002 --filter event=start --format '{{.LoginUID}}'
	[ "$(sort -u <<<"$output")" = 1002 ]
	[ "${#lines[@]}" = "$(cat "$T"/ledger/auid-1002/*.jsonl | grep -c '"op":"start"')" ]
}

@test "a system ledger: what a container's process sent, or nobody has weighed, is shown as that, and the report leaves it out" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/claims" 3 1 claims
	run -0 all --system "$T/claims" --format '{{.Status}} {{.Trust}}'
	[ "$(grep -cx 'start claimed' <<<"$output")" = 1 ] && [ "$(grep -cx 'start live' <<<"$output")" = 2 ] || fail "$output"
	run -0 all --system "$T/claims"
	[ "$(grep -c ' trust=claimed' <<<"$output")" -ge 2 ] || fail "$output"
	run -0 ranby audit report --profile 800-53 --system "$T/claims" --format json
	[ "$(jq '.containers | length' <<<"$output")" = 2 ] && [ "$(jq .notBelieved <<<"$output")" -ge 2 ] || fail "$output"
	sed -i 's/,"word":"[a-z]*"//' "$T"/claims/auid-*/*.jsonl
	run -0 all --system "$T/claims" --format '{{.Type}} {{.Trust}}'
	[ "$(grep '^container ' <<<"$output" | sort -u)" = 'container unknown' ] || fail "$output"
	# one's own ledger is one's own word all the same
	run -0 ranby run --rm --network none busybox true
	run -0 ranby events --stream=false --format '{{.Trust}}'
	[ "$(sort -u <<<"$output")" = self ] || fail "$output"
}

@test "names that an attacker would choose do not reach the terminal, and are whole in JSON" {
	need_program python3
	"$RANBY_TREE/tests/make-ledger" "$T/ledger" 24 1 hostile
	run -0 all --system "$T/ledger"
	[ "$(LC_ALL=C tr -cd '\000-\011\013-\037\177' <<<"$output" | wc -c)" = 0 ]
	[[ $output != *$'\u202e'* ]]
	run -0 all --system "$T/ledger" --format json
	[ "$(LC_ALL=C tr -cd '\000-\011\013-\037\177' <<<"$output" | wc -c)" = 0 ]
	grep -q '"Name":"a\\u001b\[31mred' <<<"$output"
}

@test "what is asked wrongly is an error, and others' events are not everybody's" {
	run -125 all --filter label=a=b --system "$T/nowhere"
	one_error 'hold no labels'
	run -125 all --filter colour=red
	one_error '"colour" is no key'
	run -125 all --filter name
	one_error 'not KEY=VALUE'
	run -125 all --since yesterdayish
	one_error 'is no time'
	run -125 all --format '{{.Nope}}' --system "$T/nowhere"
	one_error 'No such file'
	run -125 ranby events --all-users
	one_error '--all-users'
}
