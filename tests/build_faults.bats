#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build: a context that changes while it is read, and what must not be taken
# from the cache.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load context

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }

setup() { in_context; }

# until_file FILE: it is there, within ten seconds.
until_line() {
	local i
	for ((i = 0; i < 600; i++)); do
		grep -q "$2" "$1" 2>/dev/null && return 0
		sleep 0.1
	done
	fail "no \"$2\" in $1:" "$(cat "$1")"
}

@test "a context whose name becomes a link to elsewhere is not what RUN --mount=type=bind sees" {
	mkdir victim
	echo SECRET >victim/f
	for rw in '' ,rw; do
		rm -rf ctx "ctx (deleted)"
		mkdir ctx
		echo harmless >ctx/f
		containerfile <<-EOF
			FROM busybox
			RUN echo begun; until [ -e /go/on ]; do sleep 0.1; done
			RUN --mount=type=bind,target=/in$rw cat /in/f
		EOF
		mkdir go
		(cd ctx && ranby build --no-cache -v "$BATS_TEST_TMPDIR/go:/go" . >../out 2>&1) 3>&- &
		pid=$!
		until_line out begun
		rm -rf ctx
		ln -s "$PWD/victim" "ctx (deleted)"
		ln -s "$PWD/victim" ctx
		touch go/on
		status=0
		wait $pid || status=$?
		[ "$status" -ne 0 ]
		run -1 grep SECRET out
		rm -r ctx go
	done
	nothing_left
}

@test "a bound directory is as .dockerignore has it, and what it leaves out is not in the key" {
	echo a >ctx/seen
	echo b >ctx/hidden
	echo hidden >ctx/.dockerignore
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=bind,target=/in ls /in; ! test -e /in/hidden
	EOF
	run -0 ranby build ctx
	[[ $output == *seen* ]]
	echo c >ctx/hidden
	run -0 ranby build ctx
	[[ $output == *"Using cache"* ]]
	echo c >ctx/seen
	run -0 ranby build ctx
	[[ $output != *"Using cache"* ]]
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=bind,source=hidden,target=/in cat /in
	EOF
	run ! ranby build ctx
	nothing_left
}

@test "a bound source is a path and no pattern" {
	mkdir 'ctx/d[x]' ctx/dx
	echo one >'ctx/d[x]/f'
	echo other >ctx/dx/f
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=bind,source=d[x],target=/in cat /in/f
	EOF
	run -0 ranby build ctx
	[[ $output == *one* ]]
	echo two >'ctx/d[x]/f'
	run -0 ranby build ctx
	[[ $output == *two* ]]
	echo another >ctx/dx/f
	run -0 ranby build ctx
	[[ $output == *"Using cache"* ]]
}

@test "rw of a bound file and directory goes to nobody" {
	mkdir ctx/d
	echo a >ctx/d/f
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=bind,source=d,target=/in,rw --mount=type=bind,source=d/f,target=/f,rw echo x >>/in/f; echo y >>/f; cat /in/f /f
	EOF
	run -0 ranby build ctx
	[[ $output == *$'a\nx\na\ny'* ]]
	[ "$(cat ctx/d/f)" = a ]
	nothing_left
}

@test "what changes between the key and the copy belongs to the key of what was copied" {
	local got
	# a/b is changed while a/m is read for the digest, with the build stopped: after its own reading, before the copy's
	mkdir ctx/a
	head -c 400000000 /dev/zero >ctx/a/m
	echo X >ctx/a/b
	containerfile <<-'EOF'
		FROM busybox
		COPY a /a
	EOF
	python3 - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -t changed ctx <<-'END' >out 2>&1 3>&-
		import ctypes, os, signal, struct, subprocess, sys
		IN_OPEN = 0x20
		libc = ctypes.CDLL(None, use_errno=True)
		watch = libc.inotify_init1(0)
		assert libc.inotify_add_watch(watch, b"ctx/a/m", IN_OPEN) > 0
		build = subprocess.Popen(sys.argv[1:])
		os.read(watch, 4096)
		build.send_signal(signal.SIGSTOP)
		with open("ctx/a/b", "w") as f:
		    f.write("Y\n")
		build.send_signal(signal.SIGCONT)
		sys.exit(build.wait())
	END
	got=$(ranby run --rm changed cat /a/b)
	[ "$got" = Y ] || fail "nothing was changed between the two: $got"
	# what was the key's content at first: its layer is not the one that was made
	echo X >ctx/a/b
	run -0 ranby build -t again ctx
	[[ $output != *'Using cache'* ]]
	[ "$(ranby run --rm again cat /a/b)" = X ]
	echo Y >ctx/a/b
	run -0 ranby build -t again ctx
	[[ $output == *'Using cache'* ]]
	[ "$(ranby run --rm again cat /a/b)" = Y ]
	nothing_left
}

@test "the digest in the history is that of what was copied, and a step after it is found again" {
	echo a >ctx/f
	tar -C ctx -cf ctx/t.tar f
	containerfile <<-'EOF'
		FROM busybox
		COPY f /f
		ADD t.tar /t/
		ADD --chown=7 t.tar /u/
		RUN cat /f /t/f /u/f
	EOF
	run -0 ranby build ctx
	run -0 ranby build ctx
	[ "$(grep -c 'Using cache' <<<"$output")" -eq 4 ]
}

@test "--timestamp is asked of the cache too" {
	echo a >ctx/f
	containerfile <<-'EOF'
		FROM busybox
		COPY f /f
	EOF
	run -0 ranby build -t times ctx
	run -0 ranby build --timestamp 1000000000 -t times ctx
	[[ $output != *"Using cache"* ]]
	[ "$(ranby run --rm times stat -c %Y /f)" = 1000000000 ]
	run -0 ranby build --timestamp 1000000001 -t times ctx
	[ "$(ranby run --rm times stat -c %Y /f)" = 1000000001 ]
	run -0 ranby build --timestamp 1000000000 -t times ctx
	[[ $output == *"Using cache"* ]]
}

@test "a cache whose owner could not be given is not there, and the next has what it asks for" {
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=cache,id=owned,target=/c,uid=4000000000,mode=0711 true
	EOF
	run ! ranby build ctx
	sed -i s/4000000000/7/ ctx/Containerfile
	sed -i 's/true$/stat -c %u:%a \/c/' ctx/Containerfile
	run -0 ranby build ctx
	[[ $output == *7:711* ]]
	run -0 find "$RANBY_ROOT/build-mounts" -maxdepth 1 -name "*.new-*"
	[ -z "$output" ]
}

@test "stages that a variable in a mount or a trigger of the base names are made" {
	containerfile <<-'EOF'
		FROM busybox AS one
		RUN echo first >/f
		FROM busybox
		ARG S=one
		RUN --mount=type=bind,from=$S,source=/f,target=/in cat /in
	EOF
	run -0 ranby build ctx
	[[ $output == *first* ]]
	printf 'FROM busybox\nONBUILD COPY --from=st /g /g\n' | ranby build -t triggers -f - ctx
	containerfile <<-'EOF'
		FROM busybox AS below
		RUN echo second >/g
		FROM below AS st
		ENV A=b
		FROM triggers
		RUN cat /g
	EOF
	run -0 ranby build ctx
	[[ $output == *second* ]]
	run -0 ranby build --layers=false ctx
	[[ $output == *second* ]]
}

@test "--build-context takes the place of FROM's image and stage" {
	printf 'FROM busybox\nRUN echo mine >/mine\n' | ranby build -t mine -f - ctx
	containerfile <<-'EOF'
		FROM absent.example/none AS base
		FROM base
		RUN cat /mine
	EOF
	run -0 ranby build --no-cache --build-context absent.example/none=docker-image://mine ctx
	[[ $output == *mine* ]]
	run -0 ranby build --no-cache --build-context base=docker-image://mine ctx
	[[ $output == *mine* ]]
	run ! ranby build --build-context base=ctx ctx
	[[ $output == *"a directory"* ]]
}

@test "--secret with a word that is none is refused before anything is done" {
	containerfile <<-'EOF'
		FROM busybox
		RUN echo begun
	EOF
	run -125 ranby build --secret id=s,scr=/nope ctx
	[[ $output == *scr* && $output != *STEP* ]]
}

# begin_build SIGNAL ARG...: a build in the background that SIGNAL ends, as from a terminal; $program is its process
begin_build() {
	local signal=$1
	shift
	rm -f out
	env --default-signal="$signal" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build "$@" <&0 >out 2>&1 3>&- &
	program=$!
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }
# ended_by SIGNAL: it was that, and the build was not through before
ended_by() {
	local code=0
	wait_for 20 has_ended "$program"
	wait "$program" || code=$?
	[ $code = $((128 + $(kill -l "$1"))) ] || fail "$1: code $code" "$(<out)"
	wait_for 20 no_work_left
}

@test "[A20] a build that a signal ends in a RUN, in a COPY or while it reads its context leaves no process and no file" {
	local signal program i
	mkdir -p ctx big
	printf 'FROM busybox\nRUN --mount=type=secret,id=s echo begun && sleep 4321\n' >ctx/Containerfile
	echo secret >secret
	mkfifo big/fifo pipe
	printf 'FROM busybox\nCOPY . /big\nRUN true\n' >big/Containerfile
	mkdir big/d
	for i in $(seq 400); do head -c 200000 /dev/zero >"big/d/$i"; done
	for signal in INT TERM HUP; do
		begin_build "$signal" --secret id=s,src=secret ctx
		wait_for 20 grep -qx begun out
		run -1 no_work_left
		kill -"$signal" "$program"
		ended_by "$signal"
		wait_for 20 sh -c "! pgrep -fx 'sleep 4321' -u $(id -u)"

		begin_build "$signal" --no-cache big
		wait_for 20 grep -q 'STEP 2/3: COPY' out
		kill -"$signal" "$program"
		ended_by "$signal"

		# its standard input is a pipe that does not end
		exec 8<>pipe
		begin_build "$signal" - <&8 8>&-
		printf 'FROM' >&8
		wait_for 20 sh -c "[ -n \"\$(ls -A '$RANBY_ROOT/staging')\" ]"
		kill -"$signal" "$program"
		ended_by "$signal"
		exec 8>&-
	done
	[ -z "$(ranby ps --all --external -q)" ]
	# what was found of a build that goes on is not swept
	begin_build TERM ctx --secret id=s,src=secret
	wait_for 20 grep -qx begun out
	ranby rmi --ignore
	run -1 no_work_left
	kill -TERM "$program"
	wait_for 20 no_work_left
}
