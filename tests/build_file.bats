#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# COPY, ADD and the context of `ranby build`. The tree of an image is compared
# with the one that podman build makes of the same Containerfile; what that podman
# has not yet (here-documents, --exclude, --parents, --link) with the
# reference's words. Differences to podman that are meant are in ranby-containerfile(5).
# shellcheck disable=SC2154,SC2034 # bats sets output, lines and status; lib reads RACERS

load lib
load podman

setup_file() {
	need_namespaces
	ranby_setup_file
}
teardown_file() {
	end_podman "RANBY_RUN=$RANBY_RUN"
	ranby_teardown_file
}
setup() {
	RACERS=()
	C=$BATS_TEST_TMPDIR/c
	mkdir -p "$C"
	cd "$C" || return
	umask 022
}

teardown() { calm; }

as_root() { unshare --map-root-user --map-auto "$@"; }

# tree DIR: names, kinds, modes, owners, links, sizes, times of files, sums.
tree() {
	as_root bash -c 'cd "$1" && find . -mindepth 1 \( -type d -printf "%P d %m %U:%G\n" \) -o -printf "%P %y %m %U:%G %l %s %Ts\n" | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2' - "$1"
}

# aside: without what create and export add.
aside() { grep -v '^\(dev\|proc\|sys\|run\|etc\(/\(hosts\|hostname\|resolv.conf\|mtab\)\)\?\) \|  ./etc/\(hosts\|hostname\|resolv.conf\)$'; }

# ours: builds the context, and lists the tree of the image.
ours() {
	ranby build -q -t x "$@" "$C" >/dev/null || return
	listing
}
listing() {
	rm -rf "$BATS_TEST_TMPDIR/out" && mkdir "$BATS_TEST_TMPDIR/out"
	ranby rm -f -t 0 tree >/dev/null 2>&1 || true
	ranby create --name tree --network none x /none >/dev/null || return
	ranby export tree | as_root tar -C "$BATS_TEST_TMPDIR/out" -xpf - || return
	tree "$BATS_TEST_TMPDIR/out" | aside
	remove_tree "$BATS_TEST_TMPDIR/out"
}

# theirs: the same by podman.
theirs() {
	local p=(podman --root "$BATS_TEST_TMPDIR/p" --runroot "$RANBY_RUN/p" --storage-driver vfs)
	"${p[@]}" build -q --isolation chroot --network host -t x "$C" >/dev/null 2>"$BATS_TEST_TMPDIR/said" || fail "podman: $(cat "$BATS_TEST_TMPDIR/said")"
	# shellcheck disable=SC2016 # for the inner shell
	"${p[@]}" unshare bash -c 'shift 0; m=$("$@" image mount x) && cd "$m" && tar -cf - .' - "${p[@]}" | (
		rm -rf "$BATS_TEST_TMPDIR/out" && mkdir "$BATS_TEST_TMPDIR/out"
		as_root tar -C "$BATS_TEST_TMPDIR/out" -xpf -
	)
	tree "$BATS_TEST_TMPDIR/out" | aside
	remove_tree "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/p" "$RANBY_RUN/p"
}

same() {
	find "$C" -exec touch -h -d '2011-02-03 04:05:06' {} +
	ours >"$BATS_TEST_TMPDIR/a" || fail "ranby: $(cat "$BATS_TEST_TMPDIR/a")"
	theirs >"$BATS_TEST_TMPDIR/b"
	[ -s "$BATS_TEST_TMPDIR/b" ]
	diff "$BATS_TEST_TMPDIR/b" "$BATS_TEST_TMPDIR/a"
}

@test "COPY: files, directories, globs, links, destinations: podman's tree" {
	need_program podman
	mkdir -p src/sub d2/.hid
	echo a >a.txt; echo b >b.txt; echo s >src/s.c; echo t >src/sub/t.c; echo h >d2/.hid/h; echo x >'sp ace'
	ln -s s.c src/l; ln -s /etc/passwd src/abs; ln -s a.txt link; ln -s src lsrc; mkfifo src/fifo
	chmod 700 d2; chmod 755 b.txt
	cat >Containerfile <<-'END'
		FROM scratch
		COPY a.txt /f1
		COPY a.txt b.txt /d1/
		COPY src /d3
		COPY src /d4/
		COPY src/ d2 /d5/
		COPY *.txt /d6/
		COPY link /lk
		COPY lsrc /lsrc
		COPY d2 /x/y/z
		WORKDIR /x
		COPY src/sub ./w
		COPY a.txt .
		COPY ["sp ace", "/q/"]
		COPY --chown=5:6 src /own/er
		COPY --chown=7 a.txt /own7/a
		COPY src/*.c /d7/
		COPY ../a.txt /up
		COPY --chmod=750 src /moded
		ADD a.txt /adda
	END
	same
}

@test "ADD: archives, names of the image's passwd, links in the destination: podman's tree" {
	need_program podman
	mkdir -p base/{etc,usr/lib,var,ex,real} new/ex p/q/r
	printf 'root:x:0:0::/:/bin/sh\nbin:x:1:2::/:/x\napp:x:1000:1500::/:/x\n' >base/etc/passwd
	printf 'root:x:0:\ngrp:x:77:\n' >base/etc/group
	ln -s /usr/lib base/var/link; ln -s etc/target base/flink; echo T >base/etc/target; ln -s nowhere base/dang
	echo e >base/ex/e; chmod 700 base/ex; ln -s ../../../../real base/ex/up
	as_root chown 50:60 base/real
	as_root tar --mtime='2011-02-03 04:05:06' -C base -cf base.tar .; gzip -nk base.tar; bzip2 -k base.tar; xz -k base.tar; cp base.tar.gz plain; echo gz | gzip -n >x.gz
	remove_tree base
	echo E2 >new/ex/e2; echo 1 >p/q/r/1; echo 2 >p/q/2; echo m >p/m.md
	cat >Containerfile <<-'END'
		FROM scratch
		ADD base.tar /
		COPY new /
		COPY p/m.md /var/link
		COPY p/m.md /ex/up/
		COPY p /var/link/pp
		COPY --chown=app p/m.md /o1
		COPY --chown=bin:grp p/m.md /o2
		COPY --chown=9:grp p /o4
		ADD base.tar.gz /arch/
		ADD base.tar.bz2 /bzip2/
		ADD base.tar.xz /xz/
		ADD plain /arch2
		ADD x.gz /plain/
		COPY base.tar.gz /packed
		COPY p/q/* /glob/
	END
	same
}

@test "COPY --from: owners stay, --chown wins: podman's tree" {
	need_program podman
	mkdir d; echo 1 >d/f; echo 2 >g
	cat >Containerfile <<-'END'
		FROM scratch AS one
		COPY --chown=11:12 d /d
		COPY --chown=13:14 g /g
		FROM scratch
		COPY --from=one /d /e
		COPY --from=0 /g /
		COPY --from=one --chown=1:2 / /all/
	END
	same
}

@test "what .containerignore and .dockerignore leave out: podman's tree" {
	need_program podman
	mkdir -p a/b doc
	echo 1 >a/x.o; echo 2 >a/x.c; echo 3 >a/b/y.o; echo 4 >doc/README.md; echo 5 >doc/x.md; echo 6 >.hidden
	printf 'FROM scratch\nCOPY . /\n' >Containerfile
	printf '# comment\n**/*.o\ndoc/*\n!doc/README.md\n.hid*\nContainerfile\n.dockerignore\n' >.dockerignore
	same
	grep -q '^doc/README.md ' "$BATS_TEST_TMPDIR/a"
	[ "$(grep -c '\.o ' "$BATS_TEST_TMPDIR/a")" = 0 ]
	# .containerignore goes before, and NAME.containerignore before both
	echo 'a' >.containerignore
	ours >"$BATS_TEST_TMPDIR/a"
	grep -q '^doc/x.md ' "$BATS_TEST_TMPDIR/a" && [ "$(grep -c '^a/' "$BATS_TEST_TMPDIR/a")" = 0 ]
	cp Containerfile F; echo doc >F.containerignore
	ours -f F >"$BATS_TEST_TMPDIR/a"
	grep -q '^a/x.o ' "$BATS_TEST_TMPDIR/a" && [ "$(grep -c '^doc/' "$BATS_TEST_TMPDIR/a")" = 0 ]
	# a link does not lead around it
	ln -s doc/x.md way; echo doc >.containerignore
	printf 'FROM scratch\nCOPY way /\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'leaves out'
}

@test "here-documents, --exclude, --parents, --link, --chmod in letters" {
	mkdir -p src/a/deep; echo 1 >src/a/x.c; echo 2 >src/a/x.md; echo 3 >src/a/deep/y.md; echo 4 >z.md
	cat >Containerfile <<-'END'
		FROM scratch
		ENV WHO=world
		COPY <<EOF <<"RAW" <<-TABS /doc/
		hello ${WHO}
		EOF
		$WHO
		RAW
			tabbed
			TABS
		COPY --chmod=u=rwX,go= <<one /sh/ell
		x
		one
		COPY --exclude=*.md --exclude=deep src/a /ex/
		COPY --parents src/a/x.c src/./a/deep /par/
		COPY --link z.md /linked/
	END
	ours >"$BATS_TEST_TMPDIR/a" || fail "$(cat "$BATS_TEST_TMPDIR/a")"
	cut -d' ' -f1-4 "$BATS_TEST_TMPDIR/a" | grep -v '^[0-9a-f]\{64\}' >"$BATS_TEST_TMPDIR/names"
	diff "$BATS_TEST_TMPDIR/names" - <<-'END'
		doc d 755 0:0
		doc/EOF f 644 0:0
		doc/RAW f 644 0:0
		doc/TABS f 644 0:0
		ex d 755 0:0
		ex/x.c f 644 0:0
		linked d 755 0:0
		linked/z.md f 644 0:0
		par d 755 0:0
		par/a d 755 0:0
		par/a/deep d 755 0:0
		par/a/deep/y.md f 644 0:0
		par/src d 755 0:0
		par/src/a d 755 0:0
		par/src/a/x.c f 644 0:0
		sh d 755 0:0
		sh/ell f 600 0:0
	END
	ranby cp tree:/doc "$BATS_TEST_TMPDIR/doc"
	[ "$(cat "$BATS_TEST_TMPDIR/doc/EOF" "$BATS_TEST_TMPDIR/doc/RAW" "$BATS_TEST_TMPDIR/doc/TABS")" = $'hello world\n$WHO\ntabbed' ]
}

@test "errors name the file, the line and the way out" {
	printf 'FROM scratch\n\nCOYP a b\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'Containerfile:3: unknown instruction: COYP (did you mean COPY?)'
	printf 'FROM scratch\nCOPY none /\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error '"none": no such file or directory'
	printf 'FROM scratch\nADD git://localhost/x /\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'git repositories are not fetched'
	echo f >f; printf 'FROM scratch\nCOPY f /f\nCOPY f /f/\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'is not a directory'
	run -125 ranby build -q https://localhost/x.git
	one_error 'git repositories are not fetched'
	echo 'ARG A=b' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'no build stage in current context: there is no FROM'
	printf 'FROM scratch\nARG S=NONE\nSTOPSIGNAL SIG$S\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'STOPSIGNAL SIGNONE: no signal'
	ranby build -q --build-arg S=RTMIN+3 "$C" >/dev/null
	printf 'FROM scratch\n\nENV A=${B\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error 'building at STEP "ENV A=${B": line 3: '
	printf 'FROM scratch AS o\nCOPY Containerfile /f\nFROM scratch\nCOPY --from=o f /f\n' >Containerfile
	run -125 ranby build -q --build-context o=/none "$C"
	one_error '--build-context o=/none: No such file or directory'
	load_image busybox
	printf 'FROM busybox\nRUN --mount=type=bind,source=none,target=/m true\n' >Containerfile
	run -125 ranby build -q "$C"
	one_error '--mount type=bind: "none": no such file or directory'
	rm Containerfile
	run -125 ranby build -q "$C"
	one_error 'no Containerfile or Dockerfile'
}

@test "RUN of a here-document that begins with #! is executed as a file, by any user, and is no file of the image" {
	local word
	ranby image exists busybox || load_image busybox
	printf 'FROM busybox\nSHELL ["/no/shell"]\nUSER 5:6\nRUN <<X\n#!/bin/awk -f\nBEGIN { print "awk of", ENVIRON["HOME"] }\nX\nRUN <<-"Y"\n\t#!/bin/sh -e\n\techo "$0 $(id -u)"\n\tfalse\n\techo not\nY\n' >Containerfile
	run -1 ranby build "$C"
	[[ $output == *$'\nawk of /\n'*$'\n/dev/pipes/script 5\n'* && $output != *$'\nnot\n'* ]] || fail "$output"
	for word in one one two; do
		printf 'FROM busybox\nRUN <<X\n#!/bin/sh\necho %s >/word\nX\n' "$word" >Containerfile
		run -0 ranby build -t script "$C"
		[ "$(ranby run --rm script cat /word)" = "$word" ]
	done
	[[ $output != *'Using cache'* ]] || fail "$output"
	run -0 ranby build -t script "$C"
	[[ $output == *'Using cache'* ]] || fail "$output"
	ranby save -q -o script.tar script
	mkdir script
	tar -C script -xf script.tar
	# its layer, without compression, beside the base's
	run -0 sh -c 'for blob in $(find script -type f -size -8k); do tar -tf $blob 2>/dev/null; done; true'
	[[ $output == *word* && $output != *pipes* ]] || fail "$output"
	rm -r script script.tar
	run -0 ranby history --no-trunc --format '{{.CreatedBy}}' script
	[[ $output == *'/dev/pipes/script <<X'*'echo two'* ]] || fail "$output"
}

@test "contexts: standard input, a tar, a Containerfile from elsewhere" {
	echo data >f; printf 'FROM scratch\nCOPY f /f\n' >Containerfile
	tar -cf ../t.tar .; tar -czf ../t.tgz .
	ranby build -q -t x - <../t.tar >/dev/null
	listing >"$BATS_TEST_TMPDIR/a"
	grep -q '^f f 644 0:0' "$BATS_TEST_TMPDIR/a"
	for operand in ../t.tar ../t.tgz; do ranby build -q -t x "$operand" >/dev/null; done
	printf 'FROM scratch\nCOPY <<a /b\na\n' | ranby build -q -t x - >/dev/null
	printf 'FROM scratch\nCOPY f /g\n' | ranby build -q -t x -f - "$C" >/dev/null
	listing | grep -q '^g f 644 0:0'
	run -125 ranby build -q - < <(printf 'FROM scratch\nCOPY f /g\n')
	one_error '"f": no such file'
}

@test "several -f: one after another, as with podman; errors name the file of theirs" {
	local p=(podman --root "$BATS_TEST_TMPDIR/p" --runroot "$RANBY_RUN/p" --storage-driver vfs) how='{{json .Config.Env}} {{json .Config.Cmd}}'
	printf 'FROM scratch\nENV A=1\nCMD ["/a"]\n' >one
	printf 'ENV B=$A\nCMD ["/b"]\n' >two
	ranby build -q -t x -f one -f two "$C" >/dev/null
	"${p[@]}" build -q -t x -f one -f two "$C" >/dev/null
	run -0 ranby image inspect --format "$how" x
	[[ $output == *'"B=1"'*'["/b"]' ]]
	[ "$output" = "$("${p[@]}" image inspect --format "$how" x)" ]
	printf 'ENV C=1\nRUM\n' >three
	run -125 ranby build -q -f one -f three "$C"
	one_error 'three:2: unknown instruction: RUM'
	run -125 ranby build -q -f - -f - "$C" </dev/null
	one_error 'standard input cannot be two Containerfiles'
	run -125 ranby build -q -f one -f none "$C"
	one_error 'none: No such file'
}

@test "links of a context lead nowhere outside of it (A20)" {
	mkdir "$BATS_TEST_TMPDIR/canary"
	echo secret >"$BATS_TEST_TMPDIR/canary/secret"
	canary_make
	ln -s "$CANARY" abs; ln -s "../../../../../../../../../..$CANARY" rel; ln -s /proc/self/root root; ln -s "$CANARY/secret" file
	mkdir d; ln -s "$CANARY/secret" d/kept
	for source in abs abs/secret rel rel/secret "root$CANARY/secret" file 'abs/*' "../../../../../../..$CANARY/secret" "$CANARY/secret" /proc/self/environ; do
		printf 'FROM scratch\nCOPY %s /x\n' "$source" >Containerfile
		run -125 ranby build -q -t x "$C"
		one_error COPY
		printf 'FROM scratch\nADD %s /x\n' "$source" >Containerfile
		run -125 ranby build -q -t x "$C"
		one_error ADD
	done
	# a link in a directory is a link
	printf 'FROM scratch\nCOPY d /d\n' >Containerfile
	ours >"$BATS_TEST_TMPDIR/a"
	grep -q "^d/kept l 777 0:0 $CANARY/secret " "$BATS_TEST_TMPDIR/a"
	# the Containerfile and the list of what is ignored are of the context too
	rm Containerfile; ln -s "$CANARY/secret" Containerfile
	run -125 ranby build -q "$C"
	[[ $output != *secret:* ]] || fail "$output"
	rm Containerfile; printf 'FROM scratch\nCOPY d /d\n' >Containerfile; ln -s "$CANARY/secret" .dockerignore
	ranby build -q "$C" >/dev/null
	canary_intact
}

@test "what is exchanged in the context meanwhile is a file of the context or an error (A20)" {
	mkdir "$BATS_TEST_TMPDIR/canary"
	echo secret >"$BATS_TEST_TMPDIR/canary/secret"
	canary_make
	mkdir -p real; for i in $(seq 50); do echo plain >"real/$i"; done
	ln -s "$CANARY" evil; mkdir swap; echo plain >swap/secret
	local i built=0 loops=${RANBY_ATTACK_LOOPS:-8}
	# of many looks all must find the same, for a build that is done
	race swap evil slowly
	printf 'FROM scratch\nCOPY real swap/secret /x/\nCOPY . /all/\n' >Containerfile
	# some must be built, else nothing was looked for
	for ((i = 0; i < loops || (built == 0 && i < 200); i++)); do
		ranby build -q --no-cache -t x "$C" >/dev/null 2>&1 || continue
		built=$((built + 1))
		rm -rf "$BATS_TEST_TMPDIR/out"
		ranby rm -f -t 0 tree >/dev/null 2>&1 || true
		ranby create --name tree --network none x /none >/dev/null
		! ranby export tree | tar -xOf - 2>/dev/null | grep -q '^secret$' || fail 'the secret is in the image'
	done
	calm
	echo "# $i builds, $built of them done" >&3
	[ "$built" -gt 0 ]
	canary_intact
}
