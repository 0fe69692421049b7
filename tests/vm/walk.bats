#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The everyday walk on a stock Debian kernel with its LSM, systemd and a real
# login: what has to be older than the machines it is written on.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

@test "run: root inside, the exit code, standard input" {
	run -0 ranby run --rm --network none busybox id -u
	[ "$output" = 0 ]
	run -42 ranby run --rm -i --network none busybox sh -c 'read x; [ "$x" = word ] && exit 42' <<<word
	nothing_left
}

@test "a service: detached, published, top, exec, stop, start, what it wrote stays" {
	run -0 ranby run -d --name web -p 18080:80 busybox sh -c 'mkdir -p /w; echo hi >>/w/index.html; exec httpd -f -p 80 -h /w'
	wait_for 20 served
	run -0 ranby top web huser hpid seccomp luser user
	[[ ${lines[1]} == "$(id -u)($(id -un))"*"$(ctr_pid web)"*filter*"$(id -un)"*root ]] || fail "$output"
	run -0 ranby exec web cat /w/index.html
	[ "$output" = hi ]
	ranby stop -t 1 web
	ranby start web
	wait_for 20 served
	ranby rm -f -t 0 web
	nothing_left
}
# In a shell of its own: what forwards the port listens before httpd does, and
# then resets; the SIGPIPE of writing there must end no more than this try.
served() (
	{ exec 5<>/dev/tcp/127.0.0.1/18080; } 2>/dev/null || exit 1
	printf 'GET /index.html HTTP/1.0\r\n\r\n' >&5
	grep -q '^hi' <&5
) 2>/dev/null

@test "the login is kept: loginuid and session of the payload are those of the session" {
	ranby run -d --name c --network none busybox sleep 1000
	local pid
	pid=$(ctr_pid c)
	[ "$(cat "/proc/$pid/loginuid")" = "$(id -u)" ]
	[ "$(cat "/proc/$pid/sessionid")" = "$(cat /proc/self/sessionid)" ]
	run -0 ranby ps --format '{{.LoginUser}} {{.LoginUID}} {{.Session}}'
	[ "$output" = "$(id -un) $(id -u) $(cat /proc/self/sessionid)" ]
	run ! ranby exec c sh -c 'echo 0 >/proc/self/loginuid'
}

@test "the label that top shows is the kernel's" {
	ranby run -d --name c --network none busybox sleep 1000
	local label
	label=$(tr -d '\0\n' <"/proc/$(ctr_pid c)/attr/current")
	[ -n "$label" ] || skip 'no LSM labels processes here'
	run -0 ranby top c label
	[ "${lines[1]}" = "$label" ]
}

@test "the start's audit record, and the label in VIRT_MACHINE_ID is the kernel's" {
	ranby run -d --name c --network none busybox sleep 1000
	local label hex uuid record model=selinux
	label=$(tr -d '\0\n' <"/proc/$(ctr_pid c)/attr/current")
	hex=$(printf '%s' "$label" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
	# the file is there also where AppArmor is not enabled
	! cat "/proc/$(ctr_pid c)/attr/apparmor/current" >/dev/null 2>&1 || model=apparmor
	uuid=$(ranby inspect --format '{{.Ranby.UUID}}' c)
	[ "$(ranby inspect --format '{{.Ranby.Receipt}}' c)" != self ]
	for _ in $(seq 50); do
		record=$(grep -a "^type=VIRT_MACHINE_ID .* uuid=$uuid " /var/log/audit/audit.log) && break
		sleep 0.1
	done
	[[ $record == *" auid=$(id -u) ses=$(cat /proc/self/sessionid) "* ]]
	[[ $record == *" vm-ctx=\"$label\" img-ctx=? model=$model trust=live "* || $record == *" vm-ctx=$hex img-ctx=? model=$model trust=live "* ]]
	grep -aq "^type=VIRT_CONTROL .* op=start .* uuid=$uuid .* stage=exec-stop .*res=success" /var/log/audit/audit.log
}

@test "user namespaces: keep-id, auto, nomap; another user" {
	run -0 ranby run --rm --network none --userns keep-id busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 ranby run --rm --network none --userns auto busybox cat /proc/self/uid_map
	[[ $output =~ ^\ +0\ +[1-9][0-9]*\ +[0-9]+$ ]] || fail "$output"
	run -0 ranby run --rm --network none -u nobody busybox id -un
	[ "$output" = nobody ]
}

@test "mounts: a volume, a bind, read-only root, tmpfs" {
	mkdir "$BATS_TEST_TMPDIR/d"
	run -0 ranby run --rm --network none -v data:/data -v "$BATS_TEST_TMPDIR/d:/d:z" --read-only --tmpfs /t busybox \
		sh -c 'echo a >/data/f && echo b >/d/f && echo c >/t/f && ! touch /no 2>/dev/null'
	[ "$(cat "$BATS_TEST_TMPDIR/d/f")" = b ]
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/d/f")" = "$(id -u)" ]
	run -0 ranby run --rm --network none -v data:/data busybox cat /data/f
	[ "$output" = a ]
}

@test "confinement is in force: capabilities, filter, no_new_privs" {
	ranby run -d --name c --network none --security-opt no-new-privileges -u nobody busybox sleep 1000
	local pid
	pid=$(ctr_pid c)
	[ "$(status_field "$pid" NoNewPrivs)" = 1 ]
	[ "$(status_field "$pid" Seccomp)" = 2 ]
	[ "$(status_field "$pid" CapEff)" = 0000000000000000 ]
	[ "$(status_field "$pid" CapInh)" = 0000000000000000 ]
	run ! ranby run --rm --network none busybox mount -t tmpfs none /mnt
}

@test "sixty layers are mounted in their order" {
	load_image layers
	run -0 ranby run --rm --network none layers cat /layer
	[ "$output" = 60 ]
	run -0 ranby run --rm --network none layers sh -c 'ls / | grep only'
	[ "$output" = only-60 ]
}
