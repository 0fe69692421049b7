#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit doctor with the machine's own kernel audit: each fault that can be
# seeded in it is found, with the command that mends it; run, that command mends it.
# shellcheck disable=SC2154 # bats sets output, lines and status

load ../audit

setup_file() {
	audit_begin
	RANBY=$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby
	export RANBY
}
teardown_file() { audit_end; }
setup() { audit_need nologin; }
teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/undo" ] || bash "$BATS_TEST_TMPDIR/undo"
}

# row ID: state and what was found
row() {
	"${DOCTOR:-$RANBY}" audit doctor --format json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["checks"]:
    if c["id"] == sys.argv[1]:
        print(c["state"], c["found"])' "$1"
}
mend() {
	"$RANBY" audit doctor --format json | python3 -c '
import json, sys
print(next(c["mend"] for c in json.load(sys.stdin)["checks"] if c["id"] == sys.argv[1]).replace("sudo ", "").split("   #")[0])' "$1"
}
is() {
	local got
	got=$(row "$1")
	[[ $got == $2* ]] || { echo "$1 is $got, not $2" >&2; return 1; }
}

@test "what is set is seen: on, a daemon, nothing lost" {
	is audit.enabled 'ok on'
	is audit.daemon "ok pid $(cat "$AUDIT_DIR/auditd.pid")"
	is audit.rate 'ok none'
	is audit.swallowed 'ok none'
	[ "$(auditctl -s | awk '$1 == "lost" {print $2}')" != 0 ] || is audit.lost 'ok none'
}

@test "audit off, a rate limit, silence, a small backlog: found, and mended by the command given (F27)" {
	echo 'auditctl -e 1; auditctl -r 0; auditctl -f 1' >"$BATS_TEST_TMPDIR/undo"
	auditctl -e 0 >/dev/null
	is audit.enabled 'fault off'
	bash -c "$(mend audit.enabled)" >/dev/null
	is audit.enabled 'ok on'
	auditctl -r 7 >/dev/null
	is audit.rate 'fault 7 '
	bash -c "$(mend audit.rate)" >/dev/null
	is audit.rate ok
	auditctl -f 0 >/dev/null
	is audit.failure 'warning 0'
	bash -c "$(mend audit.failure)" >/dev/null
	is audit.failure 'ok 1'
	auditctl -b 64 >/dev/null
	is audit.backlog 'warning only 64'
	bash -c "$(mend audit.backlog)" >/dev/null
	is audit.backlog ok
}

@test "records were lost, and whether a loginuid can be changed, by the kernel's own count and word" {
	echo "auditctl -r 0; auditctl --reset-lost; '$RANBY_TREE/tests/audit-immutable' off" >"$BATS_TEST_TMPDIR/undo"
	auditctl --reset-lost >/dev/null
	is audit.lost 'ok none'
	auditctl -r 1 >/dev/null
	for _ in 1 2 3 4 5 6 7 8; do auditctl -m lost 2>/dev/null || true; done
	auditctl -r 0 >/dev/null
	is audit.lost 'warning '
	[ "$(row audit.lost | awk '{print $2}')" = "$(auditctl -s | awk '$1 == "lost" {print $2}')" ]
	bash -c "$(mend audit.lost)" >/dev/null
	is audit.lost 'ok none'
	is login.immutable 'warning off'
	"$RANBY_TREE/tests/audit-immutable" on
	is login.immutable 'ok on'
	"$RANBY_TREE/tests/audit-immutable" off
}

# in_etc SCRIPT: with an /etc/audit and an /etc/ranby of its own, in which `row` and `is` look; this host's stay as they are
in_etc() {
	mkdir -p "$BATS_TEST_TMPDIR/audit/plugins.d" "$BATS_TEST_TMPDIR/audit/rules.d" "$BATS_TEST_TMPDIR/ranby"
	ETC=$BATS_TEST_TMPDIR timeout 120 unshare --mount --propagation private bash -euc "$(declare -f row is)
		mkdir -p /etc/audit; mount --bind \"\$ETC/audit\" /etc/audit
		[ -d /etc/ranby ] || { mount -t tmpfs tmpfs /mnt; cp -a /etc /mnt/; mount --bind /mnt/etc /etc; mkdir /etc/ranby; mount --bind \"\$ETC/audit\" /etc/audit; }
		mount --bind \"\$ETC/ranby\" /etc/ranby
		$1"
}

@test "auditd.conf, the pack's file, the plugin and the policy: each fault of theirs in a file of root's (F27)" {
	cat >"$BATS_TEST_TMPDIR/good" <<-'CONF'
		local_events = yes
		write_logs = yes
		log_format = ENRICHED
		flush = INCREMENTAL_ASYNC
		max_log_file = 100
		num_logs = 9
		max_log_file_action = ROTATE
		space_left_action = SYSLOG
		admin_space_left_action = SINGLE
		disk_full_action = HALT
		disk_error_action = HALT
		q_depth = 2000
		overflow_action = SYSLOG
	CONF
	# shellcheck disable=SC2016
	GOOD=$BATS_TEST_TMPDIR/good RULES=$RANBY_TREE/policies/audit/40-ranby.rules in_etc '
		seed() { sed "s/^$1 = .*/$1 = $2/" "$GOOD" >/etc/audit/auditd.conf; is "$3" "$4"; }
		cp "$GOOD" /etc/audit/auditd.conf; chmod 640 /etc/audit/auditd.conf
		for id in conf format rotation full queue; do is auditd.$id ok; done
		seed write_logs no auditd.conf fault
		seed log_format RAW auditd.format "warning "
		seed num_logs 1 auditd.rotation fault
		seed max_log_file 8 auditd.rotation warning
		seed max_log_file_action SUSPEND auditd.rotation fault
		seed disk_full_action IGNORE auditd.full fault
		seed q_depth 80 auditd.queue warning
		rm /etc/audit/auditd.conf
		is auditd.conf fault
		cp "$GOOD" /etc/audit/auditd.conf
		is rules.file fault
		cp "$RULES" /etc/audit/rules.d/40-ranby.rules; chmod 640 /etc/audit/rules.d/40-ranby.rules
		is rules.file ok
		chmod 666 /etc/audit/rules.d/40-ranby.rules
		is rules.file fault
		is trail.plugin fault
		printf "active = no\npath = /bin/true\n" >/etc/audit/plugins.d/ranby-trail.conf
		is trail.plugin "fault /etc/audit/plugins.d/ranby-trail.conf is not active"
		is policy.file fault
		echo "require-audit = yes" >/etc/ranby/policy.conf; chmod 644 /etc/ranby/policy.conf
		is policy.file ok
		chmod 666 /etc/ranby/policy.conf
		is policy.file fault
		chmod 644 /etc/ranby/policy.conf
		echo "require-audit = perhaps" >/etc/ranby/policy.conf
		is policy.file fault'
}

@test "no auditd (F13, F27)" {
	audit_daemon stop
	is audit.daemon 'fault none'
	run -0 "$RANBY" audit doctor --level 0
	run -1 "$RANBY" audit doctor --level 1
	audit_daemon start
	is audit.daemon 'ok pid'
}

@test "rules that would swallow our records, each by the kernel's own word (F27)" {
	local rule
	while read -r rule; do
		# shellcheck disable=SC2086 # words
		audit_rule -a $rule
		is audit.swallowed fault || { echo "$rule" >&2; return 1; }
		bash -c "$(mend audit.swallowed)" >/dev/null
		is audit.swallowed ok || { echo "not mended: $rule" >&2; return 1; }
	done <<-'RULES'
		always,exclude -F msgtype=VIRT_CONTROL
		always,exclude -F msgtype>=2500
		never,exclude -F auid=1001
		never,exclude -F uid=1001
		never,user
		never,user -F uid=1001
	RULES
	while read -r rule; do
		# shellcheck disable=SC2086 # words
		audit_rule -a $rule
		is audit.swallowed ok || { echo "$rule" >&2; return 1; }
		# shellcheck disable=SC2086 # words
		audit_rule -d $rule
	done <<-'RULES'
		always,exclude -F msgtype=CWD
		never,exclude -F exe=/usr/sbin/cron
		never,exclude -F auid=-1
	RULES
}

@test "the rules pack loaded, in parts, and hidden by others" {
	is rules.loaded 'fault of logins nothing records execve'
	audit_rule -a always,exit -F arch=b64 -S execve,execveat -F success=1 -F auid\>=1000 -F auid!=unset -k mine
	is rules.loaded 'fault of logins nothing records fork'
	audit_rule -a always,exit -F arch=b64 -S fork,vfork,clone,clone3 -F auid\>=1000 -F auid!=unset -k mine
	is rules.loaded ok
	is rules.never ok
	audit_rule -a task,never
	is rules.never fault
	audit_rule -d task,never
	audit_rule -a never,exit -F arch=b64 -S execve -F exe=/usr/bin/true
	is rules.never warning
}

@test "the witness as it is installed, and each thing about it that can be lost" {
	installed
	local witness=$INSTALLED/libexec/ranby/ranby-witness DOCTOR=$INSTALLED/bin/ranby check
	echo "chown root:ranby '$witness'; chmod 2755 '$witness'; setcap cap_audit_write,cap_audit_read=ep '$witness'" >"$BATS_TEST_TMPDIR/undo"
	for check in file caps mount state; do is witness.$check ok; done
	is audit.swallowed ok
	chmod 755 "$witness"
	is witness.file 'fault'
	bash "$BATS_TEST_TMPDIR/undo"
	chgrp 0 "$witness"
	is witness.file 'fault'
	bash "$BATS_TEST_TMPDIR/undo"
	setcap -r "$witness"
	is witness.caps 'fault none'
	setcap cap_audit_write=ep "$witness"
	is witness.caps 'fault not cap'
	setcap cap_audit_write,cap_audit_read,cap_sys_admin=ep "$witness"
	is witness.caps 'fault more'
	bash "$BATS_TEST_TMPDIR/undo"
	run -0 unshare -m --propagation private bash -c 'mount --bind "$1" "$1" && mount -o remount,bind,nosuid "$1" && exec "$2" audit doctor --format json' \
		- "$INSTALLED" "$DOCTOR"
	[[ $(tr -d ' \n' <<<"$output") == *'"id":"witness.mount","level":1,"state":"fault"'* ]]
	run -0 setpriv --no-new-privs "$DOCTOR" audit doctor --format json
	[[ $(tr -d ' \n' <<<"$output") == *'"id":"login.caps","level":1,"state":"fault"'* ]]
	# a rule about another program leaves ours alone, one about ours does not
	audit_rule -a never,exclude -F exe="$witness"
	is audit.swallowed fault
	audit_rule -d never,exclude -F exe="$witness"
}

@test "an unprivileged user is told what it cannot see, and no guess" {
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$RANBY" audit doctor --format json
	python3 - "$output" <<-'PYTHON'
		import json, sys
		d = json.loads(sys.argv[1])
		by = {c["id"]: c for c in d["checks"]}
		for id in ("audit.enabled", "audit.daemon", "audit.lost", "audit.swallowed", "rules.loaded", "auditd.rotation", "rules.file"):
		    assert by[id]["state"] == "unknown", by[id]
		assert d["level"] <= 0 and "mend" in by["audit.enabled"], d
	PYTHON
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$RANBY" audit doctor
	[[ $output == *'only root may look'* ]]
}

@test "in a user namespace nothing is taken for the host's" {
	run -0 unshare -Ur "$RANBY" audit doctor --format json
	python3 - "$output" <<-'PYTHON'
		import json, sys
		by = {c["id"]: c for c in json.loads(sys.argv[1])["checks"]}
		assert by["login.uid"]["state"] == "unknown" and by["login.caps"]["state"] == "fault", by
		assert by["audit.enabled"]["state"] == "unknown", by["audit.enabled"]
	PYTHON
}

@test "text, quiet, and the exit code of a level" {
	run -0 "$RANBY" audit doctor
	[[ $output == *'Level 0, self'*'Level 3, enforced'*'Next: '* ]]
	run -0 "$RANBY" audit doctor --quiet
	[[ $output != *'  ok '* && $output == *'mend: '* ]]
	# each line by the name that --format json has for it, to grep and to leave out
	[ "$("$RANBY" audit doctor | awk '$1 ~ /^(ok|warning|fault|unknown)$/ {print $2}')" = \
		"$("$RANBY" audit doctor --format json | sed -n 's/^ *"id": *"\(.*\)",$/\1/p')" ]
	[[ $output != *'because of: '* && $output == *'because of '*.*': '* ]]
	run -1 "$RANBY" audit doctor --level 3
	run -125 "$RANBY" audit doctor --level 4
}
