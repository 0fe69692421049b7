#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build --output: the target's files as a directory or a tar, as podman writes them, and nothing outside of it.
# shellcheck disable=SC2154 # bats sets output, stderr and status
load lib
load context
load podman

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() {
	end_podman "RANBY_RUN=$RANBY_RUN"
	ranby_teardown_file
}
setup() {
	in_context
	echo content >ctx/f
}
# what an image has may be a directory that its owner cannot enter
teardown() { chmod -R u+rwx "$BATS_TEST_TMPDIR" 2>/dev/null || true; }

# of_r COMMANDS: busybox, and what they make in /r
of_r() { printf 'FROM busybox\nRUN mkdir -p /r/d/e /r/shut; cd /r; %s; chmod 0 shut\n' "$1" >ctx/Containerfile; }
nothing_begun() { [ -z "$(find . -mindepth 1 -not -path './ctx*' -not -name err)" ] && [ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]; }

@test "-o DIR, type=local: the files, as the user's own; the image is made and named too" {
	of_r 'echo text >a; chown 3:4 a; chmod 6751 a; ln a b; ln -s d/e l; mkfifo p; touch -d "2001-02-03 04:05:06" a; truncate -s 3000000 holes; echo x >shut/y'
	run -0 --separate-stderr ranby build -t made -o made/out ctx
	[ "${lines[-1]}" = "$(ranby image inspect --format '{{.ID}}' made)" ] || fail "$output"
	[ "$(cat made/out/r/a)" = text ]
	[ "$(stat -c '%a %u:%g %h' made/out/r/a)" = "751 $(id -u):$(id -g) 2" ]
	[ "$(stat -c %Y made/out/r/a)" = "$(date -u -d '2001-02-03 04:05:06' +%s)" ]
	[ made/out/r/a -ef made/out/r/b ]
	[ "$(readlink made/out/r/l)" = d/e ]
	[ -p made/out/r/p ]
	[ "$(stat -c %a made/out/r/shut)" = 0 ]
	[ "$(stat -c '%s' made/out/r/holes)" = 3000000 ]
	[ "$(stat -c '%b' made/out/r/holes)" -lt 100 ]
	chmod 700 made/out/r/shut
	[ -z "$(find made ! -user "$(id -u)")" ]
	[ "$(stat -c %a made made/out | sort -u)" = "$(printf '%o' $((0777 & ~$(umask))))" ]
	nothing_of_the_way=$(find made -name '.*')
	[ -z "$nothing_of_the_way" ] || fail "$nothing_of_the_way"
	rm made/out/r/p
	# the same in other words, with and without layers; several at once
	ranby build -q --layers=false -o type=local,dest=two -o dest=three,type=local ctx >/dev/null
	chmod 700 {two,three}/r/shut
	rm {two,three}/r/p
	diff -r --no-dereference made/out two >&2
	diff -r --no-dereference made/out three >&2
	[ "$(ranby build -q --timestamp 5 --layers=false ctx)" = "$(ranby build -q --timestamp 5 --layers=false -o four ctx)" ]
	printf 'FROM busybox\nLABEL a=b\n' >ctx/Containerfile
	[ "$(ranby build -q --timestamp 5 --layers=false ctx)" = "$(ranby build -q --timestamp 5 --layers=false -o five ctx)" ]
}

@test "-o -, type=tar: the owners of the image, and nothing else on standard output" {
	of_r 'echo text >a; chown 3:4 a; chmod 4751 a; ln -s /etc l'
	ranby build -o - ctx >one.tar 2>err
	grep -q '^STEP 1/' err
	[ "$(tail -n 1 err)" = "$(ranby build -q ctx)" ]
	ranby build -q -o type=tar ctx >two.tar
	ranby build -q -o type=tar,dest=- ctx >three.tar
	ranby build -q -o type=tar,dest=four.tar ctx >id
	[ "$(cat id)" = "$(ranby build -q ctx)" ]
	for i in two three four; do cmp one.tar $i.tar; done
	[ "$(tar --numeric-owner -tvf four.tar | awk '$6 ~ "^r/" { print $1, $2, $6 }' | sort -k 3)" = \
		$'drwxr-xr-x 0/0 r/\n-rwsr-x--x 3/4 r/a\ndrwxr-xr-x 0/0 r/d/\ndrwxr-xr-x 0/0 r/d/e/\nlrwxrwxrwx 0/0 r/l\nd--------- 0/0 r/shut/' ] || fail "$(tar --numeric-owner -tvf four.tar)"
	# two alike, whenever they are made
	ranby build -q --timestamp 5 --no-cache -o type=tar,dest=five.tar ctx
	ranby build -q --timestamp 5 --no-cache -o type=tar,dest=six.tar ctx
	cmp five.tar six.tar
}

@test "[A20] --output: no link of the image or of the directory leads out, and what was there stays" {
	mkdir out outside
	ln -s ../outside out/way
	ln -s ../outside/file out/file
	echo mine >out/mine
	echo old >out/d
	printf 'FROM busybox AS made\nRUN mkdir -p /r/way /r/back; echo x >/r/way/evil; echo y >/r/file; ln -s ../../../../../../.. /r/up; ln -s /proc/self/root /r/root; ln -s up/etc /r/back/etc\nFROM scratch\nCOPY --from=made /r /\n' >ctx/Containerfile
	# "way" is a link there, and a directory here
	run -125 ranby build -o out ctx
	[[ $output == *'Error: --output out: way/: cannot overwrite something else with a directory' ]] || fail "$output"
	rm out/way
	run -0 ranby build -o out ctx
	[ "$(cat out/way/evil)" = x ]
	[ "$(cat out/file)" = y ]
	[ ! -L out/file ]
	[ "$(cat out/mine out/d)" = $'mine\nold' ]
	[ "$(readlink out/up)" = ../../../../../../.. ]
	[ -z "$(ls -A outside)" ]
	# the other way: a directory there, a file here
	printf 'FROM scratch\nCOPY f /way\n' >ctx/Containerfile
	run -125 ranby build -o out ctx
	[[ $output == *'Error: --output out: way: cannot overwrite a directory with something else' ]] || fail "$output"
	[ "$(cat out/way/evil)" = x ]
}

@test "--output: on failure nothing is begun, no name given, and a bad word is refused first" {
	printf 'FROM scratch\nCOPY f /\nCOPY none /\n' >ctx/Containerfile
	for where in a/b/c type=local,dest=a type=tar,dest=a.tar; do
		run -125 ranby build -o "$where" ctx
		nothing_begun
	done
	printf 'FROM scratch\nCOPY f /f\n' >ctx/Containerfile
	echo file >there
	run -125 ranby build -t named -o there ctx
	[[ $output == *'Error: --output there: Not a directory' ]] || fail "$output"
	run -125 ranby build -t named -o there/below ctx
	[[ $output == *'Error: --output there/below: Not a directory' ]] || fail "$output"
	ln -s nowhere dangling
	run -125 ranby build -t named -o dangling ctx
	[[ $output == *'Error: --output dangling: File exists' ]] || fail "$output"
	run -125 ranby build -t named -o new/there -o there ctx
	run -125 ranby build -t named -o type=tar,dest=no/such/dir.tar ctx
	[[ $output == *'Error: no/such/dir.tar: No such file or directory' ]] || fail "$output"
	run ! ranby image exists named
	rm -rf there dangling new
	nothing_begun
	# what is made stops in the middle: busybox is larger than a file may be
	printf 'FROM busybox\n' >ctx/Containerfile
	run -0 ranby build -q ctx
	for where in new/dir type=tar,dest=new.tar; do
		run -125 bash -c 'ulimit -f 1000; exec "$@"' - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -t named -o "$where" ctx
		[[ $output == *'Error: --output new'*'worker was killed by signal 25'* ]] || fail "$output"
		nothing_begun
	done
	run ! ranby image exists named
	while IFS='|' read -r word why; do
		run -125 ranby build -o "$word" ctx
		[[ ${lines[0]} == "Error: --output$why" ]] || fail "$word: $output"
		[[ $output != *STEP* ]]
	done <<-'EOF'
		|: no directory
		type=local| type=local: no dest=
		type=local,dest=-| type=local,dest=-: a directory is not for standard output: type=tar
		dest=x|: no type=
		type=none,dest=x| type=none: must be local or tar
		type=oci,dest=x| type=oci: must be local or tar
		type=registry| type=registry: must be local or tar
		type=tar,dest=x,dest=y|: "dest": must be type= or dest=, once, with a value
		type=tar,mode=x|: "mode": must be type= or dest=, once, with a value
		type=tar,dest|: "dest": must be type= or dest=, once, with a value
		type=tar,|: "": must be type= or dest=, once, with a value
	EOF
	run -125 ranby build -o - -o type=tar ctx
	[[ $output == *'--output: more than one for standard output' ]] || fail "$output"
	"$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -o - ctx <<<"expect a tar is not for a terminal: redirect it"
	run ! sh -c '"$0" --root "$1" --runroot "$2" build -q -o - ctx >/dev/full 2>err' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	grep -q '^Error: --output -: .*No space left' err
	nothing_begun
}

# killed_while SIGNAL BEGUN WHOLE OUTPUT: a build that gets it when BEGUN is true of it, and at the latest when it has ended; false: WHOLE was true too
killed_while() {
	local program
	env --default-signal=TERM "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -q -o "$4" ctx >/dev/null 2>&1 3>&- &
	program=$!
	until "$2" "$program" || ! kill -0 "$program" 2>/dev/null; do :; done
	kill -"$1" "$program" 2>/dev/null || true
	wait "$program" || true
	! "$3"
}
# now and then it is through before the signal
killed() {
	local try
	for try in 1 2 3 4 5; do
		killed_while "$@" && return
		rm -r new*
	done
	fail "$4: through before the signal, $try times"
}
many_files() {
	# shellcheck disable=SC2016 # the shell's in there
	printf 'FROM busybox\nRUN mkdir /r; cd /r; for i in $(seq 40000); do : >$i; done\n' >ctx/Containerfile
	ranby build -q ctx >/dev/null
}

dir_begun() { compgen -G 'new/dir/.ranby-output-*/r/*' >/dev/null || dir_whole; }
dir_whole() { [ -e new/dir/out ]; }
# a file of that name, or one that has none
tar_begun() { [ -s new.tar ] || [ -n "$(find "/proc/$1/fd" -lname "$PWD/* (deleted)" 2>/dev/null)" ]; }
tar_whole() { [ -e new.tar ] && [ "$(tar -tf new.tar 2>/dev/null | wc -l)" -gt 40000 ]; }

@test "[A20] a build that is killed while it writes a directory leaves nothing of it" {
	local signal
	many_files
	for signal in KILL TERM; do
		killed "$signal" dir_begun dir_whole new/dir/out
		wait_for 60 sh -c '! [ -e new ]' || fail "$signal: $(find new | head)"
		wait_for 60 nothing_begun
	done
}

@test "[A20] a build that is killed while it makes the directories above --output, or cannot, leaves none of them" {
	local n
	need_program strace
	no_leak_check
	printf 'FROM scratch\nCOPY f /f\n' >ctx/Containerfile
	ranby build -q ctx >/dev/null
	mkdir is
	for n in 1 2 3 4 5; do
		# of the first it finds that it is there, and a fifth is not made
		run strace -qq -o strace.out -e trace='?mkdir' -e inject="?mkdir:signal=KILL:when=$n" \
			"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -q -o is/new/a/b/out ctx
		if [ "$n" = 5 ]; then
			[ "$status" = 0 ] && [ -e is/new/a/b/out/f ] || fail "$output"
		else
			[ "$status" = 137 ] || fail "$n: $status" "$output" "$(<strace.out)"
			wait_for 60 sh -c '! [ -e is/new ]' || fail "$n: $(find is)"
		fi
		wait_for 60 no_work_left
	done
	rm -r is/new
	run -125 strace -qq -o strace.out -e trace='?mkdir' -e inject="?mkdir:error=ENOSPC:when=4" \
		"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -q -o is/new/a/b/out ctx
	[[ $output == *'Error: --output is/new/a/b/out: No space left on device' ]] || fail "$output"
	[ -d is ] && [ ! -e is/new ]
}

@test "[A20] a build that is killed while it writes a tar leaves no file" {
	local signal
	many_files
	for signal in KILL TERM; do
		killed "$signal" tar_begun tar_whole type=tar,dest=new.tar
		[ ! -e new.tar ] || fail "$signal: $(ls -l new.tar)"
		wait_for 60 nothing_begun
	done
}

@test "--output: podman writes the same files" {
	need_program podman
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p "$XDG_CONFIG_HOME/containers" run
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PWD/store" "$PWD/run" >"$XDG_CONFIG_HOME/containers/storage.conf"
	mkdir ctx/tree
	echo x >ctx/tree/x
	ln -s x ctx/tree/l
	chmod 640 ctx/tree/x
	printf 'FROM scratch\nCOPY --chown=1:2 tree /tree\nCOPY f /bin/f\n' >ctx/Containerfile
	podman build -q -o theirs ctx >/dev/null 2>podman.err || skip "podman cannot write it: $(<podman.err)"
	podman build -q -o type=tar,dest=theirs.tar ctx >/dev/null 2>&1
	unshare --map-root-user --map-auto rm -rf store
	ranby build -q -o ours ctx >/dev/null
	ranby build -q -o type=tar,dest=ours.tar ctx >/dev/null
	list() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %u %g %l\n' | sort); }
	diff <(list theirs) <(list ours) >&2
	diff -r --no-dereference theirs ours >&2
	names() { tar --numeric-owner -tvf "$1" | awk '{ sub("^[.]/", "", $6); sub("/$", "", $6); print $1, $2, $6 }' | grep -v ' $' | sort; }
	diff <(names theirs.tar) <(names ours.tar) >&2
}
