#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# On whose word an image is here, as the kernel's own log has it: the decision,
# the key and the digest in the record of the pull and of each start, and the
# refusal of what nobody vouches for; found by ausearch.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin
	installed
	audit_prelude
	command -v docker-registry skopeo openssl >/dev/null || echo 'docker-registry, skopeo or openssl is not installed' >"$AUDIT_DIR/refused"
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	REG=$("$RANBY_TREE/tests/registry" start "$AUDIT_DIR/registry" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$AUDIT_DIR/registry" busybox
	"$RANBY_TREE/tests/sigstore" keys "$AUDIT_DIR/keys"
	chmod -R a+rX "$AUDIT_DIR/keys"
	printf '{"default": [{"type": "reject"}], "transports": {"docker": {"": [{"type": "sigstoreSigned", "keyPath": "%s"}]}}}' \
		"$AUDIT_DIR/keys/p256.pub" >"$AUDIT_DIR/policy.json"
	chmod 644 "$AUDIT_DIR/policy.json"
}
teardown_file() {
	[ -z "${REG:-}" ] || "$RANBY_TREE/tests/registry" stop "$AUDIT_DIR/registry"
	audit_end
}
setup() {
	audit_need
	: >"$AUDIT_LOG"
}

in_login() { audit_as "$1" bash -c ". '$PRELUDE'; $2"; }
# said TYPE WORD: the digest, and what was claimed of the image, in the one record of that type with that word, decoded
said() {
	local line
	line=$(audit_search -m "$1" --raw | grep -a "$2")
	[ "$(wc -l <<<"$line")" = 1 ] || { echo "$line"; return 1; }
	python3 - "$line" <<-'END'
		import re, sys
		m = re.search(r'claimed-detail=("([^"]*)"|([0-9A-Fa-f]+))', sys.argv[1])
		print(re.search(r'claimed-digest="([^"]*)"', sys.argv[1]).group(1), m.group(2) if m.group(2) is not None else bytes.fromhex(m.group(3)).decode())
	END
}

@test "a pull and each start say the decision, the key and the digest; a refusal says why (F19)" {
	local digest key want
	digest=$(skopeo inspect --tls-verify=false "docker://$REG/busybox" | jq -r .Digest)
	key=$(openssl pkey -pubin -in "$AUDIT_DIR/keys/p256.pub" -outform DER | sha256sum | cut -d' ' -f1)
	# nobody's word
	run in_login "$AUDIT_ALICE" "R pull -q --signature-policy $AUDIT_DIR/policy.json $REG/busybox:latest"
	[ "$status" -ne 0 ]
	audit_sync
	[[ $(audit_search -m VIRT_INTEGRITY_CHECK --raw | grep -a 'op=verify reason=pull') == *" res=failed'"* ]]
	: >"$AUDIT_LOG"
	"$RANBY_TREE/tests/sigstore" sign --dir "$AUDIT_DIR/keys" --key p256 "$REG/busybox:latest"
	in_login "$AUDIT_ALICE" "R pull -q --signature-policy $AUDIT_DIR/policy.json $REG/busybox:latest
		R run --rm --name first --network=none $REG/busybox:latest true; R create --name second --network=none $REG/busybox:latest true; R start second; R wait second; R rm second"
	audit_sync
	want="$digest image verified key=sha256:$key"
	[[ $(said VIRT_INTEGRITY_CHECK 'op=verify reason=pull') == "$want"* ]] || { audit_search -m VIRT_INTEGRITY_CHECK --raw; false; }
	[[ $(audit_search -m VIRT_INTEGRITY_CHECK --raw) == *" res=success'"* ]]
	for name in first second; do
		[[ $(said VIRT_CONTROL "op=start .*vm=\"$name\"") == "$want"* ]] || { audit_search -m VIRT_CONTROL --raw | grep -a 'op=start'; false; }
	done
}
