#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# policy.json and signatures: what comes here, on whose word. Keys, certificates
# and signatures are made by openssl (tests/sigstore), gpg and skopeo; the
# registry is Debian's.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load trust

# ---- policy ----

@test "no policy.json: accepted, and said to be on nobody's word" {
	need_ranges
	# where nobody has written one, though this host's packages have
	run -0 ranby unshare sh -c 'mount -t tmpfs -o mode=755 none /etc/containers && exec "$@"' - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull -q "$IMG:1"
	[ "$(verdict)" = 'no policy' ]
}

@test "insecureAcceptAnything: accepted without signature" {
	policy '{"type": "insecureAcceptAnything"}'
	accepted
	[ "$(verdict)" = 'accepted without signature' ]
	[ "$(ranby image inspect --format '{{.Trust.Policy}}' "$IMG:1")" = "$HOME/.config/containers/policy.json" ]
}

@test "reject: nothing of it is here, and the ledger has the refusal" {
	policy '{"type": "reject"}'
	refused 'no image of this scope is accepted'
	cat "$XDG_STATE_HOME"/ranby/ledger/*.jsonl | jq -se 'map(select(.verb == "verify" and .res == "failed" and .vm == "'"$IMG:1"'")) | length == 1' ||
		{ ls -R "$XDG_STATE_HOME/ranby"; tail -n 3 "$XDG_STATE_HOME"/ranby/ledger/*; false; }
}

@test "--signature-policy: that file, and one that is not there is an error" {
	policy '{"type": "insecureAcceptAnything"}'
	echo '{"default": [{"type": "reject"}]}' >"$BATS_TEST_TMPDIR/p.json"
	run -125 ranby pull -q --signature-policy "$BATS_TEST_TMPDIR/p.json" "$IMG:1"
	run -125 ranby pull -q --signature-policy "$BATS_TEST_TMPDIR/none.json" "$IMG:1"
}

@test "a policy that is not one refuses all: unknown, duplicate and missing keys" {
	for text in '{}' '{"default": []}' '{"default": [{"type": "insecureAcceptAnything"}], "extra": {}}' \
		'{"default": [{"type": "insecureAcceptAnything"}], "default": [{"type": "reject"}]}' \
		'{"default": [{"type": "insecureAcceptAnything", "keyPath": "/x"}]}' \
		'{"default": [{"type": "insecureacceptanything"}]}' \
		'{"default": [{"type": "insecureAcceptAnything"}]} x' \
		'{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"": []}}}' \
		'{"default": [{"type": "sigstoreSigned"}]}' \
		'{"default": [{"type": "signedBy", "keyType": "X509Certificates", "keyPath": "/x"}]}' \
		'{"default": [{"type": "sigstoreSigned", "keyPath": "/x", "keyData": "eA=="}]}'; do
		echo "$text" >"$HOME/.config/containers/policy.json"
		run -125 ranby pull -q "$IMG:1"
		[[ $output == *policy.json* ]]
	done
}

@test "scopes: the most specific one decides alone" {
	local accept='[{"type": "insecureAcceptAnything"}]' reject='[{"type": "reject"}]' p=$HOME/.config/containers/policy.json
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REG/busybox" "docker://$IMG:2"
	echo "{\"default\": $accept, \"transports\": {\"docker\": {\"$IMG:1\": $accept, \"$IMG\": $reject, \"$REG\": $accept}}}" >"$p"
	accepted
	refused 'no image' "$IMG:2"
	accepted "$REG/busybox"
	echo "{\"default\": $reject, \"transports\": {\"docker\": {\"${REG}\": $accept}, \"oci\": {\"\": $accept}}}" >"$p"
	accepted "$IMG:2"
}

@test "load and pull of archives ask the policy too" {
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "docker-archive:$BATS_TEST_TMPDIR/a.tar:x/y:1"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REG/busybox" "oci:$BATS_TEST_TMPDIR/o:1"
	policy '{"type": "insecureAcceptAnything"}'
	run -125 ranby load -q -i "$BATS_TEST_TMPDIR/a.tar"
	run -125 ranby pull -q "docker-archive:$BATS_TEST_TMPDIR/a.tar"
	run -125 ranby pull -q "oci:$BATS_TEST_TMPDIR/o:1"
	run -1 ranby image exists x/y:1
	echo "{\"default\": [{\"type\": \"reject\"}], \"transports\": {\"oci\": {\"$BATS_TEST_TMPDIR\": [{\"type\": \"insecureAcceptAnything\"}]}}}" \
		>"$HOME/.config/containers/policy.json"
	run -0 ranby pull -q "oci:$BATS_TEST_TMPDIR/o:1"
}

@test "copy asks the policy too, and keeps what it said" {
	policy '{"type": "reject"}'
	run -125 ranby copy -q "docker://$IMG:1" "oci:$BATS_TEST_TMPDIR/o:1"
	[[ $output == *'no image of this scope is accepted'* ]]
	by p256
	run -125 ranby copy -q "docker://$IMG:1" "store:$IMG:1"
	sign --key p256 "$IMG:1"
	ranby copy -q "docker://$IMG:1" "store:$IMG:1"
	[ "$(verdict)" = verified ]
}

# ---- sigstore ----

@test "the .sig tag: P-256, P-384, Ed25519 and RSA keys" {
	for key in p256 p384 ed25519 rsa; do
		by "$key"
		refused 'signature'
		sign --key "$key" "$IMG:1"
		accepted
		[ "$(verdict)" = verified ]
		[ "$(ranby image inspect --format '{{.Trust.Key}}' "$IMG:1")" = "sha256:$(openssl pkey -pubin -in "$K/$key.pub" -outform DER | sha256sum | cut -d' ' -f1)" ]
		[ "$(ranby image inspect --format '{{.Trust.SignedDigest}}' "$IMG:1")" = "$DIGEST" ]
		ranby rmi "$IMG:1"
	done
}

@test "a bundle that refers to it: P-256 and Ed25519" {
	for key in p256 ed25519; do
		by "$key"
		refused 'signature'
		sign --key "$key" --shape bundle "$IMG:1"
		accepted
		[ "$(verdict)" = verified ]
		ranby rmi "$IMG:1"
	done
}

@test "refused: no signature, another key, a weak one" {
	by p256
	refused 'there is none'
	sign --key other "$IMG:1"
	sign --key other --shape bundle "$IMG:1"
	refused 'not of a key that the policy names'
	by weak
	refused 'RSA of less than 2048 bits'
	by nothing
	refused 'nothing.pub'
}

@test "refused: payload, statement or signature that was changed, cut off or swollen" {
	by p256
	for damage in payload signature extra twice; do
		sign --key p256 --damage "$damage" "$IMG:1"
	done
	for damage in statement truncate big; do
		sign --key p256 --shape bundle --damage "$damage" "$IMG:1"
	done
	refused 'refused by'
	sign --key p256 "$IMG:1"
	accepted
}

@test "refused: another digest, another name, another tag, an attestation" {
	by p256
	for shape in legacy bundle; do
		sign --key p256 --shape $shape --digest "sha256:$(printf x | sha256sum | cut -d' ' -f1)" "$IMG:1"
		sign --key p256 --shape $shape --name "$REG/another:1" "$IMG:1"
		sign --key p256 --shape $shape --name "$IMG:2" "$IMG:1"
		sign --key p256 --shape $shape --name "$IMG" "$IMG:1"
	done
	sign --key p256 --shape bundle --predicate https://spdx.dev/Document "$IMG:1"
	refused 'refused by'
	# one of them alone would have told which
	by p256 '"signedIdentity": {"type": "matchRepository"}'
	accepted
}

@test "replay: a signature of one image beside another" {
	by p256 '"signedIdentity": {"type": "matchRepository"}'
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false -f v2s2 "docker://$IMG:1" "docker://$IMG:2"
	local two
	two=$(skopeo inspect --tls-verify=false "docker://$IMG:2" | jq -r .Digest)
	[ "$two" != "$DIGEST" ]
	sign --key p256 --at "$two" "$IMG:1"
	sign --key p256 --shape bundle --at "$two" "$IMG:1"
	refused 'the signature is for' "$IMG:2"
}

@test "a signature without a name: for who asks for the digest, and for nobody else" {
	by p256
	sign --key p256 --shape bundle --name '' "$IMG:1"
	refused 'names no image, only a digest'
	accepted "$IMG@$DIGEST"
	by p256 '"signedIdentity": {"type": "matchExact"}'
	run -125 ranby pull -q "$IMG@$DIGEST"
}

@test "identities: exactReference, exactRepository, remapIdentity, by digest" {
	sign --key p256 --name registry.example/real:1 "$IMG:1"
	by p256
	refused 'is for registry.example/real:1'
	by p256 '"signedIdentity": {"type": "exactReference", "dockerReference": "registry.example/real:1"}'
	accepted && ranby rmi "$IMG:1"
	by p256 '"signedIdentity": {"type": "exactReference", "dockerReference": "registry.example/real:2"}'
	refused 'is for registry.example/real:1'
	by p256 '"signedIdentity": {"type": "exactRepository", "dockerRepository": "registry.example/real"}'
	accepted && ranby rmi "$IMG:1"
	by p256 "\"signedIdentity\": {\"type\": \"remapIdentity\", \"prefix\": \"$IMG\", \"signedPrefix\": \"registry.example/real\"}"
	accepted && ranby rmi "$IMG:1"
	by p256 "\"signedIdentity\": {\"type\": \"remapIdentity\", \"prefix\": \"${IMG%?}\", \"signedPrefix\": \"registry.example/rea\"}"
	refused 'is for registry.example/real:1'
	sign --key p256 --name "$IMG:9" "$IMG:1"
	by p256
	refused 'is for'
	accepted "$IMG@$DIGEST"
}

@test "the log: promise, proof, another log, another entry" {
	by p256 "\"rekorPublicKeyPath\": \"$K/log.pub\""
	sign --key p256 "$IMG:1"
	refused 'not from the log that the policy asks for'
	sign --key p256 --log log2 "$IMG:1"
	sign --key p256 --log log --log-of x "$IMG:1"
	sign --key p256 --shape bundle --log log2 --proof --no-promise "$IMG:1"
	sign --key p256 --shape bundle --log log --log-of x --proof "$IMG:1"
	sign --key p256 --shape bundle --log log --no-promise "$IMG:1"
	sign --key p256 --shape bundle --log log --proof --damage root "$IMG:1"
	sign --key p256 --shape bundle --log log --proof --damage path "$IMG:1"
	refused 'refused by'
	sign --key p256 --shape bundle --log log --proof --no-promise "$IMG:1"
	accepted
	[ "$(verdict)" = verified ]
}

@test "the log: the promise of a .sig is enough, and says when" {
	by p256 "\"rekorPublicKeyPath\": \"$K/log.pub\""
	sign --key p256 --log log "$IMG:1"
	accepted
	run -0 ranby image inspect --format '{{.Trust.LoggedAt}}' "$IMG:1"
	[[ $output == "$(date -u +%Y)"* ]]
}

@test "certificates: who, by whom, for what and when" {
	fulcio dev@example.com
	for bad in stranger foreign unknown server; do
		sign --certificate $bad --log log "$IMG:1"
		sign --certificate $bad --shape bundle --log log "$IMG:1"
	done
	sign --certificate expired --log log "$IMG:1"
	sign --certificate good --log log --time "$(($(date +%s) - 400000))" "$IMG:1"
	sign --certificate good "$IMG:1"
	sign --certificate good --shape bundle --log log --proof --no-promise "$IMG:1"
	refused 'refused by'
	sign --certificate good --log log "$IMG:1"
	accepted
	[ "$(ranby image inspect --format '{{.Trust.Key}}' "$IMG:1")" = 'dev@example.com (https://accounts.example)' ]
}

@test "certificates: one that had expired since, a workload, a bundle" {
	fulcio dev@example.com
	sign --certificate expired --log log --time "$(($(date +%s) - 216000))" "$IMG:1"
	accepted
	ranby rmi "$IMG:1"
	fulcio https://ci.example/job
	refused 'not of https://ci.example/job'
	sign --certificate workload --shape bundle --log log --proof "$IMG:1"
	accepted
}

@test "certificates: an authority between is for signing code too" {
	fulcio dev@example.com
	sign --certificate minted --chain tls --log log "$IMG:1"
	refused 'an authority of its chain is not for signing code'
	sign --certificate nested --chain between --log log "$IMG:1"
	accepted
}

@test "certificates: nobody is asked for the pass phrase of one that says it is encrypted" {
	need_program script
	fulcio dev@example.com
	sign --certificate good --log log --damage encrypted "$IMG:1"
	export RANBY RANBY_ROOT RANBY_RUN IMG
	# a terminal on which an answer would be waited for
	run timeout 30 script -qec 'timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull -q "$IMG:1"' /dev/null
	[ "$status" -eq 125 ]
	[[ $output != *'pass phrase'* ]] || { echo "$output"; false; }
}

@test "use-sigstore-attachments: false leaves them unread" {
	by p256
	sign --key p256 "$IMG:1"
	mkdir -p "$HOME/.config/containers/registries.d"
	printf 'docker:\n  %s:\n    use-sigstore-attachments: false\n' "$REG" >"$HOME/.config/containers/registries.d/a.yaml"
	refused 'there is none'
	printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$IMG" >"$HOME/.config/containers/registries.d/b.yaml"
	accepted
	printf 'docker:\n  x:\n    use-sigstore: true\n' >"$HOME/.config/containers/registries.d/c.yaml"
	run -125 ranby pull -q "$IMG:1"
	[[ $output == *'unknown key "use-sigstore"'* ]]
	printf 'a: &x 1\nb: *x\n' >"$HOME/.config/containers/registries.d/c.yaml"
	run -125 ranby pull -q "$IMG:1"
}

# ---- simple signing ----

@test "simple signing: skopeo signs, gpgv verifies" {
	need_program gpg
	need_program gpgv
	gpg_home
	policy "{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"$BATS_TEST_TMPDIR/signer.asc\"}"
	refused 'there is none'
	simple "$IMG:1" other@example.com
	refused 'by a key that the policy does not name'
	simple "$IMG:2"
	simple "$IMG:1" other@example.com
	refused 'refused by'
	simple
	accepted
	[ "$(ranby image inspect --format '{{.Trust.Key}}' "$IMG:1")" = "$FPR" ]
	ranby rmi "$IMG:1"
	policy "{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPaths\": [\"$BATS_TEST_TMPDIR/other.gpg\", \"$BATS_TEST_TMPDIR/signer.asc\"]}"
	accepted
	gpgconf --kill all
}

# serve [CERTIFICATE KEY]: what is in sigs, from $BASE until the test ends
serve() {
	local dir=$BATS_TEST_TMPDIR/sigs
	rm -f "$dir.address" "$dir.stdin"
	mkdir -p "$dir"
	mkfifo "$dir.stdin"
	"$RANBY_TREE/tests/file-server" "$dir" "$@" <"$dir.stdin" >"$dir.out" 2>&1 3>&- &
	exec 7>"$dir.stdin"
	wait_for 30 test -s "$dir.address"
	BASE=$(cat "$dir.address")
}

@test "simple signing: from a lookaside server, over http and https; one that fails is an error and no image" {
	need_program gpg
	need_program gpgv
	need_program openssl
	local conf=$HOME/.config/containers/registries.d/a.yaml dir
	gpg_home
	policy "{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"$BATS_TEST_TMPDIR/signer.asc\"}"
	serve
	at() { printf 'default-docker:\n  lookaside: %s\n' "$1" >"$conf"; }
	at "http://$BASE/"
	refused 'there is none'
	simple "$IMG:1" other@example.com
	# of one that is too large the next is asked for
	dir=$BATS_TEST_TMPDIR/sigs/$IMG@sha256=${DIGEST#sha256:}
	head -c 300000 /dev/zero >"$dir/signature-2"
	refused 'by a key that the policy does not name'
	simple
	[ -f "$dir/signature-3" ]
	accepted
	[ "$(ranby image inspect --format '{{.Trust.Key}}' "$IMG:1")" = "$FPR" ]
	ranby rmi "$IMG:1"
	# in their order, to the one that is not there; nobody was logged in for it
	[ "$(tail -n 4 "$BATS_TEST_TMPDIR/sigs.log" | sed 's,.*/,,')" = $'signature-1 -\nsignature-2 -\nsignature-3 -\nsignature-4 -' ]
	at "http://$BASE/short"
	refused lookaside
	at "http://$BASE/moved"
	accepted
	ranby rmi "$IMG:1"
	at http://localhost:1
	refused lookaside
	at ftp://localhost/x
	refused 'neither file://, https:// nor http://'
	exec 7>&-
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=127.0.0.1' -keyout "$BATS_TEST_TMPDIR/k" -out "$BATS_TEST_TMPDIR/c" 2>/dev/null
	serve "$BATS_TEST_TMPDIR/c" "$BATS_TEST_TMPDIR/k"
	at "https://$BASE"
	refused certificate
	ranby pull -q --tls-verify=false "$IMG:1"
	[ "$(ranby image inspect --format '{{.Trust.Key}}' "$IMG:1")" = "$FPR" ]
	exec 7>&-
	gpgconf --kill all
}

@test "simple signing: SHA-1 is no digest to sign with" {
	need_program gpg
	need_program gpgv
	gpg_home
	gpg --batch --quiet --passphrase '' --quick-generate-key old@example.com rsa2048 sign never
	gpg --export old@example.com >"$BATS_TEST_TMPDIR/old.gpg"
	policy "{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"$BATS_TEST_TMPDIR/old.gpg\"}"
	echo 'digest-algo SHA1' >"$GNUPGHOME/gpg.conf"
	simple "$IMG:1" old@example.com
	gpg --list-packets "$BATS_TEST_TMPDIR/sigs/$IMG@sha256=${DIGEST#sha256:}/signature-1" | grep -q 'digest algo 2,'
	refused 'refused by'
	rm "$GNUPGHOME/gpg.conf"
	simple "$IMG:1" old@example.com
	accepted
	gpgconf --kill all
}

# ---- signing ----

# seen_by_openssl KEY: the tag's signature and the bundle's are of that key, over what they should be.
# (Debian's skopeo and podman are built without sigstore.)
seen_by_openssl() {
	local base=http://$REG/v2/${IMG#*/} d=$BATS_TEST_TMPDIR/seen tag=sha256-${DIGEST#*:} manifest bundle
	mkdir -p "$d"
	manifest=$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$base/manifests/$tag.sig")
	curl -fsS -o "$d/payload" "$base/blobs/$(jq -r '.layers[-1].digest' <<<"$manifest")"
	jq -r '.layers[-1].annotations["dev.cosignproject.cosign/signature"]' <<<"$manifest" | base64 -d >"$d/sig"
	openssl dgst -sha256 -verify "$K/$1.pub" -signature "$d/sig" "$d/payload"
	jq -e ".critical.image[\"docker-manifest-digest\"] == \"$DIGEST\" and .critical.identity[\"docker-reference\"] == \"$IMG:1\"" "$d/payload"
	manifest=$(curl -fsS -H 'Accept: application/vnd.oci.image.index.v1+json' "$base/manifests/$tag" | jq -r '.manifests[-1].digest')
	manifest=$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$base/manifests/$manifest")
	jq -e ".subject.digest == \"$DIGEST\"" <<<"$manifest"
	bundle=$(curl -fsS "$base/blobs/$(jq -r '.layers[0].digest' <<<"$manifest")")
	jq -r .dsseEnvelope.payload <<<"$bundle" | base64 -d >"$d/statement"
	jq -r '.dsseEnvelope.signatures[0].sig' <<<"$bundle" | base64 -d >"$d/sig"
	{ printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(stat -c %s "$d/statement")"; cat "$d/statement"; } >"$d/pae"
	openssl dgst -sha256 -verify "$K/$1.pub" -signature "$d/sig" "$d/pae"
	jq -e ".subject[0].digest.sha256 == \"${DIGEST#*:}\"" "$d/statement"
}

@test "image sign: openssl and ranby accept it, in either shape" {
	by p256
	run -0 --separate-stderr ranby image sign -q --key "$K/p256.key" "$IMG:1"
	[ "$output" = "$DIGEST" ]
	seen_by_openssl p256
	accepted && ranby rmi "$IMG:1"
	# the bundle alone
	curl -fsS -X DELETE "http://$REG/v2/${IMG#*/}/manifests/sha256:$(skopeo inspect --raw --tls-verify=false "docker://$IMG:sha256-${DIGEST#*:}.sig" | sha256sum | cut -d' ' -f1)"
	accepted
	[ "$(ranby image inspect --format '{{.Trust.SignedName}}' "$IMG:1")" = "$IMG:1" ]
}

@test "image sign: earlier signatures stay, Ed25519 and encrypted keys" {
	printf 'secret\n' >"$BATS_TEST_TMPDIR/pass"
	printf 'wrong\n' >"$BATS_TEST_TMPDIR/wrong"
	openssl pkcs8 -topk8 -in "$K/ed25519.key" -passout pass:secret -out "$BATS_TEST_TMPDIR/ed.key"
	ranby image sign -q --key "$K/p256.key" "$IMG:1"
	run -125 ranby image sign -q --key "$BATS_TEST_TMPDIR/ed.key" "$IMG:1"
	[[ $output == *passphrase* ]]
	run -125 ranby image sign -q --key "$BATS_TEST_TMPDIR/ed.key" --passphrase-file "$BATS_TEST_TMPDIR/wrong" "$IMG:1"
	ranby image sign -q --key "$BATS_TEST_TMPDIR/ed.key" --passphrase-file "$BATS_TEST_TMPDIR/pass" "$IMG:1"
	by p256 && accepted && ranby rmi "$IMG:1"
	by ed25519 && accepted
}

@test "image sign: a key as cosign keeps it" {
	printf 'secret' >"$BATS_TEST_TMPDIR/pass"
	printf 'wrong' >"$BATS_TEST_TMPDIR/wrong"
	"$RANBY_TREE/tests/sigstore" box "$K/p256.key" "$BATS_TEST_TMPDIR/pass" >"$BATS_TEST_TMPDIR/boxed.key"
	by p256
	run -125 ranby image sign -q --key "$BATS_TEST_TMPDIR/boxed.key" --passphrase-file "$BATS_TEST_TMPDIR/wrong" "$IMG:1"
	[[ $output == *'passphrase is not the right one'* ]]
	ranby image sign -q --key "$BATS_TEST_TMPDIR/boxed.key" --passphrase-file "$BATS_TEST_TMPDIR/pass" "$IMG:1"
	seen_by_openssl p256
	accepted
}

@test "push --sign-by-sigstore-private-key; --sign-by says what it cannot" {
	policy '{"type": "insecureAcceptAnything"}'
	accepted "$REG/busybox"
	ranby push -q --sign-by-sigstore-private-key "$K/p256.key" "$REG/busybox" "$IMG:3"
	by p256
	accepted "$IMG:3"
	[ "$(ranby image inspect --format '{{.Trust.SignedName}}' "$IMG:3")" = "$IMG:3" ]
	run -125 ranby push -q --sign-by x "$REG/busybox" "$IMG:4"
	[[ $output == *'makes no GPG signatures'* ]]
	run ! skopeo inspect --tls-verify=false "docker://$IMG:4"
}

@test "image sign: what it refuses" {
	run -125 ranby image sign "$IMG:1"
	[[ $output == *--key* ]]
	run -125 ranby image sign --key "$K/weak.key" "$IMG:1"
	run -125 ranby image sign --key "$K/p256.pub" "$IMG:1"
	run -125 ranby image sign --key /nonexistent "$IMG:1"
	run -125 ranby image sign --key "$K/p256.key" short
	run -125 ranby image sign --key "$K/p256.key" --identity short "$IMG:1"
	run -125 ranby image sign --key "$K/p256.key" "$IMG:none"
	run ! skopeo inspect --tls-verify=false "docker://$IMG:sha256-${DIGEST#*:}.sig"
}

# ---- what is told of it ----

@test "a container says what was decided of its image, and starts whatever the policy says today" {
	by p256
	sign --key p256 "$IMG:1"
	accepted
	ranby create --name "t$BATS_TEST_NUMBER" "$IMG:1" true
	[ "$(ranby inspect --format '{{.Ranby.ImageTrust.Verdict}}' "t$BATS_TEST_NUMBER")" = verified ]
	policy '{"type": "reject"}'
	run -0 ranby start -a "t$BATS_TEST_NUMBER"
	cat "$XDG_STATE_HOME"/ranby/ledger/*.jsonl | jq -se 'map(select(.verb == "start" and .vm == "t'"$BATS_TEST_NUMBER"'")) | .[-1].detail | startswith("image verified key=sha256:")'
	cat "$XDG_STATE_HOME"/ranby/ledger/*.jsonl | jq -se 'map(select(.verb == "verify" and .res == "success" and .vm == "'"$IMG:1"'")) | .[-1] | .digest == "'"$DIGEST"'" and (.detail | test("^image verified key=sha256:[0-9a-f]{64}$"))'
	ranby tag "$IMG:1" "mine:$BATS_TEST_NUMBER"
	[ "$(ranby image inspect --format '{{.Trust.Verdict}}' "mine:$BATS_TEST_NUMBER")" = verified ]
}

@test "gpgv runs behind a filter of system calls" {
	need_program gpgv
	local pid state
	mkfifo "$BATS_TEST_TMPDIR/message"
	: >"$BATS_TEST_TMPDIR/keys"
	timeout 100 sleep 100 >"$BATS_TEST_TMPDIR/message" 3>&- &
	local writer=$!
	"${RANBY%/bin/*}/libexec/ranby/ranby-trust" gpgv <"$BATS_TEST_TMPDIR/message" >/dev/null 2>&1 \
		3>"$BATS_TEST_TMPDIR/status" 4<"$BATS_TEST_TMPDIR/keys" 5<"$(command -v gpgv)" &
	pid=$!
	for _ in $(seq 600); do
		state=$(grep -h -e ^Name -e ^Seccomp: -e ^NoNewPrivs "/proc/$pid/status" | tr -s '\t\n' ' ')
		[[ $state != *gpgv* ]] || break
		sleep 0.05
	done
	kill "$pid" "$writer"
	echo "$state"
	[[ $state == *'gpgv NoNewPrivs: 1 Seccomp: 2 '* ]]
}

@test "ranby-trust: no file, no network, no program; and not for users" {
	run -125 "${RANBY%/bin/*}/libexec/ranby/ranby-trust" 3>&- 4>&-
	[[ $output == *'started by ranby only'* ]]
	run -125 "${RANBY%/bin/*}/libexec/ranby/ranby-trust" verify 3>&- 4>&-
}
