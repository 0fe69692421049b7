#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# diff and commit: the image is read back by sha256sum, tar, skopeo and umoci, and what changed is what was done.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm -af -t 0 >/dev/null; }

# blob DIGEST: a file of the store
blob() { echo "$RANBY_ROOT/blobs/sha256/${1#sha256:}"; }

change_things() {
	ranby exec "$1" sh -c 'echo new >/etc/new; rm /etc/group; mkdir -p /d/e; echo x >/d/e/f; ln /d/e/f /d/hard; ln -s f /d/e/l
		chown 5:6 /d/e/f; chmod 4711 /d/e/f; rm -rf /home; mkdir /home; echo over >/home/over; mkfifo /d/p; cd /; echo z >"/d/ä b"
		echo changed >>/etc/passwd'
}

@test "diff: A, C and D, sorted; what the engine puts into each container is not shown" {
	ranby run -d --name c --network none busybox sleep 1000
	run -0 ranby diff c
	[ -z "$output" ] || [ "$output" = 'C /etc' ] || fail "$output"
	change_things c
	run -0 ranby diff c
	[ "$output" = 'A /d
A /d/e
A /d/e/f
A /d/e/l
A /d/hard
A /d/p
A /d/ä b
C /etc
D /etc/group
A /etc/new
C /etc/passwd
C /home
A /home/over' ] || fail "$output"
	run -0 ranby diff --format json c
	[ "$(python3 -c 'import json, sys; o = json.load(sys.stdin); print(o["deleted"], o["changed"], len(o["added"]))' <<<"$output")" = \
		"['/etc/group'] ['/etc', '/etc/passwd', '/home'] 9" ] || fail "$output"
	ranby stop -t 0 c
	[ "$(ranby diff --latest | wc -l)" = 13 ]
	run -125 ranby diff nope
	one_error 'no such container or image'
	run -125 ranby diff --format table c
	# of an image: its uppermost layer
	[ "$(ranby diff busybox | grep -c '^A /bin/')" -gt 100 ]
}

@test "commit: the digest is that of the layer's tar, and a container of the image has what was changed, and not what was deleted" {
	ranby run -d --name c --network none busybox sleep 1000
	change_things c
	local id layer manifest
	id=$(ranby commit -q -m 'a comment' -a 'Somebody <x@y>' c new:tag)
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	[ "$(sha256sum <"$(blob "$id")" | cut -c1-64)" = "$id" ]
	manifest=$(ranby image inspect --format '{{.Digest}}' new:tag)
	layer=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["layers"][-1]["digest"])' "$(blob "$manifest")")
	# not compressed: its digest is its DiffID
	[ "$(sha256sum <"$(blob "$layer")" | cut -c1-64)" = "${layer#sha256:}" ]
	[ "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rootfs"]["diff_ids"][-1])' "$(blob "$id")")" = "$layer" ]
	run -0 tar -tvf "$(blob "$layer")"
	[[ $output == *'etc/.wh.group'* && $output == *'home/.wh..wh..opq'* && $output == *'hrws--x--x'*'d/hard link to d/e/f'* ]] || fail "$output"
	[[ $output == *'-rws--x--x 5/6 '*'d/e/f'* && $output == *'prw-r--r-- 0/0 '*'d/p'* ]] || fail "$output"
	run -1 ranby run --rm --network none new:tag sh -c 'cat /etc/new /home/over; stat -c "%u:%g %a %h" /d/hard; readlink /d/e/l; ls /home; ls /etc/group'
	[ "$output" = "new
over
5:6 4711 2
f
over
ls: /etc/group: No such file or directory" ] || fail "$output"
	[ "$(python3 -c 'import json, sys; h = json.load(open(sys.argv[1]))["history"][-1]; print(h["comment"], h["author"], h["created_by"])' "$(blob "$id")")" = \
		'a comment Somebody <x@y> sleep 1000' ]
	# twice the same is the same layer
	[ "$(ranby commit -q c >/dev/null; ranby commit -q c new2 >/dev/null; ranby image inspect --format '{{index .RootFS.Layers 1}}' new2)" = "$layer" ]
}

@test "commit: skopeo and umoci take the image, and unpack the same files" {
	need_program skopeo
	need_program umoci
	ranby run -d --name c --network none busybox sleep 1000
	change_things c
	ranby commit -q c new:tag >/dev/null
	# an OCI layout of the store's own blobs
	local oci=$BATS_TEST_TMPDIR/oci manifest size
	manifest=$(ranby image inspect --format '{{.Digest}}' new:tag)
	size=$(stat -c %s "$(blob "$manifest")")
	mkdir -p "$oci/blobs"
	cp -r "$RANBY_ROOT/blobs/sha256" "$oci/blobs/"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$oci/oci-layout"
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"tag"}}]}' \
		"$manifest" "$size" >"$oci/index.json"
	run -0 skopeo inspect "oci:$oci:tag"
	[[ $output == *"\"Digest\": \"$manifest\""* ]] || fail "$output"
	# which checks each digest and DiffID on the way
	run -0 skopeo copy "oci:$oci:tag" "docker-archive:$BATS_TEST_TMPDIR/a.tar:new:tag"
	run -0 umoci unpack --rootless --image "$oci:tag" "$BATS_TEST_TMPDIR/bundle"
	local root=$BATS_TEST_TMPDIR/bundle/rootfs
	[ "$(cat "$root/etc/new" "$root/home/over" "$root/d/ä b")" = $'new\nover\nz' ]
	[ ! -e "$root/etc/group" ]
	[ "$(ls "$root/home")" = over ]
	[ "$(stat -c %h "$root/d/hard")" = 2 ]
}

@test "commit: what the container was made with, and --change, are in the config" {
	ranby create --name c --network none -e A=1 -e PATH=/x --user 7:8 --workdir /tmp --label l=m --expose 80 busybox echo hi
	run -0 ranby commit -q -c 'ENV B=2' -c 'CMD ["sh", "-c", "id -u"]' -c 'LABEL x=y' --iidfile "$BATS_TEST_TMPDIR/iid" c conf
	[ "$(cat "$BATS_TEST_TMPDIR/iid")" = "$output" ]
	run -0 python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["config"]; print(c["Env"], c["Cmd"], c["User"], c["WorkingDir"], c["Labels"], c["ExposedPorts"])' "$(blob "$output")"
	[ "$output" = "['PATH=/x', 'A=1', 'B=2'] ['sh', '-c', 'id -u'] 7:8 /tmp {'l': 'm', 'x': 'y'} {'80/tcp': {}}" ] || fail "$output"
	# what was there is replaced
	run -0 ranby commit -q -c 'ENV A=2' -c 'ENV P=$PATH' -c 'ENTRYPOINT ["/e"]' -c 'STOPSIGNAL SIGQUIT' c conf
	run -0 python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["config"]; print(c["Env"], c["Entrypoint"], c["Cmd"], c["StopSignal"])' "$(blob "$output")"
	[ "$output" = "['PATH=/x', 'A=2', 'P=\$PATH'] ['/e'] ['echo', 'hi'] 3" ] || fail "$output"
	run -125 ranby commit -c 'RUN x' c bad
	one_error 'RUN'
	run -125 ranby commit c 'Bad Name'
	run -125 ranby commit nope
	one_error 'no such container'
	run -1 grep -i bad <<<"$(ranby images --format '{{.Repository}}')"
}

@test "commit of an image's container on another: layers add up, and the base can go" {
	ranby run --name one --network none busybox sh -c 'echo 1 >/one'
	ranby commit -q one first >/dev/null
	ranby run --name two --network none first sh -c 'echo 2 >/two; rm /one; mkdir /one'
	ranby commit -q two second >/dev/null
	ranby rm one two
	ranby rmi first
	[ "$(ranby run --rm --network none second sh -c 'cat /two; [ -d /one ] && ls -a /one | wc -l')" = $'2\n2' ]
}

@test "commit: a map of its own, and no ownership is lost by it" {
	ranby run --name k --userns keep-id --network none --user 0 busybox sh -c 'echo x >/f; chown 33:44 /f; echo y >/g'
	ranby commit -q k kept >/dev/null
	[ "$(ranby run --rm --network none kept stat -c '%u:%g' /f /g)" = $'33:44\n0:0' ]
}

@test "commit is in the ledger with the image and who; --pause of what cannot stand still is an error" {
	ranby run -d --name c --network none busybox sleep 1000
	local id
	id=$(ranby commit -q c led)
	run -0 ranby events --stream=false --filter event=commit --format '{{.Result}} {{.Name}} {{.LoginUID}} {{.Detail}}'
	[ "${lines[-1]}" = "success c $(cat /proc/self/loginuid) led" ] || fail "$output"
	run -125 ranby commit --pause c still
	one_error 'no cgroup of its own'
	[ "$(ranby ps --format '{{.State}}')" = running ]
}

@test "commit of more variables than an image can have: how many, what instead, and nothing is made" {
	local before
	for ((i = 0; i < 5000; i++)); do echo "V$i=x"; done >"$BATS_TEST_TMPDIR/env"
	ranby create --name many --network none --env-file "$BATS_TEST_TMPDIR/env" busybox true
	before=$(ranby images -aq | sort)
	run -125 ranby commit -q many too-many
	one_error 'container many has 5001 variables, an image 4096 at most'
	[ "$(ranby images -aq | sort)" = "$before" ]
	ranby rm many
}

@test "the caller's proxy, which may have a password, is in no image; one that was given is" {
	http_proxy=http://user:word@proxy.example HTTPS_PROXY=http://other.example ranby create --name proxied --network none -e HTTPS_PROXY busybox true >/dev/null
	[[ $(ranby inspect --format '{{.Config.Env}}' proxied) == *user:word* ]]
	ranby commit --quiet proxied proxied >/dev/null
	run -0 ranby image inspect --format '{{.Config.Env}}' proxied
	[[ $output != *http_proxy* && $output == *HTTPS_PROXY=http://other.example* ]] || fail "$output"
	ranby rm proxied >/dev/null
	ranby rmi proxied >/dev/null
}
