#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build --jobs: stages at once, what of them fails or is killed, and the same image as of stages one after another.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's
load lib
load context

setup() { in_context; }

# meet ID: two stages that end only when both are there
meet() {
	containerfile <<-EOF
		FROM busybox AS one
		RUN --mount=type=cache,id=$1,target=/m touch /m/one; until [ -e /m/two ]; do sleep 0.1; done; echo one >/one
		FROM busybox AS two
		RUN --mount=type=cache,id=$1,target=/m touch /m/two; until [ -e /m/one ]; do sleep 0.1; done; echo two >/two
		FROM busybox
		COPY --from=one /one /
		COPY --from=two /two /
	EOF
}

# build ARG...: one that waits for ever is ended
build() { timeout 300 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build "$@"; }
# begin ARG...: a build in the background, as from a terminal; $program is its process
begin() {
	rm -f out
	env --default-signal=INT,TERM "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build "$@" <&0 >out 2>&1 3>&- &
	program=$!
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }
count() { [ "$(grep -cx "$1" out)" = "$2" ]; }
no_sleeper() { ! pgrep -fx "$1" -u "$(id -u)" >/dev/null; }

@test "two stages that wait for each other end with --jobs 2 and 0, and the second build finds them" {
	local n
	for n in 2 0; do
		meet "both$n"
		run -0 build --jobs "$n" --no-cache -t both ctx
		[[ $output == *"[1/3] STEP 2/2: RUN --mount=type=cache,id=both$n"*"[3/3] STEP 1/3: FROM busybox"* ]] || fail "$output"
		run -0 ranby run --rm both cat /one /two
		[ "$output" = $'one\ntwo' ]
	done
	run -0 build --jobs 2 -t again ctx
	[ "$(grep -c 'Using cache' <<<"$output")" = 4 ] || fail "$output"
	nothing_left
}

@test "at most --jobs of them, and one by default" {
	local n most
	for n in 2 1; do
		containerfile <<-EOF
			FROM busybox AS a
			RUN --mount=type=cache,id=most$n,target=/m touch /m/in.a; ls /m | grep -c in >>/m/seen; sleep 1; ls /m | grep -c in >>/m/seen; rm /m/in.a
			FROM busybox AS b
			RUN --mount=type=cache,id=most$n,target=/m touch /m/in.b; ls /m | grep -c in >>/m/seen; sleep 1; ls /m | grep -c in >>/m/seen; rm /m/in.b
			FROM busybox AS c
			RUN --mount=type=cache,id=most$n,target=/m touch /m/in.c; ls /m | grep -c in >>/m/seen; sleep 1; ls /m | grep -c in >>/m/seen; rm /m/in.c
			FROM busybox
			COPY --from=a /bin/busybox /a
			COPY --from=b /bin/busybox /b
			COPY --from=c /bin/busybox /c
			RUN --mount=type=cache,id=most$n,target=/m echo "most \$(sort -n /m/seen | tail -n 1) of \$(wc -l </m/seen)"
		EOF
		# shellcheck disable=SC2046 # words
		run -0 ranby build $([ "$n" = 1 ] || echo "--jobs $n") ctx
		most=$(grep '^most' <<<"$output")
		[ "$most" = "most 1 of 6" ] || [ "$n $most" = "2 most 2 of 6" ] || fail "--jobs $n: $output"
	done
	run -125 ranby build -q --jobs -1 ctx
}

@test "--jobs 4 gives the image of --jobs 1, with its words, whatever the stages take of each other" {
	local n options
	printf 'FROM busybox\nONBUILD COPY --from=late /late /late\n' | ranby build -q -t triggers -f - ctx >/dev/null
	echo file >ctx/f
	containerfile <<-'EOF'
		ARG TOP=top
		FROM busybox AS one
		ARG A=given
		ENV E=of-one
		RUN echo "$A" >/a; printf no-newline
		FROM one AS two
		RUN echo "$A $E" >/b
		FROM busybox AS three
		ARG TOP
		COPY f /c
		RUN echo "$TOP" >>/c
		FROM busybox AS late
		RUN echo late >/late
		FROM triggers AS four
		RUN cat /late >/d
		FROM scratch AS nothing
		LABEL of=nothing
		FROM busybox AS five
		ARG FROM=two
		RUN --mount=from=$FROM,source=/b,target=/in cat /in >/e
		FROM nothing
		COPY --from=two /a /b /
		COPY --from=three /c /
		COPY --from=four /d /
		COPY --from=five /e /
	EOF
	for options in --layers=true --layers=false; do
		for n in 1 4; do
			run build --no-cache --jobs "$n" --source-date-epoch 1000000000 --build-arg A=other --build-arg N=no "$options" ctx
			[ "$status" = 0 ] || fail "$n $options" "$output"
			sort <<<"$output" >"out.$n"
			tail -n 1 <<<"$output" >"id.$n"
		done
		diff -u out.1 out.4
		cmp id.1 id.4
	done
	grep -q 'not consumed: \[N\]' out.4
	nothing_left
}

@test "a stage that fails ends the others: its exit code, one line, and nothing is left when the build has ended" {
	containerfile <<-'EOF'
		FROM busybox AS one
		RUN --mount=type=cache,id=fails,target=/m --mount=type=secret,id=s touch /m/there; sleep 4324
		FROM busybox AS two
		RUN --mount=type=cache,id=fails,target=/m until [ -e /m/there ]; do sleep 0.1; done; exit 7
		FROM busybox AS three
		RUN sleep 4324
		FROM busybox
		COPY --from=one /bin/busybox /1
		COPY --from=two /bin/busybox /2
		COPY --from=three /bin/busybox /3
	EOF
	echo secret >secret
	run -7 build --jobs 3 --secret id=s,src=secret -t failed ctx
	nothing_left
	no_sleeper 'sleep 4324'
	[ "$(grep -c Error <<<"$output")" = 1 ] || fail "$output"
	[[ ${lines[-1]} == *'RUN --mount=type=cache,id=fails,target=/m until '*'while running runtime: exit status 7' ]] || fail "$output"
	run -1 ranby image exists failed
	[ -z "$(ranby ps --all --external -q)" ]
}

# sleepers: two stages that say when they have begun, and sleep
sleepers() {
	containerfile <<-'EOF'
		FROM busybox AS one
		RUN --mount=type=secret,id=s printf 'begun\nwords of one'; sleep 4325
		FROM busybox AS two
		RUN --mount=type=secret,id=s printf 'begun\nwords of two'; sleep 4325
		FROM busybox
		COPY --from=one /bin/busybox /1
		COPY --from=two /bin/busybox /2
	EOF
	echo secret >secret
}

@test "[A20] a build of several stages that is killed, or that a signal ends, leaves no process, container and file" {
	local signal code
	sleepers
	for signal in INT TERM KILL; do
		begin --jobs 2 --secret id=s,src=secret ctx
		wait_for 60 count begun 2
		run -1 no_work_left
		kill -"$signal" "$program"
		code=0
		wait "$program" || code=$?
		[ "$code" = $((128 + $(kill -l "$signal"))) ] || fail "$signal: $code" "$(<out)"
		wait_for 60 no_work_left
		wait_for 60 no_sleeper 'sleep 4325'
		[ -z "$(ranby ps --all --external -q)" ]
	done
}

@test "[A20] a stage's process that is killed is an error of the build, and nothing of any stage is left" {
	local workers code=0
	sleepers
	begin --jobs 2 --secret id=s,src=secret ctx
	wait_for 60 count begun 2
	# the guard has no child, and each worker a guard
	mapfile -t workers < <(for pid in $(pgrep -P "$program" -x ranby); do ! pgrep -P "$pid" -x ranby >/dev/null || echo "$pid"; done)
	[ "${#workers[@]}" = 2 ] || fail "${workers[*]}"
	kill -KILL "${workers[0]}"
	wait "$program" || code=$?
	nothing_left
	no_sleeper 'sleep 4325'
	[ "$code" = 125 ] || fail "$code"
	[ "$(grep -c '^Error: ' out)" = 1 ] || fail "$(<out)"
	grep -qx 'Error: the process that made stage [12] was killed by signal 9' out || fail "$(<out)"
	# what they had said, though not to the end of a line
	[ "$(grep -x 'words of .*' out | sort | xargs)" = 'words of one words of two' ] || fail "$(<out)"
}

@test "[A20] a build of several stages that is killed with all its guards: the next build ends what it was at" {
	local all
	sleepers
	begin --jobs 2 --secret id=s,src=secret ctx
	wait_for 60 count begun 2
	mapfile -t all < <(pgrep -P "$program" -x ranby; for pid in $(pgrep -P "$program" -x ranby); do pgrep -P "$pid" -x ranby || true; done)
	# its guard, two workers, and theirs
	[ "${#all[@]}" = 5 ] || fail "${all[*]}"
	kill -STOP "${all[@]}"
	kill -KILL "$program" "${all[@]}"
	wait "$program" || true
	run -1 no_work_left
	printf 'FROM scratch\nLABEL a=b\n' >ctx/Containerfile
	run -0 build -q ctx
	nothing_left
	no_sleeper 'sleep 4325'
}

@test "of two stages at once that are the same one is executed, and the other finds what it made" {
	local i
	containerfile <<-'EOF'
		FROM busybox AS one
		RUN --mount=type=cache,id=same,target=/m echo first >>/m/runs; sleep 1; echo 1 >/1
		RUN --mount=type=cache,id=same,target=/m echo second >>/m/runs; sleep 1; echo 2 >/2
		FROM busybox AS two
		RUN --mount=type=cache,id=same,target=/m echo first >>/m/runs; sleep 1; echo 1 >/1
		RUN --mount=type=cache,id=same,target=/m echo second >>/m/runs; sleep 1; echo 2 >/2
		RUN echo 3 >/3
		FROM busybox
		COPY --from=one /1 /2 /
		COPY --from=two /3 /
		RUN --mount=type=cache,id=same,target=/m cat /m/runs
	EOF
	run -0 build --jobs 2 -t same ctx
	for i in first second; do [ "$(grep -cx $i <<<"$output")" = 1 ] || fail "$output"; done
	[ "$(grep -c 'Using cache' <<<"$output")" = 2 ] || fail "$output"
	run -0 ranby run --rm same cat /1 /2 /3
	[ "$output" = $'1\n2\n3' ]
	nothing_left
}

@test "lines of stages at once are whole" {
	local i
	for i in 1 2 3; do
		printf 'FROM busybox AS s%s\nRUN for i in $(seq 20); do printf "left-%s "; usleep 20000; echo "right-%s"; printf "left-%s " >&2; usleep 20000; echo "right-%s" >&2; done\n' \
			$i $i $i $i $i
	done | containerfile
	printf 'FROM busybox\nCOPY --from=s1 /bin/busybox /1\nCOPY --from=s2 /bin/busybox /2\nCOPY --from=s3 /bin/busybox /3\n' >>ctx/Containerfile
	run -0 ranby build --jobs 3 ctx
	[ "$(grep -c '^left-\([123]\) right-\1$' <<<"$output")" = 120 ] || fail "$output"
}

@test "on a terminal stages at once draw no bars over each other's lines" {
	local n
	for n in 1 2; do
		printf 'FROM docker-archive:%s/busybox.tar AS s%s\nRUN echo %s >/%s\n' "$RANBY_TEST_IMAGES" $n $n $n
	done | containerfile
	printf 'FROM scratch\nCOPY --from=s1 /1 /\nCOPY --from=s2 /2 /\n' >>ctx/Containerfile
	# nothing is unpacked there yet
	for n in 1 2; do
		run -0 script -qec "timeout 100 $RANBY --root $BATS_TEST_TMPDIR/store$n --runroot $RANBY_RUN build --jobs $n ctx" /dev/null
		[[ $output == *STEP* ]] || fail "$output"
		# the control: one after another has them
		if [ $n = 1 ]; then [[ $output == *$'\033['* ]]; else [[ $output != *$'\033['* ]]; fi || fail "$n:" "$output"
		"$RANBY" --root "$BATS_TEST_TMPDIR/store$n" --runroot "$RANBY_RUN" rmi --all --force >/dev/null
		remove_tree "$BATS_TEST_TMPDIR/store$n"
	done
}
