#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What a Containerfile, or the image that it goes on, does not get by itself:
# a network, capabilities, an image by a few digits, a place on the terminal or
# on the disk.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's
load lib
load context

setup() {
	in_context
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/containers"
}

conf() { cat >"$XDG_CONFIG_HOME/containers/containers.conf"; }

# with_trigger NAME TEXT: busybox with that in its configuration's OnBuild, as NAME
with_trigger() {
	rm -rf layout
	ranby save -q --format oci-dir -o layout busybox
	python3 - layout "$2" <<-'END'
		import hashlib, json, sys
		d, text = sys.argv[1:]
		def read(h): return json.load(open(f"{d}/blobs/sha256/{h.split(':')[1]}"))
		def write(o):
		    b = json.dumps(o).encode(); h = hashlib.sha256(b).hexdigest()
		    open(f"{d}/blobs/sha256/{h}", "wb").write(b); return "sha256:" + h, len(b)
		ix = json.load(open(d + "/index.json"))
		m = read(ix["manifests"][0]["digest"]); c = read(m["config"]["digest"])
		c["config"]["OnBuild"] = [text]
		m["config"]["digest"], m["config"]["size"] = write(c)
		ix["manifests"][0]["digest"], ix["manifests"][0]["size"] = write(m)
		ix["manifests"][0].pop("annotations", None)
		json.dump(ix, open(d + "/index.json", "w"))
	END
	ranby tag "$(ranby pull -q oci:layout)" "$1"
}

@test "containers.conf confines RUN: capabilities, network, proxies, environment; options win" {
	conf <<-'EOF'
		[containers]
		default_capabilities = ["CHOWN", "CAP_KILL"]
		netns = "none"
		http_proxy = false
		env = ["FROM=file"]
		read_only = true
		userns = "host"
		log_driver = "json-file"
	EOF
	containerfile <<-'EOF'
		FROM busybox
		RUN grep CapBnd /proc/self/status; ls /sys/class/net | xargs; echo "p[$http_proxy] $FROM"; touch /x
	EOF
	http_proxy=http://127.0.0.1:9 run -0 ranby build -t c ctx
	[[ $output == *$'\nCapBnd:\t0000000000000021\nlo\np[] file\n'* ]] || fail "$output"
	http_proxy=http://127.0.0.1:9 run -0 ranby build --no-cache --http-proxy --cap-add NET_RAW ctx
	[[ $output == *$'\nCapBnd:\t0000000000002021\nlo\np[http://127.0.0.1:9] file\n'* ]] || fail "$output"
}

@test "[A20] RUN --network=host needs the caller's word, in a file and in a base's ONBUILD; none may always be" {
	containerfile <<<$'FROM busybox\nRUN --network=host readlink /proc/self/ns/net'
	run -125 ranby build --no-cache --network none ctx
	[[ $output == *'RUN --network=host'*'--allow network.host'* ]] || fail "$output"
	run -125 ranby build --no-cache ctx
	run -0 ranby build --network none --allow network.host ctx
	[[ $output == *"$(readlink /proc/self/ns/net)"* ]] || fail "$output"
	# and not what an allowed build has left in the cache
	run -125 ranby build --network none ctx
	run -0 ranby build --no-cache --network host ctx
	run -125 ranby build --allow security.insecure ctx
	containerfile <<<$'FROM busybox\nRUN --security=insecure true'
	run -125 ranby build ctx
	with_trigger trigger 'RUN --network=host true'
	containerfile <<<'FROM trigger'
	run -125 ranby build --network none ctx
	[[ $output == *'RUN --network=host'* ]] || fail "$output"
	containerfile <<<$'FROM busybox\nRUN --network=none ls /sys/class/net | xargs'
	run -0 ranby build --no-cache --network host ctx
	[[ $output == *$'\nlo\n'* ]] || fail "$output"
}

@test "[A20] OnBuild of a foreign image: here-documents, FROM and ONBUILD are refused with words" {
	local text
	for text in 'RUN <<EOF' 'COPY <<EOF /x' $'RUN <<EOF\necho hi\nEOF' 'FROM busybox' 'MAINTAINER x' 'ONBUILD RUN true'; do
		with_trigger t "$text"
		containerfile <<<'FROM t'
		run -125 ranby build ctx
		[[ $output == *ONBUILD* ]] || fail "$text: $output"
	done
}

@test "[A20] a secret in a variable of RUN is in no file while it runs, and not in inspect" {
	local id
	export WORD=hush-$RANDOM$RANDOM$RANDOM
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=secret,id=s,env=WORD printf %s "$WORD" | sha256sum; while [ ! -e /ctx/go ]; do sleep 0.1; done
	EOF
	ranby build --no-cache --secret id=s,env=WORD -v "$PWD/ctx:/ctx" ctx >log 2>&1 3>&- &
	local pid=$!
	for _ in {1..600}; do
		grep -q '  -$' log && break
		sleep 0.1
	done
	id=$(ranby ps --external --no-trunc --quiet | head -1)
	[ -n "$id" ] || fail "$(<log)"
	run ! grep -rl "$WORD" "$RANBY_ROOT/containers"
	run ! grep -q "$WORD" <<<"$(ranby inspect "$id")"
	touch ctx/go
	wait "$pid" || fail "$(<log)"
	grep -q "$(printf %s "$WORD" | sha256sum)" log || fail "$(<log)"
}

@test "[A20] what a file or a foreign image says cannot drive the terminal" {
	with_trigger t $'RUN true # \e]0;title\a\nforged line'
	printf 'FROM t\nLABEL "x=\e[2J"\n' >ctx/Containerfile
	ranby build --no-cache --build-arg $'no\e[1mvar=1' ctx >out 2>&1 || true
	run ! grep -q $'[\e\a]' out
	run ! grep -q '^forged' out
	grep -q 'ONBUILD RUN true # .x1b' out || fail "$(<out)"
}

@test "proxies of --build-arg are RUN's environment, and in no image, history or key" {
	containerfile <<<$'FROM busybox\nRUN echo "proxy=$https_proxy"'
	run -0 ranby build -t p --http-proxy=false --build-arg https_proxy=http://me:hush@127.0.0.1:9 ctx
	[[ $output == *'proxy=http://me:hush@127.0.0.1:9'* ]] || fail "$output"
	run ! grep -q hush <<<"$(ranby image inspect p; ranby history --no-trunc p)"
	run ! grep -rq hush "$RANBY_ROOT/blobs" "$RANBY_ROOT/build-cache"
	run -0 ranby build --http-proxy=false --build-arg https_proxy=http://me:other@127.0.0.1:9 ctx
	[[ $output == *'Using cache'* ]] || fail "$output"
	# an ARG of that name is the file's own wish
	containerfile <<<$'FROM busybox\nARG https_proxy\nRUN echo "proxy=$https_proxy"'
	run -0 ranby build --http-proxy=false --build-arg https_proxy=http://127.0.0.1:8 ctx
	[[ $output == *'proxy=http://127.0.0.1:8'* ]] || fail "$output"
}

@test "a file called .wh.NAME is refused by COPY, RUN and commit: it would remove NAME from the image" {
	: >ctx/.wh.bin
	containerfile <<<$'FROM busybox\nCOPY .wh.bin /'
	run -125 ranby build ctx
	[[ $output == *'.wh.bin: a file of an image cannot be called so'* ]] || fail "$output"
	containerfile <<<$'FROM busybox\nRUN mkdir /d && touch /d/.wh..wh..opq'
	run -125 ranby build ctx
	[[ $output == *'d/.wh..wh..opq: '* ]] || fail "$output"
	ranby run --name wh --network none busybox touch /.wh.etc
	run -125 ranby commit wh whiteout
	[[ $output == *'.wh.etc: '* ]] || fail "$output"
	ranby rm wh
}

@test "an image is named, not meant by the first digits of its id; a number is a stage" {
	local id
	id=$(ranby image inspect --format '{{.Id}}' busybox)
	containerfile <<<"FROM ${id:0:12}"
	run -125 ranby build ctx
	[[ $output == *'the beginning of an id is none in a Containerfile'* ]] || fail "$output"
	containerfile <<<"FROM $id"
	run -0 ranby build ctx
	containerfile <<<$'FROM busybox\nCOPY --from='"${id:0:12}"$' /bin/busybox /x'
	run -125 ranby build ctx
	containerfile <<<$'FROM busybox\nCOPY --from=7 /bin/busybox /x'
	run -125 ranby build ctx
	[[ $output == *'--from=7: there is no such stage'* ]] || fail "$output"
}

@test "what builds keep is counted by system df, and goes with system prune --all and image prune --build-cache" {
	containerfile <<<$'FROM busybox\nRUN --mount=type=cache,target=/c dd if=/dev/zero of=/c/x bs=1M count=1\nRUN --mount=type=cache,sharing=private,target=/d echo 1 >/d/x'
	ranby build -t kept ctx
	run -0 ranby system df --format '{{.Type}} {{.RawSize}}'
	[[ $output =~ 'Build Cache '(10[0-9]{5}) ]] || fail "$output"
	# what a build holds stays
	local lock
	lock=$(dirname "$(grep -rlx 1 "$RANBY_ROOT/build-mounts")").lock
	python3 -c 'import fcntl, struct, sys, time
f = open(sys.argv[1], "r+"); fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)); print("held", flush=True); time.sleep(100)' "$lock" >held 3>&- &
	local pid=$!
	for _ in {1..300}; do
		[ ! -s held ] || break
		sleep 0.1
	done
	ranby image prune -af --build-cache
	[ -e "${lock%.lock}/x" ]
	[ "$(find "$RANBY_ROOT/build-mounts" -type f | wc -l)" = 2 ] || fail "$(find "$RANBY_ROOT/build-mounts")"
	kill "$pid"
	wait "$pid" || true
	[ ! -e "$RANBY_ROOT/build-cache" ]
	load_image busybox
	ranby build -t kept ctx
	run -0 ranby system prune -af
	[[ $output =~ 'Total reclaimed space: '[1-9] ]] || fail "$output"
	[ -z "$(find "$RANBY_ROOT"/build-{cache,mounts} -type f 2>/dev/null)" ] || fail "$(find "$RANBY_ROOT"/build-*)"
	load_image busybox
}

@test "a shared cache that a RUN has is not pruned, nor taken by another alone; one RUN cannot have it shared and locked" {
	local pid cache
	containerfile <<-'EOF'
		FROM busybox
		RUN --mount=type=cache,id=both,target=/a --mount=type=cache,id=both,target=/b echo kept >/a/x; echo begun; while [ ! -e /ctx/go ]; do sleep 0.1; done; cat /b/x
	EOF
	ranby build --no-cache -v "$PWD/ctx:/ctx" ctx >log 2>&1 3>&- &
	pid=$!
	wait_for 30 grep -qx begun log || fail "$(<log)"
	cache=$(dirname "$(find "$RANBY_ROOT/build-mounts" -name x)")
	ranby image prune -af --build-cache
	ranby system prune -af
	[ "$(<"$cache/x")" = kept ]
	# who wants one alone gets another; who shares it does not wait
	mkdir ctx2
	printf 'FROM busybox\nRUN --mount=type=cache,id=both,sharing=private,target=/p test ! -e /p/x\nRUN --mount=type=cache,id=both,target=/p cat /p/x\n' >ctx2/Containerfile
	load_image busybox
	ranby build --no-cache ctx2
	touch ctx/go
	wait "$pid" || fail "$(<log)"
	grep -qx kept log
	ranby image prune -af --build-cache
	[ ! -e "$cache" ]
	load_image busybox
	printf 'FROM busybox\nRUN --mount=type=cache,id=b,target=/a --mount=type=cache,id=b,sharing=locked,target=/b true\n' >ctx2/Containerfile
	run -125 ranby build ctx2
	[[ $output == *'--mount type=cache,id=b: one RUN has it shared and locked'* ]] || fail "$output"
	printf 'FROM busybox\nRUN --mount=type=cache,id=b,sharing=locked,target=/a --mount=type=cache,id=b,target=/b true\n' >ctx2/Containerfile
	run -125 ranby build ctx2
	[[ $output == *'--mount type=cache,id=b: one RUN has it shared and locked'* ]] || fail "$output"
	printf 'FROM busybox\nRUN --mount=type=cache,id=b,sharing=locked,target=/a --mount=type=cache,id=b,sharing=locked,target=/b echo same >/a/x; cat /b/x\n' >ctx2/Containerfile
	run -0 ranby build ctx2
	[[ $output == *$'\nsame\n'* ]] || fail "$output"
}

@test "a RUN waits for its caches in the order of their names, and has none of the later ones meanwhile" {
	local first=x second=y pid lock waits=1
	# what holds the lock of a cache, from outside: an OFD lock of its file, as the build's own is
	cat >hold.py <<-'EOF'
		import fcntl, os, struct, sys
		fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
		fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
		print("held", flush=True)
		sys.stdin.read()
	EOF
	name_of() { printf %s "$1" | sha256sum | cut -c1-64; }
	[[ $(name_of x) < $(name_of y) ]] || { first=y second=x; }
	printf 'FROM busybox\nRUN --mount=type=cache,id=%s,target=/a,sharing=locked --mount=type=cache,id=%s,target=/b,sharing=locked echo both\n' \
		"$second" "$first" >ctx/Containerfile
	mkdir -p "$RANBY_ROOT/build-mounts"
	lock=$RANBY_ROOT/build-mounts/$(name_of "$first").lock
	mkfifo in
	python3 hold.py "$lock" <in >held 2>&1 3>&- &
	exec 8>in
	wait_for 30 grep -qx held held
	ranby build --no-cache ctx >log 2>&1 3>&- 8>&- &
	pid=$!
	# it has the file open that it waits for
	wait_for 30 sh -c "find /proc/[0-9]*/fd -lname '$lock' 2>/dev/null | cut -d/ -f3 | sort -u | wc -l | grep -qx 2"
	python3 hold.py "$RANBY_ROOT/build-mounts/$(name_of "$second").lock" </dev/null >free 2>&1 || waits=
	exec 8>&-
	wait "$pid" || fail "$(<log)"
	[ "$waits" ] || fail "it held the later one while it waited: $(<free)"
	grep -qx both log
}

@test "what cannot be had is refused: --rm=false, --force-rm=false, --compress" {
	local option
	printf 'FROM busybox\n' >"$BATS_TEST_TMPDIR/Containerfile"
	for option in --rm=false --force-rm=false --compress; do
		run -125 ranby build -q "$option" "$BATS_TEST_TMPDIR"
		[[ $output == *"${option%=*}"* ]]
	done
	ranby build -q --rm --force-rm "$BATS_TEST_TMPDIR" >/dev/null
}

@test "COPY of zeros: no block is written for them, and the layer is the same" {
	local size=268435456 written
	mkdir dense sparse
	truncate -s 64M dense/file
	echo end >>dense/file
	cp --sparse=always dense/file sparse/file
	cp --sparse=never dense/file dense/whole && mv dense/whole dense/file
	touch -d @5 dense/file sparse/file
	for i in dense sparse; do printf 'FROM busybox\nCOPY file /file\n' >$i/Containerfile; done
	ranby build -q --no-cache --timestamp 5 -t dense dense
	ranby build -q --no-cache --timestamp 5 -t sparse sparse
	[ "$(ranby image inspect --format '{{.RootFS.Layers}}' dense)" = "$(ranby image inspect --format '{{.RootFS.Layers}}' sparse)" ]
	[ "$(ranby run --rm --network none sparse sha256sum /file)" = "$(sha256sum <sparse/file | cut -c1-64)  /file" ]
	truncate -s $size ctx/big
	containerfile <<<$'FROM busybox\nCOPY big /big'
	# of all that is executed on the way: blocks that were to be written
	written=$(python3 - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -q --no-cache -t big ctx <<-'EOF'
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
		print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock * 512)
	EOF
	)
	[ "$written" -lt $((size / 8)) ] || fail "$written bytes were written"
	[ "$(ranby run --rm --network none big stat -c %s /big)" = $size ]
	[ "$(du -s -B1 "$RANBY_ROOT" | cut -f1)" -lt $((size / 4)) ]
}
