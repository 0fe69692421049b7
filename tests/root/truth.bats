#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Offline attribution against a second witness. While five containers and two
# logins on the host are at work at once, perf records every fork and exec of the
# machine with the namespaces in which it was: from that alone comes where each exec
# really happened (tests/exec-truth). What `ranby audit attribute` makes of the kernel's
# audit log is compared with it, exec by exec; then records are left out.
# Two logins; plain, su, sudo -u, detached, exec; fork, vfork, clone3, fexecve, threads, orphans. A sixth
# container is podman's where that is installed: no start record, but its caller's word (--anchor).
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user
load ../audit

setup_file() {
	audit_begin RAW
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || return 0
	can_trace || return 0
	installed
	make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/execs"
	install -D -m 755 "$RANBY_TREE/${RANBY_BUILD:-build}/tools/execs" "$AUDIT_DIR/at/execs"
	RANBY_TEST_IMAGES=$("$RANBY_TREE/tests/images/build" --where)
	export RANBY_TEST_IMAGES
	prelude
	# whoever makes a record waits for room rather than that it is lost
	auditctl --backlog_wait_time 60000 >/dev/null
	audit_pack "$AUDIT_ALICE" "$AUDIT_BOB"
	local backlog
	for backlog in 32768 131072 524288; do
		auditctl -b "$backlog" >/dev/null
		recorded && break
		echo "with a backlog of $backlog: $(cat "$AUDIT_DIR/unusable")" >>"$AUDIT_DIR/attempts"
	done
	audit_unpack "$AUDIT_ALICE" "$AUDIT_BOB"
	[ -z "${KEEP_LOG:-}" ] || cp "$AUDIT_DIR"/{work.log,trace,c6*,offset} "$KEEP_LOG"
}

teardown_file() {
	[ ! -e "${AUDIT_DIR:-/}/perf.pid" ] || kill "$(cat "$AUDIT_DIR/perf.pid")" 2>/dev/null || true
	audit_end
}

setup() {
	audit_need
	[ ! -e "$AUDIT_DIR/no-trace" ] || skip "$(cat "$AUDIT_DIR/no-trace")"
	LOG=$AUDIT_DIR/work.log TRUTH=$AUDIT_DIR/truth.json
}

# recorded: the workload once, by both witnesses; fails when one of them says that it has not seen all.
recorded() {
	local begin before
	begin=$(wc -c <"$AUDIT_LOG") before=$(lost)
	rm -f "$AUDIT_DIR/unusable"
	: >"$AUDIT_DIR/work.out"
	trace_begin
	workload
	audit_sync
	trace_end
	# what follows a change of the rules is not relied on
	tail -c "+$((begin + 1))" "$AUDIT_LOG" >"$AUDIT_DIR/work.log"
	chmod 644 "$AUDIT_DIR/work.log"
	[ "$(lost)" = "$before" ] || echo "the kernel lost $(($(lost) - before)) audit records" >"$AUDIT_DIR/unusable"
	! grep -q LOST "$AUDIT_DIR/trace" || echo 'perf lost events' >"$AUDIT_DIR/unusable"
	[ ! -e "$AUDIT_DIR/unusable" ]
}

lost() { auditctl -s | awk '$1 == "lost" {print $2}'; }
events=(-e sched:sched_process_exec -e sched:sched_process_fork -e sched:sched_process_exit)

can_trace() {
	if ! command -v perf >/dev/null; then
		echo 'perf is not installed' >"$AUDIT_DIR/no-trace"
	elif ! timeout 20 perf record --namespaces -k CLOCK_MONOTONIC -a "${events[@]}" -o "$AUDIT_DIR/try" -- true >"$AUDIT_DIR/try.out" 2>&1; then
		echo "perf cannot trace here: $(tail -n 1 "$AUDIT_DIR/try.out")" >"$AUDIT_DIR/no-trace"
	fi
	[ ! -e "$AUDIT_DIR/no-trace" ]
}

trace_begin() {
	python3 -c 'import time; print("%.6f" % (time.time() - time.monotonic()))' >"$AUDIT_DIR/offset"
	timeout --signal=INT 600 perf record --namespaces -k CLOCK_MONOTONIC -m 8M -a "${events[@]}" -o "$AUDIT_DIR/perf.data" \
		>"$AUDIT_DIR/perf.out" 2>&1 3>&- 4>&- &
	echo $! >"$AUDIT_DIR/perf.pid"
	for _ in $(seq 100); do
		[ ! -s "$AUDIT_DIR/perf.data" ] || break
		sleep 0.1
	done
	sleep 0.5
}

trace_end() {
	local pid
	pid=$(cat "$AUDIT_DIR/perf.pid")
	kill -INT "$pid"
	wait "$pid" || true
	rm "$AUDIT_DIR/perf.pid"
	perf script --show-namespace-events --show-task-events --show-lost-events -F comm,pid,tid,time,event,trace \
		-i "$AUDIT_DIR/perf.data" >"$AUDIT_DIR/trace" 2>"$AUDIT_DIR/script.out"
}

# What each login has: R is ranby with a store of its own, work N NAME is what runs in a container or on the host.
prelude() {
	cat >"$AUDIT_DIR/work" <<-'SH'
		n=0
		"$2/execs" done
		while [ $n -lt "$1" ]; do
			/bin/true
			(/bin/true; (/bin/true) ) &
			( (/bin/true; /bin/true) & )
			setsid sh -c '/bin/true; /bin/true' &
			n=$((n + 1))
			wait
		done
		for mode in fork vfork clone3 fexecve thread orphan; do "$2/execs" $mode "$1" >/dev/null; done
		sleep 0.3
	SH
	cat >"$AUDIT_DIR/prelude" <<-'SH'
		set -eu
		umask 077
		base=$(mktemp -d "$TMPDIR/t.XXXXXX")
		mkdir "$base/run"
		export XDG_STATE_HOME=$base/state
		R() { "$RANBY" --root "$base/data" --runroot "$base/run" "$@"; }
		trap 'R rm --all --force --time 0 >/dev/null 2>&1; R unshare rm -rf "$base"; rm -rf "$base"' EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		begin() { name=$1; shift; R run --network none --name "$name" -v "$AT:/at-$name:ro" -v "$WORK:/work:ro" "$@"; }
	SH
	chmod 644 "$AUDIT_DIR/work" "$AUDIT_DIR/prelude"
}

login() {
	local become=()
	case $1 in --su | --sudo) become=("$1" "$2"); shift 2 ;; esac
	audit_as "${become[@]}" "$1" env RANBY="$INSTALLED/bin/ranby" AT="$AUDIT_DIR/at" WORK="$AUDIT_DIR/work" \
		timeout 300 bash -c ". '$AUDIT_DIR/prelude'; $2" 3>&- >>"$AUDIT_DIR/work.out" 2>&1 &
	pids+=($!)
}

# foreign USER COMMAND: c6 is podman's; its init's host pid goes to $AUDIT_DIR/c6. podman wants the unified hierarchy
# of control groups: so its login is in a mount namespace that root has made, which is the host to it.
foreign() {
	command -v podman >/dev/null || return 0
	install -m 666 /dev/null "$AUDIT_DIR/c6"
	unshare --mount --propagation private bash -c '
		[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
		mount --make-rshared /
		stat -Lc %i /proc/self/ns/mnt >"$AUDIT_DIR/c6.mnt"
		'"$(declare -f audit_as)"'
		audit_as "$@"' - "$1" timeout 200 bash -c 'base=$(mktemp -d "$TMPDIR/p.XXXXXX")
		P() { podman --root "$base/d" --runroot "$base/r" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"; }
		trap "P rm -a -f -t 0; podman unshare rm -rf $base; podman system migrate" EXIT
		P load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar"
		P run -d --network none --cgroups disabled --name c6 -v "$0/at:/at-c6:ro" -v "$0/work:/work:ro" localhost/busybox-docker '"$2"' &&
			P inspect --format "{{.State.Pid}}" c6 >"$0/c6" && P wait c6' "$AUDIT_DIR" 3>&- >"$AUDIT_DIR/podman.out" 2>&1 &
	pids+=($!)
}

workload() {
	local pids=() pid n=${EXECS:-25}
	login "$AUDIT_ALICE" "begin c1 --rm busybox sh /work $n /at-c1"
	login --su "$AUDIT_BOB" "$AUDIT_ALICE" "begin c2 --rm busybox sh /work $n /at-c2"
	if command -v sudo >/dev/null; then
		login --sudo "$AUDIT_BOB" "$AUDIT_ALICE" "begin c3 --rm busybox sh /work $n /at-c3"
	else
		login "$AUDIT_BOB" "begin c3 --rm -u nobody busybox sh /work $n /at-c3"
	fi
	login "$AUDIT_BOB" "begin c4 -d busybox sh -c 'sh /work $n /at-c4; until [ -e /tmp/end ]; do sleep 0.1; done'; R exec c4 sh /work 8 /at-c4
		R exec -d c4 sh /work 8 /at-c4; R exec -u nobody c4 sh /work 8 /at-c4; R exec c4 touch /tmp/end; R wait c4; R start c4; R exec c4 /bin/true; R kill c4"
	login "$AUDIT_BOB" "begin c5 --rm -u nobody --security-opt no-new-privileges --init busybox sh /work $n /at-c5"
	foreign "$AUDIT_ALICE" "sh /work $n /at-c6"
	for pid in "$AUDIT_ALICE" "$AUDIT_BOB"; do
		audit_as "$pid" timeout 300 sh "$AUDIT_DIR/work" "$n" "$AUDIT_DIR/at" 3>&- >>"$AUDIT_DIR/work.out" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || echo "one of the workload failed: $?" >>"$AUDIT_DIR/work.out"; done
}

# judge LOG: "right wrong unknown"
judge() {
	local anchor=()
	[ ! -s "$AUDIT_DIR/c6" ] || anchor=(--anchor "$(cat "$AUDIT_DIR/c6")=c6")
	"$INSTALLED/bin/ranby" audit attribute --format json "${anchor[@]}" "$1" 2>/dev/null |
		"$RANBY_TREE/tests/exec-truth" judge "$TRUTH"
}
last() { read -r right wrong unknown <<<"${lines[-1]}"; }

@test "the two witnesses have seen the same execs" {
	# the kernel makes who writes a record wait until there is room, so that this does not come from a slow host
	[ ! -e "$AUDIT_DIR/unusable" ] || { cat "$AUDIT_DIR/attempts"; return 1; }
	cat "$AUDIT_DIR"/{work,podman}.out || true
	run ! grep -q failed "$AUDIT_DIR/work.out"
	HOST_MOUNTS=$(cat "$AUDIT_DIR/c6.mnt" 2>/dev/null) "$RANBY_TREE/tests/exec-truth" make "$AUDIT_DIR/trace" "$LOG" "$(cat "$AUDIT_DIR/offset")" \
		"$(id -u "$AUDIT_ALICE")" "$(id -u "$AUDIT_BOB")" >"$TRUTH"
	python3 - "$TRUTH" <<-'PY'
		import collections, json, sys
		n = collections.Counter(json.load(open(sys.argv[1])).values())
		assert all(n["c%d" % i] >= 200 for i in range(1, 6)) and n["host"] >= 400, n
		assert sum(n.values()) >= 2000, n
	PY
	[ ! -e "$AUDIT_DIR/c6" ] || { [ "$(grep -o '"c6"' "$TRUTH" | wc -l)" -ge 200 ]; }
}

@test "each exec of both logins is where the kernel's trace says: all of them (F21)" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	run judge "$LOG"
	echo "right, wrong, unknown: $output"
	last
	[ "$wrong" = 0 ]
	[ "$unknown" = 0 ]
	[ "$right" -ge 2000 ]
	# none is left out of the answer
	[ "$right" = "$(jq length "$TRUTH")" ]
}

@test "records interleaved as they may be: the same" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	local seed
	for seed in 1 2 3; do
		"$RANBY_TREE/tests/exec-truth" shuffle $seed <"$LOG" >"$AUDIT_DIR/shuffled"
		[ "$(wc -l <"$LOG")" = "$(wc -l <"$AUDIT_DIR/shuffled")" ]
		run ! cmp -s "$LOG" "$AUDIT_DIR/shuffled"
		run judge "$AUDIT_DIR/shuffled"
		echo "seed $seed: $output"
		last
		[ "$wrong $unknown" = '0 0' ]
	done
}

@test "every k-th event left out: more is unknown, nothing is wrong (F21)" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	local k j known=0
	for k in 2 3 4 5 7 11 13 17 23 50 97 211 499 1009 2003 4001; do
		for j in 0 1; do
			"$RANBY_TREE/tests/exec-truth" drop every $k $j <"$LOG" >"$AUDIT_DIR/holes"
			run judge "$AUDIT_DIR/holes"
			last
			echo "every ${k}th, from $j: $right right, $wrong wrong, $unknown unknown"
			[ "$wrong" = 0 ]
			known=$((known + right))
		done
	done
	[ "$known" -gt 0 ]
}

@test "events left out at random: more is unknown, nothing is wrong" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	local permille seed
	for permille in 1 5 20 100 400; do
		for seed in $(seq "${SEEDS:-6}"); do
			"$RANBY_TREE/tests/exec-truth" drop random $permille "$seed" <"$LOG" >"$AUDIT_DIR/holes"
			run judge "$AUDIT_DIR/holes"
			last
			echo "$permille of 1000, seed $seed: $right right, $wrong wrong, $unknown unknown"
			[ "$wrong" = 0 ]
		done
	done
}

@test "any one event that says where somebody is left out: nothing is wrong" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	local serial serials
	mapfile -t serials < <(grep -E 'VIRT_CONTROL|type=LOGIN|syscall=(272|308) ' "$LOG" |
		sed 's/.*:\([0-9]*\)).*/\1/' | sort -un | awk '{a[NR] = $0} END {s = NR > 80 ? NR / 80 : 1; for (i = 1; i <= NR; i += s) print a[int(i)]}')
	[ "${#serials[@]}" -gt 20 ]
	for serial in "${serials[@]}"; do
		grep -v ":$serial):" "$LOG" >"$AUDIT_DIR/holes"
		run judge "$AUDIT_DIR/holes"
		last
		[ "$wrong" = 0 ] || { echo "without $serial: $output"; return 1; }
	done
}

@test "without its anchor another engine's container is unknown, and never the host" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	[ -s "$AUDIT_DIR/c6" ] || skip 'podman is not installed'
	mv "$AUDIT_DIR/c6" "$AUDIT_DIR/c6.kept"
	run judge "$LOG"
	mv "$AUDIT_DIR/c6.kept" "$AUDIT_DIR/c6"
	last
	[ "$wrong" = 0 ]
	# all of its execs; a process id that was used again may make one of another's unknown too
	[ "$(awk -F'[()]' '/^c6: / {n += $(NF - 1)} END {print n + 0}' <<<"$output")" = "$(grep -o '"c6"' "$TRUTH" | wc -l)" ]
}

@test "rogue: podman's namespaces are all that it finds among six containers" {
	[ -s "$TRUTH" ] || skip 'no truth to compare with'
	if [ ! -s "$AUDIT_DIR/c6" ]; then
		run -0 "$INSTALLED/bin/ranby" audit rogue "$LOG"
		return
	fi
	run -1 --separate-stderr "$INSTALLED/bin/ranby" audit rogue --format json "$LOG"
	python3 - "$output" "$TRUTH" "$(id -u "$AUDIT_ALICE")" <<-'PY'
		import json, sys
		rows = [json.loads(l) for l in sys.argv[1].splitlines()]
		truth = json.load(open(sys.argv[2]))
		assert rows and all(r["auid"] == int(sys.argv[3]) for r in rows), rows
		ours = [r for r in rows if "ranby" in r["exe"]]
		assert not ours, ours
		assert any("podman" in r["exe"] for r in rows), [r["exe"] for r in rows]
	PY
}
