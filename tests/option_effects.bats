#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What each option of run and create does, seen from inside and, where it
# matters, from the host's /proc.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load option

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# ---- the process ----

@test "--user: by name and by number, the groups of the container's own files" {
	run -0 inside -u nobody -- id
	[[ $output == 'uid=65534'* ]] || fail "$output"
	run -0 inside -u 1234:567 -- id
	[ "$output" = 'uid=1234(1234) gid=567(567) groups=567(567)' ] || fail "$output"
	run -0 inside -u 0 -- id -u
	[ "$output" = 0 ]
	run -0 inside -u 12 --group-add 77 -- id -G
	[ "$output" = '0 77' ] || fail "$output"
}

@test "--user :GROUP: root with that group, for run, create and exec" {
	run -0 inside -u :5 -- id
	[[ $output == 'uid=0(root) gid=5'*' groups=5'* ]] || fail "$output"
	refused 'neither a user nor a group' -u :
	ranby create --name g --network none -u :5 busybox sh -c 'id -u; id -G; sleep 100' >/dev/null
	ranby start g >/dev/null
	run -0 ranby exec -u :7 g sh -c 'id -u; id -G'
	[ "${lines[*]}" = '0 7' ] || fail "$output"
	pid=$(ctr_pid g)
	[ "$(status_field "$pid" Gid 1)" = $(($(sub_first gid) + 4)) ]
}

@test "exec: what it refuses it refuses in the words of run" {
	ranby run -qd --name w --network none busybox sleep 100 >/dev/null
	for who in 99999999 0:99999999; do
		run -125 ranby run --rm --network none -u "$who" busybox true
		one_error "99999999: not in the container's ID map"
		said=${output#*run: }
		run -125 ranby exec -u "$who" w true
		one_error "$said"
	done
	for bad in '' =x 'a b=c'; do
		run -125 ranby run --rm --network none -e "$bad" busybox true
		said=$output
		run -125 ranby exec -e "$bad" w true
		one_error "--env $bad: "
		[ "${output#*--env}" = "${said#*--env}" ] || fail "$output" "$said"
	done
}

@test "--user: the host sees the subordinate ID" {
	need_ranges
	ranby run -qd --name u --network none -u 33:44 busybox sleep 100 >/dev/null
	pid=$(ctr_pid u)
	[ "$(status_field "$pid" Uid 1)" = $(($(sub_first uid) + 32)) ]
	[ "$(status_field "$pid" Gid 1)" = $(($(sub_first gid) + 43)) ]
}

@test "--user: nothing that is no ID becomes root" {
	for user in -1 +1 01 0x1 ' 1' '1 ' 4294967295 4294967296 18446744073709551616 :01 :4294967295 : $'root\n' 1:-1 nosuchuser; do
		run -125 ranby run --rm --network none --user "$user" busybox id
		[[ $output == Error:* && $output != *uid=0* ]] || fail "$user: $output"
	done
	nothing_left
}

@test "--workdir: made when it is missing, refused when relative" {
	run -0 inside -w /new/dir -- pwd
	[ "$output" = /new/dir ]
	refused 'must be absolute' -w new/dir
	run -0 inside -w '' -- pwd
	[ "$output" = / ]
}

@test "--env and --env-file: the order, and nothing else of the caller's" {
	printf '# comment\nA=file\nB=file\n\nFROM_CALLER\nNOT_SET\n  C= spaced \r\n' >"$BATS_TEST_TMPDIR/env"
	export FROM_CALLER=yes SECRET_MARKER=leak PASSED=on
	run -0 inside --env-file "$BATS_TEST_TMPDIR/env" -e B=option -e PASSED -e NOT_SET_EITHER -- env
	for line in A=file B=option FROM_CALLER=yes PASSED=on 'C= spaced ' HOME=/root container=ranby; do
		grep -qxF "$line" <<<"$output" || fail "no $line in" "$output"
	done
	[[ $output != *SECRET_MARKER* && $output != *NOT_SET* ]] || fail "$output"
	grep -q '^PATH=' <<<"$output"
	grep -q '^HOSTNAME=' <<<"$output"
	run -0 inside -e 'PASS*' -- env
	grep -qx PASSED=on <<<"$output"
}

@test "--env: bad names and files are refused" {
	refused 'no name' -e =x
	refused 'blank' -e 'A B=x'
	refused 'env-file' --env-file /nonexistent
	printf 'A B=x\n' >"$BATS_TEST_TMPDIR/bad"
	refused 'line 1' --env-file "$BATS_TEST_TMPDIR/bad"
}

@test "--http-proxy and --unsetenv" {
	export http_proxy=http://proxy:1
	run -0 inside -- env
	grep -qx http_proxy=http://proxy:1 <<<"$output"
	run -0 inside --http-proxy=false -- env
	[[ $output != *http_proxy* ]]
	run -0 inside --unsetenv PATH -- /bin/env
	[[ $output != *PATH=* ]] || fail "$output"
}

@test "--entrypoint: a word, an array, none" {
	run -0 ranby run --rm --network none --entrypoint echo busybox a b
	[ "$output" = 'a b' ]
	run -0 ranby run --rm --network none --entrypoint '["echo","x y"]' busybox z
	[ "$output" = 'x y z' ]
	run -0 ranby run --rm --network none --entrypoint '' busybox echo c
	[ "$output" = c ]
	run -125 ranby run --rm --network none --entrypoint '["a",1]' busybox
	one_error 'not an array of strings'
}

@test "--umask, --ulimit, --oom-score-adj" {
	run -0 inside --umask 077 --ulimit nofile=100:200 --ulimit core=0 --oom-score-adj 500 -- \
		sh -c 'umask; ulimit -Sn; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj'
	[ "${lines[*]}" = '0077 100 200 0 500' ] || fail "$output"
	refused 'octal' --umask 999
	refused 'known limit' --ulimit nosuch=1
	refused 'over the hard' --ulimit nofile=5:4
}

@test "--ulimit: -1 is the most that the caller has, host is what he has; above it is an error before anything is made" {
	local most
	most=$(ulimit -Hu)
	run -0 inside --ulimit nproc=-1 --ulimit nofile=77:-1 -- sh -c 'grep "Max processes" /proc/self/limits; ulimit -Sn; ulimit -Hn'
	read -ra words <<<"${lines[0]}"
	[ "${words[2]} ${words[3]}" = "$most $most" ] || fail "$output"
	[ "${lines[1]} ${lines[2]}" = "77 $(ulimit -Hn)" ] || fail "$output"
	host() { ulimit -n 90; inside "$@"; }
	run -0 host --ulimit nofile=80 --ulimit host -- sh -c 'ulimit -Sn; ulimit -Hn'
	[ "${lines[*]}" = '90 90' ] || fail "$output"
	limited() { ulimit -n 90; ranby "$@"; }
	run -125 limited create --name above --network none --ulimit nofile=50:91 busybox true
	one_error '--ulimit nofile=50:91: above the hard limit of whoever runs it, 90'
	run -1 ranby container exists above
}

@test "the caller's own umask is no part of a container: what is made for it can be read in it" {
	mkdir "$BATS_TEST_TMPDIR/w"
	masked() { umask 077; ranby "$@"; }
	run -0 masked run --rm --network none -u nobody --init -v "$BATS_TEST_TMPDIR/w:/a/b/c" -w /made/dir busybox \
		sh -c 'cat /etc/hosts /etc/hostname /etc/resolv.conf >/dev/null && stat -c "%a %n" /run /a /a/b /made /made/dir /etc/hosts; umask'
	[ "${lines[*]}" = '755 /run 755 /a 755 /a/b 755 /made 755 /made/dir 644 /etc/hosts 0022' ] || fail "$output"
}

@test "--init: our init is 1 and reaps" {
	run -0 inside --init -- sh -c 'tr "\0" " " </proc/1/cmdline; echo; echo $$'
	[[ ${lines[0]} == '/run/ranby-init -- sh '* ]] || fail "$output"
	[ "${lines[1]}" = 2 ] || fail "$output"
	run -7 inside --init -- sh -c 'exit 7'
}

@test "--init-path: that program of the host is 1" {
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/init" 2>/dev/null || skip "no busybox on the host"
	chmod 755 "$BATS_TEST_TMPDIR/init"
	# a busybox of an unknown name says so: it was the one that was started, and with what
	run -127 inside --init --init-path "$BATS_TEST_TMPDIR/init" -- true
	[[ $output == *"applet not found"* ]] || fail "$output"
	refused 'an absolute path, together with --init' --init-path /bin/true
	refused 'an absolute path, together with --init' --init --init-path true
	refused 'No such file' --init --init-path /nope
}

@test "--personality: what uname says" {
	run -0 inside --personality LINUX -- uname -m
	[ "$output" = "$(uname -m)" ]
	[ "$(uname -m)" = x86_64 ] || skip "of this machine no other name is known"
	run -0 inside --personality LINUX32 -- uname -m
	[ "$output" = i686 ]
	refused 'not one of LINUX, LINUX32' --personality BSD
}

# ---- names and files of ours ----

@test "--hostname, --add-host: the files and the kernel agree" {
	run -0 inside --hostname web.example --add-host db:10.0.0.5 --add-host 'a;b:::1' -- \
		sh -c 'hostname; cat /etc/hostname; cat /etc/hosts'
	[ "${lines[0]}" = web.example ] && [ "${lines[1]}" = web.example ]
	grep -qx $'10.0.0.5\tdb' <<<"$output"
	grep -qx $'::1\ta b' <<<"$output"
	grep -q $'\tweb.example$' <<<"$output"
	run -0 inside -- hostname
	[ ${#output} = 12 ]
	refused 'hostname' --hostname 'a b'
	refused 'add-host' --add-host x
	refused 'add-host' --add-host x:1.2.3
	inside --no-hosts -- test ! -e /etc/hosts
}

@test "mount points are not made in the container's own layer, and not seen where nothing covers them" {
	local upper
	ranby run -d --name c --network none busybox sleep 1000
	upper=$RANBY_ROOT/containers/$(ranby inspect --format '{{.ID}}' c)/upper
	run -0 find "$upper" -mindepth 1
	[ "$output" = '' ] || fail "$output"
	ranby exec c sh -c 'echo 127.0.0.9 mine >>/etc/hosts; echo x >/etc/own'
	run -0 find "$upper" -mindepth 1 -printf '%P\n'
	[ "$output" = $'etc\netc/own' ] || fail "$output"
	[ ! -s "$RANBY_ROOT/mountpoints/etc/hosts" ]
	ranby rm -f -t 0 c
	inside --dns none -- test ! -e /etc/resolv.conf
	inside --uts host --no-hostname -- test ! -e /etc/hostname
}

@test "generated files cannot be given more lines (A26)" {
	for value in $'a\nb' $'a\rb' 'a b' 'a:b' $'a\e[31m' 'a#b' ''; do
		[ -z "$value" ] || refused hostname --hostname "$value"
		refused add-host --add-host "x$value:1.2.3.4x"
		[ -z "$value" ] || refused dns --dns "$value"
		[ -z "$value" ] || refused dns-search --dns-search "$value"
	done
	lines_without=$(inside -- sh -c 'cat /etc/hosts /etc/hostname /etc/passwd | wc -l')
	lines_with=$(inside -e $'HOME=x\nroot2::0:0::/:' -e $'HOSTNAME=h\n1.2.3.4 evil' --label $'a=b\nc' -- \
		sh -c 'cat /etc/hosts /etc/hostname /etc/passwd | wc -l')
	[ "$lines_with" = "$lines_without" ]
}

@test "--dns" {
	run -0 ranby run --rm --network none --dns 10.1.1.1 --dns 2001:DB8::1 --dns-search x.example --dns-option ndots:3 \
		busybox cat /etc/resolv.conf
	[ "$output" = $'nameserver 10.1.1.1\nnameserver 2001:db8::1\nsearch x.example\noptions ndots:3' ] || fail "$output"
	run -0 inside -- cat /etc/resolv.conf
	[ -z "$output" ]
}

@test "--cidfile and --pidfile" {
	ranby run -d --network none --name c --cidfile "$BATS_TEST_TMPDIR/cid" --pidfile "$BATS_TEST_TMPDIR/pid" busybox sleep 100
	[ "$(cat "$BATS_TEST_TMPDIR/cid")" = "$(ranby inspect --format '{{.Id}}' c)" ]
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(ctr_pid c)" ]
	run -125 ranby run --rm --network none --cidfile "$BATS_TEST_TMPDIR/cid" busybox true
	one_error "$BATS_TEST_TMPDIR/cid"
}

@test "--label and --label-file" {
	refused 'label' --label =x
	printf '# c\nfrom=file\nboth=file\n' >"$BATS_TEST_TMPDIR/labels"
	ranby create --name l --network none --label-file "$BATS_TEST_TMPDIR/labels" --label both=option -l empty busybox true
	run -0 ranby inspect --format '{{index .Config.Labels "from"}}|{{index .Config.Labels "both"}}|{{index .Config.Labels "empty"}}' l
	[ "$output" = 'file|option|' ] || fail "$output"
}

# ---- file systems ----

@test "--read-only: the root is, what must be written is not" {
	run -1 inside --read-only -- touch /x
	run -0 inside --read-only -- sh -c 'touch /tmp/a /run/a /var/tmp/a /dev/shm/a'
	run -1 inside --read-only --read-only-tmpfs=false -- touch /tmp/a
	run -0 inside --read-only -v "$BATS_TEST_TMPDIR:/data" -- touch /data/written
	[ -e "$BATS_TEST_TMPDIR/written" ]
}

# a root filesystem of this test's own: made_root DIR
made_root() {
	mkdir -p "$1"/{bin,run/deep/er,tmp,var/tmp,full,etc,proc,dev,sys}
	cp /bin/busybox "$1/bin/sh"
	for applet in cat ls stat find touch grep; do ln -s sh "$1/bin/$applet"; done
	echo pid >"$1/run/deep/er/file"
	chmod 4750 "$1/run/deep/er/file"
	ln -s ../file "$1/run/deep/link"
	mkfifo "$1/run/fifo"
	chmod 1777 "$1/tmp"
	chmod 2710 "$1/full"
	head -c 3000000 /dev/zero >"$1/full/big"
}

@test "--read-only, --tmpfs: they begin with what the image has there" {
	local r=$BATS_TEST_TMPDIR/r
	made_root "$r"
	go() { ranby run --rm --network none "${@:1:$#-1}" --rootfs "$r:O" sh -c "${*: -1}"; }
	run -0 go --read-only 'find /run | sort; cat /run/deep/er/file; stat -c "%a %F" /run /run/deep/er/file /run/fifo /tmp; echo new >/run/deep/er/file; touch /tmp/x'
	[ "$output" = $'/run\n/run/deep\n/run/deep/er\n/run/deep/er/file\n/run/deep/link\n/run/fifo\npid\n755 directory\n4750 regular file\n644 fifo\n1777 directory' ] || fail "$output"
	[ "$(cat "$r/run/deep/er/file")" = pid ]
	run -0 go --tmpfs /full 'stat -c "%a" /full; stat -c %s /full/big'
	[ "$output" = $'2710\n3000000' ]
	run -0 go --tmpfs /full:mode=700,ro 'stat -c %a /full; ls /full; touch /full/x 2>/dev/null || echo ro'
	[ "$output" = $'700\nbig\nro' ]
	run -0 go --tmpfs /full:notmpcopyup 'ls /full | grep -c .; true'
	[ "$output" = 0 ]
	run -0 go --mount type=tmpfs,destination=/full,notmpcopyup 'ls /full | grep -c .; true'
	[ "$output" = 0 ]
	# what is missing in the image begins as a tmpfs does
	run -0 go --tmpfs /new 'stat -c %a /new'
	[ "$output" = 1777 ]
	# no more than fits
	run -125 go --tmpfs /full:size=1m true
	one_error 'No space left'
	nothing_left
}

@test "--tmpfs: what is copied is the image's, whatever its links say" {
	local r=$BATS_TEST_TMPDIR/r host=$BATS_TEST_TMPDIR/host
	made_root "$r"
	mkdir "$host"
	echo secret >"$host/file"
	ln -s "$host" "$r/abs"
	ln -s ../../../../../../../../../../.."$host" "$r/rel"
	ln -s "$host/file" "$r/full/out"
	mkdir -p "$r$host"
	echo inner >"$r$host/inner"
	local at
	for at in abs rel; do
		run -0 ranby run --rm --network none --tmpfs "/$at" --rootfs "$r:O" sh -c "ls /$at/; cat /$at/file 2>/dev/null; true"
		[ "$output" = inner ] || fail "$at: $output"
	done
	run ranby run --rm --network none --tmpfs /full --rootfs "$r:O" sh -c 'cat /full/out'
	[[ $output != *secret* ]]
	# a tree that is too deep is an error, not a crash
	(cd "$r/full" && for _ in $(seq 200); do mkdir d && cd d || exit; done)
	run -125 ranby run --rm --network none --tmpfs /full --rootfs "$r:O" sh -c true
	one_error /full
	rm -rf "$r"
}

@test "--tmpfs: size, mode and flags" {
	run -0 inside --tmpfs /t:size=1m,mode=700 -- sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
	[[ ${lines[0]} == *nosuid*nodev*noexec*size=1024k* && ${lines[1]} == 700 ]] || fail "$output"
	run -0 inside --tmpfs /t:exec -- grep ' /t ' /proc/mounts
	[[ $output != *noexec* ]] || fail "$output"
	refused 'unknown' --tmpfs /t:bogus
	refused 'not a value' --tmpfs /t:size=x
	refused 'exclude each other' --tmpfs /t:ro,rw
}

@test "--volume: bind, read-only all the way down, overlay, missing source" {
	mkdir -p "$BATS_TEST_TMPDIR/src/sub"
	echo host >"$BATS_TEST_TMPDIR/src/f"
	run -0 inside -v "$BATS_TEST_TMPDIR/src:/m" -- sh -c 'cat /m/f; echo new >/m/n; grep " /m " /proc/mounts'
	[[ ${lines[0]} == host && ${lines[1]} == *nosuid*nodev* ]] || fail "$output"
	[ "$(cat "$BATS_TEST_TMPDIR/src/n")" = new ]
	run -1 inside -v "$BATS_TEST_TMPDIR/src:/m:ro" -- touch /m/x
	run -0 inside -v "$BATS_TEST_TMPDIR/src:/m:O" -- sh -c 'echo over >/m/f; cat /m/f'
	[ "$output" = over ] && [ "$(cat "$BATS_TEST_TMPDIR/src/f")" = host ]
	refused 'No such file' -v /nonexistent/dir:/m
	refused 'two mounts' -v "$BATS_TEST_TMPDIR/src:/m" --tmpfs /m
	refused '/proc' -v "$BATS_TEST_TMPDIR/src:/proc"
	refused '/proc' -v "$BATS_TEST_TMPDIR/src:/x/../proc/self"
	refused 'root cannot' -v "$BATS_TEST_TMPDIR/src:/"
}

@test "--volume: a relative source is the caller's" {
	mkdir -p "$BATS_TEST_TMPDIR/rel"
	echo r >"$BATS_TEST_TMPDIR/rel/f"
	cd "$BATS_TEST_TMPDIR"
	run -0 inside -v ./rel:/m -- cat /m/f
	[ "$output" = r ]
}

@test "volumes: filled from the image once, kept, and never overwritten (A17)" {
	image_file=$(inside -- sh -c 'ls /etc | head -n 1')
	run -0 inside -v kept:/etc2 -v filled:/etc -- sh -c "ls /etc; echo mine >/etc/$image_file"
	[[ $output == *"$image_file"* ]] || fail "$output"
	run -0 inside -v filled:/etc -- cat "/etc/$image_file"
	[ "$output" = mine ] || fail "$output"
	# emptied on purpose: it stays empty
	inside -v filled:/v -- sh -c 'rm -r /v/*'
	run -0 inside -v filled:/etc -- ls /etc
	[[ $output != *"$image_file"* || $output == *resolv.conf* ]]
	run -0 inside -v filled:/v -- sh -c "test ! -e /v/$image_file"
	# filled by hand before the image's directory is mounted on
	inside -v own:/v -- sh -c 'echo x >/v/only'
	inside -v own:/bin/../etc/x/.. -v own:/w -- sh -c "test -e /w/only && test ! -e /w/$image_file"
	run -0 inside -v nc:/etc:nocopy -- sh -c "test ! -e /etc/$image_file"
}

@test "volumes: anonymous ones go with the container" {
	inside -v /anon -- sh -c 'echo x >/anon/f'
	run find "$RANBY_ROOT/volumes" -mindepth 1 -maxdepth 1 -regextype egrep -regex '.*/[0-9a-f]{64}'
	[ -z "$output" ] || fail "left: $output"
	refused 'not a name' -v 'bad/name:/x'
}

@test "--mount" {
	mkdir -p "$BATS_TEST_TMPDIR/a,b"
	echo c >"$BATS_TEST_TMPDIR/a,b/f"
	run -1 inside --mount "type=bind,\"src=$BATS_TEST_TMPDIR/a,b\",dst=/m,ro" -- sh -c 'cat /m/f; touch /m/x'
	[ "${lines[0]}" = c ] && [[ $output == *Read-only* ]] || fail "$output"
	run -0 inside --mount type=tmpfs,destination=/t,tmpfs-size=2m,tmpfs-mode=700 -- sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
	[[ ${lines[0]} == *size=2048k* && ${lines[1]} == 700 ]] || fail "$output"
	run -0 inside --mount type=volume,source=mv,target=/t -- sh -c 'touch /t/x'
	[ -d "$RANBY_ROOT/volumes/mv/_data" ]
	refused 'no destination' --mount type=tmpfs
	refused 'not one of bind' --mount type=npipe,src=x,dst=/y
	refused 'unknown' --mount type=tmpfs,dst=/x,nosuch
}

@test "--device: the node, and nothing that is none" {
	run -0 inside --device /dev/null:/dev/also-null -- sh -c 'echo x >/dev/also-null; test -c /dev/also-null'
	refused 'not a device' --device /etc/passwd
	refused 'cannot be restricted' --device /dev/null:/dev/x:r
}

@test "--shm-size" {
	run -0 inside --shm-size 1m -- grep /dev/shm /proc/mounts
	[[ $output == *size=1024k* ]] || fail "$output"
}

@test "--rootfs: a directory as it is" {
	mkdir -p "$BATS_TEST_TMPDIR/root"
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/sh" || skip 'no static busybox'
	run -0 ranby run --rm --network none --rootfs "$BATS_TEST_TMPDIR/root" /sh -c 'echo $0 in'
	[ "$output" = '/sh in' ]
}

# ---- namespaces ----

@test "--userns keep-id: the user is himself" {
	need_ranges
	run -0 inside --userns keep-id -- sh -c 'id -u; id -g; touch /tmp/x; stat -c %u /tmp/x /bin'
	[ "${lines[0]}" = "$(id -u)" ] && [ "${lines[1]}" = "$(id -g)" ] && [ "${lines[2]}" = "$(id -u)" ] || fail "$output"
	[ "${lines[3]}" = 0 ] || fail "the image's files are not root's: $output"
	run -0 inside --userns keep-id:uid=123,gid=456 -- id
	[[ $output == "uid=123($(id -un)) gid=456($(id -un))"* ]] || fail "$output"
	run -0 inside --userns keep-id -u 0 -- id -u
	[ "$output" = 0 ]
	ranby run -qd --name k --network none --userns keep-id busybox sleep 100 >/dev/null
	[ "$(status_field "$(ctr_pid k)" Uid)" = "$(id -u)" ]
}

@test "--userns nomap: the user is not in it" {
	need_ranges
	run -0 inside --userns nomap -- sh -c 'touch /x && stat -c %u /x; awk "{print \$2}" /proc/self/uid_map'
	[ "${lines[0]}" = 0 ] || fail "$output"
	ranby run -qd --name n --network none --userns nomap busybox sleep 100 >/dev/null
	[ "$(status_field "$(ctr_pid n)" Uid)" = "$(sub_first uid)" ]
}

@test "--userns auto: slices that do not meet" {
	need_ranges
	refused 'in a row' --userns auto:size=4000000000
	for name in a b; do
		ranby run -qd --name $name --network none --userns auto:size=2000 busybox sleep 100 >/dev/null
	done
	a=$(status_field "$(ctr_pid a)" Uid) b=$(status_field "$(ctr_pid b)" Uid)
	[ $((a > b ? a - b : b - a)) -ge 2000 ] || fail "$a and $b"
	run -0 inside --userns auto:size=2000 -- sh -c 'awk "{n += \$3} END {print n}" /proc/self/uid_map; touch /x; stat -c %u /x'
	[ "$output" = $'2000\n0' ] || fail "$output"
}

@test "--uidmap: as asked, in lines that the kernel takes" {
	need_ranges
	refused 'overlaps' --uidmap 0:1:10 --uidmap 5:20:10
	refused 'not all of these' --uidmap 0:0:4000000000
	refused 'exclude each other' --userns keep-id --uidmap 0:0:1
	refused 'not one of' --userns nosuch
	run -0 inside --uidmap 0:1:1001 --uidmap 2000:0:1 --gidmap 0:0:1100 -- sh -c 'id -u; wc -l </proc/self/uid_map'
	[ "$output" = $'0\n2' ] || fail "$output"
	ranby run -qd --name m --network none --uidmap 0:0:1 --uidmap "1:@$(sub_first uid):2000" busybox sleep 100 >/dev/null
	[ "$(status_field "$(ctr_pid m)" Uid)" = "$(id -u)" ]
	run -0 ranby exec -u 2000 m id -u
	[ "$output" = 2000 ]
}

@test "a user and a group outside the map are refused" {
	need_ranges
	refused 'not in the container' --userns auto:size=1500 -u 3000
	refused 'not in the container' --userns auto:size=1500 --group-add 5000
}

@test "--pid, --ipc, --uts host: the host's namespace and no other" {
	here() { readlink "/proc/self/ns/$1"; }
	for ns in pid ipc uts; do
		run -0 inside "--$ns" host -- readlink "/proc/self/ns/$ns"
		[ "$output" = "$(here $ns)" ] || fail "$ns: $output"
		run -0 inside -- readlink "/proc/self/ns/$ns"
		[ "$output" != "$(here $ns)" ] || fail "$ns"
	done
	run -0 ranby run --rm --network host busybox readlink /proc/self/ns/net
	[ "$output" = "$(here net)" ]
	for ns in user mnt cgroup net; do
		run -0 inside --pid host --ipc host -- readlink "/proc/self/ns/$ns"
		[ "$output" != "$(here $ns)" ] || fail "$ns"
	done
	refused 'no such container' --pid container:x
}

# ---- confinement ----

@test "--cap-add, --cap-drop: as the kernel has them" {
	caps() { inside "$@" -- grep ^Cap /proc/self/status | awk '{print $2}' | tr '\n' ' '; }
	none=0000000000000000
	[ "$(caps)" = "$none 00000000800405fb 00000000800405fb 00000000800405fb $none " ] || fail "$(caps)"
	[ "$(caps --cap-drop all)" = "$none $none $none $none $none " ]
	[ "$(caps --cap-drop all --cap-add chown,CAP_KILL)" = "$none 0000000000000021 0000000000000021 0000000000000021 $none " ]
	[ "$(caps -u 1000)" = "$none $none $none 00000000800405fb $none " ] || fail "$(caps -u 1000)"
	[ "$(caps -u 1000 --cap-add net_raw)" = "$none $none $none 00000000800425fb $none " ]
	refused 'no such capability' --cap-add nosuch
	refused 'same capability' --cap-add kill --cap-drop kill
}

@test "--security-opt: applied or refused" {
	field() { inside "${@:2}" -- awk -v f="$1:" '$1 == f {print $2}' /proc/self/status; }
	[ "$(field NoNewPrivs)" = 0 ]
	[ "$(field NoNewPrivs --security-opt no-new-privileges)" = 1 ]
	[ "$(field NoNewPrivs --security-opt no-new-privileges:false)" = 0 ]
	[ "$(field Seccomp)" = 2 ]
	[ "$(field Seccomp --security-opt seccomp=unconfined)" = 0 ]
	printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >"$BATS_TEST_TMPDIR/p.json"
	run -1 inside --security-opt "seccomp=$BATS_TEST_TMPDIR/p.json" -- mkdir /x
	sed -i 's/ERRNO/ALLOW/; s/,"errnoRet":1//' "$BATS_TEST_TMPDIR/p.json"
	run -0 inside --security-opt "seccomp=$BATS_TEST_TMPDIR/p.json" -- mkdir /x
	refused 'No such file' --security-opt seccomp=/nonexistent
	refused 'unknown' --security-opt nosuch=1
	refused 'SELinux' --security-opt label=type:foo_t
	inside --security-opt label=disable --security-opt apparmor=unconfined -- true
	echo '{' >"$BATS_TEST_TMPDIR/bad.json"
	refused 'bad.json' --security-opt "seccomp=$BATS_TEST_TMPDIR/bad.json"
}

@test "masked and read-only paths, mask= and unmask=" {
	run -0 inside -- sh -c 'wc -c </proc/keys; ls /sys/firmware | wc -l'
	[ "$output" = $'0\n0' ] || fail "$output"
	run -1 inside --cap-add net_admin -- sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	run -0 inside --cap-add net_admin --security-opt unmask=/proc/sys -- sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	run -0 inside --security-opt mask=/proc/meminfo -- sh -c 'wc -c </proc/meminfo'
	[ "$output" = 0 ]
}

@test "--sysctl: the container's own only (A27)" {
	run -0 inside --sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl kernel.shmmax=4096 -- \
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmax
	[ "$output" = $'0\n4096' ] || fail "$output"
	for bad in kernel.core_pattern=x vm.swappiness=1 'kernel.shmmax=1+kernel.core_pattern=x' $'kernel.shmmax=1\nkernel.core_pattern=x' \
		kernel/../kernel/core_pattern=x net..ipv4=1 /net/x=1 kernel.shmmax 'net.ipv4.ip_forward=1=2'; do
		run -125 ranby run --rm --network none --sysctl "$bad" busybox true
		[[ $output == Error:*sysctl* ]] || fail "$bad: $output"
	done
	run -125 ranby run --rm --network host --sysctl net.ipv4.ip_forward=1 busybox true
	one_error 'shares the host'
}

# bats test_tags=vm
@test "A37: --privileged: all capabilities in its own namespaces, no filter" {
	run -0 inside --privileged -- grep -E '^(CapEff|CapBnd|Seccomp|CapInh):' /proc/self/status
	[[ $output == *$'CapInh:\t0000000000000000'* && $output == *$'CapEff:\t000001ffffffffff'* && $output == *$'Seccomp:\t0'* ]] || fail "$output"
}

@test "limits where no cgroup is delegated: refused, with the option and the reason" {
	[ "$(ranby info --format '{{.host.cgroupManager}}')" = none ] || skip 'limits can be set here: tests/vm/limits.bats shows them'
	for option in --memory=1g -m1g --memory-reservation=1g --cpus=1 --pids-limit=10 --cpu-shares=5 -c5 --cpu-quota=5000 --cpu-period=5000 \
		--cpuset-cpus=0 --cpuset-mems=0 --blkio-weight=100 --cgroup-conf=memory.high=1g --cgroup-parent=x.slice; do
		refused 'cgroup' "$option"
	done
	refused --memory --memory 1g --memory-swap 2g
	run -0 inside --pids-limit=-1 --memory=0 -- true
}

@test "limits that make no sense are refused before anything is made" {
	refused '--memory-swap needs --memory' --memory-swap 1g
	refused 'less than --memory' --memory 1g --memory-swap 512m
	refused 'exclude each other' --cpus 1 --cpu-quota 5000
	refused 'exclude each other' --pids-limit 5 --cgroups disabled
	for bad in --memory=x --memory=1 --memory-swap=x --cpus=-1 --cpus=1.x --cpus=0.001 --cpu-shares=1 --cpu-period=1 --cpu-quota=1 --cpuset-cpus=a --cpuset-cpus= \
		--cpuset-mems=0.1 --pids-limit=many --blkio-weight=5000 --cgroup-parent=x --cgroup-parent=../x.slice --cgroup-conf=x \
		--cgroup-conf=cgroup.procs=1 --cgroup-conf=../memory.max=1; do
		run -125 ranby run --rm --network none "$bad" busybox true
		[[ $output == "Error: ${bad%%=*}"* ]] || fail "$bad: $output"
	done
	for option in --memory-swappiness=5 --oom-kill-disable --cpu-rt-period=5 --cpu-rt-runtime=5 --device-read-bps=/dev/sda:1; do
		refused 'cgroup' "$option"
	done
	nothing_left
}

@test "what this version does not do is refused" {
	for option in --pod=x --secret=y --health-log-destination=events_logger --gpus=x/y --ip=1.2.3.4; do
		run -125 ranby run --rm "$option" busybox true
		one_error ''
	done
	nothing_left
}

@test "an unknown option names the nearest" {
	run -125 ranby run --rm --volumee a:b busybox true
	one_error volumee
	[[ $output == *--volume* ]] || fail "$output"
}

# ---- network ----

need_pasta() {
	need_program pasta
	[ -w /dev/net/tun ] || skip '/dev/net/tun cannot be opened by this user'
}

# free_range N: the first of N TCP ports of 127.0.0.1 in a row that nobody has now.
free_range() {
	python3 - "$1" <<-'PY'
		import socket, sys
		def taken(port):
		    s = socket.socket()
		    s.bind(("127.0.0.1", port))
		    return s
		while True:
		    try:
		        held = [taken(0)]
		        first = held[0].getsockname()[1]
		        held += [taken(first + n) for n in range(1, int(sys.argv[1]))]
		        break
		    except (OSError, OverflowError):
		        pass
		print(first)
	PY
}

@test "--network none: a namespace with lo alone" {
	run -0 inside -- sh -c 'ls /sys/class/net; ip addr show lo'
	[[ ${lines[0]} == lo && ${lines[1]} == *,UP,* && $output == *127.0.0.1/8* ]] || fail "$output"
	refused 'excludes other networks' --network nosuch
	run -125 ranby run --rm --network nosuch busybox true
	one_error nosuch
	run -125 ranby run --rm --network none --publish 8080:80 busybox true
	one_error 'not possible'
}

@test "pasta: the default; published ports, and the host's loopback out of reach (A34)" {
	need_pasta
	run -0 ranby run --rm busybox sh -c 'ls /sys/class/net'
	[[ $output == *lo* && $(wc -w <<<"$output") -ge 2 ]] || fail "$output"
	port=$(free_range 3)
	ranby run -qd --name web -p "127.0.0.1:$port:80" -p "127.0.0.1:$((port + 1))-$((port + 2)):81-82" busybox \
		sh -c 'for p in 80 81 82; do nc -ll -p $p -e echo port $p & done; sleep 100' >/dev/null
	answer() { exec 5<>"/dev/tcp/127.0.0.1/$1" && head -n 1 <&5; }
	says() { [ "$(answer "$1" 2>/dev/null)" = "$2" ]; }
	wait_for 30 says "$port" 'port 80'
	wait_for 30 says $((port + 2)) 'port 82'
	# a server on the host's loopback cannot be reached from inside
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
		$| = 1; print $s->sockport, "\n"; while ($c = $s->accept) { print $c "reached\n"; close $c }' >"$BATS_TEST_TMPDIR/port" 3>&- &
	server=$!
	wait_for 30 test -s "$BATS_TEST_TMPDIR/port"
	hosts=$(<"$BATS_TEST_TMPDIR/port")
	says "$hosts" reached
	gateway=$(ranby exec web sh -c "ip route | awk '/default/ {print \$3}'")
	for address in 127.0.0.1 "$gateway"; do
		run ranby exec web timeout 2 nc -w 1 "$address" "$hosts"
		[[ $output != *reached* ]] || fail "$address reached the host's loopback"
	done
	kill $server
	helper=$(pgrep -u "$(id -u)" -f "pasta.*127.0.0.1/$port:80")
	ranby stop -t 0 web >/dev/null
	gone() { ! kill -0 "$helper" 2>/dev/null; }
	wait_for 30 gone
}

@test "-p PORT and -P: free ports of the host" {
	need_pasta
	ranby create --name f -p 80 -P --expose 90 busybox true >/dev/null
	run -0 ranby inspect --format '{{json .NetworkSettings.Ports}}' f
	[[ $output == *'"80/tcp"'* && $output == *'"90/tcp"'* ]] || fail "$output"
	run -125 ranby run --rm -p 70000:80 busybox true
	one_error 'publish'
	run -125 ranby run --rm -p 1-3:1-2 busybox true
	one_error 'differ'
}
