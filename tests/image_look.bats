#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Looking at images: in registries without pulling them, and in the store again
# after something has changed on the disk. skopeo and podman say what is true.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() {
	need_program docker-registry
	need_program skopeo
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REG/busybox" "docker://$REG/busybox:two"
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

setup() {
	ranby pull -q "$REG/busybox" >/dev/null
}

# spoil BLOB: one byte of it is another
spoil() {
	printf '\377' | dd of="$RANBY_ROOT/blobs/sha256/$1" bs=1 seek=40 conv=notrunc status=none
}

layer() { skopeo inspect --raw --tls-verify=false "docker://$REG/busybox" | jq -r '.layers[0].digest | sub("sha256:"; "")'; }

@test "image inspect docker://: as skopeo says it, and nothing is pulled" {
	before=$(find "$RANBY_ROOT"/{blobs,layers,images} | sort)
	run -0 ranby image inspect "docker://$REG/busybox:two"
	skopeo inspect --tls-verify=false "docker://$REG/busybox:two" >"$BATS_TEST_TMPDIR/want"
	for key in Digest Architecture Os Created Layers; do
		[ "$(jq -c ".[0].$key" <<<"$output")" = "$(jq -c ".$key" "$BATS_TEST_TMPDIR/want")" ] || fail "$key"
	done
	[ "$(jq -c '.[0].RepoTags | sort' <<<"$output")" = '["latest","two"]' ]
	run -0 ranby image inspect --no-tags "docker://$REG/busybox:two"
	[ "$(jq '.[0] | has("RepoTags")' <<<"$output")" = false ]
	ranby image inspect --raw "docker://$REG/busybox" | cmp - <(skopeo inspect --raw --tls-verify=false "docker://$REG/busybox")
	ranby image inspect --config "docker://$REG/busybox" | jq -S . | cmp - <(skopeo inspect --config --raw --tls-verify=false "docker://$REG/busybox" | jq -S .)
	ranby image inspect --raw "$REG/busybox" | cmp - <(skopeo inspect --raw --tls-verify=false "docker://$REG/busybox")
	[ "$before" = "$(find "$RANBY_ROOT"/{blobs,layers,images} | sort)" ]
	run -125 ranby image inspect "docker://$REG/nothing"
	[[ $output == *'not found'* ]]
}

@test "search: the list of a registry that has no search, and tags" {
	run -0 ranby search --format '{{.Name}}' "$REG/busy"
	[ "$output" = "$REG/busybox" ]
	run -0 ranby search --format '{{.Name}}' "$REG/none"
	[ -z "$output" ]
	run -0 ranby search --list-tags --format '{{.Name}} {{.Tag}}' "$REG/busybox"
	[ "$(sort <<<"$output")" = "$(printf '%s\n' "$REG/busybox latest" "$REG/busybox two")" ]
	run -0 ranby search --list-tags --limit 1 --format '{{.Tag}}' "$REG/busybox"
	[ "${#lines[@]}" = 1 ]
	run -125 ranby search --list-tags "$REG/busybox:two"
	run -125 ranby search --list-tags "$REG/nothing"
}

@test "pull --all-tags" {
	run -0 ranby pull -q --all-tags "$REG/busybox"
	run -0 ranby images --format '{{.Tag}}' "$REG/busybox"
	[ "$(sort <<<"$output")" = "$(printf '%s\n' latest two)" ]
	run -125 ranby pull -q --all-tags "$REG/busybox:two"
	[[ $output == *'named without one'* ]]
}

@test "image tree: the layers, and whose uppermost they are" {
	ranby tag "$REG/busybox" tree:1
	run -0 ranby image tree tree:1
	[[ ${lines[0]} == 'Image ID: '* && ${lines[1]} == *localhost/tree:1* && ${lines[3]} == 'Image Layers' ]]
	[[ ${lines[-1]} == '└── ID: '*' Size: '*' Top Layer of: ['*localhost/tree:1* ]]
	ranby untag tree:1 localhost/tree:1
}

@test "system check: a store that is whole, and one that is not" {
	run -0 ranby system check
	[[ ${lines[-1]} == *' 0 damaged, 0 repaired' ]]
	spoil "$(layer)"
	run -0 ranby system check --quick
	run -1 ranby system check
	[[ $output == *"its content has changed"* && ${lines[-1]} == *' 1 damaged, 0 repaired' ]]
	run -0 ranby system check --repair
	[[ $output == *'(repaired)'* ]]
	[ "$(sha256sum <"$RANBY_ROOT/blobs/sha256/$(layer)" | cut -d' ' -f1)" = "$(layer)" ]
	run -0 ranby system check
}

@test "system check: a file of an unpacked layer that has changed" {
	need_ranges
	d=$(echo "$RANBY_ROOT"/layers/*/diff)
	[ -d "$d" ]
	ranby run --rm --network none --userns auto "$REG/busybox" true
	run -0 ranby system check
	was=$(stat -c %y "$d/etc/passwd")
	cp -p "$d/etc/passwd" "$BATS_TEST_TMPDIR/passwd"
	# as long as it was, and as old: only what is in it tells
	tr r R <"$BATS_TEST_TMPDIR/passwd" >"$d/etc/passwd"
	touch -d "$was" "$d/etc/passwd"
	run -0 ranby system check --quick
	run -1 ranby system check
	[[ $output == *"layer $(basename "$(dirname "$d")"): /etc/passwd: its content has changed"* && ${lines[-1]} == *' 1 damaged, 0 repaired' ]] || fail "$output"
	cp -p "$BATS_TEST_TMPDIR/passwd" "$d/etc/passwd"
	touch "$d/bin/new"
	run -1 ranby system check
	[[ $output == *'/bin/new: it is no file of the layer'* ]] || fail "$output"
	rm "$d/bin/new"
	chmod u+s "$d/bin/busybox"
	run -1 ranby system check
	[[ $output == *'/bin/busybox: its mode'* ]] || fail "$output"
	chmod u-s "$d/bin/busybox"
	run -0 ranby system check
}

@test "system check: what is missing, and what no registry has" {
	rm "$RANBY_ROOT/blobs/sha256/$(layer)"
	run -1 ranby system check --quick
	[[ $output == *'is missing'* ]]
	run -0 ranby system check --quick --repair
	ranby tag "$REG/busybox" local:1
	ranby rmi "$REG/busybox" "$REG/busybox:two" >/dev/null 2>&1 || true
	spoil "$(layer)"
	run -1 ranby system check --repair
	[[ ${lines[-1]} == *' 1 damaged, 0 repaired' ]]
	# it was put back: its layer is unpacked, and serves
	[ -e "$RANBY_ROOT/blobs/sha256/$(layer)" ]
	run -0 ranby run --rm local:1 echo here
	[ "$output" = here ]
	ranby rmi --force local:1 >/dev/null
}

@test "options that podman and skopeo have there and we have not: refused, with what to use" {
	local verb word
	while IFS='|' read -r verb word; do
		# shellcheck disable=SC2086 # words
		run -125 ranby $verb
		one_error "$word"
	done <<-'END'
		copy --sign-by x a b|ranby image sign
		copy --sign-by-sigstore-private-key x a b|ranby image sign
		copy --src-username x a b|ranby login
		copy --dest-registry-token x a b|ranby login
		copy --dest-compress a b|--compression-format
		copy --encryption-key x a b|not encrypted
		copy --dest-shared-blob-dir x a b|skopeo copy
		copy --dest-precompute-digests a b|leave it out
		sync --src-creds x:y --src docker --dest dir a b|ranby login
		sync --dest-authfile x --src docker --dest dir a b|--authfile
		sync --src-cert-dir x --src docker --dest dir a b|certs.d
		sync --dest-tls-verify=false --src docker --dest dir a b|registries.conf
		push --retry 3 a|tried again
		push --encryption-key x a|not encrypted
		push --sign-passphrase-file x a|--sign-by-sigstore-private-key
		pull --retry-delay 1s a|grows by itself
		pull --decryption-key x a|skopeo copy
		sync --sign-by x --src docker --dest dir a b|ranby image sign
		sync --dry-run --src docker --dest dir a b|--list-tags
		push --compress a|ranby save --compress
		manifest push --sign-by x a b|ranby image sign
		search --filter stars=3 x|--format
		search --compatible x|--format
		images --history|not kept
		pull --disable-content-trust x|policy.json
		push --disable-content-trust x|--sign-by-sigstore-private-key
	END
}
