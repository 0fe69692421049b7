#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# save and load, in every format and in both directions, with skopeo, podman,
# buildah and umoci as the ones who say what is in there.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() {
	need_program skopeo
	ranby_setup_file busybox
	export STORAGE_DRIVER=vfs
	ID=$(ranby image inspect --format '{{.Id}}' busybox)
	DIGEST=$(ranby image inspect --format '{{.Digest}}' busybox)
	NAME=$(ranby image inspect --format '{{index .RepoTags 0}}' busybox)
	export ID DIGEST NAME
}

teardown_file() { ranby_teardown_file; }

setup() {
	export OUT=$BATS_TEST_TMPDIR/out SHORT=$XDG_RUNTIME_DIR/save.$$
	mkdir "$SHORT"
}

teardown() { remove_tree "$SHORT"; }

# fresh COMMAND...: ranby with a store of this test's own
fresh() { "$RANBY" --root "$BATS_TEST_TMPDIR/store" --runroot "$RANBY_RUN" "$@"; }

# same_again: what `fresh load` made of it has the id, and the digest when $1 says so
same_again() {
	[ "$(fresh images -q --no-trunc | sort -u)" = "sha256:$ID" ] || fail "another id: $(fresh images -q --no-trunc)"
	[ "${1:-}" != digest ] || [ "$(fresh image inspect --format '{{.Digest}}' "$ID")" = "$DIGEST" ] || fail 'another digest'
	remove_tree "$BATS_TEST_TMPDIR/store"
}

@test "docker-archive: we, skopeo and podman read it; the same again is the same bytes" {
	ranby save -q -o "$OUT" busybox
	ranby save -q busybox | cmp - "$OUT"
	[ "$(tar -xOf "$OUT" manifest.json | jq -r '.[0].RepoTags[0]')" = "$NAME" ]
	# the layers are what the config calls them
	for layer in $(tar -xOf "$OUT" manifest.json | jq -r '.[0].Layers[]'); do
		[ "$(tar -xOf "$OUT" "$layer" | sha256sum | cut -d' ' -f1).tar" = "$layer" ]
	done
	fresh load -q -i "$OUT"
	same_again
	[ "$(skopeo inspect --raw --config "docker-archive:$OUT" | sha256sum | cut -d' ' -f1)" = "$ID" ]
	if command -v podman >/dev/null; then
		podman --root "$SHORT/p" --runroot "$SHORT/pr" load -q -i "$OUT"
		podman --root "$SHORT/p" --runroot "$SHORT/pr" images -q --no-trunc | grep -q "$ID"
		podman --root "$SHORT/p" --runroot "$SHORT/pr" save -q -o "$BATS_TEST_TMPDIR/back" "$ID"
		podman --root "$SHORT/p" --runroot "$SHORT/pr" system migrate || true # ends its pause process
		fresh load -q -i "$BATS_TEST_TMPDIR/back"
		same_again
	fi
}

@test "oci-archive and oci-dir: the digest stays, for us and for skopeo" {
	ranby save -q --format oci-archive -o "$OUT.tar" busybox
	ranby save -q --format oci-dir -o "$OUT.dir" busybox
	for from in "oci-archive:$OUT.tar" "oci:$OUT.dir"; do
		[ "sha256:$(skopeo inspect --raw "$from" | sha256sum | cut -d' ' -f1)" = "$DIGEST" ] || fail "$from"
	done
	fresh load -q -i "$OUT.tar"
	same_again digest
	fresh pull -q "oci:$OUT.dir"
	same_again digest
	# skopeo writes, we read
	skopeo --insecure-policy copy -q "oci:$OUT.dir" "oci-archive:$BATS_TEST_TMPDIR/back.tar:x/y:1"
	fresh load -q -i "$BATS_TEST_TMPDIR/back.tar"
	same_again digest
	# every file of the layout is called by what is in it
	(cd "$OUT.dir/blobs/sha256" && for f in *; do [ "$(sha256sum <"$f" | cut -d' ' -f1)" = "$f" ] || exit 1; done)
}

@test "docker-dir: what skopeo calls dir:, both ways" {
	ranby save -q --format docker-dir -o "$OUT" busybox
	[ "$(jq -r .config.digest "$OUT/manifest.json")" = "sha256:$ID" ]
	[ "$(jq -r .mediaType "$OUT/manifest.json")" = application/vnd.docker.distribution.manifest.v2+json ]
	skopeo --insecure-policy copy -q "dir:$OUT" "dir:$BATS_TEST_TMPDIR/back"
	cmp "$OUT/manifest.json" "$BATS_TEST_TMPDIR/back/manifest.json"
	fresh pull -q "dir:$BATS_TEST_TMPDIR/back"
	same_again
	fresh load -q -i "$OUT"
	same_again
}

@test "umoci and buildah read the layout" {
	ranby save -q --format oci-dir -o "$OUT" busybox
	if command -v umoci >/dev/null; then
		jq '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "tag"' "$OUT/index.json" >"$OUT/new" && mv "$OUT/new" "$OUT/index.json"
		umoci unpack --rootless --image "$OUT:tag" "$BATS_TEST_TMPDIR/bundle"
		[ -x "$BATS_TEST_TMPDIR/bundle/rootfs/bin/busybox" ]
		umoci tag --image "$OUT:tag" other
		fresh pull -q "oci:$OUT:other"
		same_again digest
	fi
	if command -v buildah >/dev/null; then
		# it makes a name of the path, in which no capitals may be
		cp -r "$OUT" "$SHORT/layout"
		buildah --root "$SHORT/b" --runroot "$SHORT/br" pull -q "oci:$SHORT/layout:tag"
		buildah --root "$SHORT/b" --runroot "$SHORT/br" images --no-trunc -q | grep -q "$ID"
		buildah --root "$SHORT/b" --runroot "$SHORT/br" push -q "$ID" "oci-archive:$BATS_TEST_TMPDIR/back.tar:x/y:1"
		fresh load -q -i "$BATS_TEST_TMPDIR/back.tar"
		same_again
	fi
}

@test "several images and several names; layers that they share are there once" {
	echo one >"$BATS_TEST_TMPDIR/one"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/root.tar" one
	ranby import -q "$BATS_TEST_TMPDIR/root.tar" second:1 >/dev/null
	ranby tag busybox again:2
	ranby save -q -m -o "$OUT" busybox again:2 second:1 "$ID"
	[ "$(tar -xOf "$OUT" manifest.json | jq -c 'map(.RepoTags | length)')" = '[2,1]' ]
	[ -z "$(tar -tf "$OUT" | sort | uniq -d)" ]
	fresh load -q -i "$OUT"
	[ "$(fresh images -q | sort -u | wc -l)" = 2 ]
	fresh image exists localhost/again:2
	remove_tree "$BATS_TEST_TMPDIR/store"
	ranby save -q -m --format oci-archive -o "$OUT" busybox again:2 second:1
	[ "$(tar -xOf "$OUT" index.json | jq '.manifests | length')" = 3 ]
	fresh load -q -i "$OUT"
	[ "$(fresh images -q | sort -u | wc -l)" = 2 ]
	remove_tree "$BATS_TEST_TMPDIR/store"
	ranby rmi again:2 second:1 >/dev/null
}

@test "of an archive whose second image is refused the first stays, and is told; of the others there is nothing" {
	local n layer
	for n in one two three; do
		mkdir -p "$BATS_TEST_TMPDIR/$n"
		echo $n >"$BATS_TEST_TMPDIR/$n/$n"
		tar -C "$BATS_TEST_TMPDIR/$n" -cf "$BATS_TEST_TMPDIR/root.tar" $n
		ranby import -q "$BATS_TEST_TMPDIR/root.tar" "mid-$n:1" >/dev/null
	done
	ranby save -q -m -o "$OUT" mid-one:1 mid-two:1 mid-three:1
	mkdir "$BATS_TEST_TMPDIR/open"
	tar -C "$BATS_TEST_TMPDIR/open" -xf "$OUT"
	layer=$(jq -r '.[1].Layers[0]' "$BATS_TEST_TMPDIR/open/manifest.json")
	echo more >>"$BATS_TEST_TMPDIR/open/$layer"
	tar -C "$BATS_TEST_TMPDIR/open" -cf "$OUT" .
	run -125 --separate-stderr fresh load -q -i "$OUT"
	[ "$output" = 'Loaded image: localhost/mid-one:1' ]
	[[ $stderr == 'Error: '*'the image config says sha256:'* ]]
	[ "$(fresh images --format '{{.Repository}}')" = localhost/mid-one ]
	[ "$(find "$BATS_TEST_TMPDIR"/store/{blobs/sha256,layers,images,staging} -mindepth 1 -maxdepth 1 | wc -l)" = 5 ]
	fresh system check
	remove_tree "$BATS_TEST_TMPDIR/store"
	ranby rmi mid-one:1 mid-two:1 mid-three:1 >/dev/null
}

@test "what cannot be saved" {
	run -125 ranby save -o "$OUT" nothing
	one_error 'image not known'
	run -125 ranby save --format x -o "$OUT" busybox
	one_error 'not docker-archive'
	run -125 ranby save --compress -o "$OUT" busybox
	one_error "'oci-dir' or 'docker-dir'"
	run -125 ranby save --format oci-dir busybox
	one_error 'directory is wanted'
	mkdir "$OUT.d"
	touch "$OUT.d/x"
	run -125 ranby save --format oci-dir -o "$OUT.d" busybox
	one_error 'not empty'
	run -125 bash -c '"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" save -q busybox >/dev/full'
	one_error 'No space left'
}

@test "save: a blob that has changed on the disk does not leave (A42)" {
	local blob
	ranby save -q --format oci-dir -o "$OUT" busybox
	blob=$(jq -r '.layers[0].digest' "$OUT/blobs/sha256/${DIGEST#sha256:}" | cut -d: -f2)
	cp "$RANBY_ROOT/blobs/sha256/$blob" "$BATS_TEST_TMPDIR/kept"
	chmod u+w "$RANBY_ROOT/blobs/sha256/$blob"
	printf X | dd of="$RANBY_ROOT/blobs/sha256/$blob" bs=1 seek=5000 conv=notrunc status=none
	run -125 ranby save -q --format oci-archive -o "$OUT.oci" busybox
	one_error 'has changed on the disk'
	# this one is inflated on its way, where the same is seen by gzip's sum or by ours, whichever comes first
	run -125 ranby save -q --format docker-archive -o "$OUT.docker" busybox
	one_error Error:
	[[ $output == *'has changed on the disk'* || $output == *gzip:* ]]
	# and no half of it either; what stood there keeps its name
	[ ! -e "$OUT.oci" ]
	[ ! -e "$OUT.docker" ]
	echo before >"$OUT.there"
	run -125 ranby save -q --format oci-archive -o "$OUT.there" busybox
	[ -f "$OUT.there" ]
	[ ! -s "$OUT.there" ]
	cp "$BATS_TEST_TMPDIR/kept" "$RANBY_ROOT/blobs/sha256/$blob"
	run -0 ranby save -q --format oci-archive -o "$OUT.good" busybox
}

@test "history: the config's words and our sizes, as podman prints them" {
	cat >"$BATS_TEST_TMPDIR/config" <<-'END'
		{"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05Z","config":{},
		 "rootfs":{"type":"layers","diff_ids":["@"]},
		 "history":[{"created":"2024-01-01T00:00:00Z","created_by":"/bin/sh -c #(nop) ADD file:0123456789 in / and some more words","comment":"first"},
		            {"created":"2024-01-02T03:04:05Z","created_by":"CMD [\"sh\"]\u001b[31m","empty_layer":true}]}
	END
	local layer=$BATS_TEST_TMPDIR/layer.tar diff
	echo hello >"$BATS_TEST_TMPDIR/hello"
	tar -C "$BATS_TEST_TMPDIR" -cf "$layer" hello
	diff=$(sha256sum <"$layer" | cut -d' ' -f1)
	sed -i "s/@/sha256:$diff/" "$BATS_TEST_TMPDIR/config"
	echo '[{"Config":"config","RepoTags":["told:1"],"Layers":["layer.tar"]}]' >"$BATS_TEST_TMPDIR/manifest.json"
	tar -C "$BATS_TEST_TMPDIR" -cf "$OUT" manifest.json config layer.tar
	ranby load -q -i "$OUT" >/dev/null
	run -0 ranby history --no-trunc --format '{{.ID}}|{{.CreatedAt}}|{{.CreatedBy}}|{{.Comment}}' told:1
	[[ ${lines[0]} == "$(sha256sum <"$BATS_TEST_TMPDIR/config" | cut -d' ' -f1)|2024-01-02T03:04:05Z|CMD "* && ${lines[0]} != *$'\e'* ]]
	[ "${lines[1]}" = '<missing>|2024-01-01T00:00:00Z|/bin/sh -c #(nop) ADD file:0123456789 in / and some more words|first' ]
	run -0 ranby history told:1
	[[ ${lines[0]} =~ ^ID\ +CREATED\ +CREATED\ BY\ +SIZE\ +COMMENT ]]
	[[ ${lines[1]} == *'0 B'* && ${lines[1]} != *$'\e'* && ${lines[2]} == *'ADD file:0123456789 in /...'*first* ]]
	[ "$(ranby history --human=false --format '{{.Size}}' told:1 | tail -n 1)" = 6 ]
	[ "$(ranby history --format json told:1 | jq -r 'map(.id[0:3], .size) | @csv')" = "\"$(sha256sum <"$BATS_TEST_TMPDIR/config" | cut -c1-3)\",0,\"<mi\",6" ]
	[ "$(ranby history -q told:1 | wc -l)" = 2 ]
	# an image that tells nothing
	[ "$(ranby history -q busybox | wc -l)" -ge 1 ]
	ranby rmi told:1 >/dev/null
}
