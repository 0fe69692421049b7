#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# top, map and whois: what they say equals what the kernel says to somebody
# else, whatever the container does about it.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }

teardown() {
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	if [ -n "${PODMAN_NAME:-}" ]; then
		podman rm -f -t 0 "$PODMAN_NAME" >/dev/null 2>&1 || true
		podman system migrate >/dev/null 2>&1 || true # ends its pause process
	fi
}

# A root directory of our own: busybox, and whatever the test adds. Root of the container may write in it.
make_root() {
	ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT"/{bin,etc,proc,dev,sys,tmp,run,lib}
	cp /bin/busybox "$ROOT/bin/busybox"
	local applet
	for applet in sh sleep id cat; do ln -sf busybox "$ROOT/bin/$applet"; done
	printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$ROOT/etc/passwd"
	printf 'root:x:0:\n' >"$ROOT/etc/group"
}

json() { ranby top --format json "$@"; }

# clean_bytes: stdin holds no byte and no character that could move a cursor.
clean_bytes() {
	python3 -c '
import sys
bad = [c for c in sys.stdin.buffer.read().decode() if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or ord(c) in (0x202e, 0x2066)]
sys.exit(f"control characters: {bad}" if bad else 0)'
}

@test "every value equals what an independent reader of /proc says, for init, exec and sub-namespaces" {
	need_program python3
	ranby run -d --name web --privileged busybox sh -c 'unshare -p -f sleep 1002 & sleep 1000; :' >/dev/null
	ranby exec -d web sleep 1001
	ranby exec -d -u nobody web sleep 1003
	# all are what they are to become
	six() { [ "$(ranby top --noheading web comm | sort | xargs)" = 'sh sleep sleep sleep sleep unshare' ]; }
	wait_for 30 six
	"$RANBY_TREE/tests/proc-reader" "$(ctr_pid web)" >"$BATS_TEST_TMPDIR/want"
	json web hpid,pid,huid,hgid,uid,gid,hgroups,seccomp,filters,nnp,rss,auid,ses,label,userns,pidns,mntns,uidmap,capeff \
		>"$BATS_TEST_TMPDIR/got"
	python3 - "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" <<-'CHECK'
		import json, sys
		want = json.load(open(sys.argv[1]))
		got = {str(row.pop("hpid")): row for row in json.load(open(sys.argv[2]))}
		assert want.keys() == got.keys(), (sorted(want), sorted(got))
		for pid, row in got.items():
		    row["hgroups"] = [g["id"] for g in row["hgroups"]]
		    row["rss_is_there"] = row.pop("rss") > 0
		    row["cap_eff_count"] = len(row.pop("capeff"))
		    assert row == want[pid], (pid, row, want[pid])
		assert len({row["pidns"] for row in got.values()}) == 2, "no sub-namespace was there"
		assert len({row["uid"] for row in got.values()}) == 2, "exec -u was not there"
	CHECK
}

@test "profile and profilehash: what the bundle has, and unconfined for whom the kernel says that nothing filters" {
	ranby run -d --name web --network none busybox sleep 1000 >/dev/null
	ranby run -d --name free --network none --security-opt seccomp=unconfined busybox sleep 1000 >/dev/null
	local hash
	hash=$(python3 - "$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' web)/config.json" <<-'RAW'
		import hashlib, json, sys
		text = open(sys.argv[1]).read()
		at = text.index('"seccomp":') + len('"seccomp":')
		print(hashlib.sha256(text[at:json.JSONDecoder().raw_decode(text, at)[1]].encode()).hexdigest())
	RAW
	)
	run -0 ranby top --noheading web profile profilehash
	[[ ${lines[0]} == "default "*" $hash" ]] || fail "$output is not $hash"
	run -0 ranby top --noheading free profile profilehash
	[[ ${lines[0]} =~ ^unconfined\ +none$ ]] || fail "$output"
	[ "$(status_field "$(ctr_pid free)" Seccomp)" = 0 ]
}

@test "huser and hgroup: the number, and the name where the host knows one" {
	need_ranges
	ranby run -d --name web busybox sleep 1000 >/dev/null
	ranby exec -d -u nobody web sleep 1001
	wait_for 30 bash -c "$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN top web comm,uid | grep -q 65534"
	run -0 ranby top web huser hgroup user uid
	[[ ${lines[0]} =~ ^HUSER\ +HGROUP\ +USER\ +UID$ ]]
	[[ ${lines[1]} =~ ^$(id -u)\($(id -un)\)\ +$(id -g)\($(id -gn)\)\ +root\ +0$ ]]
	[[ ${lines[2]} =~ ^$(($(sub_first uid) + 65533))\ .*\ nobody\ +65534$ ]]
}

@test "an image that names the caller's IDs does not influence HUSER, and podman's it does" {
	need_ranges
	make_root
	printf 'root:x:0:0::/:/bin/sh\nceo-alice:x:%d:%d::/:/bin/sh\npayroll:x:%d:0::/:/bin/sh\n' \
		"$(id -u)" "$(id -g)" "$(sub_first uid)" >"$ROOT/etc/passwd"
	printf 'root:x:0:\nceo-group:x:%d:\n' "$(id -g)" >"$ROOT/etc/group"
	ranby run -d --name web --network none --rootfs "$ROOT" /bin/sleep 1000 >/dev/null
	run -0 ranby top web huser hgroup luser howner
	[[ $output != *ceo* ]]
	[[ $output != *payroll* ]]
	[[ ${lines[1]} == "$(id -u)($(id -un))"* ]]

	need_program podman
	# crun 1.8 refuses hybrid cgroups, runc does not
	PODMAN_NAME=ranby-spoof-$$
	podman --cgroup-manager cgroupfs --runtime runc run -d --name "$PODMAN_NAME" --network none --rootfs "$ROOT" \
		/bin/sleep 1000 >/dev/null 2>&1 || skip 'ours is right; podman does not run here to be shown wrong'
	run -0 podman top "$PODMAN_NAME" huser hgroup
	[[ $output == *ceo-alice* ]] || fail 'podman is not fooled any more: change the documentation' "$output"
}

@test "nothing of the container is executed, loaded or entered" {
	need_program strace
	make_root
	local tool
	for tool in ps nsenter getent id ld.so; do
		rm -f "$ROOT/bin/$tool" # a link to busybox
		printf '#!/bin/sh\necho trojan >/tmp/trojan\n' >"$ROOT/bin/$tool"
		chmod +x "$ROOT/bin/$tool"
	done
	cp "$ROOT/bin/busybox" "$ROOT/lib/libnss_files.so.2"
	printf 'passwd: trojan\n' >"$ROOT/etc/nsswitch.conf"
	ranby run -d --name web --network none --rootfs "$ROOT" /bin/sleep 1000 >/dev/null
	local trace=$BATS_TEST_TMPDIR/trace args
	no_leak_check
	for args in 'web' 'web huser,user,groups,label,uidmap' 'web -ef' 'web -o pid,user'; do
		# shellcheck disable=SC2086 # several words
		strace -f -o "$trace" -e trace=execve,execveat,openat,openat2,open,setns,unshare,chroot,mmap \
			"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" top $args >/dev/null 2>&1
		! grep -E 'setns\(|unshare\(|chroot\(' "$trace" || fail "top $args enters something"
		# ranby itself, and the host's ps when it was asked for
		case $args in
		*-*) [ "$(grep -cE 'exec(ve|veat)\(' "$trace")" -le 2 ] ;;
		*) [ "$(grep -cE 'exec(ve|veat)\(' "$trace")" = 1 ] ;;
		esac
		! grep -E "$ROOT" "$trace" || fail "top $args opens the root by its path"
		# through the container's root only the two texts
		! grep -E 'openat2\(' "$trace" | grep -E 'RESOLVE_IN_ROOT' | grep -vE '"etc/(passwd|group)"' ||
			fail "top $args reads something else in the container"
	done
	[ ! -e "$ROOT/tmp/trojan" ]
	run ! ranby exec web cat /tmp/trojan
}

@test "a passwd that is a FIFO, a device, a link to the host, huge or binary: at most the names are missing" {
	make_root
	ranby run -d --name web --network none --rootfs "$ROOT" /bin/sleep 1000 >/dev/null
	local make
	for make in 'mkfifo "$F"' 'ln -s /dev/zero "$F"' 'ln -s /proc/self/mem "$F"' 'mkdir "$F"' 'ln -s passwd "$F"' \
		'truncate -s 1G "$F"' 'head -c 3000000 /dev/zero | tr "\0" a >"$F"' 'printf "root:x:0:0\0:evil\n" >"$F"' \
		'ln -s ../../../../../../etc/hostname "$F"' 'ln -s /proc/1/root/etc/passwd "$F"'; do
		rm -rf "$ROOT/etc/passwd"
		F=$ROOT/etc/passwd bash -c "$make"
		run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" top --noheading web user uid
		[[ $output =~ ^0\ +0$ ]] || fail "$make:" "$output"
	done
}

@test "a file system of the container that never answers does not make top wait" {
	need_program python3
	make_root
	ranby run -d --name web --network none --rootfs "$ROOT" /bin/sleep 1000 >/dev/null
	# as the container's root could, with /dev/fuse and the right to mount: over its /etc, served by nobody
	python3 - "$(ctr_pid web)" >"$BATS_TEST_TMPDIR/mounted" 3>&- <<-'SERVER' &
		import ctypes, os, sys, time
		libc = ctypes.CDLL(None, use_errno=True)
		user, mnt = (os.open(f"/proc/{sys.argv[1]}/ns/{ns}", os.O_RDONLY) for ns in ("user", "mnt"))
		assert libc.setns(user, 0) == 0
		os.setresgid(0, 0, 0)
		os.setresuid(0, 0, 0)
		dev = os.open("/dev/fuse", os.O_RDWR)
		assert libc.setns(mnt, 0) == 0
		assert libc.mount(b"x", b"/etc", b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % dev) == 0
		print("mounted", flush=True)
		time.sleep(110)
	SERVER
	local server=$!
	mounted_or_ended() { [ -s "$BATS_TEST_TMPDIR/mounted" ] || ! kill -0 "$server" 2>/dev/null; }
	wait_for 30 mounted_or_ended
	[ -s "$BATS_TEST_TMPDIR/mounted" ] || skip 'FUSE cannot be mounted here'
	run timeout 1 cat "/proc/$(ctr_pid web)/root/etc/passwd"
	[ "$status" = 124 ] || fail 'the trap does not work: a plain reader did not wait'
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" top --noheading web user uid
	kill "$server"
	# the server is in the container's user namespace, and so it is listed
	[[ ${#lines[@]} = 2 && ${lines[0]} =~ ^0\ +0$ ]] || fail "$output"
}

@test "control bytes in names and arguments are escaped in every form" {
	# made inside: a bundle is JSON and cannot hold all of these bytes
	local inner='printf "\033]0;x\007\n)" >/proc/$$/comm; sleep 1000; :'
	ranby run -d --name web -e "INNER=$inner" busybox \
		sh -c 'exec sh -c "$INNER" "$(printf "a\033[2J\302\233\342\200\256b\377")"' >/dev/null
	wait_for 30 bash -c "$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN top web args | grep -q 2J"
	local form
	for form in 'web comm args' '--format json web comm args' '--format {{.comm}}{{.args}} web' 'web -ef' 'web -eo comm,args'; do
		# shellcheck disable=SC2086 # several words
		ranby top $form 2>/dev/null >"$BATS_TEST_TMPDIR/out"
		grep -q 2J "$BATS_TEST_TMPDIR/out" || [[ $form == *ps* ]] || [[ $form == *-e* ]]
		clean_bytes <"$BATS_TEST_TMPDIR/out"
	done
	# JSON stays JSON
	json web comm args | python3 -m json.tool >/dev/null
}

@test "an unknown descriptor is an error with a suggestion; nothing is shown" {
	ranby run -d --name web busybox sleep 1000 >/dev/null
	run -125 ranby top web pid husr
	one_error 'unknown descriptor "husr"'
	[[ $output == *'"huser"'* ]]
	[[ $output != *PID* ]]
}

@test "not running, no such container, nothing to sort by" {
	ranby create --name made busybox true >/dev/null
	run -125 ranby top made
	one_error 'top can only be used on running containers'
	run -125 ranby top nosuch
	one_error 'no such container'
	ranby run -d --name web busybox sleep 1000 >/dev/null
	run -125 ranby top --sort rss web pid
	one_error 'cannot sort by "rss"'
	run -125 ranby top pid huser
	one_error 'no such container'
	[[ $output == *'top --all pid'* ]]
}

@test "all containers, several, the latest: the container's name comes first" {
	ranby run -d --name one busybox sleep 1000 >/dev/null
	ranby run -d --name two busybox sleep 1000 >/dev/null
	ranby create --name three busybox true >/dev/null
	run -0 ranby top
	[[ ${lines[0]} == CONTAINER*USER*PID*PPID*%CPU*ELAPSED*TTY*TIME*COMMAND ]]
	[[ ${lines[1]} == one*sleep\ 1000 && ${lines[2]} == two*sleep\ 1000 && ${#lines[@]} = 3 ]]
	run -0 ranby top --all --noheading pid,comm
	[ "${#lines[@]}" = 2 ]
	run -0 ranby top two one comm
	[[ ${lines[1]} =~ ^two\ +sleep$ && ${lines[2]} =~ ^one\ +sleep$ ]]
	ranby rm three
	run -0 ranby top -l ctr
	[ "${lines[1]}" = two ]
}

@test "ps options go to the host's ps, restricted to the container, and stderr says so" {
	ranby run -d --name web busybox sleep 1000 >/dev/null
	ranby run -d --name other busybox sleep 2000 >/dev/null
	local pid
	pid=$(ctr_pid web)
	run -0 --separate-stderr ranby top web -eo pid,args
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} =~ ^\ *$pid\ sleep\ 1000$ ]]
	[[ $stderr == *"the host's"* ]]
	run -0 --separate-stderr ranby top web aux
	[[ ${#lines[@]} = 2 && ${lines[0]} == USER*PID* && ${lines[1]} == *sleep\ 1000 ]]
	run -0 --separate-stderr ranby top web -o comm=
	[ "$output" = sleep ]
	run -125 ranby top web -e --no-such-option
	one_error 'ps:'
}

@test "--pid=host: the container's processes and no others, and stderr says how they were told" {
	ranby run -d --name web --pid host busybox sleep 1000 >/dev/null || skip 'no --pid=host here'
	run -0 --separate-stderr ranby top --noheading web hpid pid args
	[ "${#lines[@]}" = 1 ]
	[[ ${lines[0]} =~ ^$(ctr_pid web)\ +$(ctr_pid web)\ +sleep\ 1000$ ]]
	[[ $stderr == *'user namespace'* ]]
}

@test "map: the kernel's map, the keeper's IDs, the owner; recorded when it is stopped" {
	need_ranges
	ranby run -d --name web busybox sleep 1000 >/dev/null
	local pid sub
	pid=$(ctr_pid web)
	sub=$(sub_first uid)
	ranby map --format json web >"$BATS_TEST_TMPDIR/map"
	python3 - "$BATS_TEST_TMPDIR/map" "/proc/$pid/uid_map" "$(id -un)" <<-'CHECK'
		import json, sys
		view = json.load(open(sys.argv[1]))[0]
		kernel = [tuple(map(int, l.split())) for l in open(sys.argv[2])]
		def ids(rows):
		    return {a + i: b + i for a, b, n in rows for i in range(n)}
		mapped = view["uid"]["mapped"]
		assert view["source"] == "kernel"
		assert ids(kernel) == ids([(m["container"], m["host"], m["count"]) for m in mapped])
		assert mapped[0]["hostName"] == sys.argv[3] and mapped[0]["keeper"] == 0
		assert mapped[1]["rangeOwner"] == sys.argv[3] and mapped[1]["keeper"] == 1 and mapped[1]["rangeOffset"] == 0
		gaps = sum(g["to"] - g["from"] + 1 for g in view["uid"]["unmapped"])
		assert gaps + sum(m["count"] for m in mapped) == 2**32 - 1
	CHECK
	# the keeper's ids, which the kernel tells in its namespace, are not taken for the host's
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" unshare "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" map --format json web \
		>"$BATS_TEST_TMPDIR/within"
	diff <(jq -S '.[0] | .uid.mapped, .gid.mapped' "$BATS_TEST_TMPDIR/map") <(jq -S '.[0] | .uid.mapped, .gid.mapped' "$BATS_TEST_TMPDIR/within")
	run -0 env COLUMNS=100 LANG=C.UTF-8 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" map web
	[[ $output == *"as the kernel has it now"* && $output == *"│ $(id -u) "* && $output == *"│ $sub "* ]]
	run -0 env COLUMNS=100 LC_ALL=C "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" map web
	LC_ALL=C grep -qv '[^ -~]' <<<"$output"
	ranby stop --time 0 web >/dev/null
	run -0 ranby map web
	[[ $output == *"as it was recorded"* ]]
	ranby create --name never busybox true >/dev/null
	run -125 ranby map never
	one_error 'never started'
	run -0 ranby map
	[[ $output == *"$(id -un)"* ]]
}

@test "whois: an ID, a process, a file" {
	need_ranges
	ranby run -d --name web -v "$BATS_TEST_TMPDIR:/v" busybox sh -c 'echo x >/v/file; chown nobody /v/file; sleep 1000' >/dev/null
	wait_for 30 test -s "$BATS_TEST_TMPDIR/file"
	local sub
	sub=$(($(sub_first uid) + 65533))
	run -0 ranby whois "uid:$sub"
	[[ $output == *"a subordinate user ID of $(id -un)"* && $output == *'[kernel]'*'user 65534 "nobody" in web'* ]]
	run -0 ranby whois "pid:$(ctr_pid web)"
	[[ $output == *"in container web, on the host user $(id -u)($(id -un))"* ]]
	[[ $output == *"login user"* ]]
	wait_for 30 bash -c "[ \$(stat -c %u '$BATS_TEST_TMPDIR/file') = $sub ]"
	run -0 ranby whois "$BATS_TEST_TMPDIR/file"
	[[ $output == *"owned by user $sub"* && $output == *'in web'* ]]
	run -0 ranby whois --format json uid:0
	[[ $(python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["facts"][0]["source"])' <<<"$output") == "host users" ]]
	ranby stop --time 0 web >/dev/null
	run -0 ranby whois "uid:$sub"
	[[ $output == *'[recorded]'*'in web'*'exited'* ]]
	run -125 ranby whois no-such-user
	one_error 'no such user'
}
