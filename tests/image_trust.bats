#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# image trust show and set: podman's columns and fields of the same file, a
# change that podman and skopeo obey as pull does, and what is refused with the
# file as it was.
# shellcheck disable=SC2154 # bats sets output and status
load lib
load trust
load podman

# podman keeps a process of its user namespace
teardown() {
	end_podman "HOME=$BATS_TEST_TMPDIR"
	remove_tree "$XDG_RUNTIME_DIR/pt" "$XDG_RUNTIME_DIR/ptr"
}

P() { echo "$HOME/.config/containers/policy.json"; }
gpg_key() {
	export GNUPGHOME=$BATS_TEST_TMPDIR/g
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key signer@example.com ed25519 sign never
	gpg --armor --export signer@example.com >"$BATS_TEST_TMPDIR/signer@example.com.asc"
}
same() { [ "$(sha256sum <"$(P)")" = "$1" ] || fail "the file has changed: $(cat "$(P)")"; }

@test "show: table, JSON and raw are what podman shows of the same file" {
	need_program podman
	gpg_key
	cat >"$(P)" <<-END
		{"default": [{"type": "reject"}], "transports": {
		 "docker": {"registry.example": [{"type": "insecureAcceptAnything"}], "registry.example/b": [{"type": "reject"}],
		  "registry.example/a:1": [{"type": "sigstoreSigned", "keyPath": "$K/p256.pub"}],
		  "*.example": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "$BATS_TEST_TMPDIR/signer@example.com.asc"}]},
		 "docker-daemon": {"": [{"type": "insecureAcceptAnything"}]}}}
	END
	mkdir -p "$HOME/.config/containers/registries.d"
	printf 'docker:\n  registry.example:\n    lookaside: https://sigs.example/x\n' >"$HOME/.config/containers/registries.d/a.yaml"
	theirs() { podman --root "$XDG_RUNTIME_DIR/pt" --runroot "$XDG_RUNTIME_DIR/ptr" image trust show --policypath "$(P)" --registrypath "$HOME/.config/containers/registries.d" "$@" 2>/dev/null; }
	run -0 ranby image trust show --json
	# podman's gpg_id is who a GPG key is of, ours the files; what is in no registry has no store
	ours=$(jq -c 'map(del(.keys))' <<<"$output")
	[ "$ours" = "$(theirs --json | jq -c 'map(del(.gpg_id))')" ] || fail "$ours" "$(theirs --json | jq -c .)"
	run -0 ranby image trust show
	[ "$(xargs <<<"${lines[0]}")" = "$(theirs | head -n 1 | xargs)" ]
	[ "$(awk '{print $1, $2}' <<<"$output")" = "$(theirs | awk '{print $1, $2}')" ]
	[[ $output == *"registry.example/a:1"*sigstoreSigned*"$K/p256.pub"*https://sigs.example/x* ]]
	run -0 ranby image trust show --noheading
	[[ $output != TRANSPORT* ]]
	ranby image trust show --raw | cmp - "$(P)"
	# who decides about one
	run -0 ranby image trust show -n registry.example/b/c:2
	[[ $output == repository*registry.example/b*reject* && ${#lines[@]} = 1 ]]
	run -0 ranby image trust show -n www.example:5000/x
	[[ $output == *'*.example'*signed* ]]
	run -0 ranby image trust show -n elsewhere.test/x
	[[ $output == all*default*reject* ]]
	echo '{"default": [{"type": "reject", "x": 1}]}' >"$(P)"
	run -125 ranby image trust show
	one_error 'unknown key "x"'
	run -0 ranby image trust show --policypath /dev/stdin <<<'{"default": [{"type": "insecureAcceptAnything"}]}'
	[[ $output == *all*default*accept* ]]
}

@test "set: each type, and pull does as it says" {
	policy '{"type": "reject"}'
	refused 'no image of this scope'
	ranby image trust set --type accept "$IMG"
	accepted
	ranby rmi "$IMG:1" >/dev/null
	ranby image trust set -t sigstoreSigned -f "$K/p256.pub" "$IMG:1"
	refused signature
	sign --key p256 "$IMG:1"
	accepted
	ranby rmi "$IMG:1" >/dev/null
	# two keys: both
	ranby image trust set -t sigstoreSigned -f "$K/p256.pub" -f "$K/ed25519.pub" "$IMG:1"
	refused signature
	sign --key ed25519 "$IMG:1"
	accepted
	ranby rmi "$IMG:1" >/dev/null
	[ "$(jq -c --arg s "$IMG:1" '.transports.docker[$s] | map(.keyPath)' "$(P)")" = "[\"$K/p256.pub\",\"$K/ed25519.pub\"]" ]
	ranby image trust set -t reject "$IMG:1"
	refused 'no image of this scope'
	# all else has stayed, and skopeo reads the file
	[ "$(jq -c '.default, .transports.docker[""]' "$(P)" | tr '\n' ' ')" = '[{"type":"reject"}] [{"type":"reject"}] ' ]
	run ! skopeo copy --policy "$(P)" --src-tls-verify=false "docker://$IMG:1" "dir:$BATS_TEST_TMPDIR/d"
	ranby image trust set -t accept "$IMG:1"
	skopeo copy -q --policy "$(P)" --src-tls-verify=false "docker://$IMG:1" "dir:$BATS_TEST_TMPDIR/d"
	[ "$(stat -c %a "$(P)")" = 644 ]
}

@test "set: by GPG, with a path that is not absolute, and the signature of skopeo" {
	gpg_home
	policy '{"type": "reject"}'
	cd "$BATS_TEST_TMPDIR"
	ranby image trust set -f signer.asc "$IMG"
	[ "$(jq -r --arg s "$IMG" '.transports.docker[$s][0] | .type + " " + .keyType + " " + .keyPath' "$(P)")" = "signedBy GPGKeys $BATS_TEST_TMPDIR/signer.asc" ]
	refused 'there is none'
	simple
	accepted
	ranby rmi "$IMG:1" >/dev/null
	ranby image trust set -f other.gpg "$IMG"
	refused signature
}

@test "set: the user's own file takes over what the system's says, and the system's stays" {
	need_ranges
	rm -f "$(P)"
	run -0 ranby unshare bash -ec 'mount -t tmpfs -o mode=755 none /etc/containers
		echo "{\"default\": [{\"type\": \"reject\"}], \"transports\": {\"docker\": {\"a.example\": [{\"type\": \"insecureAcceptAnything\"}]}}}" >/etc/containers/policy.json
		sum=$(sha256sum </etc/containers/policy.json)
		"$@" image trust set -t accept --policypath "$HOME/mine.json" b.example
		unshare --user --map-user=1000 --map-group=1000 "$@" image trust set -t accept b.example
		[ "$sum" = "$(sha256sum </etc/containers/policy.json)" ]
		# who is root changes the one of all
		mv "$HOME/.config/containers/policy.json" "$HOME/theirs.json"
		"$@" image trust set -t accept c.example
		[ "$sum" != "$(sha256sum </etc/containers/policy.json)" ]
		[ ! -e "$HOME/.config/containers/policy.json" ]
		cat /etc/containers/policy.json' - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN"
	[ "$(jq -c '.transports.docker | keys' <<<"$output")" = '["a.example","c.example"]' ]
	[ "$(jq -c '.default, (.transports.docker | keys)' "$HOME/theirs.json" | tr '\n' ' ')" = '[{"type":"reject"}] ["a.example","b.example"] ' ]
	# a file that is named is made of nothing: all is accepted until it says otherwise, as without one
	[ "$(jq -c .default "$HOME/mine.json")" = '[{"type":"insecureAcceptAnything"}]' ]
}

@test "set: what it refuses, with the file as it was" {
	local sum text
	gpg_key
	policy '{"type": "reject"}'
	sum=$(sha256sum <"$(P)")
	# what calls itself a key
	printf -- '-----BEGIN PUBLIC KEY-----\nbm90IGEga2V5\n-----END PUBLIC KEY-----\n' >"$BATS_TEST_TMPDIR/junk.pem"
	openssl genrsa 1024 2>/dev/null | openssl rsa -pubout -out "$BATS_TEST_TMPDIR/weak.pem" 2>/dev/null
	printf -- '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END PGP PUBLIC KEY BLOCK-----\n' >"$BATS_TEST_TMPDIR/junk.asc"
	printf -- '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nbm90IGEga2V5\n-----END PGP PUBLIC KEY BLOCK-----\n' >"$BATS_TEST_TMPDIR/other.asc"
	while IFS='|' read -r text args; do
		# shellcheck disable=SC2086 # words
		run -125 ranby image trust set $args
		one_error "$text"
		same "$sum"
	done <<-END
		by whose key|registry.example
		by whose key|-t sigstoreSigned registry.example
		keys say nothing|-t accept -f $K/p256.pub registry.example
		no PGP public key|-f $K/p256.pub registry.example
		no public key in PEM|-t sigstoreSigned -f $BATS_TEST_TMPDIR/signer@example.com.asc registry.example
		a private key|-t sigstoreSigned -f $K/p256.key registry.example
		not a public key|-t sigstoreSigned -f $BATS_TEST_TMPDIR/junk.pem registry.example
		RSA of less than|-t sigstoreSigned -f $BATS_TEST_TMPDIR/weak.pem registry.example
		not base64|-f $BATS_TEST_TMPDIR/junk.asc registry.example
		no PGP public key|-f $BATS_TEST_TMPDIR/other.asc registry.example
		No such file|-f /nonexistent registry.example
		scope|-t accept busybox/
		scope|-t accept *.
		scope|-t accept *.a/b
		scope|-t accept UPPER.example/X
		scope|-t accept short/name
		--type|-t nothing registry.example
	END
	echo '{"default": [{"type": "reject"}], "default": []}' >"$(P)"
	sum=$(sha256sum <"$(P)")
	run -125 ranby image trust set -t accept registry.example
	one_error policy.json
	same "$sum"
	rm "$(P)"
	ln -s /nonexistent/x "$(P)"
	run -125 ranby image trust set -t accept registry.example
	one_error 'leads nowhere'
	# what a link leads to would be another's file afterwards, or none's
	rm "$(P)"
	echo '{"default": [{"type": "reject"}]}' >"$BATS_TEST_TMPDIR/real.json"
	ln -s "$BATS_TEST_TMPDIR/real.json" "$(P)"
	run -125 ranby image trust set -t accept registry.example
	one_error --policypath
	[ -L "$(P)" ]
	chmod 640 "$BATS_TEST_TMPDIR/real.json"
	ranby image trust set -t accept --policypath "$BATS_TEST_TMPDIR/real.json" registry.example
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/real.json")" = 640 ]
	ranby image trust show | grep -q registry.example
	# keys that are not armored: the type of the first packet
	printf '\377\376x' >"$BATS_TEST_TMPDIR/junk"
	printf '\225\001x' >"$BATS_TEST_TMPDIR/secret"
	run -125 ranby image trust set -f "$BATS_TEST_TMPDIR/junk" --policypath "$BATS_TEST_TMPDIR/real.json" registry.example
	one_error 'no PGP public key'
	run -125 ranby image trust set -f "$BATS_TEST_TMPDIR/secret" --policypath "$BATS_TEST_TMPDIR/real.json" registry.example
	one_error 'a private key'
}

@test "set: many at once, and each is in the file; a full disk leaves the old one" {
	local pids=() pid n
	policy '{"type": "reject"}'
	for n in 1 2 3 4 5 6 7 8; do
		ranby image trust set -t accept "r$n.example" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	[ "$(jq '.transports.docker | keys | length' "$(P)")" = 9 ]
	[ -z "$(find "$HOME/.config/containers" -name '.tmp.*')" ]
	need_ranges
	run -0 ranby unshare bash -ec 'mount -t tmpfs -o mode=755,size=16k none "$HOME/.config/containers"
		printf "{\"default\": [{\"type\": \"reject\"}]}" >"$HOME/.config/containers/policy.json"
		head -c 1M /dev/zero >"$HOME/.config/containers/full" 2>/dev/null || true
		! "$@" image trust set -t accept r.example || exit 1
		cat "$HOME/.config/containers/policy.json"' - "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN"
	[[ $output == *'No space left'*'{"default": [{"type": "reject"}]}' ]] || fail "$output"
}
