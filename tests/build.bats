#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build: Containerfiles into images; the result is looked at from outside, and
# compared with what podman makes of the same file.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load context
load podman

setup_file() { ranby_setup_file busybox; }
teardown_file() {
	end_podman "RANBY_RUN=$RANBY_RUN"
	ranby_teardown_file
}

setup() { in_context; }

config_of() { ranby image inspect --format "{{json .Config.$2}}" "$1"; }

@test "FROM, ENV, WORKDIR, COPY, RUN, CMD: the image runs" {
	echo one >ctx/a
	containerfile <<-'EOF'
		FROM busybox
		ENV A=b C="d e"
		WORKDIR /srv/app
		COPY a .
		RUN echo "$A $C" >b && id -u >c
		CMD ["cat", "a", "b", "c"]
	EOF
	run -0 ranby build -t first ctx
	[[ $output == *"STEP 1/6: FROM busybox"*"STEP 6/6: CMD"*"COMMIT localhost/first:latest"*"Successfully tagged localhost/first:latest"* ]]
	[[ ${lines[-1]} =~ ^[0-9a-f]{64}$ ]]
	run -0 ranby run --rm first
	[ "$output" = $'one\nb d e\n0' ]
	[ "$(ranby image inspect --format '{{len .RootFS.Layers}}' first)" = 4 ]
	nothing_left
}

@test "the configuration: each instruction that only changes it, and docker's resets" {
	containerfile <<-'EOF'
		FROM busybox AS base
		CMD ["inherited"]
		VOLUME /data ["no"]
		FROM base
		LABEL a=1 b="two words"
		EXPOSE 80 53/udp 8000-8001
		VOLUME ["/v w"]
		USER nobody
		STOPSIGNAL SIGINT
		HEALTHCHECK --interval=5s --retries=3 CMD true
		SHELL ["/bin/sh", "-ec"]
		WORKDIR /tmp
		WORKDIR ../etc
		ENTRYPOINT echo hello
	EOF
	run -0 ranby build -t conf ctx
	[ "$(config_of conf Cmd)" = null ]
	[ "$(config_of conf Entrypoint)" = '["/bin/sh","-ec","echo hello"]' ]
	[ "$(config_of conf User)" = '"nobody"' ]
	[ "$(config_of conf WorkingDir)" = '"/etc"' ]
	[ "$(config_of conf StopSignal)" = '"SIGINT"' ]
	[ "$(config_of conf Labels)" = '{"a":"1","b":"two words"}' ]
	[ "$(config_of conf ExposedPorts | tr -d '{}:' | tr , '\n' | sort | tr -d '\n')" = '"53/udp""80/tcp""8000/tcp""8001/tcp"' ]
	[[ $(config_of conf Volumes) == *'"/v w"'* ]]
}

@test "stages: only those that are needed, by name and number, --target" {
	containerfile <<-'EOF'
		ARG TAG=latest
		FROM busybox:$TAG AS tools
		RUN echo tool >/tool
		FROM tools AS broken
		RUN false
		FROM scratch AS files
		COPY --from=tools /tool /a
		FROM busybox
		COPY --from=files /a /x/
		COPY --from=0 --chown=7:8 --chmod=640 /tool /y
		COPY --from=busybox /etc/passwd /z
	EOF
	run -0 ranby build -t staged ctx
	[[ $output != *broken* ]]
	run -0 ranby run --rm staged sh -c 'cat /x/a; stat -c "%u:%g %a" /y; grep -c nobody /z'
	[ "$output" = $'tool\n7:8 640\n1' ]
	run -1 ranby build --target broken ctx
	[[ $output == *'building at STEP "RUN false": while running runtime: exit status 1'* ]]
	run -0 ranby build --target files -t files ctx
	run -125 ranby build --target nobody ctx
	nothing_left
}

@test "ARG: --build-arg, the default, before FROM, and what is not consumed" {
	containerfile <<-'EOF'
		ARG G=global
		FROM busybox
		RUN test -z "$G"
		ARG G
		ARG A=default
		ARG TARGETARCH
		RUN echo "$G $A $B $TARGETARCH" >/out
		CMD cat /out
	EOF
	run -0 ranby build -t args --build-arg B=x ctx
	[[ $output == *'one or more build args were not consumed: [B]'* ]]
	run -0 ranby run --rm args
	[[ $output == "global default  "?* ]]
	run -0 ranby build -t args --build-arg A=given ctx
	[[ $output == *'Using cache'* ]]
	run -0 ranby run --rm args
	[[ $output == "global given  "?* ]]
}

@test "a RUN that fails: its exit code, and nothing of it is left" {
	containerfile <<<$'FROM busybox\nRUN exit 7'
	run -7 ranby build -t failed ctx
	[[ $output == *'exit status 7'* ]]
	run -1 ranby image exists failed
	nothing_left
}

@test "the cache: the same again, and what must be done anew" {
	echo 1 >ctx/f
	containerfile <<-'EOF'
		FROM busybox
		ARG A
		COPY f /f
		RUN date +%N >/made
		LABEL x=y
	EOF
	first=$(ranby build -q -t cached ctx)
	run -0 ranby build -t cached ctx
	[ "$(grep -c 'Using cache' <<<"$output")" = 4 ]
	[ "${lines[-1]}" = "$first" ]
	# times do not count, content and mode do
	touch -d 2001-01-01 ctx/f
	[ "$(ranby build -q ctx)" = "$first" ]
	chmod 600 ctx/f
	[ "$(ranby build -q ctx)" != "$first" ]
	chmod 644 ctx/f
	[ "$(ranby build -q ctx)" = "$first" ]
	echo 2 >ctx/f
	[ "$(ranby build -q ctx)" != "$first" ]
	echo 1 >ctx/f
	[ "$(ranby build -q --build-arg A=1 ctx)" != "$first" ]
	[ "$(ranby build -q --cap-drop ALL ctx)" != "$first" ]
	[ "$(ranby build -q --no-cache ctx)" != "$first" ]
}

@test "the cache: an entry that is torn, or of an image that has gone, is none" {
	containerfile <<<$'FROM busybox\nRUN date +%N >/made\nRUN date +%N >/more'
	first=$(ranby build -q -t torn ctx)
	for f in "$RANBY_ROOT"/build-cache/*; do head -c 20 "$f" >"$f.x" && mv "$f.x" "$f"; done
	run -0 ranby build -q -t torn ctx
	second=$output
	[ "$second" != "$first" ]
	ranby rmi --force torn >/dev/null
	ranby image prune --all --force >/dev/null
	load_image busybox
	run -0 ranby build -t torn ctx
	[[ $output != *'Using cache'* ]]
	run -0 ranby run --rm torn cat /made
}

@test "reproducible: the same digest again, and from another directory" {
	mkdir ctx/d
	echo 1 >ctx/d/f
	containerfile <<-'EOF'
		FROM busybox
		COPY d /d
		RUN mkdir /e && echo x >/e/f && rm -r /tmp
		WORKDIR /new
	EOF
	for how in --timestamp=1000000000 --source-date-epoch=1000000000 '--source-date-epoch=1000000000 --squash'; do
		# shellcheck disable=SC2086 # two options
		first=$(ranby build -q --no-cache $how -t again ctx)
		cp -r ctx elsewhere
		# shellcheck disable=SC2086
		[ "$(ranby build -q --no-cache $how -t again elsewhere)" = "$first" ]
		rm -r elsewhere
	done
	[ "$(ranby image inspect --format '{{json .Created}}' again)" = '"2001-09-09T01:46:40Z"' ]
}

@test "--layers=false, --squash: one layer more; --squash-all: one" {
	containerfile <<<$'FROM busybox\nRUN echo 1 >/a\nRUN rm /a; echo 2 >/b\nWORKDIR /c'
	for how in --layers=false --squash --squash-all; do
		run -0 ranby build "$how" -t flat ctx
		n=2
		[ "$how" != --squash-all ] || n=1
		[ "$(ranby image inspect --format '{{len .RootFS.Layers}}' flat)" = "$n" ]
		run -0 ranby run --rm flat sh -c 'cat /b; test ! -e /a; pwd'
		[ "$output" = $'2\n/c' ]
	done
	nothing_left
}

@test "what a RUN does not change is not in its layer" {
	containerfile <<<$'FROM busybox\nRUN true'
	ranby build -q -t empty ctx
	ranby save --format oci-dir -o out empty
	layer=$(python3 -c 'import json; i = json.load(open("out/index.json"))["manifests"][0]["digest"][7:]
print(json.load(open("out/blobs/sha256/" + i))["layers"][-1]["digest"][7:])')
	run -0 tar tf "out/blobs/sha256/$layer"
	[ -z "$output" ]
}

@test "--iidfile, --label, --annotation, --env, --unsetenv, --format docker, -f -" {
	run -0 ranby build --iidfile id --label l=1 --annotation a=2 --env E=3 --unsetenv PATH --format docker -t opts -f - ctx <<<$'FROM busybox\nENV F=4'
	[ "$(cat id)" = "${lines[-1]}" ]
	[ "$(config_of opts Labels)" = '{"l":"1"}' ]
	[ "$(config_of opts Env)" = '["F=4","E=3"]' ]
	[ "$(ranby image inspect --format '{{.ManifestType}}' opts)" = application/vnd.docker.distribution.manifest.v2+json ]
}

@test "ONBUILD is done by the build that goes on it" {
	containerfile <<<$'FROM busybox\nONBUILD RUN echo trigger >/t\nONBUILD ENV T=1'
	ranby build -q -t base ctx
	run -1 ranby run --rm base test -e /t
	containerfile <<<$'FROM base'
	ranby build -q -t on ctx
	run -0 ranby run --rm on sh -c 'cat /t; echo $T'
	[ "$output" = $'trigger\n1' ]
	[ "$(config_of on OnBuild)" = null ]
}

@test "[A20] a build that is killed leaves nothing: no process, no container, no directory" {
	containerfile <<<$'FROM busybox\nRUN echo begun && sleep 4320'
	ranby build ctx >out 2>&1 3>&- &
	pid=$!
	wait_for 20 grep -qx begun out
	# the program, not the function's shell
	program=$(pgrep -P "$pid" -x ranby || echo "$pid")
	run -0 ranby ps -q
	[ -z "$output" ]
	run -0 ranby ps --external --format '{{.Names}}'
	[[ $output == build-* ]]
	kill -KILL "$program"
	wait "$pid" || true
	wait_for 20 sh -c "! pgrep -fx 'sleep 4320' -u $(id -u)"
	wait_for 20 sh -c "[ -z \"\$(ls -A '$RANBY_ROOT/containers')\" ]"
	containerfile <<<$'FROM busybox\nRUN true'
	run -0 ranby build ctx
	nothing_left
}

@test "[A20] a build that is killed with its guard: the next build or prune ends what it was at" {
	local verb pid program left
	echo "very secret" >secret
	for verb in 'image prune --force' 'container prune --force' 'system prune --force' 'build again'; do
		containerfile <<<$'FROM busybox\nRUN --mount=type=secret,id=s echo begun && sleep 4320'
		mkdir -p again
		printf 'FROM scratch\nLABEL a=b\n' >again/Containerfile
		rm -f out
		ranby build --secret id=s,src=secret ctx >out 2>&1 3>&- &
		pid=$!
		wait_for 20 grep -qx begun out
		program=$(pgrep -P "$pid" -x ranby || echo "$pid")
		mapfile -t guard < <(pgrep -P "$program" -x ranby)
		[ "${#guard[@]}" = 1 ]
		kill -KILL "${guard[0]}" "$program"
		wait "$pid" || true
		# nobody has ended it yet
		left=$(ranby ps --external -q)
		[ -n "$left" ] || fail "$verb: it has gone by itself"
		# shellcheck disable=SC2086 # words
		run -0 ranby $verb
		[ -z "$(ranby ps --all --external -q)" ] || fail "$verb"
		run -1 pgrep -fx 'sleep 4320' -u "$(id -u)"
		left=$(grep -rls 'very secret' "$RANBY_RUN" "$RANBY_ROOT") || true
		[ -z "$left" ] || fail "$verb: $left"
	done
	# one of a build that goes on is nobody else's
	rm -f out
	ranby build --secret id=s,src=secret ctx >out 2>&1 3>&- &
	pid=$!
	wait_for 20 grep -qx begun out
	ranby system prune --force >/dev/null
	ranby build -q again >/dev/null
	[ -n "$(ranby ps --external -q)" ]
	kill -TERM "$(pgrep -P "$pid" -x ranby || echo "$pid")"
	wait "$pid" || true
	wait_for 20 sh -c "[ -z \"\$(ls -A '$RANBY_ROOT/containers')\" ]"
	ranby image prune --force >/dev/null
	load_image busybox
}

@test "RUN --mount: bind, cache, tmpfs, secret, ssh; nothing of them is in the layer" {
	mkdir ctx/d
	echo bound >ctx/d/f
	echo "the secret" >secret
	containerfile <<-'EOF'
		FROM busybox AS other
		RUN mkdir /o && echo other >/o/f
		FROM busybox
		WORKDIR /w
		RUN --mount=source=d,target=in cat in/f && ! touch in/x 2>/dev/null
		RUN --mount=type=bind,source=/d,target=/in,rw touch /in/x
		RUN --mount=from=other,source=/o,target=/new/deep cat /new/deep/f
		RUN --mount=type=cache,target=/cache echo kept >>/cache/f
		RUN --mount=type=cache,target=/cache wc -l </cache/f
		RUN --mount=type=tmpfs,target=/t touch /t/x
		RUN --mount=type=secret,id=s cat /run/secrets/s; stat -c %a:%u /run/secrets/s
		RUN --mount=type=secret,id=s,target=/etc/s,mode=0444,uid=5,gid=6 stat -c %a:%u:%g /etc/s
		RUN --mount=type=secret,id=s,env=WORD echo "[$WORD]"
		RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
	EOF
	run -0 ranby build --secret id=s,src=secret -t mounts ctx
	[[ $output == *bound*other*'the secret'*400:0*444:5:6*'[the secret'*']'* ]]
	[ ! -e ctx/d/x ]
	run -0 ranby run --rm mounts sh -c 'ls -d /w/* /in /new /cache /t /run/secrets /etc/s 2>/dev/null || echo none'
	[ "$output" = none ]
	run ! grep -rl "the secret" "$RANBY_ROOT" "$RANBY_RUN"
	nothing_left
	containerfile <<<$'FROM busybox\nRUN --mount=type=secret,id=FROM_ID echo "[$(cat /run/secrets/FROM_ID)]"'
	echo of-file >FROM_ID
	run -0 ranby build --no-cache --secret id=FROM_ID ctx
	[[ $output == *'[of-file]'* ]] || fail "$output"
	FROM_ID=of-variable run -0 ranby build --no-cache --secret id=FROM_ID ctx
	[[ $output == *'[of-variable]'* ]] || fail "$output"
	containerfile <<<$'FROM busybox\nRUN --mount=type=secret,id=absent,required true'
	run -125 ranby build ctx
	[[ $output == *absent* ]]
	# what is bound is part of the step
	containerfile <<<$'FROM busybox\nRUN --mount=source=d,target=/in cat /in/f'
	ranby build -q ctx
	run -0 ranby build ctx
	[[ $output == *'Using cache'* ]]
	echo changed >ctx/d/f
	run -0 ranby build ctx
	[[ $output == *changed* ]]
}

@test "RUN --mount=type=ssh: the agent's own socket, and nothing of it in the image" {
	need_program ssh-agent
	local sock=$BATS_TEST_TMPDIR/agent.sock pid
	ssh-agent -D -a "$sock" >/dev/null 2>&1 3>&- &
	pid=$!
	wait_for 30 test -S "$sock"
	containerfile <<<$'FROM busybox\nRUN --mount=type=ssh,required test -S "$SSH_AUTH_SOCK" && stat -c %i "$SSH_AUTH_SOCK" >/inode\nRUN test -z "$SSH_AUTH_SOCK"'
	run -0 ranby build -q --ssh "default=$sock" -t agent ctx
	run -0 ranby run --rm agent cat /inode
	[ "$output" = "$(stat -c %i "$sock")" ]
	containerfile <<<$'FROM busybox\nRUN --mount=type=ssh,uid=0,gid=5,mode=0600 true'
	ranby build -q ctx
	run ! ranby build -q --ssh "default=$sock" --no-cache ctx
	[[ $output == *'type=ssh,gid='*'stays its owner'* ]] || fail "$output"
	kill "$pid"
	wait "$pid" || true
	containerfile <<<$'FROM busybox\nRUN --mount=type=ssh,required true'
	SSH_AUTH_SOCK='' run ! ranby build -q --no-cache ctx
}

@test "[A20] the source of a bind mount is a link that leads out: it does not" {
	mkdir outside
	echo canary >outside/f
	ln -s ../outside ctx/link
	ln -s "$PWD/outside" ctx/absolute
	ln -s /etc/passwd ctx/file
	for source in link absolute ../outside link/f "$PWD/outside" ../../../../../etc; do
		containerfile <<<$'FROM busybox\nRUN --mount=source='"$source"$',target=/in ls -laR /in; cat /in/f /in; true'
		run ranby build --no-cache ctx
		[[ $output != *canary* ]]
		containerfile <<<$'FROM busybox\nRUN --mount=source='"$source"$',target=/in,rw echo x >/in/planted; cat /in/f; true'
		run ranby build --no-cache ctx
		[[ $output != *canary* ]]
		[ ! -e outside/planted ]
		containerfile <<<$'FROM busybox\nCOPY '"$source"$' /in\nRUN ls -laR /in; cat /in/f /in; true'
		run ranby build --no-cache ctx
		[[ $output != *canary* ]]
	done
	# a link of another stage means that stage's files
	containerfile <<-'EOF'
		FROM busybox AS evil
		RUN mkdir /x && ln -s / /x/root && ln -s /etc /x/etc && echo of the stage >/etc/marker
		FROM busybox
		RUN --mount=from=evil,source=/x/etc,target=/in cat /in/marker
		RUN --mount=from=evil,source=/x/root,target=/in ls /in && test ! -e /in/home/ranby_canary
		COPY --from=evil /x/etc/marker /copied
		RUN cat /copied
	EOF
	run -0 ranby build --no-cache ctx
	[[ $output == *"of the stage"*"of the stage"* ]]
	nothing_left
}

@test "[A20] the id of a cache and its target never name a file of the host" {
	mkdir outside
	echo canary >outside/f
	for id in ../.. ../../../outside "$PWD/outside" .. . 'a/../../b'; do
		containerfile <<<$'FROM busybox\nRUN --mount=type=cache,id='"$id"$',target=/c ls -la /c; cat /c/f; echo x >/c/planted; true'
		run -0 ranby build --no-cache ctx
		[[ $output != *canary* ]]
		[ ! -e outside/planted ]
	done
	run -0 find "$RANBY_ROOT/build-mounts" -mindepth 1 -maxdepth 1
	for f in $output; do [[ ${f##*/} =~ ^[0-9a-f]{64}(\.lock)?$ ]]; done
	[ ! -e "$RANBY_ROOT/planted" ]
	containerfile <<<$'FROM busybox\nRUN --mount=type=tmpfs,target=/proc/x true'
	run -125 ranby build ctx
}

@test "[A20] the stub of a mount is taken away by name, and nothing that a link leads to" {
	mkdir outside
	: >outside/empty
	echo s >secret
	containerfile <<-EOF
		FROM busybox
		RUN mkdir -p /real && : >/real/empty && ln -s /real /door && ln -s $PWD/outside /out
		RUN --mount=type=secret,id=s,target=/door/new/secret rm -rf /tmp/x; ln -s /real /tmp/x
		RUN --mount=type=secret,id=s,target=/real/empty cat /real/empty
	EOF
	run -0 ranby build --secret id=s,src=secret -t stubs ctx
	[ -e outside/empty ]
	run -0 ranby run --rm stubs sh -c 'test -f /real/empty && ls -A /real'
	[ "$output" = empty ]
	# a payload that exchanges the directory above it while it is mounted
	containerfile <<-EOF
		FROM busybox
		RUN mkdir -p /a
		RUN --mount=type=secret,id=s,target=/a/b/secret mkdir /keep && : >/keep/secret && mv /a /gone && ln -s $PWD/outside /a; true
	EOF
	run ranby build --secret id=s,src=secret ctx
	[ -e outside/empty ]
}

@test "[A20] the build is killed while it holds a secret: it is nowhere" {
	echo "very secret" >secret
	containerfile <<<$'FROM busybox\nRUN --mount=type=secret,id=s echo begun && sleep 4320'
	ranby build --secret id=s,src=secret ctx >out 2>&1 3>&- &
	pid=$!
	wait_for 20 grep -qx begun out
	run -0 grep -rl "very secret" "$RANBY_RUN"
	program=$(pgrep -P "$pid" -x ranby || echo "$pid")
	kill -KILL "$program"
	wait "$pid" || true
	wait_for 20 sh -c "! grep -rqs 'very secret' '$RANBY_RUN' '$RANBY_ROOT'"
	wait_for 20 sh -c "[ -z \"\$(ls -A '$RANBY_ROOT/containers')\" ]"
}

@test "[A20] a here-document, a context and a stage cannot write outside of the image" {
	mkdir outside
	containerfile <<-EOF
		FROM busybox
		RUN ln -s $PWD/outside /out && ln -s ../../../../../../../..$PWD/outside /up
		COPY <<FILE /out/planted
		x
		FILE
		COPY <<FILE /up/planted
		x
		FILE
		WORKDIR /out/made
		RUN pwd
	EOF
	run ranby build ctx
	[ -z "$(ls -A outside)" ]
}

@test "the images of steps: images --all shows them, image prune takes them when nothing goes on from them" {
	ranby rmi --all --force >/dev/null
	load_image busybox
	containerfile <<<$'FROM busybox\nRUN echo 1 >/a\nRUN --mount=type=cache,target=/c echo 2 >/c/b'
	ranby build -q -t steps ctx
	run -0 ranby images --format '{{.Repository}}'
	[[ $output != *none* ]]
	run -0 ranby images --all --format '{{.Repository}}'
	[[ $output == *none* ]]
	run -0 ranby image prune --force
	[ -z "$output" ]
	run -0 ranby build ctx
	[ "$(grep -c 'Using cache' <<<"$output")" = 2 ]
	ranby rmi steps >/dev/null
	[ "$(ranby images --all -q | wc -l)" = 1 ]
	run -0 ranby build -t steps ctx
	[[ $output != *'Using cache'* ]]
	ranby image prune --all --force --build-cache >/dev/null
	[ ! -e "$RANBY_ROOT/build-cache" ]
	[ ! -e "$RANBY_ROOT/build-mounts" ]
	load_image busybox
}

@test "rmi: the steps that led to an image alone go with it, not those of another, in use or with a name" {
	local before
	ranby image prune --force >/dev/null
	before=$(ranby images --all -q | sort)
	containerfile <<<$'FROM busybox\nRUN echo 1 >/a\nRUN echo 2 >/b\nRUN echo 3 >/c'
	ranby build -q -t one ctx
	containerfile <<<$'FROM busybox\nRUN echo 1 >/a\nRUN echo other >/b'
	ranby build -q -t two ctx
	# the step of both stays, the second of the first goes with it
	run -0 ranby rmi one
	[ "$(grep -c '^Untagged' <<<"$output") $(grep -c '^Deleted' <<<"$output")" = '1 2' ]
	run -0 ranby run --rm two cat /a /b
	[ "$output" = $'1\nother' ]
	run -0 ranby rmi two
	[ "$(grep -c '^Deleted' <<<"$output")" = 2 ]
	[ "$(ranby images --all -q | sort)" = "$before" ]
	# one that a container uses, one with a name
	containerfile <<<$'FROM busybox\nRUN echo 1 >/a\nRUN echo 2 >/b\nRUN echo 3 >/c'
	ranby build -q -t one ctx
	mapfile -t steps < <(ranby images --all -q --no-trunc --filter dangling=true --filter before=one)
	[ "${#steps[@]}" = 2 ]
	ranby create --name user "${steps[0]#sha256:}" true >/dev/null
	run -0 ranby rmi one
	[ "$(grep -c '^Deleted' <<<"$output")" = 1 ]
	ranby rm user >/dev/null
	ranby build -q -t one ctx
	ranby tag "${steps[1]#sha256:}" kept
	ranby rmi one >/dev/null
	run -0 ranby run --rm kept cat /a
	ranby build -q -t one ctx
	run -0 ranby rmi --no-prune one
	[ "$(grep -c '^Deleted' <<<"$output")" = 1 ]
	ranby image prune --force >/dev/null
	ranby rmi kept >/dev/null
	ranby image prune --force >/dev/null
	[ "$(ranby images --all -q | sort)" = "$before" ]
}

@test "the same file as podman builds: the same configuration and files" {
	command -v podman >/dev/null || skip 'podman is not installed'
	containerfile <<-'EOF'
		FROM localhost/busybox-docker
		ARG A=1
		ENV B=$A C="x y"
		LABEL l="m n" k=v
		WORKDIR /srv/app
		COPY --chmod=640 f dir/ ./
		COPY dir /whole/
		EXPOSE 80 81/udp
		VOLUME /v
		USER nobody
		STOPSIGNAL SIGINT
		ENTRYPOINT ["cat"]
		CMD ["f"]
	EOF
	mkdir ctx/dir
	echo f >ctx/f
	echo g >ctx/dir/g
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/containers" run
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PWD/store" "$PWD/run" >"$XDG_CONFIG_HOME/containers/storage.conf"
	podman load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null 2>&1 || skip 'podman does not work here'
	podman build -q --format oci -t theirs ctx >/dev/null 2>&1 || skip 'podman cannot build here'
	podman save -q --format oci-archive -o theirs.tar theirs
	unshare --map-root-user --map-auto rm -rf store
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null
	ranby build -q -t ours ctx
	ranby load -q -i theirs.tar
	diff <(fields ours) <(fields localhost/theirs)
	diff <(files_of ours) <(files_of localhost/theirs)
}

fields() { ranby image inspect "$1" | python3 -c '
import json, sys
c = json.load(sys.stdin)[0]["Config"]
c["Labels"] = {k: v for k, v in c["Labels"].items() if not k.startswith("io.buildah")}
for k in sorted(c):
    print(k, json.dumps(c[k], sort_keys=True))'; }

# names, owners, modes and content below what the file makes
files_of() { ranby run --rm --user 0 --entrypoint '' "$1" sh -c 'find /srv /whole | sort | while read -r f; do stat -c "%n %u:%g %a" "$f"; test ! -f "$f" || cat "$f"; done'; }
