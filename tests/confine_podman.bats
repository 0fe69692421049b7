#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The same options given to podman and crun of this host, and what the kernel
# says of both containers: the answer of the filter to each call by each of
# the three ways in (tests/tools/verdicts.c), and the capability sets.
#
# tests/seccomp/docker.json is profiles/seccomp/default.json of moby 20.10.24
# (Apache-2.0), as it is.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	PODMAN=$(mktemp -d "${TMPDIR:-/tmp}/podman.XXXXXX")
	export PODMAN
	mkdir -p "$PODMAN/config/containers" "$RANBY_RUN/podman"
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PODMAN/store" "$RANBY_RUN/podman/run" \
		>"$PODMAN/config/containers/storage.conf"
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "crun"\n' >"$PODMAN/config/containers/containers.conf"
	# what there is in /usr/share/containers is the distribution's default
	[ "$(uname -m)" = x86_64 ] && command -v podman crun >/dev/null &&
		peer load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null 3>&- &&
		peer run --rm --network=none localhost/busybox-docker true 3>&- && touch "$PODMAN/works" || true
}

teardown_file() {
	if [ -d "$PODMAN/store" ]; then
		peer rm -f -t 0 -a >/dev/null 2>&1 3>&- || true
		peer system migrate 3>&- || true # ends its pause process
	fi
	remove_tree "$PODMAN"
	ranby_teardown_file
}

setup() { [ -f "$PODMAN/works" ] || skip 'no podman with crun that runs here, on x86-64'; }

peer() { XDG_CONFIG_HOME=$PODMAN/config XDG_RUNTIME_DIR=$RANBY_RUN/podman podman "$@"; }

# ---- the filter ----

# verdicts OPTION...: of both, in $T/ranby and $T/podman
verdicts() {
	T=$BATS_TEST_TMPDIR
	local probe="$RANBY_TREE/${RANBY_BUILD:-build}/tools/verdicts"
	[ -x "$probe" ] || fail "no $probe: run make check"
	cp "$probe" "$T/verdicts" # where podman's user can read it, whatever the tree is
	ranby run --rm --network=none "$@" -v "$T/verdicts:/verdicts:ro" busybox /verdicts >"$T/ranby" || return
	peer run --rm --network=none "$@" -v "$T/verdicts:/verdicts:ro" localhost/busybox-docker /verdicts >"$T/podman" 3>&- || return
	[ "$(wc -l <"$T/ranby")" = 1440 ] || fail "$(wc -l <"$T/ranby") lines"
}

# only_newer: they differ in calls only that are newer than all that the profile names:
# there podman has the profile's EPERM, and ranby ENOSYS, as runc has
only_newer() {
	paste -d ' ' "$T/podman" "$T/ranby" | awk '
		$3 ~ /allow/ { named[$1] = $2 }
		$3 != $6 { n++; differs[n] = $0 }
		END {
			for (i = 1; i <= n; i++) {
				split(differs[i], f)
				if (f[3] != "errno1" || f[6] != "errno38" || f[2] + 0 <= named[f[1]] + 0) { print differs[i]; bad = 1 }
			}
			print n + 0 " newer"
			exit bad
		}'
}

same_verdicts() {
	verdicts "$@"
	diff "$T/podman" "$T/ranby" >"$T/diff" || fail "$*" "$(head -20 "$T/diff")"
}

@test "podman's own profile: each call by each way in is answered as under podman, with these and those capabilities" {
	local profile=/usr/share/containers/seccomp.json caps
	[ -f "$profile" ] || skip "no $profile"
	for caps in '--cap-drop=all' '--cap-add=all' '--cap-drop=all --cap-add=sys_admin --cap-add=sys_ptrace' \
		'--cap-drop=all --cap-add=audit_write' '--cap-drop=all --cap-add=sys_chroot --cap-add=dac_read_search'; do
		# shellcheck disable=SC2086 # several options
		same_verdicts --security-opt "seccomp=$profile" $caps
	done
	# something was compared, a rule with arguments too
	grep -q ' allow$' "$T/ranby"
	grep -q ' errno1$' "$T/ranby"
	grep -q ' errno38$' "$T/ranby"
	grep -qE '^x86-64 41 .*errno22' "$T/podman" || fail "$(grep '^x86-64 41 ' "$T/podman")"
}

@test "docker's profile: the same, and calls newer than it are ENOSYS, so that a C library falls back" {
	local caps
	for caps in '--cap-drop=all' '--cap-add=all' '--cap-drop=all --cap-add=sys_admin' '--cap-drop=all --cap-add=sys_ptrace --cap-add=sys_module'; do
		# shellcheck disable=SC2086
		verdicts --security-opt "seccomp=$RANBY_TREE/tests/seccomp/docker.json" $caps
		run only_newer
	[ "$status" = 0 ] || fail "$output"
		[ "$output" = '60 newer' ] || fail "$caps" "$output"
	done
	# by arguments: clone without new namespaces, and with them where that is allowed
	verdicts --security-opt "seccomp=$RANBY_TREE/tests/seccomp/docker.json" --cap-drop=all
	grep -qE '^x86-64 56 allow.*errno1' "$T/ranby"
}

@test "the older shape, a name to a rule and architectures by name: the same" {
	# nothing of it is newer than the calls that i386 has had directly since 2019: they are allowed all the same
	jq '{defaultAction, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	     syscalls: ([.syscalls[] | select((.includes // {}) == {} and (.excludes // {}) == {}) | . as $r | .names[]
	                | select(test("time64$|time[a-z]*64|^clone3|^close_range|^pidfd|^futex_waitv|^landlock|^memfd_secret|^process_mrelease|^epoll_pwait2|^faccessat2|^openat2|64$|^statx$|^rseq$|^pkey|^io_") | not)
	                | {name: ., action: $r.action, args: ($r.args // [])}] + [("arch_prctl", "clone") | {name: ., action: "SCMP_ACT_ALLOW", args: []}])}' "$RANBY_TREE/tests/seccomp/docker.json" >"$BATS_TEST_TMPDIR/old.json"
	verdicts --security-opt "seccomp=$BATS_TEST_TMPDIR/old.json"
	run only_newer
	[ "$status" = 0 ] || fail "$output"
	[ "${output% newer}" -gt 60 ] || fail "$output"
	grep -q '^i386 394 allow' "$T/ranby"
}

@test "a profile that masks, compares and traps: the same answers" {
	cat >"$BATS_TEST_TMPDIR/p.json" <<-'JSON'
		{"defaultAction":"SCMP_ACT_ALLOW","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]}],
		 "syscalls":[
		 {"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"value":38,"op":"SCMP_CMP_EQ"}]},
		 {"names":["ioctl"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":4294967295,"valueTwo":21522,"op":"SCMP_CMP_MASKED_EQ"}]},
		 {"names":["personality"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":131080,"op":"SCMP_CMP_GE"}]},
		 {"names":["alarm"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":16,"op":"SCMP_CMP_LT"}]},
		 {"names":["umask"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":8,"op":"SCMP_CMP_NE"},{"index":2,"value":9,"op":"SCMP_CMP_EQ"}]},
		 {"names":["swapon"],"action":"SCMP_ACT_KILL_PROCESS"},
		 {"names":["swapoff"],"action":"SCMP_ACT_TRAP"},
		 {"names":["reboot"],"action":"SCMP_ACT_ERRNO","errnoRet":133}]}
	JSON
	same_verdicts --security-opt "seccomp=$BATS_TEST_TMPDIR/p.json" 
	for line in '41 .*errno97' '16 .*errno1' '135 .*errno1' '37 errno1.*allow' '95 allow.*errno1' '167 signal' '168 signal' '169 errno133'; do
		grep -qE "^x86-64 $line" "$T/ranby" || fail "$line" "$(grep "^x86-64 ${line%% *} " "$T/ranby")"
	done
}

@test "one filter in either engine's container, by /proc from the host" {
	local profile=/usr/share/containers/seccomp.json ours theirs
	[ -f "$profile" ] || skip "no $profile"
	ranby run -d --name filter --network=none --security-opt "seccomp=$profile" busybox sleep 1000 >/dev/null
	peer run -d --name filter --network=none --security-opt "seccomp=$profile" localhost/busybox-docker sleep 1000 >/dev/null 3>&-
	ours=$(ctr_pid filter)
	theirs=$(peer inspect --format '{{.State.Pid}}' filter)
	for field in Seccomp Seccomp_filters NoNewPrivs; do
		[ "$(status_field "$ours" $field)" = "$(status_field "$theirs" $field)" ] || fail "$field"
	done
	[ "$(status_field "$ours" Seccomp)" = 2 ]
}

# ---- capabilities ----

caps_of() { grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):' "/proc/$1/status" | tr -s '\n\t' '  '; }

# caps OPTION...: of both, as the host reads them, in $ours and $theirs
caps() {
	local pid
	peer run -d --name caps --network=none "$@" localhost/busybox-docker sleep 1000 >/dev/null 3>&- || return
	ranby run -d --name caps --network=none "$@" busybox sleep 1000 >/dev/null || return
	ours=$(caps_of "$(ctr_pid caps)")
	pid=$(peer inspect --format '{{.State.Pid}}' caps)
	theirs=$(caps_of "$pid")
	kill -KILL "$pid"
	ranby rm -f -t 0 caps >/dev/null
	peer rm -f -t 0 caps >/dev/null 3>&-
}

@test "capability sets of init: as podman's, for --cap-add and --cap-drop in many orders, users and --privileged" {
	local options bad=0
	while read -r options; do
		# shellcheck disable=SC2086
		caps $options || fail "does not run: $options"
		[ "$ours" = "$theirs" ] || { bad=1; printf '%s\n  ranby  %s\n  podman %s\n' "$options" "$ours" "$theirs"; }
	done <<-'OPTIONS'

		--cap-drop=all
		--cap-drop=ALL --cap-add=CHOWN
		--cap-add=CAP_CHOWN --cap-drop=all
		--cap-add=all
		--cap-add=all --cap-drop=sys_admin
		--cap-drop=sys_admin --cap-add=ALL
		--cap-drop=chown,kill,setpcap
		--cap-add=net_admin,sys_ptrace
		--cap-add=NET_ADMIN --cap-add=SYS_TIME --cap-drop=CAP_NET_BIND_SERVICE
		--cap-add=chown
		--user=nobody
		--user=nobody --cap-drop=all
		--user=1234:5678
		--privileged
		--privileged --user=nobody
		--security-opt=no-new-privileges
	OPTIONS
	[ $bad = 0 ]
}

@test "where ranby gives less than podman: another user has what is added in no set but the bounding one, and --privileged keeps what was dropped away" {
	local added=0000000000002000 none=0000000000000000
	caps --user=nobody --cap-drop=all --cap-add=net_raw
	[ "$ours" = "CapInh: $none CapPrm: $none CapEff: $none CapBnd: $added CapAmb: $none " ] || fail "$ours"
	[ "$theirs" = "CapInh: $added CapPrm: $added CapEff: $added CapBnd: $added CapAmb: $added " ] || fail "podman: $theirs"
	caps --privileged --cap-drop=all
	[ "$ours" = "CapInh: $none CapPrm: $none CapEff: $none CapBnd: $none CapAmb: $none " ] || fail "$ours"
	[[ $theirs = *'CapEff: 000001ff'* ]] || fail "podman: $theirs"
	grep -q 'there are no ambient capabilities' "$RANBY_TREE/man/ranby-run.1"
}
