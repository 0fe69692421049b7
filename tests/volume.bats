#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The volume commands: what they print, what containers see of the options,
# and what is left on disk.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
setup() { ranby volume rm --all --force --time 0 >/dev/null; }

box() { ranby run --rm --network=none "$@"; }

@test "volume create: prints the name, takes labels and options, refuses what there is not" {
	run -0 ranby volume create
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	[ -d "$RANBY_ROOT/volumes/$output/_data" ]
	[ "$(ranby volume create --label a=b -l c one)" = one ]
	[ "$(ranby volume inspect -f '{{json .Labels}} {{.Driver}} {{.Scope}} {{.Options}} {{.Anonymous}}' one)" = '{"a":"b","c":""} local local map[] false' ]
	[ "$(stat -c %a "$RANBY_ROOT/volumes/one")" = 700 ]
	run -125 ranby volume create one
	one_error 'volume with name one already exists'
	[ "$(ranby volume create --ignore --label x=y one)" = one ]
	[ "$(ranby volume inspect -f '{{index .Labels "x"}}' one)" = '' ]
	run -125 ranby volume create ../one
	one_error 'names must match'
	run -125 ranby volume create --driver nfs two
	run -125 ranby volume create --opt foo=bar two
	one_error 'volume option foo'
	run -125 ranby volume create --opt type=nfs --opt device=:/x two
	one_error 'a user cannot mount it'
	run -125 ranby volume create --opt type=none two
	run -125 ranby volume create --opt o=size=1m two
	run -125 ranby volume create --opt type=tmpfs --opt o=nonsense two
	run -1 ranby volume exists two
	run -0 ranby volume exists one
	[ -z "$output" ]
}

@test "volume ls and inspect: table, json, templates, filters" {
	[ -z "$(ranby volume ls)" ]
	[ "$(ranby volume ls --format json)" = '[]' ]
	ranby volume create --label a=b v1
	ranby volume create --opt type=tmpfs v2
	ranby create --name user -v v1:/v --network=none busybox true >/dev/null
	[ "$(ranby volume ls)" = $'DRIVER      VOLUME NAME\nlocal       v1\nlocal       v2' ]
	[ "$(ranby volume ls --noheading --filter name=2)" = 'local       v2' ]
	[ "$(ranby volume list -q)" = $'v1\nv2' ]
	[ "$(ranby volume ls -q --filter label=a)" = v1 ]
	[ "$(ranby volume ls -q --filter label!=a)" = v2 ]
	[ -z "$(ranby volume ls -q --filter label=a --filter label=b)" ]
	[ "$(ranby volume ls -q --filter opt=type=tmpfs)" = v2 ]
	[ "$(ranby volume ls -q --filter dangling=true)" = v2 ]
	[ "$(ranby volume ls -q --filter dangling=false)" = v1 ]
	[ -z "$(ranby volume ls -q --filter until=1h)" ]
	[ "$(ranby volume ls -q --filter since=1h --filter driver=local --filter scope=local)" = $'v1\nv2' ]
	run -125 ranby volume ls --filter nam=1
	one_error '"nam" is an invalid volume filter'
	run -125 ranby volume ls --filter dangling=perhaps
	[[ $(ranby volume ls --format 'table {{.Name}}\t{{.CreatedAt}}') == $'VOLUME NAME  CREATED AT\nv1           20'*' +0000 UTC'* ]]
	ranby volume ls --format json | python3 -c 'import json, sys, datetime
l = json.load(sys.stdin)
assert [v["Name"] for v in l] == ["v1", "v2"], l
assert l[0]["Labels"] == {"a": "b"} and l[1]["Options"] == {"type": "tmpfs"}, l
assert "NeedsCopyUp" not in l[0] and l[1]["NeedsCopyUp"] is True and "Anonymous" not in l[0], l
assert l[0]["CreatedAt"].endswith("Z"), l'
	[ "$(ranby volume inspect --all --format '{{.Name}}')" = $'v1\nv2' ]
	run -125 --separate-stderr ranby volume inspect v1 none
	[[ $output == *'"Name": "v1"'* && $stderr == *'no such volume'* ]]
	[ "$(ranby inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}}' user)" = 'volume v1 /v' ]
	ranby rm user >/dev/null
}

@test "volume rm and prune: what is in use stays, --force takes its containers along" {
	ranby volume create used >/dev/null
	ranby volume create idle >/dev/null
	ranby run -d --name user -v used:/v --network=none busybox sleep 1000 >/dev/null
	run -2 ranby volume rm used
	one_error 'is being used by the following container(s): '"$(ranby inspect -f '{{.Id}}' user)"
	run -1 ranby volume rm nothing
	run -0 ranby volume rm --force nothing
	run -125 ranby volume rm
	run -125 ranby volume rm --time 1 idle
	run -125 ranby volume prune </dev/null
	run -0 ranby volume prune <<<n
	run -0 ranby volume exists idle
	run -0 --separate-stderr ranby volume prune <<<y
	[ "${lines[-1]}" = 'Are you sure you want to continue? [y/N] idle' ]
	[ "$(ls -A "$RANBY_ROOT/volumes")" = used ]
	ranby volume create --label keep keep >/dev/null
	[ -z "$(ranby volume prune --force --filter label!=keep)" ]
	run -0 ranby volume rm --force --time 0 used
	[ "$output" = used ]
	[ -z "$(ranby ps -aq)" ]
	[ "$(ranby volume rm --all)" = keep ]
	[ -z "$(ls -A "$RANBY_ROOT/volumes")" ]
}

@test "volume rm: files of subordinate ids too, and what a killed removal left" {
	need_ranges
	box -v deep:/v --user 0 busybox sh -c 'mkdir -p /v/a/b; echo x >/v/a/b/c; chown -R 1234:1234 /v/a; chmod 000 /v/a'
	ranby volume rm deep
	ranby volume create left >/dev/null
	mv "$RANBY_ROOT/volumes/left" "$RANBY_ROOT/volumes/.gone.left"
	[ -z "$(ranby volume ls)" ]
	ranby volume create other >/dev/null
	ranby volume rm other
	[ -z "$(ls -A "$RANBY_ROOT/volumes")" ]
}

@test "volume rm and containers that come meanwhile: no container without its volume, no volume taken from one" {
	local i name
	for i in 1 2 3 4 5 6 7 8; do
		name=race$i
		ranby volume create "$name" >/dev/null
		echo mark >"$RANBY_ROOT/volumes/$name/_data/mark"
		ranby create --name "$name" -v "$name":/v --network=none busybox true >/dev/null 3>&- &
		local maker=$!
		ranby volume rm "$name" >/dev/null 2>&1 3>&- || true
		wait $maker
		# it has the volume with what was in it, or a new one, or was written down after it had gone: then it says so
		[ -d "$RANBY_ROOT/volumes/$name/_data" ] || { run -125 ranby start "$name"; one_error "$name"; }
		ranby rm -f "$name" >/dev/null
	done
	[ -z "$(find "$RANBY_ROOT/volumes" -name '.gone*')" ]
}

@test "volume options in containers: another directory, a tmpfs, who owns it, read-only" {
	mkdir -p "$BATS_TEST_TMPDIR/dir:colon"
	echo outside >"$BATS_TEST_TMPDIR/dir:colon/file"
	ranby volume create --opt type=none --opt "device=$BATS_TEST_TMPDIR/dir:colon" --opt o=bind,noexec other >/dev/null
	run -0 box -v other:/v busybox sh -c 'cat /v/file; grep " /v " /proc/mounts'
	[[ ${lines[0]} = outside && ${lines[1]} == *noexec* && ${lines[1]} == *nosuid*nodev* ]]
	run -1 box -v other:/v:ro busybox touch /v/new
	box -v other:/v:O busybox touch /v/new
	[ ! -e "$BATS_TEST_TMPDIR/dir:colon/new" ]
	ranby volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=2m,mode=700 mem >/dev/null
	run -0 box -v mem:/v busybox sh -c 'stat -c "%a" /v; grep " /v " /proc/mounts; df -k /v'
	[[ ${lines[0]} = 700 && ${lines[1]} == tmpfs*noexec* && ${lines[1]} == *size=2048k* ]]
	run -125 box -v mem:/v:U busybox true
	# what the volume's maker took away stays away
	run -125 box -v other:/v:exec busybox true
	one_error 'volume other was made with o=noexec, which exec would undo'
	mkdir "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work"
	box -v "other:/v:O,upperdir=$BATS_TEST_TMPDIR/upper,workdir=$BATS_TEST_TMPDIR/work" busybox touch /v/new
	[ -e "$BATS_TEST_TMPDIR/upper/new" ]
	# the content of a bind is not the volume's: it stays
	ranby volume rm other mem
	[ "$(cat "$BATS_TEST_TMPDIR/dir:colon/file")" = outside ]
	ranby volume create --opt type=none --opt device=/nonexistent gone >/dev/null
	run -125 box -v gone:/v busybox true
	one_error /nonexistent
	need_ranges
	ranby volume create --opt o=uid=1234,gid=77 mine >/dev/null
	[ "$(ranby volume inspect -f '{{.UID}} {{.GID}}' mine)" = '1234 77' ]
	[ "$(box -v mine:/v busybox stat -c %u:%g /v)" = 1234:77 ]
}

@test "A17: a volume is filled once, and what is in it stays; :nocopy and o=nocopy leave it empty" {
	box -v filled:/etc busybox sh -c 'rm /etc/passwd; echo own >/etc/group'
	run -0 box -v filled:/etc busybox cat /etc/group
	[ "$output" = own ]
	run -1 box -v filled:/etc busybox test -e /etc/passwd
	[ "$(ranby volume inspect -f '{{.NeedsCopyUp}}' filled)" = false ]
	# emptied by its user: it stays empty
	box -v filled:/mnt busybox sh -c 'rm -rf /mnt/*'
	box -v filled:/etc busybox true
	[ ! -e "$RANBY_ROOT/volumes/filled/_data/passwd" ]
	# filled by its owner before any container
	ranby volume create filled-before >/dev/null
	echo mark >"$RANBY_ROOT/volumes/filled-before/_data/mark"
	run -0 box -v filled-before:/etc busybox cat /etc/mark
	[ "$output" = mark ]
	[ ! -e "$RANBY_ROOT/volumes/filled-before/_data/passwd" ]
	ranby volume create --label kept=yes --opt o=nocopy bare >/dev/null
	box -v bare:/etc busybox true
	[ ! -e "$RANBY_ROOT/volumes/bare/_data/passwd" ]
	[ "$(ranby volume inspect -f '{{.Labels.kept}}' bare)" = yes ]
}

@test "volume export and import: files with owners and modes, and nothing outside of the volume" {
	box -v from:/v busybox sh -c 'echo text >/v/a; mkdir -m 750 /v/d; ln -s ../a /v/d/l; chmod 640 /v/a'
	ranby volume create to >/dev/null
	ranby volume export from | ranby volume import to -
	[ "$(box -v to:/v busybox sh -c 'cat /v/a; stat -c %a /v/a /v/d; readlink /v/d/l' | tr '\n' ' ')" = 'text 640 750 ../a ' ]
	ranby volume export -o "$BATS_TEST_TMPDIR/v.tar" from
	tar tf "$BATS_TEST_TMPDIR/v.tar" | grep -qxE '(\./)?a'
	run -125 ranby volume reload
	one_error 'there are no drivers'
	run -125 ranby volume export nothing
	run -125 ranby volume import nothing "$BATS_TEST_TMPDIR/v.tar"
	one_error 'no such volume'
	run -125 ranby volume import to /nonexistent
	run -125 ranby volume import to /etc/passwd
	# what is missing is named, and it is no image
	tar -C "$BATS_TEST_TMPDIR" --owner=:4000000 --group=:4000000 -cf "$BATS_TEST_TMPDIR/far.tar" v.tar
	run -125 ranby volume import to "$BATS_TEST_TMPDIR/far.tar"
	[[ $output == *'4000000:4000000 is outside the ids'*'subordinate ids'* && $output != *image* ]] || fail "$output"
	# A13: a tar, and a volume, that lead out of it
	canary_make
	mkdir "$BATS_TEST_TMPDIR/evil"
	ln -s "$CANARY" "$BATS_TEST_TMPDIR/evil/out"
	tar cf "$BATS_TEST_TMPDIR/evil.tar" -C "$BATS_TEST_TMPDIR/evil" out
	mkdir "$BATS_TEST_TMPDIR/more"
	mkdir "$BATS_TEST_TMPDIR/more/out"
	echo changed >"$BATS_TEST_TMPDIR/more/out/file"
	tar rf "$BATS_TEST_TMPDIR/evil.tar" -C "$BATS_TEST_TMPDIR/more" out/file
	run ranby volume import to "$BATS_TEST_TMPDIR/evil.tar"
	canary_intact
	ranby volume create --opt type=tmpfs mem >/dev/null
	run -125 ranby volume export mem
	[ "$(ranby volume mount from)" = "$(ranby volume inspect -f '{{.Mountpoint}}' from)" ]
	[ "$(cat "$(ranby volume mount from)/a")" = text ]
	[ "$(ranby volume umount from)" = from ]
	run -125 ranby volume mount mem
	run -125 ranby volume mount nothing
	need_ranges
	box -v owned:/v busybox sh -c 'echo x >/v/f; chown 12:34 /v/f'
	ranby volume export owned | ranby volume import to -
	[ "$(box -v to:/v busybox stat -c %u:%g /v/f)" = 12:34 ]
}

@test "volumes: what was done is in the ledger, failures too" {
	ranby volume create told >/dev/null
	run -125 ranby volume create told
	run -125 ranby volume create --opt foo=bar untold
	ranby volume rm told
	run -1 ranby volume rm told
	python3 - "$XDG_STATE_HOME/ranby/ledger" <<-'PY'
		import glob, json, sys
		es = [json.loads(line) for f in sorted(glob.glob(sys.argv[1] + "/*.jsonl")) for line in open(f)]
		got = [(e["op"], e["res"]) for e in es if e.get("vm") in ("told", "untold")]
		assert got == [("volume-create", "success"), ("volume-create", "failed"), ("volume-create", "failed"), ("volume-rm", "success"), ("volume-rm", "failed")], got
	PY
}

@test "a create that fails at its last step takes back the volumes that it made, and no other" {
	local before
	ranby volume create kept >/dev/null
	before=$(ranby volume ls --quiet | sort)
	# the directory of a new container is moved there when all of it is made
	mkdir -p "$RANBY_ROOT/containers"
	chmod 500 "$RANBY_ROOT/containers"
	run -125 ranby create --name c -v kept:/kept -v made:/made -v /anonymous busybox true
	chmod 700 "$RANBY_ROOT/containers"
	[ "$(ranby volume ls --quiet | sort)" = "$before" ]
	ranby volume rm kept >/dev/null
	run -0 ranby ps --all --quiet
	[ -z "$output" ]
}
