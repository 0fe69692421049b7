#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-runtime by itself, while somebody exchanges two names below it all the
# time, or falls upon whoever enters: each a thousand starts long, which
# RANBY_ATTACK_LOOPS=10000 makes longer. What each of these tests was seen to
# fail on is in tests/mutations; `make mutants` shows it again.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034 # bats sets output, lines and status, and each test is a process; calm reads RACERS

load lib
load oci

setup_file() {
	need_ranges
	oci_setup_file
	PROBES=$BATS_FILE_TMPDIR/probes LOOPS=${RANBY_ATTACK_LOOPS:-1000}
	mkdir "$PROBES"
	attack_program watch "$PROBES/watch"
	# a thousand starts, on a machine that has others to serve
	BATS_TEST_TIMEOUT=$((300 + LOOPS / 5))
	export PROBES LOOPS BATS_TEST_TIMEOUT
}
teardown_file() { oci_teardown_file; }
setup() {
	RACERS=()
	oci_setup
	canary_make
}
teardown() {
	calm
	oci_teardown
}

# starts [SED]: runs the bundle LOOPS times, with I in SED for the number of each; $output has what they said, and "exit N" of each
starts() {
	run keeper bash -c 'cp "$1/config.json" "$1/config"
		for ((i = 0; i < LOOPS; i++)); do
			[ -z "$2" ] || sed "${2//I/$i}" "$1/config" >"$1/config.json"
			"$RUNTIME" --root "$RUN/state" run --bundle "$1" c1
			echo "exit $?"
		done 2>&1' keeper "$B" "${1:-}"
	calm
	[ "$(grep -c '^exit' <<<"$output")" = "$LOOPS" ] || fail "$output"
}

# some_ran WORD SHARE: WORD was said by at least one start in SHARE; says how many on the way
some_ran() {
	local n
	n=$(grep -c "^$1" <<<"$output") || true
	echo "# $LOOPS starts, $n ran" >&3
	[ "$n" -ge $((LOOPS / $2)) ] || fail "$n of $LOOPS ran" "$(sort <<<"$output" | uniq -c | sort -rn | head)"
}

# careless A B: by a link that is exchanged for a directory, somebody who looks first and writes then is led to the canary
careless() {
	local i
	race "$1" "$2"
	for ((i = 0; i < 50000; i++)); do
		[ -L "$1" ] || mkdir "$1/careless$i" 2>/dev/null || true
		((i % 50)) || [ -z "$(find "$CANARY" -name 'careless*' -print -quit)" ] || break
	done
	calm
	[ -n "$(find "$CANARY" -name 'careless*' -print -quit)" ] || fail 'nobody lost the race'
}

@test "A03: a mount target that is swapped for a link all the time leads nowhere outside" {
	mkdir -p "$B/vol/d" "$B/src" "$CANARY/x" "$CANARY/y" # where the link leads there is room for them
	CANARY_SUM=$(canary_sum)
	touch "$B/src/mine"
	ln -s "$CANARY" "$B/vol/l"
	bundle "{\"mounts\":[{\"destination\":\"/vol\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\"]},
		{\"destination\":\"/vol/d/x\",\"type\":\"bind\",\"source\":\"$B/src\",\"options\":[\"rbind\"]},
		{\"destination\":\"/vol/d/y\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":[\"size=64k\"]}]}" \
		-- sh -c 'echo "ran $(grep -cE "/b/src /|- tmpfs .*size=64k" /proc/self/mountinfo)"; cat /vol/d/file /vol/l/file 2>/dev/null; :'
	race "$B/vol/d" "$B/vol/l"
	starts
	some_ran ran 20
	# wherever the name led, both are in the container's own tree
	! grep '^ran' <<<"$output" | grep -vx 'ran 2' || fail 'a mount went elsewhere'
	[[ $output != *unchanged* ]] || fail 'the canary was seen inside'
	canary_intact
	none_left
	careless "$B/vol/d" "$B/vol/l"
}

@test "A10: mount targets that must be made, below a directory that is swapped for a link all the time, are made inside" {
	mkdir -p "$B/vol/d" "$B/src"
	ln -s "$CANARY" "$B/vol/l"
	bundle "{\"mounts\":[{\"destination\":\"/vol\",\"type\":\"bind\",\"source\":\"$B/vol\",\"options\":[\"rbind\"]},
		{\"destination\":\"/vol/d/NEW/b/c\",\"type\":\"bind\",\"source\":\"$B/src\",\"options\":[\"rbind\"]}]}" -- echo ran
	race "$B/vol/d" "$B/vol/l"
	starts s/NEW/newI/
	some_ran ran 40 # most are led to the link in one of three steps
	canary_intact
	none_left
	careless "$B/vol/d" "$B/vol/l"
}

@test "A13: a directory that is swapped for a link while it is copied up to a tmpfs: nothing of the host comes along" {
	local i
	mkdir -p "$B/rootfs/data/d"
	for i in $(seq 40); do mkdir "$B/rootfs/data/d/$i" && echo mine >"$B/rootfs/data/d/$i/file"; done
	echo mine >"$B/rootfs/data/d/file"
	ln -s "$CANARY" "$B/rootfs/data/l"
	ln "$B/rootfs/data/d/file" "$B/rootfs/data/f"
	ln -s "$CANARY/file" "$B/rootfs/data/g"
	bundle '{"mounts":[{"destination":"/data","type":"tmpfs","source":"t","options":["tmpcopyup"]}]}' \
		-- sh -c 'echo ran; find /data -type f -exec cat {} + | grep -vx mine; :'
	race "$B/rootfs/data/d" "$B/rootfs/data/l"
	race "$B/rootfs/data/f" "$B/rootfs/data/g"
	starts
	some_ran ran 20
	[[ $output != *unchanged* ]] || fail 'the canary was copied into the container'
	canary_intact
	none_left
}

@test "A05: masks land on our own files although /dev/null is swapped all the time" {
	mkdir "$B/dev"
	touch "$B/dev/null"
	ln -s /proc/sys/kernel/core_pattern "$B/dev/evil"
	bundle "{\"mounts\":[{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$B/dev\",\"options\":[\"rbind\"]}]}" \
		-- sh -c 'stat -c "ran %t:%T" /proc/keys; cat /proc/keys; { echo evil >/proc/keys; } 2>/dev/null; { echo evil >/proc/sys/kernel/core_pattern; } 2>/dev/null; cat /proc/sys/kernel/core_pattern; :'
	race "$B/dev/null" "$B/dev/evil"
	starts
	[ "$(grep -c '^ran 1:3$' <<<"$output")" = "$LOOPS" ] || fail "$(sort <<<"$output" | uniq -c)"
	echo "# $LOOPS starts, all ran" >&3
	[[ $output != *evil* ]]
	none_left
}

@test "A06: /dev/console, and /dev/pts under it, are exchanged for links all the time: what is mounted is the terminal" {
	local n
	mkdir -p "$B/dev/pts" "$B/dev/fake"
	ln -s busybox "$B/rootfs/bin/awk"
	touch "$B/dev/console"
	ln -s /proc/sys/kernel/core_pattern "$B/dev/link"
	for n in 0 1 2 3 ptmx; do ln -s /proc/sys/kernel/core_pattern "$B/dev/fake/$n"; done
	# what is mounted for a console, from the kernel's list, not by a name that may be another one by now
	# shellcheck disable=SC2016 # the program's
	bundle "{\"process\":{\"terminal\":true},\"mounts\":[
		{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$B/dev\",\"options\":[\"rbind\"]},
		{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"newinstance\",\"ptmxmode=0666\"]}]}" -- \
		awk '{
				for (i = 7; i < NF; i++) if ($i == "-") type = $(i + 1)
				if ($5 ~ /console|core_pattern|link/ || (type == "devpts" && $4 != "/")) print "mounted " $5 " " $4 " " type
			} END {print "ran"}' /proc/self/mountinfo
	race "$B/dev/console" "$B/dev/link"
	race "$B/dev/pts" "$B/dev/fake"
	run keeper "$RANBY_TREE/tests/attack/console" "$LOOPS" "$B/s" "$RUNTIME" --root "$RUN/state" run --bundle "$B" --console-socket "$B/s" c1
	calm
	[ "$(grep -c '^exit' <<<"$output")" = "$LOOPS" ]
	some_ran ran 20
	echo "# $(grep '^mounted' <<<"$output" | sort | uniq -c | tr '\n' ',')" >&3
	# wherever the name led: it is our slave, and below /dev
	! grep '^mounted' <<<"$output" | grep -vE '^mounted /dev/[^ ]+ /[0-9]+ devpts$' || fail 'something else is mounted there'
	none_left
}

@test "A07: /proc of a root is exchanged for another and for a link all the time: what is written to it lands in the kernel's" {
	local name before root=$B/rootfs
	mkdir -p "$root/proc" "$root/fake"/{sys/kernel,self/attr,1/attr,thread-self/attr,self/task/1/attr}
	for name in sys/kernel/{msgmax,core_pattern,hostname,domainname} {self,1,thread-self}/{oom_score_adj,loginuid,uid_map,gid_map,setgroups,attr/exec,attr/current,status}; do
		echo fake >"$root/fake/$name"
	done
	before=$(cd "$root/fake" && find . -type f -exec sha256sum {} + | sort)
	ln -s fake "$root/link"
	bundle '{"process":{"oomScoreAdj":500},"linux":{"sysctl":{"kernel.msgmax":"65535"},"maskedPaths":[],"readonlyPaths":[]}}' \
		-- cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj
	race "$root/proc" "$root/fake"
	race "$root/fake" "$root/link"
	starts
	some_ran 65535 20
	# a number is the kernel's: then it is what was asked for, else the write went elsewhere
	! grep -xE '[0-9]+' <<<"$output" | grep -vxE '65535|500' || fail 'the kernel has another value'
	for name in fake proc link; do
		[ ! -e "$root/$name/sys/kernel/msgmax" ] || [ -L "$root/$name" ] || root=$root/$name
	done
	[ "$(cd "$root" && find . -type f -exec sha256sum {} + | sort)" = "$before" ] || fail 'something was written to the other files' "$(grep -r . "$root")"
	none_left
}

# watched SAID [BOUND]: what tests/attack/watch printed at its end: it was awake, and got nothing
watched() {
	tail -3 "$1" >&2
	tail -1 "$1" | sed 's/^/# /' >&3
	[[ $(tail -1 "$1") =~ ^seen=([0-9]+)\ own=([0-9]+)\ maps_read=([0-9]+)\ written=0\ foreign=0\ taken=0\ memory=0\ maps=0\ fds=0\ env=0$ ]] || fail "$(tail -1 "$1")"
	[ "${BASH_REMATCH[1]}" -ge "$((LOOPS / 10))" ] || fail 'it slept'
}

PTRACE='"capabilities":{"bounding":["CAP_SYS_PTRACE"],"effective":["CAP_SYS_PTRACE"],"permitted":["CAP_SYS_PTRACE"]}'

@test "A01 A28: root of a container, with ptrace, falls upon whoever enters by exec: nothing of the host is seen, taken or written" {
	local copy=$BATS_TEST_TMPDIR/tree
	export WATCHED=by-nobody
	# programs that the user owns, as below ~/bin: root of the container is their owner
	mkdir -p "$copy/bin" "$copy/libexec/ranby"
	cp "$RUNTIME" "$copy/bin/"
	cp "$RANBY_TREE/${RANBY_BUILD:-build}/libexec/ranby/ranby-init" "$copy/libexec/ranby/"
	sha256sum "$copy"/bin/* "$copy"/libexec/ranby/* >"$BATS_TEST_TMPDIR/sums"
	cp "$PROBES/watch" "$B/rootfs/bin/"
	bundle "{\"process\":{$PTRACE}}" -- /bin/watch
	keeper bash -euc 'R="$2/bin/ranby-runtime --root $RUN/state"
		$R create --bundle "$1" c1 >"$3"; $R start c1
		until grep -q ready "$3"; do sleep 0.02; done
		for ((i = 0; i < LOOPS; i++)); do $R exec c1 true; done
		touch "$1/rootfs/stop"
		until grep -q seen= "$3"; do sleep 0.02; done
		$R delete --force c1' keeper "$B" "$copy" "$BATS_TEST_TMPDIR/said"
	watched "$BATS_TEST_TMPDIR/said"
	# it may trace, so the zeros mean something
	[ "${BASH_REMATCH[2]}" -ge 1 ] && [ "${BASH_REMATCH[3]}" -ge 1 ]
	# a payload that is the program that enters, and tries to write it through everybody's link
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/evil" && chmod 755 "$B/rootfs/bin/evil"
	bundle -- sh -c 'while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || (exec 4<$p/exe; n=0; while [ $n -lt 50 ]; do n=$((n+1)); echo X >/proc/self/fd/4 && echo WROTE; done) 2>/dev/null; done; done'
	run keeper bash -c 'R="$2/bin/ranby-runtime --root $RUN/state"; $R create --bundle "$1" c1 && $R start c1 || { echo NOT-MADE; exit 1; }
		for i in $(seq 50); do $R exec c1 true && echo entered; $R exec c1 evil; done; $R delete --force c1' keeper "$B" "$copy"
	[ "$(grep -c ^entered <<<"$output")" = 50 ] || fail "$output"
	[[ $output != *WROTE* ]]
	sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums"
	none_left
}

@test "A28: a container that joins the user and the pid namespace of another: who watches there gets nothing of its making" {
	mkdir "$B/second" "$BATS_TEST_TMPDIR/out"
	cp "$PROBES/watch" "$B/rootfs/bin/"
	bundle "{\"process\":{$PTRACE}}" -- /bin/watch
	keeper bash -euc '
		rt create --bundle "$1" --pid-file "$RUN/pid" watcher >"$2/said"
		rt start watcher
		until grep -q ready "$2/said"; do sleep 0.02; done
		pid=$(cat "$RUN/pid")
		ns="[{\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"},{\"type\":\"pid\",\"path\":\"/proc/$pid/ns/pid\"},{\"type\":\"uts\",\"path\":\"/proc/$pid/ns/uts\"},
			{\"type\":\"network\",\"path\":\"/proc/$pid/ns/net\"},{\"type\":\"ipc\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}]"
		"$RANBY_TREE/tests/bundle" "$1/second" "{\"root\":{\"path\":\"$1/rootfs\"},\"hostname\":null,\"linux\":{\"namespaces\":$ns,\"uidMappings\":null,\"gidMappings\":null}}" \
			-- sh -c "hostname; id -u; for n in pid user uts; do readlink /proc/self/ns/\$n; done; echo \$\$"
		"$RUNTIME" --root "$RUN/state" run --bundle "$1/second" second0 >"$2/second"
		readlink "/proc/$pid/ns/pid" "/proc/$pid/ns/user" "/proc/$pid/ns/uts" >"$2/first"
		for ((i = 1; i < LOOPS; i++)); do "$RUNTIME" --root "$RUN/state" run --bundle "$1/second" "second$i" >/dev/null; done
		touch "$1/rootfs/stop"
		until grep -q seen= "$2/said"; do sleep 0.02; done
		rt delete --force watcher' keeper "$B" "$BATS_TEST_TMPDIR/out"
	# it did join, and is root there
	[ "$(sed -n '3,5p' "$BATS_TEST_TMPDIR/out/second")" = "$(cat "$BATS_TEST_TMPDIR/out/first")" ]
	[ "$(sed -n '2p' "$BATS_TEST_TMPDIR/out/second")" = 0 ]
	[ "$(sed -n '6p' "$BATS_TEST_TMPDIR/out/second")" -gt 1 ]
	watched "$BATS_TEST_TMPDIR/out/said"
	none_left
}
