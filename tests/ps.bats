#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ps reads of each container only what is asked for, by many threads where there are many, and keeps what did not change. What it
# shows must not depend on that.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	ranby volume create data >/dev/null
	ranby run -d --name up --network none --label a=1 --label b=two -v data:/data --tmpfs /scratch --restart on-failure:3 \
		--health-cmd true --health-interval 1h busybox sleep 1000 >/dev/null 3>&-
	ranby run --name ended --network none --cidfile "$BATS_FILE_TMPDIR/cid" busybox sh -c 'exit 7' || true
	ranby create --name never -p 127.0.0.1:18345:80 --expose 90-91 --expose 53/udp --entrypoint '["/bin/echo", "x y"]' busybox hello >/dev/null
	ranby create --rm --name gone-after --pod new:together --label c= busybox true >/dev/null
	ranby run -d --name tied --pod together busybox sleep 1000 >/dev/null 3>&-
	wait_for 30 is_healthy
}
teardown_file() { ranby_teardown_file; }

is_healthy() { [ "$(ranby ps --filter name=up --format '{{.Status}}' | grep -c healthy)" = 1 ]; }

# rows FORMAT [OPTION...]: of all, without what changes from one second to the next
rows() {
	local format=$1
	shift
	ranby ps -a "$@" --format "$format" | sed -E 's/[0-9]+ seconds?|Less than a second|About a minute/MOMENTS/; s/  +/  /g'
}

@test "each field alone is what it is among all" {
	local all field n=0
	# {{json .}} takes all
	all=$(ranby ps -a --format '{{with .}}{{range $k, $v := .}}{{$k}} {{end}}{{end}}' | head -1)
	for field in $all; do
		[ "$field" != Size ] || continue
		diff <(rows "{{.$field}}") <(rows "{{.$field}}{{if false}}{{json .}}{{end}}") || fail "$field"
		n=$((n + 1))
	done
	[ "$n" -ge 30 ]
	# and they are not all empty
	[ "$(rows '{{.Status}}' --filter name=up)" = 'Up MOMENTS (healthy)' ]
	[ "$(rows '{{.Labels}} {{.Mounts}} {{.Restarts}}' --filter name=up)" = "a=1,b=two [/data /scratch] 0" ]
	[ "$(rows '{{.Command}} {{.ExitCode}} {{.CIDFile}}' --filter name=ended)" = "sh -c exit 7 7 $BATS_FILE_TMPDIR/cid" ]
	[ "$(rows '{{.Ports}}' --filter name=never)" = '127.0.0.1:18345->80/tcp' ]
	[ "$(rows '{{.ExposedPorts}} {{.Label "b"}}' --filter name=never)" = 'map[53:[udp] 90:[tcp] 91:[tcp]] ' ]
	[ "$(rows '{{.PodName}} {{.AutoRemove}} {{.State}}' --filter name=gone-after)" = 'together true created' ]
	[ "$(rows '{{.LoginUID}}' --filter name=up)" = "$(cat /proc/self/loginuid)" ]
}

@test "each filter and order finds the same with the whole file read" {
	local f auid
	auid=$(cat /proc/self/loginuid)
	# --size reads it whole
	for f in id="$(ranby inspect --format '{{.Id}}' up)" name=up label=a label=b=two label!=a status=running status=exited status=created \
		ancestor=busybox exited=7 command=sleep before=ended since=ended volume=data volume=/data network=none restart-policy=on-failure \
		pod=together until=1h until=0s health=healthy health=none auid="$auid" session="$(cat /proc/self/sessionid)"; do
		diff <(ranby ps -a --filter "$f" --format '{{.ID}}') <(ranby ps -a --size --filter "$f" --format '{{.ID}}') || fail "$f"
	done
	for f in command created id image names runningfor status; do
		diff <(ranby ps -a --sort "$f" --format '{{.ID}}') <(ranby ps -a --size --sort "$f" --format '{{.ID}}') || fail "$f"
	done
	[ "$(ranby ps -a --filter health=healthy --format '{{.Names}}')" = up ]
	[ "$(ranby ps -a --filter volume=data --format '{{.Names}}')" = up ]
	[ "$(ranby ps -a --filter name=up --filter name=ended --sort names --format '{{.Names}}' | xargs)" = 'ended up' ]
}

@test "a field that there is not is an error, with the one that was meant" {
	run -125 ranby ps -a --format '{{.Nams}}'
	[[ $output == *Names* ]]
	run -125 ranby ps -a --filter exited=many
	[[ $output == *'not an exit code'* ]]
}

@test "ExposedPorts of many ranges that overlap: each port once, and no longer in the making than one range" {
	local i ranges=()
	for ((i = 1; i <= 256; i++)); do ranges+=(--expose "$i-65535/$([ $i = 9 ] && echo udp || echo tcp)"); done
	ranby create --name wide --network none "${ranges[@]}" busybox true >/dev/null
	# seconds of processor time; the ranges one by one, with a look-up for each port, take some twenty
	(ulimit -t 6; ranby ps -a --filter name=wide --format json >"$BATS_TEST_TMPDIR/all")
	run -0 python3 - "$BATS_TEST_TMPDIR/all" <<-'PYTHON'
		import json, sys
		ports = json.load(open(sys.argv[1]))[0]["ExposedPorts"]
		print(len(ports), ports["1"], ports["8"], ports["9"], ports["65535"], "0" in ports)
	PYTHON
	[ "$output" = "65535 ['tcp'] ['tcp'] ['tcp', 'udp'] ['tcp', 'udp'] False" ]
	ranby rm wide
}

@test "more containers than a process may have open files: ps, filters, prune and rm" {
	local ids n=100
	ids=$(seq "$n" | xargs -P 2 -I{} "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" create --network none --label many= \
		--health-cmd true --restart always --name m{} busybox true)
	[ "$(wc -l <<<"$ids")" = "$n" ]
	[ "$(ulimit -n 40; ranby ps -aq --filter label=many | wc -l)" = "$n" ]
	[ "$(ulimit -n 40; ranby ps -a --filter label=many --filter health=none --format '{{json .}}' | wc -l)" = 0 ]
	[ "$(ulimit -n 40; ranby ps -a --filter label=many --filter health=starting --format '{{json .}}' | wc -l)" = "$n" ]
	(ulimit -n 40; ranby rm -f m1 m2 >/dev/null)
	(ulimit -n 40; ranby rm -f --filter label=many --filter before=m50 >/dev/null)
	(ulimit -n 40; ranby container prune -f --filter label=many >/dev/null)
	[ "$(ranby ps -aq --filter label=many | wc -l)" = 0 ]
}

@test "one that is damaged is named by ps, by whichever thread it is read" {
	local id
	id=$(ranby create --network none --name hurt busybox true)
	printf '{"id":' >"$RANBY_ROOT/containers/$id/container.json"
	run -125 ranby ps -a
	[[ $output == *"${id:0:12}"*container.json* ]]
	seq 70 | xargs -P 2 -I{} "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" create --network none --name more{} busybox true >/dev/null
	run -125 ranby ps -a
	[[ $output == *"${id:0:12}"*container.json* ]]
	rm -r "$RANBY_ROOT/containers/$id" "$RANBY_ROOT/names/hurt"
	[ "$(ranby ps -aq --filter name=more | wc -l)" = 70 ]
}

# opened: how often ps opens a file of a container, by the kernel's word
opened() {
	strace -f -e trace=open,openat,openat2 -o "$BATS_TEST_TMPDIR/trace" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" ps -a >/dev/null
	grep -Ec '"[0-9a-f]{64}/(container|state)\.json"' "$BATS_TEST_TMPDIR/trace" || true
}

# alike: what ps says is what it says without what it keeps
alike() {
	local kept
	kept=$(rows 'table {{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.Status}} {{.Ports}} {{.Pid}} {{.Labels}} {{.PodName}}')
	mv "$RANBY_RUN/list" "$BATS_TEST_TMPDIR/list"
	diff <(echo "$kept") <(rows 'table {{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.Status}} {{.Ports}} {{.Pid}} {{.Labels}} {{.PodName}}') ||
		fail "$1"
	# the old one, of before what comes next
	mv "$BATS_TEST_TMPDIR/list" "$RANBY_RUN/list"
}

@test "of many, those that did not change are not opened again, and each change is seen at once" {
	local i pid
	need_program strace
	no_leak_check
	for ((i = 0; i < 70; i++)); do ranby create --name "many-$i" --network none busybox true >/dev/null; done
	ranby run -d --name lives --network none busybox sleep 1000 >/dev/null 3>&-
	# what was changed a moment ago is not kept: so late could it change again unseen
	sleep 3.1
	[ ! -e "$RANBY_RUN/list" ] || rm "$RANBY_RUN/list"
	[ "$(opened)" -ge 140 ]
	[ "$(opened)" = 0 ]
	alike unchanged
	ranby rename many-3 renamed
	[ "$(ranby ps -aq --filter name=renamed | wc -l)" = 1 ]
	alike renamed
	ranby start many-4 >/dev/null
	wait_for 30 bash -c '"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" ps -a --filter name=many-4 --format "{{.Status}}" | grep -q "Exited (0)"'
	alike started
	ranby rm many-5 >/dev/null
	alike removed
	# nobody writes that it is gone: monitor and payload are killed
	pid=$(ctr_pid lives)
	[ "$(ranby ps -q --filter name=lives | wc -l)" = 1 ]
	kill -9 "$(awk '{print $4}' "/proc/$pid/stat")" "$pid"
	wait_for 30 bash -c "! kill -0 $pid 2>/dev/null"
	[ -z "$(ranby ps -q --filter name=lives)" ]
	alike killed
	# by hand, in place, with the time put back
	i=$RANBY_ROOT/containers/$(ranby ps -aq --no-trunc --filter name=renamed)/container.json
	touch -r "$i" "$BATS_TEST_TMPDIR/time"
	python3 - "$i" <<-'PYTHON'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    text = f.read().replace(b'"renamed"', b'"by-hand"')
		    f.seek(0)
		    f.write(text)
	PYTHON
	touch -r "$BATS_TEST_TMPDIR/time" "$i"
	[ "$(ranby ps -aq --filter name=by-hand | wc -l)" = 1 ]
	alike edited
	# not readable, damaged, a directory: it does without
	for i in 'chmod 0' 'truncate -s 3000' 'truncate -s 0' rm 'mkdir -p'; do
		[[ $i != mkdir* ]] || rm -f "$RANBY_RUN/list"
		$i "$RANBY_RUN/list"
		[ "$(ranby ps -aq | wc -l)" = "$(find "$RANBY_ROOT/containers" -mindepth 1 -maxdepth 1 | wc -l)" ]
		[[ $i != chmod* ]] || chmod 600 "$RANBY_RUN/list"
	done
	rmdir "$RANBY_RUN/list"
}
