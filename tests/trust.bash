# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What the files of tests about trust share: a registry, keys (tests/sigstore),
# a home with a policy, and a repository of its own for each test.
# shellcheck shell=bash disable=SC2154 # bats sets output and status

setup_file() {
	need_program docker-registry
	need_program skopeo
	need_program openssl
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry K=$BATS_FILE_TMPDIR/keys
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" busybox
	"$RANBY_TREE/tests/sigstore" keys "$K"
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

setup() {
	export HOME=$BATS_TEST_TMPDIR/home
	unset XDG_CONFIG_HOME
	mkdir -p "$HOME/.config/containers"
	# a repository of its own, so that no other test's signatures are there
	IMG=$REG/t$BATS_TEST_NUMBER
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REG/busybox" "docker://$IMG:1"
	DIGEST=$(skopeo inspect --tls-verify=false "docker://$IMG:1" | jq -r .Digest)
}

sign() { "$RANBY_TREE/tests/sigstore" sign --dir "$K" "$@"; }

# policy REQUIREMENT: of all docker images; the rest is refused
policy() {
	printf '{"default": [{"type": "reject"}], "transports": {"docker": {"": [%s]}}}' "$1" >"$HOME/.config/containers/policy.json"
}
# by KEY [MORE]: sigstoreSigned of that key
by() { policy "{\"type\": \"sigstoreSigned\", \"keyPath\": \"$K/$1.pub\"${2:+, $2}}"; }
# fulcio EMAIL [MORE]
fulcio() {
	policy "{\"type\": \"sigstoreSigned\", \"fulcio\": {\"caPath\": \"$K/ca.crt\", \"oidcIssuer\": \"https://accounts.example\", \"subjectEmail\": \"$1\"},
		\"rekorPublicKeyPath\": \"$K/log.pub\"}"
}
refused() { # WHY REF: the image is not here afterwards
	run ranby pull -q "${2:-$IMG:1}"
	[ "$status" -eq 125 ]
	[[ $output == *"$1"* ]] || { echo "wanted: $1"; echo "$output"; false; }
	run -1 ranby image exists "${2:-$IMG:1}"
}
accepted() { ranby pull -q "${1:-$IMG:1}" && ranby image exists "${1:-$IMG:1}"; }
verdict() { ranby image inspect --format '{{.Trust.Verdict}}' "$IMG:1"; }

# ---- simple signing ----

gpg_home() {
	export GNUPGHOME=$BATS_TEST_TMPDIR/g
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key signer@example.com ed25519 sign never
	gpg --batch --quiet --passphrase '' --quick-generate-key other@example.com ed25519 sign never
	gpg --armor --export signer@example.com >"$BATS_TEST_TMPDIR/signer.asc"
	gpg --export other@example.com >"$BATS_TEST_TMPDIR/other.gpg"
	# shellcheck disable=SC2034 # for the test
	FPR=$(gpg --with-colons --list-keys signer@example.com | awk -F: '/^fpr/ { print $10; exit }')
	mkdir -p "$HOME/.config/containers/registries.d"
	printf 'default-docker:\n  lookaside: file://%s/sigs\n' "$BATS_TEST_TMPDIR" >"$HOME/.config/containers/registries.d/a.yaml"
}
# simple KEYFILE [NAME] [DIGEST] [WHO]: a signature by skopeo
simple() {
	local manifest=$BATS_TEST_TMPDIR/manifest dir n=1
	skopeo inspect --raw --tls-verify=false "docker://$IMG:1" >"$manifest"
	dir=$BATS_TEST_TMPDIR/sigs/$IMG@sha256=${DIGEST#sha256:}
	mkdir -p "$dir"
	while [ -e "$dir/signature-$n" ]; do n=$((n + 1)); done
	skopeo standalone-sign "$manifest" "${1:-$IMG:1}" "${2:-signer@example.com}" -o "$dir/signature-$n"
}
