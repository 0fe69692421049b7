#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What container engines have been broken by, tried on ranby-runtime by itself,
# whoever drives it: the classes that nobody has to be quick for and that
# runtime.bats has not. What each was seen to fail on: tests/mutations.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034 # bats sets output, lines and status, and each test is a process; calm reads RACERS

load lib
load oci

setup_file() {
	local name
	need_ranges
	oci_setup_file
	PROBES=$BATS_FILE_TMPDIR/probes
	mkdir "$PROBES"
	for name in abi tty; do attack_program "$name" "$PROBES/$name"; done
	export PROBES
	# the default profile as an engine hands it over
	(
		ranby_setup_file busybox
		for name in NET_RAW all; do
			ranby run --name p --network=none "--cap-drop=$name" busybox true
			python3 -c 'import json, sys; print(json.dumps({"linux": {"seccomp": json.load(open(sys.argv[1]))["linux"]["seccomp"]}}))' \
				"$RANBY_ROOT"/containers/*/config.json >"$BATS_FILE_TMPDIR/$name"
			ranby rm p >/dev/null
		done
		ranby_teardown_file
	)
}
teardown_file() { oci_teardown_file; }
setup() {
	RACERS=()
	oci_setup
}
teardown() {
	calm
	oci_teardown
}

# default_profile [CAPABILITIES TAKEN AWAY]: changes for a bundle
default_profile() { cat "$BATS_FILE_TMPDIR/${1:-NET_RAW}"; }

groups_of() { awk '$1 == "Groups:" {$1 = ""; sub(/^ /, ""); sub(/ $/, ""); print}'; }

@test "A11: a passwd and a group that are a pipe, a device, a link to the host: nobody opens them, no verb hangs" {
	local kind
	canary_make
	for kind in fifo zero link; do
		rm -f "$B/rootfs/etc/passwd" "$B/rootfs/etc/group"
		case $kind in
		fifo) mkfifo "$B/rootfs/etc/passwd" "$B/rootfs/etc/group" ;;
		zero) ln -s /dev/zero "$B/rootfs/etc/passwd" && ln -s /dev/zero "$B/rootfs/etc/group" ;;
		link) ln -s "$CANARY/file" "$B/rootfs/etc/passwd" && ln -s "$CANARY/file" "$B/rootfs/etc/group" ;;
		esac
		bundle '{"process":{"user":{"uid":7,"gid":7}}}' -- sleep 100
		# nobody who hangs keeps our pipe open
		run -0 timeout 60 unshare --map-root-user --map-auto bash -euc 'rt create --bundle "$1" c1 </dev/null >/dev/null 2>&1; rt start c1
			rt exec --user 8:8 c1 pwd; rt exec c1 pwd; rt delete --force c1' keeper "$B"
		[ "$output" = $'/\n/' ] || fail "$kind" "$output"
	done
	canary_intact
	none_left
}

@test "A22: no inheritable capability, whoever asks: exec of the config's and of a process file, seen from outside too; a file with one gives nothing" {
	need_program setcap
	mkdir "$B/rootfs/gifted"
	cp /bin/busybox "$B/rootfs/gifted/grep"
	keeper setcap cap_chown=i "$B/rootfs/gifted/grep"
	local caps='{"bounding":["CAP_CHOWN","CAP_KILL"],"permitted":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"inheritable":["CAP_CHOWN","CAP_KILL"]}'
	echo "{\"args\":[\"/gifted/grep\",\"^Cap\",\"/proc/self/status\"],\"cwd\":\"/\",\"env\":[],\"user\":{\"uid\":1000,\"gid\":1000},\"capabilities\":$caps}" >"$BATS_TEST_TMPDIR/p.json"
	bundle "{\"process\":{\"user\":{\"uid\":1000,\"gid\":1000},\"capabilities\":$caps}}" -- sleep 100
	run -0 keeper bash -euc 'rt create --bundle "$1" --pid-file "$RUN/pid" c1; rt start c1
		grep ^Cap "/proc/$(cat "$RUN/pid")/status"; rt exec --process "$2" c1; rt exec --cap CAP_SYS_CHROOT c1 /gifted/grep ^Cap /proc/self/status
		rt delete --force c1' keeper "$B" "$BATS_TEST_TMPDIR/p.json"
	[ "$(grep -c '^CapInh:.0000000000000000$' <<<"$output")" = 3 ] || fail "$output"
	[ "$(grep -c '^CapAmb:.0000000000000000$' <<<"$output")" = 3 ]
	[ "$(grep '^CapPrm' <<<"$output" | sort -u)" = $'CapPrm:\t0000000000000000' ] || fail "$output"
	# the control: with the capability ambient it is inheritable too, and the file gives it
	run -0 go '{"process":{"user":{"uid":1000,"gid":1000},"capabilities":{"bounding":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"inheritable":["CAP_CHOWN"],"ambient":["CAP_CHOWN"]}}}' \
		-- /gifted/grep ^CapPrm /proc/self/status
	[ "$output" = $'CapPrm:\t0000000000000001' ]
	none_left
}

@test "A23: the groups are those of the config, none of the caller's: create, exec, a process file; a group's lack of a right counts" {
	echo '{"args":["grep","Groups","/proc/self/status"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":3,"gid":4,"additionalGids":[9,8]}}' >"$BATS_TEST_TMPDIR/p.json"
	echo secret >"$B/rootfs/neg"
	keeper sh -c 'chown 0:1000 "$1" && chmod 704 "$1"' sh "$B/rootfs/neg"
	bundle '{"process":{"user":{"uid":1000,"gid":1000}}}' -- sleep 100
	run -0 keeper setpriv --groups 5,6,7 bash -euc 'grep Groups /proc/self/status # the control
		rt create --bundle "$1" --pid-file "$RUN/pid" c1; rt start c1
		grep Groups "/proc/$(cat "$RUN/pid")/status"; rt exec c1 grep Groups /proc/self/status; rt exec --process "$2" c1
		rt exec -g 44 c1 grep Groups /proc/self/status; rt exec c1 cat /neg || true; rt exec --user 2000:2000 c1 cat /neg
		rt delete --force c1' keeper "$B" "$BATS_TEST_TMPDIR/p.json"
	[ "$(groups_of <<<"$output")" = $'5 6 7\n\n\n8 9\n44' ] || fail "$output"
	# the group has no right to it, whoever else has
	[[ $output = *"can't open '/neg': Permission denied"*$'\nsecret' ]] || fail "$output"
	none_left
}

@test "A24: with one id the groups can be set by nobody, as /proc says, and a config that asks for some is refused" {
	local one
	one="\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]"
	ln -s busybox "$B/rootfs/bin/chgrp"
	bundle "{\"linux\":{$one}}" -- sleep 100
	rt create --bundle "$B" --pid-file "$RUN/pid" c1
	rt start c1
	[ "$(cat "/proc/$(cat "$RUN/pid")/setgroups")" = deny ]
	[ "$(awk '{print $2, $3}' "/proc/$(cat "$RUN/pid")/gid_map")" = "$(id -g) 1" ]
	run -1 rt exec -g 5 c1 true
	one_error additionalGids
	run -1 rt exec --user 5:5 c1 true
	rt delete --force c1
	bundle "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[5]}},\"linux\":{$one}}" -- true
	run -1 rt run --bundle "$B" c1
	one_error additionalGids
	none_left
}

@test "A25: a user is a number that was written as one, or an error; never root by accident: config, exec, process file" {
	local user n=0
	bundle '{"process":{"user":{"uid":11,"gid":12}}}' -- true
	cp "$B/config.json" "$BATS_TEST_TMPDIR/good"
	for user in -1 4294967295 4294967296 4294967297 18446744073709551615 18446744073709551616 1.5 1e3 '"0"' '"1"' '"root"' '""' true '[0]' '{}' 0x1 +1 01; do
		for n in 11 12; do
			sed "s/id\": $n\(,\?\)$/id\": $user\1/" "$BATS_TEST_TMPDIR/good" >"$B/config.json"
			grep -qF "id\": $user" "$B/config.json"
			run keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
			[ "$status" = 1 ] || fail "$n as $user: $status" "$output"
		done
	done
	echo '{"args":["id","-u"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":4294967296,"gid":0}}' >"$BATS_TEST_TMPDIR/p.json"
	bundle -- sleep 100
	run -0 keeper bash -euc 'rt create --bundle "$1" c1; rt start c1
		rt exec --process "$2" c1 2>&1 || echo "exit $?"
		for user in "${@:3}"; do rt exec --user "$user" c1 id -u 2>&1 || echo "exit $?"; done
		rt delete --force c1' keeper "$B" "$BATS_TEST_TMPDIR/p.json" 4294967295 4294967296 18446744073709551616 -1 +1 01 0x1 0x0 00 ' 1' '1 ' 1x 1.0 1e3 \
		root $'root\n' $'0\n1' :1 : 1: 1:-1 1:4294967295 1:4294967296 1:x ١ '' , 1 1:2 65535:65535
	[ "$(grep -c '^exit 1$' <<<"$output")" = 28 ] || fail "$output"
	[ "$(grep -c '^Error: user .*: not UID or UID:GID$' <<<"$output")" = 27 ] || fail "$output"
	# the control
	[ "$(tail -n 3 <<<"$output")" = $'1\n1\n65535' ] || fail "$output"
	none_left
}

@test "A26: line breaks and colons in what a config says make no line: in the log, the list, the state, the errors" {
	local evil=$'x\nroot2::0:0::/:/bin/sh\e[2J' bad
	bad=$B/$evil
	mkdir -p "$(dirname "$bad")" "$bad"
	cp -r "$B/rootfs" "$bad/"
	"$RANBY_TREE/tests/bundle" "$bad" "{\"annotations\":{\"a\":\"x\\nroot2::0:0\"},\"process\":{\"env\":[\"HOME=x\\nroot2::0:0::/:/bin/sh\",\"PATH=/bin\"]}}" -- sleep 100
	keeper "$RUNTIME" --root "$RUN/state" create --bundle "$bad" --pid-file "$RUN/pid" c1
	run -0 keeper "$RUNTIME" --root "$RUN/state" list
	[ "${#lines[@]}" = 2 ] || fail "$output"
	[[ $output != *$'\e'* ]]
	run -0 keeper "$RUNTIME" --root "$RUN/state" list --format json
	[ "${#lines[@]}" = 1 ]
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])[0]["bundle"] == sys.argv[2]' "$output" "$bad"
	run -0 keeper "$RUNTIME" --root "$RUN/state" state c1
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])["annotations"]["a"] == "x\nroot2::0:0"' "$output"
	[[ "$(<"$RUN/pid")" =~ ^[0-9]+$ ]]
	# a passwd is nobody's to write
	[ "$(cat "$bad/rootfs/etc/passwd")" = 'root:x:0:0::/:/bin/sh' ]
	keeper "$RUNTIME" --root "$RUN/state" delete --force c1
	for bad in text json; do
		run -1 keeper "$RUNTIME" --root "$RUN/state" --log "$BATS_TEST_TMPDIR/$bad" --log-format $bad run --bundle "$B" "$evil"
		run -1 keeper "$RUNTIME" --root "$RUN/state" --log "$BATS_TEST_TMPDIR/$bad" --log-format $bad state "$evil"
		one_error 'not an ID'
		[[ $output != *$'\e'* ]]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$bad")" = 2 ] || fail "$(cat "$BATS_TEST_TMPDIR/$bad")"
		run ! grep -q $'\e' "$BATS_TEST_TMPDIR/$bad"
	done
	none_left
}

@test "A27: a sysctl is of the container's own namespaces, and one is one, by name and by value" {
	local name before
	before=$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic)
	while IFS='|' read -r name words; do
		run -1 go "{\"linux\":{\"sysctl\":{$name}}}" -- true
		one_error "$words"
	done <<-'END'
		"kernel.core_pattern":"x"|not one of a namespace
		"kernel/core_pattern":"x"|not one of a namespace
		"kernel.panic":"1"|not one of a namespace
		"vm.swappiness":"1"|not one of a namespace
		"fs.file-max":"1"|not one of a namespace
		"kernel.shm_rmid_forced":"1+kernel.core_pattern=x\n"|not a sysctl's name and value
		"kernel.shm_rmid_forced":"1\nkernel.core_pattern=x"|not a sysctl's name and value
		"kernel.shm_rmid_forced+kernel.core_pattern":"x"|not a sysctl's name and value
		"net/../kernel/core_pattern":"x"|not a sysctl's name and value
		"net..kernel.core_pattern":"x"|not a sysctl's name and value
		"net/./../kernel/core_pattern":"x"|not a sysctl's name and value
		"/proc/sys/kernel/core_pattern":"x"|not a sysctl's name and value
		"../kernel.core_pattern":"x"|sysctl
		"net.":"x"|not one of a namespace
		"kernel.msgmaxx":"1"|not one of a namespace
		"kernel.msgmax":1|not a string
		"net.ipv4.nosuch":"1"|No such file
	END
	for name in '"network"|net.ipv4.ip_forward' '"ipc"|kernel.msgmax' '"uts"|kernel.domainname'; do
		run -1 go "{\"hostname\":null,\"linux\":{\"sysctl\":{\"${name#*|}\":\"1\"},\"namespaces\":[$(printf '{"type":"%s"},' user mount pid network ipc uts cgroup | sed "s/{\"type\":${name%|*}},//; s/,$//")]}}" -- true
		one_error 'shares that namespace with the host'
	done
	[ "$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic)" = "$before" ]
	run -0 go '{"linux":{"sysctl":{"kernel.msgmax":"4096","net.ipv4.ip_default_ttl":"77"}}}' -- cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_default_ttl
	[ "$output" = $'4096\n77' ]
	none_left
}

@test "A29: without a cgroup namespace of its own the host's groups can be seen and not be touched" {
	bundle '{"mounts":[{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["rw"]}],
		"linux":{"namespaces":[{"type":"user"},{"type":"mount"},{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"}]}}' -- sh -c '
		find /sys/fs/cgroup -maxdepth 3 -type d 2>/dev/null | while read d; do mkdir $d/evil 2>/dev/null && echo "made $d/evil"; done
		mount -o remount,rw,bind /sys/fs/cgroup 2>/dev/null && echo remounted
		find /sys/fs/cgroup -maxdepth 3 -name cgroup.procs 2>/dev/null | while read f; do sh -c "echo $$ >$f" 2>/dev/null && echo "wrote $f"; done
		echo done; exec sleep 100'
	run -0 keeper bash -euc 'rt create --bundle "$1" --pid-file "$RUN/pid" c1 >"$2" 2>&1; rt start c1
		for _ in $(seq 1000); do ! grep -q done "$2" || break; sleep 0.02; done
		cat "$2"; awk "\$5 ~ \"^/sys/fs/cgroup\" {print \$6}" "/proc/$(cat "$RUN/pid")/mountinfo"; rt delete --force c1' keeper "$B" "$BATS_TEST_TMPDIR/said"
	[ "${lines[0]}" = 'done' ] || fail "$output"
	[ "${#lines[@]}" -ge 2 ]
	# all of it, as the host's /proc has it
	! tail -n +2 <<<"$output" | grep -v '^ro,' || fail "$output"
	none_left
}

@test "A30: nobody inside makes namespaces of his own to mount a cgroup of version 1; release_agent is not to be written" {
	local before script
	before=$(cat /sys/fs/cgroup/*/release_agent 2>/dev/null) || true
	for name in unshare mkdir; do ln -sf busybox "$B/rootfs/bin/$name"; done
	script='mkdir -p /tmp/c; unshare -U true 2>/dev/null && echo namespace
		for c in memory rdma cpu none,name=x; do mount -t cgroup -o $c cgroup /tmp/c 2>/dev/null && echo mounted $c; done
		find /sys /tmp/c -name release_agent 2>/dev/null | while read f; do { echo /evil >$f; } 2>/dev/null && echo wrote; done; echo done'
	run -0 go "$(default_profile)" '{"process":{"capabilities":{"bounding":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"]}}}' -- sh -c "$script"
	[[ $output != *mounted* && $output != *wrote* && $output = *'done' ]] || fail "$output"
	run -0 go "$(default_profile)" -- sh -c "$script"
	[ "$output" = 'done' ] || fail "$output"
	[ "$(cat /sys/fs/cgroup/*/release_agent 2>/dev/null)" = "$before" ]
	# the control: without the filter it gets a namespace
	run -0 go -- sh -c "$script"
	[[ $output = *namespace*'done' ]] || fail "$output"
	none_left
}

@test "A31: on the host's network no socket of the runtime's can be reached, and the one on a path is its owner's" {
	bundle "{\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}]},
		\"mounts\":[{\"destination\":\"/sys\",\"type\":\"bind\",\"source\":\"/sys\",\"options\":[\"rbind\",\"ro\"]}]}" -- cat /proc/net/unix
	python3 -c '
import json, sys
c = json.load(open(sys.argv[1]))
c["mounts"] = [m for m in c["mounts"] if m["type"] != "sysfs"]
json.dump(c, open(sys.argv[1], "w"))' "$B/config.json"
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(1); print("ready", flush=True); time.sleep(60)' "control-$$" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	RACERS+=($!)
	wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/ready"
	run -0 keeper bash -euc 'rt create --bundle "$1" c1; stat -c "%a %F" "$RUN/state" "$RUN/state/c1" "$RUN/state/c1/start"; rt start c1
		for _ in $(seq 1000); do ! rt state c1 | grep -q stopped || break; sleep 0.02; done; rt delete c1' keeper "$B"
	calm
	[[ $output = $'700 directory\n700 directory\n600 socket\n'* ]] || fail "$output"
	# it does see the host's; of ours there is none without a path
	[[ $output = *"@control-$$"* ]] || fail "$output"
	run ! grep -i '@.*ranby' <<<"$output"
	none_left
}

@test "A33: nothing can be typed into a terminal: into one of its own by the filter, into the caller's for want of it" {
	local name
	cp "$PROBES/tty" "$B/rootfs/bin/try"
	bundle "$(default_profile)" '{"process":{"terminal":true}}' -- /bin/try
	run -0 keeper "$RANBY_TREE/tests/attack/console" 1 "$B/s" "$RUNTIME" --root "$RUN/state" run --bundle "$B" --console-socket "$B/s" c1
	for name in TIOCSTI TIOCSTI-high TIOCSTI-sign TIOCLINUX TIOCLINUX-high; do
		[[ $output = *"$name refused"* ]] || fail "$name:" "$output"
	done
	[[ $output = *'TIOCGWINSZ works'* ]]
	# the control: its own terminal, without a filter
	bundle '{"process":{"terminal":true}}' -- /bin/try
	run -0 keeper "$RANBY_TREE/tests/attack/console" 1 "$B/s" "$RUNTIME" --root "$RUN/state" run --bundle "$B" --console-socket "$B/s" c1
	if [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]; then [[ $output = *'TIOCSTI open'* ]] || fail "$output"; fi
	# the caller's terminal as standard input, no filter, no terminal of its own: it is nobody's controlling terminal there
	bundle -- sh -c '/bin/try; tty; { cat </dev/tty; } 2>&1; :'
	run -0 timeout 60 script -qec "unshare --map-root-user --map-auto $RUNTIME --root $RUN/state run --bundle $B c1" /dev/null
	[[ $output = *'TIOCSTI refused'* && $output = *'TIOCSTI-high refused'* ]] || fail "$output"
	[[ $output = *'/dev/tty'* && $output != *pwned* ]] || fail "$output"
	none_left
}

@test "A06: a /dev/pts of the image's making is no terminal, and what it calls ptmx is not even opened: create and exec" {
	mkdir -p "$B/rootfs/dev/pts"
	mkfifo "$B/rootfs/dev/pts/ptmx"
	# the first who opens it has the word
	(exec echo unopened >"$B/rootfs/dev/pts/ptmx") 3>&- &
	RACERS+=($!)
	bundle '{"process":{"terminal":true}}' -- true
	jq '.mounts |= map(select(.destination | startswith("/dev") | not))' "$B/config.json" >"$B/without" && mv "$B/without" "$B/config.json"
	run keeper "$RANBY_TREE/tests/attack/console" 1 "$B/s" "$RUNTIME" --root "$RUN/state" run --bundle "$B" --console-socket "$B/s" c1
	[[ $output = *'/dev/pts/ptmx: '*'exit 1' ]] || fail "$output"
	jq '.process.terminal = false | .process.args = ["sleep", "100"]' "$B/config.json" >"$B/without" && mv "$B/without" "$B/config.json"
	run keeper bash -euc 'rt create --bundle "$1" c1; rt start c1
		"$RANBY_TREE/tests/attack/console" 1 "$1/s" "$RUNTIME" --root "$RUN/state" exec --tty --console-socket "$1/s" c1 true; rt delete --force c1' keeper "$B"
	[[ $output = *'/dev/pts/ptmx: '*'exit 1'* ]] || fail "$output"
	run timeout 10 cat "$B/rootfs/dev/pts/ptmx"
	[ "$output" = unopened ] || fail 'it was opened'
	calm
	none_left
}

@test "A34: a network namespace of its own: a loopback device that is up, and none of the host's ports" {
	local port
	for name in nc timeout cut; do ln -sf busybox "$B/rootfs/bin/$name"; done
	python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64); print(s.getsockname()[1], flush=True)
while True: c = s.accept()[0]; c.send(b"host\n"); c.close()' >"$BATS_TEST_TMPDIR/port" 3>&- &
	RACERS+=($!)
	wait_for 30 test -s "$BATS_TEST_TMPDIR/port"
	port=$(<"$BATS_TEST_TMPDIR/port")
	run -0 go -- sh -c "grep -c : /proc/net/dev; ip link show lo | grep -o UP, ; nc -w 5 127.0.0.1 $port </dev/null 2>&1; echo \$?"
	[[ ${lines[0]} = 1 && ${lines[1]} = UP, && $output != *$'\nhost\n'* && ${lines[-1]} = 1 ]] || fail "$output"
	# the control: where the namespace is the host's it does answer
	bundle '{"linux":{"namespaces":[{"type":"user"},{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"}]}}' -- nc -w 5 127.0.0.1 "$port"
	python3 -c '
import json, sys
c = json.load(open(sys.argv[1]))
c["mounts"] = [m for m in c["mounts"] if m["type"] != "sysfs"]
json.dump(c, open(sys.argv[1], "w"))' "$B/config.json"
	run -0 keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1 </dev/null
	calm
	[ "$output" = host ]
	none_left
}

@test "A35 A36: dangerous calls are refused by the default profile natively, by int 0x80 and as x32: create and exec, with and without no_new_privs" {
	[ "$(uname -m)" = x86_64 ] || skip 'these are the ways into an x86-64 kernel'
	local nnp
	cp "$PROBES/abi" "$B/rootfs/bin/"
	for nnp in true false; do
		bundle "$(default_profile)" "{\"process\":{\"noNewPrivileges\":$nnp}}" -- sh -c 'abi; exec sleep 100'
		run -0 keeper bash -euc 'rt create --bundle "$1" --pid-file "$RUN/pid" c1 >"$2"; rt start c1
			for _ in $(seq 1000); do ! grep -q getpid "$2" || break; sleep 0.02; done
			cat "$2"; rt exec c1 abi; grep ^Seccomp: "/proc/$(cat "$RUN/pid")/status"; rt delete --force c1' keeper "$B" "$BATS_TEST_TMPDIR/said"
		[ "$(grep -c 'getpid works' <<<"$output")" = 2 ] || fail "$output"
		[ "$(grep -c refused <<<"$output")" = 110 ]
		! grep ' open ' <<<"$output" || fail 'open calls'
		[[ $output = *$'Seccomp:\t2' ]]
	done
	# the control
	run -0 go -- abi
	[ "$(grep -c ' open ' <<<"$output")" -ge 12 ] || fail "$output"
	none_left
}

@test "A36: every call that the table of the default profile says is refused is refused, by all three ways" {
	[ "$(uname -m)" = x86_64 ] || skip 'the table is of x86-64'
	local n
	cp "$PROBES/abi" "$B/rootfs/bin/"
	cp "$RANBY_TREE/tests/seccomp/default.table" "$B/rootfs/table"
	run -0 go "$(default_profile all)" '{"process":{"capabilities":null}}' -- abi /table
	[[ ${lines[-1]} =~ ^([0-9]+)\ of\ ([0-9]+) ]] || fail "$output"
	n=${BASH_REMATCH[2]}
	[ "$n" -gt 800 ]
	echo "# ${lines[-1]}" >&3
	run -1 go '{"process":{"capabilities":null}}' -- abi /table
	[[ ${lines[-1]} =~ ^([0-9]+)\ of ]]
	[ "${BASH_REMATCH[1]}" -lt $((n - 100)) ] || fail "${lines[-1]}"
	none_left
}
