#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What a Containerfile does to whom it is not meant for (A20), and what little
# text costs much (A43). tests/attack-classes has which test holds which of it.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034 # bats sets output, lines and status, each test is a process, and lib reads some
load lib
load context
load hostile

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
setup() {
	in_context
	RACERS=()
	canary_make
}
teardown() {
	calm
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
}


@test "[A20] RUN --mount: how it is spread, whose it becomes and which other flags it has is not the file's to say" {
	local option
	for option in bind-propagation=rshared rshared shared rslave private propagation=shared U chown=true suid dev exec relabel=shared idmap \
		subpath=.. consistency=cached upperdir=/tmp; do
		containerfile <<<$'FROM busybox\nRUN --mount=type=bind,target=/in,'"$option"$' true'
		run -125 ranby build --no-cache ctx
		[[ $output == *"--mount: unknown option \"${option%%=*}\""* ]] || fail "$option: $output"
		# not by a variable either
		containerfile <<<$'FROM busybox\nARG O='"$option"$'\nRUN --mount=type=cache,target=/in,$O true'
		run -125 ranby build --no-cache ctx
		[[ $output == *"--mount: unknown option \"${option%%=*}\""* ]] || fail "$option: $output"
	done
	# and what is mounted comes back to nobody
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=target=/in --mount=type=cache,target=/c --mount=type=tmpfs,target=/t grep -E ' /(in|c|t) ' /proc/self/mountinfo
	EOF
	run -0 ranby build --no-cache ctx
	[ "$(grep -cE ' /(in|c|t) ' <<<"$output")" = 3 ]
	run -1 grep -E ' /(in|c|t) .* shared:' <<<"$output"
	nothing_left
	canary_intact
}

@test "[A20] what a RUN writes to what is bound is in no file of the context, another stage or image, and not in the layer" {
	mkdir ctx/d
	echo context >ctx/d/f
	chmod 640 ctx/d/f
	printf 'FROM busybox\nRUN mkdir /o && echo image >/o/f\n' | ranby build -q -t other -
	before=$(cd ctx && find . -printf '%p %y %m %u:%g %s %T@ %n\n' | sort)
	containerfile <<-'EOF'
		FROM busybox AS stage
		RUN mkdir /o && echo stage >/o/f
		FROM busybox
		RUN --mount=source=/,target=/in,rw rm -r /in/d; mkdir /in/new; echo x >/in/Containerfile; chmod 777 /in; touch -d @0 /in
		RUN --mount=from=stage,source=/o,target=/in,rw echo changed >/in/f; touch /in/new
		RUN --mount=from=other,source=/o,target=/in,rw echo changed >/in/f; touch /in/new
		RUN --mount=source=d,target=/in,rw cat /in/f; ls /in | wc -l
		RUN --mount=from=stage,source=/o,target=/in,rw cat /in/f; ls /in | wc -l
		RUN --mount=from=other,source=/o,target=/in,rw cat /in/f; ls /in | wc -l
		COPY --from=stage /o/f /from-stage
		COPY d/f /from-context
	EOF
	# what has no time of its own would be changed by who writes it
	touch -r ctx/d ctx/Containerfile
	before=$(cd ctx && find . -printf '%p %y %m %u:%g %s %T@ %n\n' | sort)
	run -0 ranby build --no-cache -t t ctx
	[[ $output == *$'\ncontext\n1\n'*$'\nstage\n1\n'*$'\nimage\n1\n'* ]] || fail "$output"
	[ "$(cd ctx && find . -printf '%p %y %m %u:%g %s %T@ %n\n' | sort)" = "$before" ] || fail "$(find ctx -ls)"
	[ "$(ranby run --rm --network none t sh -c 'cat /from-*; ls -d /in 2>/dev/null || echo none')" = $'context\nstage\nnone' ]
	[ "$(ranby run --rm --network none other sh -c 'cat /o/f; ls /o')" = $'image\nf' ]
	nothing_left
	ranby rmi t other >/dev/null
}

@test "[A20] a target below a cache that another build exchanges for a link all the time is mounted and cleared away there or nowhere" {
	local cache left i loops=${RANBY_ATTACK_LOOPS:-12} ran=0 refused=0
	: >"$CANARY/s"
	chmod 600 "$CANARY/s"
	mkdir "$CANARY/new"
	CANARY_SUM=$(canary_sum)
	echo unheard-of >secret
	containerfile <<<$'FROM busybox\nRUN --mount=type=cache,id=race,target=/c mkdir /c/d && ln -s '"$CANARY"$' /c/l'
	ranby build -q --no-cache ctx
	cache=$(dirname "$(find "$RANBY_ROOT/build-mounts" -name l)")
	race "$cache/d" "$cache/l"
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=cache,id=race,target=/c --mount=type=secret,id=s,target=/c/d/s --mount=type=tmpfs,target=/c/d/new/deep cat /c/d/s
	EOF
	for ((i = 0; i < loops; i++)); do
		run timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build --no-cache --secret id=s,src=secret ctx
		case $status in
		0) ran=$((ran + 1)) ;;
		124) fail "$output" ;;
		*) refused=$((refused + 1)) ;;
		esac
		canary_intact
	done
	calm
	echo "# $loops builds, $ran ran, $refused were refused" >&3
	left=$(grep -rls unheard-of "$CANARY" "$RANBY_ROOT" "$RANBY_RUN") || true
	[ -z "$left" ] || fail "the secret is left:" "$left"
	run -0 ranby build -q ctx --no-cache --secret id=s,src=secret
	canary_intact
	# the control: who is careless writes there
	race "$cache/d" "$cache/l"
	for ((i = 0; i < 50000; i++)); do
		[ -L "$cache/d" ] || echo careless 2>/dev/null >"$cache/d/new$i" || true
		((i % 50)) || [ -z "$(find "$CANARY" -name 'new?*' -print -quit)" ] || break
	done
	[ -n "$(find "$CANARY" -name 'new?*' -print -quit)" ]
}

# dear TEXT COMMAND...: refused with that word, in less than 128 MiB and a minute, and nothing is left
dear() {
	local text=$1 begin=$SECONDS
	shift
	peak "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"
	[ "$status" = 125 ] || fail "$text: $status, ${output:0:500}"
	[ "$(grep -c '^Error: ' <<<"$output")" = 1 ] || fail "${output:0:500}"
	[[ $output == *"$text"* ]] || fail "no \"$text\" in: ${output:0:500}"
	[ -n "${RANBY_SAN:-}" ] || [ "$peak" -lt 131072 ] || fail "$text: $peak KiB"
	echo "# $text: $peak KiB, $((SECONDS - begin)) s" >&3
	nothing_left
}
# file_of CODE: the Containerfile that python prints
file_of() { python3 -c "k = 'x' * 1000; $1" >ctx/Containerfile; }

@test "[A20] bombs of a Containerfile: variables, labels, ports, stages, words and patterns without end are an error (A43)" {
	local before variables
	before=$(ranby images -aq | sort)
	file_of 'print("FROM scratch\nENV A=" + k + "\nENV A=$A$A" * 40)'
	dear 'expand variables: File too large' build -q ctx
	file_of 'print("FROM scratch\nLABEL x=" + "${A:-" * 100000)'
	dear 'nested deeper than 32' build -q ctx
	file_of 'print("FROM scratch\nARG A=" + "a" * 200000 + "\nLABEL x=${A//a*a*a*a*b/x}")'
	dear 'too much work for its variable' build -q ctx
	file_of 'print("FROM scratch\nENV " + " ".join("a%d=b" % i for i in range(20000)))'
	dear 'more than 4096 words' build -q ctx
	file_of 'print("FROM scratch" + "".join("\nENV " + " ".join("a%d_%d=b" % (k, i) for i in range(1000)) for k in range(5)))'
	dear 'ENV: more than 4096 variables' build -q ctx
	mapfile -t variables < <(printf -- '--env=A%d=b\n' {1..5000})
	file_of 'print("FROM scratch")'
	dear '--env: more than 4096 variables' build -q "${variables[@]}" ctx
	file_of 'print("FROM scratch\nARG A=" + k + "\nARG A=$A$A" * 9 + "".join("\nLABEL l%d=$A" % i for i in range(1000)))'
	dear 'image config: larger than 4194304 bytes' build -q ctx
	file_of 'print("FROM scratch" + "\nEXPOSE 1-65535 1-65535/udp 1-65535/sctp" * 100)'
	dear 'EXPOSE: more than 65536 ports' build -q ctx
	file_of 'print("FROM scratch" + "".join("\nVOLUME " + " ".join("/%d_%d" % (k, i) for i in range(4000)) for k in range(17)))'
	dear 'VOLUME: more than 65536 directories' build -q ctx
	file_of 'print("".join("FROM scratch AS s%d\n" % i for i in range(300)))'
	dear 'more than 256 stages' build -q ctx
	file_of 'print("FROM scratch" + "\nLABEL a=b" * 5000)'
	dear 'more than 4096 instructions' build -q ctx
	file_of 'print("FROM scratch\n#" + "y" * 5000000)'
	dear 'File too large' build -q ctx
	[ "$(ranby images -aq | sort)" = "$before" ]
}

@test "bombs of commit --change and import --change: what could not be read again is not made (A43)" {
	local args=() i big size
	ranby create --name c --network none busybox true >/dev/null
	for ((i = 0; i < 5000; i++)); do args+=(-c "ENV A$i=b"); done
	dear_change 'ENV: more than 4096 variables' commit -q "${args[@]}" c bad
	# each is good; the third on the others would be too large
	printf -v big %060000d 0
	args=()
	for ((i = 0; i < 30; i++)); do args+=(-c "LABEL l$i=$big"); done
	ranby commit -q "${args[@]}" c grown >/dev/null
	for ((i = 2; i < 4; i++)); do
		ranby rm c >/dev/null
		ranby create --name c --network none grown true >/dev/null
		[ $i = 3 ] || ranby commit -q "${args[@]/LABEL l/LABEL m$i.}" c grown >/dev/null
	done
	dear_change 'image config: larger than 4194304 bytes' commit -q "${args[@]/LABEL l/LABEL n.}" c grown
	# the name has what it had
	size=$(ranby image inspect --format '{{json .Config.Labels}}' grown | wc -c)
	[ "$size" -gt 3600000 ] && [ "$size" -lt 4194304 ]
	ranby run --rm --network none grown true
	tar -cf empty.tar -T /dev/null
	args=()
	for ((i = 0; i < 5000; i++)); do args+=(-c "ENV A$i=b"); done
	dear_change 'ENV: more than 4096 variables' import -q "${args[@]}" empty.tar bad
	dear_change 'ONBUILD' import -q -c "$(printf 'ONBUILD %.0s' {1..2000})RUN x" empty.tar bad
	run -125 ranby image inspect bad
	ranby rm c >/dev/null
	ranby rmi grown >/dev/null
}
# dear_change TEXT COMMAND...: as above; the container stays
dear_change() {
	nothing_left() { [ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]; }
	dear "$@"
}
