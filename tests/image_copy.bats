#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Images on their way between places, and lists of several: copy and manifest,
# against Debian's docker-registry, with skopeo, podman and umoci as the ones
# who read what was written and write what is read.
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
	ranby pull -q "$REG/busybox" >/dev/null
	other_arch "$BATS_FILE_TMPDIR/arm64" arm64
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$BATS_FILE_TMPDIR/arm64:x" "docker://$REG/arm:1"
	ranby manifest create two >/dev/null
	ranby manifest add two "$REG/busybox" >/dev/null
	ranby manifest add --arch arm64 two "docker://$REG/arm:1" >/dev/null
	ranby manifest push -q two "$REG/two:1"
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

# other_arch DIR ARCH: busybox as an OCI layout that says it is for another machine
other_arch() {
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "oci:$1:x"
	python3 - "$1" "$2" <<-'END'
		import hashlib, json, sys
		d, arch = sys.argv[1:]
		def read(h): return json.load(open(f"{d}/blobs/sha256/{h.split(':')[1]}"))
		def write(o):
		    b = json.dumps(o).encode(); h = hashlib.sha256(b).hexdigest()
		    open(f"{d}/blobs/sha256/{h}", "wb").write(b); return "sha256:" + h, len(b)
		ix = json.load(open(d + "/index.json"))
		m = read(ix["manifests"][0]["digest"]); c = read(m["config"]["digest"])
		c["architecture"] = arch
		m["config"]["digest"], m["config"]["size"] = write(c)
		ix["manifests"][0]["digest"], ix["manifests"][0]["size"] = write(m)
		json.dump(ix, open(d + "/index.json", "w"))
	END
}

digest_at() { skopeo inspect --raw --tls-verify=false "docker://$1" | sha256sum | cut -d' ' -f1; }
raw() { skopeo inspect --raw --tls-verify=false "docker://$1"; }

@test "manifest: a list is made, and others read it" {
	[ "$(raw "$REG/two:1" | jq -r '.manifests | length')" = 2 ]
	[ "$(raw "$REG/two:1" | jq -r '[.manifests[].platform.architecture] | sort | join(" ")')" = 'amd64 arm64' ]
	run -0 skopeo inspect --tls-verify=false --override-arch arm64 "docker://$REG/two:1"
	[ "$(jq -r .Architecture <<<"$output")" = arm64 ]
	run -0 ranby manifest inspect two
	[ "$(jq -c . <<<"$output")" = "$(raw "$REG/two:1" | jq -c .)" ]
	run -0 ranby manifest inspect "$REG/two:1"
	[ "$(jq -c . <<<"$output")" = "$(raw "$REG/two:1" | jq -c .)" ]
}

@test "manifest: what is in the store of it" {
	run -0 ranby manifest exists two
	run -1 ranby manifest exists "$REG/busybox"
	run -1 ranby manifest exists nothing
	run -0 ranby images --format '{{.Repository}}:{{.Tag}}'
	[[ $output == *localhost/two:latest* ]]
	run -0 ranby image inspect --format '{{.Architecture}}' two
	[ "$output" = amd64 ]
	run -0 ranby run --rm two echo hello
	[ "$output" = hello ]
	run -125 ranby manifest create two
	[[ $output == *'already in use'* ]]
	run -125 ranby manifest inspect "$REG/nothing"
}

@test "manifest: no collection takes what only a list leads to, and all of it goes with the list" {
	ranby manifest create --all three "docker://$REG/two:1" >/dev/null
	ranby manifest rm two >/dev/null
	ranby rmi "$REG/busybox" >/dev/null
	ranby image prune --force >/dev/null
	run -0 ranby manifest push -q three "$REG/three:1"
	run -0 ranby run --rm three echo still
	[ "$output" = still ]
	id=$(ranby create three true)
	run -2 ranby manifest rm three
	run -0 ranby image prune --all --force
	run -0 ranby manifest exists three
	ranby rm "$id" >/dev/null
	ranby tag three four
	run -0 ranby manifest rm three
	[ "$output" = 'Untagged: localhost/three:latest' ]
	run -0 ranby rmi four
	[[ $output == *Deleted:* ]]
	[ -z "$(find "$RANBY_ROOT/blobs/sha256" "$RANBY_ROOT/layers" -mindepth 1)" ]
	ranby manifest create --all two "docker://$REG/two:1" >/dev/null
	ranby pull -q "$REG/busybox" >/dev/null
}

@test "manifest: annotate, remove, and all names go along" {
	ranby manifest create --all work "docker://$REG/two:1" >/dev/null
	ranby tag work also
	arm=$(ranby manifest inspect work | jq -r '.manifests[] | select(.platform.architecture == "arm64").digest')
	ranby manifest annotate --variant v8 --annotation a.b=c --os-version 6.1 work "$arm" >/dev/null
	run -0 ranby manifest inspect also
	[ "$(jq -r --arg d "$arm" '.manifests[] | select(.digest == $d) | .platform.variant + .annotations["a.b"] + .platform["os.version"]' <<<"$output")" = v8c6.1 ]
	ranby manifest remove work "$arm" >/dev/null
	[ "$(ranby manifest inspect also | jq '.manifests | length')" = 1 ]
	run -125 ranby manifest remove work "$arm"
	[[ $output == *'not in the list'* ]]
	run -125 ranby manifest add "$REG/busybox" work
	[[ $output == *'not a manifest list'* ]]
	[ "$(ranby images --format '{{.Repository}}' | grep -c '<none>')" = 0 ]
	ranby rmi work also >/dev/null
}

@test "copy: from registry to registry, and nothing of it stays" {
	before=$(find "$RANBY_ROOT"/{blobs,layers,images,staging} | sort)
	run -0 ranby copy -q --all --preserve-digests --digestfile "$BATS_TEST_TMPDIR/digest" "docker://$REG/two:1" "docker://$REG/mirror/two:1"
	[ "$(digest_at "$REG/mirror/two:1")" = "$(digest_at "$REG/two:1")" ]
	[ "$(cat "$BATS_TEST_TMPDIR/digest")" = "sha256:$(digest_at "$REG/two:1")" ]
	[ "$before" = "$(find "$RANBY_ROOT"/{blobs,layers,images,staging} | sort)" ]
	run -0 ranby copy -q --platform linux/arm64 "docker://$REG/two:1" "docker://$REG/one:arm"
	[ "$(digest_at "$REG/one:arm")" = "$(digest_at "$REG/arm:1")" ]
	run -0 ranby copy "docker://$REG/two:1" "docker://$REG/fresh:1"
	[[ $output == *mounted* ]]
}

@test "copy: each format, and skopeo reads the same digest out of it" {
	want=$(digest_at "$REG/busybox")
	cd "$BATS_TEST_TMPDIR"
	ranby copy -q "docker://$REG/busybox" oci:layout:x
	ranby copy -q "docker://$REG/busybox" oci-archive:layout.tar:x
	ranby copy -q "docker://$REG/busybox" dir:flat
	ranby copy -q "docker://$REG/busybox" docker-archive:docker.tar:x:1
	for from in oci:layout:x oci-archive:layout.tar:x dir:flat; do
		[ "$(skopeo inspect --raw "$from" | sha256sum | cut -d' ' -f1)" = "$want" ] || fail "$from"
		ranby copy -q "$from" "docker://$REG/back:1"
		[ "$(digest_at "$REG/back:1")" = "$want" ] || fail "back from $from"
	done
	[ "$(skopeo inspect --config docker-archive:docker.tar | jq -r .architecture)" = amd64 ]
	ranby copy -q docker-archive:docker.tar "docker://$REG/back:2"
	[ "$(skopeo inspect --tls-verify=false "docker://$REG/back:2" | jq -r .Architecture)" = amd64 ]
	run -125 ranby copy -q "docker://$REG/busybox" oci-archive:layout.tar:x
	[[ $output == *'File exists'* ]]
	umoci unpack --rootless --image layout:x "$BATS_TEST_TMPDIR/bundle"
	[ -x "$BATS_TEST_TMPDIR/bundle/rootfs/bin/busybox" ]
}

@test "copy: what skopeo wrote, lists too" {
	cd "$BATS_TEST_TMPDIR"
	skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$REG/two:1" oci:s:two
	skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$REG/two:1" dir:d
	for from in oci:s:two dir:d; do
		ranby copy -q --all "$from" "docker://$REG/again:1"
		[ "$(digest_at "$REG/again:1")" = "$(digest_at "$REG/two:1")" ] || fail "$from"
	done
	ranby copy -q --all "docker://$REG/two:1" oci:r:two
	ranby copy -q --all "docker://$REG/two:1" dir:e
	for from in oci:r:two dir:e; do
		skopeo --insecure-policy copy -q --all --dest-tls-verify=false "$from" "docker://$REG/again:2"
		[ "$(digest_at "$REG/again:2")" = "$(digest_at "$REG/two:1")" ] || fail "$from"
	done
	ranby copy -q oci:r:two oci:r:one
	[ "$(jq '.manifests | length' r/index.json)" = 2 ]
	run -125 ranby copy -q oci:r docker-archive:x.tar
	[[ $output == *'2 images in it; which?'* ]]
	run -125 ranby copy -q --all oci:r:two docker-archive:x.tar
	[[ $output == *'holds one image'* ]]
	[ ! -e x.tar ]
}

@test "copy: the store at both ends" {
	ranby copy -q --all "docker://$REG/two:1" store:whole
	run -0 ranby manifest exists whole
	ranby copy -q --all store:whole "docker://$REG/whole:1"
	[ "$(digest_at "$REG/whole:1")" = "$(digest_at "$REG/two:1")" ]
	ranby copy -q --platform linux/arm64 whole "dir:$BATS_TEST_TMPDIR/d"
	[ "$(sha256sum <"$BATS_TEST_TMPDIR/d/manifest.json" | cut -d' ' -f1)" = "$(digest_at "$REG/arm:1")" ]
	ranby copy -q "docker://$REG/busybox" plain
	run -0 ranby run --rm plain echo ran
	[ "$output" = ran ]
	run -0 ranby push -q whole "$REG/pushed:1"
	[ "$(digest_at "$REG/pushed:1")" = "$(digest_at "$REG/two:1")" ]
	ranby rmi --force whole plain >/dev/null
}

@test "copy: other kinds of manifest, and digests that must not change" {
	ranby copy -q --all --format v2s2 "docker://$REG/two:1" "docker://$REG/docker:1"
	[ "$(raw "$REG/docker:1" | jq -r .mediaType)" = application/vnd.docker.distribution.manifest.list.v2+json ]
	skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$REG/docker:1" "dir:$BATS_TEST_TMPDIR/d"
	[ "$(jq -r '.mediaType' "$BATS_TEST_TMPDIR"/d/*.manifest.json | sort -u)" = application/vnd.docker.distribution.manifest.v2+json ]
	run -125 ranby copy -q --preserve-digests --format v2s2 "docker://$REG/busybox" "docker://$REG/docker:2"
	[[ $output == *--preserve-digests* ]]
	run -125 ranby copy -q --preserve-digests "docker://$REG/docker:1" "oci:$BATS_TEST_TMPDIR/o:x"
	ranby copy -q --all "docker://$REG/docker:1" "oci:$BATS_TEST_TMPDIR/o:x"
	[ "$(digest_at "$REG/docker:1")" != "$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/o/index.json")" ]
	skopeo inspect --raw "oci:$BATS_TEST_TMPDIR/o:x" | jq -e '.mediaType == "application/vnd.oci.image.index.v1+json"'
}

@test "copy: the policy is asked of everything that does not come from the store" {
	cd "$BATS_TEST_TMPDIR"
	ranby copy -q "docker://$REG/busybox" oci:layout:x
	ranby copy -q "docker://$REG/busybox" docker-archive:docker.tar
	printf '{"default":[{"type":"reject"}]}' >no.json
	for from in "docker://$REG/busybox" "docker://$REG/two:1" oci:layout:x docker-archive:docker.tar; do
		run -125 ranby copy -q --signature-policy no.json "$from" "dir:out"
		[[ $output == *"refused by"* ]] || fail "$from: $output"
	done
	run -125 ranby copy -q --all --signature-policy no.json "docker://$REG/two:1" store:refused
	run -1 ranby image exists refused
}

@test "copy and push: files that are no image's stay as they are" {
	local word
	cd "$BATS_TEST_TMPDIR"
	ranby pull -q "$REG/busybox" >/dev/null
	mkdir mine layout
	echo '{"my": "notes"}' | tee mine/manifest.json >layout/index.json
	echo 7 >mine/version
	echo x | tee mine/copy.part >layout/copy.part
	ln -s mine/version link
	find mine layout -type f -exec sha256sum {} + | sort >before
	for word in push copy; do
		run -125 ranby "$word" "$REG/busybox" "dir:$PWD/mine"
		[[ $output == *'not empty, and no directory of an image'* ]] || fail "$word: $output"
		run -125 ranby "$word" "$REG/busybox" "oci:$PWD/layout:x"
		for what in oci-archive docker-archive; do
			run -125 ranby "$word" "$REG/busybox" "$what:$PWD/mine/version"
			run -125 ranby "$word" "$REG/busybox" "$what:$PWD/link"
			[[ $output == *'File exists'* ]] || fail "$word $what: $output"
		done
	done
	find mine layout -type f -exec sha256sum {} + | sort | diff before -
	[ "$(find mine layout -type f | wc -l)" = 5 ] && [ "$(find mine layout -type d | wc -l)" = 2 ]
	# what a copy that was killed left is begun again, and an image's directory takes the next one
	mkdir fresh
	echo half >fresh/copy.part
	ranby push -q "$REG/busybox" "dir:$PWD/fresh"
	ranby push -q "$REG/busybox" "dir:$PWD/fresh"
	skopeo inspect "dir:$PWD/fresh" >/dev/null
	[ ! -e fresh/copy.part ]
}

@test "copy: what cannot be" {
	run -125 ranby copy containers-storage:x "dir:$BATS_TEST_TMPDIR/d"
	[[ $output == *'podman save'* ]]
	run -125 ranby copy "docker://$REG/nothing" "dir:$BATS_TEST_TMPDIR/d"
	run -125 ranby copy nothing "dir:$BATS_TEST_TMPDIR/d"
	[[ $output == *'image not known'* ]]
	run -125 ranby copy "dir:$BATS_TEST_TMPDIR/none" "docker://$REG/x"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "dir:$BATS_TEST_TMPDIR/bad"
	blob=$(jq -r '.layers[0].digest' "$BATS_TEST_TMPDIR/bad/manifest.json")
	ranby rmi --all --force >/dev/null
	printf x | dd of="$BATS_TEST_TMPDIR/bad/${blob#sha256:}" bs=1 seek=100 conv=notrunc status=none
	run -125 ranby copy -q "dir:$BATS_TEST_TMPDIR/bad" store:bad
	[[ $output == *'its content is'* ]]
	[ -z "$(find "$RANBY_ROOT"/{layers,images,staging} -mindepth 1)" ]
}

@test "sync: a repository, a list and a directory, as skopeo has them" {
	cd "$BATS_TEST_TMPDIR"
	ranby copy -q "docker://$REG/busybox" "docker://$REG/many:a"
	ranby copy -q "docker://$REG/arm:1" "docker://$REG/many:b"
	ranby sync -q --src docker --dest dir "$REG/many" ours
	mkdir theirs
	skopeo --insecure-policy sync --src docker --dest dir --src-tls-verify=false "$REG/many" theirs
	[ "$(cd ours && find . -type f | sort)" = "$(cd theirs && find . -type f | sort)" ]
	for tag in a b; do
		cmp "ours/many:$tag/manifest.json" "theirs/many:$tag/manifest.json"
	done
	ranby sync -q --src dir --dest docker theirs "$REG/back"
	[ "$(digest_at "$REG/back/many:b")" = "$(digest_at "$REG/many:b")" ]
	printf '%s\n' "$REG/many:a" '# a word' "$REG/two:1" | ranby sync -q --all --src list --dest docker "$REG/list"
	[ "$(digest_at "$REG/list/two:1")" = "$(digest_at "$REG/two:1")" ]
	run -125 ranby sync -q --src docker --dest dir "$REG/nothing" ours
	run -125 ranby sync -q --src dir --dest dir a b
}

@test "copies into one directory at once: every image is in it, and every blob is what its name says" {
	local pids=() pid i blob
	for i in 1 2 3 4 5 6; do
		ranby copy -q "docker://$REG/busybox" "oci:$BATS_TEST_TMPDIR/at-once:n$i" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	[ "$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | sort | join(" ")' "$BATS_TEST_TMPDIR/at-once/index.json")" = 'n1 n2 n3 n4 n5 n6' ]
	for blob in "$BATS_TEST_TMPDIR"/at-once/blobs/sha256/*; do
		[ "$(sha256sum "$blob" | cut -d' ' -f1)" = "${blob##*/}" ]
	done
	[ ! -e "$BATS_TEST_TMPDIR/at-once/copy.part" ]
	# one that is not, though as long: it is not what a copy skips
	blob=$(find "$BATS_TEST_TMPDIR/at-once/blobs" -type f -size +100k | head -1)
	chmod u+w "$blob"
	printf X | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
	ranby copy -q "docker://$REG/busybox" "oci:$BATS_TEST_TMPDIR/at-once:n7"
	[ "$(sha256sum "$blob" | cut -d' ' -f1)" = "${blob##*/}" ]
}

@test "manifest add at once: no entry is lost" {
	local pids=() pid i
	ranby manifest create busy >/dev/null
	for i in s390x riscv64 ppc64le mips64le; do
		other_arch "$BATS_TEST_TMPDIR/$i" "$i"
	done
	for i in s390x riscv64 ppc64le mips64le; do
		ranby manifest add --arch "$i" busy "oci:$BATS_TEST_TMPDIR/$i:x" >/dev/null 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	[ "$(ranby manifest inspect busy | jq -r '[.manifests[].platform.architecture] | sort | join(" ")')" = 'mips64le ppc64le riscv64 s390x' ]
}

# the last one: the registry of the others ends here
@test "pull: two at the same time of layers that they share get each blob once" {
	"$RANBY_TREE/tests/registry" stop "$REG_DIR"
	rm -rf "$BATS_TEST_TMPDIR/counted"
	cp -r "$REG_DIR" "$BATS_TEST_TMPDIR/counted"
	port=${REG##*:}
	sed -i "s|$REG_DIR|$BATS_TEST_TMPDIR/counted|; s|level: error|level: info|" "$BATS_TEST_TMPDIR/counted/config.yml"
	OTEL_TRACES_EXPORTER=none docker-registry serve "$BATS_TEST_TMPDIR/counted/config.yml" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	registry=$!
	wait_for 30 curl --silent --max-time 2 --output /dev/null "http://localhost:$port/v2/"
	ranby rmi --all --force >/dev/null
	ranby pull -q "$REG/busybox" >/dev/null 3>&- &
	first=$!
	ranby pull -q --platform linux/arm64 "$REG/two:1" >/dev/null 3>&- &
	second=$!
	wait "$first"
	wait "$second"
	kill "$registry"
	wait "$registry" || true
	layer=$(find "$RANBY_ROOT/blobs/sha256" -type f -printf '%s %f\n' | sort -n | tail -1 | cut -d' ' -f2)
	[ "$(grep -c "\"GET /v2/[a-z]*/blobs/sha256:$layer" "$BATS_TEST_TMPDIR/log")" = 1 ] || fail "$(grep GET "$BATS_TEST_TMPDIR/log")"
	[ "$(find "$RANBY_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
	run -0 ranby system check
}
