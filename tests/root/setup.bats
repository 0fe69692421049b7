#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# audit setup, for real: in a mount namespace where /etc is a copy and /run and
# /var/log are empty, so that accounts, directories, files and capabilities are made
# and taken back as on a host, and this host keeps its own.
# shellcheck disable=SC2154 # bats sets output and status

bats_require_minimum_version 1.5.0

setup_file() {
	TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	PREFIX=$BATS_FILE_TMPDIR/usr
	export TREE PREFIX
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	cat >"$BATS_FILE_TMPDIR/begin" <<-'SH'
		set -eu
		cp -a /etc "$T/etc"
		rm -rf "$T/etc/ranby"
		mount --bind "$T/etc" /etc
		mount -t tmpfs tmpfs /run
		mount -t tmpfs tmpfs /var/log
		for name in ranby ranby-audit ranby-trail; do
			! getent passwd $name >/dev/null || userdel $name
			! getent group $name >/dev/null || groupdel $name
		done
		ranby=$PREFIX/bin/ranby witness=$PREFIX/libexec/ranby/ranby-witness
		setcap -r "$witness" 2>/dev/null || true
		chown root:root "$witness"
		chmod 755 "$witness"
		# all of /etc but the copies and locks that the tools of accounts leave
		look() {
			(cd /etc && find . ! -name '*-' ! -name .pwd.lock ! -path ./.updated -type f -exec sha256sum {} + | sort -k 2 && find . -type d | sort)
			stat -c '%a %U %G' "$witness"
			getfattr --absolute-names -n security.capability "$witness" 2>&1 || true
			ls -d /run/ranby-witness /var/log/ranby 2>&1 || true
		}
		same() { diff "$1" "$2" || { echo "$1 and $2 differ"; exit 1; }; }
	SH
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" install DESTDIR=/ PREFIX="$PREFIX" >"$BATS_FILE_TMPDIR/install.out"
	[ -x "$PREFIX/sbin/ranby-trail" ]
}

setup() {
	[ "$(id -u)" = 0 ]
	unshare --mount true 2>/dev/null || skip 'no mount namespace can be made here'
	T=$BATS_TEST_TMPDIR
	export T
}

# host SCRIPT: on a host of its own; what it is given on standard input comes after `begin`.
host() {
	cat "$BATS_FILE_TMPDIR/begin" - >"$T/script"
	timeout 120 unshare --mount --propagation private bash "$T/script"
}

made_and_taken_back() {
	host <<-'SH'
		[ "$SYSTEMD" = yes ] || mount --bind /bin/false /usr/bin/systemd-sysusers
		look >$T/before
		$ranby audit setup --dry-run >$T/dry
		look >$T/dried
		same $T/before $T/dried
		grep -q 'to make: user ranby-trail' $T/dry
		grep -q "to write: /etc/audit/plugins.d/ranby-trail.conf" $T/dry
		chmod 750 /etc/audit
		setpriv --reuid nobody --regid nogroup --clear-groups $ranby audit setup --dry-run >$T/dry
		grep -q 'root alone can see: /etc/audit/rules.d/40-ranby.rules' $T/dry
		$ranby audit setup --apply
		[ "$(stat -c '%a %U %G' "$witness")" = '2755 root ranby' ]
		[ "$(getcap "$witness")" = "$witness cap_audit_write,cap_audit_read=ep" ]
		[ "$(stat -c '%a %U %G' /run/ranby-witness)" = '2770 root ranby' ]
		[ "$(stat -c '%a %U %G' /var/log/ranby)" = '750 root ranby-audit' ]
		[ "$(getent passwd ranby-trail | cut -d: -f7)" = /usr/sbin/nologin ]
		[ "$(id -u ranby-trail)" -lt 1000 ]
		$ranby audit rules | cmp - /etc/audit/rules.d/40-ranby.rules
		grep -q "^-w $witness -p xwa" /etc/audit/rules.d/40-ranby.rules
		grep -qx -- '-w /var/log/ranby -p wa -k ranby-ledger' /etc/audit/rules.d/40-ranby.rules
		grep -qx "path = $PREFIX/sbin/ranby-trail" /etc/audit/plugins.d/ranby-trail.conf
		grep -qx 'args = --config=/etc/ranby/trail.conf' /etc/audit/plugins.d/ranby-trail.conf
		[ "$(stat -c '%a %U' /etc/audit/plugins.d/ranby-trail.conf)" = '640 root' ]
		look >$T/applied
		$ranby audit setup --apply >$T/again
		look >$T/twice
		same $T/applied $T/twice
		if grep -E '^(made|wrote|gave|kept)' $T/again; then exit 1; fi
		$ranby audit setup --dry-run >$T/dry
		if grep -E '^to ' $T/dry; then exit 1; fi
		$ranby audit setup --undo
		look >$T/after
		same $T/before $T/after
		$ranby audit setup --undo >$T/nothing
		look >$T/after
		same $T/before $T/after
	SH
}

@test "accounts, directories, capabilities, rules and plugin: made once, and taken back to the byte" {
	command -v systemd-sysusers >/dev/null || skip 'no systemd-sysusers here'
	SYSTEMD=yes made_and_taken_back
}

@test "the same on a host without systemd" {
	[ -e /usr/bin/systemd-sysusers ] || skip 'there is none to hide'
	SYSTEMD=no made_and_taken_back
}

@test "what an administrator has there is kept, comes back, and is not removed when he changed it since" {
	host <<-'SH'
		groupadd --system ranby-audit
		mkdir -p /etc/audit/plugins.d /etc/audit/rules.d
		echo 'active = no' >/etc/audit/plugins.d/ranby-trail.conf
		echo '# mine' >/etc/audit/rules.d/40-ranby.rules
		look >$T/before
		$ranby audit setup --apply
		grep -q '^active = yes' /etc/audit/plugins.d/ranby-trail.conf
		[ "$(cat /etc/audit/plugins.d/ranby-trail.conf.saved)" = 'active = no' ]
		# another edition of ours is no reason to keep ours
		sed -i 's/^## /### /' "$PREFIX/share/ranby/policies/audit/40-ranby.rules"
		$ranby audit setup --apply
		sed -i 's/^### /## /' "$PREFIX/share/ranby/policies/audit/40-ranby.rules"
		[ "$(cat /etc/audit/rules.d/40-ranby.rules.saved)" = '# mine' ]
		$ranby audit setup --undo
		look >$T/after
		same $T/before $T/after
		getent group ranby-audit
		rm /etc/audit/rules.d/40-ranby.rules
		$ranby audit setup --apply >/dev/null
		echo '# changed' >>/etc/audit/rules.d/40-ranby.rules
		$ranby audit setup --undo >$T/undo
		grep -q '^left, because it is not as it was written: /etc/audit/rules.d/40-ranby.rules' $T/undo
		grep -q '# changed' /etc/audit/rules.d/40-ranby.rules
	SH
}

@test "ranby-trail runs on what was set up, and a ledger is not removed" {
	host <<-'SH'
		$ranby audit setup --apply
		$PREFIX/sbin/ranby-trail --config=/etc/ranby/trail.conf </dev/null
		[ "$(stat -c '%a %U %G' /var/log/ranby/system)" = '750 root ranby-audit' ]
		[ "$(stat -c '%U' /var/log/ranby/index)" = ranby-trail ]
		[ "$(stat -c '%a %U' /etc/ranby/trail.key)" = '600 root' ]
		$ranby audit verify --system /var/log/ranby
		$ranby audit setup --undo >$T/undo
		grep -q '^left, because it is not empty: /var/log/ranby' $T/undo
		grep -q '"op":"trail-start"' /var/log/ranby/system/*.jsonl
		if getent passwd ranby-trail; then exit 1; fi
	SH
}

@test "make install with AUDIT=1 does the same, and uninstall takes it back" {
	host <<-'SH'
		look >$T/before
		made() { env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" "$@" PREFIX="$PREFIX"; }
		made install
		getent group ranby && [ -d /run/ranby-witness ] && [ ! -e /etc/audit/plugins.d/ranby-trail.conf ]
		getcap "$witness" | grep -q cap_audit_write
		made install AUDIT=1
		getent passwd ranby-trail && [ -e /etc/audit/plugins.d/ranby-trail.conf ] && [ -d /var/log/ranby ]
		made uninstall AUDIT=1
		[ ! -e "$ranby" ]
		made install DESTDIR=/ >/dev/null
		look >$T/after
		same $T/before $T/after
	SH
}

@test "make install and uninstall without it: the group and the directory go, unless another installation has a witness, or they were there" {
	host <<-'SH'
		made() { env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TREE" "$@"; }
		look >$T/before
		made install PREFIX="$PREFIX" && made install PREFIX="$T/second"
		getent group ranby && [ -d /run/ranby-witness ]
		made uninstall PREFIX="$PREFIX" >$T/undo
		grep -q "^left, because $T/second/libexec/ranby/ranby-witness needs it: group ranby" $T/undo
		getent group ranby && [ -d /run/ranby-witness ]
		getcap "$T/second/libexec/ranby/ranby-witness" | grep -q cap_audit_write
		made uninstall PREFIX="$T/second"
		if getent group ranby || [ -e /run/ranby-witness ] || [ -e /etc/ranby ]; then exit 1; fi
		# nothing is there: nothing to take back
		made uninstall PREFIX="$PREFIX"
		made install PREFIX="$PREFIX" DESTDIR=/ >/dev/null
		look >$T/after
		same $T/before $T/after
		# an installation that was deleted needs nothing
		made install PREFIX="$PREFIX" && made install PREFIX="$T/second"
		rm -rf "$T/second"
		made uninstall PREFIX="$PREFIX"
		if getent group ranby || [ -e /run/ranby-witness ] || [ -e /etc/ranby ]; then exit 1; fi
		made install PREFIX="$PREFIX" DESTDIR=/ >/dev/null
		# what AUDIT=1 made stays, and its group with its directories
		made install PREFIX="$PREFIX" AUDIT=1
		made uninstall PREFIX="$PREFIX"
		[ -e /etc/audit/rules.d/40-ranby.rules ] && [ -d /var/log/ranby ] && getent group ranby-audit && [ -d /etc/ranby ]
		if getent group ranby || [ -e /run/ranby-witness ]; then exit 1; fi
		made install PREFIX="$PREFIX" DESTDIR=/ >/dev/null
		"$ranby" audit setup --undo
		look >$T/after
		same $T/before $T/after
		# an administrator's group
		groupadd --system ranby
		made install PREFIX="$PREFIX" && made uninstall PREFIX="$PREFIX"
		getent group ranby
		made install PREFIX="$PREFIX" DESTDIR=/ >/dev/null
	SH
}

@test "below another root: files, and nothing of this host" {
	local dir=$T/image
	mkdir -p "$dir"
	run -0 "$PREFIX/bin/ranby" audit setup --apply --root "$dir"
	[ -f "$dir/etc/tmpfiles.d/ranby.conf" ]
	[ "$(stat -c %a "$dir/etc/audit/rules.d/40-ranby.rules")" = 640 ]
	sed "s|/usr/local/libexec|$PREFIX/libexec|" "$TREE/policies/audit/40-ranby.rules" | cmp - "$dir/etc/audit/rules.d/40-ranby.rules"
	run -0 "$PREFIX/bin/ranby" audit setup --apply --root "$dir"
	[[ $output != *wrote* ]]
	run -0 "$PREFIX/bin/ranby" audit setup --undo --root "$dir"
	[ -z "$(find "$dir" -mindepth 1)" ]
	run -125 setpriv --reuid=65534 --regid=65534 --clear-groups "$PREFIX/bin/ranby" audit setup --apply
	[[ $output == *'only root'* ]]
	run -125 "$PREFIX/bin/ranby" audit setup
}
