#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby profile: what a run asks of the kernel is recorded, without privilege;
# what comes of it lets the same run through and refuses another.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() { ranby_setup_file busybox debian; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

record() { ranby profile record --rm --network=none "$@"; }
seen() { ranby profile show --format json "$1"; } # NAME

@test "calls, classes of arguments, files and capabilities, each as it was asked for" {
	run -3 record one busybox sh -c 'cat /etc/passwd >/dev/null; echo x >/tmp/x; ls /usr >/dev/null; chown 1 /tmp/x; mv /tmp/x /tmp/y; rm /tmp/y; exit 3'
	seen one >"$BATS_TEST_TMPDIR/seen"
	jq -e '.runs == 1 and .lost == 0 and .unread == 0' "$BATS_TEST_TMPDIR/seen"
	jq -e '.calls | has("openat") and has("execve") and has("chown") and (has("mkdir") or has("mount") or has("read") | not)' "$BATS_TEST_TMPDIR/seen"
	jq -e '.arguments | has("clone:0") or has("vfork")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.files["/etc/passwd"] | contains("r")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.files["/bin/busybox"] | contains("x")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.files["/tmp/x"] | contains("c") and contains("u") and contains("w")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.files["/tmp/y"] | contains("c") and contains("u")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.files["/usr"] | contains("l")' "$BATS_TEST_TMPDIR/seen"
	jq -e '.capabilities | keys == ["CAP_CHOWN"]' "$BATS_TEST_TMPDIR/seen"
	run -0 ranby profile show
	[[ $'\n'$output$'\n' == *$'\none\n'* ]]
}

@test "the profile lets the same run through, and refuses what was not in it: a call, a class of arguments, a file, a capability" {
	run -0 record two debian bash -c 'perl -e "use Socket; socket(my \$s, AF_UNIX, SOCK_STREAM, 0) or die; open(F, \"/etc/passwd\") or die; print scalar(<F>)"'
	again() { ranby run --rm --network=none --security-opt profile=two debian bash -c "$1"; }
	run -0 again 'perl -e "use Socket; socket(my \$s, AF_UNIX, SOCK_STREAM, 0) or die; open(F, \"/etc/passwd\") or die; print scalar(<F>)"'
	[[ $output == root:* ]]
	# the same again, as no one has to know
	run -0 again 'perl -e "use Socket; socket(my \$s, AF_INET, SOCK_STREAM, 0) and die; print \$!"'
	[[ $output == *'not permitted'* ]]
	run -0 again 'perl -e "mkdir(\"/tmp/x\") and die; print \$!"'
	[[ $output == *'not permitted'* ]]
	run -0 again 'perl -e "open(F, \"/etc/group\") and die; print \$!"'
	[[ $output == *'denied'* ]]
}

@test "what is applied is in inspect and in /proc: capabilities, filters, Landlock" {
	run -0 record caps busybox sh -c 'chown 1 /tmp; sleep 0.1'
	run -0 ranby run -d --name held --network=none --security-opt profile=caps busybox sh -c 'chown 1 /tmp; sleep 100'
	local pid
	pid=$(ctr_pid held)
	[ "$(status_field "$pid" CapBnd)" = 0000000000000001 ]
	[ "$(status_field "$pid" Seccomp)" = 2 ]
	[ "$(status_field "$pid" Seccomp_filters)" = 1 ]
	run -0 ranby inspect held
	jq -e '.[0].Ranby.Seccomp | endswith("/profiles/caps/seccomp.json")' <<<"$output"
	jq -e '.[0].Ranby.InForce | .capBnd == "0000000000000001" and .seccompFilters == 1 and .landlock.domains == 1' <<<"$output"
}

@test "runs are put together; diff says what one has and the other has not" {
	run -0 record merged busybox cat /etc/passwd
	run -0 record merged busybox mkdir /tmp/new
	run -0 record other busybox mkdir /tmp/new
	seen merged | jq -e '.runs == 2 and (.files | has("/etc/passwd") and has("/tmp/new"))'
	run -1 ranby profile diff other merged
	[[ $output == *'+files /etc/passwd r'* ]]
	[[ $output != *'mkdir'* ]]
	run -1 ranby profile diff merged other
	[[ $output == *'-files /etc/passwd r'* ]]
	run -0 ranby profile diff merged merged
	[ -z "$output" ]
}

@test "--verify: nothing is added, and what is outside is said" {
	run -0 record verified busybox cat /etc/passwd
	run -0 record --verify verified busybox cat /etc/passwd
	[[ $output != *outside* ]]
	run -1 record --verify verified busybox mkdir /tmp/new
	[[ $output == *'outside of it'* && $output == *'calls mkdir'* && $output == *'files /tmp/new'* ]]
	run -7 record --verify verified busybox sh -c 'mkdir /tmp/new; exit 7'
	seen verified | jq -e '.runs == 1 and (.calls | has("mkdir") | not)'
	run -125 record --verify nosuch busybox true
	one_error 'there is none of that name'
}

@test "exec sessions into a container that is recorded are in it" {
	run -0 ranby profile record -d --name watched --network=none session busybox sleep 100
	run -0 ranby exec watched mkdir /tmp/by-exec
	ranby rm -f -t 0 watched
	seen session | jq -e '.files | has("/tmp/by-exec")'
}

@test "users of the map: what they may do by their own right needs no capability, what root does to their files does" {
	need_ranges
	run -0 record -u 1000 plain busybox sh -c 'mkdir -m 700 /tmp/own && echo x >/tmp/own/file && cat /tmp/own/file'
	seen plain | jq -e '.capabilities == {} and (.files["/tmp/own/file"] | contains("c") and contains("r"))'
	run -0 record dac busybox sh -c 'mkdir -m 700 /tmp/own; echo x >/tmp/own/file; chown -R 1000 /tmp/own; chmod 600 /tmp/own/file; cat /tmp/own/file'
	seen dac | jq -e '.capabilities | has("CAP_CHOWN") and has("CAP_DAC_OVERRIDE") and has("CAP_FOWNER")'
	run -0 ranby run --rm --network=none --security-opt profile=dac busybox sh -c 'mkdir -m 700 /tmp/own; echo x >/tmp/own/file; chown -R 1000 /tmp/own; chmod 600 /tmp/own/file; cat /tmp/own/file'
}

@test "names that a payload made up reach no terminal, and no rule" {
	run -0 record hostile busybox sh -c 'touch "$(printf "/tmp/a\033[31m\nb")" "/tmp/\"x\", rw /**,"; cat /tmp/*'
	run -0 ranby profile show hostile
	[[ $output != *$'\033'* ]]
	run -0 ranby profile show --format apparmor hostile
	[[ $output != *$'\033'* && $output != *', rw /**,"'* ]] || fail "$output"
}

@test "a recording that cannot be is an error: bad names, no profile, --trail as well" {
	local name
	for name in ../x a/b '' .x; do
		run -125 record "$name" busybox true
		one_error 'not a name'
	done
	run -125 record --trail both busybox true
	one_error '--trail'
	run -125 ranby profile show nosuch
	one_error 'there is none of that name'
	run -125 ranby run --rm --network=none --security-opt profile=nosuch busybox true
	one_error 'there is none of that name'
	mkdir -p "$RANBY_ROOT/profiles/bad"
	echo '{"version":1,"calls":{"../x":1}}' >"$RANBY_ROOT/profiles/bad/run-1.json"
	run -125 ranby profile apply bad
	one_error 'not what a run has there'
	nothing_left
}
