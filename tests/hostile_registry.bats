#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What registries and what is in them can do to who pulls: digests that are
# paths, in each place that has one (A40); credentials on the way through a
# mirror with TLS (A41); mirrors that lie or do not end (A42); bombs, with the memory and the disk that they cost (A43).
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output and status, and each test is a process
load lib
load hostile

setup_file() {
	need_program docker-registry
	need_program skopeo
	need_program openssl
	ranby_setup_file
	hostile_setup_file
}

teardown_file() {
	hostile_teardown_file
	ranby_teardown_file
}

teardown() {
	[ ! -f "$BATS_TEST_TMPDIR/mirror/pid" ] || "$RANBY_TREE/tests/registry" stop "$BATS_TEST_TMPDIR/mirror"
	ranby rmi --all --force >/dev/null 2>&1 || true
}

# nothing: no image, no layer, nothing half made, no blob
nothing() {
	local left
	left=$(find "$RANBY_ROOT"/{layers,images,staging,blobs/sha256} -mindepth 1 2>/dev/null) || true
	[ -z "$left" ] || fail 'left in the store:' "$left"
}

# cheap TEXT COMMAND...: refused with that word, in less than 64 MiB
cheap() {
	local text=$1
	shift
	peak "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"
	[ "$status" = 125 ] || fail "$*: $status, $output"
	one_error "$text"
	[ -n "${RANBY_SAN:-}" ] || [ "$peak" -lt 65536 ] || fail "$*: $peak KiB"
}
# bomb TEXT COMMAND...: and the disk is as it was
bomb() {
	cheap "$@"
	nothing
}

@test "digests that are paths, of another kind or none: in the config, layers and an index (A40)" {
	local where nth n
	canary_make
	python3 - "$CANARY" >"$HOSTILE/digests" <<-'END'
		import json, sys
		h = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		print(json.dumps(["sha256:../../../../../../../../etc/passwd", "sha256:../" + "a" * 61, "sha256:" + "../" * 20 + sys.argv[1][1:] + "/file",
		    "sha256:e3b0c4", "sha256:" + h.upper(), "SHA256:" + h, "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + h[:-1] + "\0",
		    "sha256:" + h + "/../x", "sha256:" + h + "?x", "sha256:" + h + "\r\nX: y", "unknown:" + h, "sha512:" + h, h, "", "sha256:", "../../etc/passwd",
		    "sha256:%2e%2e%2f" + "a" * 55]))
	END
	n=$(jq length "$HOSTILE/digests")
	[ "$n" -ge 18 ]
	: >"$HOSTILE/log"
	for where in config layer index; do
		for ((nth = 0; nth < n; nth++)); do
			# all of them in one place, what is most of a path in the others
			[ $where = layer ] || [ $((nth % 6)) = 0 ] || continue
			run -125 ranby pull -q "$BAD/digest_${where}_$nth/x"
			one_error digest
		done
	done
	nothing
	canary_intact
	# each is refused as text: nobody was asked for any of them
	jq -e -s 'length > 0 and all(.path | test("^/v2/(digest_[a-z]+_[0-9]+/x/manifests/latest)?$"))' "$HOSTILE/log" || fail "$(jq -r .path "$HOSTILE/log" | sort -u)"
	# and as a user's own word
	for word in 'x@sha256:../../../etc/passwd' 'x@md5:d41d8cd98f00b204e9800998ecf8427e' 'x@sha256:e3b0c4'; do
		run -125 ranby pull -q "$BAD/$word"
		one_error "$word"
	done
}

@test "a mirror with TLS of a test's authority that wants a password: its own, and nobody else sees it (A41)" {
	local dir=$BATS_TEST_TMPDIR mirror want
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=a test' -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout "$dir/key.pem" -out "$dir/csr" 2>/dev/null
	echo subjectAltName=DNS:localhost >"$dir/ext"
	openssl x509 -req -in "$dir/csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 -extfile "$dir/ext" -out "$dir/cert.pem" 2>/dev/null
	python3 -c 'import crypt; print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)))' >"$dir/htpasswd"
	mirror=$("$RANBY_TREE/tests/registry" start --htpasswd "$dir/htpasswd" --tls "$dir/cert.pem" "$dir/key.pem" "$dir/mirror" 0)
	export HOME=$dir/home
	unset XDG_CONFIG_HOME REGISTRY_AUTH_FILE
	mkdir -p "$HOME/.config/containers/certs.d/$mirror"
	skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-creds user:secret "oci:$RANBY_TEST_IMAGES/busybox" "docker://$mirror/team/busybox:1"
	want=$(skopeo inspect --tls-verify=false --creds user:secret "docker://$mirror/team/busybox:1" | jq -r .Digest)
	# main.example is served by who keeps a log of what it is shown, and has no such image
	printf '%s\n' '[[registry]]' 'prefix = "main.example"' "location = \"$BAD/html\"" '[[registry.mirror]]' "location = \"$mirror/team\"" >"$dir/registries.conf"
	export CONTAINERS_REGISTRIES_CONF=$dir/registries.conf
	: >"$HOSTILE/log"
	auth() { printf '{"auths":{"%s":{"auth":"%s"}}}' "$1" "$(printf %s "$2" | base64)" >"$dir/auth.json"; }
	auth "$mirror" user:secret
	# not with a certificate that nobody vouches for: it goes on to the place itself
	run -125 ranby pull --authfile "$dir/auth.json" --tls-verify main.example/busybox:1
	[[ $output == *"Mirror $mirror: "*'certificate is not valid'* ]] || fail "$output"
	cp "$dir/ca.crt" "$HOME/.config/containers/certs.d/$mirror/ca.crt"
	# not without, with another's, or with the wrong password
	for pair in "main.example user:secret" "$mirror user:wrong" "localhost:1 user:secret"; do
		# shellcheck disable=SC2086 # two words
		auth $pair
		run -125 ranby pull --authfile "$dir/auth.json" main.example/busybox:1
		[[ $output == *"Mirror $mirror: "* && $output != *secret* ]] || fail "$pair: $output"
	done
	auth "$mirror" user:secret
	run -0 ranby pull -q --authfile "$dir/auth.json" main.example/busybox:1
	[ "$(ranby image inspect --format '{{.Digest}}' main.example/busybox:1)" = "$want" ]
	# the other has been asked, and was never shown the mirror's
	jq -e -s 'length > 0 and all(.authorization == null)' "$HOSTILE/log"
	run ! grep -rl --exclude-dir=layers secret "$RANBY_ROOT"
}

@test "bombs: gzip and zstd 1000:1, a window of 2 GiB, a header of 1 GiB, 8 EiB of nothing; less than 64 MiB, no disk (A43)" {
	local dir=$BATS_TEST_TMPDIR kind i
	python3 - "$dir" <<-'END'
		import os, sys, tarfile
		out = sys.argv[1]
		t = tarfile.TarInfo("zeros"); t.size = 3 << 29
		open(out + "/zeros", "wb").write(t.tobuf())
		# a frame that says it needs 2 GiB to look back into
		data = b"x" * 1000
		open(out + "/window.tar.zst", "wb").write(bytes.fromhex("28b52ffd00") + bytes([21 << 3]) + (1 | len(data) << 3).to_bytes(3, "little") + data)
		for name, kind in (("pax", b"x"), ("global", b"g"), ("longname", b"L"), ("longlink", b"K")):
		    t = tarfile.TarInfo("h"); t.type = kind; t.size = 1 << 30
		    with open(out + "/" + name, "wb") as f: f.write(t.tobuf(tarfile.GNU_FORMAT))
	END
	# both kinds go on after the end of a member or frame: 1.6 GB of zeros are 26 times the same
	head -c 64M /dev/zero | tee >(gzip >"$dir/64M.gz") | zstd -q >"$dir/64M.zst"
	wait_for 60 gzip --test "$dir/64M.gz" 2>/dev/null
	gzip -k "$dir/zeros"
	zstd -q "$dir/zeros"
	for kind in gz zst; do
		cat "$dir/zeros.$kind" >"$dir/ratio.tar.$kind"
		for ((i = 0; i < 26; i++)); do cat "$dir/64M.$kind"; done >>"$dir/ratio.tar.$kind"
	done
	for kind in gz zst; do
		[ "$(stat -c %s "$dir/ratio.tar.$kind")" -lt 2000000 ]
		bomb 'unpacks to more than' import -q "$dir/ratio.tar.$kind"
		ranby volume create v >/dev/null
		peak "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" volume import v "$dir/ratio.tar.$kind"
		[ "$status" = 125 ]
		[ -n "${RANBY_SAN:-}" ] || [ "$peak" -lt 65536 ]
		ranby volume rm v >/dev/null
	done
	bomb "too much memory" import -q "$dir/window.tar.zst"
	for kind in pax global longname longlink; do
		zstd -q "$dir/$kind" -o "$dir/$kind.tar.zst"
		for ((i = 0; i < 17; i++)); do cat "$dir/64M.zst"; done >>"$dir/$kind.tar.zst"
		bomb 'import: ' import -q "$dir/$kind.tar.zst"
	done
	canary_make
	"$RANBY_TREE/tests/hostile-tars" "$dir/tars" "$CANARY"
	for kind in sparse-8-EiB too-deep; do
		bomb 'import: layer' import -q "$dir/tars/refused/$kind.tar"
	done
}

@test "bombs: names of an archive without end, layers without end; a hundred empty ones are an image (A43)" {
	local dir=$BATS_TEST_TMPDIR
	python3 - "$dir" <<-'END'
		import hashlib, io, json, sys, tarfile
		out = sys.argv[1]
		one = tarfile.TarInfo("x").tobuf()
		with open(out + "/members.tar", "wb") as f:
		    for n in range(100002): f.write(one)
		    f.write(bytes(1024))
		empty = bytes(1024)
		diff = "sha256:" + hashlib.sha256(empty).hexdigest()
		for n in (100, 501):
		    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [diff] * n}}).encode()
		    with tarfile.open("%s/%d.tar" % (out, n), "w") as t:
		        for name, data in (("c.json", config), ("l.tar", empty),
		                           ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["localhost/n:%d" % n], "Layers": ["l.tar"] * n}]).encode())):
		            i = tarfile.TarInfo(name); i.size = len(data); t.addfile(i, io.BytesIO(data))
	END
	bomb 'more than 100000' load -q -i "$dir/members.tar"
	bomb 'more than 500 layers' load -q -i "$dir/501.tar"
	peak "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" load -q -i "$dir/100.tar"
	[ "$status" = 0 ] || fail "$output"
	[ -n "${RANBY_SAN:-}" ] || [ "$peak" -lt 65536 ]
	[ "$(ranby image inspect --format '{{json .RootFS.Layers}}' localhost/n:100 | jq length)" = 100 ]
}

@test "bombs: a config of values, variables and ports without end costs no memory (A43, A45)" {
	local dir=$BATS_TEST_TMPDIR kind
	python3 - "$dir" "$RANBY_TEST_IMAGES/busybox" <<-'END'
		import hashlib, json, os, shutil, sys
		out, image = sys.argv[1:]
		def load(d, x): return json.load(open(d + "/blobs/sha256/" + x["digest"][7:]))
		def put(d, b, x):
		    h = hashlib.sha256(b).hexdigest()
		    open(d + "/blobs/sha256/" + h, "wb").write(b)
		    x["digest"], x["size"] = "sha256:" + h, len(b)
		def bomb(name, text, config={}):
		    d = out + "/" + name
		    shutil.copytree(image, d)
		    ix = json.load(open(d + "/index.json"))
		    m = load(d, ix["manifests"][0])
		    c = load(d, m["config"])
		    c["config"].update(config)
		    put(d, ("{" + text + json.dumps(c)[1:]).encode(), m["config"])
		    put(d, json.dumps(m).encode(), ix["manifests"][0])
		    json.dump(ix, open(d + "/index.json", "w"))
		bomb("lists", '"x":[' + ",".join(["{}"] * 1390000) + "],")
		bomb("values", '"x":{' + ",".join('"%d":1' % i for i in range(350000)) + "},")
		bomb("size", '"x":"' + "x" * (4 << 20) + '",')
		bomb("env", "", {"Env": ["A%d=b" % i for i in range(60000)]})
		bomb("ports", "", {"ExposedPorts": {"%d/%s" % (i, p): {} for i in range(1, 34000) for p in ("tcp", "udp")}})
	END
	cheap 'too many values' pull -q "oci:$dir/lists"
	cheap 'too many values' pull -q "oci:$dir/values"
	cheap 'File too large' pull -q "oci:$dir/size"
	cheap 'config.Env: more than 4096 variables' pull -q "oci:$dir/env"
	cheap 'config.ExposedPorts: more than 65536' pull -q "oci:$dir/ports"
	# a layer that is whole waits for who tries again
	ranby image prune --force >/dev/null
	nothing
}

@test "mirrors: a body without end, one of the same size, one that is longer; the next place has it, and nothing of theirs stays (A42)" {
	local how dir=$BATS_TEST_TMPDIR
	export CONTAINERS_REGISTRIES_CONF=$dir/registries.conf
	for how in endless_blob flipped longer_unsaid endless; do
		printf '%s\n' '[[registry]]' 'prefix = "main.example"' "location = \"$BAD/good\"" '[[registry.mirror]]' "location = \"$BAD/$how\"" >"$dir/registries.conf"
		: >"$HOSTILE/log"
		peak "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull main.example/x
		[ "$status" = 0 ] || fail "$how: $output"
		[[ $output == *"Mirror $BAD: "* ]] || fail "$how: $output"
		[ -n "${RANBY_SAN:-}" ] || [ "$peak" -lt 65536 ] || fail "$how: $peak KiB"
		grep -q "/v2/$how/" "$HOSTILE/log"
		grep -q /v2/good/ "$HOSTILE/log"
		run -0 ranby system check
		run -0 ranby rmi main.example/x
		nothing
		# without the other place: an error, and nothing
		run -125 timeout 120 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pull -q "$BAD/$how/x"
		[ "$(grep -c ^Error: <<<"$output")" = 1 ]
		# what was right stays for the next try
		[ -z "$(find "$RANBY_ROOT"/{layers,images,staging} -mindepth 1)" ]
		sha256sum "$RANBY_ROOT"/blobs/sha256/* 2>/dev/null | awk '{ n = split($2, a, "/"); if (a[n] != $1) exit 1 }'
	done
}

@test "mirrors that stall or trickle: the next place is asked after seconds, for all that is left (A42)" {
	local how dir=$BATS_TEST_TMPDIR pids=() began=$SECONDS
	# all at once, in stores of their own: the time is that of one
	for how in trickle stall; do
		mkdir -p "$dir/$how"
		printf '%s\n' '[[registry]]' 'prefix = "main.example"' "location = \"$BAD/good\"" '[[registry.mirror]]' "location = \"$BAD/$how\"" >"$dir/$how/conf"
		(CONTAINERS_REGISTRIES_CONF=$dir/$how/conf exec timeout 300 "$RANBY" --root "$dir/$how/root" --runroot "$dir/$how/run" \
			pull main.example/x >"$dir/$how/out" 2>&1 3>&-) &
		pids+=($!)
	done
	for how in "${pids[@]}"; do wait "$how" || fail "$(cat "$dir"/*/out)"; done
	# the last place is tried four times, each for half a minute
	[ $((SECONDS - began)) -lt 100 ] || fail "$((SECONDS - began)) seconds"
	for how in trickle stall; do
		grep -q "Mirror $BAD: .*timed out" "$dir/$how/out" || fail "$how: $(cat "$dir/$how/out")"
		ranby --root "$dir/$how/root" --runroot "$dir/$how/run" rmi --all --force >/dev/null
	done
}
