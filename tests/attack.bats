#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What container engines have been broken by, tried on ours: one test for each
# class, under its number. Each has a canary that an attack would change, and a
# control that shows that the attempt is a real one. The runtime's own are in
# runtime.bats, runtime_attack.bats and runtime_race.bats.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets output, lines and status, and each test is a process

load lib

setup_file() {
	ranby_setup_file busybox
	PROBES=$BATS_FILE_TMPDIR/probes
	mkdir "$PROBES"
	local name
	for name in abi tty watch; do attack_program "$name" "$PROBES/$name"; done
	export PROBES
}
teardown_file() { ranby_teardown_file; }
teardown() {
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	remove_tree "$BATS_TEST_TMPDIR"/{tree,root} 2>/dev/null || true
}

# make_tree: an image's tree in $TREE, to add traps to.
make_tree() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE"/{bin,etc,tmp}
	cp /bin/busybox "$TREE/bin/"
	local applet
	for applet in sh ls cat id echo true sleep pwd touch mkdir mount dd stat tty; do ln -s busybox "$TREE/bin/$applet"; done
	printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$TREE/etc/passwd"
}

# import_tree NAME [CHANGE...]
import_tree() {
	local name=$1 change changes=()
	shift
	for change in "$@"; do changes+=(--change "$change"); done
	tar --owner=0 --group=0 -C "$TREE" -cf "$BATS_TEST_TMPDIR/$name.tar" .
	ranby import --quiet "${changes[@]}" "$BATS_TEST_TMPDIR/$name.tar" "$name" >/dev/null
}

# stranger COMMAND...: as another user of this host (one of our subordinate ids, with no right over us).
stranger() {
	unshare --user --map-root-user --map-auto setpriv --reuid 77 --regid 77 --clear-groups --inh-caps=-all --no-new-privs "$@"
}

# clean_bytes: stdin has no byte and no character that steers a terminal.
clean_bytes() {
	python3 -c '
import sys
bad = [c for c in sys.stdin.buffer.read().decode() if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or ord(c) in (0x202e, 0x2066)]
sys.exit(f"control characters: {bad}" if bad else 0)'
}

@test "A01 A28: root of a container, with ptrace, falls upon 200 execs: nothing of the host is seen, taken or written" {
	local own=$BATS_TEST_TMPDIR/own i loops=${RANBY_ATTACK_LOOPS:-200}
	export WATCHED=by-nobody
	# programs that the user owns, as below ~/bin: root of the container is their owner
	mkdir -p "$own/libexec" "$own/share/ranby"
	cp -r "$RANBY_TREE/${RANBY_BUILD:-build}/bin" "$own/bin"
	cp -r "$RANBY_TREE/${RANBY_BUILD:-build}/libexec/ranby" "$own/libexec/ranby"
	cp -r "$RANBY_TREE/profiles" "$own/share/ranby/profiles"
	sha256sum "$own"/bin/* "$own"/libexec/ranby/* >"$own/sums"
	RANBY=$own/bin/ranby
	ranby run -d --name prey --network=none --cap-add SYS_PTRACE --security-opt seccomp=unconfined \
		-v "$PROBES/watch:/watch:ro" busybox /watch >/dev/null
	wait_for 30 bash -c "\"$RANBY\" --root $RANBY_ROOT --runroot $RANBY_RUN logs prey | grep -q ready"
	for ((i = 0; i < loops; i++)); do
		ranby exec prey true || fail "exec $i"
	done
	ranby exec prey touch /stop
	ranby wait prey >/dev/null
	run -0 ranby logs prey
	echo "$output" | tail -3 >&2
	echo "# ${lines[-1]}" >&3
	[[ ${lines[-1]} =~ ^seen=([0-9]+)\ own=([0-9]+)\ maps_read=([0-9]+)\ written=0\ foreign=0\ taken=0\ memory=0\ maps=0\ fds=0\ env=0$ ]]
	[ "${BASH_REMATCH[1]}" -ge 20 ] # it was awake
	[ "${BASH_REMATCH[2]}" -ge 1 ]  # and allowed to trace
	[ "${BASH_REMATCH[3]}" -ge 1 ]
	run -0 --separate-stderr sha256sum --check --quiet "$own/sums"
}

@test "A01: an entry point that is the program that enters" {
	make_tree
	printf '#!/proc/self/exe\n' >"$TREE/bin/enter"
	ln -s /proc/self/exe "$TREE/bin/exe"
	chmod 755 "$TREE/bin/enter"
	import_tree a01
	local sum
	sum=$(sha256sum "$RANBY" "${RANBY%/bin/ranby}"/libexec/ranby/*)
	# what runs then is the sealed copy of the program that enters, with the payload's rights: it says how to use it
	run ! ranby run --rm --network=none a01 /bin/enter
	[[ $status = 12[567] ]]
	run ! timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network=none a01 /bin/exe -c 'echo hello'
	[ "$status" != 0 ]
	[ "$status" != 124 ]
	[ "$sum" = "$(sha256sum "$RANBY" "${RANBY%/bin/ranby}"/libexec/ranby/*)" ]
}

@test "A02: a working directory cannot be a descriptor or a magic link: run, exec, image, link in the image" {
	local n place
	ranby run -d --name here --network=none busybox sleep 100 >/dev/null
	for n in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
		run ! ranby run --rm --network=none -w "/proc/self/fd/$n" busybox sh -c 'ls ../../..'
		[[ $status = 12[567] && $output = Error:* ]] || fail "run -w fd $n: $status" "$output"
		run ! ranby exec -w "/proc/self/fd/$n" here sh -c 'ls ../../..'
		[[ $status = 12[567] && $output = Error:* ]] || fail "exec -w fd $n: $status" "$output"
	done
	for place in /proc/1/cwd /proc/1/root /proc/self/cwd /proc/thread-self/root; do
		run ! ranby exec -w "$place" here pwd
		[[ $status = 12[567] ]] || fail "exec -w $place: $status" "$output"
	done
	make_tree
	ln -s /proc/self/fd/7 "$TREE/seven"
	import_tree a02 'WORKDIR /proc/self/fd/7'
	run ! ranby run --rm --network=none a02 pwd
	[[ $status = 12[567] ]]
	run ! ranby run --rm --network=none -w /seven a02 pwd
	[[ $status = 12[567] ]]
	# the control: an ordinary one
	run -0 ranby exec -w /tmp here pwd
	[ "$output" = /tmp ]
}

# bats test_tags=vm
@test "A04: nothing takes the place of /proc, /proc/self, /sys: refused, or the filter and the masks are real" {
	local at
	make_tree
	mkdir "$TREE/fake"
	ln -s /fake "$TREE/proc"
	import_tree a04
	run -125 ranby run --rm --network=none a04 true
	for at in /proc /proc/self /proc/self/attr /proc/sys/kernel; do
		run ranby run --rm --network=none -v "vol:$at" busybox sh -c 'grep -c . /proc/self/status; grep Seccomp: /proc/self/status'
		if [ "$status" = 0 ]; then
			[[ $output = *$'Seccomp:\t2'* ]] || fail "-v vol:$at:" "$output"
		else
			[ "$status" = 125 ]
		fi
	done
}

@test "A05 A06: a /dev that the attacker prepared: masks are the kernel's null, the console is the terminal" {
	local before dev=$BATS_TEST_TMPDIR/dev
	before=$(cat /proc/sys/kernel/core_pattern)
	mkdir -p "$dev/pts"
	ln -s /proc/sys/kernel/core_pattern "$dev/null"
	ln -s /proc/sysrq-trigger "$dev/console"
	run ranby run --rm --network=none -v "$dev:/dev" busybox sh -c '
		echo evil >/proc/sys/kernel/core_pattern; echo evil >/dev/null; echo h >/proc/sysrq-trigger
		for f in /proc/keys /proc/timer_list; do [ ! -e $f ] || [ ! -s $f ] || echo "not masked: $f"; wc -c <$f; done'
	[[ $output != *'not masked'* ]]
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
	# with a terminal: over a link in the image, and in a volume over /dev
	make_tree
	mkdir "$TREE/dev"
	ln -s /proc/sysrq-trigger "$TREE/dev/console"
	import_tree a06
	run -0 script -qec "$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN run --rm -t --network=none a06 stat -c %t:%F /dev/console" /dev/null
	[[ $output = *88:character* ]] || fail "$output" # 136: a pseudo-terminal
}

@test "A08 A09 A12: links in the image lead nobody out of it" {
	canary_make
	make_tree
	ln -s "$CANARY" "$TREE/dev"
	ln -s "$CANARY" "$TREE/esc"
	ln -s "../../../../../../../../..$CANARY" "$TREE/rel"
	ln -s loop "$TREE/loop"
	import_tree a09 'WORKDIR /esc/newdir'
	# whatever is made is made inside
	run ranby run --rm --network=none a09 true
	run ranby run --rm --network=none -w /rel/other a09 true
	run ranby run --rm --network=none -v "vol9:/esc/volume" --tmpfs /rel/tmpfs a09 true
	run ranby run --rm --network=none --mount "type=bind,src=$CANARY/file,dst=/rel/file2,ro" a09 true
	run ranby run --rm --network=none -w /loop/x a09 true
	[ "$status" != 0 ]
	canary_intact
}

@test "A11: a passwd that is a pipe, a device, a link to the host, huge or without an end: no hang, no host file" {
	local root=$BATS_TEST_TMPDIR/root case start
	make_tree
	cp -a "$TREE" "$root"
	canary_make
	printf 'evil:x:0:0::/:/bin/sh\n' >"$CANARY/passwd"
	CANARY_SUM=$(canary_sum)
	for case in fifo link relative zero sparse line nul directory; do
		rm -rf "$root/etc/passwd" "$root/etc/group"
		case $case in
		fifo) mkfifo "$root/etc/passwd" "$root/etc/group" ;;
		link) ln -s "$CANARY/passwd" "$root/etc/passwd" ;;
		relative) ln -s "../../../../../../../../..$CANARY/passwd" "$root/etc/passwd" ;;
		zero) ln -s /dev/zero "$root/etc/passwd" ;;
		sparse) truncate -s 1G "$root/etc/passwd" ;;
		line) head -c 1048576 /dev/zero | tr '\0' a >"$root/etc/passwd" ;;
		nul) printf 'evil\0:x:0:0::/:/bin/sh' >"$root/etc/passwd" ;;
		directory) mkdir "$root/etc/passwd" ;;
		esac
		start=$EPOCHREALTIME
		run timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network=none -u evil --rootfs "$root" id
		[ "$status" = 125 ] || [ "$status" = 126 ] || fail "$case: $status" "$output"
		one_error ''
		awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {exit b - a > 30}' || fail "$case: slow"
	done
	canary_intact
	rm -rf "$root/etc/passwd"
	printf 'evil:x:7:7::/:/bin/sh' >"$root/etc/passwd" # the control: one without a newline at its end is read
	run -0 ranby run --rm --network=none -u evil --rootfs "$root" id -u
	[ "$output" = 7 ]
}

@test "A14 A15: nothing of the container is loaded or executed by us, in any verb" {
	local mark=$BATS_TEST_TMPDIR/mark name dir
	"${CC:-cc}" -O1 -shared -fPIC -DMARK="\"$mark\"" -o "$BATS_TEST_TMPDIR/trojan.so" "$RANBY_TREE/tests/attack/trojan.c"
	"${CC:-cc}" -O1 -static -DMARK="\"$mark\"" -o "$BATS_TEST_TMPDIR/trojan" "$RANBY_TREE/tests/attack/trojan.c"
	LD_PRELOAD=$BATS_TEST_TMPDIR/trojan.so /bin/true # the control: it does tell
	[ -s "$mark" ]
	rm "$mark"
	make_tree
	for dir in usr/bin usr/sbin sbin usr/local/bin; do mkdir -p "$TREE/$dir"; done
	for name in ps nsenter newuidmap newgidmap pasta xz gzip unpigz zstd tar sh2 getent; do
		for dir in usr/bin usr/sbin sbin usr/local/bin bin; do cp "$BATS_TEST_TMPDIR/trojan" "$TREE/$dir/$name"; done
	done
	mkdir -p "$TREE/lib/x86_64-linux-gnu" "$TREE/lib64" "$TREE/usr/lib/x86_64-linux-gnu/gconv"
	for name in libnss_files.so.2 libnss_compat.so.2 libnss_systemd.so.2 libjson-c.so.5 libsubid.so.4 libc.so.6; do
		cp "$BATS_TEST_TMPDIR/trojan.so" "$TREE/lib/x86_64-linux-gnu/$name"
		cp "$BATS_TEST_TMPDIR/trojan.so" "$TREE/usr/lib/x86_64-linux-gnu/$name"
	done
	printf 'passwd: evil files\n' >"$TREE/etc/nsswitch.conf"
	cp "$BATS_TEST_TMPDIR/trojan.so" "$TREE/lib/x86_64-linux-gnu/libnss_evil.so.2"
	import_tree a14 'VOLUME /etc'
	ranby run -d --name trojan a14 sleep 100 >/dev/null
	ranby exec -u nobody trojan true
	ranby exec -d trojan sleep 50
	ranby top trojan huser user pid args >/dev/null
	ranby inspect trojan >/dev/null
	ranby logs trojan
	ranby ps -a >/dev/null
	ranby map trojan >/dev/null
	ranby whois "$(ctr_pid trojan)" >/dev/null
	ranby kill -s WINCH trojan
	ranby stop -t 0 trojan
	ranby start trojan
	ranby rm -f -t 0 trojan
	[ ! -e "$mark" ] || fail 'something of the container ran on the host'
}

@test "A16 A17: volumes of an image: no path leads to the host, and a volume that is filled stays as it is" {
	canary_make
	make_tree
	ln -s "$CANARY" "$TREE/esc"
	mkdir "$TREE/data"
	echo image >"$TREE/data/file"
	import_tree a16 "VOLUME [\"/../../../../../../../../..$CANARY\", \"/esc\", \"/data\"]"
	run ranby run --rm --network=none a16 sh -c "ls -A $CANARY /esc 2>/dev/null; cat $CANARY/file /esc/file"
	[[ $output != *unchanged* ]] || fail 'host content was copied into a volume' "$output"
	canary_intact
	run ranby run --rm --network=none -v filled:/mnt busybox sh -c 'echo mine >/mnt/file; echo mine >/mnt/other'
	import_tree a17
	run -0 ranby run --rm --network=none -v filled:/data a17 sh -c 'cat /data/file /data/other'
	[ "$output" = $'mine\nmine' ]
	run -0 ranby run --rm --network=none -v fresh:/data a17 cat /data/file # the control: an empty one is filled
	[ "$output" = image ]
}

@test "A18 A44: tars that write through links, above the root, or with whiteouts of others: the host is untouched" {
	canary_make
	python3 - "$BATS_TEST_TMPDIR" "$CANARY" <<-'MAKE'
		import io, sys, tarfile
		out, canary = sys.argv[1:]
		up = "../" * 12 + canary[1:]
		def entry(name, kind=tarfile.REGTYPE, link="", data=b"pwned", mode=0o777):
		    t = tarfile.TarInfo(name)
		    t.type, t.linkname, t.mode = kind, link, mode
		    t.size = len(data) if kind == tarfile.REGTYPE else 0
		    return t, data
		S, H, D, F = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE
		vectors = {
		    "dotdot": [entry(up + "/pwned")],
		    "absolute": [entry(canary + "/pwned")],
		    "link-dir": [entry("d", S, canary), entry("d/pwned")],
		    "link-rel": [entry("d", S, up), entry("d/pwned")],
		    "link-file": [entry("f", S, canary + "/file"), entry("f")],
		    "hard-abs": [entry("h", H, canary + "/file"), entry("h")],
		    "hard-up": [entry("h", H, up + "/file"), entry("h")],
		    "hard-via": [entry("d", S, canary), entry("h", H, "d/file"), entry("h")],
		    "whiteout-via": [entry("d", S, canary), entry("d/.wh.file", data=b"")],
		    "opaque-via": [entry("d", S, canary), entry("d/.wh..wh..opq", data=b"")],
		    "whiteout-dots": [entry(".wh..", data=b""), entry(".wh...", data=b""), entry("a/.wh...", data=b"")],
		    "dir-over-link": [entry("d", S, canary), entry("d", D, mode=0o000), entry("d/pwned")],
		    "chmod-via": [entry("f", S, canary + "/file"), entry("f", D, mode=0o777)],
		    "root-link": [entry("./", S, canary), entry("pwned")],
		    "fifo-via": [entry("d", S, canary), entry("d/fifo", F)],
		    "self": [entry("s", S, "s"), entry("s/pwned")],
		    "proc": [entry("p", S, "/proc/self/fd/3"), entry("p/pwned"), entry("q", S, "/proc/self/cwd"), entry("q/pwned")],
		}
		for name, entries in vectors.items():
		    with tarfile.open(f"{out}/v-{name}.tar", "w") as t:
		        for info, data in entries:
		            t.addfile(info, io.BytesIO(data) if info.type == tarfile.REGTYPE else None)
		print(len(vectors))
	MAKE
	local tar n=0
	for tar in "$BATS_TEST_TMPDIR"/v-*.tar; do
		run timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" import --quiet "$tar" "v$n"
		[ "$status" = 0 ] || one_error ''
		[ "$(canary_sum)" = "$CANARY_SUM" ] || fail "$tar changed the canary"
		n=$((n + 1))
	done
	[ $n = 17 ]
	[ -z "$(find "$RANBY_ROOT" -name pwned -not -path '*/layers/*')" ]
	# the control: a careless tar is led out by the same file
	mkdir "$BATS_TEST_TMPDIR/careless"
	python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$BATS_TEST_TMPDIR/v-link-dir.tar" "$BATS_TEST_TMPDIR/careless"
	[ -e "$CANARY/pwned" ]
}

@test "A22: no inheritable and no ambient capability: run, exec, privileged, root and not" {
	local user flag
	for flag in --cap-add=NET_ADMIN --privileged; do
		for user in 0 1000; do
			run -0 ranby run --rm --network=none $flag -u $user busybox grep -E '^Cap(Inh|Amb):' /proc/self/status
			[ "${lines[*]}" = $'CapInh:\t0000000000000000 CapAmb:\t0000000000000000' ] || fail "run $flag $user" "$output"
		done
		ranby run -d --name caps --network=none $flag busybox sleep 100 >/dev/null
		for user in 0 1000; do
			run -0 ranby exec -u $user caps grep -E '^Cap(Inh|Amb):' /proc/self/status
			[ "${lines[*]}" = $'CapInh:\t0000000000000000 CapAmb:\t0000000000000000' ] || fail "exec $flag $user" "$output"
		done
		run -0 ranby exec --privileged -u 1000 caps grep -E '^Cap(Inh|Amb):' /proc/self/status
		[[ ${lines[0]} = *0000000000000000 ]]
		ranby rm -f -t 0 caps
	done
}

@test "A23: the groups are the ones asked for: the primary one among them, none of the caller's" {
	need_ranges
	make_tree
	printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$TREE/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nmore:x:2000:user,root\n' >"$TREE/etc/group"
	import_tree a23
	local row user want
	for row in 1000:1000='1000' 1000='1000 2000' user='1000 2000' user:more='2000' 4242='0' 0:0='0' root='0 2000'; do
		user=${row%%=*} want=${row#*=}
		run -0 ranby run --rm --network=none -u "$user" a23 cat /proc/self/status
		[ "$(awk '$1 == "Groups:" {$1 = ""; sub(/^ /, ""); print}' <<<"$output" | tr -s ' ' | sed 's/ $//')" = "$want" ] ||
			fail "-u $user: wanted $want" "$(grep Groups: <<<"$output")"
	done
	# a file that its group may not read stays unread by a member, whoever else may
	run ranby run --rm --network=none -v neg:/neg a23 sh -c 'echo secret >/neg/f; chmod 704 /neg/f; chown 0:1000 /neg/f'
	run ranby run --rm --network=none -v neg:/neg -u 1000:1000 a23 cat /neg/f
	[[ $output != *secret* ]]
}

@test "A25: a user is a number, a name, or an error; never root by accident: run, exec, image" {
	make_tree
	printf 'root:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n4294967297:x:0:0::/:/bin/sh\n01:x:0:0::/:/bin/sh\n99999999999:x:0:0::/:/bin/sh\n1x:x:0:0::/:/bin/sh\n' >"$TREE/etc/passwd"
	import_tree a25
	ranby run -d --name users --network=none a25 sleep 100 >/dev/null
	local user n=0
	for user in 4294967295 4294967296 4294967297 99999999999 18446744073709551616 -1 +1 01 0x1 0x0 00 ' 1' '1 ' 1x 1.0 1e3 \
		$'root\n' $'0\n1' 'ro ot' root2 :01 :-1 :4294967295 : 1:-1 1:4294967295 1:4294967296 ١ '' ; do
		[ -n "$user" ] || continue
		run ranby run --rm --network=none -u "$user" a25 id -u
		[ "$status" = 125 ] || fail "run -u '$user': $status" "$output"
		run ranby exec -u "$user" users id -u
		[ "$status" = 125 ] || fail "exec -u '$user': $status" "$output"
		n=$((n + 1))
	done
	[ $n -ge 25 ]
	import_tree a25b 'USER 4294967296'
	run -125 ranby run --rm --network=none a25b id -u
	# the control
	for user in 1 1: 1000 65534:65534; do
		run -0 ranby run --rm --network=none -u "$user" a25 id -u
		[ "$output" = "${user%%:*}" ]
	done
}

@test "A26: newlines and colons in what the user says make no line in a file of the container" {
	local evil=$'x\nroot2::0:0::/:/bin/sh' option
	for option in "--hostname=$evil" "--add-host=$evil:1.2.3.4" "--add-host=a:1.2.3.4"$'\n6.6.6.6 evil' "--dns=$evil" "--dns-search=$evil" \
		"--dns-option=$evil" "--name=$evil" "--user=$evil" "--workdir=$evil"; do
		run ranby run --rm --network=none "$option" busybox true
		[ "$status" = 125 ] || fail "$option: $status" "$output"
		one_error ''
	done
	run -0 ranby run --rm --network=none -e "HOME=$evil" -e "USER=$evil" --label "l=$evil" --hostname good --add-host a:1.2.3.4 busybox \
		sh -c 'wc -l </etc/passwd; wc -l </etc/group; wc -l </etc/hostname; grep -c . /etc/hosts; grep -rl root2 /etc; :'
	local with=$output
	run -0 ranby run --rm --network=none --hostname good --add-host a:1.2.3.4 busybox \
		sh -c 'wc -l </etc/passwd; wc -l </etc/group; wc -l </etc/hostname; grep -c . /etc/hosts; grep -rl root2 /etc; :'
	[ "$output" = "$with" ]
}

@test "A27: a sysctl is of the container's own namespaces, and one is one" {
	local sysctl
	for sysctl in kernel.core_pattern=x kernel.panic=1 vm.swappiness=1 fs.file-max=1 'kernel.shm_rmid_forced=1+kernel.core_pattern=x' \
		'kernel.shm_rmid_forced=1=kernel.core_pattern' $'kernel.shm_rmid_forced=1\nkernel.core_pattern=x' net/../kernel/core_pattern=x \
		net..kernel.core_pattern=x net.ipv4.../x=1 kernel.msgmaxx=1 kernel.domainname; do
		run ranby run --rm --network=none --sysctl "$sysctl" busybox true
		[ "$status" = 125 ] || fail "$sysctl: $status" "$output"
	done
	run -125 ranby run --rm --network=host --sysctl net.ipv4.ip_forward=1 busybox true
	run -125 ranby run --rm --network=none --ipc=host --sysctl kernel.msgmax=65536 busybox true
	run -0 ranby run --rm --network=none --sysctl kernel.msgmax=65535 busybox cat /proc/sys/kernel/msgmax
	[ "$output" = 65535 ]
	# the host's /proc shows each who opens it their own
	local host_ttl
	host_ttl=$(cat /proc/sys/net/ipv4/ip_default_ttl)
	run -0 ranby run --rm --network=none --pid=host --sysctl net.ipv4.ip_default_ttl=77 busybox cat /proc/sys/net/ipv4/ip_default_ttl
	[ "$output" = 77 ]
	[ "$(cat /proc/sys/net/ipv4/ip_default_ttl)" = "$host_ttl" ]
	run -125 ranby run --rm --network=host --pid=host --sysctl net.ipv4.ip_default_ttl=77 busybox true
}

# bats test_tags=vm
@test "A29: with the host's cgroup namespace, the groups of the user cannot be touched" {
	run -0 ranby run --rm --network=none --cgroupns=host --cap-add SYS_ADMIN busybox sh -c '
		find /sys/fs/cgroup -maxdepth 3 -type d 2>/dev/null | while read d; do mkdir $d/evil 2>/dev/null && echo "made $d/evil"; done
		find /sys/fs/cgroup -maxdepth 3 -name cgroup.procs 2>/dev/null | while read f; do sh -c "echo $$ >$f" 2>/dev/null && echo "wrote $f"; done
		echo done'
	[ "$output" = 'done' ] || fail "$output"
}

@test "A31: on the host's network no socket of ours can be reached" {
	ranby run -d --name net --network=host busybox sleep 100 >/dev/null
	local monitor
	monitor=$(ps -o ppid= -p "$(ctr_pid net)" | tr -d ' ')
	# its descriptors cannot be read (it is not dumpable): then nobody else of this user can either
	run ls -l "/proc/$monitor/fd"
	[ "$status" != 0 ]
	run ! grep -i '@.*ranby' /proc/net/unix
	# the control: it does listen, on a path, and another user does not get there
	[ -S "$(find "$RANBY_RUN" -name attach)" ]
	need_ranges
	run stranger python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])' "$(find "$RANBY_RUN" -name attach)"
	[ "$status" != 0 ]
	[[ $output = *PermissionError* ]]
	# nor where a careless administrator opened the directories: the socket asks who it is
	chmod 711 "$RANBY_RUN"
	run stranger python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])' "$(find "$RANBY_RUN" -name attach)"
	chmod 700 "$RANBY_RUN"
	[ "$status" != 0 ]
}

@test "A32: another user of the host sees nothing below the store and the run directory" {
	need_ranges
	local dir
	ranby run -d --name store --network=none busybox sleep 100 >/dev/null
	stranger id -u >/dev/null
	stranger stat / >/dev/null # the control
	for dir in "$RANBY_ROOT" "$RANBY_RUN"; do
		run stranger ls "$dir"
		[ "$status" != 0 ] || fail "$dir can be listed"
		run stranger stat "$dir/containers"
		[ "$status" != 0 ]
	done
	for dir in "$(find "$RANBY_ROOT/layers" -name busybox | head -1)" "$RANBY_ROOT"/containers/*/container.json; do
		[ -e "$dir" ]
		run stranger cat "$dir"
		[ "$status" != 0 ] || fail "$dir can be read"
	done
}

@test "A32: a link that another user put in the place of our directory in /tmp is not followed" {
	local place=$BATS_TEST_TMPDIR/runtime
	mkdir -m 700 "$BATS_TEST_TMPDIR/mine"
	ln -s "$BATS_TEST_TMPDIR/mine" "$place"
	run -125 "$RANBY" --root "$RANBY_ROOT" --runroot "$place" ps
	one_error 'is a link'
	run -1 "${RANBY}-runtime" --root "$place" list
	one_error 'a link'
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/mine")" ]
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	chmod 777 "$BATS_TEST_TMPDIR/open"
	run -125 "$RANBY" --root "$RANBY_ROOT" --runroot "$BATS_TEST_TMPDIR/open" ps
	run -1 "${RANBY}-runtime" --root "$BATS_TEST_TMPDIR/open" list
	run -125 "$RANBY" --root "$RANBY_ROOT" --runroot /tmp ps
}

# bats test_tags=vm
@test "A33: nothing can be typed into a terminal: TIOCSTI, TIOCLINUX, with high bits; run and exec" {
	local ranby="$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN" name
	run -0 script -qec "$ranby run --rm -it --network=none -v $PROBES/tty:/tty:ro,z busybox /tty" /dev/null
	for name in TIOCSTI TIOCSTI-high TIOCSTI-sign TIOCLINUX TIOCLINUX-high; do
		[[ $output = *"$name refused"* ]] || fail "$name:" "$output"
	done
	[[ $output = *'TIOCGWINSZ works'* ]]
	ranby run -d --name tty --network=none -v "$PROBES/tty:/tty:ro,z" busybox sleep 100 >/dev/null
	run -0 script -qec "$ranby exec -it tty /tty" /dev/null
	[ "$(grep -c refused <<<"$output")" = 5 ]
	# without a terminal of its own it has none at all, and not the caller's
	run -0 script -qec "$ranby run --rm -i --network=none busybox sh -c 'tty; cat </dev/tty; :'" /dev/null
	[[ $output = *'not a tty'* ]]
	# the control: without the filter the call arrives; what it types arrives in the container's terminal
	run -0 script -qec "$ranby run --rm -it --network=none --security-opt seccomp=unconfined -v $PROBES/tty:/tty:ro,z busybox /tty" /dev/null
	[[ $output = *'TIOCSTI open'* ]]
}

# bats test_tags=vm
@test "A35 A36: dangerous calls are refused natively, by int 0x80 and as x32" {
	run -0 ranby run --rm --network=none -v "$PROBES/abi:/abi:ro,z" busybox /abi
	[[ $output = *'x86-64 getpid works'* ]]
	[ "$(grep -c refused <<<"$output")" = 55 ]
	! grep ' open ' <<<"$output" || fail 'open calls'
	run -0 ranby run --rm --network=none --security-opt no-new-privileges -u 1000 -v "$PROBES/abi:/abi:ro,z" busybox /abi
	! grep ' open ' <<<"$output" || fail 'open calls'
	# the control
	run -0 ranby run --rm --network=none --security-opt seccomp=unconfined -v "$PROBES/abi:/abi:ro,z" busybox /abi
	[ "$(grep -c ' open ' <<<"$output")" -ge 12 ]
}

@test "a bind mount with :ro: who has no CAP_SYS_ADMIN cannot make it writable; who has it can, as SECURITY.md says" {
	local dir=$BATS_TEST_TMPDIR/ro
	mkdir "$dir"
	echo unchanged >"$dir/file"
	run ! ranby run --rm --network=none -v "$dir:/ro:ro" busybox sh -c 'mount -o remount,rw,bind /ro; echo evil >/ro/file'
	[ "$(cat "$dir/file")" = unchanged ]
	# nor with a filter that lets the call through
	run ! ranby run --rm --network=none --security-opt seccomp=unconfined -v "$dir:/ro:ro" busybox sh -c 'mount -o remount,rw,bind /ro; echo evil >/ro/file'
	[ "$(cat "$dir/file")" = unchanged ]
	run -0 ranby run --rm --network=none --cap-add SYS_ADMIN -v "$dir:/ro:ro" busybox sh -c 'mount -o remount,rw,bind /ro && echo written >/ro/file'
	[ "$(cat "$dir/file")" = written ]
	grep -q 'CAP_SYS_ADMIN in the container' "$RANBY_TREE/SECURITY.md"
}

# bats test_tags=vm
@test "A36: every call that the table of the profile says is refused is refused, by all three ways" {
	local table=$BATS_TEST_TMPDIR/table n
	cp "$RANBY_TREE/tests/seccomp/default.table" "$table"
	[ "$(uname -m)" = x86_64 ] || skip 'the table is of x86-64'
	run -0 ranby run --rm --network=none --cap-drop all -v "$PROBES/abi:/abi:ro,z" -v "$table:/table:ro,z" busybox /abi /table
	[[ ${lines[-1]} =~ ^([0-9]+)\ of\ ([0-9]+) ]] || fail "$output"
	n=${BASH_REMATCH[2]}
	[ "$n" -gt 800 ]
	echo "# ${lines[-1]}" >&3
	# the control: without the filter more than a hundred of them arrive
	run -1 ranby run --rm --network=none --security-opt seccomp=unconfined -v "$PROBES/abi:/abi:ro,z" -v "$table:/table:ro,z" busybox /abi /table
	[[ ${lines[-1]} =~ ^([0-9]+)\ of ]]
	[ "${BASH_REMATCH[1]}" -lt $((n - 100)) ] || fail "${lines[-1]}"
}

@test "A38: the caller's environment reaches no container, helper or state" {
	need_ranges
	local secret="marker-$RANDOM$RANDOM" pid ctr
	export SECRET_TOKEN=$secret
	ranby run -d --name env busybox sh -c 'echo started; sleep 100' >/dev/null
	ranby exec env true
	ctr=$(ctr_pid env)
	run ! grep -qa "$secret" "/proc/$ctr/environ"
	run -0 ranby exec env env
	[[ $output != *"$secret"* ]]
	run -0 ranby inspect env
	[[ $output != *"$secret"* ]]
	for pid in $(pgrep -u "$(id -u)" 'pasta|slirp4netns'); do
		! grep -qa "$secret" "/proc/$pid/environ" 2>/dev/null || fail "the network helper has it"
	done
	! grep -rqa "$secret" "$RANBY_ROOT" "$RANBY_RUN" 2>/dev/null || fail 'it is in the state'
	# the control: asked for by name, it comes
	run -0 ranby run --rm --network=none -e SECRET_TOKEN busybox env
	[[ $output = *"$secret"* ]]
	unset SECRET_TOKEN
}

@test "A49: control bytes in labels, environment, arguments and errors steer no terminal" {
	need_program python3
	local evil=$'\e]52;c;cHduZWQ=\a\e[2J\x7f\xc2\x9b31m\xe2\x80\xae'
	ranby run -d --name esc --network=none --label "l=$evil" -e "E=$evil" busybox sh -c 'sleep 100; : "$1"' "$evil" >/dev/null
	local -a forms=(
		'ps' 'ps --no-trunc' 'ps --format {{.Command}}' 'ps --format {{.Labels}}' 'ps --format json' 'inspect esc'
		'inspect --format {{.Config.Env}} esc' 'inspect --format {{.Config.Cmd}} esc' 'top esc' 'top esc args' 'top --format json esc'
		'ps --format {{json_.}}' 'map esc'
	)
	local form
	for form in "${forms[@]}"; do
		# shellcheck disable=SC2086 # words
		ranby ${form} >"$BATS_TEST_TMPDIR/out" 2>&1 || true
		clean_bytes <"$BATS_TEST_TMPDIR/out" || fail "ranby $form"
	done
	# errors say what was given
	for form in run inspect exec start top kill rm logs; do
		ranby "$form" "$evil" "$evil" >"$BATS_TEST_TMPDIR/out" 2>&1 && fail "$form succeeded"
		clean_bytes <"$BATS_TEST_TMPDIR/out" || fail "the error of $form"
	done
	ranby run --rm --network=none busybox "$evil" >"$BATS_TEST_TMPDIR/out" 2>&1 && fail 'it ran'
	clean_bytes <"$BATS_TEST_TMPDIR/out"
	"$RANBY-runtime" --root "$RANBY_RUN/runtime" state "$evil" >"$BATS_TEST_TMPDIR/out" 2>&1 && fail 'it is there'
	clean_bytes <"$BATS_TEST_TMPDIR/out"
	# the control: what is raw by purpose is raw
	run -0 ranby exec esc sh -c 'echo "$E"'
	[[ $output = *$'\e]52'* ]]
}

@test "A50: helpers are not taken from PATH" {
	need_ranges
	local evil=$BATS_TEST_TMPDIR/evil name
	mkdir "$evil"
	for name in newuidmap newgidmap pasta slirp4netns fuse-overlayfs ranby-runtime ranby-monitor ranby-init ranby-unpack ranby-fetch sh tar; do
		printf '#!/bin/bash\necho pwned >>%s\n' "$BATS_TEST_TMPDIR/mark" >"$evil/$name"
		chmod 755 "$evil/$name"
	done
	PATH=$evil newuidmap # the control
	[ -s "$BATS_TEST_TMPDIR/mark" ]
	rm "$BATS_TEST_TMPDIR/mark"
	ranby rm --all --force --time 0 # so that a keeper is made anew
	run -0 env PATH="$evil:$PATH" LD_LIBRARY_PATH= "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm busybox id -u
	[ "$output" = 0 ]
	run -0 env PATH="$evil:$PATH" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" import --quiet "$RANBY_TEST_IMAGES/busybox.tar" a50
	[ ! -e "$BATS_TEST_TMPDIR/mark" ]
}

# in_state NAME PYTHON: ranby run, started by a process in that state; works, or refuses in one line and leaves nothing
in_state() {
	python3 - "$1" "$2" "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" <<-'RUN' || fail "state $1"
		import os, resource, signal, subprocess, sys, tempfile
		name, code, ranby, root, run = sys.argv[1:]
		p = subprocess.run([ranby, "--root", root, "--runroot", run, "run", "--rm", "--network=none", "busybox", "sh", "-c", "echo works; exit 7"],
		                   preexec_fn=lambda: exec(code), capture_output=True, timeout=30, close_fds=False, text=True)
		works = p.returncode == 7 and (p.stdout == "works\n" or "close(1)" in code)
		errors = [line for line in p.stderr.splitlines() if line.startswith("Error: ")]
		refuses = p.returncode == 125 and len(errors) == 1 and not p.stdout
		# before main() it is the loader that speaks
		loader = p.returncode == 127 and "shared libraries" in p.stderr
		if not (works or refuses or loader):
		    sys.exit(f"{name}: code {p.returncode}, said {p.stdout!r}, {p.stderr!r}")
		if name.startswith("+") and not works:
		    sys.exit(f"{name}: refused: {p.stderr}")
	RUN
	nothing_left
}

@test "A51: started in hostile states, ranby works or refuses in one line, and leaves nothing" {
	in_state +plain 'pass'
	in_state +closed-0 'os.close(0)'
	in_state +closed-all 'os.close(0); os.close(1); os.close(2)'
	in_state +sigchld-ignored 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)'
	in_state +all-ignored '[signal.signal(s, signal.SIG_IGN) for s in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, 32, 33}]'
	in_state +all-blocked 'signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())'
	in_state +umask-0 'os.umask(0)'
	in_state +umask-777 'os.umask(0o777)'
	in_state +nofile-64 'resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))'
	in_state nofile-16 'resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))'
	in_state nofile-8 'resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))'
	in_state nofile-3 'resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))'
	in_state fsize-0 'resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))'
	in_state fsize-4096 'resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))'
	in_state fsize-100000 'resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))'
	no_leak_check # which needs a thread of its own
	in_state nproc-1 'resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))'
	# a sanitizer's frames are larger, and its shadow is terabytes
	[ -n "${RANBY_SAN:-}" ] || in_state stack-64k 'resource.setrlimit(resource.RLIMIT_STACK, (65536, 65536))'
	[ -n "${RANBY_SAN:-}" ] || in_state as-32m 'resource.setrlimit(resource.RLIMIT_AS, (1 << 25, 1 << 25))'
	in_state deleted-directory 'd = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)'
}

@test "A51: no argv[0], and an environment of nothing" {
	run -125 --separate-stderr python3 -c '
import ctypes, sys
none = (ctypes.c_char_p * 1)(None)
ctypes.CDLL(None).execve(sys.argv[1].encode(), none, none)' "$RANBY"
	run -0 env -i HOME="$BATS_TEST_TMPDIR" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network=none busybox echo works
	[ "$output" = works ]
	run env -i "$RANBY" ps
	[ "$status" = 0 ] || one_error ''
}

@test "the login identity cannot be changed from inside" {
	local before
	[ "$(cat /proc/self/loginuid)" != 4294967295 ] || skip 'no loginuid is set here'
	ranby run -d --name login --network=none --cap-add AUDIT_CONTROL --security-opt seccomp=unconfined busybox sleep 100 >/dev/null
	before=$(cat "/proc/$(ctr_pid login)/loginuid")
	[ "$before" = "$(cat /proc/self/loginuid)" ]
	run ranby exec login sh -c 'echo 0 >/proc/self/loginuid'
	[ "$status" != 0 ]
	run ranby exec login sh -c 'echo 4294967295 >/proc/1/loginuid; echo 4294967295 >/proc/self/loginuid'
	[ "$status" != 0 ]
	[ "$(cat "/proc/$(ctr_pid login)/loginuid")" = "$before" ]
}

@test "with --pid=host, root of the container can look into no process of ours" {
	ranby run -d --name peep --network=none --pid=host --cap-add SYS_PTRACE --security-opt seccomp=unconfined busybox sleep 100 >/dev/null
	local monitor
	monitor=$(ps -o ppid= -p "$(ctr_pid peep)" | tr -d ' ')
	run ranby exec peep sh -c "cat /proc/$monitor/environ /proc/$monitor/maps; ls /proc/$monitor/fd /proc/$monitor/root/; cat /proc/$$/environ; ls /proc/$$/root/"
	[ "$status" != 0 ]
	[ "$(grep -c 'ermission denied' <<<"$output")" = 6 ] || fail "$output"
}

@test "A31: the attach socket asks who it is, when directories and modes are open to all" {
	need_ranges
	ranby run -d --name door --network=none busybox sh -c 'sleep 1; while :; do echo secret; sleep 0.1; done' >/dev/null
	local socket attach=090000000400000000000000
	socket=$(find "$RANBY_RUN" -name attach)
	run -0 unshare --map-root-user --map-auto "$RANBY_TREE/tests/attack/knock" 77 "$socket" "$attach"
	[ "$output" = closed ]
	# the control: the same words by the user himself
	run -0 unshare --map-root-user --map-auto "$RANBY_TREE/tests/attack/knock" 0 "$socket" "$attach"
	[[ $output = 'said '* ]]
	run -0 unshare --map-root-user --map-auto "$RANBY_TREE/tests/attack/knock" 77 "$socket"
	[ "$output" = closed ]
}
