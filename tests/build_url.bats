#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build: what it gets from addresses, by ADD and as its context. The server is tests/file-server.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() {
	ranby_setup_file busybox
	SERVED=$RANBY_ROOT/served
	mkdir "$SERVED"
	mkfifo "$SERVED.stdin"
	"$RANBY_TREE/tests/file-server" "$SERVED" <"$SERVED.stdin" >"$SERVED.out" 2>&1 3>&- &
	exec 9>"$SERVED.stdin"
	wait_for 30 test -e "$SERVED.address"
	URL=http://$(cat "$SERVED.address")
	export SERVED URL
	echo content >"$SERVED/file.txt"
	touch -d '2020-02-03 04:05:06 UTC' "$SERVED/file.txt"
	mkdir "$BATS_FILE_TMPDIR/tree"
	echo inner >"$BATS_FILE_TMPDIR/tree/inner"
	printf 'FROM busybox\nCOPY inner /\n' >"$BATS_FILE_TMPDIR/tree/Containerfile"
	tar -C "$BATS_FILE_TMPDIR/tree" -czf "$SERVED/tree.tar.gz" .
	printf 'FROM busybox\nENV FROM=address\n' >"$SERVED/Containerfile.alone"
}
teardown_file() {
	exec 9>&-
	ranby_teardown_file
}
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir ctx
}

# add WORDS...: builds an image t that has nothing but that ADD
add() {
	printf 'FROM busybox\n' >ctx/Containerfile
	printf '%s\n' "$@" >>ctx/Containerfile
	ranby build -q -t t ctx
}
stat_of() { ranby run --rm --network none t stat -c '%a %u:%g %Y %s' "$1"; }

@test "ADD of an address: the file's name, 0600, the time that the server says, or 1970" {
	add "ADD $URL/file.txt /d/" "ADD $URL/file.txt /named" "ADD $URL/moved/file.txt?q=/x /d2/" "ADD $URL/untimed/file.txt /u" "ADD $URL/elsewhere/file.txt /e"
	local when
	when=$(date -d '2020-02-03 04:05:06 UTC' +%s)
	[ "$(stat_of /d/file.txt)" = "600 0:0 $when 8" ]
	[ "$(stat_of /named)" = "600 0:0 $when 8" ]
	[ "$(stat_of /d2/file.txt)" = "600 0:0 $when 8" ]
	[ "$(stat_of /u)" = "600 0:0 0 8" ]
	[ "$(ranby run --rm --network none t cat /d/file.txt /e)" = $'content\ncontent' ]
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]
	add 'WORKDIR /w' "ADD $URL/file%2Etxt ." "ADD --chmod=4750 --chown=3:4 $URL/file.txt a"
	[ "$(stat_of /w/file.txt)" = "600 0:0 $when 8" ]
	[ "$(stat_of /w/a)" = "4750 3:4 $when 8" ]
}

@test "ADD of an address: --checksum decides, and only of one address" {
	local sum
	sum=sha256:$(sha256sum <"$SERVED/file.txt" | cut -c1-64)
	add "ADD --checksum=$sum $URL/file.txt /f"
	add "ARG SUM=$sum" "ADD --checksum=\$SUM $URL/file.txt /f"
	run -125 add "ADD --checksum=sha256:${sum:8}0 $URL/file.txt /f"
	one_error "$URL/file.txt: its digest is $sum, not sha256:"
	run -125 add "ADD --checksum=sha256:../../x $URL/file.txt /f"
	one_error '--checksum='
	run -125 add "ADD --checksum=$sum $URL/file.txt $URL/file.txt /f/"
	one_error "checksum can't be specified for multiple sources"
	echo x >ctx/x
	run -125 add "ADD --checksum=$sum x /f"
	one_error "checksum can't be specified for non-HTTP(S) sources"
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]
}

@test "ADD of an address: an archive stays one, with --unpack it does not; the cache goes by what is there now" {
	add "ADD $URL/tree.tar.gz /d/"
	[ "$(ranby run --rm --network none t ls /d)" = tree.tar.gz ]
	add "ADD --unpack=true $URL/tree.tar.gz /d/" "ADD --unpack=true $URL/file.txt /d/"
	[ "$(ranby run --rm --network none t cat /d/inner /d/file.txt)" = $'inner\ncontent' ]
	printf 'FROM busybox\nADD %s/changing /c\n' "$URL" >ctx/Containerfile
	echo 1 >"$SERVED/changing"
	ranby build -t c ctx
	run -0 ranby build -t c ctx
	[[ $output == *'Using cache'* ]]
	echo 2 >"$SERVED/changing"
	run -0 ranby build -t c ctx
	[[ $output != *'Using cache'* ]]
	[ "$(ranby run --rm --network none c cat /c)" = 2 ]
}

@test "ADD of an address: what fails leaves no image and nothing half made" {
	run -125 add "ADD $URL/none /f"
	one_error "$URL/none: the server answers 404"
	run -125 add "ADD $URL/loop /f"
	one_error 'redirects'
	run -125 add "ADD $URL/to-file /f"
	one_error 'a redirect to neither http nor https'
	for to in to-ftp to-nowhere; do
		run -125 add "ADD $URL/$to /f"
		one_error 'a redirect to neither http nor https'
	done
	run -125 add "ADD $URL/short/file.txt /f"
	one_error 'the connection ended too early'
	run -125 add "ADD $URL/500 /f"
	one_error 'the server answers 500'
	run -125 add "ADD $URL/ /f/"
	one_error '404'
	run -125 add "COPY $URL/file.txt /f"
	one_error "source can't be a URL for COPY"
	for url in git://h/x git@h:x ssh://h/x "$URL/x.git" "$URL/x.git#main:dir"; do
		run -125 add "ADD $url /f"
		one_error 'git repositories are not fetched'
		[[ $output == *'git clone it'* ]]
	done
	run -125 add 'ADD ftp://h/x /f'
	one_error 'neither http nor https'
	mkdir -p "$SERVED/a"
	echo x >"$SERVED/a/b"
	run -125 add "ADD $URL/a%2fb /d/"
	one_error "cannot determine a file's name from url"
	run -125 add 'ADD --keep-git-dir=true http://h/x /f'
	one_error '--keep-git-dir: git repositories are not fetched'
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]
}

@test "[A20] ADD of an address: other sums than sha256 are refused before anything is got" {
	for sum in "md5:$(md5sum <"$SERVED/file.txt" | cut -c1-32)" "sha512:$(sha512sum <"$SERVED/file.txt" | cut -c1-128)" \
		"SHA256:$(sha256sum <"$SERVED/file.txt" | cut -c1-64)" "$(sha256sum <"$SERVED/file.txt" | cut -c1-64)" sha256: ''; do
		run -125 add "ADD --checksum=$sum $URL/file.txt?sum /f"
		one_error "--checksum=$sum"
	done
	run ! grep -qF 'file.txt?sum' "$SERVED.log"
}

@test "[A20] ADD of an address: what is said to be shorter is that short, and has no other's sum" {
	add "ADD $URL/understated/file.txt /f"
	[ "$(ranby run --rm --network none t cat /f)" = c ]
	run -125 add "ADD --checksum=sha256:$(sha256sum <"$SERVED/file.txt" | cut -c1-64) $URL/understated/file.txt /f"
	one_error 'its digest is'
}

@test "[A20] ADD of an address: the name and password in it go to that host alone, and are in no image" {
	local with=${URL/:\/\//://user:hush@}
	add "ADD $with/file.txt?own /f" "ADD $with/elsewhere/file.txt?other /g"
	grep -q '^/file.txt?own Basic ' "$SERVED.log"
	grep -q '^/elsewhere/file.txt?other Basic ' "$SERVED.log"
	grep -qx '/file.txt?other -' "$SERVED.log" || fail "$(<"$SERVED.log")"
	run -0 ranby image inspect t
	[[ $output != *hush* ]]
	run -0 ranby history --no-trunc t
	[[ $output != *hush* ]]
	run -1 grep -rl hush "$RANBY_ROOT/blobs" "$RANBY_ROOT/build-cache"
}

@test "[A20] the name and password of an address are in no line, error or record, nor is a sum of them in the image" {
	local with=${URL/:\/\//://user:sesame@} shown=${URL/:\/\//://\*\*\*@} long
	printf 'FROM busybox\nADD %s/file.txt /f\n' "$with" >ctx/Containerfile
	run -0 ranby build --no-cache -t one ctx
	[[ $output == *"STEP 2/2: ADD $shown/file.txt /f"* ]] || fail "$output"
	[[ $output != *sesame* ]] || fail "$output"
	printf 'FROM busybox\nADD %s/file.txt /f\n' "${with/sesame/other}" >ctx/Containerfile
	run -0 ranby build --no-cache --logfile log -t two ctx
	run ! grep -q other log
	[ "$(ranby history --no-trunc --format '{{.CreatedBy}}' one)" = "$(ranby history --no-trunc --format '{{.CreatedBy}}' two)" ]
	long=${URL/:\/\//://user:$(printf 'sesame%.0s' {1..300})@}
	for address in "$with/none" "$with/x.git" "ftp://user:sesame@h/x" "$with/a%2fb" "$long/none"; do
		printf 'FROM busybox\nADD %s /d/\n' "$address" >ctx/Containerfile
		run -125 ranby build ctx
		[[ $output == *'***@'* && $output != *sesame* ]] || fail "$output"
		run -125 ranby build "$address"
		[[ $output == *'***@'* && $output != *sesame* ]] || fail "$output"
	done
	run -125 ranby build -f "$with/none" ctx
	[[ $output == *'***@'* && $output != *sesame* ]] || fail "$output"
	printf 'FROM busybox\nCOPY %s/file.txt /d/\n' "$with" >ctx/Containerfile
	run -125 ranby build ctx
	[[ $output == *'***@'* && $output != *sesame* ]] || fail "$output"
	run ! grep -rlq sesame "$RANBY_ROOT"
}

@test "[A20] ADD of an address: one that does not end is ended by a signal, and nothing of it is left" {
	local program worker
	printf 'FROM busybox\nADD %s/endless /f\n' "$URL" >ctx/Containerfile
	env --default-signal=TERM "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build ctx >out 2>&1 3>&- &
	program=$!
	wait_for 30 grep -q '^/endless ' "$SERVED.log"
	worker_of "$program" ranby-fetch
	kill -TERM "$program"
	wait "$program" || true
	wait_for 30 sh -c "[ -z \"\$(find '$RANBY_ROOT/staging' '$RANBY_ROOT/containers' -mindepth 1)\" ]"
	wait_for 30 test ! -e "/proc/$worker/exe"
}

@test "ADD of an address: no login of the user's goes there" {
	mkdir -p auth
	printf '{"auths":{"%s":{"auth":"%s"}}}' "${URL#http://}" "$(printf user:hush | base64)" >auth/auth.json
	printf 'FROM busybox\nADD %s/file.txt?login /f\n' "$URL" >ctx/Containerfile
	REGISTRY_AUTH_FILE=$PWD/auth/auth.json run -0 ranby build -q ctx
	printf 'machine 127.0.0.1 login user password hush\n' >.netrc
	HOME=$PWD run -0 ranby build -q --no-cache ctx
	[ "$(grep -c '^/file.txt?login -$' "$SERVED.log")" = 2 ]
	run -1 grep -E 'login (Basic|Bearer)' "$SERVED.log"
}

@test "a context from an address: a tar, a Containerfile; a git repository is refused" {
	run -0 ranby build -q -t t "$URL/moved/tree.tar.gz"
	[ "$(ranby run --rm --network none t cat /inner)" = inner ]
	run -0 ranby build -q -t t "$URL/Containerfile.alone"
	[ "$(ranby image inspect --format '{{index .Config.Env 1}}' t)" = FROM=address ]
	run -125 ranby build -f x "$URL/Containerfile.alone"
	one_error 'is the Containerfile already'
	run -125 ranby build "$URL/none"
	one_error 'the server answers 404'
	run -125 ranby build "$URL/x.git#main"
	one_error 'git repositories are not fetched'
	run -125 ranby build github.com/a/b
	one_error 'github.com/a/b: git repositories are not fetched'
	printf 'FROM busybox\nCOPY --from=x a /\n' >ctx/Containerfile
	run -125 ranby build -q --build-context "x=$URL/tree.tar.gz" ctx
	one_error 'no address can be a further context'
	# standard input is the same
	ranby build -q -t s - <"$SERVED/tree.tar.gz"
	[ "$(ranby run --rm --network none s cat /inner)" = inner ]
	ranby build -q -t s - <"$SERVED/Containerfile.alone"
	[ "$(ranby image inspect --format '{{index .Config.Env 1}}' s)" = FROM=address ]
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]
}
