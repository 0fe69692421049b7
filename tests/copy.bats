#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# cp and export: what arrives is compared with what was there by sha256sum, tar and stat of the host, the rules of
# where it arrives with podman's, and a container that fights it must not reach the host.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	ranby run -d --name run --network none busybox sleep 10000 >/dev/null
	ranby create --name made --network none busybox sleep 10000 >/dev/null
}
teardown_file() { ranby_teardown_file; }

# tree DIR: one line for each entry of it
tree() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %s %l\n' | sort && find . -type f -exec sha256sum {} + | sort -k2); }

make_source() {
	mkdir -p "$1/sub/empty"
	echo one >"$1/one"
	head -c 300000 /dev/urandom >"$1/sub/big"
	: >"$1/nothing"
	ln -s one "$1/link"
	ln -s /etc/passwd "$1/absolute"
	ln "$1/one" "$1/hard"
	mkfifo -m 640 "$1/fifo"
	chmod 600 "$1/nothing"
	chmod 751 "$1/sub"
	echo x >"$1/name with  blanks and ünïcode"
	touch -d '2001-02-03 04:05:06' "$1/one"
}

@test "cp: a tree there and back is the same, of a container that runs and of one that does not" {
	local c src=$BATS_TEST_TMPDIR/src
	make_source "$src"
	for c in run made; do
		run -0 ranby cp "$src" "$c:/there"
		[ -z "$output" ]
		run -0 ranby cp "$c:/there" "$BATS_TEST_TMPDIR/back-$c"
		diff <(tree "$src") <(tree "$BATS_TEST_TMPDIR/back-$c")
		[ "$(stat -c %Y "$BATS_TEST_TMPDIR/back-$c/one")" = "$(date -d '2001-02-03 04:05:06' +%s)" ]
		[ "$(stat -c %h "$BATS_TEST_TMPDIR/back-$c/one")" = 2 ]
		[ "$(stat -c %u "$BATS_TEST_TMPDIR/back-$c/sub/big")" = "$(id -u)" ]
	done
	ranby exec run sh -c 'cat "/there/name with  blanks and ünïcode"'
	[ "$(ranby exec run stat -c '%u %g %a' /there/nothing)" = '0 0 600' ]
	# what was copied to the one that did not run is there when it does
	ranby start made
	[ "$(ranby exec made sha256sum /there/sub/big | cut -c1-64)" = "$(sha256sum <"$src/sub/big" | cut -c1-64)" ]
	ranby kill made
}

@test "cp: owners are root's and the user's, or with -a those that they were" {
	local first
	first=$(sub_first uid)
	ranby exec run sh -c 'echo x >/mine; chown 7:8 /mine'
	ranby cp run:/mine "$BATS_TEST_TMPDIR/plain"
	[ "$(stat -c %u:%g "$BATS_TEST_TMPDIR/plain")" = "$(id -u):$(id -g)" ]
	ranby cp -a run:/mine "$BATS_TEST_TMPDIR/kept"
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/kept")" = $((first + 6)) ]
	ranby cp -a "$BATS_TEST_TMPDIR/kept" run:/again
	[ "$(ranby exec run stat -c %u:%g /again)" = 7:8 ]
	ranby cp "$BATS_TEST_TMPDIR/kept" run:/not-kept
	[ "$(ranby exec run stat -c %u:%g /not-kept)" = 0:0 ]
	remove_tree "$BATS_TEST_TMPDIR/kept"
}

@test "cp: owners of a container with a map of its own are right too" {
	ranby create --name keep --userns keep-id --network none busybox sleep 1000
	echo x >"$BATS_TEST_TMPDIR/f"
	ranby cp "$BATS_TEST_TMPDIR/f" keep:/tmp/made
	ranby start keep
	ranby cp "$BATS_TEST_TMPDIR/f" keep:/tmp/ran
	[ "$(ranby exec keep stat -c %u:%g /tmp/made)" = 0:0 ]
	[ "$(ranby exec keep stat -c %u:%g /tmp/ran)" = 0:0 ]
	ranby rm -f -t 0 keep
}

@test "cp: a setuid bit that a container made does not come to the host" {
	ranby exec run sh -c 'cp /bin/busybox /suid; chmod 6755 /suid; mkdir /suids; cp -p /suid /suids'
	ranby cp run:/suid "$BATS_TEST_TMPDIR/"
	ranby cp -a run:/suids "$BATS_TEST_TMPDIR/"
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/suid")" = 755 ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/suids/suid")" = 755 ]
	# into a container it is its own affair
	chmod 4755 "$BATS_TEST_TMPDIR/suid"
	ranby cp "$BATS_TEST_TMPDIR/suid" run:/back
	[ "$(ranby exec run stat -c %a /back)" = 4755 ]
}

# "cp dir CTR:/new/" is an error of podman's alone; docker makes the directory, and so do we
@test "cp: where things go is podman's, case by case" {
	need_program podman
	local src=$BATS_TEST_TMPDIR/src c n=0 from to code dirs
	mkdir -p "$src/dir/sub" "$BATS_TEST_TMPDIR/all"
	echo f >"$src/file"; echo s >"$src/dir/sub/s"; ln -s dir "$src/todir"; ln -s file "$src/tofile"
	podman load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null 2>&1 || skip 'podman loads no image here'
	podman rm -f -i cp >/dev/null 2>&1
	podman create --name cp localhost/busybox-docker true >/dev/null
	ranby create --name cp --network none busybox true >/dev/null
	# a directory for each case, there and here
	for n in {1..40}; do mkdir -p "$BATS_TEST_TMPDIR/all/$n/dir"; echo old >"$BATS_TEST_TMPDIR/all/$n/old"; done
	for c in podman ranby; do
		"$c" cp "$BATS_TEST_TMPDIR/all" cp:/all
		cp -a "$BATS_TEST_TMPDIR/all" "$BATS_TEST_TMPDIR/out-$c"
	done
	cd "$src"
	n=0
	while read -r from to; do
		n=$((n + 1))
		for c in podman ranby; do
			code=0
			dirs="s|OUT|$BATS_TEST_TMPDIR/out-$c/$n|;s|IN|cp:/all/$n|"
			"$c" cp "$(sed "$dirs" <<<"$from")" "$(sed "$dirs" <<<"$to")" >/dev/null 2>&1 || code=$?
			echo "$n: cp $from $to: $code" >>"$BATS_TEST_TMPDIR/codes-$c"
		done
	done <<-'CASES'
		file IN
		file IN/
		file IN/new
		file IN/old
		file IN/new/
		file IN/dir
		file IN/no/such/new
		dir IN
		dir IN/new
		dir/. IN
		dir/. IN/new
		dir/ IN
		dir IN/old
		dir IN/dir
		todir IN
		tofile IN
		nope IN
		file/ IN
		IN/old OUT
		IN/old OUT/new
		IN/old OUT/old
		IN/old OUT/new/
		IN/old OUT/no/new
		IN/dir OUT
		IN/dir OUT/new
		IN/dir/. OUT
		IN/dir/. OUT/new
		IN/dir OUT/old
		IN/dir OUT/dir
		IN/nope OUT
		nope:/x OUT
	CASES
	diff "$BATS_TEST_TMPDIR/codes-podman" "$BATS_TEST_TMPDIR/codes-ranby"
	diff <(tree "$BATS_TEST_TMPDIR/out-podman") <(tree "$BATS_TEST_TMPDIR/out-ranby")
	diff <(podman export cp | tar -t | grep ^all/ | sort) <(ranby export cp | tar -t | grep ^all/ | sort)
	podman rm -f cp >/dev/null
	podman system migrate >/dev/null 2>&1 # ends its pause process
	ranby rm cp
	[ "$n" = 31 ]
}

@test "cp: within a container, which podman waits for for ever, and between two" {
	local c
	for c in run made; do
		ranby cp "$c:/etc" "$c:/tmp/etc2"
		ranby cp "$c:/tmp/etc2/passwd" - | tar -xOf - | cmp - <(ranby cp "$c:/etc/passwd" - | tar -xOf -)
	done
	ranby cp run:/bin/busybox made:/tmp/one
	ranby cp made:/tmp/one run:/tmp/two
	[ "$(ranby exec run sha256sum /tmp/two | cut -c1-64)" = "$(ranby exec run sha256sum /bin/busybox | cut -c1-64)" ]
}

@test "cp: a tar on standard input and output is tar's own" {
	local src=$BATS_TEST_TMPDIR/src
	make_source "$src"
	ranby exec run mkdir /in /deep
	tar -C "$src" -cf - . | ranby cp - run:/in
	ranby cp run:/in - | tar -C "$BATS_TEST_TMPDIR" -xf -
	diff <(tree "$src") <(tree "$BATS_TEST_TMPDIR/in")
	tar -C "$src" -czf - one | ranby cp - made:/tmp
	[ "$(ranby cp made:/tmp/one - | tar -xOf -)" = one ]
	run -125 ranby cp - run:/no/such </dev/null
	one_error 'destination must be a directory'
	run -125 bash -c "echo no tar | '$RANBY' --root '$RANBY_ROOT' --runroot '$RANBY_RUN' cp - run:/in"
	ranby exec run rm -rf /in
	# long names, and deep ones
	mkdir -p "$src/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})"
	echo deep >"$src/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})/$(printf 'f%.0s' {1..250})"
	ranby cp "$src/." run:/deep
	ranby cp run:/deep - | tar -C "$BATS_TEST_TMPDIR" -xf -
	diff <(tree "$src") <(tree "$BATS_TEST_TMPDIR/deep")
}

@test "cp: volumes and binds are seen where they are mounted, of both kinds of container" {
	local c
	mkdir -p "$BATS_TEST_TMPDIR/bound"
	for c in run made; do
		ranby create --name "v$c" -v "vol$c:/data" -v "$BATS_TEST_TMPDIR/bound:/bound" --network none busybox sleep 1000 >/dev/null
		[ "$c" = made ] || ranby start "v$c"
		echo "$c" | tee "$BATS_TEST_TMPDIR/f" >/dev/null
		ranby cp "$BATS_TEST_TMPDIR/f" "v$c:/data"
		ranby cp "$BATS_TEST_TMPDIR/f" "v$c:/bound/$c"
		[ "$(cat "$BATS_TEST_TMPDIR/bound/$c")" = "$c" ]
		[ "$(cat "$RANBY_ROOT/volumes/vol$c/_data/f")" = "$c" ]
		ranby cp "v$c:/data/f" "$BATS_TEST_TMPDIR/f2"
		[ "$(cat "$BATS_TEST_TMPDIR/f2")" = "$c" ]
		ranby cp "v$c:/etc/hostname" - | tar -xOf - | grep -q .
	done
	ranby rm -f -t 0 vrun vmade
}

@test "cp: tmpfs, overlays and images that are mounted; what is read-only stays" {
	local c
	mkdir -p "$BATS_TEST_TMPDIR/lower"
	echo content | tee "$BATS_TEST_TMPDIR/f" >"$BATS_TEST_TMPDIR/lower/below"
	for c in run made; do
		ranby create --name "m$c" --tmpfs /mem -v "$BATS_TEST_TMPDIR/lower:/over:O" --mount type=image,src=busybox,dst=/image,subpath=/bin \
			--mount type=image,src=busybox,dst=/own,rw -v "$BATS_TEST_TMPDIR/lower:/ro:ro" --network none busybox sleep 1000 >/dev/null
		[ "$c" = made ] || ranby start "m$c"
		ranby cp "$BATS_TEST_TMPDIR/f" "m$c:/over/new"
		ranby cp -q "$BATS_TEST_TMPDIR/f" "m$c:/own/new"
		[ ! -e "$BATS_TEST_TMPDIR/lower/new" ]
		[ "$(ranby cp "m$c:/over/below" - | tar -xOf -)" = content ]
		cmp <(ranby cp "m$c:/image/busybox" - | tar -xOf -) <(ranby cp run:/bin/busybox - | tar -xOf -)
		for ro in image ro; do
			run -125 ranby cp "$BATS_TEST_TMPDIR/f" "m$c:/$ro/new"
			one_error 'Read-only file system'
		done
		[ "$c" = run ] || ranby start "m$c"
		[ "$(ranby exec "m$c" cat /over/new /own/new)" = $'content\ncontent' ]
		ranby cp "$BATS_TEST_TMPDIR/f" "m$c:/mem/"
		[ "$(ranby exec "m$c" cat /mem/f)" = content ]
		[ "$(ranby cp "m$c:/mem/f" - | tar -xOf -)" = content ]
		run ! grep -qE '^(mem|over|own|image|ro)/.' <(ranby export "m$c" | tar -t)
	done
	ranby rm -f -t 0 mrun mmade
}

@test "cp: a file of the kernel's has its content, not the length that it says" {
	ranby cp run:/proc/version "$BATS_TEST_TMPDIR/version"
	cmp "$BATS_TEST_TMPDIR/version" /proc/version
	ranby cp run:/proc/filesystems - | tar -xOf - | cmp - <(ranby exec run cat /proc/filesystems)
	ranby cp run:/sys/kernel/uevent_seqnum "$BATS_TEST_TMPDIR/number"
	[[ $(tr '\0' x <"$BATS_TEST_TMPDIR/number") =~ ^[0-9]+$ ]]
	# one of holes is as long as it is
	ranby exec run truncate -s 5000000 /holes
	ranby cp run:/holes "$BATS_TEST_TMPDIR/holes"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/holes")" = 5000000 ]
}

@test "cp: directories and files do not replace each other, unless --overwrite says so" {
	mkdir -p "$BATS_TEST_TMPDIR/x/name"
	echo file >"$BATS_TEST_TMPDIR/name"
	ranby exec run sh -c 'mkdir /o; echo f >/o/name'
	run -125 ranby cp "$BATS_TEST_TMPDIR/x/." run:/o
	one_error 'cannot overwrite'
	[ "$(ranby exec run cat /o/name)" = f ]
	ranby cp --overwrite "$BATS_TEST_TMPDIR/x/." run:/o
	ranby exec run test -d /o/name
	run -125 ranby cp "$BATS_TEST_TMPDIR/name" run:/o
	one_error 'cannot overwrite'
	ranby cp --overwrite "$BATS_TEST_TMPDIR/name" run:/o
	[ "$(ranby exec run cat /o/name)" = file ]
}

@test "cp: errors, and what is in the ledger" {
	run -125 ranby cp a b
	one_error 'must be of a container'
	run -125 ranby cp run:/nope "$BATS_TEST_TMPDIR"
	one_error '"/nope" could not be found on container run'
	run -125 ranby cp run: "$BATS_TEST_TMPDIR"
	one_error 'no path after the container'
	run -125 ranby cp run:/dev/null "$BATS_TEST_TMPDIR"
	one_error 'neither a directory nor a regular file'
	run -125 ranby cp run:/etc
	ranby cp run:/etc/passwd "$BATS_TEST_TMPDIR/p"
	run -0 ranby events --stream=false --filter event=cp --format '{{.Result}} {{.Name}} {{.LoginUID}} {{.Detail}}'
	[[ $output == *"failed run $(cat /proc/self/loginuid) \"/nope\" could not be found"* ]] ||
		[[ $output == *"failed run $(cat /proc/self/loginuid) "*'/nope'* ]] || fail "$output"
	[ "${lines[-1]}" = "success run $(cat /proc/self/loginuid) from /etc/passwd" ]
}

@test "export: tar of the host reads it; it is the image's files and what was changed, without what is mounted" {
	ranby exec run sh -c 'echo new >/exported; rm /etc/group'
	run -0 ranby export -o "$BATS_TEST_TMPDIR/e.tar" run
	[ -z "$output" ]
	mkdir "$BATS_TEST_TMPDIR/e"
	tar -C "$BATS_TEST_TMPDIR/e" -xf "$BATS_TEST_TMPDIR/e.tar"
	[ "$(cat "$BATS_TEST_TMPDIR/e/exported")" = new ]
	[ ! -e "$BATS_TEST_TMPDIR/e/etc/group" ]
	[ -z "$(find "$BATS_TEST_TMPDIR/e/proc" "$BATS_TEST_TMPDIR/e/sys" -mindepth 1)" ]
	cmp <(ranby exec run cat /bin/busybox) "$BATS_TEST_TMPDIR/e/bin/busybox"
	cmp <(ranby export run) "$BATS_TEST_TMPDIR/e.tar"
	# what import makes of it is the same files
	ranby import -q "$BATS_TEST_TMPDIR/e.tar" again >/dev/null
	[ "$(ranby run --rm --network none again cat /exported)" = new ]
	run -125 ranby export nope
	"$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" export run <<<'expect refusing to export to terminal'
}

# ---- whoever fights it ----

@test "A13 links in a container lead cp to nothing of the host, whichever part of the path they are" {
	canary_make
	local c
	for c in run made; do
		ranby rm -f -t 0 -i trap
		ranby create --name trap --network none busybox sleep 1000 >/dev/null
		mkdir -p "$BATS_TEST_TMPDIR/t"
		ln -sfn "$CANARY" "$BATS_TEST_TMPDIR/t/abs"
		ln -sfn "../../../../../../../../../../$CANARY" "$BATS_TEST_TMPDIR/t/rel"
		ln -sfn "$CANARY/file" "$BATS_TEST_TMPDIR/t/file"
		ranby cp "$BATS_TEST_TMPDIR/t/." trap:/tmp
		[ "$c" = made ] || ranby start trap
		echo evil >"$BATS_TEST_TMPDIR/evil"
		mkdir -p "$BATS_TEST_TMPDIR/d"; echo evil >"$BATS_TEST_TMPDIR/d/file"
		for to in abs/file abs rel/file rel file abs/. rel/new/../file; do
			ranby cp "$BATS_TEST_TMPDIR/evil" "trap:/tmp/$to" >/dev/null 2>&1 || true
			ranby cp "$BATS_TEST_TMPDIR/d/." "trap:/tmp/$to" >/dev/null 2>&1 || true
			tar -C "$BATS_TEST_TMPDIR/d" -c file | ranby cp - "trap:/tmp/$to" >/dev/null 2>&1 || true
			canary_intact
			# and none of it is read
			rm -rf "$BATS_TEST_TMPDIR/got"
			ranby cp "trap:/tmp/$to" "$BATS_TEST_TMPDIR/got" >/dev/null 2>&1 || true
			if grep -rqs unchanged "$BATS_TEST_TMPDIR/got"; then fail "read the canary by $to"; fi
		done
	done
	ranby rm -f -t 0 trap
}

@test "A13 a container that exchanges directories and links while cp works reaches no file of the host" {
	canary_make
	local loops=${RANBY_ATTACK_LOOPS:-60}
	mkdir "$BATS_TEST_TMPDIR/probes"
	"${CC:-cc}" -D_GNU_SOURCE -O1 -static -o "$BATS_TEST_TMPDIR/probes/swap" "$RANBY_TREE/tests/tools/swap.c" || fail 'cannot build swap'
	ranby run -d --name racer --network none -v "$BATS_TEST_TMPDIR/probes:/probes:ro" busybox sh -c "
		mkdir -p /r/a /r/b; echo in >/r/a/file; echo in >/r/b/file; ln -s '$CANARY' /r/l; exec /probes/swap /r/a /r/l" >/dev/null
	# the race is on: from one look to the next it is now this and now that
	local seen=''
	for _ in {1..200}; do seen+=$(ranby exec racer sh -c 'for i in 1 2 3 4 5 6 7 8 9; do [ -L /r/a ] && printf l || printf d; done'); [[ $seen == *ld* && $seen == *dl* ]] && break; done
	[[ $seen == *l* && $seen == *d* ]] || fail "no race: $seen"
	mkdir -p "$BATS_TEST_TMPDIR/d"
	echo evil >"$BATS_TEST_TMPDIR/d/file"; echo evil >"$BATS_TEST_TMPDIR/d/new"
	for ((; loops > 0; loops--)); do
		ranby cp "$BATS_TEST_TMPDIR/d/." racer:/r/a >/dev/null 2>&1 || true
		ranby cp "$BATS_TEST_TMPDIR/d/file" racer:/r/a/file >/dev/null 2>&1 || true
		rm -rf "$BATS_TEST_TMPDIR/got"
		ranby cp racer:/r "$BATS_TEST_TMPDIR/got" >/dev/null 2>&1 || true
		ranby cp racer:/r/a/file "$BATS_TEST_TMPDIR/got1" >/dev/null 2>&1 || true
		canary_intact
		if grep -rqs unchanged "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/got1"; then fail 'the canary was read'; fi
	done
	ranby rm -f -t 0 racer
}

@test "A13 A18 what a container names its files and links leads to nothing outside of where cp puts them" {
	canary_make
	ranby exec run sh -c "mkdir -p /evil/sub; ln -s '$CANARY' /evil/zlink; ln -s '../..' /evil/up; echo x >'/evil/..x'; echo y >'/evil/.wh.file'; mkdir '/evil/...'"
	mkdir -p "$BATS_TEST_TMPDIR/out/zlink-was"
	ranby cp run:/evil "$BATS_TEST_TMPDIR/out"
	[ -L "$BATS_TEST_TMPDIR/out/evil/zlink" ]
	[ "$(cat "$BATS_TEST_TMPDIR/out/evil/.wh.file")" = y ]
	# the second time the links are there already, and directories of the same names come
	ranby exec run sh -c "rm /evil/zlink; mkdir /evil/zlink; echo evil >/evil/zlink/file"
	run -125 ranby cp run:/evil "$BATS_TEST_TMPDIR/out"
	canary_intact
	ranby cp --overwrite run:/evil "$BATS_TEST_TMPDIR/out"
	canary_intact
	[ "$(cat "$BATS_TEST_TMPDIR/out/evil/zlink/file")" = evil ]
}
