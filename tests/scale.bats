#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Many containers, many starts at once, and many one after another. RANBY_SCALE=1 is the long mode: 1000 alive, 200 at once,
# 10000 cycles (RANBY_SCALE_CYCLES). What is measured is printed. The bound on ps is on the processor time that it takes,
# so that other work on the host does not make the test fail.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	if [ -n "${RANBY_SCALE:-}" ]; then
		export ALIVE=1000 AT_ONCE=200 CYCLES=${RANBY_SCALE_CYCLES:-10000} PS_RUNS=100 PS_MS=60
	else
		export ALIVE=60 AT_ONCE=30 CYCLES=200 PS_RUNS=30 PS_MS=40
	fi
}
teardown_file() { ranby_teardown_file; }

say() { echo "# $*" >&3; }

# left: what of ours there is: files without the ledger and caches, mounts, processes, cgroups.
left() {
	(cd "$RANBY_ROOT" && find . -path ./state-home -prune -o -path ./cache-home -prune -o -print)
	(cd "$RANBY_RUN" && find . ! -name keeper -print)
	awk '{ print $5, $9 }' /proc/self/mountinfo
	# of ours alone: other files of tests run as this user meanwhile
	pgrep -u "$(id -u)" -f -l "$RANBY_RUN" | awk '$2 ~ /ranby|pasta/ {print $2}' | sort
	find /sys/fs/cgroup -type d -user "$(id -u)" -name '*ranby*' 2>/dev/null
}

# quantiles COUNT COMMAND...: milliseconds that the command takes: median and 99th percentile, and the median of its processor time.
quantiles() {
	python3 - "$@" <<-'PYTHON'
		import resource, subprocess, sys, time
		times, cpu, used = [], [], 0
		for _ in range(int(sys.argv[1])):
		    start = time.perf_counter()
		    subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
		    times.append((time.perf_counter() - start) * 1000)
		    now = resource.getrusage(resource.RUSAGE_CHILDREN)
		    cpu.append((now.ru_utime + now.ru_stime - used) * 1000)
		    used = now.ru_utime + now.ru_stime
		times.sort(), cpu.sort()
		print("%.1f %.1f %.0f" % (times[len(times) // 2], times[(len(times) * 99 - 1) // 100], cpu[len(cpu) // 2]))
	PYTHON
}

@test "many alive: started by the handful and all at once, no error; ps of them all is quick; all end" {
	local i pids=() failed=0 median p99 cpu begun=$SECONDS
	seq $((ALIVE - AT_ONCE)) | xargs -P 4 -I{} "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" \
		run -d --network none --name n{} busybox sleep 100000 >/dev/null 3>&-
	say "$((ALIVE - AT_ONCE)) started in $((SECONDS - begun)) s"
	begun=$SECONDS
	for ((i = 0; i < AT_ONCE; i++)); do
		ranby run -d --network none --name "at-once-$i" busybox sleep 100000 >/dev/null 2>>"$BATS_TEST_TMPDIR/errors" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || failed=$((failed + 1)); done
	say "$AT_ONCE at once: $((SECONDS - begun)) s"
	[ "$failed" = 0 ] || fail "$failed of $AT_ONCE" "$(sort <"$BATS_TEST_TMPDIR/errors" | uniq -c | head)"
	[ ! -s "$BATS_TEST_TMPDIR/errors" ] || fail "$(head "$BATS_TEST_TMPDIR/errors")"
	[ "$(ranby ps -q | wc -l)" = "$ALIVE" ]
	# the kernel counts the payloads
	[ "$(pgrep -u "$(id -u)" -f -x 'sleep 100000' | wc -l)" = "$ALIVE" ]
	read -r median p99 cpu < <(quantiles "$PS_RUNS" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" ps)
	say "ps of $ALIVE: median $median ms, p99 $p99 ms, $cpu ms of processor time ($PS_RUNS runs)"
	((cpu < PS_MS)) || fail "ps: $cpu ms of processor time, not below $PS_MS"
	begun=$SECONDS
	ranby rm -af -t 0 >/dev/null
	say "$ALIVE removed in $((SECONDS - begun)) s"
	[ "$(pgrep -u "$(id -u)" -f -x 'sleep 100000' | wc -l)" = 0 ]
	[ -z "$(find "$RANBY_ROOT/containers" "$RANBY_ROOT/names" -mindepth 1)" ]
}

@test "many cycles of run --rm: no file, mount, process or cgroup is left" {
	local before after i begun=$SECONDS
	ranby run --rm --network none busybox true
	before=$(left)
	for ((i = 0; i < CYCLES; i++)); do
		ranby run --rm --network none busybox true 3>&- || fail "cycle $i"
	done
	say "$CYCLES cycles in $((SECONDS - begun)) s"
	# the last monitor may still be on its way out
	wait_for 30 bash -c '! pgrep -u "$(id -u)" -f "$RANBY_RUN" >/dev/null'
	after=$(left)
	[ "$after" = "$before" ] || fail "$(diff <(echo "$before") <(echo "$after") | head -20)"
}
