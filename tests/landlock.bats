#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --security-opt landlock=: what a payload can do is asked of the kernel, by
# doing it; what is reported is compared with the kernel's own answer.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	ABI=$("$RANBY_TREE/tests/landlock-abi")
	export ABI
}
teardown_file() { ranby_teardown_file; }

need_abi() { [ "$ABI" -ge "$1" ] || skip "this kernel has Landlock ABI $ABI, not $1"; }

@test "ro-rootfs: root of the container changes no file of the image, and does change what is mounted for it" {
	need_abi 3
	local here=$BATS_TEST_TMPDIR/data
	mkdir "$here"
	chmod 777 "$here"
	local script='
		echo x >/etc/new; mkdir /new; rm /bin/sh; mv /bin/cat /bin/dog; echo -n >/etc/passwd; ln -s a /etc/b; truncate -s 0 /etc/group
		for d in /tmp /var/tmp /dev/shm /data; do mkdir -p $d && echo x >$d/x && rm $d/x && echo written $d; done
		wc -c </etc/passwd; cat /etc/group >/dev/null && echo read'
	run -0 ranby run --rm --network=none -v "$here:/data" busybox sh -c "mkdir -p /var/tmp; $script" 2>/dev/null
	grep -q '^0$' <<<"$output"
	run -0 --separate-stderr ranby run --rm --network=none --security-opt landlock=ro-rootfs -v "$here:/data" --tmpfs /var/tmp busybox sh -c "$script"
	[ "$(grep -c written <<<"$output")" = 4 ] || fail "$output" "$stderr"
	grep -q '^read$' <<<"$output"
	[ "$(grep -x '[0-9]*' <<<"$output")" -gt 0 ]
	[ "$(grep -c 'Permission denied' <<<"$stderr")" -ge 7 ] || fail "$stderr"
}

@test "it holds for another user, with no_new_privs, without a seccomp filter, and for exec" {
	need_abi 3
	need_ranges
	local more
	for more in '-u 1000' '--security-opt no-new-privileges' '-u 1000 --security-opt no-new-privileges' '--security-opt seccomp=unconfined' --privileged '--userns keep-id'; do
		# shellcheck disable=SC2086 # words
		run -1 ranby run --rm --network=none $more --security-opt landlock=ro-rootfs busybox sh -c 'echo in >/tmp/x && cat /tmp/x && umount /proc/nothing; echo x >/etc/new'
		grep -q '^in$' <<<"$output" || fail "$more: $output"
		grep -q 'denied' <<<"$output" || fail "$more: $output"
	done
	run -0 ranby run -d --name held --network=none --security-opt landlock=ro-rootfs busybox sleep 100
	run -1 ranby exec held sh -c 'echo x >/etc/new'
	[[ $output == *denied* ]]
	run -0 ranby exec held sh -c 'echo x >/tmp/new; cat /tmp/new'
	ranby rm -f -t 0 held
}

@test "a profile of one's own: read, execute, write, each where it says and nowhere else; a second one is inside the first" {
	need_abi 3
	cat >"$BATS_TEST_TMPDIR/own.json" <<-'JSON'
		{"exec": ["/bin"], "ro": ["/etc/passwd", "/proc", "/nowhere"], "rw": ["/tmp", "/dev/null"]}
	JSON
	local opt="landlock=$BATS_TEST_TMPDIR/own.json"
	run -0 ranby run --rm --network=none --security-opt "$opt" busybox cat /etc/passwd
	[[ $output == root:* ]]
	run -1 ranby run --rm --network=none --security-opt "$opt" busybox cat /etc/group
	[[ $output == *denied* ]]
	run -126 ranby run --rm --network=none --security-opt "$opt" busybox sh -c 'cp /bin/busybox /tmp/b && echo x >/dev/null && /tmp/b true'
	[ "$output" = 'sh: /tmp/b: Permission denied' ] || fail "$output"
	echo '{"exec": ["/"]}' >"$BATS_TEST_TMPDIR/exec.json"
	run -1 ranby run --rm --network=none --security-opt "$opt" --security-opt "landlock=$BATS_TEST_TMPDIR/exec.json" busybox sh -c 'echo x >/tmp/x'
	[[ $output == *denied* ]]
	# what may be executed does not name the command
	echo '{"exec": ["/sbin"]}' >"$BATS_TEST_TMPDIR/exec.json"
	run -126 ranby run --rm --network=none --security-opt "landlock=$BATS_TEST_TMPDIR/exec.json" busybox true
	one_error 'ermission denied'
	nothing_left
}

@test "no-network: no TCP port, be the network the host's" {
	need_abi 4
	local port
	port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
	python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 3>&- &
	local server=$!
	wait_for 30 bash -c "echo >/dev/tcp/127.0.0.1/$port" 2>/dev/null
	local get=(busybox wget -q -O /dev/null "http://127.0.0.1:$port/")
	run -0 ranby run --rm --network=host "${get[@]}"
	run -1 ranby run --rm --network=host --security-opt landlock=no-network "${get[@]}"
	[[ $output == *denied* ]]
	echo "{\"connect\": [$port], \"bind\": []}" >"$BATS_TEST_TMPDIR/one.json"
	run -0 ranby run --rm --network=host --security-opt "landlock=$BATS_TEST_TMPDIR/one.json" "${get[@]}"
	kill "$server"
	run -1 ranby run --rm --network=none --security-opt "landlock=$BATS_TEST_TMPDIR/one.json" busybox timeout 2 nc -l -p 4000
	[[ $output == *denied* ]]
}

@test "isolated: a process of the same user outside gets no signal, be its pid namespace the container's" {
	need_abi 6
	sleep 100 3>&- &
	local outside=$!
	run -0 ranby run --rm --network=none --pid=host busybox kill -0 "$outside"
	run -1 ranby run --rm --network=none --pid=host --security-opt landlock=isolated busybox kill -0 "$outside"
	[[ $output == *'not permitted'* ]]
	run -0 ranby run --rm --network=none --pid=host --security-opt landlock=isolated busybox sh -c 'sleep 5 & kill $!'
	kill "$outside"
}

@test "what cannot hold is an error: unknown names and keys, paths that are none, a profile that restricts nothing" {
	local text
	run -125 ranby run --rm --network=none --security-opt landlock=nosuch busybox true
	one_error nosuch
	run -125 ranby run --rm --network=none --security-opt landlock= busybox true
	one_error unconfined
	run -125 ranby run --rm --network=none --security-opt landlock=/nowhere.json busybox true
	one_error /nowhere.json
	for text in '{}' '[]' '{"ro": "/"}' '{"ro": ["etc"]}' '{"ro": ["/a/../b"]}' '{"wr": []}' '{"bind": [65536]}' '{"scope": ["all"]}' '{"ro": ["/"'; do
		echo "$text" >"$BATS_TEST_TMPDIR/bad.json"
		run -125 ranby run --rm --network=none --security-opt "landlock=$BATS_TEST_TMPDIR/bad.json" busybox true
		one_error bad.json
	done
	run -125 ranby run --rm --network=none --annotation 'org.ranby.landlock=[]' busybox true
	one_error 'use --security-opt landlock='
	nothing_left
}

@test "a kernel without Landlock, or with an older one: an error, before anything is made" {
	need_program strace
	no_leak_check
	# the kernel's answer to who asks for its version, and to who asks for a ruleset, in every process
	old() { strace -f -qq -o /dev/null -e trace=landlock_create_ruleset -e "inject=landlock_create_ruleset:$1" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "${@:2}"; }
	run -125 old error=ENOSYS run --rm --network=none --security-opt landlock=ro-rootfs busybox true
	one_error 'Landlock is not enabled in this kernel'
	run -125 old retval=2 run --rm --network=none --security-opt landlock=ro-rootfs busybox true
	one_error 'needs Landlock ABI 3, and this kernel has 2'
	run -125 old retval=5 run --rm --network=none --security-opt landlock=isolated busybox true
	one_error 'needs Landlock ABI 6, and this kernel has 5'
	nothing_left
}

@test "info and inspect say what this kernel has and what is in force" {
	run -0 ranby info --format '{{.host.landlockAbi}}'
	[ "$output" = "$ABI" ]
	need_abi 3
	run -0 ranby run -d --name said --network=none --security-opt landlock=ro-rootfs --security-opt landlock=no-network busybox sleep 100
	run -0 ranby inspect said
	jq -e '.[0].Ranby.Landlock == ["ro-rootfs", "no-network"] and .[0].Ranby.InForce.landlock.domains == 2' <<<"$output"
	jq -e --argjson abi "$ABI" '.[0].Ranby.InForce.landlock.abi == $abi' <<<"$output"
	ranby rm -f -t 0 said
}

@test "our own workers enter a Landlock domain, then a seccomp filter, before their first file or byte" {
	need_program strace
	need_abi 2
	no_leak_check
	mkdir -p "$BATS_TEST_TMPDIR/dir/tree/below"
	python3 - "${RANBY%/bin/ranby}/libexec/ranby" "$BATS_TEST_TMPDIR" <<-'PY'
		import os, socket, subprocess, sys
		libexec, tmp = sys.argv[1:]
		def calls(log):
		    return [l.split("(")[0] for l in open(log) if "(" in l]
		def check(log, first):
		    c = calls(log)
		    own = c[c.index("execve") + 1:]
		    assert own.index("landlock_restrict_self") < own.index("seccomp") < (own.index(first) if first else len(own)), own
		    assert any(l.startswith("landlock_restrict_self(") and l.rstrip().endswith("= 0") for l in open(log))
		def trace(name, args, fds, what):
		    # put where the program expects them, from numbers out of the way
		    high = {to: os.dup2(fd, 64 + to) for to, fd in fds.items()}
		    def place():
		        for to, fd in high.items(): os.dup2(fd, to)
		    log = f"{tmp}/{name}.log"
		    subprocess.run(["strace", "-qq", "-o", log, "-e", "trace=execve,landlock_restrict_self,seccomp,unlinkat,recvmsg", f"{libexec}/{name}"] + args,
		        preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
		    check(log, what)
		ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		trace("ranby-unpack", ["remove", "tree"], {3: os.open(f"{tmp}/dir", os.O_RDONLY), 5: theirs.fileno()}, "unlinkat")
		assert not os.path.exists(f"{tmp}/dir/tree")
		ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		ours.close()
		trace("ranby-fetch", [], {3: theirs.fileno()}, None)
	PY
}
