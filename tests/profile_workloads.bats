#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Real programs of Debian: recorded once, then held to what was recorded,
# they do the same work; with another call they do not.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file debian nginx
	WORKLOADS=$("$RANBY_TREE/tests/images/workloads" --where)
	export WORKLOADS
	[ ! -f "$WORKLOADS" ] || ranby load --quiet --input "$WORKLOADS" >/dev/null
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

need_workloads() { [ -f "$WORKLOADS" ] || skip "${RANBY_NO_WORKLOADS:-no image \"workloads\": run tests/images/workloads}"; }

# both NAME IMAGE COMMAND...: recorded, then with the profile; the same output and code; then a call outside of it.
both() {
	local name=$1 first
	shift
	run -0 ranby profile record --rm --network=none "$name" "$@"
	first=$output
	ranby profile show --format json "$name" | jq -e '.lost == 0 and .unread == 0'
	run -0 ranby run --rm --network=none --security-opt "profile=$name" "$@"
	[ "$output" = "$first" ] || fail "first: $first" "then: $output"
}

# calls NAME: how many system calls it allows
calls() { ranby profile show --format seccomp "$1" | jq '[.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]] | unique | length'; }

# narrower NAME: it allows less than half of what the default profile lets through
narrower() { [ "$(calls "$1")" -lt 124 ] || fail "$(calls "$1")"; }

@test "a Perl script" {
	both perl debian perl -e 'open(my $f, ">", "/tmp/x") or die; print $f "text\n"; close $f; open($f, "<", "/tmp/x"); print <$f>; unlink "/tmp/x"; print `echo child`;'
	[ "$output" = $'text\nchild' ]
	narrower perl
	run -0 ranby run --rm --network=none --security-opt profile=perl debian perl -e 'symlink("/a", "/tmp/l") and die; print $!'
	[[ $output == *'not permitted'* ]]
}

@test "a Python script" {
	need_workloads
	both python workloads python3 -c 'import os, sys; open("/tmp/x", "w").write("text"); print(open("/tmp/x").read(), os.listdir("/srv"))'
	[ "$output" = 'text []' ]
	narrower python
	run -1 ranby run --rm --network=none --security-opt profile=python workloads python3 -c 'import os; os.mkfifo("/tmp/p")'
	[[ $output == *'not permitted'* ]]
}

@test "gcc: compiles, links and runs" {
	need_workloads
	both gcc workloads sh -c 'cd /tmp && echo "#include <stdio.h>
int main(void) { return puts(\"compiled\") < 0; }" >a.c && gcc -O2 -o /usr/local/bin/a a.c && /usr/local/bin/a'
	[ "$output" = compiled ]
	narrower gcc
}

@test "nginx: master and workers of another user, a page, an end in order" {
	serve() { # OPTION...
		ranby "$@" nginx >/dev/null
		wait_for 30 ranby exec web bash -c 'exec 3<>/dev/tcp/127.0.0.1/80' 2>/dev/null
		run -0 ranby exec web bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.0\r\n\r\n" >&3; cat <&3'
		[[ $output == *'200 OK'*'Welcome to nginx'* ]] || fail "$output"
		ranby stop web
		[ "$(ranby inspect --format '{{.State.ExitCode}}' web)" = 0 ]
		ranby rm web
	}
	serve profile record -d --name web --network=none nginx
	serve run -d --name web --network=none --security-opt profile=nginx
	ranby profile show --format json nginx | jq -e '.capabilities | has("CAP_SETUID") and has("CAP_SETGID") and (has("CAP_SYS_ADMIN") | not)'
	ranby profile show --format json nginx | jq -e '.bind | has("80")'
	narrower nginx
}

@test "redis: a server that is asked, writes its file and ends" {
	need_workloads
	serve() {
		ranby "$@" workloads redis-server --port 6379 --dir /tmp --save '' >/dev/null
		wait_for 30 ranby exec kv redis-cli ping >/dev/null 2>&1
		run -0 ranby exec kv redis-cli set key value
		run -0 ranby exec kv redis-cli get key
		[ "$output" = value ] || fail "$output"
		run -0 ranby exec kv redis-cli save
		ranby stop kv
		[ "$(ranby inspect --format '{{.State.ExitCode}}' kv)" = 0 ]
		ranby rm kv
	}
	serve profile record -d --name kv --network=none redis
	serve run -d --name kv --network=none --security-opt profile=redis
	narrower redis
}
