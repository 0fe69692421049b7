#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Attacks that are won by being quick: somebody exchanges two names all the
# time while ranby works below them. RANBY_ATTACK_LOOPS=1000 tries each so
# often; here it is fewer. Each says how often the race was on, and has a
# control in which somebody careless loses it. The runtime's own are in
# runtime_race.bats.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output, lines and status, and each test is a process

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
setup() {
	B=$BATS_TEST_TMPDIR/b
	RACERS=()
	mkdir "$B"
	canary_make
}
teardown() {
	calm
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	remove_tree "$B"
}

# race A B: exchanges them until calm
# careless FILE: looks whether it is a link, and then writes: the control; true when that went through a link to the canary
careless() {
	local i
	for ((i = 0; i < 50000; i++)); do
		[ -L "$1" ] || echo careless >>"$1"
		[ "$(<"$CANARY/file")" = unchanged ] || return 0
	done
	fail 'nobody lost the race'
}

@test "A07: /proc of a root directory is exchanged for another and for a link all the time: what is written to it lands in the kernel's" {
	local root=$B/root name loops=${RANBY_ATTACK_LOOPS:-60}
	mkdir -p "$root"/{bin,etc,dev,sys,tmp,proc} "$root/fake"/{sys/kernel,self/attr,1/attr,thread-self/attr,self/task/1/attr}
	cp /bin/busybox "$root/bin/cat"
	for name in sys/kernel/{msgmax,core_pattern,hostname,domainname} {self,1,thread-self}/{oom_score_adj,loginuid,uid_map,gid_map,setgroups,attr/exec,attr/current,status}; do
		echo fake >"$root/fake/$name"
	done
	touch "$root/fake/sysrq-trigger"
	rm -r "$CANARY"
	cp -r "$root/fake" "$CANARY"
	ln -s fake "$root/link"
	race "$root/proc" "$root/fake"
	race "$root/fake" "$root/link"
	run bash -c 'for i in $(seq "$1"); do
			timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network=none --sysctl kernel.msgmax=65535 \
				--oom-score-adj 500 --rootfs "$2" /bin/cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj; echo "exit $?"
		done 2>&1' race "$loops" "$root"
	calm
	echo "# $loops starts, $(grep -c '^exit 0' <<<"$output") ran, $(grep -c '^65535' <<<"$output") saw the kernel's, $(grep -c '^fake' <<<"$output") the other file" >&3
	[ "$(grep -c ^exit <<<"$output")" = "$loops" ]
	[ "$(grep -c ^65535 <<<"$output")" -ge $((loops / 20)) ] || fail "$(sort <<<"$output" | uniq -c | sort -rn | head)"
	# a number is the kernel's: then it is what was asked for, else the write went elsewhere
	! grep -xE '[0-9]+' <<<"$output" | grep -vxE '65535|500' || fail 'the kernel has another value'
	for name in fake proc link; do
		[ ! -e "$root/$name/sysrq-trigger" ] || [ -L "$root/$name" ] || CANARY=$root/$name
	done
	[ "$(cd "$CANARY" && find . -type f -exec sha256sum {} + | sort)" = "$(cd "$BATS_TEST_TMPDIR/canary" && find . -type f -exec sha256sum {} + | sort)" ] ||
		fail 'something was written to the other files' "$(grep -r . "$CANARY")"
	# the control
	CANARY=$BATS_TEST_TMPDIR/canary
	echo unchanged >"$CANARY/file"
	touch "$B/c"
	ln -s "$CANARY/file" "$B/l"
	race "$B/c" "$B/l"
	careless "$B/c"
}

# swap_in_staging TAR: exchanges d and l in whatever layer is being unpacked, and prints how often
racer_of_layers() {
	python3 - "$RANBY_ROOT/staging" "$B/stop" <<-'END'
		import ctypes, os, sys
		staging, stop = sys.argv[1:]
		libc, n = ctypes.CDLL(None), 0
		while not os.path.exists(stop):
		    for name in os.listdir(staging):
		        diff = os.path.join(staging, name, "layer/diff").encode()
		        for i in range(2000):
		            if libc.renameat2(-100, diff + b"/d", -100, diff + b"/l", 2) != 0:
		                break
		            n += 1
		print(n)
	END
}

@test "A19: directories of a layer are exchanged for links while it is unpacked: nothing is written behind them" {
	local i rounds=${RANBY_ATTACK_LOOPS:-60} n
	rounds=$((1 + rounds / 20))
	python3 - "$B/layer.tar" "$CANARY" <<-'END'
		import io, sys, tarfile
		with tarfile.open(sys.argv[1], "w") as t:
		    def add(name, kind=tarfile.REGTYPE, link="", data=b""):
		        info = tarfile.TarInfo(name)
		        info.type, info.linkname, info.size, info.mode = kind, link, len(data), 0o755
		        t.addfile(info, io.BytesIO(data) if data else None)
		    add("d", tarfile.DIRTYPE)
		    add("l", tarfile.SYMTYPE, sys.argv[2])
		    for i in range(3000):
		        add("d/f%d" % i, data=b"pwned")
		        add("d/.wh.file")
		    add("d/file", data=b"pwned")
	END
	racer_of_layers >"$B/swaps" 3>&- &
	RACERS+=($!)
	for ((i = 0; i < rounds; i++)); do
		run timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" import --quiet "$B/layer.tar" "a19-$i"
		[ "$status" = 0 ] || [ "$status" = 125 ] || fail "$status" "$output"
		canary_intact
		ranby rmi --force "a19-$i" >/dev/null 2>&1 || true
	done
	touch "$B/stop"
	wait "${RACERS[0]}"
	n=$(<"$B/swaps")
	echo "# $((rounds * 6001)) entries, $n exchanges" >&3
	[ "$n" -ge 100 ]
	canary_intact
	[ -z "$(find "$RANBY_ROOT/staging" -mindepth 1 -maxdepth 1)" ] || fail "$(ls -l "$RANBY_ROOT/staging")"
	# the control: tar does as it is told
	mkdir "$B/careless"
	tar -C "$B/careless" -xf "$B/layer.tar" d l
	race "$B/careless/d" "$B/careless/l"
	for ((i = 0; i < 3000; i++)); do
		[ -L "$B/careless/d" ] || echo careless 2>/dev/null >"$B/careless/d/new$i" || true
		((i % 50)) || [ -z "$(find "$CANARY" -name 'new*' -print -quit)" ] || break
	done
	[ -n "$(find "$CANARY" -name 'new*' -print -quit)" ]
}
