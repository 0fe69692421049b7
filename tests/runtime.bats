#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime by itself: bundles that it is given, verbs, what it refuses,
# and the attacks on a runtime that have names. The user namespace around the
# container (ranby's keeper, podman's own) is unshare(1)'s here.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

load oci

setup_file() { oci_setup_file; }
teardown_file() { oci_teardown_file; }
setup() { oci_setup; }
teardown() { oci_teardown; }

field() { awk -v f="$1:" '$1 == f {print $2}' <<<"$output"; }

@test "what runs beside or before a payload needs no file of the container: static" {
	local program
	[ -z "${RANBY_SAN:-}" ] || skip 'sanitizers are shared libraries'
	for program in ranby-init ranby-monitor ranby-runtime; do
		! readelf --wide --program-headers --dynamic "$(find "$RANBY_TREE/${RANBY_BUILD:-build}" -maxdepth 3 -name $program -type f)" |
			grep -E 'INTERP|NEEDED' || fail "$program"
	done
}

@test "a payload runs, and its exit code is ours" {
	need_ranges
	run -0 go -- id
	[ "$output" = 'uid=0(root) gid=0' ]
	run -7 go -- sh -c 'exit 7'
	run -0 go -- hostname
	[ "$output" = box ]
	none_left
}

@test "no such command, not executable, a directory, a missing interpreter: 127 and 126" {
	need_ranges
	run -127 go -- nosuch
	one_error 'executable file `nosuch` not found in $PATH'
	run -127 go -- /bin/nosuch
	run -126 go -- /etc/passwd
	run -126 go -- /etc
	printf '#!/nosuch\n' >"$B/rootfs/bin/script" && chmod 755 "$B/rootfs/bin/script"
	run -127 go -- script
	printf 'no magic\n' >"$B/rootfs/bin/script"
	run -126 go -- script
	none_left
}

@test "create, state, start, exec, kill, delete" {
	need_ranges
	bundle -- sleep 100
	keeper bash -euc '
		rt create --bundle "$1" --pid-file "$RUN/pid" c2
		rt state c2 | grep -q "\"status\": \"created\""
		[ "$(rt state c2 | grep -c "\"pid\": $(cat "$RUN/pid")")" = 1 ]
		! rt create --bundle "$1" c2 2>"$RUN/err"; grep -q "exists already" "$RUN/err"
		! rt exec c2 true 2>"$RUN/err"; grep -q "created, not running" "$RUN/err"
		rt start c2
		rt state c2 | grep -q "\"status\": \"running\""
		! rt start c2 2>"$RUN/err"; grep -q "not waiting" "$RUN/err"
		[ "$(rt exec c2 hostname)" = box ]
		rc=0; rt exec c2 sh -c "exit 9" || rc=$?; [ $rc = 9 ]
		rc=0; rt exec c2 nosuch 2>/dev/null || rc=$?; [ $rc = 127 ]
		[ "$(rt exec --user 33:34 --cwd /tmp --env A=b c2 sh -c "id; pwd; echo \$A")" = "uid=33 gid=34
/tmp
b" ]
		[ "$(rt list -q)" = c2 ]
		[ "$(rt ps --format json c2)" = "[$(cat "$RUN/pid")]" ]
		! rt delete c2 2>"$RUN/err"; grep -q "is running" "$RUN/err"
		rt kill c2 KILL
		for i in $(seq 1000); do rt state c2 | grep -q stopped && break; sleep 0.02; done
		! rt kill c2 TERM 2>/dev/null
		rt delete c2
		! rt state c2 2>"$RUN/err"; grep -q "does not exist" "$RUN/err"
		rt delete --force c2
	' keeper "$B"
	none_left
}

@test "a container that only waits is deleted; one that runs with --force" {
	need_ranges
	bundle -- sleep 100
	keeper bash -euc 'rt create --bundle "$1" c3; rt delete c3
		rt create --bundle "$1" c3; rt start c3; rt delete --force c3' keeper "$B"
	none_left
}

@test "exec blocks on its start socket until it is told" {
	need_ranges
	bundle -- sleep 100
	keeper bash -euc 'rt create --bundle "$1" c4; rt start c4
		rt exec --detach --start-socket "$RUN/es" --pid-file "$RUN/ep" c4 touch /tmp/went
		sleep 0.2; [ ! -e "$1/rootfs/tmp/went" ]; [ -S "$RUN/es" ]; [ -d "/proc/$(cat "$RUN/ep")" ]
		kill -9 "$(cat "$RUN/ep")"
		rt delete --force c4' keeper "$B"
	rm -f "$RUN/es"
	none_left
}

@test "the start sockets of create and exec ask who it is: another user starts nothing (A31)" {
	need_ranges
	bundle -- sh -c 'echo went >/tmp/went; exec sleep 100'
	keeper bash -euc 'knock=$2/tests/attack/knock start=03000000
		rt create --bundle "$1" c5
		[ "$("$knock" 77 "$RUN/state/c5/start" $start)" = closed ]
		rt state c5 | grep -q "\"status\": \"created\""
		[ ! -e "$1/rootfs/tmp/went" ]
		rt start c5 # the control: its own user still does
		for i in $(seq 1000); do [ ! -e "$1/rootfs/tmp/went" ] || break; sleep 0.02; done
		[ -e "$1/rootfs/tmp/went" ]
		rt exec --detach --start-socket "$RUN/es" --pid-file "$RUN/ep" c5 touch /tmp/again
		[ "$("$knock" 77 "$RUN/es" $start)" = closed ]
		sleep 0.2; [ ! -e "$1/rootfs/tmp/again" ]; [ -d "/proc/$(cat "$RUN/ep")" ]
		[ "$("$knock" 0 "$RUN/es" $start)" = "said 4 bytes" ] # the control: "confined"
		for i in $(seq 1000); do [ ! -e "$1/rootfs/tmp/again" ] || break; sleep 0.02; done
		[ -e "$1/rootfs/tmp/again" ]
		rt delete --force c5' keeper "$B" "$RANBY_TREE"
	rm -f "$RUN/es"
	none_left
}

@test "capabilities as asked, inheritable and ambient empty, for root and for a user, run and exec (A22)" {
	need_ranges
	run -0 go -- cat /proc/self/status
	[ "$(field CapInh)" = 0000000000000000 ]
	[ "$(field CapAmb)" = 0000000000000000 ]
	[ "$(field CapEff)" = 00000000000004eb ]
	[ "$(field CapBnd)" = 00000000000004eb ]
	run -0 go '{"process":{"user":{"uid":1000,"gid":1000,"additionalGids":[7,8]},"capabilities":{"effective":null,"permitted":null,"inheritable":["CAP_CHOWN"]}}}' -- cat /proc/self/status
	[ "$(field CapInh)" = 0000000000000000 ]
	[ "$(field CapPrm)" = 0000000000000000 ]
	[[ $output == *$'Groups:\t7 8 '* ]]
	run -0 go '{"process":{"capabilities":null}}' -- cat /proc/self/status
	[ "$(field CapBnd)" = 0000000000000000 ]
	[ "$(field CapEff)" = 0000000000000000 ]
}

@test "ambient capabilities are given when they are asked for" {
	need_ranges
	run -0 go '{"process":{"user":{"uid":1000,"gid":0},"capabilities":{"ambient":["CAP_CHOWN"],"inheritable":["CAP_CHOWN"]}}}' -- cat /proc/self/status
	[ "$(field CapEff)" = 0000000000000001 ]
}

@test "no descriptor of ours or the caller's reaches the payload (A02)" {
	need_ranges
	bundle -- sh -c 'ls /proc/self/fd | wc -l'
	run -0 keeper bash -c 'exec 5</ 77</etc; "$RUNTIME" --root "$RUN/state" run --bundle "$1" c1' keeper "$B"
	[ "$output" = 4 ] # 0, 1, 2 and ls's own
	run -0 keeper bash -c 'exec 3</etc/passwd 9</; "$RUNTIME" --root "$RUN/state" run --preserve-fds 1 --bundle "$1" c1' keeper "$B"
	[ "$output" = 5 ]
}

@test "a working directory cannot be a descriptor of the host (A02)" {
	need_ranges
	local n
	for n in 3 4 5 6 7 8 9 10 11 12 20; do
		run -1 eval 'go "{\"process\":{\"cwd\":\"/proc/self/fd/$n\"}}" -- pwd || return 1' # 126, or 127: no such descriptor
	done
	ln -s /proc/self/fd/7 "$B/rootfs/seven"
	run -126 go '{"process":{"cwd":"/seven"}}' -- pwd
	run -126 go '{"process":{"cwd":"/proc/1/cwd"}}' -- pwd
	run -0 go '{"process":{"cwd":"/made/here"}}' -- pwd
	[ "$output" = /made/here ]
	none_left
}

@test "a working directory behind a link is made inside the root only (A09)" {
	need_ranges
	canary_make
	ln -s "$CANARY" "$B/rootfs/esc"
	ln -s "../../../../../..$CANARY" "$B/rootfs/rel"
	run go '{"process":{"cwd":"/esc/new"}}' -- pwd
	run go '{"process":{"cwd":"/rel/new"}}' -- pwd
	canary_intact
}

@test "/proc or /sys as a link or a file in the image is refused (A04)" {
	need_ranges
	mkdir "$B/rootfs/fake"
	ln -s /fake "$B/rootfs/proc"
	run -1 go -- true
	one_error 'mount on /proc: not an ordinary directory'
	rm "$B/rootfs/proc"
	ln -s fake "$B/rootfs/sys"
	run -1 go -- true
	one_error 'mount on /sys: not an ordinary directory'
	rm "$B/rootfs/sys"
	rmdir "$B/rootfs/proc"
	touch "$B/rootfs/proc"
	run -1 go -- true
	none_left
}

@test "nothing may be mounted over /proc or in it (A04)" {
	need_ranges
	mkdir "$B/vol"
	local at
	for at in /proc /proc/self /proc/self/attr /proc/sys; do
		run -1 go "{\"mounts\":[{\"destination\":\"$at\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\"]}]}" -- true
		one_error 'hide part of /proc'
	done
	ln -s /proc/self "$B/rootfs/way"
	run -1 go "{\"mounts\":[{\"destination\":\"/way\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\"]}]}" -- true
	run -0 go '{"mounts":[{"destination":"/proc/uptime","type":"bind","source":"/etc/hostname","options":["bind"]}]}' -- cat /proc/uptime
	[ "$output" = "$(cat /etc/hostname)" ]
	none_left
}

@test "masks are effective, and are not the container's own /dev/null (A05)" {
	need_ranges
	canary_make
	run -0 go -- sh -c 'cat /proc/keys /proc/timer_list | wc -c; ls -A /sys/firmware /proc/acpi; stat -c %t:%T /proc/keys'
	[ "${lines[0]}" = 0 ]
	[[ $output == *1:3 ]]
	ln -s /proc/sys/kernel/core_pattern "$B/rootfs/null"
	mkdir "$B/dev"
	ln -s /proc/sys/kernel/core_pattern "$B/dev/null"
	run go "{\"mounts\":[{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$B/dev\",\"options\":[\"rbind\"]}]}" \
		-- sh -c 'echo evil >/proc/keys; echo x >/proc/sys/kernel/core_pattern; echo x >/proc/sysrq-trigger; cat /proc/sys/kernel/core_pattern'
	[[ $output != *evil* ]]
	canary_intact
}

@test "an image whose /dev is a link does not get us to write outside (A08)" {
	need_ranges
	canary_make
	ln -s "$CANARY" "$B/rootfs/dev"
	bundle -- true
	python3 - "$B/config.json" <<-'PY'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["mounts"] = [m for m in c["mounts"] if not m["destination"].startswith("/dev")]
		json.dump(c, open(sys.argv[1], "w"))
	PY
	run keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	canary_intact
	none_left
}

@test "mount targets that are links stay inside the root (A12)" {
	need_ranges
	canary_make
	mkdir "$B/vol"
	touch "$B/vol/here"
	ln -s "$CANARY" "$B/rootfs/abs"
	ln -s "../../../../../../..$CANARY" "$B/rootfs/up"
	ln -s loop "$B/rootfs/loop"
	ln -s c1 "$B/rootfs/c0"
	local n
	for n in $(seq 1 39); do ln -s "c$((n + 1))" "$B/rootfs/c$n"; done
	local at
	for at in /abs /up /abs/deeper /loop /c0; do
		run go "{\"mounts\":[{\"destination\":\"$at\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\"]}]}" -- true
		run go "{\"mounts\":[{\"destination\":\"$at/x\",\"type\":\"tmpfs\",\"source\":\"t\"}]}" -- true
		canary_intact
	done
	run -1 go '{"mounts":[{"destination":"/a/../../b","type":"tmpfs","source":"t"}]}' -- true
	one_error '".."'
	none_left
}

@test "what cannot be done is refused with the place in the config, and nothing is left" {
	need_ranges
	local at
	while IFS='|' read -r changes words; do
		run -1 go "$changes" -- true
		one_error "$words"
		none_left
	done <<-'END'
		{"ociVersion":"2.0"}|ociVersion
		{"process":{"cwd":"tmp"}}|cwd
		{"process":{"args":[]}}|args
		{"process":{"env":["=x"]}}|env[0]
		{"process":{"user":{"uid":-1}}}|uid
		{"process":{"user":{"uid":4294967296}}}|uid
		{"process":{"capabilities":{"bounding":["chown"]}}}|bounding[0]: chown is no capability
		{"process":{"rlimits":[{"type":"RLIMIT_X","soft":1,"hard":1}]}}|RLIMIT_X
		{"process":{"rlimits":[{"type":"RLIMIT_NOFILE","soft":9,"hard":1}]}}|soft
		{"process":{"apparmorProfile":"nosuch"}}|AppArmor
		{"process":{"selinuxLabel":"a:b:c"}}|SELinux
		{"hooks":{"prestart":[{"path":"bin/true"}]}}|hooks: prestart[0]: path
		{"linux":{"intelRdt":{"closID":"x"}}}|intelRdt
		{"linux":{"resources":{"memory":{"limit":1000000}}}}|memory
		{"linux":{"sysctl":{"kernel.core_pattern":"x"}}}|host
		{"linux":{"sysctl":{"net.ipv4.ip_forward":"1\nkernel.x=1"}}}|sysctl
		{"linux":{"sysctl":{"net/../kernel/core_pattern":"x"}}}|sysctl
		{"linux":{"namespaces":[{"type":"mount"},{"type":"moon"}]}}|moon
		{"linux":{"uidMappings":[{"containerID":0,"hostID":0,"size":0}]}}|uidMappings
		{"linux":{"uidMappings":[{"containerID":0,"hostID":0,"size":70000}]}}|uid_map
		{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}}}|capset
		{"mounts":[{"destination":"x","type":"tmpfs"}]}|destination
		{"mounts":[{"destination":"/x","type":"tmpfs","options":["nosuch=1"]}]}|nosuch
		{"mounts":[{"destination":"/x","type":"bind","source":"/nosuch"}]}|/nosuch
		{"mounts":[{"destination":"/x","type":"nosuchfs"}]}|nosuchfs
		{"root":{"path":"nowhere"}}|nowhere
	END
}

@test "no limit is none to be refused, where there is no cgroup to write it in" {
	need_ranges
	run -0 go '{"linux":{"resources":{"pids":{"limit":-1},"memory":{"limit":-1,"swap":-1},"unified":{"memory.high":"max"}}}}' -- echo unlimited
	[ "$output" = unlimited ]
	# of what is a guarantee, "max" asks for something
	run -1 go '{"linux":{"resources":{"pids":{"limit":-1},"memory":{"reservation":-1}}}}' -- true
	one_error memory
	run -1 go '{"linux":{"resources":{"pids":{"limit":-1},"cpu":{"quota":1000}}}}' -- true
	one_error linux.resources.cpu
	none_left
}

@test "a Landlock annotation that is no string is refused by its name" {
	need_ranges
	local value
	for value in null 3 '{}'; do
		run -1 go "{\"annotations\":{\"org.ranby.landlock\":$value}}" -- true
		one_error 'org.ranby.landlock: not a string'
	done
	none_left
}

@test "sysctls of the container's own namespaces are set" {
	need_ranges
	run -0 go '{"linux":{"sysctl":{"net.ipv4.ip_unprivileged_port_start":"80","kernel.msgmax":"4096"}}}' \
		-- cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax
	[ "$output" = $'80\n4096' ]
}

@test "no_new_privs, rlimits, umask, read-only root, tmpfs with what was there" {
	need_ranges
	echo kept >"$B/rootfs/usr/file"
	run -0 go '{"process":{"noNewPrivileges":true,"rlimits":[{"type":"RLIMIT_NOFILE","soft":33,"hard":44}],"user":{"uid":0,"gid":0,"umask":63}},
		"root":{"readonly":true},"mounts":[{"destination":"/usr","type":"tmpfs","source":"t","options":["tmpcopyup"]}]}' \
		-- sh -c 'grep NoNewPrivs /proc/self/status; ulimit -n; ulimit -Hn; umask; cat /usr/file; touch /x; touch /usr/x && echo written'
	[[ $output == $'NoNewPrivs:\t1\n33\n44\n0077\nkept\n'*'Read-only file system'*written ]]
}

@test "the default profile in both orders: loaded, and effective" {
	need_ranges
	local nnp
	rm -rf "$XDG_CACHE_HOME"
	for nnp in true false; do
		"$RANBY_TREE/tests/bundle" "$B" "{\"process\":{\"noNewPrivileges\":$nnp},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",
			\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":95}]}}}" \
			-- sh -c 'grep Seccomp: /proc/self/status; mkdir /tmp/d'
		run -1 keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
		[[ $output == *$'Seccomp:\t2'* ]]
		[[ $output == *'Operation not supported'* || $output == *'Not supported'* ]]
	done
	# the second time from the cache, which nobody else can write
	run -0 find "$XDG_CACHE_HOME/ranby/seccomp" -type f -perm 600
	[ "${#lines[@]}" = 1 ]
}

@test "a cached filter that somebody else may write is not used" {
	need_ranges
	local changes='{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}}}'
	rm -rf "$XDG_CACHE_HOME"
	run -1 go "$changes" -- mkdir /tmp/d
	local file
	file=$(find "$XDG_CACHE_HOME/ranby/seccomp" -type f)
	# allow all, no flags
	forge() { printf '\x06\x00\x00\x00\x00\x00\xff\x7f\xa6\xf1\x00\x00\x00\x00\x00\x00' >"$file" && chmod "$1" "$file"; }
	forge 666
	run -1 go "$changes" -- mkdir /tmp/d
	# ours and private it would have been
	forge 600
	run -0 go "$changes" -- mkdir /tmp/d
	rm -rf "$XDG_CACHE_HOME"
}

@test "a damaged cached filter is made anew" {
	need_ranges
	local file changes='{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"],
		"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}}}'
	rm -rf "$XDG_CACHE_HOME"
	run -1 go "$changes" -- mkdir /tmp/d
	file=$(find "$XDG_CACHE_HOME/ranby/seccomp" -type f)
	cp "$file" "$BATS_TEST_TMPDIR/good"
	damaged() {
		run -1 go "$changes" -- mkdir /tmp/d
		[[ $output == *'Operation not supported'* || $output == *'Not supported'* ]] || fail "$1" "$output"
		cmp "$file" "$BATS_TEST_TMPDIR/good" || fail "$1"
	}
	truncate --size 0 "$file"
	damaged empty
	truncate --size -8 "$file"
	damaged 'without its end'
	truncate --size -8 "$file"
	printf '\xff\xff\xff\xff\xff\xff\xff\xff' >>"$file"
	damaged 'ones at its end'
	truncate --size -8 "$file"
	truncate --size +8 "$file"
	damaged 'zeros at its end'
}

@test "without ranges and without a keeper: one id, and groups are refused" {
	bundle "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]}}" -- id -u
	run -0 rt run --bundle "$B" c1
	[ "$output" = 0 ]
	bundle "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[7]}},\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]}}" -- id -u
	run -1 rt run --bundle "$B" c1
	one_error additionalGids
	bundle "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]}}" -- sleep 100
	rt create --bundle "$B" c1
	rt start c1
	run -0 rt exec c1 hostname
	[ "$output" = box ]
	rt delete --force c1
	none_left
}

@test "an overlay root, and many layers" {
	need_ranges
	local n lower=$B/rootfs
	for n in $(seq 1 60); do
		mkdir -p "$B/l$n/etc"
		echo "$n" >"$B/l$n/etc/n$n"
		echo "$n" >"$B/l$n/etc/top"
		lower=$B/l$n:$lower
	done
	mkdir "$B/up" "$B/work"
	bundle -- sh -c 'cat /etc/top /etc/n1 /etc/passwd | wc -l; cat /etc/top; touch /etc/new'
	python3 - "$B/config.json" "$lower" "$B" <<-'PY'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["mounts"].insert(0, {"destination": "/", "type": "overlay", "source": "overlay", "options": [
			"lowerdir=" + sys.argv[2], "upperdir=%s/up" % sys.argv[3], "workdir=%s/work" % sys.argv[3], "userxattr"]})
		json.dump(c, open(sys.argv[1], "w"))
	PY
	run -0 keeper "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	[ "$output" = $'3\n60' ]
	[ -e "$B/up/etc/new" ]
}

@test "mount(2) is never called, by nobody, on the way to the exec" {
	need_ranges
	need_program strace
	bundle -- true
	keeper strace -f -qq -e trace=mount,umount2,execve,execveat -o "$BATS_TEST_TMPDIR/trace" "$RUNTIME" --root "$RUN/state" run --bundle "$B" c1
	run ! grep -E ' mount\(' "$BATS_TEST_TMPDIR/trace"
	[ "$(grep -c 'umount2(' "$BATS_TEST_TMPDIR/trace")" = 1 ] # the host's tree, after pivot_root
	# the runtime, init out of its sealed copy, the payload: no other program
	[ "$(grep -cE ' execve(at)?\(' "$BATS_TEST_TMPDIR/trace")" = 3 ]
}

@test "killed at any time, create leaves nothing that delete --force does not take" {
	need_ranges
	need_program strace
	bundle -- sleep 100
	local n stages
	for n in 1 20 40 60 80 100 120 140 160; do
		keeper strace -qq -e inject=all:signal=KILL:when=$n -o /dev/null "$RUNTIME" --root "$RUN/state" create --bundle "$B" k1 2>/dev/null || true
		keeper "$RUNTIME" --root "$RUN/state" delete --force k1
	done
	none_left
	# those that are there now: other files of tests have inits too, for a moment
	mapfile -t stages < <(pgrep -u "$(id -u)" -f "^ranby-init stage")
	no_stage() { for n in "${stages[@]}"; do ! grep -qs "^ranby-init.stage" "/proc/$n/cmdline" || return 1; done; }
	wait_for 30 no_stage
}

@test "--error-fd carries a struct, --log a line of JSON" {
	need_ranges
	bundle -- nosuch
	run -127 keeper bash -c 'exec 3>"$RUN/errfd"; "$RUNTIME" --root "$RUN/state" --log "$RUN/log" --log-format json create --error-fd 3 --bundle "$1" c1' keeper "$B"
	[ -z "$output" ]
	[ "$(stat -c %s "$RUN/errfd")" = 1032 ]
	grep -q '"level":"error","msg":"executable file' "$RUN/log"
	none_left
}

@test "version, features, spec, and unknown words" {
	run -0 rt --version
	[ "${#lines[@]}" = 3 ]
	run -0 bash -c '"$RUNTIME" features | python3 -m json.tool >/dev/null'
	mkdir -p "$B/s/rootfs"
	cp -a "$B/rootfs/." "$B/s/rootfs/"
	rt spec --bundle "$B/s"
	run -0 rt run --bundle "$B/s" c1 </dev/null
	run -1 rt frobnicate
	one_error frobnicate
	run -1 rt create --bundel x c1
	one_error bundel
}

@test "ranby-init by hand: without a plan, with a wrong one, with wrong descriptors: 125, and nothing is done" {
	local init=$RANBY_TREE/${RANBY_BUILD:-build}/libexec/ranby/ranby-init word
	for word in '' stage 'stage x' 'stage 0' 'stage 2' 'stage -1' 'stage 99999999999' 'stage 3 4' 'stage 3' 'stage 1000' -- -- 'pause 1' nonsense; do
		# shellcheck disable=SC2086 # words
		run -125 timeout 60 "$init" $word 3>&-
		[[ -z $output || $output = usage:* ]] || fail "$word" "$output"
	done
	mkfifo "$B/fifo"
	run -125 timeout 60 "$init" stage 3 3<>"$B/fifo"
	run -125 timeout 60 "$init" stage 3 3</dev/null
	run -125 timeout 60 "$init" stage 3 3<"$B"
	# sealed as the true one is, of every size about that of a plan, with zeros, ones and noise in it
	run -0 timeout 60 python3 - "$init" <<-'END'
		import fcntl, os, random, subprocess, sys
		random.seed(1)
		tried = 0
		for size in [1, 64, 200, 256, 300, 320, 340, 360, 400, 512, 1024, 4096, 65536]:
		    for text in (bytes(size), b"\xff" * size, random.randbytes(size), b"\x01\0\0\0" * (size // 4 + 1)):
		        fd = os.memfd_create("plan", os.MFD_ALLOW_SEALING)
		        os.write(fd, text)
		        fcntl.fcntl(fd, 1033, 15)  # F_ADD_SEALS: all
		        p = subprocess.run([sys.argv[1], "stage", str(fd)], pass_fds=[fd], capture_output=True, timeout=5)
		        if p.returncode != 125 or p.stdout or p.stderr:
		            sys.exit("size %d, %r...: %d %r" % (size, text[:4], p.returncode, p.stderr))
		        os.close(fd)
		        tried += 1
		print(tried)
	END
	[ "$output" -ge 50 ]
}

@test "ranby-init as another process than 1: the command's end is its own, a signal goes to it, pause ends at SIGTERM" {
	local init=$RANBY_TREE/${RANBY_BUILD:-build}/libexec/ranby/ranby-init pid
	run -7 "$init" -- sh -c 'exit 7'
	run -127 "$init" -- /nonexistent
	run -126 "$init" -- /etc/passwd
	run -143 "$init" -- sh -c 'kill -TERM $$'
	"$init" -- sleep 100 3>&- &
	pid=$!
	wait_for 30 pgrep -P "$pid"
	kill -USR1 "$pid"
	wait "$pid" || status=$?
	[ "$status" = 138 ]
	"$init" pause 3>&- &
	pid=$!
	# it sleeps for nothing but signals
	waits() { [ "$(cat "/proc/$pid/comm")" = ranby-init ] && [ "$(status_field "$pid" State)" = S ]; }
	wait_for 30 waits
	kill -USR1 "$pid"
	kill -0 "$pid"
	kill -TERM "$pid"
	wait "$pid"
}
