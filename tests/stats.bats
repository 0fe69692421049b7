#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# stats and update without a cgroup of one's own, as on a host that delegates
# none; with one: tests/root/limits.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

stats() { ranby stats --no-stream "$@"; }

@test "processor time, memory, threads: between what an independent reader of /proc says before and after" {
	local pid before now after
	ranby run -d --name web --network=none busybox sh -c 'sh -c "i=0; while [ \$i -lt 300000 ]; do i=\$((i+1)); done"; sleep 1000 & while :; do :; done' >/dev/null
	pid=$(ctr_pid web)
	sleep 1
	# ticks of all of them, with the children that were waited for, in ns: the container is all that is below init
	ticks() {
		local child files=("/proc/$pid/stat")
		for child in $(pgrep -P "$pid"); do files+=("/proc/$child/stat"); done
		sed 's/.*) //' "${files[@]}" | awk -v hz="$(getconf CLK_TCK)" '{n += $12 + $13 + $14 + $15} END {printf "%d\n", n * 1000000000 / hz}'
	}
	# what a child has used is its parent's when it was waited for: wait until the first one was
	wait_for 30 pgrep -P "$pid" -x sleep
	before=$(ticks)
	now=$(stats --format '{{.CPUNano}} {{.PIDs}} {{.MemLimit}} {{.Source}}' web)
	after=$(ticks)
	[ "$before" -gt 100000000 ]
	[ "$before" -le "${now%% *}" ] && [ "${now%% *}" -le "$after" ] || fail "$before <= $now <= $after"
	[ "${now#* }" = "2 $(($(getconf _PHYS_PAGES) * $(getconf PAGESIZE))) processes" ] || fail "$now"
	# memory: the proportional shares, which the sh and the sleep change hardly
	run -0 stats --format '{{.MemUsageBytes}}' web
	now=${output%% *}
	after=$(cat "/proc/$pid/smaps_rollup" "/proc/$(pgrep -P "$pid" -x sleep)/smaps_rollup" | awk '$1 == "Pss:" {n += $2} END {print n * 1024}')
	[ "$now" -gt $((after / 2)) ] && [ "$now" -lt $((after * 2)) ] || fail "$now, not about $after"
}

@test "the network is the container's own, without lo; the host's is not counted" {
	need_program pasta
	ranby run -d --name net --cap-add NET_RAW busybox sleep 1000 >/dev/null
	ranby exec net ping -c 3 -s 1000 127.0.0.1 >/dev/null
	ranby run -d --name host --network=host busybox sleep 1000 >/dev/null
	run -0 stats --format '{{.NetInput}} {{.NetOutput}}' net
	[ "$output" = "$(awk -F '[: ]+' 'NR > 2 && $2 != "lo" {i += $3; o += $11} END {print i + 0, o + 0}' "/proc/$(ctr_pid net)/net/dev")" ] || fail "$output"
	grep -q '^ *lo: *[1-9]' "/proc/$(ctr_pid net)/net/dev"
	run -0 stats --format '{{.NetIO}}' host
	[ "$output" = '0B / 0B' ]
}

@test "columns, JSON keys and forms of values are podman's" {
	need_program podman
	local theirs=$BATS_TEST_TMPDIR/podman
	mkdir -p "$theirs/config/containers" "$RANBY_RUN/podman"
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$theirs/store" "$RANBY_RUN/podman/run" >"$theirs/config/containers/storage.conf"
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >"$theirs/config/containers/containers.conf"
	peer() { XDG_CONFIG_HOME=$theirs/config XDG_RUNTIME_DIR=$RANBY_RUN/podman podman "$@" 3>&-; }
	peer_end() { peer rm -f -t 0 -a >/dev/null 2>&1 || true; peer system migrate >/dev/null 2>&1 || true; remove_tree "$theirs"; }
	peer load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null && peer run -d --name web --network=none localhost/busybox-docker sleep 1000 >/dev/null ||
		{ peer_end; skip 'podman does not run here'; }
	peer stats --no-stream --no-reset web >"$BATS_TEST_TMPDIR/table" 2>/dev/null && peer stats --no-stream --no-reset --format json web >"$BATS_TEST_TMPDIR/json" 2>/dev/null ||
		{ peer_end; skip 'podman stats does not work here'; }
	peer_end
	ranby run -d --name web --network=none busybox sleep 1000 >/dev/null
	run -0 stats web
	[ "$(tr -s ' ' <<<"${lines[0]}" | sed 's/ $//')" = "$(head -1 "$BATS_TEST_TMPDIR/table" | tr -s ' ' | sed 's/ $//')" ] || fail "${lines[0]}" "$(cat "$BATS_TEST_TMPDIR/table")"
	run -0 stats --format json web
	# ours and one more; every value a text of the same form
	[ "$(jq -c '.[0] | del(.source) | keys_unsorted' <<<"$output")" = "$(jq -c '.[0] | keys_unsorted' "$BATS_TEST_TMPDIR/json")" ] || fail "$output"
	forms() { jq -c '.[0] | del(.source, .id, .name, .cpu_time) | map_values(gsub("[0-9.]+"; "N") | gsub("[kMGT]?B"; "B"))'; }
	[ "$(forms <<<"$output")" = "$(forms <"$BATS_TEST_TMPDIR/json")" ] || fail "$output" "$(cat "$BATS_TEST_TMPDIR/json")"
}

@test "all, the latest, those that are named; what does not run is all zeros" {
	ranby run -d --name one --network=none busybox sleep 1000 >/dev/null
	ranby create --name two --network=none busybox true >/dev/null
	run -0 stats --format '{{.Name}}'
	[ "$output" = one ]
	run -0 stats --all --format '{{.Name}} {{.PIDS}} {{.MemUsage}}'
	[ "${lines[1]}" = 'two 0 0B / 0B' ] && [ "${#lines[@]}" = 2 ] || fail "$output"
	run -0 stats --latest --format '{{.Name}} {{.CPUPerc}}'
	[ "$output" = 'two 0.00%' ]
	run -0 stats --no-trunc --format '{{.ID}}' one
	[ "${#output}" = 64 ]
	run -0 stats --format json two one
	[ "$(jq -c '[.[].name]' <<<"$output")" = '["two","one"]' ]
	run -125 stats three
	one_error 'three'
	run -125 stats --all one
	one_error '--all'
	run -125 stats --format '{{.Nope}}'
	one_error 'Nope'
	run -125 stats --interval 0
	one_error 'interval'
}

@test "again and again: the share since the last time, until it is interrupted; no escape codes where there is no terminal" {
	ranby run -d --name busy --network=none busybox sh -c 'until [ -e /go ]; do sleep 0.1; done; while :; do :; done' >/dev/null
	# a function in the background is a shell, and what is to get the signal is its child
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" stats --interval 1 --format '{{.CPUPerc}} {{.AvgCPU}}' busy >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	lines_from() { [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -ge "$1" ]; }
	wait_for 30 lines_from 2
	local n
	ranby exec busy touch /go
	n=$(wc -l <"$BATS_TEST_TMPDIR/out")
	wait_for 60 lines_from $((n + 3))
	kill "$pid"
	wait "$pid" || true
	# it was idle in the first second, and is not in the last: now is more than the average
	awk '{ sub("%", "", $1); sub("%", "", $2) } NR == 1 { first = $1 } { last = $1; average = $2 }
		END { exit !(first < 20 && last > average) }' <(sed 's/%//g' "$BATS_TEST_TMPDIR/out") || fail "$(cat "$BATS_TEST_TMPDIR/out")"
	run ! grep -q $'\033' "$BATS_TEST_TMPDIR/out"
	# on one, each begins at the top
	local stats="$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN stats --interval 1"
	run timeout 10 script -qec "$stats busy" /dev/null
	[[ $output == *$'\033[H\033[2J'*'CPU %'* ]] || fail "$output"
	run timeout 10 script -qec "$stats --no-reset busy" /dev/null
	[[ $output == *'CPU %'* && $output != *$'\033[2J'* ]] || fail "$output"
}

@test "update: what cannot be had is an error that says why and how, nothing is changed, and it is recorded" {
	ranby run -d --name plain --network=none busybox sleep 1000 >/dev/null
	ranby create --name made --network=none busybox true >/dev/null
	local spec
	spec=$(sha256sum "$RANBY_ROOT"/containers/*/container.json "$RANBY_ROOT"/containers/*/config.json)
	run -125 ranby update --memory 64m plain
	one_error 'no cgroup of its own'
	[[ $output == *'Hint: '*ranby-cgroups* ]]
	run -125 ranby update --pids-limit 7 made
	one_error '--pids-limit: '
	[[ $output == *'Hint: '* ]]
	run -125 ranby update plain
	one_error 'nothing to change'
	local bad
	for bad in '--memory x' '--cpus -1' '--cpu-shares 1' '--cpuset-cpus a' '--pids-limit -7' '--blkio-weight 9' '--memory-swap 1m' '--cgroup-conf memory'; do
		# shellcheck disable=SC2086
		run -125 ranby update $bad made
		one_error "${bad%% *}"
	done
	[ "$spec" = "$(sha256sum "$RANBY_ROOT"/containers/*/container.json "$RANBY_ROOT"/containers/*/config.json)" ]
	run -0 ranby events --stream=false --filter event=update --format '{{.Name}} {{.Result}}'
	[ "$(sort <<<"$output" | uniq -c | tr -s ' ' | paste -sd ';')" = ' 9 made failed; 1 plain failed' ] || fail "$output"
	# no limit where there is none: nothing to be had, and nothing lost
	run -0 ranby update --memory -1 --cpus 0 made
	[ "$output" = "$(ranby inspect --format '{{.Id}}' made)" ]
	run -0 ranby start -a made
}
