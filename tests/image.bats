#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Images: registry, archives, directories, names, removal; and against those
# that lie (tests/hostile-registry, tests/hostile-tars).
# shellcheck disable=SC2154 # bats sets output and status
load lib
load hostile

setup_file() {
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
	hostile_setup_file
}

teardown_file() {
	hostile_teardown_file
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

teardown() {
	ranby rmi --all --force >/dev/null 2>&1 || true
}

# store_empty: nothing is left of any image. (Locks may be: they are empty files that the next collection takes.)
store_empty() {
	local left
	left=$(find "$RANBY_ROOT"/{blobs,layers,images,staging} -mindepth 1 ! -path "$RANBY_ROOT/blobs/sha256" 2>/dev/null) || true
	[ -z "$left" ] || fail 'left in the store:' "$left"
}

# no_layer: whatever failed, nothing half made is to be seen.
no_layer() {
	local left
	left=$(find "$RANBY_ROOT"/{layers,images,staging} -mindepth 1 2>/dev/null) || true
	[ -z "$left" ] || fail 'left in the store:' "$left"
	[ -z "$(ranby images -q)" ] || fail 'an image is there'
}

# as_root COMMAND...: with all ids of this user, 0 being the user.
as_root() { unshare --map-root-user --map-auto "$@"; }

@test "rmi of an image of which the manifest, the configuration or all is gone: --force takes its containers too, --all takes it" {
	local what data manifest config
	data=$RANBY_ROOT
	for what in manifest config all; do
		ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		manifest=$(ranby image inspect --format '{{.Digest}}' busybox)
		config=$(ranby image inspect --format '{{.Id}}' busybox)
		ranby run -d --name c --network none --stop-timeout 0 busybox sleep 1000 >/dev/null
		case $what in
		manifest) rm "$data/blobs/sha256/${manifest#sha256:}" ;;
		config) rm "$data/blobs/sha256/${config#sha256:}" ;;
		all) rm "$data"/blobs/sha256/* ;;
		esac
		run -2 ranby rmi busybox
		one_error 'image is in use by container'
		run -2 ranby rmi --all
		one_error 'image is in use by container'
		run -0 --separate-stderr ranby rmi --force busybox
		[ "$output" = $'Untagged: localhost/busybox:latest\nDeleted: '"$config" ] || fail "$what: $output $stderr"
		[ -z "$(ranby ps -aq)" ]
		store_empty
		# of one that is not there nothing is to be said
		run -0 ranby rmi --force busybox
		[ -z "$output" ]
	done
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	rm "$data"/blobs/sha256/*
	run -0 --separate-stderr ranby rmi --all
	[ "$output" = $'Untagged: localhost/busybox:latest\nDeleted: '"$config" ] || fail "$output $stderr"
	store_empty
}

@test "pull prints the id; images lists it; rmi removes all of it" {
	run -0 --separate-stderr ranby pull "$REG/busybox"
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	id=$output
	[[ $stderr == *"Trying to pull $REG/busybox:latest"* ]]
	run -0 ranby images
	[[ ${lines[0]} =~ ^REPOSITORY\ +TAG\ +IMAGE\ ID\ +CREATED\ +SIZE$ ]]
	[[ ${lines[1]} == "$REG/busybox"*latest*"${id:0:12}"*ago*B ]]
	run -0 ranby rmi busybox
	[ "${lines[0]}" = "Untagged: $REG/busybox:latest" ]
	[ "${lines[1]}" = "Deleted: $id" ]
	store_empty
}

@test "the id is the one that skopeo and podman know" {
	need_program skopeo
	run -0 ranby pull -q "$REG/busybox"
	id=$output
	[ "$(skopeo inspect --config --raw --tls-verify=false "docker://$REG/busybox" | sha256sum | cut -d' ' -f1)" = "$id" ]
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REG/busybox")
	[ "$(ranby image inspect --format '{{.Digest}}' busybox)" = "$digest" ]
	run -0 ranby images --digests --noheading
	[[ $output == *"$digest"* ]]
}

@test "pull by digest, and once more without getting anything twice" {
	digest=$(ranby pull -q "$REG/busybox" >/dev/null && ranby image inspect --format '{{.Digest}}' busybox)
	ranby rmi busybox
	run -0 ranby pull -q "$REG/busybox@$digest"
	run -0 ranby images
	[[ ${lines[1]} == "$REG/busybox "*"<none>"* ]]
	run -0 ranby run --rm --network none "$REG/busybox@$digest" echo works
	[ "$output" = works ]
	run -0 ranby pull "$REG/busybox@$digest"
	[[ $output != *Copying\ blob* ]]
}

@test "gzip, zstd and plain layers unpack to the same tree" {
	local a b
	for kind in '' --zstd --plain; do
		"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" $kind --ref "localhost/k$kind:1" "$BATS_TEST_TMPDIR/k"
		skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$BATS_TEST_TMPDIR/k" "docker://$REG/kind:1"
		ranby pull -q "$REG/kind:1"
		b=$(cd "$(tree_of "$REG/kind:1")" && as_root find . -mindepth 1 -printf '%p %y %m %U:%G %s %T@ %l\n' | sort | sha256sum)
		[ -z "${a:-}" ] || [ "$a" = "$b" ]
		a=$b
		ranby rmi "$REG/kind:1" >/dev/null
	done
}

@test "a zstd:chunked layer is a zstd layer: frame by frame, and its table of contents is passed over" {
	local plain chunked
	"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" --plain --ref localhost/chunked:1 "$BATS_TEST_TMPDIR/c"
	skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$BATS_TEST_TMPDIR/c" "docker://$REG/chunked:plain"
	# as containers/storage writes it: pieces that are frames of their own, then the table and the footer as skippable frames
	python3 - "$BATS_TEST_TMPDIR/c" <<-'END'
		import hashlib, json, os, struct, subprocess, sys
		blobs = sys.argv[1] + "/blobs/sha256/"
		def read(d): return open(blobs + d["digest"][7:], "rb").read()
		def put(data, d):
		    h = hashlib.sha256(data).hexdigest()
		    open(blobs + h, "wb").write(data)
		    d.update(digest="sha256:" + h, size=len(data))
		def pack(data): return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
		def skippable(data): return struct.pack("<II", 0x184D2A50, len(data)) + data
		index = json.load(open(sys.argv[1] + "/index.json"))
		entry = index["manifests"][0]
		manifest = json.loads(read(entry))
		for layer in manifest["layers"]:
		    tar = read(layer)
		    out = b"".join(pack(tar[i:i + 700000]) for i in range(0, len(tar), 700000))
		    toc = json.dumps({"version": 1, "entries": []}).encode()
		    packed, at = pack(toc), len(out) + 8
		    out += skippable(packed) + skippable(struct.pack("<QQQQ8s", at, len(packed), len(toc), 1, b"GNUlInUx"))
		    put(out, layer)
		    layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"
		    layer["annotations"] = {
		        "io.github.containers.zstd-chunked.manifest-checksum": "sha256:" + hashlib.sha256(packed).hexdigest(),
		        "io.github.containers.zstd-chunked.manifest-position": f"{at}:{len(packed)}:{len(toc)}:1"}
		put(json.dumps(manifest).encode(), entry)
		json.dump(index, open(sys.argv[1] + "/index.json", "w"))
	END
	skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$BATS_TEST_TMPDIR/c" "docker://$REG/chunked:1"
	for tag in plain 1; do
		ranby pull -q "$REG/chunked:$tag"
		chunked=$(cd "$(tree_of "$REG/chunked:$tag")" && as_root find . -mindepth 1 -type f -exec sha256sum {} + | sort | sha256sum)
		[ -z "${plain:-}" ] || [ "$plain" = "$chunked" ]
		plain=$chunked
		ranby rmi "$REG/chunked:$tag" >/dev/null
	done
}

@test "the tree is the one that umoci unpacks" {
	need_program umoci
	for image in busybox debian; do
		umoci unpack --rootless --image "$RANBY_TEST_IMAGES/$image:localhost/$image:latest" "$BATS_TEST_TMPDIR/$image" 2>/dev/null ||
			umoci unpack --rootless --image "$RANBY_TEST_IMAGES/$image:latest" "$BATS_TEST_TMPDIR/$image"
		ranby load -q -i "$RANBY_TEST_IMAGES/$image.tar" >/dev/null
		# umoci --rootless cannot set owners, and so neither setuid; content, kinds, links and times it does
		(cd "$BATS_TEST_TMPDIR/$image/rootfs" && find . ! -type b ! -type c -printf '%P %y %T@ %l\n' | grep -v -e '^ d ' -e '^dev/' | sort) >"$BATS_TEST_TMPDIR/want"
		(cd "$(tree_of "$image")" && as_root find . ! -type b ! -type c -printf '%P %y %T@ %l\n' | grep -v -e '^ d ' -e '^dev/' | sort) >"$BATS_TEST_TMPDIR/got"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
		(cd "$BATS_TEST_TMPDIR/$image/rootfs" && find . -type f ! -path './dev/*' -print0 | sort -z | xargs -0 sha256sum) >"$BATS_TEST_TMPDIR/want"
		(cd "$(tree_of "$image")" && as_root sh -c 'find . -type f ! -path "./dev/*" -print0 | LC_ALL=C.UTF-8 sort -z | xargs -0 sha256sum') >"$BATS_TEST_TMPDIR/got"
		diff <(sort "$BATS_TEST_TMPDIR/want") <(sort "$BATS_TEST_TMPDIR/got")
		remove_tree "$BATS_TEST_TMPDIR/$image"
	done
}

@test "owners, modes and setuid bits are the tar's" {
	need_ranges
	ranby load -q -i "$RANBY_TEST_IMAGES/debian.tar" >/dev/null
	layer=$(jq -r '.layers[0].digest[7:]' "$RANBY_TEST_IMAGES/debian/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$RANBY_TEST_IMAGES/debian/index.json")")
	tar --numeric-owner -tvzf "$RANBY_TEST_IMAGES/debian/blobs/sha256/$layer" | awk '$1 !~ /^[bchl]/ {print $2, $1, $6}' |
		sed 's,\./,,; s,/$,,' | sort -u >"$BATS_TEST_TMPDIR/want"
	(cd "$(tree_of debian)" && as_root find . ! -type l ! -type b ! -type c -printf '%U/%G %M %P\n' | sort -u) >"$BATS_TEST_TMPDIR/got"
	# hard links are listed by tar as such, once
	join -j 3 -o 1.1,1.2,1.3 <(sort -k3 "$BATS_TEST_TMPDIR/want") <(sort -k3 "$BATS_TEST_TMPDIR/got") | sort >"$BATS_TEST_TMPDIR/a"
	join -j 3 -o 2.1,2.2,2.3 <(sort -k3 "$BATS_TEST_TMPDIR/want") <(sort -k3 "$BATS_TEST_TMPDIR/got") | sort >"$BATS_TEST_TMPDIR/b"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/a")" -gt 1000 ]
	diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	grep -q -- '^0/0 -rwsr-xr-x usr/bin/su$' "$BATS_TEST_TMPDIR/b"
	grep -q -- '^0/42 -rwxr-sr-x usr/sbin/unix_chkpwd$' "$BATS_TEST_TMPDIR/b"
}

@test "a manifest list gives the image of the platform" {
	run -0 ranby pull -q "$BAD/index/x"
	[ "$(ranby image inspect --format '{{len .RepoDigests}}' "$BAD/index/x")" = 2 ]
	run -125 ranby pull -q --platform linux/s390x/v9 "$BAD/no_platform/x"
	one_error 'no image for platform linux/s390x'
}

@test "docker-archive, oci-archive and OCI directory: load, pull and run" {
	local images=$RANBY_TEST_IMAGES
	run -0 ranby load -q -i "$images/busybox.docker.tar"
	[ "$output" = 'Loaded image: localhost/busybox-docker:latest' ]
	run -0 ranby load -q -i "$images/busybox.tar"
	[ "$output" = 'Loaded image: localhost/busybox:latest' ]
	run -0 ranby load -q <"$images/busybox.tar"
	gzip -c "$images/busybox.docker.tar" >"$BATS_TEST_TMPDIR/z.gz"
	run -0 ranby load -q -i "$BATS_TEST_TMPDIR/z.gz"
	run -0 ranby load -q -i "$images/busybox"
	for source in "docker-archive:$images/busybox.docker.tar" "oci-archive:$images/busybox.tar" "oci:$images/busybox" \
		"oci:$images/busybox:localhost/busybox:latest"; do
		ranby rmi -af >/dev/null
		run -0 ranby run -q --rm --network none "$source" echo works
		[ "$output" = works ]
	done
	run -125 ranby pull -q "oci:$images/busybox:nosuchtag"
	one_error 'no image named nosuchtag'
	run -125 ranby pull -q oci:/nonexistent
	one_error 'No such file or directory'
	run -125 ranby load -q -i /etc/passwd
	one_error 'load /etc/passwd'
}

@test "what podman saves is loaded" {
	need_program podman
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	local runtime_dir=$XDG_RUNTIME_DIR
	export XDG_RUNTIME_DIR=$RANBY_RUN/podman
	mkdir -p "$XDG_CONFIG_HOME/containers" "$XDG_RUNTIME_DIR"
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$RANBY_ROOT/podman" "$XDG_RUNTIME_DIR/run" \
		>"$XDG_CONFIG_HOME/containers/storage.conf"
	podman load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" 3>&- || skip 'podman cannot load an image here'
	podman tag localhost/busybox-docker localhost/second:2
	for format in docker-archive oci-archive; do
		podman save -q --format "$format" -o "$BATS_TEST_TMPDIR/$format" localhost/busybox-docker 3>&-
	done
	podman save -q -m --format docker-archive -o "$BATS_TEST_TMPDIR/two" localhost/busybox-docker localhost/second:2 3>&-
	podman system migrate 3>&- || true # ends its pause process
	export XDG_RUNTIME_DIR=$runtime_dir
	for format in docker-archive oci-archive; do
		run -0 ranby load -q -i "$BATS_TEST_TMPDIR/$format"
		[ "$output" = 'Loaded image: localhost/busybox-docker:latest' ]
		run -0 ranby run --rm --network none busybox-docker echo works
		ranby rmi -af >/dev/null
	done
	run -0 ranby load -q -i "$BATS_TEST_TMPDIR/two"
	run -0 ranby images --format '{{.Repository}}:{{.Tag}}' --sort repository
	[ "$output" = $'localhost/busybox-docker:latest\nlocalhost/second:2' ]
}

@test "import of a root file system, with changes" {
	tar -C "$BATS_TEST_TMPDIR" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/root.tar" --transform 's,.*busybox,bin/busybox,' -P "$(command -v busybox)"
	run -0 ranby import -q -c 'CMD ["/bin/busybox","echo","from cmd"]' -c 'ENV A=b' -c LABEL=x=y -m hello "$BATS_TEST_TMPDIR/root.tar" rootfs:1
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	run -0 ranby run --rm --network none rootfs:1
	[ "$output" = 'from cmd' ]
	[ "$(ranby image inspect --format '{{.Config.Env}} {{.Labels.x}} {{.Comment}}' rootfs:1)" = '[A=b] y hello' ]
	zstd -q "$BATS_TEST_TMPDIR/root.tar" -o "$BATS_TEST_TMPDIR/root.tar.zst"
	run -0 ranby import -q - <"$BATS_TEST_TMPDIR/root.tar.zst"
	run -0 ranby images
	[[ $output == *'<none>'* ]]
	run -125 ranby import -q -c 'RUN x' "$BATS_TEST_TMPDIR/root.tar"
	one_error 'no such instruction'
	run -125 ranby import -q - < <(printf '\004\042\115\030and more')
	one_error 'compressed with lz4'
}

@test "archives in bzip2 and xz: import makes a gzip layer of them, load takes them, an image's layer may not be one" {
	local packer
	cd "$BATS_TEST_TMPDIR" || return
	tar --owner=0 --group=0 -cf root.tar --transform 's,.*busybox,bin/busybox,' -P "$(command -v busybox)"
	for packer in bzip2 'xz -9'; do
		run -0 ranby import -q -c 'CMD ["/bin/busybox","echo","unpacked"]' - rootfs:packed < <($packer -c root.tar)
		run -0 ranby run --rm --network none rootfs:packed
		[ "$output" = unpacked ]
		# read by another: the layer is gzip, its DiffID that of the tar
		ranby save -q --format oci-archive -o saved rootfs:packed
		[ "$(skopeo inspect --raw oci-archive:saved | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar+gzip ]
		[ "$(skopeo inspect --config --raw oci-archive:saved | jq -r '.rootfs.diff_ids[0]')" = "sha256:$(sha256sum root.tar | cut -d' ' -f1)" ]
		rm saved
		run -0 ranby load -q -i <($packer -c "$RANBY_TEST_IMAGES/busybox.tar")
		$packer -c root.tar >shorter; truncate -s 20000 shorter
		run -125 ranby import -q shorter
		one_error 'cut short'
	done
	# a layer is what the specification knows
	ranby save -q --format oci-dir -o layout rootfs:packed
	python3 - layout <<-'EOF'
		import gzip, hashlib, json, lzma, os, sys
		blobs = sys.argv[1] + "/blobs/sha256/"
		index = json.load(open(sys.argv[1] + "/index.json"))
		def put(data):
		    name = hashlib.sha256(data).hexdigest()
		    open(blobs + name, "wb").write(data)
		    return "sha256:" + name, len(data)
		top = index["manifests"][0]
		manifest = json.load(open(blobs + top["digest"][7:]))
		layer = manifest["layers"][0]
		data = gzip.decompress(open(blobs + layer["digest"][7:], "rb").read())
		layer["digest"], layer["size"] = put(lzma.compress(data))
		top["digest"], top["size"] = put(json.dumps(manifest).encode())
		json.dump(index, open(sys.argv[1] + "/index.json", "w"))
	EOF
	ranby rmi -af >/dev/null
	run -125 ranby pull -q oci:layout
	one_error 'compressed with xz'
}

@test "tag, untag, short names, and an image in use" {
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	id=$(ranby images -q --no-trunc)
	ranby tag busybox foo example.com/ns/bar:1
	run -0 ranby images --format '{{.Repository}}:{{.Tag}}' --sort repository
	[ "$output" = $'example.com/ns/bar:1\nlocalhost/busybox:latest\nlocalhost/foo:latest' ]
	run -0 ranby image exists bar:1
	run -1 ranby image exists bar
	run -125 ranby rmi "${id:7:12}"
	[[ $output == *'more than one tag'* ]]
	run -0 ranby rmi foo
	[ "$output" = 'Untagged: localhost/foo:latest' ]
	ranby untag busybox
	run -0 ranby images --format '{{.Repository}}:{{.Tag}}'
	[ "$output" = '<none>:<none>' ]
	ranby tag "${id:7:12}" busybox
	ranby create -q --name user --network none busybox true >/dev/null
	run -2 ranby rmi busybox
	one_error 'in use by container'
	run -1 ranby rmi nosuch
	one_error 'nosuch: image not known'
	run -0 ranby rmi --ignore nosuch
	run -0 ranby rmi --force nosuch
	[ -z "$output" ]
	# one of two names: the image stays, and what is of it
	ranby tag busybox second
	run -0 ranby rmi --force second
	[ "$(ranby ps -a --format '{{.Names}}')" = user ]
	run -0 ranby rmi --force busybox
	[ -z "$(ranby ps -aq)" ]
	store_empty
}

@test "a name that moves leaves the old image without a name" {
	for version in 1 2; do
		"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" --env "V=$version" --ref localhost/moving:latest "$BATS_TEST_TMPDIR/m"
		ranby load -q -i "$BATS_TEST_TMPDIR/m" >/dev/null
	done
	run -0 ranby images --format '{{.Repository}}' --filter dangling=true
	[ "$output" = '<none>' ]
	[ "$(ranby image inspect --format '{{.Config.Env}}' moving)" != "$(ranby image inspect --format '{{.Config.Env}}' "$(ranby images -q --filter dangling=true)")" ]
	run -0 ranby rmi --all
	store_empty
}

@test "two repositories that end alike are told apart, or refused" {
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" --env V=2 --ref b.example/busybox:latest "$BATS_TEST_TMPDIR/m"
	ranby load -q -i "$BATS_TEST_TMPDIR/m" >/dev/null
	# localhost/ goes first
	[ "$(ranby image inspect --format '{{index .RepoTags 0}}' busybox)" = localhost/busybox:latest ]
	ranby tag busybox a.example/busybox
	ranby rmi localhost/busybox >/dev/null
	run -125 ranby image inspect busybox
	[[ $output == *'several images'* ]]
}

@test "an id map of its own gets layers owned so" {
	need_ranges
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	run -0 ranby run --rm --quiet --network none --userns keep-id busybox stat -c %u:%g /home/guest /bin/busybox
	[ "$output" = $'1000:1000\n0:0' ]
	[ "$(find "$RANBY_ROOT/layers" -mindepth 1 -maxdepth 1 -name '*@*' | wc -l)" = 1 ]
	run -0 ranby run --rm --network none busybox stat -c %u:%g /home/guest
	[ "$output" = 1000:1000 ]
	ranby rmi --all >/dev/null
	store_empty
}

@test "credentials: --creds, auth file, and nowhere else" {
	run -125 ranby pull -q "$BAD/basic/x"
	one_error 'wants a user name and password'
	for how in basic bearer; do
		run -0 ranby pull -q --creds user:secret "$BAD/$how/x"
		ranby rmi --all >/dev/null
		run -125 ranby pull -q --creds user:wrong "$BAD/$how/x"
		[[ $output != *wrong\"* && $output != *secret* ]]
	done
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$BAD" "$(printf user:secret | base64)" >"$BATS_TEST_TMPDIR/auth.json"
	run -0 ranby pull -q --authfile "$BATS_TEST_TMPDIR/auth.json" "$BAD/bearer/x"
	ranby rmi --all >/dev/null
	REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/auth.json run -0 ranby pull -q "$BAD/bearer/x"
	# A41: the host that a redirect leads to has seen no credentials; foreign URLs are not asked
	ranby pull -q "$BAD/foreign/x" >/dev/null
	ranby rmi --all >/dev/null
	run -125 ranby pull -q --creds user:secret "$BAD/redirect_refused/x"
	jq -e -s 'map(select(.server == "other")) | length > 0 and all(.authorization == null)' "$HOSTILE/log"
	run ! grep -q '/foreign"' "$HOSTILE/log"
	# a token server elsewhere, without TLS, gets nothing
	run -125 ranby pull -q --creds user:secret "$BAD/bearer_other/x"
	one_error 'neither https nor itself'
	run -125 ranby pull -q --creds user:secret "$BAD/bearer_bad/x"
	one_error 'neither https nor itself'
}

@test "credentials are in no argument, and the environment of the worker is closed to others" {
	local closed=0 worker
	ranby pull -q --authfile /dev/stdin "$BAD/slow/x" >/dev/null < <(printf '{"auths":{"%s":{"auth":"%s"}}}' "$BAD" "$(printf user:secret | base64)") 3>&- &
	pull=$!
	found=0
	while kill -0 "$pull" 2>/dev/null; do
		if worker_of "$pull" ranby-fetch; then
			found=1
			! tr '\0' '\n' 2>/dev/null <"/proc/$worker/cmdline" | grep secret || fail 'in an argument'
			! cat "/proc/$worker/environ" >/dev/null 2>&1 && [ -d "/proc/$worker" ] && closed=1
		fi
		sleep 0.02
	done
	wait "$pull"
	[ "$found" = 1 ]
	[ "$closed" = 1 ]
}

# what must fail, and a word of why
@test "registries that lie (A39, A40, A42)" {
	local how text
	while read -r how text; do
		run -125 ranby pull -q "$BAD/$how/x"
		one_error "$text"
		no_layer
	done <<-'END'
		flipped other content than sha256:
		longer the manifest says
		longer_unsaid more than the
		shorter the manifest says
		range_lies another range
		range_other other content
		redirect_file neither http nor https
		redirect_loop more than 8 redirects
		redirect_nowhere a redirect to nowhere
		redirect_refused access denied
		both CVE-2021-41190
		two_types another kind
		duplicate_keys same key twice
		bad_digest hex digits
		wrong_size the manifest says
		huge_manifest more than the
		endless more than the
		schema1 schema 1
		html manifest
		no_platform no image for platform
	END
	run -125 ranby pull -q "$BAD/escape/x"
	[[ $output != *$'\e'* ]]
}

@test "registries that falter: retried, resumed, given up" {
	for how in resume no_resume redirect busy; do
		run -0 ranby pull -q "$BAD/$how/x"
		ranby rmi --all >/dev/null
	done
	run -125 ranby pull -q "$BAD/truncated/x"
	one_error 'ended too early'
	no_layer
	run -125 ranby pull -q "$BAD/always_busy/x"
	one_error 'answers 503'
	run -125 ranby pull -q localhost:1/x
	one_error 'cannot connect'
	run -125 ranby pull -q "$BAD/both/x" --tls-verify
	one_error 'no TLS connection'
	run -125 ranby pull -q nosuchshortname
	one_error 'short name'
}

@test "hostile layers never leave their directory (A18, A43, A44)" {
	canary_make
	"$RANBY_TREE/tests/hostile-tars" "$BATS_TEST_TMPDIR/tars" "$CANARY"
	for tar in "$BATS_TEST_TMPDIR"/tars/refused/*.tar; do
		run -125 ranby import -q "$tar"
		one_error 'import: layer'
		canary_intact
	done
	no_layer
	for tar in "$BATS_TEST_TMPDIR"/tars/taken/*.tar; do
		run -0 ranby import -q "$tar" "t-$(basename "$tar" .tar)"
		canary_intact
	done
	[ "$(find "$BATS_TEST_TMPDIR"/tars -name "*.tar" | wc -l)" -ge 80 ]
	(
		cd "$(tree_of t-whiteouts)"
		[ "$(stat -c '%F %t:%T' u)" = 'character special file 0:0' ]
		[ -f w/new ] && [ -f v/new ] && [ -f f ]
		for d in w v o; do getfattr --only-values -n user.overlay.opaque "$d"; done | grep -qx yyy
		[ ! -e .wh..wh.plnk ]
	)
	(
		cd "$(tree_of t-attributes)"
		[ "$(getfattr -m - -d f d 2>/dev/null | grep -c overlay)" = 0 ]
		[ "$(getfattr --only-values -n user.kept f)" = v ]
	)
	(
		cd "$(tree_of t-not-utf8)"
		[ -f $'caf\xe9' ]
		[ "$(readlink $'l\xff')" = $'t\xfe' ]
	)
	[ "$(stat -c %a "$(tree_of t-setuid)/s")" = 6755 ]
	[ -z "$(ls -A "$(tree_of t-device)")" ]
	run -0 ranby rmi --all
	store_empty
}

@test "whiteouts over real layers: removed, replaced, opaque, and a whole root" {
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import io, sys, tarfile
		def write(name, entries):
		    with tarfile.open(sys.argv[1] + "/" + name, "w") as t:
		        for n, d in entries:
		            i = tarfile.TarInfo(n); i.mode = 0o755 if d is None else 0o644
		            i.type, i.size = (tarfile.DIRTYPE, 0) if d is None else (tarfile.REGTYPE, len(d))
		            t.addfile(i, io.BytesIO(d or b""))
		write("1.tar", [(n, b"low") for n in ("gone", "kept", "dir/old", "opq/old", "fresh/old", "file/old")])
		write("2.tar", [(".wh.gone", b""), ("dir/new", b"new"), ("opq/.wh..wh..opq", b""), ("opq/new", b"new"),
		                (".wh.fresh", b""), ("fresh/new", b"new"), ("file", b"now a file")])
		write("3.tar", [(".wh..wh..opq", b""), ("only", b"this")])
	END
	"$RANBY_TREE/tests/images/oci-image" --busybox "$(command -v busybox)" --layer "$BATS_TEST_TMPDIR/1.tar" \
		--layer "$BATS_TEST_TMPDIR/2.tar" --ref localhost/w:2 "$BATS_TEST_TMPDIR/w"
	ranby load -q -i "$BATS_TEST_TMPDIR/w" >/dev/null
	run -0 ranby run --rm --network none w:2 sh -c 'exec 2>&1; ls -d gone; ls dir opq fresh; cat kept file'
	[ "$output" = $'ls: gone: No such file or directory\ndir:\nnew\nold\n\nfresh:\nnew\n\nopq:\nnew\nlownow a file' ]
	# where nothing has to be mapped any more it is the same: a RUN, a volume that is filled and a mounted image too
	whole=$output
	run -0 ranby unshare "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none w:2 \
		sh -c 'exec 2>&1; ls -d gone; ls dir opq fresh; cat kept file'
	[ "$output" = "$whole" ]
	printf 'FROM w:2\nRUN test ! -e /opq/old -a ! -e /fresh/old\n' >"$BATS_TEST_TMPDIR/Containerfile"
	ranby unshare "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build -q --no-cache --network none \
		-f "$BATS_TEST_TMPDIR/Containerfile" "$BATS_TEST_TMPDIR/w" >/dev/null
	run -0 ranby unshare "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none -v filled:/opq w:2 ls /opq
	[ "$output" = new ]
	ranby volume rm filled >/dev/null
	"$RANBY_TREE/tests/images/oci-image" --layer "$BATS_TEST_TMPDIR/1.tar" --layer "$BATS_TEST_TMPDIR/3.tar" \
		--ref localhost/w:3 "$BATS_TEST_TMPDIR/w"
	ranby load -q -i "$BATS_TEST_TMPDIR/w" >/dev/null
	ranby create -q --name w3 --network none w:3 /only >/dev/null
	[ "$(ranby inspect --format '{{len .Ranby.Layers}}' w3 2>/dev/null || jq '.image.layers | length' "$RANBY_ROOT"/containers/*/container.json)" = 1 ]
	ranby rm w3 >/dev/null
}

@test "the workers are confined before they read the first byte" {
	local worker
	mkfifo "$BATS_TEST_TMPDIR/tar" "$BATS_TEST_TMPDIR/wait"
	ranby load -q <"$BATS_TEST_TMPDIR/tar" >/dev/null 2>&1 3>&- &
	local load=$! pid
	exec 7>"$BATS_TEST_TMPDIR/tar"
	wait_for 30 worker_of "$load" ranby-unpack
	pid=$worker
	wait_for 30 grep -q '^Seccomp:.2' "/proc/$pid/status"
	[ "$(status_field "$pid" NoNewPrivs)" = 1 ]
	# what it holds: /dev/null twice, its standard error, the archive, its directory, the answers
	[ "$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)" -le 6 ]
	exec 7>&-
	wait "$load" || true
	ranby pull -q "$BAD/slow/x" >/dev/null 2>&1 3>&- &
	load=$!
	wait_for 30 worker_of "$load" ranby-fetch
	pid=$worker
	wait_for 30 grep -q '^Seccomp:.2' "/proc/$pid/status"
	[ "$(status_field "$pid" NoNewPrivs)" = 1 ]
	wait "$load"
}

@test "TLS: a registry's own authority, and none" {
	need_program openssl
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$BATS_TEST_TMPDIR/key.pem" -out "$BATS_TEST_TMPDIR/cert.pem" 2>/dev/null
	mkdir -p "$BATS_TEST_TMPDIR/server" "$BATS_TEST_TMPDIR/certs"
	mkfifo "$BATS_TEST_TMPDIR/server/stdin"
	"$RANBY_TREE/tests/hostile-registry" "$RANBY_TEST_IMAGES/busybox" "$BATS_TEST_TMPDIR/server" \
		"$BATS_TEST_TMPDIR/cert.pem" "$BATS_TEST_TMPDIR/key.pem" <"$BATS_TEST_TMPDIR/server/stdin" >/dev/null 2>&1 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/server/stdin"
	wait_for 30 test -s "$BATS_TEST_TMPDIR/server/address"
	tls=$(cat "$BATS_TEST_TMPDIR/server/address")
	run -125 ranby pull -q --tls-verify "$tls/good/x" 7>&-
	one_error 'certificate is not valid'
	cp "$BATS_TEST_TMPDIR/cert.pem" "$BATS_TEST_TMPDIR/certs/ca.crt"
	run -0 ranby pull -q --tls-verify --cert-dir "$BATS_TEST_TMPDIR/certs" "$tls/good/x" 7>&-
	ranby rmi --all >/dev/null
	mkdir -p "$BATS_TEST_TMPDIR/config/containers/certs.d"
	ln -s "$BATS_TEST_TMPDIR/certs" "$BATS_TEST_TMPDIR/config/containers/certs.d/$tls"
	XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config run -0 ranby pull -q --tls-verify "$tls/good/x" 7>&-
	ranby rmi --all >/dev/null
	# loopback is trusted as docker trusts it; elsewhere that takes --tls-verify=false
	run -0 ranby pull -q --tls-verify=false "$tls/good/x" 7>&-
	touch "$BATS_TEST_TMPDIR/certs/x.cert"
	run -125 ranby pull -q --tls-verify --cert-dir "$BATS_TEST_TMPDIR/certs" "$tls/good/x" 7>&-
	one_error 'certs/x.key: No such file'
	exec 7>&-
}

@test "the same layers by way of an archive and of a registry" {
	canary_make
	"$RANBY_TREE/tests/hostile-tars" "$BATS_TEST_TMPDIR/tars" "$CANARY"
	for name in dotdot symlink-absolute hardlink-through-symlink whiteout-through-symlink root-symlink pax-path; do
		"$RANBY_TREE/tests/images/oci-image" --layer "$BATS_TEST_TMPDIR/tars/refused/$name.tar" --ref localhost/h:1 "$BATS_TEST_TMPDIR/h"
		"$RANBY_TREE/tests/images/oci-image" --layer "$BATS_TEST_TMPDIR/tars/refused/$name.tar" --docker-archive localhost/h:1 "$BATS_TEST_TMPDIR/h.tar"
		skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$BATS_TEST_TMPDIR/h" "docker://$REG/h:1"
		for source in "oci:$BATS_TEST_TMPDIR/h" "docker-archive:$BATS_TEST_TMPDIR/h.tar" "$REG/h:1"; do
			run -125 ranby pull -q "$source"
			one_error layer
			canary_intact
			no_layer
		done
	done
}

@test "archives whose own names attack" {
	canary_make
	python3 - "$BATS_TEST_TMPDIR" "$CANARY" <<-'END'
		import io, json, sys, tarfile
		out, canary = sys.argv[1:]
		def write(name, members):
		    with tarfile.open(out + "/" + name, "w") as t:
		        for n, d, link in members:
		            i = tarfile.TarInfo(n)
		            if link: i.type, i.linkname = tarfile.SYMTYPE, link
		            i.size = 0 if link else len(d)
		            t.addfile(i, io.BytesIO(d))
		config = json.dumps({"os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
		def index(c, layers=()):
		    return json.dumps([{"Config": c, "RepoTags": ["localhost/evil:1"], "Layers": list(layers)}]).encode()
		write("a1.tar", [("manifest.json", index("/etc/passwd"), None)])
		write("a2.tar", [("manifest.json", index("c.json"), None), ("c.json", b"", canary + "/file")])
		write("a3.tar", [("manifest.json", index("../../../../" + canary + "/file"), None)])
		write("a4.tar", [("manifest.json", b"", canary + "/file")])
		write("a5.tar", [("manifest.json", index("c.json", [canary + "/file"]), None), ("c.json", config, None)])
		write("a6.tar", [("manifest.json", b"[" * 100000, None)])
		write("a7.tar", [("a", b"", "b"), ("b", b"", "a"), ("manifest.json", index("a"), None)])
	END
	for n in 1 2 3 4 5 6 7; do
		run -125 ranby load -q -i "$BATS_TEST_TMPDIR/a$n.tar"
		one_error "load $BATS_TEST_TMPDIR/a$n.tar"
		canary_intact
		no_layer
	done
	# an OCI directory whose blobs are links to elsewhere
	cp -r "$RANBY_TEST_IMAGES/busybox" "$BATS_TEST_TMPDIR/oci"
	for blob in "$BATS_TEST_TMPDIR"/oci/blobs/sha256/*; do ln -sf "$CANARY/file" "$blob"; done
	run -125 ranby pull -q "oci:$BATS_TEST_TMPDIR/oci"
	one_error blobs/sha256
}

@test "bombs: ratio, pax header, entries (A43)" {
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import sys, tarfile
		out = sys.argv[1]
		t = tarfile.TarInfo("zeros"); t.size = 3 << 29
		open(out + "/header", "wb").write(t.tobuf())
		t = tarfile.TarInfo("x"); t.pax_headers = {"comment": "c" * (3 << 20)}
		with tarfile.open(out + "/pax.tar", "w", format=tarfile.PAX_FORMAT) as f: f.addfile(t)
	END
	{ cat "$BATS_TEST_TMPDIR/header" && head -c 1536M /dev/zero && head -c 1024 /dev/zero; } | zstd -q >"$BATS_TEST_TMPDIR/ratio.tar.zst"
	run -125 ranby import -q "$BATS_TEST_TMPDIR/ratio.tar.zst"
	one_error 'unpacks to more than'
	no_layer
	run -125 ranby import -q "$BATS_TEST_TMPDIR/pax.tar"
	one_error 'damaged tar'
	no_layer
}

@test "the wrong DiffID is found, whatever the blob's digest" {
	cp -r "$RANBY_TEST_IMAGES/busybox" "$BATS_TEST_TMPDIR/d"
	python3 - "$BATS_TEST_TMPDIR/d" <<-'END'
		import hashlib, json, sys
		d = sys.argv[1]
		def load(x): return json.load(open(d + "/blobs/sha256/" + x["digest"][7:]))
		def put(o, x):
		    b = json.dumps(o).encode(); h = hashlib.sha256(b).hexdigest()
		    open(d + "/blobs/sha256/" + h, "wb").write(b)
		    x["digest"], x["size"] = "sha256:" + h, len(b)
		index = json.load(open(d + "/index.json"))
		m = load(index["manifests"][0]); c = load(m["config"])
		c["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
		put(c, m["config"]); put(m, index["manifests"][0])
		json.dump(index, open(d + "/index.json", "w"))
	END
	run -125 ranby load -q -i "$BATS_TEST_TMPDIR/d"
	one_error 'the image config says sha256:0000'
	no_layer
}

@test "a blob that claims a layer which is unpacked already is compared with it (A39, A42)" {
	ranby load -q -i "$RANBY_TEST_IMAGES/busybox"
	good=$(ranby images -q --no-trunc)
	cp -r "$RANBY_TEST_IMAGES/busybox" "$BATS_TEST_TMPDIR/d"
	# another configuration with the same layers, whose manifest names a blob of its own for them; and one with the same content
	for kind in other same; do
		python3 - "$BATS_TEST_TMPDIR/d" $kind <<-'END'
			import gzip, hashlib, io, json, sys, tarfile
			d, kind = sys.argv[1:]
			def load(x): return json.load(open(d + "/blobs/sha256/" + x["digest"][7:]))
			def put(b, x):
			    h = hashlib.sha256(b).hexdigest()
			    open(d + "/blobs/sha256/" + h, "wb").write(b)
			    x["digest"], x["size"] = "sha256:" + h, len(b)
			def text(o): return json.dumps(o).encode()
			index = json.load(open(d + "/index.json"))
			m = load(index["manifests"][0]); c = load(m["config"])
			raw = open(d + "/blobs/sha256/" + m["layers"][0]["digest"][7:], "rb").read()
			raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
			if kind == "other":
			    out = io.BytesIO()
			    with tarfile.open(fileobj=out, mode="w") as t:
			        t.addfile(tarfile.TarInfo("evil"))
			    raw = out.getvalue()
			put(gzip.compress(raw, 1, mtime=7), m["layers"][0])
			m["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
			c["author"] = kind
			put(text(c), m["config"]); put(text(m), index["manifests"][0])
			json.dump(index, open(d + f"/{kind}.json", "w"))
		END
	done
	mv "$BATS_TEST_TMPDIR/d/other.json" "$BATS_TEST_TMPDIR/d/index.json"
	run -125 ranby load -q -i "$BATS_TEST_TMPDIR/d"
	one_error 'the image config says sha256:'
	[ "$(ranby images -q --no-trunc)" = "$good" ]
	ranby image prune --force
	[ "$(find "$RANBY_ROOT/blobs/sha256" -type f | wc -l)" = 3 ]
	mv "$BATS_TEST_TMPDIR/d/same.json" "$BATS_TEST_TMPDIR/d/index.json"
	ranby load -q -i "$BATS_TEST_TMPDIR/d"
	[ "$(ranby images -q --no-trunc)" != "$good" ]
	ranby system check
}

@test "two pulls at once do the work once" {
	: >"$HOSTILE/log"
	local pids=()
	for n in 1 2 3; do
		ranby pull -q "$BAD/slow/x$((n / 2))" >"$BATS_TEST_TMPDIR/$n" 3>&- &
		pids+=($!)
	done
	wait "${pids[0]}" && wait "${pids[1]}" && wait "${pids[2]}"
	cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
	cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/3"
	[ -s "$BATS_TEST_TMPDIR/1" ]
	layer=$(jq -r '.layers[0].digest' "$RANBY_TEST_IMAGES/busybox/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$RANBY_TEST_IMAGES/busybox/index.json")")
	[ "$(grep -c "$layer" "$HOSTILE/log")" = 1 ]
}

@test "killed at any moment, a pull or load leaves nothing to see, and the next command cleans" {
	local what n
	for what in "pull -q $REG/busybox" "load -q -i $RANBY_TEST_IMAGES/busybox.tar"; do
		for n in $(seq 0 8 120); do
			# shellcheck disable=SC2086 # words
			"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" $what >/dev/null 2>&1 3>&- &
			sleep "$(printf '0.%03d' "$n")"
			kill -KILL $! 2>/dev/null || true
			wait $! 2>/dev/null || true
			id=$(ranby images -q)
			if [ -n "$id" ]; then
				# it came to its end: then it is whole
				ranby run --rm --network none "$id" true
				ranby rmi --all >/dev/null
			else
				ranby rmi --ignore none >/dev/null
				[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ] || fail 'staging is not cleaned'
				# shellcheck disable=SC2086
				run -0 ranby $what
				ranby rmi --all >/dev/null
			fi
			store_empty
		done
	done
}

@test "a directory that cannot be listed is not taken for an empty one: nothing in use is collected" {
	need_program strace
	no_leak_check
	local n failed=0
	load_image busybox
	ranby tag busybox extra
	for n in $(seq 12); do
		run strace -qq -e trace=getdents64 -e "inject=getdents64:error=EIO:when=$n" -o "$BATS_TEST_TMPDIR/trace" \
			"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" load --quiet --input "$RANBY_TEST_IMAGES/busybox.tar"
		grep -q INJECTED "$BATS_TEST_TMPDIR/trace" || break
		[ "$status" = 0 ] || one_error 'Input/output error'
		[ "$status" = 0 ] || failed=$((failed + 1))
		run -0 ranby run --rm --network=none --pull=never extra true
	done
	echo "# $((n - 1)) listings, $failed times refused" >&3
	[ "$failed" -ge 2 ]
}

@test "a fetch worker that can send nothing more, not even its answer, is an error and no wait" {
	need_program strace
	no_leak_check
	local n
	for n in 1 3 4 6; do
		run timeout 20 strace -f -qq -e trace=sendto -e "inject=sendto:error=ENOMEM:when=$n+" -o "$BATS_TEST_TMPDIR/trace" \
			"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull --quiet --tls-verify=false "$REG/busybox"
		grep -q INJECTED "$BATS_TEST_TMPDIR/trace"
		[ "$status" = 125 ] || fail "from call $n on: $status" "$output"
		one_error "$REG"
	done
}
