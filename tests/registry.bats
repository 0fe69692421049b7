#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What goes to registries: push and the logins, against Debian's docker-registry
# with skopeo as the one who looks, and against registries that mislead.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load hostile

setup_file() {
	need_program docker-registry
	need_program skopeo
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry CLOSED_DIR=$BATS_FILE_TMPDIR/closed
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
	python3 - >"$BATS_FILE_TMPDIR/htpasswd" <<-'END'
		import crypt
		print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)))
	END
	CLOSED=$("$RANBY_TREE/tests/registry" start --htpasswd "$BATS_FILE_TMPDIR/htpasswd" "$CLOSED_DIR" 0)
	export CLOSED
	hostile_setup_file
	ranby pull -q "$REG/busybox" >/dev/null
}

teardown_file() {
	hostile_teardown_file
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

# conf LINE...: a registries.conf of these, and no other
conf() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/registries.conf"
	export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
}

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
	for how in push_other push_moved; do
		jq -e -s --arg how "$how" 'map(select(.path | contains($how))) |
			(map(select(.server == "main" and .authorization == "Bearer good-token")) | length > 0) and
			(map(select(.server == "other" and .method == "PUT")) | length > 0 and all(.authorization == null))' "$HOSTILE/log"
	done
	for how in push_file push_nowhere; do
		run -125 ranby push -q "$REG/busybox" "$BAD/$how/x"
		one_error 'a redirect to'
	done
}

@test "a certificate that is let pass is the registry's own, and so is the client's that is shown (A41)" {
	need_program openssl
	local dir=$BATS_TEST_TMPDIR/tls
	mkdir -p "$dir/certs" "$dir/server"
	for name in localhost client; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" -addext subjectAltName=DNS:localhost \
			-keyout "$dir/$name.key" -out "$dir/$name.pem" 2>/dev/null
	done
	mkfifo "$dir/stdin"
	"$RANBY_TREE/tests/hostile-registry" "$RANBY_TEST_IMAGES/busybox" "$dir/server" "$dir/localhost.pem" "$dir/localhost.key" "$dir/client.pem" \
		<"$dir/stdin" >"$dir/out" 2>&1 3>&- &
	local server=$!
	exec 7>"$dir/stdin"
	wait_for 30 test -s "$dir/server/address"
	echo "https://$(cat "$dir/server/address")/token" >"$HOSTILE/realm"
	# the registry is on loopback, and may be as it likes; its token server is another
	run -125 ranby pull -q --creds user:secret "$BAD/bearer_elsewhere/x" 7>&-
	one_error 'token server: its certificate is not valid'
	[ ! -e "$dir/server/log" ]
	cp "$dir/localhost.pem" "$dir/certs/ca.crt"
	cp "$dir/client.pem" "$dir/certs/client.cert"
	cp "$dir/client.key" "$dir/certs/client.key"
	run -0 ranby pull -q --creds user:secret --cert-dir "$dir/certs" "$BAD/bearer_elsewhere/x" 7>&-
	jq -e -s 'length > 0 and all(.client == false) and any(.authorization != null)' "$dir/server/log"
	# said of all
	run -0 ranby pull -q --creds user:secret --tls-verify=false "$BAD/bearer_elsewhere/x" 7>&-
	# the registry itself is shown it
	: >"$dir/server/log"
	run -0 ranby pull -q --cert-dir "$dir/certs" "$(cat "$dir/server/address")/x/y" 7>&-
	jq -e -s 'length > 0 and all(.client)' "$dir/server/log"
	exec 7>&-
	wait "$server"
	rm "$HOSTILE/realm"
}

@test "push: a manifest that takes more than one answer" {
	local dir=$BATS_TEST_TMPDIR/large digest text
	ranby save -q --format oci-dir -o "$dir" "$REG/busybox"
	digest=$(jq -r '.manifests[0].digest' "$dir/index.json" | cut -d: -f2)
	text=$(head -c 200000 /dev/zero | tr '\0' x)
	jq -c --rawfile x <(printf %s "$text") '.annotations.x = $x' "$dir/blobs/sha256/$digest" >"$BATS_TEST_TMPDIR/manifest"
	digest=$(sha256sum <"$BATS_TEST_TMPDIR/manifest" | cut -d' ' -f1)
	cp "$BATS_TEST_TMPDIR/manifest" "$dir/blobs/sha256/$digest"
	jq --arg d "sha256:$digest" --argjson n "$(stat -c %s "$BATS_TEST_TMPDIR/manifest")" \
		'.manifests[0] |= (.digest = $d | .size = $n | .annotations = {"org.opencontainers.image.ref.name": "localhost/large:1"})' "$dir/index.json" >"$dir/index.new"
	mv "$dir/index.new" "$dir/index.json"
	ranby load -q -i "$dir"
	run -0 ranby push -q localhost/large:1 "$REG/large:1"
	[ "$(seen "$REG/large:1")" = "sha256:$digest" ]
	ranby rmi localhost/large:1 >/dev/null
}

@test "push: no secret is to be seen, and who is the same user cannot look into the worker" {
	local worker found=0 closed=0
	ranby push -q --creds user:secret --chunk-size 100k "$REG/busybox" "$CLOSED/seen" 3>&- &
	local push=$!
	while kill -0 "$push" 2>/dev/null; do
		if worker_of "$push" ranby-fetch; then
			found=1
			! ls "/proc/$worker/fd" >/dev/null 2>&1 && [ -d "/proc/$worker" ] && closed=1
			! tr '\0' '\n' 2>/dev/null <"/proc/$worker/cmdline" | grep secret || fail 'a secret'
		fi
		sleep 0.01
	done
	wait "$push"
	[ "$found" = 1 ]
	[ "$closed" = 1 ]
}

@test "login, get-login, push and pull with it, logout" {
	local file=$XDG_RUNTIME_DIR/containers/auth.json
	run -125 ranby login --get-login "$CLOSED"
	one_error "not logged into $CLOSED"
	run -125 ranby login -u user --password-stdin "$CLOSED" <<<wrong
	one_error 'invalid username/password'
	[ ! -e "$file" ]
	run -0 ranby login -v -u user --password-stdin "$CLOSED" <<<secret
	[ "$output" = "Used: $file
Login Succeeded!" ]
	[ "$(stat -c %a "$file")" = 600 ]
	[ "$(stat -c %a "${file%/*}")" = 700 ]
	run -0 ranby login --get-login "$CLOSED"
	[ "$output" = user ]
	run -0 ranby login "$CLOSED" </dev/null
	[[ $output == *"Already logged in to $CLOSED" ]]
	run -0 ranby push -q "$REG/busybox" "$CLOSED/x"
	run -0 ranby pull -q "$CLOSED/x"
	# skopeo and podman read the same file
	skopeo inspect --tls-verify=false "docker://$CLOSED/x" >/dev/null
	[ "$(skopeo login --get-login "$CLOSED")" = user ]
	run -0 ranby logout "$CLOSED"
	[ "$output" = "Removed login credentials for $CLOSED" ]
	run -125 ranby logout "$CLOSED"
	one_error 'not logged into'
	run -125 ranby push -q "$REG/busybox" "$CLOSED/x"
	run ! skopeo login --get-login "$CLOSED"
	run ! grep -rl --exclude-dir=layers secret "$RANBY_ROOT" "$XDG_STATE_HOME"
	[ -s "$XDG_STATE_HOME/ranby/ledger" ] || find "$XDG_STATE_HOME" -type f | grep -q ledger
}

@test "login: at a terminal a password is not shown, and can be mended while it is typed" {
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" login "$CLOSED" <<-'STEPS'
		expect Username:
		send user\r
		expect Password:
		send nothing\x15secrex\xc3\xa9\x7f\x7ft\r
		reject secre
		expect Login Succeeded!
		exit 0
	STEPS
	run -0 ranby login --get-login "$CLOSED"
	[ "$output" = user ]
	ranby logout "$CLOSED"
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" login -u user "$CLOSED" <<-'STEPS'
		expect Password:
		send sec\x03
		exit 125
	STEPS
	run -125 ranby login --get-login "$CLOSED"
}

@test "login: what others keep in the file stays, and what they wrote is read" {
	local file=$BATS_TEST_TMPDIR/auth.json
	skopeo login --tls-verify=false --authfile "$file" -u user --password-stdin "$CLOSED" <<<secret
	jq '.extra = {"x": [1]} | .auths["other.example/ns"] = {"auth": "dTpw"}' "$file" >"$file.new"
	mv "$file.new" "$file"
	[ "$(ranby login --authfile "$file" --get-login "$CLOSED")" = user ]
	[ "$(ranby login --authfile "$file" --get-login other.example/ns)" = u ]
	run -125 ranby login --authfile "$file" --get-login other.example
	ranby login --authfile "$file" -u user -p secret "$CLOSED" >/dev/null
	[ "$(jq -c '.extra, (.auths | keys | length)' "$file" | tr '\n' ' ')" = '{"x":[1]} 2 ' ]
	# one that is not there is made
	run -0 ranby login --authfile "$file.2" -u user --password-stdin "$CLOSED" <<<secret
	[ "$(ranby login --authfile "$file.2" --get-login "$CLOSED")" = user ]
	printf '{"auths":{"r.example":{"auth":"%s"}}}' "$(printf 'a\033[31mb:p' | base64)" >"$file.2"
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" login --authfile "$file.2" --get-login r.example <<-'STEPS'
		expect x1b\[31mb
		reject \x1b
		exit 0
	STEPS
	# two at once: both are there afterwards
	local pids=()
	for i in 1 2 3 4; do
		ranby login --authfile "$file" -u user --password-stdin "$CLOSED/ns$i" <<<secret >/dev/null 3>&- &
		pids+=($!)
	done
	for p in "${pids[@]}"; do wait "$p"; done
	[ "$(jq '.auths | keys | length' "$file")" = 6 ]
	ranby logout --authfile "$file" --all
	[ "$(jq -c '.extra, .auths' "$file" | tr '\n' ' ')" = '{"x":[1]} {} ' ]
	echo '{"auths":' >"$file"
	run -125 ranby login --authfile "$file" -u user -p secret "$CLOSED"
	one_error auth.json
	[ "$(cat "$file")" = '{"auths":' ]
}

@test "logout: makes no directory, and no file that was none" {
	local dir=$BATS_TEST_TMPDIR/config
	XDG_RUNTIME_DIR='' XDG_CONFIG_HOME=$dir run -125 ranby logout "$CLOSED"
	one_error 'not logged into'
	[ ! -e "$dir" ] || fail "$(find "$dir")"
	XDG_RUNTIME_DIR='' XDG_CONFIG_HOME=$dir run -0 ranby logout --all
	[ ! -e "$dir" ] || fail "$(find "$dir")"
	mkdir -p "$dir/containers"
	XDG_RUNTIME_DIR='' XDG_CONFIG_HOME=$dir ranby logout --all
	[ -z "$(ls "$dir/containers")" ]
	run -125 ranby logout --authfile "$dir/none.json" "$CLOSED"
	[ ! -e "$dir/none.json" ]
}

@test "run, create: --creds are for the pull and kept nowhere" {
	local c
	ranby push -q --creds user:secret "$REG/busybox" "$CLOSED/made"
	run -0 ranby run --creds user:secret --pull always --name kept "$CLOSED/made" true
	run -0 ranby create --creds=user:secret --pull always --name kept2 "$CLOSED/made" true
	for c in kept kept2; do
		[[ $(ranby inspect "$c") == *'***********'* ]]
		[[ $(ranby inspect "$c") != *user:secret* ]]
	done
	run ! grep -rl --exclude-dir=layers secret "$RANBY_ROOT" "$XDG_STATE_HOME"
	# one that cannot be made is recorded too
	run -125 ranby create --creds user:secret "$CLOSED/not-there" true
	run ! grep -rl --exclude-dir=layers secret "$RANBY_ROOT" "$XDG_STATE_HOME"
	ranby rm kept kept2
	ranby rmi "$CLOSED/made" >/dev/null
}

@test "login: all the places, in their order" {
	entry() { printf '{"auths":{"r.example":{"auth":"%s"}}}' "$(printf '%s:p' "$1" | base64)"; }
	printf '{"https://r.example/v1/":{"auth":"%s"}}' "$(printf 'oldest:p' | base64)" >"$HOME/.dockercfg"
	[ "$(ranby login --get-login r.example)" = oldest ]
	mkdir -p "$HOME/.docker" "$HOME/.config/containers" "$XDG_RUNTIME_DIR/containers"
	entry docker >"$HOME/.docker/config.json"
	[ "$(ranby login --get-login r.example)" = docker ]
	entry config >"$HOME/.config/containers/auth.json"
	[ "$(ranby login --get-login r.example)" = config ]
	entry runtime >"$XDG_RUNTIME_DIR/containers/auth.json"
	[ "$(ranby login --get-login r.example)" = runtime ]
	entry variable >"$BATS_TEST_TMPDIR/v.json"
	[ "$(REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/v.json ranby login --get-login r.example)" = variable ]
	# what is elsewhere is not ours to remove, but said
	rm "$XDG_RUNTIME_DIR/containers/auth.json"
	run -125 ranby logout r.example
	one_error '.config/containers/auth.json'
}

# helper: docker-credential-test, which keeps one password in a file and writes down its arguments
helper() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/docker-credential-test" <<-END
		#!/bin/bash
		echo "\$@" >>"$BATS_TEST_TMPDIR/arguments"
		kept=$BATS_TEST_TMPDIR/kept
		case \$1 in
		store) cat >"\$kept" ;;
		get) read -r server; if [ -s "\$kept" ] && grep -q "\"\$server\"" "\$kept"; then cat "\$kept"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
		erase) if [ -s "\$kept" ]; then : >"\$kept"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-test"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "login: a credential helper keeps the password, and is given it by no argument" {
	helper
	mkdir -p "$XDG_RUNTIME_DIR/containers"
	printf '{"credHelpers":{"%s":"test"}}' "$CLOSED" >"$XDG_RUNTIME_DIR/containers/auth.json"
	run -125 ranby login --get-login "$CLOSED"
	run -0 ranby login -v -u user --password-stdin "$CLOSED" <<<secret
	[[ $output == *docker-credential-test* ]]
	run ! grep -r "$(printf user:secret | base64)" "$XDG_RUNTIME_DIR"
	[ "$(jq -r .Secret "$BATS_TEST_TMPDIR/kept")" = secret ]
	run -0 ranby push -q "$REG/busybox" "$CLOSED/helped"
	run -0 ranby logout "$CLOSED"
	run -125 ranby push -q "$REG/busybox" "$CLOSED/helped"
	[ "$(sort -u "$BATS_TEST_TMPDIR/arguments" | tr '\n' ' ')" = 'erase get store ' ]
	# credsStore, for all registries; and registries.conf's list
	printf '{"credsStore":"test"}' >"$XDG_RUNTIME_DIR/containers/auth.json"
	run -0 ranby login -u user --password-stdin "$CLOSED" <<<secret
	run -0 ranby push -q "$REG/busybox" "$CLOSED/helped"
	run -125 ranby login -u user --password-stdin "$CLOSED/ns" <<<secret
	one_error 'not for a part of it'
	ranby logout "$CLOSED"
	rm "$XDG_RUNTIME_DIR/containers/auth.json"
	mkdir -p "$HOME/.config/containers"
	echo 'credential-helpers = ["test"]' >"$HOME/.config/containers/registries.conf"
	run -0 ranby login -u user --password-stdin "$CLOSED" <<<secret
	run -0 ranby push -q "$REG/busybox" "$CLOSED/helped"
	[ ! -e "$XDG_RUNTIME_DIR/containers/auth.json" ]
}

@test "login: a helper that is not there, lies, or talks without end" {
	helper
	mkdir -p "$XDG_RUNTIME_DIR/containers"
	printf '{"credHelpers":{"%s":"missing"}}' "$CLOSED" >"$XDG_RUNTIME_DIR/containers/auth.json"
	run -125 ranby pull -q "$CLOSED/x"
	one_error 'docker-credential-missing: not in PATH'
	run -125 ranby logout "$CLOSED"
	one_error 'docker-credential-missing: not in PATH'
	run -0 ranby logout --all
	[[ $output == *'what docker-credential-missing keeps is left'* ]]
	printf '{"credHelpers":{"%s":"../../bin/sh"}}' "$CLOSED" >"$XDG_RUNTIME_DIR/containers/auth.json"
	run -125 ranby pull -q "$CLOSED/x"
	one_error 'no name of a program'
	printf '{"credHelpers":{"%s":"test"}}' "$CLOSED" >"$XDG_RUNTIME_DIR/containers/auth.json"
	printf '#!/bin/sh\necho "{\\"Secret\\":"; echo secret-words >&1; exit 0\n' >"$BATS_TEST_TMPDIR/bin/docker-credential-test"
	run -125 ranby pull -q "$CLOSED/x"
	[[ $output != *secret-words* ]]
	printf '#!/bin/sh\nexec yes secret-words\n' >"$BATS_TEST_TMPDIR/bin/docker-credential-test"
	run -125 timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull -q "$CLOSED/x"
	one_error 'more than 65536 bytes'
	[[ $output != *secret-words* ]]
}

@test "login: tokens, and identity tokens that are exchanged for them" {
	run -0 ranby login -u user --password-stdin "$BAD" <<<secret
	mkdir -p "$HOME/.config/containers"
	: >"$HOSTILE/log"
	run -0 ranby push -q "$REG/busybox" "$BAD/push_bearer/x"
	jq -e -s 'map(select(.path | startswith("/token"))) | length > 0 and all(.path | contains("scope=repository%3Apush_bearer%2Fx%3Apull%2Cpush"))' "$HOSTILE/log"
	printf '{"auths":{"%s":{"identitytoken":"long-lived"}}}' "$BAD" >"$BATS_TEST_TMPDIR/token.json"
	run -0 ranby push -q --authfile "$BATS_TEST_TMPDIR/token.json" "$REG/busybox" "$BAD/push_bearer/y"
	jq -e -s 'any(.form // "" | contains("refresh_token=long-lived") and contains("grant_type=refresh_token"))' "$HOSTILE/log"
	# a token that ends in the middle is taken anew
	run -0 ranby push -q --authfile "$BATS_TEST_TMPDIR/token.json" --chunk-size 300k "$REG/busybox" "$BAD/push_short/z"
}

@test "login: what nobody has tried did not succeed" {
	local status
	for status in 404 403; do
		echo "$status" >"$HOSTILE/v2"
		run -125 ranby login -u user --password-stdin "$BAD" <<<secret
		one_error 'is it a registry?'
		# images may be had there all the same
		run -0 ranby pull -q "$BAD/good/x"
	done
	rm "$HOSTILE/v2"
	[ ! -e "$XDG_RUNTIME_DIR/containers/auth.json" ]
	# tried where it is for, not where registries.conf has the images from
	conf '[[registry]]' "prefix = \"$CLOSED\"" "location = \"$REG\""
	run -125 ranby login -u user --password-stdin "$CLOSED" <<<wrong
	one_error 'invalid username/password'
	run -0 ranby login -u user --password-stdin "$CLOSED" <<<secret
	conf '[[registry]]' "location = \"$CLOSED\"" 'blocked = true'
	run -125 ranby login -u user --password-stdin "$CLOSED" <<<secret
	one_error 'is blocked'
	unset CONTAINERS_REGISTRIES_CONF
	ranby logout "$CLOSED"
	# a namespace's own, and no repository's
	printf '{"auths":{"%s":{"auth":"%s"},"%s/ns":{"auth":"%s"},"%s/x":{"auth":"%s"}}}' "$CLOSED" "$(printf user:wrong | base64)" \
		"$CLOSED" "$(printf user:secret | base64)" "$CLOSED" "$(printf other:x | base64)" >"$BATS_TEST_TMPDIR/ns.json"
	run -0 ranby login --authfile "$BATS_TEST_TMPDIR/ns.json" "$CLOSED/ns" </dev/null
	[[ $output == *"Already logged in to $CLOSED/ns" ]]
	[ "$(ranby login --authfile "$BATS_TEST_TMPDIR/ns.json" --get-login "$CLOSED")" = user ]
	run -125 ranby login --authfile "$BATS_TEST_TMPDIR/ns.json" "$CLOSED" </dev/null
}

@test "login: a secret on the command line is blanked at once" {
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" push -q --creds user:secret --chunk-size 5k "$REG/busybox" "$BAD/push_blank/x" 3>&- &
	local push=$!
	wait_for 30 pgrep -u "$(id -u)" -P "$push" -x ranby-fetch
	tr '\0' ' ' <"/proc/$push/cmdline" >"$BATS_TEST_TMPDIR/shown"
	wait "$push"
	grep -q -- '--creds \*\*\*\*' "$BATS_TEST_TMPDIR/shown"
	run ! grep secret "$BATS_TEST_TMPDIR/shown"
}

@test "registries.conf: mirrors in their order, and the place itself last" {
	# the first is not there, the second lies, the third has it; main.example never does
	conf '[[registry]]' 'prefix = "main.example"' 'location = "main.example"' \
		'[[registry.mirror]]' 'location = "localhost:1"' 'insecure = true' \
		'[[registry.mirror]]' "location = \"$BAD/both\"" \
		'[[registry.mirror]]' "location = \"$REG\"" 'insecure = true'
	: >"$HOSTILE/log"
	run -0 ranby pull --creds user:secret main.example/busybox
	[[ $output == *'Mirror localhost:1: '*'cannot connect'*"Mirror $BAD: "* ]] || fail "$output"
	[ "$(ranby image inspect --format '{{.Digest}}' main.example/busybox)" = "$(seen "$REG/busybox")" ]
	# A41: --creds were for main.example
	jq -e -s 'length > 0 and all(.authorization == null)' "$HOSTILE/log"
	ranby rmi main.example/busybox >/dev/null
	# skopeo reads the file as we do, but gives up at the one that lies
	sed -i "s|$BAD/both|localhost:2|" "$BATS_TEST_TMPDIR/registries.conf"
	skopeo --registries-conf "$BATS_TEST_TMPDIR/registries.conf" inspect --raw --tls-verify=false docker://main.example/busybox >/dev/null
	# a tag is not taken from a mirror for digests, a digest is
	conf '[[registry]]' 'location = "main.example"' '[[registry.mirror]]' "location = \"$REG\"" 'pull-from-mirror = "digest-only"'
	run -125 ranby pull -q main.example/busybox
	run -0 ranby pull -q "main.example/busybox@$(seen "$REG/busybox")"
	ranby rmi --force "$output" >/dev/null
	ranby pull -q "$REG/busybox" >/dev/null
	# nothing is pushed to a mirror
	conf '[[registry]]' 'location = "localhost:1"' '[[registry.mirror]]' "location = \"$REG\""
	run -125 ranby push -q "$REG/busybox" localhost:1/pushed
	one_error 'cannot connect'
}

@test "a mirror that lacks a blob, or breaks one: the next place is asked for that blob, not for those that are here" {
	local dir=$BATS_TEST_TMPDIR/mirror main=$BATS_TEST_TMPDIR/main layer config first second kind blob
	"$RANBY_TREE/tests/registry" start "$dir" 0 >"$BATS_TEST_TMPDIR/mirror.address"
	first=$(cat "$BATS_TEST_TMPDIR/mirror.address")
	"$RANBY_TREE/tests/registry" push "$dir" nginx
	mkdir "$main"
	mkfifo "$main/stdin"
	"$RANBY_TREE/tests/hostile-registry" "$RANBY_TEST_IMAGES/nginx" "$main" <"$main/stdin" >"$main/out" 2>&1 3>&- &
	exec 7>"$main/stdin"
	wait_for 30 test -s "$main/address"
	second=$(cat "$main/address")
	layer=$(skopeo inspect --raw --tls-verify=false "docker://$first/nginx" | jq -r '.layers[-1].digest')
	config=$(skopeo inspect --raw --tls-verify=false "docker://$first/nginx" | jq -r '.config.digest')
	blob=$(find "$dir" -path "*/${layer#sha256:}/data")
	conf '[[registry]]' 'prefix = "main.example"' "location = \"$second/good\"" 'insecure = true' '[[registry.mirror]]' "location = \"$first\""
	for kind in broken cut gone; do
		case $kind in
			broken) printf X | dd of="$blob" bs=1 seek=100 conv=notrunc status=none ;;
			cut) truncate -s 1000 "$blob" ;;
			gone) rm "$blob" ;;
		esac
		: >"$main/log"
		run -0 ranby pull main.example/nginx
		[[ $output == *"Mirror $first: blob ${layer:7:12}"* ]] || fail "$kind:" "$output"
		# the manifest and that blob: what the mirror had is here
		[ "$(jq -r .path "$main/log" | grep -c /blobs/)" = 1 ] || fail "$kind:" "$(cat "$main/log")"
		grep -q "/blobs/$layer" "$main/log"
		[ "$(ranby image inspect --format '{{.Id}}' main.example/nginx)" = "${config#sha256:}" ]
		ranby system check
		ranby rmi main.example/nginx >/dev/null
	done
	exec 7>&-
	"$RANBY_TREE/tests/registry" stop "$dir"
}

@test "pull: a blob that lies in the store and is damaged, its layer not unpacked yet, is got again" {
	local root=$BATS_TEST_TMPDIR/root layer damage
	layer=$(raw "$REG/busybox" | jq -r '.layers[0].digest')
	R() { ranby --root "$root" "$@"; }
	R images -q
	# gzip of something else; what has the beginning alone; nothing
	for damage in 'echo other | gzip' 'printf "\037\213\010"' 'true'; do
		bash -c "$damage" >"$root/blobs/sha256/${layer#sha256:}"
		run -0 R pull "$REG/busybox"
		[ "sha256:$(sha256sum <"$root/blobs/sha256/${layer#sha256:}" | cut -d' ' -f1)" = "$layer" ]
		R rmi -a -f >/dev/null
	done
}

@test "registries.conf: blocked, served elsewhere, wildcards, short names" {
	conf '[[registry]]' "location = \"$REG\"" 'blocked = true'
	for verb in "pull -q $REG/busybox" "push -q $REG/busybox"; do
		# shellcheck disable=SC2086 # two words
		run -125 ranby $verb
		one_error 'is blocked in registries.conf'
	done
	conf '[[registry]]' 'prefix = "*.example"' 'blocked = true' '[[registry]]' 'prefix = "good.example/team"' "location = \"$REG\""
	run -125 ranby pull -q bad.example/busybox
	one_error 'is blocked in registries.conf'
	run -0 ranby pull -q good.example/team/busybox
	run -0 ranby push -q good.example/team/busybox good.example/team/moved:1
	seen "$REG/moved:1" >/dev/null
	ranby rmi good.example/team/busybox >/dev/null
	ranby untag "$REG/busybox"
	conf "unqualified-search-registries = [\"localhost:1\", \"$REG\"]" '[aliases]' "aliased = \"$REG/busybox\""
	# a password is not tried on one after the other
	run -125 ranby pull -q --creds user:secret busybox
	[[ $output == *'2 registries for it'*'write the registry too'* ]]
	run -0 ranby pull busybox
	[[ $output == *'Trying to pull localhost:1/busybox'*"Trying to pull $REG/busybox"* ]]
	ranby untag "$REG/busybox"
	run -0 ranby pull aliased
	[[ $output == *'as an alias'* ]]
	# what was answered to podman goes before, and an empty word takes an alias away
	mkdir -p "$HOME/.cache/containers" "$BATS_TEST_TMPDIR/cache/containers"
	printf '[aliases]\n"aliased" = "localhost:1/elsewhere"\n"answered" = "%s/busybox"\n' "$REG" >"$HOME/.cache/containers/short-name-aliases.conf"
	(
		unset XDG_CACHE_HOME
		ranby rmi --all --force >/dev/null
		run -125 ranby pull -q aliased
		one_error 'pull localhost:1/elsewhere:latest'
		run -0 ranby pull answered
		[[ $output == *'as an alias'*"Trying to pull $REG/busybox:latest"* ]]
		# shellcheck disable=SC2030 # for these alone
		export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
		printf '[aliases]\n"aliased" = ""\n' >"$XDG_CACHE_HOME/containers/short-name-aliases.conf"
		run -125 ranby pull aliased
		[[ $output == *'Trying to pull localhost:1/aliased'* ]]
		printf '[aliases]\naliased = "busybox"\n' >"$XDG_CACHE_HOME/containers/short-name-aliases.conf"
		run -125 ranby pull -q aliased
		one_error 'busybox names no registry'
		printf '[aliases]\naliased = 1\n' >"$XDG_CACHE_HOME/containers/short-name-aliases.conf"
		run -125 ranby pull -q aliased
		one_error 'short-name-aliases.conf: aliases: aliased is no string'
		# nobody can be asked without a terminal, so that nothing is written
		[ "$(ls -A "$XDG_CACHE_HOME/containers")" = short-name-aliases.conf ]
	)
	conf 'unqualified-search-registries = ["x"'
	run -125 ranby pull -q busybox2
	one_error 'registries.conf:2: an array goes on'
	conf '[registries.block]' 'registries = ["a"]'
	run -125 ranby pull -q busybox2
	one_error 'first version'
}

@test "registries.conf: which registry a short name means is asked on a terminal, once" {
	local cache=$BATS_TEST_TMPDIR/cache search="unqualified-search-registries = [\"localhost:1\", \"$REG\"]"
	local answers=$cache/containers/short-name-aliases.conf
	mkdir "$cache"
	# shellcheck disable=SC2031 # the subshell is another test's
	export XDG_CACHE_HOME=$cache
	ranby rmi --all --force >/dev/null
	conf "$search" 'short-name-mode = "strict"'
	run -125 ranby pull -q busybox
	one_error 'short-name-mode "strict": not permissive, enforcing or disabled'
	# enforcing, and nobody there: neither is taken
	conf "$search" 'short-name-mode = "enforcing"'
	run -125 ranby pull busybox
	one_error '2 registries may be meant'
	[[ $output == *'write the registry too, such as localhost:1/busybox:latest'* ]]
	[ -z "$(ranby images -q)" ]
	# the end of input, and a number that there is not
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull busybox <<-'STEPS'
		expect Number \[1\]:
		send 3\r
		expect Number \[1\]:
		send \x04
		expect Error: short name "busybox": nobody chose
		exit 125
	STEPS
	[ ! -e "$answers" ]
	# one that does not lead to an image is not kept
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull busybox <<-'STEPS'
		expect Number \[1\]:
		send \r
		expect pull localhost:1/busybox:latest
		exit 125
	STEPS
	[ ! -e "$answers" ]
	mkdir -p "${answers%/*}"
	printf '[aliases]\n"other" = "localhost:1/\\u006fther"\n' >"$answers"
	chmod 600 "$answers"
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull busybox <<-STEPS
		expect 1\) localhost:1/busybox:latest
		expect 2\) $REG/busybox:latest
		expect Number \[1\]:
		send 2\\r
		exit 0
	STEPS
	[ "$(cat "$answers")" = "$(printf '[aliases]\n  "other" = "localhost:1/other"\n  "busybox" = "%s/busybox"' "$REG")" ]
	# from then on it is known
	ranby rmi --all >/dev/null
	run -0 ranby pull busybox
	[[ $output == *'as an alias'*"Trying to pull $REG/busybox:latest"* ]]
	rm "$answers"
	# permissive and disabled, with nobody there: one after the other
	for mode in permissive disabled; do
		ranby rmi --all >/dev/null
		conf "$search" "short-name-mode = \"$mode\""
		run -0 ranby pull busybox
		[[ $output == *'Trying to pull localhost:1/busybox'*"Trying to pull $REG/busybox"* ]]
	done
	# disabled asks nobody on a terminal either
	ranby rmi --all >/dev/null
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull busybox <<<'exit 0'
	[[ $output != *'Number'* ]]
	[ ! -e "$answers" ]
}

@test "push and pull over TLS: an authority of a test, and its client certificate" {
	need_program openssl
	local dir=$BATS_TEST_TMPDIR/tls
	mkdir -p "$dir/certs"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	cp "$dir/cert.pem" "$dir/certs/ca.crt"
	address=$("$RANBY_TREE/tests/registry" start --tls "$dir/cert.pem" "$dir/key.pem" "$dir/reg" 0)
	run -125 ranby push -q --tls-verify "$REG/busybox" "$address/x:1"
	one_error 'certificate is not valid'
	run -0 ranby push -q --tls-verify --cert-dir "$dir/certs" "$REG/busybox" "$address/x:1"
	run -0 ranby pull -q --tls-verify --cert-dir "$dir/certs" "$address/x:1"
	[ "$(skopeo inspect --cert-dir "$dir/certs" "docker://$address/x:1" | jq -r .Digest)" = "$(seen "$REG/busybox")" ]
	"$RANBY_TREE/tests/registry" stop "$dir/reg"
}
