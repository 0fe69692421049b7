# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Tests with the machine's own kernel audit, as root (tests/root/*.bats):
#
#	load ../audit
#	setup_file() { audit_begin; installed; }
#	teardown_file() { audit_end; }
#	setup() { audit_need; }
#
#	@test "alice's execs are alice's" {
#		audit_rule -a always,exit -F arch=b64 -S execve -F auid="$(id -u alice)" -k mine
#		audit_as alice /bin/true
#		audit_sync
#		audit_search -k mine --raw | grep -c type=EXECVE
#	}
#
# audit_begin waits until no other file of tests uses audit on this machine,
# starts an auditd of its own and switches audit on; what it changed is put
# back by a process that outlives us, so also when a test or bats itself is
# killed. The log is ENRICHED; `audit_begin RAW` has the other format.
# Two accounts, made when missing: $AUDIT_ALICE and $AUDIT_BOB.
bats_require_minimum_version 1.5.0

RANBY_TREE=${RANBY_TREE:-$(cd "${BATS_TEST_DIRNAME:-.}/../.." && pwd)}
export RANBY_TREE
export AUDIT_ALICE=ranbyalice AUDIT_BOB=ranbybob

# audit_begin [RAW|ENRICHED]: in setup_file. Never fails for what the host lacks: audit_need skips then.
audit_begin() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	AUDIT_DIR=$(mktemp -d /var/tmp/ranby-audit.XXXXXX)
	export AUDIT_DIR
	chmod 755 "$AUDIT_DIR"
	echo "${1:-ENRICHED}" >"$AUDIT_DIR/format"
	: >"$AUDIT_DIR/rules"
	if ! command -v auditctl >/dev/null || ! command -v auditd >/dev/null; then
		echo 'auditctl and auditd are not installed' >"$AUDIT_DIR/refused"
		return 0
	fi
	setsid "$RANBY_TREE/tests/audit-session" "$AUDIT_DIR" $$ </dev/null >"$AUDIT_DIR/session.out" 2>&1 3>&- 4>&- &
	disown $!
	# another file of tests may be at it for minutes
	for _ in $(seq 18000); do
		[ ! -e "$AUDIT_DIR/ready" ] && [ ! -e "$AUDIT_DIR/refused" ] || break
		sleep 0.1
	done
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	[ -e "$AUDIT_DIR/ready" ] || { echo 'waited in vain for kernel audit' >&2; return 1; }
	AUDIT_LOG=$AUDIT_DIR/log/audit.log
	export AUDIT_LOG
	# what earlier tests have written of theirs must not limit us
	rm -f /run/ranby-witness/*
	"$RANBY_TREE/tests/as-user" --no-loginuid --account "$AUDIT_ALICE" true
	"$RANBY_TREE/tests/as-user" --no-loginuid --account "$AUDIT_BOB" true
}

# audit_end: in teardown_file. Returns when all is as it was.
audit_end() {
	[ -n "${AUDIT_DIR:-}" ] || return 0
	# while the machine's audit is ours: group and directory go with it
	not_installed
	: >"$AUDIT_DIR/stop"
	if [ -e "$AUDIT_DIR/ready" ]; then
		for _ in $(seq 300); do
			[ ! -e "$AUDIT_DIR/done" ] || break
			sleep 0.05
		done
		[ -e "$AUDIT_DIR/done" ] || echo 'audit-session did not end' >&2
		cat "$AUDIT_DIR/session.out" >&2
	fi
	rm -rf "$AUDIT_DIR"
}

# audit_need [login]: skips, with the reason. login: the test logs somebody in.
audit_need() {
	[ ! -e "$AUDIT_DIR/refused" ] || skip "$(cat "$AUDIT_DIR/refused")"
	[ "${1:-login}" != login ] || [ "$(cat /proc/self/loginuid)" = 4294967295 ] ||
		skip 'the tests were started in a login: its loginuid cannot be changed'
}

audit_log() { echo "$AUDIT_LOG"; }

# audit_rule -a LIST,ACTION ...: adds a rule, which is deleted at the end; audit_rule -d ... deletes it now.
audit_rule() {
	case $1 in
	-a | -A)
		auditctl "$@" >/dev/null || return
		shift
		printf '%q ' "$@" >>"$AUDIT_DIR/rules"
		echo >>"$AUDIT_DIR/rules"
		;;
	-d) auditctl "$@" >/dev/null ;;
	*) echo 'audit_rule -a|-d LIST,ACTION ...' >&2; return 1 ;;
	esac
}

# audit_pack USER...: loads the rules pack, for these users alone, rule by rule; audit_unpack takes it away.
audit_pack() {
	local rule user
	for user; do
		while read -r rule; do
			# shellcheck disable=SC2086 # words
			audit_rule ${rule/auid>=1000/auid=$(id -u "$user")} ||
				{ echo "refused: $rule" >&2; return 1; }
		done < <(grep '^-a.*auid>=1000' "$RANBY_TREE/policies/audit/40-ranby.rules")
	done
}

audit_unpack() {
	local rule user
	for user; do
		while read -r rule; do
			rule=${rule/auid>=1000/auid=$(id -u "$user")}
			# shellcheck disable=SC2086 # words
			audit_rule ${rule/#-a/-d}
		done < <(grep '^-a.*auid>=1000' "$RANBY_TREE/policies/audit/40-ranby.rules")
	done
}

# audit_sync: until all that the kernel had to say so far is in the log.
audit_sync() {
	local marker=sync-$RANDOM-$RANDOM-$RANDOM
	auditctl -m "$marker" || return
	for _ in $(seq 4000); do
		! tail -c 65536 "$AUDIT_LOG" | grep -q "$marker" || return 0
		sleep 0.025
	done
	echo 'audit_sync: the log does not move' >&2
	return 1
}

# audit_search ARG...: ausearch(8) over this session's log; audit_report likewise aureport(8).
audit_search() { ausearch --input "$AUDIT_LOG" "$@" </dev/null; }
audit_report() { aureport --input "$AUDIT_LOG" "$@" </dev/null; }

# audit_daemon stop|start: an auditd that is not there, for tests of that case.
audit_daemon() {
	local pid
	pid=$(cat "$AUDIT_DIR/auditd.pid")
	case $1 in
	stop)
		[ "$(cat "/proc/$pid/comm")" = auditd ] && kill "$pid"
		for _ in $(seq 100); do
			[ "$(auditctl -s | awk '$1 == "pid" {print $2}')" != 0 ] || return 0
			sleep 0.05
		done
		;;
	start)
		auditd -n -c "$AUDIT_DIR/etc" >>"$AUDIT_DIR/auditd.out" 2>&1 3>&- 4>&- &
		pid=$!
		disown $pid
		echo "$pid" >"$AUDIT_DIR/auditd.pid"
		for _ in $(seq 100); do
			[ "$(auditctl -s | awk '$1 == "pid" {print $2}')" != "$pid" ] || return 0
			sleep 0.05
		done
		;;
	esac
	echo "audit_daemon: no $1" >&2
	return 1
}

# audit_prelude: in setup_file; makes the file $PRELUDE, which a script for audit_as begins with: R is ranby with directories of its
# own and the image busybox, and all of it goes with the script.
audit_prelude() {
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	PRELUDE=$AUDIT_DIR/prelude
	export RANBY_TEST_IMAGES PRELUDE
	cat >"$PRELUDE" <<-'SH'
		R() { ranby --root "$base/data" --runroot "$base/run" "$@"; }
		base=$(mktemp -d "$TMPDIR/p.XXXXXX") && mkdir -m 700 "$base/run"
		export XDG_STATE_HOME=$base/state
		trap 'R pod rm --all --force --time 0 >/dev/null 2>&1; R rm --all --force --time 0 >/dev/null 2>&1
			rm -rf "$base" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base"' EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
	SH
}

# audit_as [--nodes] [--su USER2 | --sudo USER2] USER COMMAND...: USER logs in (a loginuid, a session of its own) and
# runs COMMAND, or becomes USER2 and runs it. The store, if ranby is used, is the account's own. --nodes is for who
# wants a network: /dev/net/tun is open to all, in a mount namespace, which is not the host's then.
audit_as() {
	local how=plain user other nodes=()
	[ "$1" != --nodes ] || { nodes=(unshare --mount --propagation private "$RANBY_TREE/tests/open-nodes"); shift; }
	case $1 in
	--su | --sudo) how=${1#--} other=$2; shift 2 ;;
	esac
	user=$1 other=${other:-$1}
	shift
	local login uid home runtime become=()
	login=$(id -u "$user")
	uid=$(id -u "$other") home=$(getent passwd "$other" | cut -d: -f6) runtime=/run/user/$uid
	local env=("HOME=$home" "USER=$other" "LOGNAME=$other" SHELL=/bin/bash LANG=C.UTF-8 "XDG_RUNTIME_DIR=$runtime"
		"TMPDIR=/var/tmp/ranby-tests-$uid" "PATH=${INSTALLED:+$INSTALLED/bin:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
		"RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-}" "RANBY_TREE=$RANBY_TREE")
	case $how in
	plain) become=(setpriv "--reuid=$uid" "--regid=$uid" --init-groups --inh-caps=-all) ;;
	su) become=(su --shell /bin/bash "$other" --command 'exec "$0" "$@"' --) ;;
	sudo) become=(sudo --user "$other" --) ;;
	esac
	(
		cd / || exit 125
		# before there is a login to which the kernel would ascribe it; the loginuid by a shell itself: another command would write its own
		exec "${nodes[@]}" bash -c 'echo "$0" >/proc/self/loginuid || exit 125; exec "$@"' "$login" \
			"$RANBY_TREE/tests/reaper" "${become[@]}" env -i "${env[@]}" "$@"
	)
}

# own_policy SCRIPT: in a mount namespace whose /etc is a copy with an empty /etc/ranby, so that what SCRIPT demands
# there binds nobody else on this machine. All functions of the test are there, and $BATS_TEST_TMPDIR.
own_policy() {
	timeout 300 unshare --mount --propagation private bash -c "$(declare -f)"'
		set -eu -o pipefail
		mount -t tmpfs -o mode=755 tmpfs /mnt
		cp -a /etc /mnt/
		rm -rf /mnt/etc/ranby
		mkdir -m 755 /mnt/etc/ranby
		mount --bind /mnt/etc /etc
		'"$1"
}

# installed: this tree, installed as `make install` by root does it, below $INSTALLED; done once per file.
installed() {
	[ -z "${INSTALLED:-}" ] || return 0
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	INSTALLED=$AUDIT_DIR/usr
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$RANBY_TREE" install PREFIX="$INSTALLED" >"$AUDIT_DIR/install.out" 2>&1 ||
		{ cat "$AUDIT_DIR/install.out" >&2; return 1; }
	export INSTALLED
}

not_installed() {
	[ -n "${INSTALLED:-}" ] || return 0
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$RANBY_TREE" uninstall PREFIX="$INSTALLED" >/dev/null 2>&1 || true
}
