#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# guests: *:selinux
#
# Labels under an enforcing policy: Debian 12's has no types for containers, so
# there it is our module's (policies/selinux); Debian 13's has container_t.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../lib
load lib

setup_file() {
	ranby_setup_file busybox
	mkdir "$HOME/secret"
	echo secret >"$HOME/secret/f"
}
teardown_file() {
	rm -rf "${HOME:?}"/{secret,shared,own,tool}
	ranby_teardown_file
}
teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/policy" ] || as_root load_policy
	ranby pod rm --all --force --time 0 >/dev/null 2>&1 || true
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
}

# other_policy NAME: of tests/vm/policy, until the end of the test
other_policy() {
	: >"$BATS_TEST_TMPDIR/policy"
	as_root dd "if=/etc/selinux/$1" of=/sys/fs/selinux/load bs=64M
}

type_of() { label_of "$1" | cut -d: -f3; }
level_of() { label_of "$1" | cut -d: -f4-; }

# denials OF_LABEL PATTERN: the AVC records whose subject has that label
denials() { in_audit '^type=AVC .*denied' "scontext=$1 " "$2"; }

@test "each container has a label of its own, and inspect, top, the record and the kernel agree on it" {
	ranby run -d --name a --network none busybox sleep 1000
	ranby run -d --name b --network none busybox sleep 1000
	local a b record
	a=$(label_of "$(ctr_pid a)")
	b=$(label_of "$(ctr_pid b)")
	[ "$(type_of "$(ctr_pid a)")" = "$(type_here)" ]
	[[ $(level_of "$(ctr_pid a)") =~ ^s0:c[0-9]+,c[0-9]+$ ]]
	[ "$a" != "$b" ]
	run -0 ranby inspect --format '{{.ProcessLabel}} {{.MountLabel}} {{.Ranby.InForce.label}} {{.Ranby.SELinux}}' a
	[ "$output" = "$a ${a%%:*}:object_r:$(file_type_here):$(level_of "$(ctr_pid a)") $a on" ]
	run -0 ranby top a label lsm
	[[ ${lines[1]} =~ ^"$a"\ +selinux$ ]]
	record=$(vm_record VIRT_MACHINE_ID a)
	[[ $record == *" vm-ctx=\"$a\" img-ctx=? model=selinux "* || $record == *" vm-ctx=$a img-ctx=? model=selinux "* ]] || fail "$record"
	run -0 ranby info --format '{{.host.confinement.selinux}}'
	[[ $output == *":$(type_here):s0:c"* ]]
}

@test "refused: the user's home, and the record has the login's auid" {
	local label avc
	ranby run -d --name c --network none -v "$HOME/secret:/s" busybox sleep 1000
	label=$(label_of "$(ctr_pid c)")
	run ! ranby exec c cat /s/f
	[[ $output == *'Permission denied'* ]]
	avc=$(denials "$label" 'tclass=dir\|tclass=file' | head -n 1)
	[ -n "$avc" ]
	by_this_login "$avc"
	# red without the label: the same container's root is the user
	run -0 ranby run --rm --network none --security-opt label=disable -v "$HOME/secret:/s" busybox cat /s/f
	[ "$output" = secret ]
}

@test "refused: another container's files, through a mount and through its processes" {
	local a avc
	mkdir -p "$HOME/own"
	ranby run -d --name a --network none -v "$HOME/own:/o:Z" busybox sh -c 'echo mine >/o/f; echo mine >/mine; exec sleep 1000'
	a=$(ctr_pid a)
	wait_for 10 test -s "$HOME/own/f"
	[ "$(stat -c %C "$HOME/own/f" | cut -d: -f3-)" = "$(file_type_here):$(level_of "$a")" ]
	# the file itself too: that a directory was refused, Debian 13's policy does not audit
	ranby run -d --name b --network none -v "$HOME/own:/o" -v "$HOME/own/f:/f" busybox sleep 1000
	run ! ranby exec b cat /o/f
	[[ $output == *'Permission denied'* ]]
	run ! ranby exec b cat /f
	[[ $output == *'Permission denied'* ]]
	avc=$(denials "$(label_of "$(ctr_pid b)")" "tcontext=[^ ]*:$(level_of "$a")" | head -n 1)
	by_this_login "$avc"
	run -0 ranby exec a cat /o/f
	[ "$output" = mine ]
}

@test "z shares, Z does not; a volume is shared; what is the host's is not relabelled" {
	local dir
	mkdir -p "$HOME/shared/deep"
	echo data >"$HOME/shared/deep/f"
	ln -s /etc/passwd "$HOME/shared/link"
	run -0 ranby run --rm --network none -v "$HOME/shared:/d:z" busybox cat /d/deep/f
	[ "$output" = data ]
	[ "$(stat -c %C "$HOME/shared/deep/f" | cut -d: -f3-)" = "$(file_type_here):s0" ]
	[[ $(stat -c %C /etc/passwd) == *:etc_t:* ]]
	run -0 ranby run --rm --network none -v "$HOME/shared:/d" busybox cat /d/deep/f
	run -0 ranby run --rm --network none -v vol:/v busybox sh -c 'echo 1 >/v/f'
	run -0 ranby run --rm --network none -v vol:/v busybox cat /v/f
	[ "$output" = 1 ]
	for dir in / /home /etc /usr "$HOME" "$HOME/.." /etc/passwd; do
		run -125 ranby run --rm --network none -v "$dir:/d:z" busybox true
		[[ $output == *'not relabelled'* ]] || fail "$dir: $output"
	done
}

@test "everything it prints arrives: a megabyte on both streams, with and without a terminal" { all_arrives; }

@test "exec: the container's label, with and without a terminal, and as another user" {
	ranby run -d --name c --network none busybox sleep 1000
	local label
	label=$(label_of "$(ctr_pid c)")
	run -0 ranby exec c sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$label" ]
	run -0 ranby exec -t c sh -c 'tr -d "\0" </proc/self/attr/current; tty >/dev/tty'
	[[ $output == "$label"*/dev/pts/0* ]]
	run -0 ranby exec -u nobody --privileged c sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$label" ]
}

@test "label= takes its words, or says what is wrong" {
	run -0 ranby run --rm --network none --security-opt label=level:s0:c5,c6 busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[[ $output == *":$(type_here):s0:c5,c6" ]]
	run -0 ranby run --rm --network none --security-opt label=disable busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$(label_of self)" ]
	run -0 ranby run --rm --network none --privileged busybox sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$(label_of self)" ]
	run -125 ranby run --rm --network none --security-opt label=type:nosuch_t busybox true
	[[ $output == *'does not have'*nosuch_t* ]]
	run -125 ranby run --rm --network none --security-opt label=type:init_t busybox true
	[[ $output == *'does not let'*init_t* ]]
	run -125 ranby run --rm --network none --security-opt label=level:s0:c9999 busybox true
	run -125 ranby run --rm --network none --security-opt label=nonsense busybox true
	[[ $output == *'neither disable'* ]]
	run -125 ranby run --rm --network none --security-opt label=nested --security-opt label=disable busybox true
	[[ $output == *'one of them'* ]]
	run -125 ranby run --rm --network none --security-opt apparmor=x busybox true
	[[ $output == *'AppArmor is not enabled'* ]]
}

@test "ranby's own programs are in domains of their own, and the policy has all that they need" {
	ranby run -d --name c --network none busybox sleep 1000
	[ "$(type_of "$(ranby inspect --format '{{.State.MonitorPid}}' c)")" = ranby_t ]
	# who wrote the record, as the kernel stamped it
	[[ $(vm_record VIRT_CONTROL c) == *':ranby_witness_t:'* ]]
	ranby exec c true
	ranby rm -f -t 0 c
	run -0 ranby run --rm -p 18082:80 --memory 64m busybox true
	sleep 1
	run grep -a '^type=AVC .*denied.*scontext=[^ ]*:ranby_\(witness_\|trail_\|\)t:' /var/log/audit/audit.log
	[ "$status" = 1 ] || fail "$output"
}

# Three categories make three pairs: two users share them, and the fourth container has none.
@test "a pair is one container's among those of all users" {
	local all
	a() { runcon -l s0-s0:c1,c2,c3 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run -d --network none "$@" busybox sleep 1000 3>&-; }
	as_bob ranby load -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null 2>&1
	a --name one
	as_bob runcon -l s0-s0:c1,c2,c3 ranby run -d --name his --network none busybox sleep 1000
	a --name two
	run -125 a --name three
	[[ $output == *'all 3 pairs of categories'*'in use'* ]]
	all=$({ level_of "$(ctr_pid one)"; level_of "$(ctr_pid two)"; level_of "$(as_bob ranby inspect --format '{{.State.Pid}}' his)"; } | sort)
	[ "$(uniq <<<"$all" | wc -l)" = 3 ] || fail "$all"
	# a monitor that was killed holds no claim; its container still has the pair
	kill -9 "$(ranby inspect --format '{{.State.MonitorPid}}' one)"
	three() { runcon -l s0-s0:c1,c2,c3 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" start three; }
	run -125 three
	[[ $output == *'in use'* ]]
	as_bob ranby rm -f -t 0 his
	three
	all=$({ level_of "$(ctr_pid one)"; level_of "$(ctr_pid two)"; level_of "$(ctr_pid three)"; } | sort)
	[ "$(uniq <<<"$all" | wc -l)" = 3 ] || fail "$all"
	[ "$(ranby inspect --format '{{.ProcessLabel}}' three)" = "$(label_of "$(ctr_pid three)")" ]
}

@test "A29 A30: its cgroups and a release agent are out of reach, whatever it has of capabilities" {
	fails_inside --cgroupns host busybox mkdir /sys/fs/cgroup/x
	fails_inside --cap-add SYS_ADMIN --security-opt seccomp=unconfined busybox \
		sh -c 'mkdir /c && mount -t cgroup -o memory c /c && echo /x >/c/release_agent'
	fails_inside --cap-add all --security-opt seccomp=unconfined --security-opt unmask=ALL busybox \
		sh -c 'echo x >/proc/sys/kernel/core_pattern'
	run -0 ranby run --rm --network none --cap-add all --security-opt seccomp=unconfined busybox sh -c '! cat /dev/nvme0n1 2>/dev/null | head -c 1 | grep -q .'
}

@test "A37: --privileged has the login's label, and inspect says so; a label that was asked for stays" {
	ranby run -d --name c --network none --privileged busybox sleep 1000
	[ "$(label_of "$(ctr_pid c)")" = "$(label_of self)" ]
	run -0 ranby inspect --format '{{.Ranby.SELinux}}{{.ProcessLabel}}' c
	[ "$output" = disabled ]
	run -0 ranby run --rm --network none --privileged --security-opt label=level:s0:c7,c8 -v "$HOME/secret:/s" busybox \
		sh -c '! cat /s/f 2>/dev/null && tr -d "\0" </proc/self/attr/current'
	[[ $output == *":$(type_here):s0:c7,c8" ]]
}

@test "a root that fuse-overlayfs serves: labelled processes, and the user's home is refused all the same" {
	run -0 ranby --storage-opt overlay.mount_program=/usr/bin/fuse-overlayfs run --rm --network none -v "$HOME/secret:/s" busybox \
		sh -c 'echo x >/new && cat /new && ! cat /s/f 2>/dev/null && tr -d "\0" </proc/self/attr/current'
	[[ $output == x*":$(type_here):s0:c"* ]] || fail "$output"
}

@test "a stopped container keeps its pair, and its files theirs" {
	mkdir -p "$HOME/own"
	ranby run -d --name c --network none -v "$HOME/own:/o:Z" busybox sh -c 'echo x >>/kept; echo y >>/o/kept; exec sleep 1000'
	local label
	label=$(label_of "$(ctr_pid c)")
	ranby stop -t 0 c
	ranby start c
	[ "$(label_of "$(ctr_pid c)")" = "$label" ]
	run -0 ranby exec c sh -c 'wc -l </kept; wc -l </o/kept'
	[ "${lines[*]}" = '2 2' ]
}

# nested OPTION... COMMAND...: in a container that gives labels itself, with the tool for it in /t
nested() {
	mkdir -p "$HOME/tool"
	cp "$RANBY_TREE/build/tools/label" "$HOME/tool/"
	ranby run --rm --network none --security-opt label=nested -v "$HOME/tool:/t:z" "$@"
}

@test "label=nested: selinuxfs is there, and the container has its own pair still" {
	run -0 nested busybox sh -c 'cat /proc/self/attr/current; echo; grep " /sys/fs/selinux " /proc/mounts; cat /sys/fs/selinux/enforce'
	[[ ${lines[0]} =~ :ranby_container_nested_t:s0:c[0-9]+,c[0-9]+.?$ ]] || fail "$output"
	[[ ${lines[1]} == 'selinuxfs /sys/fs/selinux selinuxfs rw,nosuid,'*noexec* ]] || fail "$output"
	[ "${lines[2]}" = 1 ]
	# without: nothing is seen of it
	run -0 ranby run --rm --network none busybox sh -c 'ls -A /sys/fs/selinux'
	[ -z "$output" ] || fail "$output"
	run -0 ranby run -d --name c --network none --security-opt label=nested busybox sleep 1000
	[ "$(ranby inspect --format '{{.ProcessLabel}} {{.Ranby.SELinux}}' c)" = "$(label_of "$(ctr_pid c)") on" ]
	[ "$(type_of "$(ctr_pid c)")" = ranby_container_nested_t ]
	run -0 ranby exec c sh -c 'tr -d "\0" </proc/self/attr/current'
	[ "$output" = "$(label_of "$(ctr_pid c)")" ]
	# and it is confined as any
	run ! nested -v "$HOME/secret:/s" busybox cat /s/f
	[[ $output == *'Permission denied'* ]]
}

@test "label=nested: what the policy lets it set, it sets; the rest is refused, and the record has the login's auid" {
	local t f label avc
	t=$(type_here) f=$(file_type_here)
	run -0 nested busybox sh -c '/t/label exec '"$t"': cat /proc/self/attr/current'
	[[ $output =~ :"$t":s0:c[0-9]+,c[0-9]+ ]] || fail "$output"
	run -0 nested busybox sh -c "/t/label check $t: && ! /t/label check nosuch_t:"
	[[ $output == '/sys/fs/selinux/context: Invalid argument' ]]
	# no other categories, no type that is not a container's, and no way back
	local -A not=([other]="exec $t:s0:c1000,c1001" [login]='exec unconfined_t:' [engine]='exec ranby_t:' [policy]='load')
	for label in "${!not[@]}"; do
		run -1 nested busybox sh -c "/t/label ${not[$label]} true"
		[[ $output == *'Permission denied'* ]] || fail "$label" "$output"
	done
	run -1 nested busybox sh -c "/t/label exec $t: /t/label exec ranby_container_nested_t: true"
	[[ $output == *'Permission denied'* ]] || fail "$output"
	avc=$(in_audit '^type=AVC .*denied  { transition }' ':ranby_container_nested_t:' ":$t:s0:c1000,c1001 " | tail -n 1)
	by_this_login "$avc"
	# files: in what is mounted new, and in a volume
	for dir in /fresh /v /dev/shm; do
		run -0 nested --tmpfs /fresh -v vol:/v busybox sh -c "
			echo x >$dir/f && /t/label file $f:s0 $dir/f && /t/label show $dir/f && /t/label file $f: $dir/f && /t/label show $dir/f
			! /t/label file user_home_t: $dir/f && ! /t/label file $f:s0:c1000,c1001 $dir/f"
		[[ ${lines[0]} == *:object_r:"$f":s0 && ${lines[1]} =~ :object_r:"$f":s0:c[0-9]+,c[0-9]+$ ]] || fail "$dir" "$output"
		[ "${lines[2]} ${lines[3]}" = 'setxattr: Permission denied setxattr: Permission denied' ] || fail "$dir" "$output"
	done
	# not on the root, all of which has one label; red without: a container that is not nested sets none
	run -1 nested busybox /t/label file "$f:" /root
	[[ $output == 'setxattr: Operation not supported' ]]
	run -1 ranby run --rm --network none -v "$HOME/tool:/t:z" busybox /t/label exec "$t:" true
	[[ $output == *'Permission denied'* ]]
}

@test "label=nested: an engine in it, whose containers have a container's type and this one's pair" {
	local program inner='ranby --root /v/d --runroot /v/r'
	# this policy has a word for who makes user namespaces, and it is the administrator's
	[ ! -e /etc/selinux/nested ] || {
		run -1 nested --privileged busybox unshare -U -r true
		other_policy nested
	}
	mkdir -p "$HOME/tool"/{usr/bin,usr/libexec,usr/share,lib,lib64}
	cp "$RANBY" "$(dirname "$RANBY")/ranby-runtime" "$HOME/tool/usr/bin/"
	cp -r /usr/local/libexec/ranby "$HOME/tool/usr/libexec/"
	cp -r /usr/local/share/ranby "$HOME/tool/usr/share/"
	for program in "$RANBY" /usr/local/libexec/ranby/ranby-unpack; do ldd "$program" | sed -n 's/.*=> \([^ ]*\).*/\1/p'; done | sort -u | xargs cp -L -t "$HOME/tool/lib/"
	cp -L /lib64/ld-linux-x86-64.so.2 "$HOME/tool/lib64/"
	cp "$RANBY_TEST_IMAGES/busybox.tar" "$HOME/tool/"
	run -0 nested --privileged -v "$HOME/tool/usr:/usr/local:z" -v "$HOME/tool/lib:/lib/x86_64-linux-gnu:z" -v "$HOME/tool/lib64:/lib64:z" -v inner:/v busybox sh -c "
		tr -d '\0' </proc/self/attr/current; echo
		PATH=/usr/local/bin:/bin
		$inner load --quiet -i /t/busybox.tar >/dev/null || exit
		$inner run --rm --network none busybox sh -c 'tr -d \"\\0\" </proc/self/attr/current; echo; echo x >/new && cat /new'
		$inner run --rm --network none --security-opt label=level:s0:c1,c1000 busybox true 2>&1"'; echo $?'
	[[ ${lines[0]} =~ :ranby_container_nested_t:(s0:c[0-9]+,c[0-9]+)$ ]] || fail "$output"
	# no lxc_contexts are in it, and so our own types are what it finds
	[[ ${lines[1]} == *":ranby_container_t:${BASH_REMATCH[1]}" ]] || fail "$output"
	[ "${lines[2]}" = x ] || fail "$output"
	[[ ${lines[3]} == *'does not let'* && ${lines[-1]} == 125 ]] || fail "$output"
}

@test "without our module: what the policy has no label for runs with none, and says so; what was asked for is refused, with what to do" {
	local bare='no types for containers in the policy'
	fresh() { "$RANBY" --root "$BATS_TEST_TMPDIR/root" --runroot "$BATS_TEST_TMPDIR/run" "$@" 3>&-; }
	ranby create --name before --network none busybox true
	other_policy bare
	run -125 ranby run --rm --network none --security-opt label=nested busybox true
	[[ $output == *'does not have'*ranby_container_nested_t* && $output == *'semodule -i '*ranby-container.cil* ]] || fail "$output"
	case $RANBY_GUEST in
	bookworm:*)
		# a store of its own: the layers of the other have labels of our types
		fresh load --quiet -i "$RANBY_TEST_IMAGES/busybox.tar"
		fresh run -d --name c --network none busybox sleep 1000
		[ "$(label_of "$(fresh inspect --format '{{.State.Pid}}' c)")" = "$(label_of self)" ]
		run -0 fresh inspect --format '{{.Ranby.SELinux}}{{.ProcessLabel}}' c
		[ "$output" = "$bare" ] || fail "$output"
		fresh rm -f -t 0 c
		run -0 ranby info --format '{{.host.confinement.selinux}}'
		[[ $output == *"$bare"* ]] || fail "$output"
		run -125 ranby run --rm --network none --security-opt label=level:s0:c1,c2 busybox true
		[[ $output == *'does not have'*ranby_container_t* && $output == *'semodule -i '*ranby-container.cil* ]] || fail "$output"
		run -125 ranby start before
		[[ $output == *'does not have'*ranby_container_t* && $output == *'semodule -i '* ]] || fail "$output"
		remove_tree "$BATS_TEST_TMPDIR/root"
		;;
	*)
		run -0 ranby run --rm --network none busybox sh -c 'tr -d "\0" </proc/self/attr/current'
		[[ $output == *":container_t:s0:c"* ]] || fail "$output"
		;;
	esac
	as_root load_policy
	ranby start before
}

@test "members of a pod have the categories of its infra container, and its /dev/shm; others have not" {
	ranby pod create --name p --network none >/dev/null
	ranby run -d --pod p --name a busybox sh -c 'echo shared >/dev/shm/word; exec sleep 1000'
	ranby run -d --pod p --name b busybox sleep 1000
	ranby run -d --pod p --name own --security-opt label=level:s0:c1,c2 busybox sleep 1000
	ranby run -d --name alone --network none busybox sleep 1000
	local infra level
	infra=$(ranby pod inspect p --format '{{.InfraContainerID}}')
	level=$(level_of "$(ctr_pid "$infra")")
	[[ $level =~ ^s0:c[0-9]+,c[0-9]+$ ]]
	[ "$(level_of "$(ctr_pid a)")" = "$level" ]
	[ "$(level_of "$(ctr_pid b)")" = "$level" ]
	[ "$(level_of "$(ctr_pid own)")" = s0:c1,c2 ]
	[ "$(level_of "$(ctr_pid alone)")" != "$level" ]
	run -0 ranby exec b cat /dev/shm/word
	[ "$output" = shared ]
	# who has other categories does not read it
	run ! ranby exec own cat /dev/shm/word
	ranby pod restart p >/dev/null
	level=$(level_of "$(ctr_pid "$infra")")
	[ "$(level_of "$(ctr_pid a)")" = "$level" ]
	[ "$(level_of "$(ctr_pid b)")" = "$level" ]
	# another container has the pair by now: the pod gets another one, all of it
	ranby pod stop --time 0 p >/dev/null
	ranby run -d --name thief --network none --security-opt "label=level:$level" busybox sleep 1000
	ranby pod start p >/dev/null
	[ "$(level_of "$(ctr_pid "$infra")")" != "$level" ]
	level=$(level_of "$(ctr_pid "$infra")")
	[ "$(level_of "$(ctr_pid a)")" = "$level" ]
	[ "$(level_of "$(ctr_pid b)")" = "$level" ]
	ranby pod create --name q --network none --security-opt label=level:s0:c5,c6 >/dev/null
	ranby run -d --pod q --name c busybox sleep 1000
	[ "$(level_of "$(ctr_pid c)")" = s0:c5,c6 ]
	[ "$(level_of "$(ctr_pid "$(ranby pod inspect q --format '{{.InfraContainerID}}')")")" = s0:c5,c6 ]
	ranby pod rm --all --force --time 0 >/dev/null
}
