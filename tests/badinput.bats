#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What goes wrong in one clear line, with docker's exit code, and with nothing
# half-made left behind. What only root can prepare is in root/badhost.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	export REG_DIR=$BATS_FILE_TMPDIR/registry
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

teardown() { [ -z "${RESTORE:-}" ] || cp "$BATS_TEST_TMPDIR/kept" "$RESTORE"; }

# blob_file DIGEST: where the registry keeps it.
blob_file() { echo "$REG_DIR/data/docker/registry/v2/blobs/sha256/${1:7:2}/${1:7}/data"; }

# layer_digest: of the pushed busybox's one layer.
layer_digest() {
	local manifest
	manifest=$(find "$REG_DIR/data/docker/registry/v2/repositories/busybox/_manifests/tags/latest/current" -name link -exec cat {} +)
	jq -r '.layers[0].digest' "$(blob_file "$manifest")"
}

# pull_fails TEXT: a pull into an empty store fails in one line, and leaves the store as it was.
pull_fails() {
	local store
	store=$(mktemp -d "$BATS_TEST_TMPDIR/store.XXXX")
	run -125 "$RANBY" --root "$store" --runroot "$RANBY_RUN" pull -q "$REG/busybox"
	one_error "$1"
	[ -z "$("$RANBY" --root "$store" --runroot "$RANBY_RUN" images -q)" ]
	run find "$store" -type f -size +0 ! -name '*lock*' -path '*layers*'
	[ -z "$output" ] || fail 'left:' "$output"
	run find "$store" \( -name '*tmp*' -o -name '*partial*' \) -type f
	[ -z "$output" ] || fail 'left:' "$output"
	rm -rf "$store"
}

@test "no such image" {
	run -125 ranby run --rm --pull=never nosuchimage true
	one_error nosuchimage
	nothing_left
}

@test "no such image in the registry" {
	run -125 ranby pull -q "$REG/nosuchimage"
	one_error nosuchimage
	nothing_left
}

@test "bad references" {
	local reference
	for reference in UPPER/case 'a b' 'x:' 'x@sha256:123' 'host:99999999/x' '../x' ':' "$(printf 'a%.0s' {1..300})"; do
		run -125 ranby pull -q "$reference"
		one_error ''
		run -125 ranby run --rm "$reference" true
		one_error ''
	done
	nothing_left
}

@test "registry down" {
	run -125 ranby pull -q localhost:1/busybox
	one_error localhost:1
	nothing_left
}

@test "truncated blob" {
	local blob
	blob=$(blob_file "$(layer_digest)")
	cp "$blob" "$BATS_TEST_TMPDIR/kept"
	RESTORE=$blob
	head -c 10000 "$BATS_TEST_TMPDIR/kept" >"$blob"
	pull_fails 'blob '
}

@test "corrupt blob: the digest is wrong" {
	local blob
	blob=$(blob_file "$(layer_digest)")
	cp "$blob" "$BATS_TEST_TMPDIR/kept"
	RESTORE=$blob
	printf X | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
	pull_fails sha256:
}

@test "a layer that is not what the config says: the DiffID is wrong" {
	local layout=$BATS_TEST_TMPDIR/layout
	cp -r "$RANBY_TEST_IMAGES/busybox" "$layout"
	chmod -R u+w "$layout"
	python3 - "$layout" <<-'PY'
		import hashlib, json, os, sys
		blobs = os.path.join(sys.argv[1], "blobs/sha256")
		def get(d): return json.load(open(os.path.join(blobs, d["digest"][7:])))
		def put(v):
		    data = json.dumps(v).encode()
		    name = hashlib.sha256(data).hexdigest()
		    open(os.path.join(blobs, name), "wb").write(data)
		    return {"digest": "sha256:" + name, "size": len(data)}
		index = json.load(open(os.path.join(sys.argv[1], "index.json")))
		manifest = get(index["manifests"][0])
		config = get(manifest["config"])
		config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
		manifest["config"].update(put(config))
		index["manifests"][0].update(put(manifest))
		json.dump(index, open(os.path.join(sys.argv[1], "index.json"), "w"))
	PY
	run -125 ranby run --rm "oci:$layout" true
	one_error sha256:0000
	nothing_left
}

@test "pull by a digest that is not there" {
	run -125 ranby pull -q "$REG/busybox@sha256:$(printf '0%.0s' {1..64})"
	one_error busybox
	nothing_left
}

@test "not an archive" {
	echo 'no tar' >"$BATS_TEST_TMPDIR/file"
	run -125 ranby load -i "$BATS_TEST_TMPDIR/file"
	one_error ''
	run -125 ranby load -i "$BATS_TEST_TMPDIR/nosuchfile"
	one_error nosuchfile
	nothing_left
}

@test "user namespaces are disabled" {
	need_namespaces
	# a parent namespace in which none may be made, with this user's own id
	run -125 unshare --user --map-current-user --keep-caps sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all "$@"' \
		sh "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm busybox true
	one_error namespace
	nothing_left
}

@test "disk full" {
	need_namespaces
	# a store of 3 MiB in a mount namespace of our own, and 2 MiB to write into it
	run unshare --user --map-root-user --map-auto --mount bash -c '
		mkdir -p "$3" && mount -t tmpfs -o size=1500k,mode=700 none "$3" || exit 99
		"$1" --root "$3" --runroot "$2" load -q -i "$4"; echo "code $?"
		"$1" --root "$3" --runroot "$2" ps -aq
		"$1" --root "$3" --runroot "$2" images -q
		find "$3" -name "*tmp*" -type f' \
		bash "$RANBY" "$RANBY_RUN" "$BATS_TEST_TMPDIR/full" "$RANBY_TEST_IMAGES/busybox.tar"
	[ "$status" != 99 ] || skip 'no tmpfs here'
	[[ $output == *'Error: '*'No space left'* ]] || fail "$output"
	[[ ${lines[-1]} == 'code 125' ]] || fail 'something is left:' "$output"
}

@test "-t without a terminal" {
	run -125 ranby run -t -i --rm busybox true </dev/null
	one_error terminal
	nothing_left
}

@test "unknown option, command and value: the nearest is named" {
	run -125 ranby run --nmae x busybox true
	one_error --nmae
	[[ $output == *--name* ]]
	run -125 ranby rnu busybox true
	[[ $output == *rnu* && $output == *run* ]]
	run -125 ranby audit doctro
	one_error '"audit doctro"'
	[[ $output == *'`ranby audit doctor`'* ]]
	run -125 ranby audit zzzzzzzz
	one_error '"audit zzzzzzzz"'
	[[ $output == *'`ranby audit --help`'* ]]
	run -125 ranby container prnue
	[[ $output == *'`ranby container prune`'* ]]
	run -125 ranby run --userns=kep-id busybox true
	one_error kep-id
	run -125 ranby run --network=nosuch busybox true
	one_error nosuch
	nothing_left
}

@test "help of a group of commands is no error" {
	local words
	for words in 'audit --help' 'audit -h' 'help audit'; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr ranby $words
		[[ $output == *'ranby audit COMMAND'*doctor*verify* ]] || fail "$words: $output"
		[ -z "$stderr" ] || fail "$words: $stderr"
	done
	run -125 ranby audit
	[[ $output == *'ranby audit COMMAND'* ]]
	[[ $output != *Error* ]]
}

@test "an audit log, a ledger or a view that is not to be had: the next step" {
	local question
	for question in attribute rogue 'who 4711'; do
		# shellcheck disable=SC2086 # words
		run -125 ranby audit $question
		one_error /var/log/audit/audit.log
		[[ $output == *'Hint: '* ]] || fail "$question: $output"
	done
	for question in verify trail report; do
		run -125 env XDG_STATE_HOME="$BATS_TEST_TMPDIR/none" "$RANBY" audit $question 3>&-
		[[ $output == *'Hint: '*--system* ]] || fail "$question: $output"
	done
	# the heads, or the key that they are checked with
	run -125 ranby audit verify --head "$BATS_TEST_TMPDIR/no-heads"
	one_error "$([ -e /etc/ranby/trail.pub ] && echo no-heads || echo trail.pub)"
	if [ "$(id -u)" != 0 ]; then
		run -125 ranby ps --all-users
		one_error ranby-audit
		[[ $output == *'Hint: '* ]]
	fi
}

@test "name in use" {
	run -0 ranby create --name twice busybox true
	run -125 ranby create --name twice busybox true
	one_error twice
	run -125 ranby run --rm --name twice busybox true
	one_error twice
	[ "$(ranby ps -aq | wc -l)" = 1 ]
	run -0 ranby rm twice
	nothing_left
}

@test "bad names, users, working directories, environments and mounts" {
	run -125 ranby run --rm --name '../x' busybox true
	one_error x
	run -125 ranby run --rm -u 'nosuch' busybox true
	one_error nosuch
	run -125 ranby run --rm -u '4294967295' busybox true
	one_error 4294967295
	run -125 ranby run --rm -w relative busybox true
	one_error relative
	run -125 ranby run --rm -v /nosuchdir/x:/mnt busybox true
	one_error nosuchdir
	run -125 ranby run --rm -v relative/x:mnt busybox true
	one_error ''
	run -125 ranby run --rm --mount type=nosuch,target=/x busybox true
	one_error nosuch
	run -125 ranby run --rm --env-file /nosuchfile busybox true
	one_error nosuchfile
	nothing_left
}

@test "the command is not there: 127; it cannot be run: 126; both in one line" {
	run -127 ranby run --rm busybox nosuchcommand
	one_error nosuchcommand
	run -126 ranby run --rm busybox /etc/passwd
	one_error passwd
	run -126 ranby run --rm busybox /etc
	one_error /etc
	run -127 ranby run --rm busybox /nosuch/path
	one_error /nosuch/path
	nothing_left
}

@test "no such container, in every verb" {
	local verb
	for verb in start stop kill restart pause unpause inspect logs wait attach top stats port diff export map; do
		run -125 ranby "$verb" nosuch
		one_error nosuch
	done
	# podman-rm(1), "Exit Status"
	run -1 ranby rm nosuch
	one_error nosuch
	run -125 ranby exec nosuch true
	one_error nosuch
}

@test "a confinement that cannot be applied is an error" {
	run -125 ranby run --rm --security-opt seccomp=/nosuchprofile busybox true
	one_error nosuchprofile
	run -125 ranby run --rm --security-opt nosuchoption=1 busybox true
	one_error nosuchoption
	run -125 ranby run --rm --cap-add NOSUCHCAP busybox true
	one_error NOSUCHCAP
	nothing_left
}

@test "an output that cannot be written: it is that which is named, not the log nor the worker" {
	ranby run --name says --network none busybox echo x
	err_of() { "$@" 2>&1 >/dev/full | head -1; }
	for verb in 'logs says' 'run --rm --network none busybox echo x' 'start --attach says' 'version'; do
		# shellcheck disable=SC2086
		run err_of ranby $verb
		[ "$output" = 'Error: write to standard output: No space left on device' ] || fail "$verb: $output"
	done
	# nobody reads it: more than a pipe holds
	ranby run --name big --network none busybox dd if=/dev/zero of=/big bs=1M count=4
	run bash -c '"$0" --root "$1" --runroot "$2" export big 2>&1 >&7 | cat' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" 7> >(exec head -c 1 >/dev/null)
	[ "$output" = 'Error: what the unpack worker writes: Broken pipe' ] || fail "$output"
	ranby rm says big
}
