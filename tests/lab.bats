#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The main job, from a registry on loopback to `rmi --all`, as a user types it.
# The tests build on each other, in this order; the file is one session.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file
	export REG_DIR=$BATS_FILE_TMPDIR/registry
	mkdir -p "$REG_DIR"
	# localhost:5000 where it is free, as on a slide; else any port
	REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 5000 2>/dev/null) ||
		REG=$("$RANBY_TREE/tests/registry" start "$REG_DIR" 0)
	export REG
	"$RANBY_TREE/tests/registry" push "$REG_DIR" debian nginx
	export WRAP=$BATS_FILE_TMPDIR/ranby
	printf '#!/bin/sh\nexec "%s" --root "%s" --runroot "%s" "$@"\n' "$RANBY" "$RANBY_ROOT" "$RANBY_RUN" >"$WRAP"
	chmod +x "$WRAP"
}

teardown_file() {
	[ -z "${REG_DIR:-}" ] || "$RANBY_TREE/tests/registry" stop "$REG_DIR"
	ranby_teardown_file
}

@test "pull debian, and images lists it" {
	run -0 ranby pull "$REG/debian"
	[[ ${lines[-1]} =~ ^[0-9a-f]{64}$ ]]
	run -0 ranby images
	[[ ${lines[0]} =~ ^REPOSITORY\ +TAG\ +IMAGE\ ID\ +CREATED\ +SIZE$ ]]
	[[ ${lines[1]} =~ ^$REG/debian\ +latest\ +[0-9a-f]{12}\ .*\ ago\ .*MB$ ]]
}

@test "run -it debian bash: prompt, job control, window size, exit code" {
	"$RANBY_TREE/tests/pty" --size 30x100 "$WRAP" run -it debian bash <<-'STEPS'
		expect root@[0-9a-f]{12}:/# $
		send stty size\r
		expect ^30 100
		expect # $
		send tty\r
		expect ^/dev/(pts/0|console)
		expect # $
		send sleep 1000\r
		expect sleep 1000
		reject root@
		send \x1a
		expect Stopped +sleep 1000
		expect # $
		send bg; jobs\r
		expect Running +sleep 1000
		expect # $
		send fg\r
		expect ^sleep 1000
		reject root@
		send \x03
		expect root@[0-9a-f]{12}:/# $
		size 40x120
		send stty size\r
		expect ^40 120
		expect # $
		send exit 7\r
		exit 7
	STEPS
}

@test "ps -a shows it, exited with 7" {
	run -0 ranby ps -a
	[[ ${lines[0]} =~ ^CONTAINER\ ID\ +IMAGE\ +COMMAND\ +CREATED\ +STATUS\ +PORTS\ +NAMES ]]
	[[ ${lines[1]} =~ ^[0-9a-f]{12}\ +$REG/debian(:latest)?\ +bash\ .*Exited\ \(7\) ]]
}

@test "run -id debian bash stays, and is running" {
	run -0 ranby run -id debian bash
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	run -0 ranby ps --format '{{.ID}} {{.State}}'
	[[ $output =~ ^[0-9a-f]{12}\ running$ ]]
}

@test "pstree: one small monitor, parent of the payload, child of init or the subreaper" {
	need_program pstree
	local pid parent grandparent
	pid=$(ctr_pid -l)
	[ "$(cat "/proc/$pid/comm")" = bash ]
	parent=$(status_field "$pid" PPid)
	[ "$(cat "/proc/$parent/comm")" = ranby-monitor ]
	grandparent=$(status_field "$parent" PPid)
	case $(tr '\0' ' ' <"/proc/$grandparent/cmdline") in
	*ranby-monitor* | *bin/ranby*) fail 'the monitor has a parent of ours' ;;
	esac
	run -0 pstree -Slnc "$parent"
	# below the monitor, the payload, and with the default network its helper
	[[ $output =~ ^ranby-monitor.*bash ]]
	run -0 pgrep -P "$parent"
	[ "${#lines[@]}" -le 2 ]
	local ns
	for ns in ipc mnt net pid user uts; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	# nothing else of ours runs for this store
	run -1 pgrep -x -u "$(id -u)" -f "$RANBY --root $RANBY_ROOT .*"
	[ "$(status_field "$parent" VmRSS)" -lt 1024 ] || [ -n "${RANBY_SAN:-}" ]
}

@test "run nginx: master root, workers www-data" {
	run -0 ranby pull -q "$REG/nginx"
	run -0 ranby run -id --name web "$REG/nginx" nginx -g 'daemon off;'
	workers() { [ "$(pgrep -c -P "$(ctr_pid web)")" -ge 1 ]; }
	wait_for 30 workers
}

@test "top -l shows two host users, as the kernel says" {
	need_ranges
	run -0 ranby top -l args huser hgroup hpid user group pid seccomp label
	[[ ${lines[0]} =~ ^COMMAND\ +HUSER\ +HGROUP\ +HPID\ +USER\ +GROUP\ +PID\ +SECCOMP\ +LABEL$ ]]
	# by number, and by name where the host knows one
	[[ ${lines[1]} =~ ^nginx:\ master\ process\ nginx\ -g\ daemon\ off\;\ +$(id -u)\($(id -un)\)\ +$(id -g)\($(id -gn)\)\ +[0-9]+\ +root\ +root\ +1\ +filter\  ]]
	[[ ${lines[2]} =~ ^nginx:\ worker\ process\ +[^\ ]+\ +[^\ ]+\ +[0-9]+\ +www-data\ +www-data\ +[0-9]+\ +filter\  ]]
	run -0 ranby top -l huser
	[ "$(tail -n +2 <<<"$output" | sort -u | wc -l)" = 2 ]
}

@test "top's columns equal /proc as read from the host" {
	local hpid huid hgid huser hgroup uid gid pid seccomp label seen=0 inside
	run -0 ranby top -l hpid huid hgid huser hgroup uid gid pid seccomp label
	while read -r hpid huid hgid huser hgroup uid gid pid seccomp label; do
		seen=$((seen + 1))
		[ "$huid" = "$(status_field "$hpid" Uid 2)" ]
		[ "$hgid" = "$(status_field "$hpid" Gid 2)" ]
		[ "$huser" = "$huid$(getent passwd "$huid" | sed 's/:.*//; s/.*/(&)/')" ]
		[ "$hgroup" = "$hgid$(getent group "$hgid" | sed 's/:.*//; s/.*/(&)/')" ]
		# the container's id, by the kernel's map as it reads from here
		inside=$(awk -v h="$huid" '$2 <= h && h < $2 + $3 {print $1 + h - $2}' "/proc/$hpid/uid_map")
		[ "$uid" = "$inside" ]
		inside=$(awk -v h="$hgid" '$2 <= h && h < $2 + $3 {print $1 + h - $2}' "/proc/$hpid/gid_map")
		[ "$gid" = "$inside" ]
		[ "$pid" = "$(awk '$1 == "NSpid:" {print $NF}' "/proc/$hpid/status")" ]
		[ "$seccomp" = filter ]
		[ "$(status_field "$hpid" Seccomp)" = 2 ]
		inside=$(tr -d '\0' <"/proc/$hpid/attr/current" 2>/dev/null) || inside='?'
		[ "$label" = "${inside:-?}" ]
	done < <(tail -n +2 <<<"$output")
	[ $seen -ge 2 ]
}

@test "exec -ti bash has a terminal of its own, and an exit code" {
	"$RANBY_TREE/tests/pty" --size 33x99 "$WRAP" exec -ti web bash <<-'STEPS'
		expect :/# $
		send stty size; cat /proc/1/comm\r
		expect ^33 99
		expect ^nginx
		expect # $
		size 20x70
		send stty size\r
		expect ^20 70
		expect # $
		send exit 5\r
		exit 5
	STEPS
}

@test "logs -f follows, and ends with the container" {
	run -0 ranby run -d --name talker debian bash -c 'for i in 1 2 3; do echo line $i; sleep 0.3; done; echo end >&2'
	run -0 timeout 20 "$WRAP" logs -f talker
	[ "$output" = $'line 1\nline 2\nline 3\nend' ]
}

@test "inspect says who started it (F03)" {
	run -0 ranby inspect web
	jq -e --arg uid "$(id -u)" '.[0] | .Name == "web" and .State.Running and (.Ranby.StartedBy.uid | tostring) == $uid' <<<"$output"
	run -0 ranby inspect --format '{{.Ranby.StartedBy.auid}}' web
	[ "$output" = "$(cat /proc/self/loginuid)" ]
	[ "$(cat "/proc/$(ctr_pid web)/loginuid")" = "$(cat /proc/self/loginuid)" ]
}

@test "wait gives the exit code" {
	run -0 ranby run -d --name soon debian bash -c 'sleep 0.5; exit 42'
	run -0 timeout 20 "$WRAP" wait soon
	[ "$output" = 42 ]
}

@test "stop ends nginx with its own signal" {
	local pid
	pid=$(ctr_pid web)
	run -0 ranby stop web
	[ "$output" = web ]
	[ ! -e "/proc/$pid" ] || [ "$(status_field "$pid" State)" = Z ]
	run -0 ranby inspect --format '{{.State.Status}} {{.State.ExitCode}}' web
	[ "$output" = 'exited 0' ]
}

@test "kill --all, rm --all, rmi --all leave nothing" {
	run -0 ranby kill --all
	ended() { [ -z "$(ranby ps -q)" ]; }
	wait_for 30 ended
	run -0 ranby rm --all
	run -0 ranby ps -aq
	[ -z "$output" ]
	run -0 ranby rmi --all
	run -0 ranby images -q
	[ -z "$output" ]
	nothing_left
	# no layer, no blob
	[ -z "$(find "$RANBY_ROOT/layers" "$RANBY_ROOT/blobs" -mindepth 1 ! -name sha256 2>/dev/null)" ]
}
