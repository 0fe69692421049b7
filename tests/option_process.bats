#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Options of run and create that change what the payload finds: lines of
# /etc/passwd, variables that are made of others, the base of /etc/hosts; and
# what becomes of the image.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib
load option

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

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
	wait_for 30 bash -c '! "$@" image exists localhost/gone:2' no "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN"
	ranby rm user >/dev/null
	# a name that means another image by then is not its own
	ranby tag busybox localhost/gone:3
	ranby create -q --name old --rmi --network none localhost/gone:3 true >/dev/null
	tar -c -T /dev/null | ranby import -q - localhost/gone:3 >/dev/null
	ranby start -a old
	run -1 ranby container exists old
	run -0 ranby image exists localhost/gone:3
	run -0 ranby image exists busybox
	# its own, which has no name then, goes
	tar -c -C /etc hostname | ranby import -q - localhost/gone:4 >"$BATS_TEST_TMPDIR/id"
	ranby create -q --name old --network none localhost/gone:4 true >/dev/null
	ranby tag localhost/gone:3 localhost/gone:4
	ranby container cleanup --rmi old
	run -1 ranby image exists "$(cat "$BATS_TEST_TMPDIR/id")"
	run -0 ranby image exists localhost/gone:4
	ranby rmi localhost/gone:3 localhost/gone:4 >/dev/null
	refused 'there is no image' --rmi --rootfs
}

# listen: a service manager's socket, whose datagrams go to $BATS_TEST_TMPDIR/said, one a line with "|" between theirs
listen() {
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
	rm -f "$NOTIFY_SOCKET"
	: >"$BATS_TEST_TMPDIR/said"
	timeout 110 python3 -uc '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    print(s.recv(4096).decode().replace("\n", "|"))' "$NOTIFY_SOCKET" >"$BATS_TEST_TMPDIR/said" 3>&- &
	LISTENER=$!
	wait_for 30 test -S "$NOTIFY_SOCKET"
	export NOTIFY_SOCKET
}
said() { cat "$BATS_TEST_TMPDIR/said"; }
heard() { grep -qx "$1" "$BATS_TEST_TMPDIR/said"; }

@test "--sdnotify: the service manager hears of the monitor, and that it is ready, from whom it was asked" {
	need_program python3
	local monitor
	listen
	ranby run -d --name c --network none --sdnotify conmon busybox sleep 100 >/dev/null
	monitor=$(ranby inspect --format '{{.State.ConmonPid}}' c)
	wait_for 30 heard "MAINPID=$monitor|READY=1" || fail "$(said)"
	run -0 ranby exec c sh -c 'echo "<$NOTIFY_SOCKET>"'
	[ "$output" = '<>' ]
	ranby restart -t 0 c >/dev/null
	monitor=$(ranby inspect --format '{{.State.ConmonPid}}' c)
	wait_for 30 heard "MAINPID=$monitor|READY=1" || fail "$(said)"
	kill "$LISTENER"
	# by the payload: the manager's own socket is in it
	listen
	ranby run -d --name p --network none busybox sh -c 'echo "$NOTIFY_SOCKET"; stat -c %i "$NOTIFY_SOCKET"; sleep 100' >/dev/null
	wait_for 30 heard "MAINPID=$(ranby inspect --format '{{.State.ConmonPid}}' p)" || fail "$(said)"
	wait_for 30 bash -c '[ "$("$@" logs p | wc -l)" = 2 ]' logs "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN"
	run -0 ranby logs p
	[ "$output" = "/run/notify/notify.sock
$(stat -c %i "$NOTIFY_SOCKET")" ] || fail "$output"
	run ! grep -q READY "$BATS_TEST_TMPDIR/said"
	kill "$LISTENER"
	listen
	ranby run -d --name i --network none --sdnotify ignore busybox sleep 100 >/dev/null
	ranby run -d --name h --network none --sdnotify healthy --health-cmd 'test -e /ready' --health-interval 1s busybox \
		sh -c 'sleep 2; touch /ready; sleep 100' >/dev/null
	wait_for 30 heard READY=1 || fail "$(said)"
	[ "$(said)" = "MAINPID=$(ranby inspect --format '{{.State.ConmonPid}}' h)
READY=1" ] || fail "$(said)"
	kill "$LISTENER"
	unset NOTIFY_SOCKET
	ranby rm --all --force --time 0 >/dev/null
	refused 'not one of' --sdnotify nonsense
	refused 'there is no health check' --sdnotify healthy
	NOTIFY_SOCKET=@abstract refused 'has no path' --sdnotify container
}

@test "--sdnotify container: the socket is that of whoever starts it, whatever there was when it was made" {
	need_program python3
	local first=$BATS_TEST_TMPDIR/first
	local words='echo "<$NOTIFY_SOCKET>"; test -S /run/notify/notify.sock && stat -c %i /run/notify/notify.sock || echo none'
	ranby create --name without --network none busybox sh -c "$words" >/dev/null
	ranby create --name own --network none -e NOTIFY_SOCKET=/own busybox sh -c "$words" >/dev/null
	run -0 ranby start -a without
	[[ $output == '<>'*none ]] || fail "$output"
	listen
	ranby create --name with --network none busybox sh -c "$words" >/dev/null
	run -0 ranby start -a without
	[ "$output" = "</run/notify/notify.sock>
$(stat -c %i "$NOTIFY_SOCKET")" ] || fail "$output"
	run -0 ranby start -a own
	[ "$output" = "</own>
$(stat -c %i "$NOTIFY_SOCKET")" ] || fail "$output"
	kill "$LISTENER"
	# another one, and the first is gone
	mv "$NOTIFY_SOCKET" "$first"
	listen
	rm "$first"
	for name in with without; do
		run -0 ranby start -a "$name"
		[ "$output" = "</run/notify/notify.sock>
$(stat -c %i "$NOTIFY_SOCKET")" ] || fail "$output"
	done
	kill "$LISTENER"
	rm "$NOTIFY_SOCKET"
	unset NOTIFY_SOCKET
	for name in with without own; do
		run -0 ranby start -a "$name"
		[[ $output == '<'*'>'*none && $output != *notify.sock'>'* ]] || fail "$output"
	done
	ranby rm --all --force --time 0 >/dev/null
}

@test "--subuidname, --subgidname: the name's ranges of /etc/subuid and /etc/subgid, from 0 on" {
	need_ranges
	run -0 inside --subuidname "$(id -un)" -- sh -c 'head -n 1 /proc/self/uid_map; head -n 1 /proc/self/gid_map; id -u'
	[ "$(awk 'NR < 3 { print $1, $2 }' <<<"$output")" = "0 1
0 1" ] || fail "$output"
	ranby run -d --name s --network none --subuidname "$(id -un)" --subgidname "$(id -un)" busybox sleep 100 >/dev/null
	[ "$(status_field "$(ctr_pid s)" Uid 1)" = "$(sub_first uid)" ]
	[ "$(status_field "$(ctr_pid s)" Gid 1)" = "$(sub_first gid)" ]
	ranby rm -f -t 0 s >/dev/null
	refused 'no such name' --subgidname nosuchname
	refused 'exclude' --subuidname "$(id -un)" --userns keep-id
}
