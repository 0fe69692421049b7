#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-trail under the auditd that the distribution has (3.0.9 in bookworm, 4.0 in trixie), started by systemd, as
# `ranby audit setup --apply` installed it: rules, account, plugin's file. Nothing here is started by the test itself.
# guests: *:*
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as root

load ../lib
load lib

setup_file() {
	ranby_setup_file busybox
	# the next steps that setup prints
	root_does 'augenrules --load && auditctl --signal HUP
		for i in $(seq 100); do ! pgrep -x ranby-trail >/dev/null || exit 0; sleep 0.2; done; journalctl -b -u auditd | tail -n 20; exit 1'
}

teardown_file() {
	root_does 'auditctl -D; chmod 755 /var/log/audit; chmod 644 /var/log/audit/audit.log'
	ranby_teardown_file
}
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

root_does() {
	as_root bash -c "$1" >"$BATS_FILE_TMPDIR/root.out" 2>&1 || { cat "$BATS_FILE_TMPDIR/root.out"; return 1; }
	cat "$BATS_FILE_TMPDIR/root.out"
}

# marked NAME: an exec of alice's that both logs will have, and what came before it then too
marked() {
	cp /bin/true "$BATS_FILE_TMPDIR/$1"
	"$BATS_FILE_TMPDIR/$1"
	root_does "for i in \$(seq 300); do grep -qs '\"exe\":\"$BATS_FILE_TMPDIR/$1\"' /var/log/ranby/auid-$(id -u)/*.jsonl && exit; sleep 0.2; done
		echo 'the plugin did not get as far as $1'; tail -n 3 /var/log/ranby/auid-$(id -u)/*.jsonl; journalctl -b -u auditd | tail -n 20; exit 1"
}

@test "the distribution's auditd has taken the rules and runs the plugin" {
	run -0 root_does 'dpkg-query -W -f "\${Version}\n" auditd; pgrep -x -P "$(pidof auditd)" ranby-trail; auditctl -l | grep -c ranby-; grep -c "^-[aw]" /etc/audit/rules.d/40-ranby.rules; auditctl -s'
	echo "$output"
	case ${RANBY_GUEST%:*} in
	bookworm) [[ ${lines[0]} == 1:3.0.9-* ]] ;;
	trixie) [[ ${lines[0]} == 1:4.* ]] ;;
	esac
	[[ ${lines[1]} =~ ^[0-9]+$ ]]
	# each rule of the pack
	[ "${lines[2]}" = "${lines[3]}" ]
	[[ $output == *'enabled 1'* ]]
}

@test "what runs in a container is labelled in the system ledger" {
	marked first
	run -0 ranby run --rm --network none --name labelled busybox sh -c 'i=0; while [ $i -lt 50 ]; do /bin/true; i=$((i + 1)); done'
	marked second
	run -0 root_does 'ranby audit trail --container labelled --format json 2>/dev/null'
	[ "$(grep '"op":"execve"' <<<"$output" | grep -cE '"where":"container".*"uuid":"[0-9a-f-]{36}"')" -ge 51 ]
	run -0 root_does "ranby audit attribute --container labelled --format json /var/log/audit/audit.log 2>/dev/null"
	[ "$(grep -c '"container":"labelled"' <<<"$output")" -ge 51 ]
}

@test "killed in the middle of it, auditd starts it again: nothing is lost, nothing twice" {
	local lost
	# another file of tests may have stopped auditd for a while
	lost=$(root_does 'grep -h "\"op\":\"gap\"" /var/log/ranby/system/*.jsonl || true; auditctl -s | grep "^lost"')
	marked third
	# auditd sees that its plugin has gone when it has something for it, so there is something until the end
	ranby run -d --name crash --network none busybox \
		sh -c 'i=0; while :; do /bin/true; i=$((i + 1)); [ $i != 150 ] || echo enough; [ $i -lt 150 ] || sleep 0.1; done' >/dev/null
	run -0 root_does 'for round in 1 2; do
			old=$(pgrep -x -P "$(pidof auditd)" ranby-trail)
			kill -9 "$old"
			for i in $(seq 200); do
				now=$(pgrep -x -P "$(pidof auditd)" ranby-trail) && [ "$now" != "$old" ] && break
				sleep 0.1
			done
			[ -n "$now" ] && [ "$now" != "$old" ] && echo again
			sleep 1
		done'
	[ "$output" = $'again\nagain' ]
	enough() { [ "$(ranby logs crash)" = enough ]; }
	wait_for 60 enough
	ranby stop -t 0 crash >/dev/null
	marked fourth
	root_does "cat /var/log/ranby/auid-$(id -u)/*.jsonl" >"$BATS_TEST_TMPDIR/shard"
	root_does 'cat $(ls -tr /var/log/audit/audit.log*)' >"$BATS_TEST_TMPDIR/log"
	cd "$BATS_TEST_TMPDIR"
	# between the marks, what auditd wrote is what the plugin has
	receipt() { jq -r --arg exe "$BATS_FILE_TMPDIR/$1" 'select(.op == "execve" and .exe == $exe) | .receipt' shard | sed 's/.*://'; }
	from=$(receipt third) to=$(receipt fourth)
	[ "$to" -gt "$from" ]
	sed -n "s/^type=SYSCALL msg=audit([0-9.]*:\([0-9]*\)): arch=c000003e syscall=\(59\|322\) success=yes .* auid=$(id -u) .*/\1/p" log |
		awk -v a="$from" -v b="$to" '$1 >= a && $1 <= b' | sort >want
	jq -r 'select(.op == "execve") | .receipt' shard | sed 's/.*://' | awk -v a="$from" -v b="$to" '$1 >= a && $1 <= b' | sort >have
	[ "$(wc -l <want)" -ge 150 ]
	[ -z "$(uniq -d have)" ]
	run -0 diff want have
	[ "$(grep '"op":"execve"' shard | grep -c '"container":"crash"')" -ge 151 ]
	# in its own domain, which has all that it needs
	case $RANBY_GUEST in *:selinux)
		[[ $(root_does 'label=$(ps -o label= -C ranby-trail | sort -u); echo "$label"') == *:ranby_trail_t:* ]]
		run -1 grep -a '^type=AVC .*denied.*scontext=[^ ]*:ranby_trail_t:' log ;;
	esac
	# and says nothing of a new gap
	run -0 root_does 'grep -h "\"op\":\"gap\"" /var/log/ranby/system/*.jsonl || true; auditctl -s | grep "^lost"'
	[ "$output" = "$lost" ]
}
