#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What goes to registries: push and the logins, against Debian's docker-registry
# with skopeo as the one who looks, and against registries that mislead.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() {
	need_program docker-registry
	need_program skopeo
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry CLOSED_DIR=$BATS_FILE_TMPDIR/closed HOSTILE=$BATS_FILE_TMPDIR/hostile
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
	python3 - >"$BATS_FILE_TMPDIR/htpasswd" <<-'END'
		import crypt
		print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)))
	END
	CLOSED=$("$RANBY_TREE/tests/registry" start --htpasswd "$BATS_FILE_TMPDIR/htpasswd" "$CLOSED_DIR" 0)
	export CLOSED
	mkdir -p "$HOSTILE"
	mkfifo "$HOSTILE/stdin"
	"$RANBY_TREE/tests/hostile-registry" "$RANBY_TEST_IMAGES/busybox" "$HOSTILE" <"$HOSTILE/stdin" >"$HOSTILE/out" 2>&1 3>&- &
	sleep 900 >"$HOSTILE/stdin" 2>&1 3>&- &
	echo $! >"$HOSTILE/pid"
	wait_for 10 test -s "$HOSTILE/address"
	BAD=$(cat "$HOSTILE/address")
	export BAD
	ranby pull -q "$REG/busybox" >/dev/null
}

teardown_file() {
	[ ! -f "${HOSTILE:-/}/pid" ] || kill "$(cat "$HOSTILE/pid")" 2>/dev/null || true
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	[ -z "${CLOSED_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$CLOSED_DIR"
	ranby_teardown_file
}

setup() {
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run HOME=$BATS_TEST_TMPDIR/home
	unset XDG_CONFIG_HOME REGISTRY_AUTH_FILE DOCKER_CONFIG
	mkdir -p "$XDG_RUNTIME_DIR" "$HOME"
}

# seen NAME [JQ]: what skopeo says of it.
seen() { skopeo inspect --tls-verify=false "docker://$1" | jq -r "${2:-.Digest}"; }
raw() { skopeo inspect --raw --tls-verify=false "docker://$1"; }

@test "push: the registry has the same bytes afterwards" {
	run -0 ranby push --digestfile "$BATS_TEST_TMPDIR/digest" "$REG/busybox" "$REG/same:1"
	[ "$(seen "$REG/same:1")" = "$(seen "$REG/busybox")" ]
	[ "$(cat "$BATS_TEST_TMPDIR/digest")" = "$(seen "$REG/same:1")" ]
	raw "$REG/busybox" >"$BATS_TEST_TMPDIR/a"
	raw "$REG/same:1" >"$BATS_TEST_TMPDIR/b"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	# the blob came from the other repository, and the second time nothing is sent at all
	[[ $output == *mounted* ]]
	run -0 ranby push "$REG/busybox" "docker://$REG/same:1"
	[ "$(grep -c 'already exists' <<<"$output")" = 2 ]
	# by its own name, quietly
	ranby tag "$REG/busybox" "$REG/named:x"
	run -0 ranby push -q "$REG/named:x"
	[ -z "$output" ]
	[ "$(seen "$REG/named:x")" = "$(seen "$REG/busybox")" ]
}

@test "push: gzip, zstd and docker's schema 2, all of the same image" {
	local want diff
	want=$(ranby image inspect --format '{{.Id}}' "$REG/busybox")
	diff=$(ranby image inspect --format '{{index .RootFS.Layers 0}}' "$REG/busybox")
	ranby push -q --compression-format zstd --compression-level 5 "$REG/busybox" "$REG/z:1"
	[ "$(raw "$REG/z:1" | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar+zstd ]
	ranby pull -q "$REG/z:1" >/dev/null
	ranby push -q --format v2s2 "$REG/z:1" "$REG/d:1"
	[ "$(raw "$REG/d:1" | jq -r '.mediaType, .layers[0].mediaType, .config.mediaType' | tr '\n' ' ')" = \
		'application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.image.rootfs.diff.tar.gzip application/vnd.docker.container.image.v1+json ' ]
	for name in z d; do
		[ "$(raw "$REG/$name:1" | jq -r .config.digest)" = "sha256:$want" ]
		# skopeo gets it, and what it gets unpacks to the DiffID
		skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/$name:1" "dir:$BATS_TEST_TMPDIR/$name"
		blob=$BATS_TEST_TMPDIR/$name/$(jq -r '.layers[0].digest' "$BATS_TEST_TMPDIR/$name/manifest.json" | cut -d: -f2)
		case $name in z) zstd -dc <"$blob" ;; d) gzip -dc <"$blob" ;; esac | sha256sum | grep -q "^${diff#sha256:}"
	done
	run -125 ranby push --format v2s2 --compression-format zstd "$REG/busybox" "$REG/x:1"
	one_error 'no such layers'
	run -125 ranby push --compression-level 12 --compression-format gzip "$REG/busybox" "$REG/x:1"
	one_error 'gzip has 1 to 9'
	# the same again is the same again
	ranby push -q --compression-format zstd --compression-level 5 "$REG/busybox" "$REG/z:2"
	[ "$(seen "$REG/z:1")" = "$(seen "$REG/z:2")" ]
}

@test "push: plain layers become gzip, or stay" {
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/root.tar" --files-from=/dev/null
	echo hello >"$BATS_TEST_TMPDIR/hello"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/root.tar" hello
	ranby import -q "$BATS_TEST_TMPDIR/root.tar" plain:1 >/dev/null
	ranby push -q plain:1 "$REG/plain:gz"
	[[ $(raw "$REG/plain:gz" | jq -r '.layers[0].mediaType') == *+gzip ]]
	ranby push -q --compression-format none plain:1 "$REG/plain:tar"
	[ "$(raw "$REG/plain:tar" | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar ]
	[ "$(seen "$REG/plain:tar")" = "$(ranby image inspect --format '{{.Digest}}' plain:1)" ]
	ranby rmi plain:1 >/dev/null
}

@test "push: in pieces, large and small" {
	ranby push -q --chunk-size 100k "$REG/busybox" "$REG/pieces:1"
	[ "$(seen "$REG/pieces:1")" = "$(seen "$REG/busybox")" ]
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/pieces:1" "dir:$BATS_TEST_TMPDIR/d"
}

@test "push: what cannot be" {
	run -125 ranby push nothing-here
	one_error 'image not known'
	run -125 ranby push "$REG/busybox" short
	one_error 'names no registry'
	run -125 ranby push "$REG/busybox" "localhost:1/x"
	one_error 'cannot connect'
	run -125 ranby push "$(ranby images -q --no-trunc "$REG/busybox" | head -n 1)"
	one_error 'needs a destination'
	run -125 ranby push "$REG/busybox" "$REG/UPPER"
	run -125 ranby push "$REG/busybox" "$CLOSED/x"
	one_error 'wants a user name and password'
	run -125 ranby push --creds user:wrong "$REG/busybox" "$CLOSED/x"
	[[ $output != *user:wrong* ]]
	run -0 ranby push -q --creds user:secret "$REG/busybox" "$CLOSED/x"
}

@test "push: registries that falter are asked again, and go on where they were" {
	local digest
	digest=$(raw "$REG/busybox" | jq -r '.layers[0].digest' | cut -d: -f2)
	for how in push_busy push_lost push_cut; do
		rm -rf "$HOSTILE/pushed"
		if [ "$how" = push_cut ]; then chunk=0; else chunk=300k; fi
		run -0 ranby push -q --chunk-size "$chunk" "$REG/busybox" "$BAD/$how/x"
		[ "$(sha256sum <"$HOSTILE/pushed/$digest" | cut -d' ' -f1)" = "$digest" ] || fail "$how"
	done
	run -125 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" push -q --chunk-size 300k "$REG/busybox" "$BAD/push_never/x"
	one_error 'the registry answers 500'
	run -125 ranby push -q "$REG/busybox" "$BAD/push_denied/x"
	one_error 'no room for you'
}

@test "push: credentials go to no other host, and content to no other scheme (A41)" {
	: >"$HOSTILE/log"
	for how in push_other push_moved; do
		run -0 ranby push -q --creds user:secret "$REG/busybox" "$BAD/$how/x"
	done
	jq -e -s 'map(select(.server == "other" and .method == "PUT")) | length > 0 and all(.authorization == null)' "$HOSTILE/log"
	for how in push_file push_nowhere; do
		run -125 ranby push -q "$REG/busybox" "$BAD/$how/x"
		one_error 'a redirect to'
	done
}

@test "push: the worker holds no directory of the store, and no secret is to be seen" {
	local pid found=0
	ranby push -q --creds user:secret --chunk-size 10k "$REG/busybox" "$CLOSED/seen" 3>&- &
	local push=$!
	while kill -0 "$push" 2>/dev/null; do
		for pid in $(pgrep -u "$(id -u)" -x ranby-fetch); do
			found=1
			! find "/proc/$pid/fd" -lname "$RANBY_ROOT/*" -printf '%l\n' 2>/dev/null | grep -v '/blobs/sha256/[0-9a-f]*$'
			! tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep secret
		done
		sleep 0.01
	done
	wait "$push"
	[ "$found" = 1 ]
}
