#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ps --all-engines: ranby's own containers, podman's, those of a shell, and
# those of which no state tells; each compared with the host's /proc. As root
# and for what root alone may read: tests/root/ps_engines.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load oci
load podman

setup_file() {
	ranby_setup_file busybox
	oci_setup_file
	podman_setup_file
}
teardown_file() {
	podman_teardown_file
	oci_teardown_file
	ranby_teardown_file
}
setup() { oci_setup; }
teardown() { oci_teardown; }

# engines ARG...: of the states below $RUN/state too
engines() { ranby ps --all-engines --runtime-root "$RUN/state" "$@"; }
# row JQ: of the container $ID
row() { engines --all --format json | jq -r --arg id "$ID" ".[] | select(.ID == \$id) | $1"; }
# started ID: a container that a shell had made; its first process in $pid
started() {
	need_ranges
	bundle -- sleep 1000
	keeper "$RUNTIME" --root "$RUN/state" create --bundle "$B" --pid-file "$RUN/pid" "$1" </dev/null >/dev/null 2>&1 3>&-
	keeper "$RUNTIME" --root "$RUN/state" start "$1"
	ID=$1 pid=$(cat "$RUN/pid")
}

@test "a shell's: what the state cannot say, /proc does" {
	started s1
	[ "$(rt state s1 | jq .attribution.verified)" = false ]
	[ "$(row '.Engine, .Status, .Pid, .Trust, .Bundle, .StateRoot' | paste -sd ' ')" = "unknown running $pid proc $B $RUN/state" ] || fail "$(row .)"
	[ "$(row .LoginUID)" = "$(sed 's/4294967295/null/' "/proc/$pid/loginuid")" ]
	[ "$(row .Session)" = "$(sed 's/4294967295/null/' "/proc/$pid/sessionid")" ]
	[ "$(row '.OwnerUID, .User' | paste -sd ' ')" = "$(id -u) $(id -un)" ] || fail "$(row .)"
	[ "$(row .Sources.LoginUID,.Sources.Pid,.Sources.Bundle,.Sources.Engine,.Sources.Image | paste -sd ' ')" = 'kernel kernel claimed claimed unknown' ]
	[ "$(row .Seccomp)" = "$(awk '/^Seccomp:/ {print $2 == 2 ? "filter" : "disabled"}' "/proc/$pid/status")" ]
	run -0 engines --noheading --format '{{.Engine}} {{.ID}} {{.Owner}} {{.Pid}} {{.Status}}' --filter id=s1
	[ "$output" = "unknown s1 $(id -un) $pid running" ]
	run -0 ranby ps --noheading
	[[ $output != *s1* ]]
}

@test "one that has ended, one whose number another process has, one of another boot: stopped, and not shown without --all" {
	started s2
	local boot kept=$RUN/kept.json state=$RUN/state/s2/state.json
	cp "$state" "$kept"
	jq ".startTicks += 1" "$kept" >"$state"
	[ "$(row '.Status, .Pid, .Trust, .Sources.LoginUID' | paste -sd ' ')" = 'stopped null claimed unknown' ] || fail "$(row .)"
	run -0 engines --quiet --no-trunc
	[[ $'\n'$output$'\n' != *$'\ns2\n'* ]]
	# the process is there: now no state tells of it
	[ "$(engines --format json | jq -r ".[] | select(.Pid == $pid) | .Engine, .Trust" | paste -sd ' ')" = 'unknown proc' ]
	for boot in 00000000-0000-0000-0000-000000000000 '' "$(head -c 8 /proc/sys/kernel/random/boot_id)"; do
		jq --arg boot "$boot" '.bootId = $boot' "$kept" >"$state"
		# half a name makes it no state at all
		[ "$(row .Status)" = "$([ ${#boot} -lt 36 ] || echo stopped)" ]
		[ "$(rt state s2 | jq -r .status)" = stopped ]
	done
	jq '.bundle = "/a\u001b[31m\u202e"' "$kept" >"$state"
	run -0 engines --format '{{.Bundle}}' --filter id=s2
	[ "$output" = '/a\x1b[31m\u202e' ] || fail "$output"
	cp "$kept" "$state"
	[ "$(row .Status)" = running ]
	kill -KILL "$pid"
	for _ in $(seq 500); do [ "$(row .Status)" = running ] || break; sleep 0.02; done
	[ "$(row .Status)" = stopped ]
	rm "$kept"
}

@test "states that are links, of others' making, too large, or another runtime's are none" {
	started s3
	local d=$RUN/state
	ln -s s3 "$d/link1"
	mkdir -m 700 "$d/link2" "$d/large" "$d/words" "$d/runc" && mkdir "$d/open" && chmod 777 "$d/open"
	ln -s ../s3/state.json "$d/link2/state.json"
	head -c 1100000 /dev/zero >"$d/large/state.json"
	echo '{"pid":' >"$d/words/state.json"
	echo "{\"id\":\"runc\",\"init_process_pid\":$pid,\"init_process_start\":1}" >"$d/runc/state.json"
	cp "$d/s3/state.json" "$d/open/state.json"
	run -0 --separate-stderr engines --all --format '{{.ID}}'
	for name in link1 link2 large words runc open; do [[ $output != *$name* ]] || fail "$output"; done
	[[ $output == *s3* ]]
	[ "$stderr" = 'Note: 5 states were not read: neither yours nor root'"'"'s, or not whole' ] || fail "$stderr"
	rm -r "$d"/{link1,link2,large,words,runc,open}
	chmod 770 "$d"
	run -125 engines
	one_error "others may write in it"
	chmod 700 "$d"
	run -125 ranby ps --all-engines --runtime-root "$RUN/nosuch"
	one_error nosuch
}

@test "ranby's own are ranby's, by their process; --all has those that ended" {
	local ID
	ID=$(ranby run -d --name mine busybox sleep 1000)
	[ "$(row '.Engine, .Name, .Status' | paste -sd ' ')" = 'ranby mine running' ] || fail "$(row .)"
	[[ $(row .Image) == *busybox* ]]
	[ "$(row .Pid)" = "$(ranby inspect --format '{{.State.Pid}}' mine)" ]
	[ "$(engines --format json | jq "map(select(.Pid == $(row .Pid))) | length")" = 1 ]
	ranby stop -t 0 mine
	[ "$(engines --format '{{.Names}}' --filter name=mine)" = '' ]
	[ "$(row '.Engine, .Pid, .Sources.Status' | paste -sd ' ')" = 'ranby null claimed' ] || fail "$(row .)"
	ranby rm mine
}

@test "podman's: its state is found beside ranby's own, and the login is the host's word" {
	[ -f "$PODMAN/works" ] || skip 'no podman that runs here'
	run -0 driven run -d --name p1 --network=none localhost/busybox-docker sleep 1000
	local ID=${lines[-1]} pid
	pid=$(driven inspect --format '{{.State.Pid}}' p1)
	# where this podman's XDG_RUNTIME_DIR is
	row() { XDG_RUNTIME_DIR=$PODMAN_RUN ranby ps --all-engines --format json | jq -r --arg id "$ID" ".[] | select(.ID == \$id) | $1"; }
	[ "$(row '.Engine, .Pid, .Status, .Trust' | paste -sd ' ')" = "podman $pid running proc" ] || fail "$(row .)"
	[ "$(row '.Claimed.verified, .Sources.LoginUID' | paste -sd ' ')" = 'false kernel' ]
	[ "$(row .LoginUID)" = "$(sed 's/4294967295/null/' "/proc/$pid/loginuid")" ]
	# podman knows it by what is shown
	run -0 env XDG_RUNTIME_DIR="$PODMAN_RUN" ranby ps --all-engines --quiet --filter engine=podman
	[ "$(driven inspect --format '{{.Id}}' "$output")" = "$ID" ] || fail "$output"
	driven rm -f -t 0 p1
}

@test "no state at all: told by its PID namespace; filters; what does not go together is refused" {
	need_ranges
	unshare --map-root-user --pid --fork --kill-child sleep 4242 3>&- &
	local outer=$! pid=
	for _ in $(seq 500); do pid=$(pgrep -P "$outer" -x sleep) && break; sleep 0.02; done
	[ "$(engines --format json --filter trust=proc --filter "pid=$pid" | jq -r '.[] | .Engine, .ID, .Command, .Sources.ID' | paste -sd ' ')" = 'unknown unknown sleep 4242 unknown' ] ||
		fail "$(engines --format json)"
	[ "$(engines --noheading --filter "pid=$pid" --filter engine=podman)" = '' ]
	kill -KILL "$pid"
	wait "$outer" || true
	run -125 engines --filter volume=x
	one_error '--all-engines there are'
	run -125 engines --all-users
	one_error '--all-engines cannot be used with'
	run -125 ranby ps --runtime-root /x
	one_error '--runtime-root needs --all-engines'
	run -125 keeper "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby" ps --all-engines
	[[ $output == *'on the host only'* ]] || fail "$output"
}
