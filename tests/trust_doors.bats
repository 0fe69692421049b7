#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Every door that an image can come in by asks the policy, about what really
# comes in: copies, lists, names by digest, archives and their names, and a home
# that is not where it should be. The policy of nearly all is "reject".
# shellcheck disable=SC2154 # bats sets output and status
load lib
load trust

reject() { policy '{"type": "reject"}'; }
accept='[{"type": "insecureAcceptAnything"}]'
refuse='[{"type": "reject"}]'
# oci NAME...: the layout $T/o with these names
oci() {
	T=$BATS_TEST_TMPDIR
	for name; do skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "oci:$T/o:$name"; done
}
refuses() { # COMMAND...: fails by the policy
	run -125 "$@"
	[[ $output == *'no image of this scope is accepted'* ]] || { echo "$output"; false; }
}
ledger() { cat "$XDG_STATE_HOME"/ranby/ledger/*.jsonl | jq -se "$1"; }

@test "copy and manifest lists from anywhere: refused, and nothing has a name" {
	oci x
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "docker-archive:$T/a.tar:x/y:1"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "dir:$T/d"
	reject
	for source in "docker://$IMG:1" "oci:$T/o:x" "docker-archive:$T/a.tar" "dir:$T/d"; do
		refuses ranby copy -q "$source" "store:evil:$BATS_TEST_NUMBER"
		refuses ranby copy -q "$source" "docker://$IMG:out"
		refuses ranby manifest create "list:$BATS_TEST_NUMBER" "$source"
		run -1 ranby image exists "evil:$BATS_TEST_NUMBER"
		run -1 ranby manifest exists "list:$BATS_TEST_NUMBER"
	done
	ranby manifest create "list:$BATS_TEST_NUMBER"
	refuses ranby manifest add "list:$BATS_TEST_NUMBER" "oci:$T/o:x"
	refuses ranby sync -q --src docker --dest dir "$IMG:1" "$T"
	run ! skopeo inspect --tls-verify=false "docker://$IMG:out"
}

@test "copy with a policy of its own, and into a name that was verified" {
	by p256
	sign --key p256 "$IMG:1"
	accepted
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false -f v2s2 "docker://$IMG:1" "docker://$IMG:2"
	run -125 ranby copy -q "docker://$IMG:2" "store:$IMG:1"
	[ "$(verdict)" = verified ]
	echo "{\"default\": $refuse}" >"$BATS_TEST_TMPDIR/p.json"
	policy '{"type": "insecureAcceptAnything"}'
	refuses ranby copy -q --signature-policy "$BATS_TEST_TMPDIR/p.json" "docker://$IMG:1" "store:mine:$BATS_TEST_NUMBER"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$IMG:1" "docker-archive:$BATS_TEST_TMPDIR/a.tar"
	refuses ranby copy -q --signature-policy "$BATS_TEST_TMPDIR/p.json" "docker-archive:$BATS_TEST_TMPDIR/a.tar" "store:mine:$BATS_TEST_NUMBER"
}

@test "run, create and load --signature-policy: that file, when something comes" {
	oci x
	policy '{"type": "insecureAcceptAnything"}'
	echo "{\"default\": $refuse}" >"$T/p.json"
	refuses ranby run --rm --signature-policy "$T/p.json" "$IMG:1" true
	refuses ranby create --signature-policy "$T/p.json" "$IMG:1" true
	run -1 ranby image exists "$IMG:1"
	accepted
	# what is here is not judged again
	ranby run --rm --signature-policy "$T/p.json" "$IMG:1" true
	echo "{\"default\": $accept}" >"$T/p.json"
	run -125 ranby load -q -i "$T/o"
	ranby load -q -i "$T/o" --signature-policy "$T/p.json"
}

@test "copy: what was decided is in the ledger, and goes with the image to its next name" {
	by p256
	sign --key p256 "$IMG:1"
	ranby copy -q "docker://$IMG:1" "store:mine:$BATS_TEST_NUMBER"
	ledger "map(select(.verb == \"verify\" and .vm == \"docker://$IMG:1\")) | length == 1 and (.[0].detail | startswith(\"image verified key=\"))"
	ranby copy -q "mine:$BATS_TEST_NUMBER" "yours:$BATS_TEST_NUMBER"
	[ "$(ranby image inspect --format '{{.Trust.Verdict}}' "yours:$BATS_TEST_NUMBER")" = verified ]
	ledger "map(select(.vm == \"yours:$BATS_TEST_NUMBER\")) | length == 1 and .[0].verb == \"tag\""
}

@test "what came by its digest does not answer to the tag beside it" {
	echo "{\"default\": $refuse, \"transports\": {\"docker\": {\"$IMG\": $accept, \"$IMG:1\": $refuse}}}" >"$HOME/.config/containers/policy.json"
	refused 'no image'
	accepted "$IMG:1@$DIGEST"
	run -1 ranby image exists "$IMG:1"
	refuses ranby run --rm "$IMG:1" true
	ranby run --rm "$IMG@$DIGEST" true
	ranby run --rm "$IMG:1@$DIGEST" true
}

@test "a pull that is refused leaves nothing, not even its index" {
	local base=http://$REG/v2/${IMG#*/}
	jq -nc --arg d "$DIGEST" --argjson n "$(skopeo inspect --raw --tls-verify=false "docker://$IMG:1" | wc -c)" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json",
		digest: $d, size: $n, platform: {os: "linux", architecture: "amd64"}}]}' >"$BATS_TEST_TMPDIR/index"
	curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary "@$BATS_TEST_TMPDIR/index" "$base/manifests/index"
	reject
	refused 'no image' "$IMG:index"
	[ ! -e "$RANBY_ROOT/blobs/sha256/$(sha256sum <"$BATS_TEST_TMPDIR/index" | cut -d' ' -f1)" ]
	policy '{"type": "insecureAcceptAnything"}'
	accepted "$IMG:index"
	[ -e "$RANBY_ROOT/blobs/sha256/$(sha256sum <"$BATS_TEST_TMPDIR/index" | cut -d' ' -f1)" ]
}

@test "archives: the scope is of the file that is read, not of a link or a pipe to it" {
	oci x
	mkdir "$T/ok"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "oci-archive:$T/a.tar:x"
	echo "{\"default\": $refuse, \"transports\": {\"oci\": {\"$T/ok\": $accept}, \"oci-archive\": {\"$T/ok\": $accept}}}" >"$HOME/.config/containers/policy.json"
	ln -s "$T/o" "$T/ok/link"
	ln -s "$T/a.tar" "$T/ok/link.tar"
	refuses ranby pull -q "oci:$T/ok/link:x"
	refuses ranby pull -q "oci-archive:$T/ok/link.tar:x"
	refuses ranby load -q -i "$T/ok/link.tar"
	refuses ranby copy -q "oci:$T/ok/link:x" "store:x:$BATS_TEST_NUMBER"
	mkfifo "$T/ok/pipe"
	timeout 20 cat "$T/a.tar" >"$T/ok/pipe" 3>&- &
	refuses ranby load -q -i "$T/ok/pipe"
	wait $! || true
	mkdir "$T/ok:evil"
	cp -r "$T/o" "$T/ok:evil/o"
	refuses ranby load -q -i "$T/ok:evil/o"
	cp -r "$T/o" "$T/ok:o"
	refuses ranby load -q -i "$T/ok:o"
	cp "$T/a.tar" "$T/ok/"
	ranby load -q -i "$T/ok/a.tar"
}

@test "oci: an image is judged by its own name in the layout, however it is asked for" {
	oci good bad
	echo "{\"default\": $refuse, \"transports\": {\"oci\": {\"$T/o\": $accept, \"$T/o:bad\": $refuse}}}" >"$HOME/.config/containers/policy.json"
	for word in bad o:bad localhost/o:bad; do
		refuses ranby pull -q "oci:$T/o:$word"
	done
	refuses ranby load -q -i "$T/o"
	refuses ranby copy -q "oci:$T/o:bad" "store:x:$BATS_TEST_NUMBER"
	run -1 ranby image exists localhost/o:bad
	ranby pull -q "oci:$T/o:good"
	jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] == "bad"))' "$T/o/index.json" >"$T/index" && mv "$T/index" "$T/o/index.json"
	refuses ranby pull -q "oci:$T/o"
	refuses ranby copy -q "oci:$T/o" "store:x:$BATS_TEST_NUMBER"
}

@test "the user's policy does not vanish with HOME, or behind a link that dangles" {
	local real policy=$HOME/.config/containers/policy.json
	real=$(getent passwd "$(id -u)" | cut -d: -f6)
	mkdir -p "$real/.config/containers"
	[ ! -e "$real/.config/containers/policy.json" ]
	echo "{\"default\": $refuse}" >"$real/.config/containers/policy.json"
	for home in '' /nonexistent relative /dev/null; do
		HOME=$home refuses ranby pull -q "$IMG:1" || { rm "$real/.config/containers/policy.json"; false; }
	done
	(unset HOME; refuses ranby pull -q "$IMG:1") || { rm "$real/.config/containers/policy.json"; false; }
	rm "$real/.config/containers/policy.json"
	ln -s /nonexistent/policy.json "$policy"
	refused policy.json
	rm -r "$HOME/.config"
	ln -s /nonexistent "$HOME/.config"
	run -125 ranby pull -q "$IMG:1"
	one_error 'a link on its way leads nowhere'
	rm "$HOME/.config"
	run -1 ranby image exists "$IMG:1"
	mkdir -p "$HOME/.config/containers"
	by p256
	ln -s /nonexistent "$HOME/.config/containers/registries.d"
	refused registries.d
}

@test "a registry's name has no case: another spelling is in the same scope, and is the same image" {
	local other=${IMG/localhost/LocalHost}
	reject
	refused 'no image' "$other:1"
	echo "{\"default\": $accept, \"transports\": {\"docker\": {\"$IMG\": $refuse}}}" >"$HOME/.config/containers/policy.json"
	refused 'no image' "$other:1"
	echo "{\"default\": $accept, \"transports\": {\"docker\": {\"$other\": $refuse}}}" >"$HOME/.config/containers/policy.json"
	refused 'no image'
	policy '{"type": "insecureAcceptAnything"}'
	accepted "$other:1"
	ranby image exists "$IMG:1"
}
