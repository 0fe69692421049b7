#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Read-only shared stores: additionalimagestores of storage.conf. This user's
# own here; that of root is in tests/root/shared_store.bats.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() {
	ranby_setup_file
	export SHARED=$BATS_FILE_TMPDIR/shared
	# as ranby-images(1) says
	install -d -m 755 "$SHARED" "$SHARED"/{blobs,blobs/sha256,images}
	"$RANBY" --root "$SHARED" --runroot "$RANBY_RUN/shared" copy --quiet \
		"oci-archive:$RANBY_TEST_IMAGES/busybox.tar" store:quay.example/shared/busybox:1
	export CONTAINERS_STORAGE_CONF=$BATS_FILE_TMPDIR/storage.conf
}

teardown_file() { ranby_teardown_file; }

setup() { use_stores "$SHARED"; }

teardown() {
	chmod -R u+w "$SHARED"
	ranby rm --all --force >/dev/null 2>&1 || true
	ranby rmi --all --force >/dev/null 2>&1 || true
	[ ! -d "$BATS_TEST_TMPDIR/registry" ] || "$RANBY_TREE/tests/registry" stop "$BATS_TEST_TMPDIR/registry" 2>/dev/null || true
}

# use_stores PATH...: the storage.conf of this test.
use_stores() {
	{
		printf '[storage]\ndriver = "overlay"\n[storage.options]\nadditionalimagestores = ['
		[ $# = 0 ] || printf '"%s",' "$@"
		printf ']\n'
	} >"$CONTAINERS_STORAGE_CONF"
}

# state_of DIR: each file of it with its times and content.
state_of() { (cd "$1" && find . -printf '%p %m %T@ %C@\n' | sort && find . -type f -exec sha256sum {} + | sort); }

@test "images of a shared store are seen, as read-only; without one the table is as ever" {
	run -0 ranby images
	[[ ${lines[0]} =~ SIZE\ +R/O$ ]]
	[[ ${lines[1]} =~ ^quay.example/shared/busybox\ +1\ .*\ true$ ]]
	run -0 ranby images --format '{{.Repository}} {{.ReadOnly}}'
	[ "$output" = 'quay.example/shared/busybox true' ]
	[ "$(ranby images --format json | jq -c '.[]|[.Names,.ReadOnly]')" = '[["quay.example/shared/busybox:1"],true]' ]
	[ -n "$(ranby images -q --filter readonly=true)" ]
	[ -z "$(ranby images -q --filter readonly=false)" ]
	ranby image exists quay.example/shared/busybox:1
	[ "$(ranby image inspect --format '{{index .RepoTags 0}}' busybox:1)" = quay.example/shared/busybox:1 ]
	[ "$(ranby info --format json | jq -c '.store.additionalImageStores')" = "[{\"path\":\"$SHARED\",\"used\":true}]" ]
	[ "$(ranby info --format '{{.Store.ConfigFile}}')" = "$CONTAINERS_STORAGE_CONF" ]
	use_stores
	run -0 ranby images
	[[ ${lines[0]} =~ SIZE$ ]]
	[ "${#lines[@]}" = 1 ]
}

@test "run, save, push, tag and build FROM one: nothing is written there" {
	chmod -R a-w "$SHARED"
	before=$(state_of "$SHARED")
	run -0 ranby run --rm --pull never busybox:1 echo there
	[ "$output" = there ]
	ranby save --quiet --format oci-archive -o "$BATS_TEST_TMPDIR/saved.tar" busybox:1
	registry=$("$RANBY_TREE/tests/registry" start "$BATS_TEST_TMPDIR/registry" 0)
	ranby push --quiet busybox:1 "$registry/pushed"
	printf 'FROM busybox:1\nRUN echo more >/more\n' | ranby build --quiet -t more - >/dev/null
	run -0 ranby run --rm more cat /more
	[ "$output" = more ]
	ranby tag busybox:1 own
	[ "$(ranby images --format '{{.ReadOnly}}' own | sort -u)" = false ]
	ranby system check
	[ "$(state_of "$SHARED")" = "$before" ]
}

@test "the manifest is what the registry's was, and the copy of a pull" {
	digest=$(ranby image inspect --format '{{.Digest}}' busybox:1)
	ranby save --quiet --format oci-dir -o "$BATS_TEST_TMPDIR/oci" busybox:1
	[ "$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/oci/index.json")" = "$digest" ]
	# the layer is not fetched a second time
	ranby copy "oci:$BATS_TEST_TMPDIR/oci" store:localhost/again
	layer=$(jq -r '.layers[0].digest' "$SHARED/blobs/sha256/${digest#sha256:}")
	[ -f "$SHARED/blobs/sha256/${layer#sha256:}" ]
	[ ! -e "$RANBY_ROOT/blobs/sha256/${layer#sha256:}" ]
	# what a name of ours means does not go with the shared store's
	[ -f "$RANBY_ROOT/blobs/sha256/${digest#sha256:}" ]
}

@test "rmi, untag, prune and manifest add leave them, and rmi says so" {
	before=$(state_of "$SHARED")
	id=$(ranby images -q --no-trunc)
	id=${id#sha256:}
	for text in busybox:1 "$id"; do
		run -125 ranby rmi "$text"
		[ "$output" = "Error: $text: cannot remove read-only image \"$id\": it is a shared store's" ]
		run -125 ranby rmi --force "$text"
		[[ $output == *'cannot remove read-only image'* ]]
	done
	# nor a container of one, then
	ranby create --name kept --network none busybox:1 >/dev/null
	run -125 ranby rmi --force busybox:1
	ranby tag busybox:1 own
	run -0 ranby rmi --force own
	[ "$output" = 'Untagged: localhost/own:latest' ]
	ranby rm kept
	run -125 ranby untag busybox:1
	[[ $output == *"a shared store's, which is read-only" ]]
	run -0 ranby rmi --all
	[ -z "$output" ]
	run -0 ranby image prune --all --force
	[ -z "$output" ]
	# a name of ours goes, the image stays
	ranby tag busybox:1 own
	run -0 ranby rmi "$id"
	[ "$output" = 'Untagged: localhost/own:latest' ]
	ranby image exists busybox:1
	[ "$(state_of "$SHARED")" = "$before" ]
}

@test "what of it is unpacked here stays while it is there, and is collected after it" {
	cp -a "$SHARED" "$BATS_TEST_TMPDIR/other"
	use_stores "$BATS_TEST_TMPDIR/other"
	ranby run --rm busybox:1 true
	ranby image prune --all --force
	[ -n "$(ls "$RANBY_ROOT/layers")" ]
	rm "$BATS_TEST_TMPDIR"/other/images/*
	ranby image prune --force
	[ -z "$(ls "$RANBY_ROOT/layers")" ]
	[ -z "$(ls "$RANBY_ROOT/blobs/sha256")" ]
}

@test "a container keeps its layers when the shared image, and the store, have gone" {
	cp -a "$SHARED" "$BATS_TEST_TMPDIR/other"
	use_stores "$BATS_TEST_TMPDIR/other"
	ranby run -d --network none --name root busybox:1 sleep 1000 3>&- >/dev/null
	rm "$BATS_TEST_TMPDIR"/other/images/*
	ranby image prune --all --force
	use_stores
	ranby image prune --all --force
	ranby exec root ls /bin/busybox
	ranby rm --force --time 0 root
	ranby image prune --force
	[ -z "$(ls "$RANBY_ROOT/layers")" ]
	# as the files of a mount
	load_image debian
	use_stores "$SHARED"
	ranby run -d --network none --name mount --mount type=image,source=busybox:1,target=/mnt debian sleep 1000 3>&- >/dev/null
	use_stores
	ranby image prune --force
	ranby exec mount ls /mnt/bin/busybox
	ranby rm --force --time 0 mount
}

@test "our name goes before a shared one, and a first store's before a second's" {
	ranby import --quiet "$RANBY_TEST_IMAGES/busybox.tar" quay.example/shared/busybox:1 >/dev/null
	ours=$(ranby image inspect --format '{{.ID}}' quay.example/shared/busybox:1)
	use_stores
	[ "$(ranby image inspect --format '{{.ID}}' busybox:1)" = "$ours" ]
	use_stores "$SHARED"
	[ "$(ranby images --format '{{.ReadOnly}}' busybox:1)" = false ]
	cp -a "$RANBY_ROOT" "$BATS_TEST_TMPDIR/second"
	chmod 755 "$BATS_TEST_TMPDIR/second"
	ranby rmi busybox:1
	use_stores "$BATS_TEST_TMPDIR/second" "$SHARED"
	[ "$(ranby image inspect --format '{{.ID}}' busybox:1)" = "$ours" ]
	use_stores "$SHARED" "$BATS_TEST_TMPDIR/second"
	[ "$(ranby image inspect --format '{{.ID}}' busybox:1)" != "$ours" ]
}

@test "A40: a store that others may write, or a link in it, is refused; one that is none of ours is passed over" {
	for part in '' /blobs /blobs/sha256 /images; do
		chmod o+w "$SHARED$part"
		run -125 ranby images
		[ "${lines[0]}" = "Error: shared image store $SHARED$part: others may write there (mode 0757)" ]
		chmod o-w "$SHARED$part"
		chmod g+w "$SHARED$part"
		run -125 ranby run --rm busybox:1 true
		[[ $output == *"shared image store $SHARED$part: others may write there (mode 0775)"* ]]
		chmod g-w "$SHARED$part"
	done
	mkdir -p "$BATS_TEST_TMPDIR/linked/blobs"
	ln -s "$SHARED/images" "$BATS_TEST_TMPDIR/linked/images"
	ln -s "$SHARED/blobs/sha256" "$BATS_TEST_TMPDIR/linked/blobs/sha256"
	mkdir "$BATS_TEST_TMPDIR/podmans"
	mkdir "$BATS_TEST_TMPDIR/podmans/overlay-images"
	use_stores "$BATS_TEST_TMPDIR/podmans" /nonexistent "$BATS_TEST_TMPDIR/linked" "$RANBY_ROOT"
	run -0 ranby images -q
	[ -z "$output" ]
	[ "$(ranby info --format json | jq -c '[.store.additionalImageStores[].used]')" = '[false,false,false,false]' ]
}

@test "a storage.conf that is none is an error with its line, and a relative path too" {
	printf '[storage.options]\nadditionalimagestores = ["/a"' >"$CONTAINERS_STORAGE_CONF"
	run -125 ranby images
	[[ $output == "Error: $CONTAINERS_STORAGE_CONF:"[0-9]*': '* ]]
	printf '[storage.options]\nadditionalimagestores = "/a"\n' >"$CONTAINERS_STORAGE_CONF"
	run -125 ranby images
	[[ $output == "Error: $CONTAINERS_STORAGE_CONF: "* ]]
	use_stores relative
	run -125 ranby images
	[[ $output == "Error: $CONTAINERS_STORAGE_CONF: additionalimagestores: \"relative\" is no absolute path" ]]
	CONTAINERS_STORAGE_CONF=/nonexistent run -125 ranby images
	[[ $output == 'Error: /nonexistent: '* ]]
	# the user's file, and no privilege in it
	mkdir -p "$BATS_TEST_TMPDIR/config/containers"
	use_stores "$SHARED"
	cp "$CONTAINERS_STORAGE_CONF" "$BATS_TEST_TMPDIR/config/containers/"
	CONTAINERS_STORAGE_CONF='' XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config run -0 ranby images -q
	[ -n "$output" ]
}

@test "damage in a shared store is told and no reason to collect nothing" {
	cp -a "$SHARED" "$BATS_TEST_TMPDIR/other"
	use_stores "$BATS_TEST_TMPDIR/other"
	ranby run --rm busybox:1 true
	for f in "$BATS_TEST_TMPDIR"/other/blobs/sha256/*; do
		chmod u+w "$f"
		echo changed >>"$f"
	done
	run -0 --separate-stderr ranby images -q
	[ -z "$output" ]
	[[ $stderr == *'1 damaged image left out'* ]]
	run -125 ranby run --rm busybox:1 true
	[[ $output == *'its content has changed on the disk'* ]]
	ranby image prune --force
	[ -z "$(ls "$RANBY_ROOT/layers")" ]
}

@test "A40: a name whose file others may write, or that is not under its own file's name, is none of the store's" {
	file=$(echo "$SHARED"/images/*)
	chmod o+w "$file"
	for command in images "run --rm --pull=never busybox:1 true" "run --rm --pull=never quay.example/shared/busybox:1 true"; do
		# shellcheck disable=SC2086 # words
		run -125 ranby $command
		[[ ${lines[0]} == *"shared image store $file: others may write there (mode 0646)"* ]] || fail "$command: $output"
	done
	chmod o-w "$file"
	cp -a "$SHARED" "$BATS_TEST_TMPDIR/other"
	sed 's#shared/busybox:1#shared/other:1#' "$file" >"$BATS_TEST_TMPDIR/other/images/another"
	use_stores "$BATS_TEST_TMPDIR/other"
	[ "$(ranby images --format '{{.Repository}}')" = quay.example/shared/busybox ]
	run -125 ranby image inspect quay.example/shared/other:1
}

@test "a shared blob that has changed is got from the registry, by pull, load and system check --repair" {
	registry=$("$RANBY_TREE/tests/registry" start "$BATS_TEST_TMPDIR/registry" 0)
	ranby push --quiet busybox:1 "$registry/again:1"
	ranby save --quiet --format oci-archive -o "$BATS_TEST_TMPDIR/saved.tar" busybox:1
	cp -a "$SHARED" "$BATS_TEST_TMPDIR/other"
	use_stores "$BATS_TEST_TMPDIR/other"
	digest=$(ranby image inspect --format '{{.Digest}}' busybox:1)
	layer=$(jq -r '.layers[0].digest' "$SHARED/blobs/sha256/${digest#sha256:}")
	changed=$BATS_TEST_TMPDIR/other/blobs/sha256/${layer#sha256:}
	printf changed | dd of="$changed" bs=1 seek=5000 conv=notrunc status=none
	before=$(sha256sum "$changed")
	ranby pull --quiet "$registry/again:1"
	[ "$(ranby run --rm --pull never "$registry/again:1" echo ran)" = ran ]
	ranby rmi "$registry/again:1"
	ranby load --quiet --input "$BATS_TEST_TMPDIR/saved.tar"
	[ "$(ranby run --rm --pull never quay.example/shared/busybox:1 echo ran)" = ran ]
	ranby rmi --all
	[ -z "$(ls "$RANBY_ROOT/blobs/sha256")" ]
	ranby tag busybox:1 "$registry/again:1"
	run -1 ranby system check
	run -0 ranby system check --repair
	[[ $output == *"${layer}: its content has changed (repaired)"* ]]
	run -0 ranby system check
	[[ $output == *': 0 damaged, 0 repaired' ]]
	[ "$(sha256sum "$changed")" = "$before" ]
}

@test "system df: nothing of a shared image is to be reclaimed" {
	run -0 ranby system df --format '{{.Type}} {{.Reclaimable}}'
	[[ ${lines[0]} == 'Images 0B'* ]]
}
