#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The options of run, each by what the payload sees.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }

# inside [OPTION...] -- COMMAND: one run of busybox, without a network
inside() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	ranby run --rm --network=none "${options[@]}" busybox "$@"
}

@test "exit codes: the payload's" {
	run -0 inside -- true
	run -1 inside -- false
	run -7 inside -- sh -c 'exit 7'
}

@test "exit codes: 128 + n for a signal" {
	run -143 inside --init -- sh -c 'kill -TERM $$; sleep 5'
	run -137 inside --init -- sh -c 'kill -KILL $$'
}

@test "standard streams: stdin with -i, stdout and stderr apart, no stdin without -i" {
	run -0 bash -c 'echo hello | "$0" --root "$1" --runroot "$2" run -i --rm --network=none busybox cat' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	[ "$output" = hello ]
	run -0 bash -c 'echo hello | "$0" --root "$1" --runroot "$2" run --rm --network=none busybox cat' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN"
	[ -z "$output" ]
	run -0 --separate-stderr inside -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "a megabyte through standard streams, byte by byte the same" {
	local file=$BATS_TEST_TMPDIR/data
	head -c 1048576 /dev/urandom >"$file"
	ranby run -i --rm --network=none busybox cat <"$file" >"$file.out"
	cmp "$file" "$file.out"
}

@test "-e and --env-file" {
	printf '# comment\nFROM_FILE=a b\nEMPTY=\n' >"$BATS_TEST_TMPDIR/env"
	export FROM_CALLER=here
	run -0 inside -e A=1 -e FROM_CALLER -e NOT_SET_ANYWHERE --env-file "$BATS_TEST_TMPDIR/env" -- env
	[[ $'\n'$output$'\n' == *$'\nA=1\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nFROM_CALLER=here\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nFROM_FILE=a b\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nEMPTY=\n'* ]]
	[[ $output != *NOT_SET_ANYWHERE* ]]
	[[ $'\n'$output$'\n' == *$'\nPATH=/usr/local/sbin:'* ]]
	[[ $output != *XDG_RUNTIME_DIR* && $output != *RANBY_* ]]
}

@test "-w, also where it is not there yet" {
	run -0 inside -w /tmp -- pwd
	[ "$output" = /tmp ]
	run -0 inside -w /new/dir -- pwd
	[ "$output" = /new/dir ]
}

@test "-u: by name, by number, with group; groups of the image" {
	need_ranges
	run -0 inside -u guest -- id
	[ "$output" = 'uid=1000(guest) gid=1000(guest) groups=50(staff),1000(guest)' ]
	run -0 inside -u 33 -- id
	[[ $output == 'uid=33(www-data) gid=33(www-data)'* ]]
	run -0 inside -u 1234:33 -- id
	# it has a line of its own in /etc/passwd, as in podman
	[[ $output == 'uid=1234(1234) gid=33(www-data)'* ]]
	run -0 inside -u guest:staff -- id -gn
	[ "$output" = staff ]
	run -0 inside -u guest -- sh -c 'echo $HOME'
	[ "$output" = /home/guest ]
}

@test "--entrypoint" {
	run -0 inside --entrypoint echo -- words
	[ "$output" = words ]
	run -0 inside --entrypoint '["/bin/sh","-c","echo list"]' --
	[ "$output" = list ]
}

@test "--hostname, and the container's id without it" {
	run -0 inside --hostname myhost -- hostname
	[ "$output" = myhost ]
	run -0 inside -- hostname
	[[ $output =~ ^[0-9a-f]{12}$ ]]
	run -0 inside --hostname myhost -- cat /etc/hosts
	[[ $output == *myhost* && $output == *localhost* ]]
}

@test "--read-only and --tmpfs" {
	run -1 inside --read-only -- touch /file
	run -0 inside --read-only --tmpfs /scratch:size=1m,mode=1777 -- sh -c 'touch /scratch/file && stat -c %a /scratch && df -k /scratch | tail -1'
	[ "${lines[0]}" = 1777 ]
	[[ ${lines[1]} == *1024* ]]
}

@test "-v: bind, read-only, and a named volume that keeps" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	echo content >"$BATS_TEST_TMPDIR/dir/file"
	run -0 inside -v "$BATS_TEST_TMPDIR/dir:/mnt" -- sh -c 'cat /mnt/file && echo new >/mnt/new'
	[ "$output" = content ]
	[ "$(cat "$BATS_TEST_TMPDIR/dir/new")" = new ]
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/dir/new")" = "$(id -u)" ]
	run -1 inside -v "$BATS_TEST_TMPDIR/dir:/mnt:ro" -- touch /mnt/file2
	run -0 inside -v keepvol:/data -- sh -c 'echo kept >/data/file'
	run -0 inside -v keepvol:/data -- cat /data/file
	[ "$output" = kept ]
}

@test "--mount type=bind, tmpfs, volume" {
	echo content >"$BATS_TEST_TMPDIR/file"
	run -0 inside --mount "type=bind,source=$BATS_TEST_TMPDIR/file,target=/mnt/file,readonly" -- cat /mnt/file
	[ "$output" = content ]
	run -0 inside --mount type=tmpfs,target=/t,tmpfs-size=1m -- sh -c 'grep " /t " /proc/mounts'
	[[ $output == tmpfs* ]]
	run -0 inside --mount type=volume,source=mountvol,target=/v -- sh -c 'touch /v/x && ls /v'
	[ "$output" = x ]
}

@test "a bind's symbolic link does not lead out of the container" {
	canary_make
	# the image's /link would point to a directory of the host
	run -0 ranby create --name link --network=none busybox sh -c 'true'
	ranby rm link
	run inside -v "$CANARY:/mnt:ro" -- sh -c 'ln -s /mnt/file /tmp/link; echo changed >/tmp/link'
	canary_intact
}

@test "--init: a reaper is process 1, and the payload its child" {
	run -0 inside --init -- sh -c 'tr "\0" " " </proc/1/cmdline; echo; echo $$'
	[[ ${lines[0]} == *ranby-init* ]]
	[ "${lines[1]}" != 1 ]
}

@test "--network host, none" {
	run -0 inside -- ls /sys/class/net
	[ "$output" = lo ]
	run -0 ranby run --rm --network host busybox readlink /proc/self/ns/net
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
}

@test "the default network: pasta gives an interface beside lo" {
	need_program pasta
	[ -w /dev/net/tun ] || skip '/dev/net/tun is not open to users here'
	run -0 ranby run --rm busybox ls /sys/class/net
	[ "${#lines[@]}" -ge 2 ]
}

@test "--name, --label, --cidfile, --pidfile" {
	local id
	run -0 ranby run -d --name named --label a=b --label c --cidfile "$BATS_TEST_TMPDIR/cid" \
		--pidfile "$BATS_TEST_TMPDIR/pid" --network=none busybox sleep 100
	id=$output
	[ "$(cat "$BATS_TEST_TMPDIR/cid")" = "$id" ]
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(ctr_pid named)" ]
	run -0 ranby inspect --format '{{.Id}} {{.Config.Labels.a}}' named
	[ "$output" = "$id b" ]
	run -0 ranby ps --filter label=a=b --format '{{.Names}}'
	[ "$output" = named ]
	run -125 ranby run --rm --cidfile "$BATS_TEST_TMPDIR/cid" --network=none busybox true
	one_error cid
	ranby rm -f -t 0 named
}

@test "--rm leaves nothing; without it ps -a has it" {
	run -0 inside -- true
	nothing_left
	run -3 ranby run --network=none --name stays busybox sh -c 'exit 3'
	run -0 ranby ps -a --format '{{.Names}} {{.State}} {{.ExitCode}}'
	[ "$output" = 'stays exited 3' ]
	ranby rm stays
	nothing_left
}

@test "--ulimit" {
	run -0 inside --ulimit nofile=100:200 -- sh -c 'ulimit -n; ulimit -Hn'
	[ "${lines[0]}" = 100 ]
	[ "${lines[1]}" = 200 ]
}

@test "--env-file, --label and -v are kept for inspect" {
	run -0 ranby create --name kept -e A=1 -v /tmp:/mnt:ro --network=none busybox sleep 1
	run -0 ranby inspect kept
	jq -e '.[0].Config.Env | index("A=1")' <<<"$output"
	jq -e '.[0].Mounts[] | select(.Destination == "/mnt") | .RW == false' <<<"$output"
	ranby rm kept
}

# listed TITLE: the names under it, of the help on standard input
listed() { sed -n "/^$1:\$/,/^\$/s/^  \([a-z]\+\( [a-z]\+\)*\)  .*/\1/p"; }

@test "--help: every command that has a page is listed, alone or in its group; lists are in order" {
	local all group page name
	all=$(ranby help)
	listed 'Most used' <<<"$all" >"$BATS_TEST_TMPDIR/names"
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/names")" = run ]
	listed Commands <<<"$all" >"$BATS_TEST_TMPDIR/alone"
	sort -c "$BATS_TEST_TMPDIR/alone"
	# those are said once
	[ -z "$(sort "$BATS_TEST_TMPDIR/names" "$BATS_TEST_TMPDIR/alone" | uniq -d)" ]
	cat "$BATS_TEST_TMPDIR/alone" >>"$BATS_TEST_TMPDIR/names"
	while read -r group; do
		run -0 ranby "$group" --help
		[[ ${lines[0]} != Usage:* ]] || fail "no summary: $group"
		listed Commands <<<"$output" >"$BATS_TEST_TMPDIR/group"
		[ -s "$BATS_TEST_TMPDIR/group" ] || fail "empty: $group"
		sort -c "$BATS_TEST_TMPDIR/group"
		sed "s/^/$group /" "$BATS_TEST_TMPDIR/group" >>"$BATS_TEST_TMPDIR/names"
	done < <(listed 'Groups of commands' <<<"$all")
	for page in "$RANBY_TREE"/man/ranby-*.1; do
		name=$(sed -n 's/^\.Nm ranby \([a-z ]*[a-z]\)$/\1/p' "$page" | head -n 1)
		[ -z "$name" ] || grep -qx "$name" "$BATS_TEST_TMPDIR/names" || fail "not listed: $name"
	done
	[ "$(wc -l <"$BATS_TEST_TMPDIR/names")" -gt 150 ]
}

@test "--help: the examples have options that are there" {
	local command line word n=0 help
	for command in run exec ps logs cp top 'pod create' 'network create' 'volume create'; do
		# shellcheck disable=SC2086 # two words
		help=$(ranby $command --help)
		[[ $help == *$'\nExamples:\n'* ]] || fail "no examples: $command"
		while read -r line; do
			line=${line#*ranby }
			[[ $line == "$command "* ]] || fail "of another command: $line"
			n=$((n + 1))
			# up to the image or container: what follows is its own command
			for word in ${line#"$command "}; do
				case $word in
				--*) grep -q -e "$word\b" <<<"${help%Examples:*}" || fail "$command: no $word" ;;
				-[a-zA-Z]*) for ((i = 1; i < ${#word}; i++)); do grep -q -e "^ *-${word:i:1}\b" <<<"${help%Examples:*}" || fail "$command: no -${word:i:1}"; done ;;
				esac
			done
		done < <(sed '1,/^Examples:$/d' <<<"$help")
	done
	[ "$n" -ge 20 ] || fail "$n examples"
}

@test "--help: examples that need nothing else work as they stand" {
	run -0 ranby volume create --opt type=tmpfs --opt o=size=64m scratch
	ranby volume rm scratch
	run -0 ranby network create --subnet 10.89.7.0/24 --internal store
	ranby network rm store
	run -0 ranby ps --filter status=exited --format '{{.Names}} {{.Status}}'
	run -0 ranby ps -aq --filter label=tier=front
}
