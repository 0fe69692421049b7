#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The login's identity, through su and sudo, detached, exec, and unset at the
# start. Read from the host's /proc, of the payload's process. Root is needed to
# log somebody in and then become somebody else.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TREE RANBY_TEST_IMAGES
	# the login's account, and another one to become
	"$RANBY_TREE/tests/as-user" --no-loginuid true
	"$RANBY_TREE/tests/as-user" --no-loginuid --account ranbytest2 true
	LOGIN=$(id -u ranbytest) OTHER=$(id -u ranbytest2)
	export LOGIN OTHER
	export SCRIPT=$BATS_FILE_TMPDIR/script
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	# runs $1, a script in which $R is ranby with a store of its own that holds busybox
	cat >"$SCRIPT" <<-'SH'
		base=$(mktemp -d /var/tmp/login.XXXXXX)
		export XDG_CACHE_HOME=$base/cache XDG_STATE_HOME=$base/state
		R="$RANBY_BIN --root $base/data --runroot $base/run"
		mkdir -m 700 "$base/run"
		$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		pid_of() { $R inspect --format '{{.State.Pid}}' "$1"; }
		eval "$1"
		code=$?
		$R rm --all --force --time 0 >/dev/null 2>&1
		rm -rf "$base" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base"
		exit $code
	SH
}

# as [--nodes] LOGINUID|unset HOW SCRIPT: a login as LOGINUID, that HOW (plain, su, sudo) runs SCRIPT; with --nodes
# it has a network, which wants /dev/net/tun
as() {
	local nodes=()
	[ "$1" != --nodes ] || { nodes=(unshare --mount --propagation private "$RANBY_TREE/tests/open-nodes"); shift; }
	local auid=$1 how=$2 become
	export RANBY_BIN=$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby
	case $how in
	plain) become=(setpriv --reuid="$LOGIN" --regid="$LOGIN" --init-groups --inh-caps=-all env HOME=/home/ranbytest USER=ranbytest) ;;
	su) become=(su --preserve-environment --shell /bin/bash ranbytest2 --command 'exec "$0" "$@"' --) ;;
	sudo) become=(sudo --user ranbytest2 "--preserve-env=RANBY_BIN,RANBY_TEST_IMAGES" --) ;;
	esac
	(
		unset XDG_RUNTIME_DIR
		[ "$auid" = unset ] || echo "$auid" >/proc/self/loginuid
		cd /
		"${nodes[@]}" "$RANBY_TREE/tests/reaper" "${become[@]}" bash "$SCRIPT" "$3"
	)
}

setup() {
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip 'the tests were started in a login: its loginuid cannot be changed'
}

DETACHED='$R run -d --name c --network=none busybox sleep 100 >/dev/null && cat /proc/$(pid_of c)/loginuid; echo; $R ps --format "{{.LoginUID}}"'

@test "plain run: the payload has the login's loginuid" {
	run -0 as "$LOGIN" plain "$DETACHED"
	[ "${lines[0]}" = "$LOGIN" ]
	[ "${lines[1]}" = "$LOGIN" ]
}

@test "in the foreground too" {
	run -0 as "$LOGIN" plain '$R run --name c --network=none busybox sleep 1000 & for i in $(seq 600); do [ "$(pid_of c 2>/dev/null || echo 0)" -gt 0 ] && break; sleep 0.05; done; cat /proc/$(pid_of c)/loginuid; echo; $R kill c >/dev/null; wait'
	[ "${lines[0]}" = "$LOGIN" ]
}

@test "su: the login stays, the user is another" {
	run -0 as "$LOGIN" su "$DETACHED"'; $R inspect --format "{{.Ranby.StartedBy.auid}} {{.Ranby.StartedBy.uid}} {{.Ranby.StartedBy.pinned}}" c'
	[ "${lines[0]}" = "$LOGIN" ]
	[ "${lines[1]}" = "$LOGIN" ]
	[ "${lines[2]}" = "$LOGIN $OTHER false" ]
}

@test "sudo -u: the login stays, the user is another" {
	command -v sudo >/dev/null || skip 'sudo is not installed'
	run -0 as "$LOGIN" sudo "$DETACHED"'; $R inspect --format "{{.Ranby.StartedBy.auid}} {{.Ranby.StartedBy.uid}}" c'
	[ "${lines[0]}" = "$LOGIN" ]
	[ "${lines[2]}" = "$LOGIN $OTHER" ]
}

@test "exec: the process has it, and the exec's own record" {
	run -0 as "$LOGIN" plain '$R run -d --name c --network=none busybox sleep 100 >/dev/null
		$R exec -d c sleep 77 >/dev/null
		for i in $(seq 600); do p=$(pgrep -u '"$LOGIN"' -x -f "sleep 77") && break; sleep 0.05; done
		cat /proc/$p/loginuid'
	[ "${lines[0]}" = "$LOGIN" ]
}

@test "container root cannot change it" {
	run -0 as "$LOGIN" plain '$R run --rm --network=none busybox sh -c "echo 0 >/proc/self/loginuid 2>/dev/null && echo changed; cat /proc/self/loginuid" >/dev/null
		$R run -d --name c --network=none --cap-add ALL busybox sh -c "echo 0 >/proc/self/loginuid; echo 4294967295 >/proc/self/loginuid; touch /tried; sleep 100" >/dev/null
		for i in $(seq 600); do $R exec c test -e /tried && break; sleep 0.05; done; cat /proc/$(pid_of c)/loginuid'
	[ "${lines[0]}" = "$LOGIN" ]
}

@test "unset: pinned to the user, before anything else, and recorded as pinned (F02)" {
	run -0 as unset plain "$DETACHED"'; $R inspect --format "{{.Ranby.StartedBy.auid}} {{.Ranby.StartedBy.pinned}}" c'
	[ "${lines[0]}" = "$LOGIN" ]
	[ "${lines[1]}" = "$LOGIN" ]
	[ "${lines[2]}" = "$LOGIN true" ]
}

@test "unset: container root cannot forge it (F02)" {
	run -0 as unset plain '$R run -d --name c --network=none busybox sh -c "echo 0 >/proc/self/loginuid; touch /tried; sleep 100" >/dev/null
		for i in $(seq 600); do $R exec c test -e /tried && break; sleep 0.05; done; cat /proc/$(pid_of c)/loginuid'
	[ "${lines[0]}" = "$LOGIN" ]
}

@test "the monitor and its helpers do not keep the environment of the login" {
	local marker="marker-$RANDOM$RANDOM" pid name seen=' ' end=$BATS_TEST_TMPDIR/end
	[ -c /dev/net/tun ] || skip 'there is no /dev/net/tun, so no helper of the network'
	chmod 755 "$BATS_TEST_TMPDIR"
	as --nodes "$LOGIN" plain "export SECRET_TOKEN=$marker;"'$R run -d --name c busybox sleep 100 >/dev/null; for i in $(seq 1200); do [ ! -e '"$end"' ] || break; sleep 0.05; done' 3>&- &
	for _ in $(seq 1200); do
		for pid in $(pgrep -u "$LOGIN" 'ranby-monitor|passt|pasta' 2>/dev/null); do
			name=$(cat "/proc/$pid/comm") || continue
			run ! grep -qa "$marker" "/proc/$pid/environ"
			[[ $seen = *" $name "* ]] || seen+="$name "
		done
		[[ $seen != *' ranby-monitor '* || ($seen != *' passt'* && $seen != *' pasta'*) ]] || break
		sleep 0.05
	done
	touch "$end"
	wait $!
	echo "seen:$seen"
	[[ $seen = *' ranby-monitor '* ]]
	[[ $seen = *' passt'* || $seen = *' pasta'* ]]
}
