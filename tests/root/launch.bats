#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The two doors by which users really come in: sshd and cron, as Debian builds them and with Debian's PAM stacks, in
# which pam_loginuid gives the login its number and session. Both are instances of this file's own: sshd on a port of the
# loopback interface, cron with a spool and a /run that nobody else sees. What they give has to be what the payload has,
# what ranby shows, and what the kernel stamped on the records.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user
load ../audit

setup_file() {
	audit_begin RAW
	[ ! -e "$AUDIT_DIR/refused" ] || return 0
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || return 0
	installed
	RANBY_TEST_IMAGES=$("$RANBY_TREE/tests/images/build" --where)
	export RANBY_TEST_IMAGES
	audit_pack "$AUDIT_ALICE"
	mkdir -m 1777 "$AUDIT_DIR/out"
	# job NAME OUT: a container of that name, and what is known of it
	cat >"$AUDIT_DIR/job" <<-'SH'
		set -eu
		umask 077
		d=$(mktemp -d /var/tmp/launch.XXXXXX)
		mkdir "$d/run"
		export XDG_STATE_HOME=$d/state XDG_CACHE_HOME=$d/cache
		R() { "$RANBY" --root "$d/data" --runroot "$d/run" "$@"; }
		trap 'R rm --all --force --time 0 >/dev/null 2>&1; R unshare rm -rf "$d"; rm -rf "$d"; touch "$2.done"' EXIT
		R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		R run -d --name "$1" --network none busybox sleep 100 >/dev/null
		pid=$(R inspect --format '{{.State.Pid}}' "$1")
		shown() { R inspect --format "{{.Ranby.StartedBy.$2}}" "$1"; }
		umask 022
		{
			echo "login=$(cat /proc/$$/loginuid)" "session=$(cat /proc/$$/sessionid)"
			echo "payload_login=$(cat "/proc/$pid/loginuid") payload_session=$(cat "/proc/$pid/sessionid")"
			echo "shown_login=$(shown "$1" auid) shown_session=$(shown "$1" session) shown_user=$(shown "$1" loginUser) how=$(shown "$1" loginUid)"
			echo "ps='$(R ps --format '{{.LoginUser}} {{.LoginUID}} {{.Session}}')'"
			echo "uuid=$(R inspect --format '{{.Ranby.UUID}}' "$1") claims='$(shown "$1" ssh)' connection='${SSH_CONNECTION:-}'"
			echo "exec_login=$(R exec "$1" cat /proc/self/sessionid)"
		} >"$2"
	SH
	chmod 644 "$AUDIT_DIR/job"
}

teardown_file() {
	[ ! -e "${AUDIT_DIR:-/}/sshd.pid" ] || kill "$(cat "$AUDIT_DIR/sshd.pid")" 2>/dev/null || true
	[ ! -e "${AUDIT_DIR:-/}/cron.pid" ] || kill "$(cat "$AUDIT_DIR/cron.pid")" 2>/dev/null || true
	audit_end
}
setup() { audit_need; }

# awaits FILE: for a minute at most
awaits() {
	for _ in $(seq 600); do
		[ ! -e "$1" ] || return 0
		sleep 0.1
	done
	echo "in vain: $1" >&2
	return 1
}

# all_agree OUT SERVICE: the login's number and session everywhere, and the record of its beginning by that service
all_agree() {
	local uid login session payload_login payload_session shown_login shown_session shown_user how ps uuid exec_login
	uid=$(id -u "$AUDIT_ALICE")
	cat "$1"
	# shellcheck disable=SC1090 # what the job wrote
	. "$1"
	[ "$login $payload_login $shown_login" = "$uid $uid $uid" ]
	[ "$session" -gt 0 ] && [ "$session" != 4294967295 ]
	[ "$payload_session $shown_session $exec_login" = "$session $session $session" ]
	[ "$shown_user $how" = "$AUDIT_ALICE set" ]
	[ "$ps" = "$AUDIT_ALICE $uid $session" ]
	audit_sync
	grep -a "^type=LOGIN .* old-auid=4294967295 auid=$uid .* ses=$session res=1" "$AUDIT_LOG"
	grep -aE "^type=USER_START .* auid=$uid ses=$session .*exe=\"$2\".* res=success" "$AUDIT_LOG"
	local op
	for op in start stop; do
		[ "$(grep -ac "^type=VIRT_CONTROL .* auid=$uid ses=$session .*op=$op .* uuid=$uuid .*res=success" "$AUDIT_LOG")" = 1 ]
	done
	[ "$(grep -ac "^type=VIRT_CONTROL .* auid=$uid ses=$session .*op=exec .* uuid=$uuid .*res=success" "$AUDIT_LOG")" = 1 ]
	# by the log alone, each exec of it is in that container and that session
	cp "$AUDIT_LOG" "$AUDIT_DIR/now.log"
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit attribute --format json --container "$3" "$AUDIT_DIR/now.log"
	[ "$(jq -r '"\(.auid) \(.ses)"' <<<"$output" | sort -u)" = "$uid $session" ]
}

@test "ssh: sshd's login is the payload's, the inspection's and the records', with its address (F03)" {
	command -v sshd >/dev/null || skip 'openssh-server is not installed'
	command -v ssh >/dev/null || skip 'openssh-client is not installed'
	[ -e /etc/pam.d/sshd ] || skip 'this sshd has no PAM stack'
	local port made=''
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	ssh-keygen -q -t ed25519 -N '' -f "$AUDIT_DIR/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$AUDIT_DIR/user_key"
	chmod 644 "$AUDIT_DIR/user_key.pub"
	cat >"$AUDIT_DIR/sshd_config" <<-CONF
		ListenAddress 127.0.0.1:$port
		HostKey $AUDIT_DIR/host_key
		PidFile none
		UsePAM yes
		StrictModes no
		AuthorizedKeysFile $AUDIT_DIR/user_key.pub
		AllowUsers $AUDIT_ALICE
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PrintMotd no
	CONF
	# where it separates its privileges, and systemd would have made it
	[ -d /run/sshd ] || { mkdir -m 755 /run/sshd && made=yes; }
	/usr/sbin/sshd -D -e -f "$AUDIT_DIR/sshd_config" >"$AUDIT_DIR/sshd.out" 2>&1 3>&- &
	echo $! >"$AUDIT_DIR/sshd.pid"
	for _ in $(seq 600); do
		! grep -q 'Server listening' "$AUDIT_DIR/sshd.out" || break
		sleep 0.1
	done
	run -0 timeout 60 ssh -F none -p "$port" -i "$AUDIT_DIR/user_key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
		-o LogLevel=ERROR "$AUDIT_ALICE@127.0.0.1" -- RANBY="$INSTALLED/bin/ranby" RANBY_TEST_IMAGES="$RANBY_TEST_IMAGES" \
		bash "$AUDIT_DIR/job" sshed "$AUDIT_DIR/out/ssh"
	kill "$(cat "$AUDIT_DIR/sshd.pid")"
	[ -z "$made" ] || rmdir /run/sshd
	all_agree "$AUDIT_DIR/out/ssh" /usr/sbin/sshd sshed
	# from where: what the login claims, and what sshd's own record says
	# shellcheck disable=SC1091 # what the job wrote
	(. "$AUDIT_DIR/out/ssh"; [ -n "$connection" ] && [ "$claims" = "$connection" ])
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --log "$AUDIT_DIR/now.log" sshed
	[[ $output == *"sshed: "*", from 127.0.0.1"* ]]
}

@test "cron: the login of a job is the payload's, the inspection's and the records' (F01)" {
	command -v cron >/dev/null || skip 'cron is not installed'
	[ -e /etc/pam.d/cron ] || skip 'this cron has no PAM stack'
	cat >"$AUDIT_DIR/crontab" <<-CRON
		SHELL=/bin/bash
		RANBY=$INSTALLED/bin/ranby
		RANBY_TEST_IMAGES=$RANBY_TEST_IMAGES
		@reboot bash $AUDIT_DIR/job cronned $AUDIT_DIR/out/cron >$AUDIT_DIR/out/cron.said 2>&1
	CRON
	# a host that has just booted, by all that cron can see; what else is in /run stays
	unshare --mount --propagation private bash -euc '
		mkdir "$AUDIT_DIR/run"
		mount --rbind /run "$AUDIT_DIR/run"
		mount -t tmpfs -o mode=755 none /run
		for from in "$AUDIT_DIR"/run/*/; do
			to=/run/$(basename "$from")
			mkdir -p "$to"
			mount --rbind "$from" "$to"
		done
		mount -t tmpfs -o mode=755 none /var/spool/cron
		mount -t tmpfs -o mode=755 none /etc/cron.d
		mount --bind /dev/null /etc/crontab
		install -d -o root -g crontab -m 1730 /var/spool/cron/crontabs
		install -o "$1" -g crontab -m 600 "$AUDIT_DIR/crontab" "/var/spool/cron/crontabs/$1"
		exec cron -f -L 15' - "$AUDIT_ALICE" >"$AUDIT_DIR/cron.out" 2>&1 3>&- &
	echo $! >"$AUDIT_DIR/cron.pid"
	awaits "$AUDIT_DIR/out/cron.done" || { cat "$AUDIT_DIR/cron.out" "$AUDIT_DIR/out/"*; return 1; }
	kill "$(cat "$AUDIT_DIR/cron.pid")"
	cat "$AUDIT_DIR/out/cron.said"
	all_agree "$AUDIT_DIR/out/cron" /usr/sbin/cron cronned
	run -0 --separate-stderr "$INSTALLED/bin/ranby" audit who --log "$AUDIT_DIR/now.log" cronned
	[[ $output == *"cronned: uuid "* ]]
}
