#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Options of run and create that change what the payload finds: lines of
# /etc/passwd, variables that are made of others, the base of /etc/hosts; and
# what becomes of the image.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

inside() { # OPTION... -- COMMAND
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	ranby run -q --rm --network none "${options[@]}" busybox "$@"
}
refused() { # TEXT OPTION...
	local text=$1
	shift
	run -125 ranby run --rm --network none "$@" busybox true
	one_error "$text"
	nothing_left
}

@test "--passwd: a user and a group that are numbers get lines, once, and only where the image has none" {
	run -0 inside -u 1234:77 -w /tmp -- sh -c 'grep 1234 /etc/passwd /etc/group; id'
	[ "$output" = '/etc/passwd:1234:*:1234:77:container user:/tmp:/bin/sh
/etc/group:77:*:77:1234
uid=1234(1234) gid=77(77) groups=77(77)' ] || fail "$output"
	run -0 inside -u 65534 -- cat /etc/passwd
	[ "$output" = "$(inside -- cat /etc/passwd)" ] || fail "$output"
	run -1 inside --passwd=false -u 1234 -- grep 1234 /etc/passwd
	# the container's own copy: what it writes there is no other's
	run -0 inside -u 1234 -- sh -c '! echo x >>/etc/passwd'
	run -1 inside -- grep 1234 /etc/passwd
}

@test "--passwd-entry, --group-entry: the line as given, its variables filled in" {
	run -0 inside --passwd-entry 'me:x:$UID:$GID:$NAME:$HOME:/bin/ash' --group-entry 'us:x:$GID:$USERLIST,root' -u 1234:77 -w /tmp -- \
		sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group; whoami'
	[ "$output" = 'me:x:1234:77:container user:/tmp:/bin/ash
us:x:77:1234,root
me' ] || fail "$output"
	refused 'must be one line' --passwd-entry $'me:x:1:1::/:/\nroot2::0:0::/:/bin/sh' -u 1234
	refused 'must be one line' --group-entry $'a:x:1:\nb:x:0:' -u 1234
	refused '--passwd=false' --passwd=false --passwd-entry x
}

@test "--hostuser: a user of the host, whom --user then finds" {
	local name=games line
	line=$(getent passwd $name) || skip "this host has no user $name"
	run -0 inside --hostuser $name -u $name -- sh -c 'tail -n 1 /etc/passwd; id -u'
	[ "${lines[0]}" = "$name:*:$(cut -d: -f3,4 <<<"$line"):$(cut -d: -f5 <<<"$line" | cut -d, -f1):/:/bin/sh" ] || fail "$output"
	[ "${lines[1]}" = "$(cut -d: -f3 <<<"$line")" ]
	# by number, and several
	run -0 inside --hostuser "$(id -u)" --hostuser $name -- tail -n 2 /etc/passwd
	[[ $output == "$(id -un):*:$(id -u):"*$'\n'"$name:"* ]] || fail "$output"
	refused 'no such user' --hostuser nosuchuser
}

@test "--env-merge: made of the image's variables; --env comes after it" {
	run -0 inside --env-merge 'PATH=${PATH}:/opt/x' --env-merge 'A=<$NONE>$PATH' -- sh -c 'echo "$PATH"; echo "$A"'
	[[ ${lines[0]} == /*:/opt/x ]] || fail "$output"
	[ "${lines[1]}" = "<>${lines[0]}" ] || fail "$output"
	run -0 inside --env-merge 'A=merged' --env A=given --env-merge 'B=$ ${ $' -- sh -c 'echo "$A $B"'
	[ "$output" = 'given $ ${ $' ] || fail "$output"
	refused 'not NAME=VALUE' --env-merge PATH
}

@test "--hosts-file: what /etc/hosts begins with, or nothing" {
	local file=$BATS_TEST_TMPDIR/hosts
	printf '192.0.2.7 seven' >"$file"
	run -0 inside --hosts-file "$file" --add-host eight:192.0.2.8 -h box -- cat /etc/hosts
	[ "$output" = $'192.0.2.8\teight\n192.0.2.7 seven\n127.0.1.1\tbox' ] || fail "$output"
	run -0 inside --hosts-file none -h box -- cat /etc/hosts
	[ "$output" = $'127.0.1.1\tbox' ] || fail "$output"
	refused 'No such file' --hosts-file "$file.not"
	refused 'absolute path' --hosts-file hosts
	refused 'exclude each other' --hosts-file none --no-hosts
}

@test "--rmi: the image goes with its last container, and never from under another" {
	ranby tag busybox localhost/gone:1
	run -0 ranby run --rmi --network none localhost/gone:1 true
	run -1 ranby image exists localhost/gone:1
	nothing_left
	# in use: it stays, and that is no error
	ranby create --name user --network none busybox true >/dev/null
	run -0 ranby run --rmi --network none busybox echo ran
	[ "$output" = ran ]
	run -0 ranby image exists busybox
	# in the background it is the monitor that sees to it
	ranby tag busybox localhost/gone:2
	ranby run -d --rmi --network none localhost/gone:2 sleep 0.2 >/dev/null
	wait_for 10 bash -c '! "$@" image exists localhost/gone:2' no "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN"
	ranby rm user >/dev/null
	refused 'there is no image' --rmi --rootfs
}
