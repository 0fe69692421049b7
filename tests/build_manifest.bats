#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build --manifest and --platform: an image for each platform, in a list that podman's is like.
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

# platforms LIST: what its entries say, one a line, in their order
platforms() { ranby manifest inspect "$1" | python3 -c 'import json, sys
for m in json.load(sys.stdin)["manifests"]: print("/".join(filter(None, (m["platform"].get(k) for k in ("os", "architecture", "variant")))))'; }
digests() { ranby manifest inspect "$1" | python3 -c 'import json, sys
for m in json.load(sys.stdin)["manifests"]: print(m["digest"])'; }

@test "--platform a,b --manifest: an image of each, in the order that was asked for" {
	containerfile <<<$'FROM scratch AS made\nARG TARGETPLATFORM\nARG TARGETARCH\nCOPY f /f-$TARGETARCH\nFROM made\nLABEL for=$TARGETPLATFORM'
	run -0 --separate-stderr ranby build --manifest list --platform linux/amd64,linux/arm64/v8 --platform linux/s390x --iidfile id ctx
	[[ $output == *$'\n[linux/arm64/v8] [1/2] STEP 1/4: FROM scratch AS made\n'* ]] || fail "$output"
	[ "$(platforms list)" = $'linux/amd64\nlinux/arm64/v8\nlinux/s390x' ] || fail "$(platforms list)"
	[ "${lines[-1]}" = "$(cat id)" ]
	ranby manifest exists "$(cat id)"
	# another is added; the same again changes nothing
	run -0 ranby build -q --manifest list --platform linux/ppc64le ctx
	[ "$(platforms list | tail -n 1)" = linux/ppc64le ]
	before=$(digests list)
	run -0 ranby build -q --manifest list --platform linux/s390x,linux/amd64 ctx
	[ "$(digests list)" = "$before" ]
	# the list keeps them, whatever becomes of what has no name; each has its own configuration and files
	run -0 ranby image prune -f
	run -0 ranby manifest push -q --all list oci-archive:all.tar
	mkdir all && tar -C all -xf all.tar
	names=" $(for layer in all/blobs/sha256/*; do tar -tf "$layer" 2>/dev/null || true; done | tr '\n' ' ') "
	for i in amd64 arm64 ppc64le s390x; do
		grep -Eqr "\"architecture\": *\"$i\"" all/blobs || fail "$i: $(grep -Eho '"architecture".{20}' -r all | sort | uniq -c)"
		[[ $names == *" f-$i "* ]] || fail "$names"
	done
	# one image, with a name of its own
	run -0 ranby build -q -t one --manifest single ctx
	[ "$(digests single)" = "$(ranby image inspect --format '{{.Digest}}' one)" ]
	[ "$output" != "$(ranby image inspect --format '{{.ID}}' one)" ]
}

@test "--manifest: what does not go together is refused, and a failure leaves the list as it was" {
	containerfile <<<$'FROM scratch\nCOPY f /'
	while IFS='|' read -r words why; do
		# shellcheck disable=SC2086 # words
		run -125 ranby build $words ctx
		[[ ${lines[0]} == "Error: $why"* ]] || fail "$words: $output"
		[[ $output != *STEP* ]]
	done <<-'EOF'
		--platform linux/amd64,linux/arm64|--platform: several are several images: --manifest LIST names them all
		--platform linux/amd64,linux/arm64 -t x --manifest y|--tag names one image
		--platform linux/amd64,linux/arm64 --manifest y -o out|--output is of one image
		-t x --manifest localhost/x:latest|--tag and --manifest cannot give the same name: localhost/x:latest
		--manifest busybox|busybox: an image, not a manifest list
		--manifest UP|image name "UP": repository name must be lowercase
		--platform linux/amd64,a/b/c/d --manifest y|platform "a/b/c/d"
		--platform linux/amd64,,linux/arm64 --manifest y|platform ""
		--platform linux/amd64 --platform windows/ --manifest y|platform "windows/"
		--os linux --arch / |platform "linux//"
		--platform linux/amd64 --arch arm64|--platform and --os, --arch, --variant exclude each other
	EOF
	run -0 ranby build -q --manifest kept --platform linux/arm64 ctx
	before=$(digests kept)
	# the second one fails
	containerfile <<<$'FROM scratch\nARG TARGETARCH\nCOPY f-$TARGETARCH /'
	echo x >ctx/f-amd64
	run -125 ranby build --manifest kept --platform linux/amd64,linux/s390x ctx
	[[ $output == *'"f-s390x": no such file'* ]] || fail "$output"
	[ "$(digests kept)" = "$before" ]
	run -125 ranby build --manifest never --platform linux/amd64,linux/s390x ctx
	run -1 ranby manifest exists never
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1)" ]
}

@test "--platform: a RUN of another machine's program says what is missing" {
	# the head of an executable of a machine that nothing here executes: SPARC
	printf '\177ELF\1\2\1\0\0\0\0\0\0\0\0\0\0\2\0\2\0\0\0\1' >ctx/sh
	chmod 755 ctx/sh
	containerfile <<<$'FROM scratch\nCOPY sh /bin/sh\nRUN true'
	run ranby build --platform linux/s390x ctx
	[ "$status" -ne 0 ]
	[[ $output == *'the image is for s390x, this host is'*'binfmt_misc'* ]] || fail "$status: $output"
	run ranby build ctx
	[[ $output != *binfmt* ]] || fail "$output"
}

@test "--manifest: podman says the same of the image in it" {
	need_program podman
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p "$XDG_CONFIG_HOME/containers" run
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PWD/store" "$PWD/run" >"$XDG_CONFIG_HOME/containers/storage.conf"
	containerfile <<<$'FROM scratch\nARG TARGETARCH\nLABEL of=$TARGETARCH\nCOPY f /'
	# one platform: of several podman 4.3 leaves but the last in the list
	podman build -q --manifest theirs --platform linux/arm64/v8 ctx >/dev/null 2>podman.err || skip "podman cannot build it: $(<podman.err)"
	podman manifest inspect theirs >theirs.json
	unshare --map-root-user --map-auto rm -rf store
	ranby build -q --manifest ours --platform linux/arm64/v8 ctx
	ranby manifest inspect ours >ours.json
	said() { python3 -c 'import json, sys
for m in sorted(json.load(open(sys.argv[1]))["manifests"], key=lambda m: m["platform"]["architecture"]): print(m["mediaType"], json.dumps(m["platform"], sort_keys=True))' "$1"; }
	[ "$(said ours.json | wc -l)" = 1 ]
	diff <(said theirs.json) <(said ours.json) >&2
}
