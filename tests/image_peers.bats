#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Every format that an image travels in, with everyone who reads and writes it:
# Debian's skopeo, podman, buildah and umoci, in both directions. What keeps a
# manifest keeps its digest, byte for byte; a docker archive keeps the config
# and what the layers unpack to. Who says so is never who wrote it.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load podman

setup_file() {
	need_program docker-registry
	need_program skopeo
	need_program umoci
	need_ranges
	ranby_setup_file
	# short: paths are names to buildah, in which no capitals may be
	PEER=$(mktemp -d "${TMPDIR:-/tmp}/peer.XXXXXX" | tr -d '\n')
	lower=$(tr '[:upper:]' '[:lower:]' <<<"$PEER")
	[ "$lower" = "$PEER" ] || mv "$PEER" "$lower"
	export PEER=$lower REG_DIR=$BATS_FILE_TMPDIR/registry
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	podman_setup_file
	driven rmi --all --force >/dev/null 2>&1 || true
	# three layers: one of busybox, one with owners, links and attributes of a file system, an empty one
	ranby copy -q "oci:$RANBY_TEST_IMAGES/busybox" "oci:$PEER/base:x"
	mkdir "$PEER/c"
	printf 'FROM oci:%s:x\nRUN mkdir -p /d && echo 1 >/d/f && ln /d/f /d/h && ln -s f /d/l && chown 33:42 /d/f && chmod 4750 /d/f\nRUN rm /d/h\nLABEL a=b\n' \
		"$PEER/base" >"$PEER/c/Containerfile"
	ranby build -q -t localhost/peers:1 "$PEER/c" >/dev/null
	ranby push -q localhost/peers:1 "$REG/peers:oci"
	ranby push -q --format v2s2 localhost/peers:1 "$REG/peers:v2s2"
	ranby rmi --all --force >/dev/null
	ID=$(skopeo inspect --tls-verify=false --config --raw "docker://$REG/peers:oci" | sha256sum | cut -d' ' -f1)
	LAYERS=$(skopeo inspect --tls-verify=false --config --raw "docker://$REG/peers:oci" | jq -c .rootfs.diff_ids)
	export ID LAYERS
	[ "$(jq length <<<"$LAYERS")" -ge 3 ]
}

teardown_file() {
	podman_teardown_file
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	remove_tree "$PEER"
	ranby_teardown_file
}

setup() {
	W=$PEER/t$BATS_TEST_NUMBER
	mkdir -p "$W"
}

teardown() { remove_tree "$W"; }

# sum: of standard input, as a digest is written
sum() { echo "sha256:$(sha256sum | cut -d' ' -f1)"; }
# told PLACE: the digest of the manifest that is there, as skopeo gets it
told() { skopeo inspect --raw --tls-verify=false "$1" | sum; }
# told_id PLACE: of its config
told_id() { skopeo inspect --config --raw --tls-verify=false "$1" | sha256sum | cut -d' ' -f1; }
# ours PLACE DIGEST: we read it as skopeo does; the layers unpack to ours, and the digest, unless "", is that one
ours() {
	ranby copy -q "$1" store:localhost/got:1 || fail "ranby cannot read $1"
	[ "$(ranby image inspect --format '{{.Id}}' localhost/got:1)" = "$(told_id "$1")" ] || fail "$1: another id"
	[ "$(ranby image inspect --format '{{json .RootFS.Layers}}' localhost/got:1 | jq -c .)" = "$LAYERS" ] || fail "$1: other layers"
	[ -z "$2" ] || [ "$(ranby image inspect --format '{{.Digest}}' localhost/got:1)" = "$2" ] || fail "$1: another digest"
	ranby rmi localhost/got:1 >/dev/null
}
buildah_() {
	CONTAINERS_STORAGE_CONF=$PODMAN/config/containers/storage.conf XDG_RUNTIME_DIR=$PODMAN_RUN timeout 60 buildah "$@" 3>&-
}
# peer WHO COMMAND...: podman or buildah with its own store
peer() {
	local who=$1
	shift
	case $who in podman) driven "$@" ;; buildah) buildah_ "$@" ;; esac
}
# places: FORMAT PLACE of all that copy writes, without and with a name
places() {
	echo "docker docker://$REG/$1:1"
	echo "oci oci:$W/$1.oci:x"
	echo "oci-archive oci-archive:$W/$1.oci.tar:x"
	echo "dir dir:$W/$1.dir"
	echo "docker-archive docker-archive:$W/$1.tar:peers:1"
}
# without the name that only who writes an archive gives
from() { case $1 in docker-archive:*:*) echo "${1%:peers:1}" ;; *) echo "$1" ;; esac; }
# kept FORMAT KIND: whether a place of that format holds the very manifest of that kind
kept() { case $1-$2 in docker-archive-* | oci-v2s2 | oci-archive-v2s2) return 1 ;; esac; }

@test "skopeo: everything that we write, and everything that it writes" {
	local kind format place want n=0
	for kind in oci v2s2; do
		want=$(told "docker://$REG/peers:$kind")
		while read -r format place; do
			ranby copy -q "docker://$REG/peers:$kind" "$place"
			[ "$(told_id "$(from "$place")")" = "$ID" ] || fail "$kind to $place: another id"
			! kept "$format" "$kind" || [ "$(told "$place")" = "$want" ] || fail "$kind to $place: another digest"
			# and once more through it
			skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "$(from "$place")" "dir:$W/back"
			[ "$(told_id "dir:$W/back")" = "$ID" ] || fail "$kind back from $place: another id"
			ours "dir:$W/back" "$(told "dir:$W/back")"
			rm -r "$W/back"
			n=$((n + 1))
		done < <(places "ours-$kind")
		while read -r format place; do
			skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REG/peers:$kind" "$place"
			if [ "$format" = docker-archive ]; then ours "$(from "$place")" ''; else ours "$place" "$(told "$place")"; fi
			# between kinds it writes the config anew
			! kept "$format" "$kind" || [ "$(told "$place") $(told_id "$place")" = "$want $ID" ] || fail "$kind: skopeo's $place"
			n=$((n + 1))
		done < <(places "theirs-$kind")
	done
	[ $n = 20 ]
}

# both_ways WHO: pull and push of podman and buildah, of each format
both_ways() {
	local kind format place want as n=0
	for kind in oci v2s2; do
		want=$(told "docker://$REG/peers:$kind")
		while read -r format place; do
			ranby copy -q "docker://$REG/peers:$kind" "$place"
			peer "$1" pull -q --tls-verify=false "$(from "$place")" >/dev/null || fail "$1 cannot read $place"
			[ "$(peer "$1" images -q --no-trunc | sort -u)" = "sha256:$ID" ] || fail "$1: $place is another image"
			! kept "$format" "$kind" || [ "$(peer "$1" images --format '{{.Digest}}' | sort -u)" = "$want" ] || fail "$1: $place has another digest"
			[ "$(driven image inspect "$ID" | jq -c '.[0].RootFS.Layers')" = "$LAYERS" ] || fail "$1: $place has other layers"
			n=$((n + 1))
		done < <(places "$1-ours-$kind")
		peer "$1" rmi --all --force >/dev/null
		peer "$1" pull -q --tls-verify=false "docker://$REG/peers:$kind" >/dev/null
		while read -r format place; do
			rm -f "$W/digest"
			# the layers are packed anew, so the digest is another: it is theirs that we have to find
			as=$kind
			[ "$format" != docker-archive ] || as=v2s2
			peer "$1" push -q --tls-verify=false --digestfile "$W/digest" --format "$as" "$ID" "$place" >/dev/null || fail "$1 cannot write $place"
			case $format in
			docker-archive) ours "$(from "$place")" '' ;;
			*) [ "$(told_id "$place")" = "$ID" ] || fail "$1: another id in $place"
				[ "$(told "$place")" = "$(cat "$W/digest")" ] || fail "$1: skopeo sees another digest in $place"
				ours "$place" "$(cat "$W/digest")" ;;
			esac
			n=$((n + 1))
		done < <(places "$1-theirs-$kind" | if [ "$kind" = v2s2 ]; then grep -v '^oci'; else cat; fi)
		peer "$1" rmi --all --force >/dev/null
	done
	[ $n = 18 ]
}

@test "podman pull and push: every format, both ways" {
	[ -e "$PODMAN/works" ] || skip 'podman does not work here'
	both_ways podman
}

@test "buildah pull and push: every format, both ways" {
	need_program buildah
	[ -e "$PODMAN/works" ] || skip 'podman, which looks into what buildah has, does not work here'
	both_ways buildah
}

@test "podman knows what a short name was said to mean" {
	[ -e "$PODMAN/works" ] || skip 'podman does not work here'
	export XDG_CACHE_HOME=$W/cache CONTAINERS_REGISTRIES_CONF=$W/registries.conf
	mkdir -p "$XDG_CACHE_HOME"
	printf '%s\n' "unqualified-search-registries = [\"localhost:1\", \"$REG\"]" 'short-name-mode = "enforcing"' >"$W/registries.conf"
	run -125 driven pull -q --tls-verify=false peers:oci </dev/null
	run -0 "$RANBY_TREE/tests/pty" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull peers:oci <<-STEPS
		expect Number \[1\]:
		send 2\\r
		exit 0
	STEPS
	run -0 driven pull --tls-verify=false peers:oci </dev/null
	[[ $output == *"$REG/peers:oci"* ]]
	driven rmi -f "$REG/peers:oci" >/dev/null
	ranby rmi -f "$REG/peers:oci" >/dev/null
}

@test "podman save and load, ranby save and load: every format and several images" {
	[ -e "$PODMAN/works" ] || skip 'podman does not work here'
	local format digest
	ranby copy -q "docker://$REG/peers:oci" localhost/peers:1
	ranby copy -q "oci:$PEER/base:x" localhost/base:1
	digest=$(ranby image inspect --format '{{.Digest}}' localhost/peers:1)
	for format in docker-archive oci-archive oci-dir docker-dir; do
		ranby save -q --format $format -o "$W/o.$format" localhost/peers:1
		driven load -q -i "$W/o.$format" >/dev/null || fail "podman load of our $format"
		[ "$(driven images -q --no-trunc | sort -u)" = "sha256:$ID" ] || fail "$format: another image to podman"
		case $format in oci-*) [ "$(driven images --format '{{.Digest}}')" = "$digest" ] || fail "$format: another digest to podman" ;; esac
		driven save -q --format $format -o "$W/p.$format" "$ID" || fail "podman save $format"
		driven rmi --all --force >/dev/null
		ranby rmi localhost/peers:1 >/dev/null
		ranby load -q -i "$W/p.$format" >/dev/null || fail "load of podman's $format"
		[ "$(ranby images -q --no-trunc | sort -u | grep -c "sha256:$ID")" = 1 ] || fail "podman's $format is another image: $(ranby images -q --no-trunc)"
		ranby rmi --force "$ID" >/dev/null
		ranby copy -q "docker://$REG/peers:oci" localhost/peers:1
	done
	# several, with names, in both directions
	ranby tag localhost/peers:1 example.com/again:2
	ranby save -q -m -o "$W/many.tar" localhost/peers:1 example.com/again:2 localhost/base:1
	driven load -q -i "$W/many.tar" >/dev/null
	[ "$(driven images --format '{{.Repository}}:{{.Tag}} {{.ID}}' --no-trunc | sort)" = "$(ranby images --format '{{.Repository}}:{{.Tag}} {{.ID}}' --no-trunc | sort)" ]
	want=$(ranby images --format '{{.Repository}}:{{.Tag}} {{.ID}}' --no-trunc | sort)
	driven save -q -m -o "$W/theirs.tar" localhost/peers:1 example.com/again:2 localhost/base:1
	ranby rmi --all --force >/dev/null
	ranby load -q -i "$W/theirs.tar" >/dev/null
	[ "$(ranby images --format '{{.Repository}}:{{.Tag}} {{.ID}}' --no-trunc | sort)" = "$want" ] || fail "$(ranby images)"
	driven rmi --all --force >/dev/null
	ranby rmi --all --force >/dev/null
}

@test "podman and buildah manifest lists: theirs is ours, ours is theirs" {
	[ -e "$PODMAN/works" ] || skip 'podman does not work here'
	local who want
	for who in podman buildah; do
		command -v $who >/dev/null || continue
		peer $who pull -q --tls-verify=false "docker://$REG/peers:oci" >/dev/null
		peer $who manifest create list-$who >/dev/null
		peer $who manifest add --tls-verify=false list-$who "docker://$REG/peers:oci" >/dev/null
		peer $who manifest add --tls-verify=false --arch arm64 --variant v8 list-$who "docker://$REG/peers:v2s2" >/dev/null
		peer $who manifest push -q --tls-verify=false --all list-$who "docker://$REG/list-$who:theirs" >/dev/null
		want=$(told "docker://$REG/list-$who:theirs")
		ranby copy -q --all "docker://$REG/list-$who:theirs" "store:localhost/list-$who:1"
		ranby manifest push -q "localhost/list-$who:1" "$REG/list-$who:ours"
		[ "$(told "docker://$REG/list-$who:ours")" = "$want" ] || fail "$who: another list"
		# and one that was made here
		ranby manifest create "mine-$who" >/dev/null
		ranby manifest add "mine-$who" "docker://$REG/peers:oci" >/dev/null
		ranby manifest add --arch arm64 --variant v8 "mine-$who" "docker://$REG/peers:v2s2" >/dev/null
		ranby manifest push -q "mine-$who" "$REG/mine-$who:1"
		ranby push -q "mine-$who" "dir:$W/mine-$who"
		[ "$(told "dir:$W/mine-$who")" = "$(told "docker://$REG/mine-$who:1")" ]
		ranby push -q --all=false "mine-$who" "dir:$W/only-$who"
		[ "$(cd "$W/only-$who" && echo *)" = 'manifest.json version' ]
		peer $who rmi --all --force >/dev/null
		peer $who pull -q --tls-verify=false "docker://$REG/mine-$who:1" >/dev/null
		[ "$(peer $who images -q --no-trunc)" = "sha256:$ID" ]
		peer $who rmi --all --force >/dev/null
		ranby manifest rm "mine-$who" "list-$who:1" >/dev/null
	done
}

@test "umoci: a layout of ours is changed there and read again, one of its own too" {
	local old new
	ranby copy -q "docker://$REG/peers:oci" "oci:$W/l:x"
	old=$(told "oci:$W/l:x")
	umoci tag --image "$W/l:x" same
	ours "oci:$W/l:same" "$old"
	umoci config --image "$W/l:x" --tag new --config.label k=v --author nobody
	new=$(told "oci:$W/l:new")
	[ "$new" != "$old" ]
	ours "oci:$W/l:new" "$new"
	# a layer of its own
	umoci unpack --rootless --image "$W/l:x" "$W/bundle"
	echo more >"$W/bundle/rootfs/d/more"
	rm "$W/bundle/rootfs/d/l"
	umoci repack --image "$W/l:more" "$W/bundle"
	LAYERS=$(skopeo inspect --config --raw "oci:$W/l:more" | jq -c .rootfs.diff_ids) ours "oci:$W/l:more" "$(told "oci:$W/l:more")"
	ranby copy -q "oci:$W/l:more" localhost/more:1
	run -0 ranby run --rm localhost/more:1 cat /d/more
	[ "$output" = more ]
	run -1 ranby run --rm localhost/more:1 test -e /d/l -o -L /d/l
	# what was copied into a layout that it made
	umoci init --layout "$W/n"
	umoci new --image "$W/n:empty"
	ranby copy -q "docker://$REG/peers:oci" "oci:$W/n:x"
	umoci gc --layout "$W/n"
	[ "$(umoci list --layout "$W/n" | sort | tr '\n' ' ')" = 'empty x ' ]
	ours "oci:$W/n:x" "$old"
	remove_tree "$W/bundle"
	umoci unpack --rootless --image "$W/n:x" "$W/bundle"
	[ "$(cat "$W/bundle/rootfs/d/f")" = 1 ]
	ranby rmi localhost/more:1 >/dev/null
}

# docker_tar KIND FILE: the image as docker save writes it. 24: up to docker 24, 25: since then, 1.9: before 1.10
docker_tar() {
	rm -rf "$W/s" "$W/plain"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/peers:v2s2" "dir:$W/s"
	python3 - "$1" "$W/s" "$2" <<-'END'
		import gzip, hashlib, io, json, sys, tarfile
		kind, d, out = sys.argv[1:]
		m = json.load(open(d + "/manifest.json"))
		read = lambda h: open(f"{d}/{h.split(':')[1]}", "rb").read()
		config = read(m["config"]["digest"])
		layers = [gzip.decompress(read(l["digest"])) for l in m["layers"]]
		tar = tarfile.open(out, "w")
		def put(name, data=None, link=None):
		    i = tarfile.TarInfo(name)
		    if link: i.type, i.linkname = tarfile.SYMTYPE, link
		    elif data is None: i.type, i.mode = tarfile.DIRTYPE, 0o755
		    else: i.size = len(data)
		    tar.addfile(i, io.BytesIO(data or b""))
		sha = lambda b: hashlib.sha256(b).hexdigest()
		name = "example.com/peers:1"
		seen = {}
		if kind == "25":
		    put("blobs"); put("blobs/sha256")
		    for b in {sha(b): b for b in layers + [config]}.values(): put("blobs/sha256/" + sha(b), b)
		    oci = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + sha(config), "size": len(config)},
		        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + sha(b), "size": len(b)} for b in layers]}).encode()
		    put("blobs/sha256/" + sha(oci), oci)
		    put("index.json", json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
		        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + sha(oci), "size": len(oci),
		         "annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1"}}]}).encode())
		    put("manifest.json", json.dumps([{"Config": "blobs/sha256/" + sha(config), "RepoTags": [name],
		        "Layers": ["blobs/sha256/" + sha(b) for b in layers], "LayerSources": {"sha256:" + sha(b): {
		        "mediaType": "application/vnd.oci.image.layer.v1.tar", "size": len(b), "digest": "sha256:" + sha(b)} for b in layers}}]).encode())
		    put("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
		    put("repositories", json.dumps({"example.com/peers": {"1": sha(layers[-1])}}).encode())
		else:
		    parent = ""
		    ids = []
		    for n, b in enumerate(layers):
		        v1 = {"created": "1970-01-01T00:00:00Z", "container_config": {"Cmd": ["step %d" % n]}}
		        if n == len(layers) - 1: v1 = {**json.loads(config), **v1}; v1.pop("rootfs"); v1.pop("history", None)
		        if parent: v1["parent"] = parent
		        parent = sha((parent + sha(b)).encode())
		        ids.append(parent)
		        v1["id"] = parent
		        put(parent + "/"); put(parent + "/VERSION", b"1.0"); put(parent + "/json", json.dumps(v1).encode())
		        # a layer that comes twice is a link
		        if sha(b) in seen: put(parent + "/layer.tar", link="../" + seen[sha(b)] + "/layer.tar")
		        else: put(parent + "/layer.tar", b)
		        seen.setdefault(sha(b), parent)
		    if kind == "24":
		        put(sha(config) + ".json", config)
		        put("manifest.json", json.dumps([{"Config": sha(config) + ".json", "RepoTags": [name], "Layers": [i + "/layer.tar" for i in ids]}]).encode())
		    put("repositories", json.dumps({"example.com/peers": {"1": parent}}).encode())
		tar.close()
	END
}

@test "docker save: as docker wrote it up to 24 and writes it since, and what was before 1.10" {
	local kind
	for kind in 24 25; do
		docker_tar $kind "$W/$kind.tar"
		[ "$(told_id "docker-archive:$W/$kind.tar")" = "$ID" ]
		ours "docker-archive:$W/$kind.tar" ''
		ranby load -q -i "$W/$kind.tar" >/dev/null
		ranby image exists example.com/peers:1 || fail "$kind: $(ranby images)"
		[ "$(ranby image inspect --format '{{.Id}}' example.com/peers:1)" = "$ID" ]
		ranby rmi example.com/peers:1 >/dev/null
	done
	docker_tar 1.9 "$W/1.9.tar"
	run -125 ranby load -q -i "$W/1.9.tar"
	one_error 'docker before 1.10'
	run -125 ranby copy -q "docker-archive:$W/1.9.tar" "dir:$W/d"
	one_error 'docker before 1.10'
	[ ! -e "$W/d" ]
	[ -z "$(ranby images -q)" ]
}

@test "containers-storage: and docker-daemon: say what to use, in every command that takes a place" {
	ranby copy -q "docker://$REG/peers:oci" localhost/peers:1
	for place in containers-storage:busybox docker-daemon:busybox:latest; do
		word='docker save'
		[[ $place != containers-* ]] || word='podman save'
		for verb in "copy $place dir:$W/d" "pull $place" "image inspect $place" "manifest create l $place" "push localhost/peers:1 $place"; do
			# shellcheck disable=SC2086 # words
			run -125 ranby $verb
			[[ $output == *"$word"* ]] || fail "$verb: $output"
		done
	done
}

@test "push: into a file or directory, as podman does, and what that cannot take" {
	local format option place want
	ranby copy -q "docker://$REG/peers:oci" localhost/peers:1
	want=$(told "docker://$REG/peers:oci")
	while read -r format place; do
		ranby push -q --digestfile "$W/digest" localhost/peers:1 "$place"
		[ "$(told_id "$(from "$place")")" = "$ID" ] || fail "$place"
		! kept "$format" oci || [ "$(told "$place") $(cat "$W/digest")" = "$want $want" ] || fail "$place: $(cat "$W/digest")"
	done < <(places pushed)
	run -125 ranby push --sign-by-sigstore-private-key /dev/null localhost/peers:1 "dir:$W/no"
	one_error 'ranby image sign'
	run -125 ranby push --compression-format zstd localhost/peers:1 "dir:$W/no"
	one_error 'as they are'
	run -125 ranby push localhost/peers:1 "docker-archive:$W/pushed.tar"
	one_error 'File exists'
	# scripts give it always, and podman takes it; one that is not there is none
	echo '{}' >"$W/auth.json"
	ranby push -q --authfile "$W/auth.json" localhost/peers:1 "dir:$W/authed-ranby"
	told "dir:$W/authed-ranby" >/dev/null
	run -125 ranby push --authfile "$W/none" localhost/peers:1 "dir:$W/no"
	one_error "--authfile $W/none: No such file"
	for option in --creds=a:b "--cert-dir=$W" --tls-verify=false; do
		run -125 ranby push "$option" localhost/peers:1 "dir:$W/no"
		one_error "no registry is asked: leave ${option%%=*} out"
	done
	[ ! -e "$W/no" ]
}
