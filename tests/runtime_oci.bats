#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime and the properties of config.json, each asked of the kernel
# from inside and, where the host can see it, in its /proc. Which property is
# held by which test: tests/oci/properties.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load oci

setup_file() { oci_setup_file; }
teardown_file() { oci_teardown_file; }
setup() { oci_setup; }
teardown() { oci_teardown; }

# seen SCRIPT [CHANGES] -- COMMAND: the container runs COMMAND (which must stay); SCRIPT is run by the host's side, $pid is init
seen() {
	local script=$1
	shift
	bundle "$@"
	keeper bash -euc 'rt create --bundle "$1" --pid-file "$RUN/pid" s1; rt start s1; pid=$(cat "$RUN/pid") status=0
		('"$script"') || status=$?; rt delete --force s1; exit $status' keeper "$B"
}

NAMESPACES='{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"},{"type":"user"}'

# ---- namespaces ----

@test "each namespace is new, as asked, and those that are not asked for are the caller's" {
	need_ranges
	run -0 seen 'for n in pid net ipc uts mnt cgroup user time; do
		[ "$(readlink /proc/$pid/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] && echo "$n shared" || echo "$n own"; done' -- sleep 100
	[ "$output" = $'pid own\nnet own\nipc own\nuts own\nmnt own\ncgroup own\nuser own\ntime shared' ]
	run -0 seen 'for n in uts cgroup; do
		[ "$(readlink /proc/$pid/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] && echo "$n shared" || echo "$n own"; done' \
		'{"hostname":null,"linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"mount"},{"type":"user"}]}}' -- sleep 100
	[ "$output" = $'uts shared\ncgroup shared' ]
	none_left
}

@test "a time namespace: its own clocks, seen inside, in /proc and by an exec; offsets without one are refused" {
	need_ranges
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	local up
	up=$(cut -d. -f1 /proc/uptime)
	run -0 seen 'cat /proc/$pid/timens_offsets; [ "$(readlink /proc/$pid/ns/time)" != "$(readlink /proc/self/ns/time)" ] && echo own
		rt exec s1 cat /proc/uptime' \
		"{\"linux\":{\"namespaces\":[$NAMESPACES,{\"type\":\"time\"}],\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":7},\"boottime\":{\"secs\":1000000}}}}" -- sleep 100
	[[ ${lines[0]} =~ ^monotonic\ +-5\ +7$ ]]
	[[ ${lines[1]} =~ ^boottime\ +1000000\ +0$ ]]
	[ "${lines[2]}" = own ]
	[ "$(cut -d. -f1 <<<"${lines[3]}")" -ge $((up + 1000000)) ]
	run -1 go '{"linux":{"timeOffsets":{"boottime":{"secs":1}}}}' -- true
	one_error 'timeOffsets: without a new time namespace'
	run -1 go "{\"linux\":{\"namespaces\":[$NAMESPACES,{\"type\":\"time\"}],\"timeOffsets\":{\"boottime\":{\"secs\":\"x\"}}}}" -- true
	one_error 'timeOffsets.boottime.secs'
	none_left
}

@test "namespaces by path are joined, time with them" {
	need_ranges
	bundle "{\"linux\":{\"namespaces\":[$NAMESPACES,{\"type\":\"time\"}],\"timeOffsets\":{\"boottime\":{\"secs\":777}}}}" -- sleep 100
	mkdir "$B/two"
	run -0 keeper bash -euc 'rt create --bundle "$1" --pid-file "$RUN/pid" one; rt start one; pid=$(cat "$RUN/pid")
		list=; for n in user network:net ipc uts cgroup time; do list="$list{\"type\":\"${n%:*}\",\"path\":\"/proc/$pid/ns/${n#*:}\"},"; done
		"$RANBY_TREE/tests/bundle" "$1/two" "{\"root\":{\"path\":\"$1/rootfs\"},\"hostname\":null,\"linux\":{\"namespaces\":[$list{\"type\":\"mount\"},{\"type\":\"pid\"}],\"uidMappings\":null,\"gidMappings\":null}}" -- \
			sh -c "for n in user net ipc uts cgroup time; do readlink /proc/self/ns/\$n; done"
		rt run --bundle "$1/two" two >"$RUN/joined"
		for n in user net ipc uts cgroup time; do readlink /proc/$pid/ns/$n; done | diff - "$RUN/joined" && echo same
		rt delete --force one' keeper "$B"
	[ "$output" = same ]
	none_left
}

@test "uid and gid mappings, hostname and domainname, as /proc on the host has them" {
	need_ranges
	run -0 seen 'cat /proc/$pid/uid_map /proc/$pid/gid_map; rt exec s1 sh -c "hostname; cat /proc/sys/kernel/domainname"' '{"domainname":"example.org"}' -- sleep 100
	[ "$(awk '{print $1, $2, $3}' <<<"$output")" = $'0 0 1\n1 1 65535\n0 0 1\n1 1 65535\nbox  \nexample.org  ' ]
}

# ---- the process ----

@test "personality, scheduler and ioPriority: what uname, /proc and ionice say" {
	need_ranges
	[ "$(uname -m)" = x86_64 ] || skip 'i686 is what x86-64 has for LINUX32'
	run -0 seen 'rt exec s1 uname -m; chrt -p $pid | head -1; awk "{print \$19}" /proc/$pid/stat; ionice -p $pid; cat /proc/$pid/personality' \
		'{"linux":{"personality":{"domain":"LINUX32"}},"process":{"scheduler":{"policy":"SCHED_BATCH","nice":7},"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":6}}}' -- sleep 100
	[[ ${lines[0]} = i686 && ${lines[1]} = *SCHED_BATCH && ${lines[2]} = 7 && ${lines[3]} = 'best-effort: prio 6' && ${lines[4]} = 00000008 ]] || fail "$output"
	# the host's right, which a user namespace does not give
	run -1 go '{"process":{"scheduler":{"policy":"SCHED_FIFO","priority":5}}}' -- true
	one_error 'process.scheduler'
	run -1 go '{"process":{"scheduler":{"nice":1}}}' -- true
	one_error 'process: scheduler.policy'
	run -1 go '{"process":{"ioPriority":{"class":"IOPRIO_CLASS_X"}}}' -- true
	one_error 'process: ioPriority.class'
	run -1 go '{"linux":{"personality":{"domain":"BSD"}}}' -- true
	one_error 'linux: personality.domain'
	none_left
}

@test "execCPUAffinity: an exec's processors, not init's" {
	need_ranges
	echo '{"args":["grep","Cpus_allowed_list","/proc/self/status"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0},"execCPUAffinity":{"initial":"0","final":"0"}}' >"$BATS_TEST_TMPDIR/p.json"
	export P=$BATS_TEST_TMPDIR/p.json
	run -0 seen 'rt exec --process "$P" s1; grep Cpus_allowed_list /proc/$pid/status; grep Cpus_allowed_list /proc/self/status' \
		'{"process":{"execCPUAffinity":{"initial":"0"}}}' -- sleep 100
	[ "${lines[0]}" = $'Cpus_allowed_list:\t0' ]
	[ "${lines[1]}" = "${lines[2]}" ]
	sed -i 's/"final":"0"/"final":"0-x"/' "$P"
	run -1 seen 'rt exec --process "$P" s1' -- sleep 100
	one_error 'execCPUAffinity.final'
}

@test "oomScoreAdj, umask, groups, cwd and env, from inside and from the host's /proc" {
	need_ranges
	run -0 seen 'cat /proc/$pid/oom_score_adj; awk "/^(Umask|Groups|Uid)/{print \$1,\$2,\$3}" /proc/$pid/status; readlink /proc/$pid/cwd; tr "\\0" " " </proc/$pid/environ' \
		'{"process":{"oomScoreAdj":500,"cwd":"/tmp","env":["PATH=/bin","A=b c"],"user":{"uid":5,"gid":6,"additionalGids":[8,9],"umask":39}}}' -- sleep 100
	[ "${lines[0]}" = 500 ]
	[[ $output == *$'Umask: 0047 \nUid: 5 5\nGroups: 8 9\n'* ]] || fail "$output"
	[[ $output == *$'/tmp\nPATH=/bin A=b c '* ]] || fail "$output"
}

# ---- mounts ----

@test "mount options reach the mount, the recursive ones all below it too" {
	need_ranges
	mkdir -p "$B/tree/below"
	run -0 keeper --mount bash -euc 'mount -t tmpfs t "$1/tree/below"; "$RANBY_TREE/tests/bundle" "$1" "{\"mounts\":[
		{\"destination\":\"/plain\",\"type\":\"bind\",\"source\":\"$1/tree\",\"options\":[\"rbind\",\"ro\",\"nosuid\"]},
		{\"destination\":\"/rec\",\"type\":\"bind\",\"source\":\"$1/tree\",\"options\":[\"rbind\",\"rro\",\"rnosuid\",\"rnodev\",\"rnoexec\"]},
		{\"destination\":\"/shared\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":[\"shared\",\"size=64k\",\"noexec\"]}]}" -- cat /proc/self/mountinfo
		rt run --bundle "$1" c1' keeper "$B"
	at() { awk -v p="$1" '$5 == p {print $6}' <<<"$output"; }
	[[ $(at /plain) = ro,nosuid* && $(at /plain/below) = rw* ]]
	[[ $(at /rec) = ro,nosuid,nodev,noexec* && $(at /rec/below) = ro,nosuid,nodev,noexec* ]]
	[[ $(awk '$5 == "/shared"' <<<"$output") = *noexec*shared:*size=64k* ]]
}

@test "idmapped mounts: by the container's map and by one of their own; what a user may not map is refused" {
	need_ranges
	run -1 go '{"mounts":[{"destination":"/x","type":"bind","source":"/etc","options":["bind","idmap"]}]}' -- true
	one_error 'only who owns the filesystem may map it'
	run -1 go '{"mounts":[{"destination":"/x","type":"tmpfs","source":"t","options":["idmap"]}]}' -- true
	one_error 'idmap is for a bind'
	run -1 go '{"mounts":[{"destination":"/x","type":"bind","source":"/etc","options":["bind"],"uidMappings":[{"containerID":0,"hostID":1,"size":1}]}]}' -- true
	one_error 'uidMappings and gidMappings go together'
	none_left
	# a filesystem of our own namespace may be: what is 0 there is 7 through the map
	mkdir "$B/own"
	run -0 keeper --mount bash -euc 'mount -t tmpfs t "$1/own"; touch "$1/own/file"; "$RANBY_TREE/tests/bundle" "$1" "{\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"$1/own\",\"options\":[\"bind\"],
		\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":8,\"size\":1}]}]}" -- stat -c %u:%g /x/file
		rt run --bundle "$1" c1 || echo "failed $?"' keeper "$B"
	[[ $output = 7:8 || $output = *'no idmapped mounts'* ]] || fail "$output"
}

@test "rootfsPropagation: as asked, private when not" {
	need_ranges
	local word want
	while read -r word want; do
		run -0 go "{\"linux\":{\"rootfsPropagation\":\"$word\"}}" -- cat /proc/self/mountinfo || fail "$word" "$output"
		[[ $(awk '$5 == "/" {print $7}' <<<"$output") == "$want"* ]] || fail "$word" "$output"
	done <<-'END'
		private -
		rshared shared:
		slave -
		runbindable unbindable
	END
	none_left
}

@test "readonlyPaths and maskedPaths: in the container's mounts, as the host's /proc shows them" {
	need_ranges
	run -0 seen 'cat /proc/$pid/mountinfo' '{"linux":{"readonlyPaths":["/etc","/proc/sys","/nosuch"],"maskedPaths":["/usr","/etc/passwd","/nosuch"]}}' -- sleep 100
	at() { awk -v p="$1" '$5 == p {print $6}' <<<"$output" | tail -1; }
	[[ $(at /etc) = ro* && $(at /proc/sys) = ro* && $(at /usr) = ro* && -n $(at /etc/passwd) && -z $(at /nosuch) ]] || fail "$output"
	run -0 go '{"linux":{"readonlyPaths":["/etc"],"maskedPaths":["/usr","/etc/passwd"]}}' -- sh -c 'touch /etc/x || ls -A /usr; wc -c </etc/passwd'
	[ "${lines[1]}" = 0 ]
}

# ---- hooks ----

# hook KIND [MORE]: a list with one hook that notes its kind, its namespaces and its standard input
hook() { echo "\"$1\":[{\"path\":\"$BATS_TEST_TMPDIR/hook\",\"args\":[\"the hook\",\"$1\"],\"env\":[\"PATH=/bin:/usr/bin\",\"LOG=$BATS_TEST_TMPDIR/log\"]${2:-}}]"; }
make_hook() {
	cat >"$BATS_TEST_TMPDIR/hook" <<-'END'
		#!/bin/bash
		state=$(tr -d ' \n')
		[[ $state =~ \"id\":\"([^\"]*)\".*\"pid\":([0-9]*).*\"status\":\"([a-z]*)\".*\"bundle\":\"([^\"]*)\" ]]
		echo "$1 ${BASH_REMATCH[1]} ${BASH_REMATCH[3]} pid=$((BASH_REMATCH[2] > 1)) $(hostname) $(env | grep -vcE '^(PATH|LOG|PWD|SHLVL|_)=')" >>"$LOG"
	END
	chmod 755 "$BATS_TEST_TMPDIR/hook"
}

@test "hooks of all six kinds: in their order, with the state, an environment of their own, in the namespaces that they belong to" {
	need_ranges
	make_hook
	chmod 1777 "$B/rootfs/tmp"
	printf '#!/bin/sh\ncat >/tmp/state; id -u >/tmp/id; grep -E "^(NoNewPrivs|CapEff|Seccomp):" /proc/self/status >/tmp/status\n' >"$B/rootfs/bin/inside"
	chmod 755 "$B/rootfs/bin/inside"
	bundle "{\"hooks\":{$(hook prestart),$(hook createRuntime),$(hook createContainer),\"startContainer\":[{\"path\":\"/bin/inside\"}],$(hook poststart),$(hook poststop)},
		\"process\":{\"user\":{\"uid\":3,\"gid\":3},\"noNewPrivileges\":true},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}" -- sleep 100
	keeper bash -euc 'rt create --bundle "$1" h1; echo created >>"$2"; rt start h1; echo started >>"$2"; rt kill h1 KILL
		for _ in $(seq 1000); do ! rt state h1 | grep -q stopped || break; sleep 0.02; done; rt delete h1; echo deleted >>"$2"' keeper "$B" "$BATS_TEST_TMPDIR/log"
	run -0 cat "$BATS_TEST_TMPDIR/log"
	local host
	host=$(hostname)
	[ "$output" = "prestart h1 creating pid=1 $host 0
createRuntime h1 creating pid=1 $host 0
createContainer h1 creating pid=1 box 0
created
poststart h1 running pid=1 $host 0
started
poststop h1 stopped pid=0 $host 0
deleted" ] || fail "$output"
	# the one inside is the image's program: no more than the payload may
	grep -q '"status": "created"' "$B/rootfs/tmp/state"
	[ "$(cat "$B/rootfs/tmp/id")" = 3 ]
	run -0 cat "$B/rootfs/tmp/status"
	[ "$output" = $'CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2' ] || fail "$output"
	none_left
}

@test "a bundle that is named from here: the state and the hooks have its path from the root, wherever one asks from" {
	need_ranges
	bundle "{\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat >$BATS_TEST_TMPDIR/hooked\"]}]}}" -- sleep 100
	run -0 keeper bash -euc 'cd "${1%/*}"; rt create --bundle "${1##*/}" r1; cd /; rt state r1; rt start r1; rt delete --force r1
		cd "$1"; rt create --bundle . r2; rt state r2; rt delete --force r2; rt create r3; rt state r3; rt delete --force r3
		rt create --bundle ../"${1##*/}"/. r4; rt state r4; rt delete --force r4' keeper "$B"
	[ "$(jq -r .bundle <<<"$output" | sort -u)" = "$B" ] || fail "$(jq -r .bundle <<<"$output")"
	[ "$(jq -r .rootfs <<<"$output" | sort -u)" = "$B/rootfs" ] || fail "$(jq -r .rootfs <<<"$output")"
	[ "$(jq -r .bundle "$BATS_TEST_TMPDIR/hooked")" = "$B" ] || fail "$(cat "$BATS_TEST_TMPDIR/hooked")"
	none_left
}

@test "called in a directory that its user may not enter, it makes a container all the same" {
	need_ranges
	bundle "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]}}" -- true
	jq '.mounts |= map(select(.destination != "/dev/pts"))' "$B/config.json" >"$B/without" && mv "$B/without" "$B/config.json"
	local shut=$BATS_TEST_TMPDIR/shut
	mkdir "$shut"
	run bash -c 'cd "$1" && unshare --map-root-user --map-auto chown 1:1 "$1" && unshare --map-root-user --map-auto chmod 700 "$1" && ! stat . 2>/dev/null &&
		exec "$RUNTIME" --root "$RUN/state" run --bundle "$2" c1' bash "$shut" "$B"
	unshare --map-root-user --map-auto chown 0:0 "$shut"
	[ "$status" = 0 ] || fail "$output"
	none_left
}

@test "a createContainer hook sees the bundle, and no secret" {
	need_ranges
	python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("=IIIIIII", 0x52534331, 0, 0, 0, 0o400, 6, 5) + b"/tmp/s" + b"shush")' >"$BATS_TEST_TMPDIR/secrets"
	bundle "{\"hooks\":{\"createContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"{ ls -A $B; cat $B/0 2>/dev/null; } >$BATS_TEST_TMPDIR/seen 2>&1; :\"]}]}}" -- cat /tmp/s
	run -0 keeper bash -euc '"$RUNTIME" --root "$RUN/state" run --secrets-fd 9 --bundle "$1" s1 9<"$2"' keeper "$B" "$BATS_TEST_TMPDIR/secrets"
	[ "$output" = shush ] || fail "$output"
	run -0 cat "$BATS_TEST_TMPDIR/seen"
	[ "$output" = $'config.json\nrootfs' ] || fail "$output"
	none_left
}

@test "a hook that fails, or takes too long, ends the container before its start; after it, it is a warning" {
	need_ranges
	local kind
	for kind in prestart createRuntime createContainer startContainer; do
		run -1 eval 'go "{\"hooks\":{\"$kind\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"exit 3\"],\"env\":[\"PATH=/bin\"]}]}}" -- touch /tmp/ran' ||
			[ "$status" = 125 ] || fail "$kind: $status"
		one_error "hooks.${kind}[0]: /bin/sh: exit code 3"
		[ ! -e "$B/rootfs/tmp/ran" ]
		none_left
	done
	run -1 go '{"hooks":{"createRuntime":[{"path":"/bin/sleep","args":["sleep","30"],"timeout":1}]}}' -- touch /tmp/ran
	one_error 'not done after 1 seconds'
	run -1 go '{"hooks":{"createContainer":[{"path":"/bin/sleep","args":["sleep","30"],"timeout":1}]}}' -- touch /tmp/ran
	one_error 'not done after 1 seconds'
	run -1 go '{"hooks":{"createRuntime":[{"path":"/nosuch/hook"}]}}' -- touch /tmp/ran
	one_error '/nosuch/hook'
	[ ! -e "$B/rootfs/tmp/ran" ]
	run -0 go '{"hooks":{"poststart":[{"path":"/bin/false"}]}}' -- true
	[[ $output = *'Warning: hooks.poststart[0]: /bin/false: exit code 1'* ]]
	run -0 go '{"hooks":{"poststop":[{"path":"/bin/false"}]}}' -- true
	[[ $output = *'Warning: hooks.poststop[0]: /bin/false: exit code 1'* ]]
	none_left
}

@test "malformed hooks are refused with their place" {
	need_ranges
	while IFS='|' read -r changes words; do
		run -1 go "$changes" -- true
		one_error "$words"
		none_left
	done <<-'END'
		{"hooks":[]}|hooks
		{"hooks":{"prestart":{}}}|hooks: prestart
		{"hooks":{"poststop":[{"args":["x"]}]}}|hooks: poststop[0]: path
		{"hooks":{"poststart":[{"path":"/x","timeout":0}]}}|hooks: poststart[0]: timeout
		{"hooks":{"createRuntime":[{"path":"/x","timeout":-1}]}}|timeout
		{"hooks":{"createContainer":[{"path":"/x","env":[1]}]}}|env
		{"hooks":{"startContainer":[{"path":"x"}]}}|not an absolute path
	END
}

# ---- seccomp ----

@test "seccomp with a listener: the calls are answered by another program, which gets the state and the metadata; exec too" {
	need_ranges
	[ -e /proc/sys/kernel/seccomp/actions_avail ] && grep -q user_notif /proc/sys/kernel/seccomp/actions_avail || skip 'this kernel has no seccomp notification'
	cat >"$BATS_TEST_TMPDIR/listen" <<-'END'
		import array, fcntl, json, os, select, socket, struct, sys
		s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(4)
		print("ready", flush=True)
		for _ in range(2):
		    c = s.accept()[0]
		    text, anc, *_x = c.recvmsg(65536, socket.CMSG_SPACE(16))
		    fd = array.array("i", anc[0][2])[0]
		    o = json.loads(text)
		    print(o["fds"], o["metadata"], o["state"]["status"], o["state"]["id"], o["pid"] > 1, flush=True)
		    buf = bytearray(80)
		    fcntl.ioctl(fd, 0xc0502100, buf)
		    ident, = struct.unpack_from("Q", buf)
		    # mkdir answers 93
		    fcntl.ioctl(fd, 0xc0182101, bytearray(struct.pack("QqiI", ident, 0, -93, 0)))
		    os.close(fd)
	END
	python3 "$BATS_TEST_TMPDIR/listen" "$RUN/l" >"$BATS_TEST_TMPDIR/said" 3>&- &
	local pid=$!
	wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/said"
	run -0 seen 'rt exec s1 mkdir /tmp/e || true; grep Seccomp: /proc/$pid/status' "{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$RUN/l\",\"listenerMetadata\":\"meta data\",
		\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}}}" -- sh -c 'mkdir /tmp/d; exec sleep 100'
	wait "$pid"
	[[ $output = *'Protocol not supported'*$'Seccomp:\t2' ]] || fail "$output"
	[ "$(tail -2 "$BATS_TEST_TMPDIR/said")" = "['seccompFd'] meta data creating s1 True
['seccompFd'] meta data running s1 True" ] || fail "$(cat "$BATS_TEST_TMPDIR/said")"
	run -1 go '{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/nosuch/socket","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}}}' -- true
	one_error 'listenerPath'
	run -1 go '{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}}}' -- true
	one_error 'without listenerPath'
	none_left
}

# ---- what is not done ----

@test "Intel RDT, memory policy and moved network devices are refused by name; unknown properties are ignored" {
	need_ranges
	while IFS='|' read -r changes words; do
		run -1 go "$changes" -- true
		one_error "$words"
	done <<-'END'
		{"linux":{"intelRdt":{"closID":"x"}}}|linux.intelRdt: not supported
		{"linux":{"intelRdt":{}}}|linux.intelRdt: not supported
		{"linux":{"intelRdt":{"schemata":["L3:0=f"]}}}|linux.intelRdt: not supported
		{"linux":{"intelRdt":{"enableMonitoring":true}}}|linux.intelRdt: not supported
		{"linux":{"intelRdt":3}}|linux.intelRdt: not an object
		{"linux":{"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0"}}}|linux.memoryPolicy: not supported
		{"linux":{"memoryPolicy":"MPOL_BIND"}}|linux.memoryPolicy: not an object
		{"linux":{"netDevices":{"eth0":{"name":"eth1"}}}}|linux.netDevices: not supported
		{"linux":{"netDevices":["eth0"]}}|linux.netDevices: not an object
		{"vm":{"kernel":{"path":"/x"}}}|vm: not supported
		{"vm":{"hwConfig":{"vcpus":1}}}|vm: not supported
		{"freebsd":{"jail":{"enforceStatfs":1}}}|freebsd: not supported
		{"zos":{"namespaces":[{"type":"pid"}]}}|zos: not supported
		{"windows":{"layerFolders":["x"]}}|windows: not supported
		{"solaris":{"milestone":"x"}}|solaris: not supported
	END
	run -0 go '{"unheardOf":{"a":[1]},"process":{"unheardOf":1,"commandLine":"x"},"linux":{"unheardOf":"x","netDevices":{},"resources":{"unheardOf":{}}},"vm":{}}' -- echo fine
	[ "$output" = fine ]
	none_left
}

@test "capabilities that nobody here knows are left out with a warning, of create and of exec; a name that is none is refused" {
	need_ranges
	local caps='"capabilities":{"bounding":["CAP_CHOWN","CAP_FLY"],"permitted":["CAP_CHOWN","CAP_FLY"],"effective":["CAP_CHOWN"]}'
	run -0 go "{\"process\":{$caps}}" -- grep ^CapPrm /proc/self/status
	[ "${lines[0]}" = $'CapPrm:\t0000000000000001' ] || fail "$output"
	[ "${lines[1]}" = 'Warning: process.capabilities: CAP_FLY is unknown here and left out' ]
	bundle "{\"process\":{$caps}}" -- true
	run -0 keeper "$RUNTIME" --root "$RUN/state" --log "$BATS_TEST_TMPDIR/log" --log-format json run --bundle "$B" c1
	python3 -c 'import json, sys; w = json.loads(open(sys.argv[1]).read()); assert w["level"] == "warning" and "CAP_FLY" in w["msg"] and w["time"], w' "$BATS_TEST_TMPDIR/log"
	echo "{\"args\":[\"grep\",\"^CapPrm\",\"/proc/self/status\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"],\"user\":{\"uid\":0,\"gid\":0},$caps}" >"$BATS_TEST_TMPDIR/p.json"
	export ASKED=$BATS_TEST_TMPDIR/p.json
	run -0 seen 'rt exec --process "$ASKED" s1' -- sleep 100
	[[ $output = $'CapPrm:\t0000000000000001\nWarning: '*CAP_FLY* ]] || fail "$output"
	for name in CHOWN cap_chown CAP_ 'CAP_A\\nB' CAP_chown; do
		run -1 go "{\"process\":{\"capabilities\":{\"ambient\":[\"${name//\\\\/\\}\"]}}}" -- true
		one_error 'capabilities.ambient[0]'
	done
	none_left
}

# ---- verbs ----

@test "checkpoint and restore say that they are not there; pause, resume, update and events that there is no cgroup" {
	need_ranges
	run -1 rt checkpoint --image-path x c1
	one_error 'checkpoint: not supported'
	run -1 rt restore c1
	one_error 'restore: not supported'
	bundle -- sleep 100
	run -0 keeper bash -euc 'rt create --bundle "$1" v1; rt start v1
		for verb in pause "update --memory 1000000" "events --stats"; do rt $verb v1 2>&1 && echo "$verb went"; done; rt resume v1 2>&1 || true
		rt delete --force v1' keeper "$B"
	[ "$(grep -c 'has no cgroup of its own' <<<"$output")" = 4 ] || fail "$output"
	[[ $output != *went* ]]
	none_left
}

@test "kill --all reaches every process, not init alone; a signal that init ignores ends the others" {
	need_ranges
	bundle -- sh -c 'trap : TERM; sleep 300 & sleep 301 & while :; do sleep 302; done'
	run -0 keeper bash -euc 'rt create --bundle "$1" v2; rt start v2
		for _ in $(seq 1000); do [ "$(rt ps v2 | wc -l)" -lt 5 ] || break; sleep 0.02; done
		rt ps v2 | wc -l
		rt kill --all v2 TERM
		# the shell, which goes on, and its next sleep
		for _ in $(seq 1000); do [ "$(rt ps v2 | wc -l)" -le 3 ] || { sleep 0.02; continue; }; echo gone; break; done
		rt state v2 | grep status; rt kill --all v2 KILL; for _ in $(seq 1000); do ! rt state v2 | grep -q stopped || break; sleep 0.02; done
		rt kill --all v2 TERM; rt delete v2' keeper "$B"
	[[ $output = 5*gone*running* ]] || fail "$output"
	none_left
}

@test "delete --force by several at once: one ends it, its poststop hook is run once, the others find it gone" {
	need_ranges
	printf '#!/bin/sh\ncat >/dev/null\necho stopped >>"$LOG"\n' >"$BATS_TEST_TMPDIR/stopped"
	chmod 755 "$BATS_TEST_TMPDIR/stopped"
	bundle "{\"hooks\":{\"poststop\":[{\"path\":\"$BATS_TEST_TMPDIR/stopped\",\"env\":[\"LOG=$BATS_TEST_TMPDIR/log\",\"PATH=/bin\"]}]}}" -- sleep 100
	run -0 keeper bash -uc 'for ((i = 0; i < 20; i++)); do
			rt create --bundle "$1" d1 && rt start d1 || echo "round $i: not made"
			pids=()
			for k in 1 2 3 4 5; do rt delete --force d1 & pids+=($!); done
			for pid in "${pids[@]}"; do wait "$pid" || echo "round $i: delete failed"; done
		done' keeper "$B"
	[ -z "$output" ] || fail "$output"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log")" = 20 ] || fail "$(wc -l <"$BATS_TEST_TMPDIR/log") times"
	none_left
}

@test "--pidfd-socket gets a pidfd of the process, of create and of exec" {
	need_ranges
	cat >"$BATS_TEST_TMPDIR/take" <<-'END'
		import array, socket, sys
		s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(2)
		print("ready", flush=True)
		for _ in range(2):
		    fd = array.array("i", s.accept()[0].recvmsg(64, socket.CMSG_SPACE(16))[1][0][2])[0]
		    print([l.split()[1] for l in open("/proc/self/fdinfo/%d" % fd) if l.startswith("Pid:")][0], flush=True)
	END
	python3 "$BATS_TEST_TMPDIR/take" "$RUN/p" >"$BATS_TEST_TMPDIR/pids" 3>&- &
	local taker=$!
	wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/pids"
	bundle -- sleep 100
	keeper bash -euc 'rt create --bundle "$1" --pidfd-socket "$RUN/p" --pid-file "$RUN/pid" v3; rt start v3
		rt exec --detach --pidfd-socket "$RUN/p" --pid-file "$RUN/pid2" v3 sleep 100; rt delete --force v3' keeper "$B"
	wait "$taker"
	[ "$(tail -2 "$BATS_TEST_TMPDIR/pids")" = "$(cat "$RUN/pid")
$(cat "$RUN/pid2")" ]
}

@test "exec: capabilities, groups and no_new_privs in addition to the config's" {
	need_ranges
	run -0 seen 'rt exec --cap CAP_SYS_CHROOT -g 44 -g 45 --no-new-privs s1 grep -E "^(CapEff|Groups|NoNewPrivs)" /proc/self/status
		rt exec --cap CAP_NOPE s1 true 2>&1 || true; rt exec -g x s1 true 2>&1 || true' -- sleep 100
	[[ $output = *$'Groups:\t44 45'*$'CapEff:\t00000000000404eb\nNoNewPrivs:\t1'*'CAP_NOPE: unknown'*'not a group ID'* ]] || fail "$output"
}

@test "features: each claim is one that a run bears out: mount options, capabilities, actions, operators, architectures, flags, namespaces" {
	need_ranges
	rt features >"$BATS_TEST_TMPDIR/features"
	mkdir "$B/src"
	# a bundle for each claim, and one for each kind of a thing that nobody claims
	python3 - "$BATS_TEST_TMPDIR/features" "$BATS_TEST_TMPDIR/claims" "$B/src" <<-'END'
		import json, os, sys
		f, out, src = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
		os.mkdir(out)
		def claim(name, change):
		    json.dump(change, open("%s/%s" % (out, name), "w"))
		mounts = []
		for o in f["mountOptions"]:
		    m = {"destination": "/m/" + o, "type": "tmpfs", "source": "t", "options": [o]}
		    if o in ("bind", "rbind"):
		        m.update(type="none", source=src)
		    if o not in ("idmap", "ridmap"):  # only who owns the filesystem may: a test of their own
		        mounts.append(m)
		claim("mounts", {"mounts": mounts})
		claim("caps", {"process": {"capabilities": {k: f["linux"]["capabilities"] for k in ("bounding", "permitted", "effective")}}})
		s = f["linux"]["seccomp"]
		rule = {"names": ["acct"], "action": "SCMP_ACT_LOG"}
		for a in s["actions"]:
		    if a != "SCMP_ACT_NOTIFY":  # wants somebody who answers
		        claim(a, {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [dict(rule, action=a if a != "SCMP_ACT_ALLOW" else "SCMP_ACT_ERRNO")]}}})
		claim("operators", {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		    dict(rule, args=[{"index": 0, "value": 77, "valueTwo": 77, "op": o}]) for o in s["operators"]]}}})
		claim("flags", {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule],
		    "flags": [x for x in s["supportedFlags"] if x != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}}})
		assert set(s["supportedFlags"]) <= set(s["knownFlags"])
		little = [a for a in s["archs"] if a not in ("SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
		                                            "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X")]
		claim("archs", {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": little, "syscalls": [rule]}}})
		claim("namespaces", {"linux": {"namespaces": [{"type": n} for n in f["linux"]["namespaces"]]}})
	END
	local claim ns
	mkdir "$B/rootfs/m"
	for claim in "$BATS_TEST_TMPDIR"/claims/*; do
		run -0 go "$(<"$claim")" -- sh -c 'grep -c " /m/" /proc/self/mountinfo; grep ^CapBnd /proc/self/status; grep ^Seccomp: /proc/self/status; for n in /proc/self/ns/*; do readlink $n; done' ||
			fail "${claim##*/}" "$output"
		[[ $output != *Warning* ]] || fail "${claim##*/}" "$output"
		case ${claim##*/} in
		mounts) [ "${lines[0]}" -ge 40 ] ;;
		caps) [ "$((16#${lines[1]#CapBnd:?}))" = $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)) ] || fail "$output" ;;
		namespaces) for ns in /proc/self/ns/{user,mnt,pid,net,ipc,uts,cgroup,time}; do [[ ! -e $ns || $output != *"$(readlink "$ns")"* ]] || fail "$ns is the host's"; done ;;
		*) [[ $output = *$'Seccomp:\t2'* ]] || fail "${claim##*/}" "$output" ;;
		esac
	done
	# what is not claimed is refused
	run -1 go '{"mounts":[{"destination":"/m","type":"tmpfs","source":"t","options":["remount"]}]}' -- true
	run -1 go '{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["acct"],"action":"SCMP_ACT_MAYBE"}]}}}' -- true
	run -1 go '{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_FAST"]}}}' -- true
	none_left
}

@test "features: what the kernel that runs has, and no more" {
	run -0 rt features
	python3 - "$output" <<-'END'
		import json, os, sys
		f = json.loads(sys.argv[1])
		files = {"mount": "mnt", "network": "net"}
		assert all(os.path.exists("/proc/self/ns/" + files.get(n, n)) for n in f["linux"]["namespaces"])
		assert len(f["linux"]["namespaces"]) == sum(os.path.exists("/proc/self/ns/" + n) for n in ("mnt", "net", "pid", "user", "uts", "ipc", "cgroup", "time"))
		assert len(f["hooks"]) == 6
		words = {"SCMP_ACT_NOTIFY": "user_notif", "SCMP_ACT_KILL": "kill_thread"}
		avail = open("/proc/sys/kernel/seccomp/actions_avail").read().split()
		assert all(words.get(a, a[9:].lower()) in avail for a in f["linux"]["seccomp"]["actions"])
		assert len(f["linux"]["capabilities"]) == 1 + int(open("/proc/sys/kernel/cap_last_cap").read())
		assert not f["linux"]["intelRdt"]["enabled"] and not f["linux"]["cgroup"]["v1"]
	END
}

@test "attribution: inside a user namespace unverified; outside the login's, the map and the profile's hash; a batch job's claims" {
	need_ranges
	local seccomp='{"defaultAction":"SCMP_ACT_ALLOW"}' one
	SLURM_JOB_ID=77 SLURM_STEP_ID=$'a\nb' run -0 seen 'rt state s1' "{\"linux\":{\"seccomp\":$seccomp}}" -- sleep 100
	python3 - "$output" "$BATS_TEST_TMPDIR/b/config.json" <<-'END'
		import json, sys
		a = json.loads(sys.argv[1])["attribution"]
		assert a["verified"] is False and "user namespace" in a["why"] and "auid" not in a and "uid" not in a, a
		assert a["uidMap"] == "0 0 1\n1 1 65535\n" and a["claimed"] == {"SLURM_JOB_ID": "77"} and len(a["seccomp"]) == 64, a
	END
	one="{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]}}"
	bundle "$one" -- sleep 100
	rt create --bundle "$B" s2
	run -0 rt state s2
	rt delete s2
	python3 - "$output" <<-'END'
		import json, os, sys
		a = json.loads(sys.argv[1])["attribution"]
		auid, ses = (int(open("/proc/self/" + f).read()) for f in ("loginuid", "sessionid"))
		assert a["uid"] == os.getuid(), a
		if auid == 4294967295:
		    assert a["verified"] is False and a["loginuid"] == "unset" and "auid" not in a, a
		else:
		    assert a["verified"] is True and a["auid"] == auid and a["session"] == ses, a
	END
	none_left
}

@test "signals that the caller ignores or blocks are the payload's again, all of them" {
	need_ranges
	bundle -- grep -E '^Sig(Ign|Blk):' /proc/self/status
	run -0 keeper python3 - "$RUNTIME" "$RUN/state" "$B" <<-'END'
		import ctypes, os, signal, sys
		libc = ctypes.CDLL(None)
		for sig in list(range(1, 32)) + list(range(34, 65)):
		    if sig not in (9, 19, 17):
		        signal.signal(sig, signal.SIG_IGN)
		# 32 and 33 are libc's own, so by the system call: SIG_IGN
		act = (ctypes.c_uint64 * 8)(1)
		for sig in (32, 33):
		    assert libc.syscall(13, sig, act, None, ctypes.c_size_t(8)) == 0 or os.uname().machine != "x86_64"
		signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
		os.execv(sys.argv[1], [sys.argv[1], "--root", sys.argv[2], "run", "--bundle", sys.argv[3], "c1"])
	END
	[ "$output" = $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000' ] || fail "$output"
	none_left
}

@test "a scope of systemd's where no manager listens is refused, with what to say instead; verbs that make no group take the flag" {
	local flag
	bundle -- true
	for flag in --systemd-cgroup --cgroup-manager=systemd; do
		XDG_RUNTIME_DIR=$B run -1 keeper "$RUNTIME" --root "$RUN/state" "$flag" run --bundle "$B" s1
		[[ $output = *"no service manager of this user's listens in $B/systemd"*'--cgroup-manager=cgroupfs'* ]]
		XDG_RUNTIME_DIR=$B run -1 keeper "$RUNTIME" --root "$RUN/state" "$flag" create --bundle "$B" s1
		run -0 keeper "$RUNTIME" --root "$RUN/state" "$flag" list --quiet
		[ -z "$output" ]
	done
	run -0 keeper "$RUNTIME" --root "$RUN/state" --cgroup-manager=cgroupfs run --bundle "$B" s1
	run -0 bash -c '"$RUNTIME" features | jq -c "[.linux.cgroup.systemd, .linux.cgroup.systemdUser]"'
	[ "$output" = '[true,true]' ]
	none_left
}

# killed_run ID [CHANGES]: `run` in the foreground is killed; the payload has an ID of its own and a child.
killed_run() {
	local pid
	bundle "${2:-"{}"}" -- sh -c 'sleep 1234 & exec sleep 1000'
	unshare --map-root-user --map-auto "$RUNTIME" --root "$RUN/state" run --bundle "$B" "$1" </dev/null >/dev/null 2>&1 3>&- &
	local outer=$!
	wait_for 20 payload_runs "$1"
	pid=$(rt state "$1" | jq .pid)
	kill -KILL "$(status_field "$pid" PPid)"
	wait $outer || true
	wait_for 20 test ! -e "/proc/$pid"
	[ "$(rt state "$1" | jq -r .status)" = stopped ]
	keeper "$RUNTIME" --root "$RUN/state" delete "$1"
}
payload_runs() { [ "$(rt state "$1" 2>/dev/null | jq -r .status)" = running ] && [ "$(cat "/proc/$(rt state "$1" | jq .pid)/comm")" = sleep ]; }

@test "a run in the foreground that is killed takes its container along: as root, as another user, with and without no_new_privs" {
	need_ranges
	killed_run k1
	killed_run k2 '{"process":{"user":{"uid":7,"gid":7},"noNewPrivileges":true}}'
	killed_run k3 '{"process":{"user":{"uid":7,"gid":7},"noNewPrivileges":false}}'
	none_left
}

@test "one that was detached lives on without whoever made it" {
	need_ranges
	bundle -- sleep 1000
	keeper "$RUNTIME" --root "$RUN/state" run --detach --bundle "$B" d1 </dev/null >/dev/null 2>&1
	[ "$(rt state d1 | jq -r .status)" = running ]
	# as its parent that has ended would have had it end
	run -0 python3 - "$(rt state d1 | jq .pid)" <<-'END'
		import sys, time
		time.sleep(0.3)
		print(open("/proc/%s/comm" % sys.argv[1]).read().strip())
	END
	[ "$output" = sleep ]
	keeper "$RUNTIME" --root "$RUN/state" delete --force d1
	none_left
}

@test "a run that is killed while it creates leaves no process: what it made ends with it" {
	need_ranges
	bundle -- sleep 1000
	printf '#!/bin/sh\necho $$ >%s/in-hook\nexec sleep 1000\n' "$B" >"$B/hook"
	chmod 755 "$B/hook"
	jq ".hooks.createRuntime=[{\"path\":\"$B/hook\"}]" "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
	unshare --map-root-user --map-auto --fork --kill-child "$RUNTIME" --root "$RUN/state" run --bundle "$B" k4 </dev/null >/dev/null 2>&1 3>&- &
	local outer=$! init
	wait_for 20 test -s "$B/in-hook"
	init=$(jq .pid "$RUN/state/k4/state.json")
	kill -KILL $outer
	wait $outer || true
	wait_for 20 test ! -e "/proc/$init"
	kill -KILL "$(cat "$B/in-hook")" 2>/dev/null || true
	keeper "$RUNTIME" --root "$RUN/state" delete --force k4
	none_left
}
