# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# For tests/vm/*.bats, and for tests/*.bats that look whether they are in a guest:
#
#	load ../lib
#	load lib
#
# RANBY_GUEST is bookworm:apparmor, bookworm:selinux, ...; empty on a host.
# What a test leaves in /job-out comes to the host (build/vm/GUEST/).

# as_root COMMAND...: by root, in a login session of root's own; about a second each.
as_root() { login-as root "$(printf '%q ' "$@")"; }

# as_bob COMMAND...: another user, who logged in too.
as_bob() { login-as bob "$(printf '%q ' "$@")"; }

# need_guest PATTERN: skips where the guest is another one: `need_guest '*:selinux'`.
need_guest() {
	# shellcheck disable=SC2053 # a pattern
	[[ ${RANBY_GUEST:-host} == $1 ]] || skip "this is not a guest $1"
}

# label_of PID: its LSM label, in the kernel's words.
label_of() { tr -d '\0\n' <"/proc/$1/attr/current"; }

# in_audit PATTERN...: the lines of audit.log that match all of them; auditd is waited for, and none is a failure.
in_audit() {
	local lines pattern
	for _ in $(seq 100); do
		lines=$(grep -a -- "$1" /var/log/audit/audit.log) || true
		for pattern in "${@:2}"; do lines=$(grep -a -- "$pattern" <<<"$lines") || true; done
		[ -z "$lines" ] || { printf '%s\n' "$lines"; return; }
		sleep 0.1
	done
	return 1
}

# by_this_login AVC_LINE: the SYSCALL record of the same event has this login's auid and session.
by_this_login() {
	local id=${1#*audit(} syscall
	syscall=$(in_audit "^type=SYSCALL msg=audit(${id%%)*})") || fail "no system call for: $1"
	[[ $syscall == *" auid=$(id -u) "*" ses=$(cat /proc/self/sessionid) "* ]] || fail "not this login's: $syscall"
}

# vm_record TYPE NAME: of a container's start.
vm_record() { in_audit "^type=$1 .* uuid=$(ranby inspect --format '{{.Ranby.UUID}}' "$2") "; }

# fails_inside OPTION...: `ranby run OPTION...`: it ran, and what it ran failed; an error of ranby's is none of the container's.
fails_inside() {
	run ranby run --rm --network none "$@"
	# shellcheck disable=SC2154 # bats sets it
	[ "$status" -ne 0 ] && { [ "$status" -lt 125 ] || [ "$status" -gt 127 ]; } || fail "exit status $status: $*" "$output"
}

# load_profile FILE: into AppArmor, by root; unchanged ones once for each file of tests, for a login takes a while.
load_profile() {
	local mark
	mark=$BATS_FILE_TMPDIR/loaded.$(sha256sum "$1" | cut -c 1-16)
	[ ! -e "$mark" ] || return 0
	as_root apparmor_parser -r -K -I "$RANBY_TREE/profiles/apparmor" "$1"
	: >"$mark"
}
unload_profile() {
	as_root apparmor_parser -R -I "$RANBY_TREE/profiles/apparmor" "$1"
	rm -f "$BATS_FILE_TMPDIR/loaded.$(sha256sum "$1" | cut -c 1-16)"
}
# The container's profile, as an administrator of this guest has it.
default_profile() {
	case ${RANBY_GUEST%:*} in
	bookworm) echo "$RANBY_TREE/profiles/apparmor/ranby-default" ;;
	*) echo "$RANBY_TREE/profiles/apparmor/ranby-default-abi4" ;;
	esac
}

# The types of containers and their files in this guest.
type_here() { if [[ $RANBY_GUEST == bookworm:* ]]; then echo ranby_container_t; else echo container_t; fi; }
file_type_here() { if [[ $RANBY_GUEST == bookworm:* ]]; then echo ranby_container_file_t; else echo container_file_t; fi; }

# confined LABEL: a label that a container has here unless something else was asked for.
confined() {
	case ${RANBY_GUEST#*:} in
	selinux) [[ $1 =~ ^[a-z_]+:[a-z_]+:$(type_here):s0:c[0-9]+,c[0-9]+$ ]] ;;
	*) [ "$1" = 'ranby-default (enforce)' ] ;;
	esac
}

# all_arrives: what a container writes to each of its streams comes out, whole.
all_arrives() {
	local script='i=0; while [ $i -lt 16 ]; do head -c 65536 /dev/zero | tr "\0" o; head -c 65536 /dev/zero | tr "\0" e >&2; i=$((i+1)); done'
	ranby run --rm --network none busybox sh -c "$script" >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/o")" = 1048576 ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/e")" = 1048576 ]
	[ "$(tr -d o <"$BATS_TEST_TMPDIR/o" | wc -c)" = 0 ]
	ranby run --rm --network none -t busybox sh -c "$script" >"$BATS_TEST_TMPDIR/t" 2>&1 </dev/null
	[ "$(tr -cd oe <"$BATS_TEST_TMPDIR/t" | wc -c)" = 2097152 ]
	# into a pipe of this login, which is not the container's to write to
	[ "$(ranby run --rm --network none busybox sh -c "$script" 2>/dev/null | tr -cd o | wc -c)" = 1048576 ]
	run -0 ranby run --rm --network none -i busybox cat <<<'from outside'
	# shellcheck disable=SC2154 # bats sets it
	[ "$output" = 'from outside' ]
	# opened again, as servers do with their log
	run -0 ranby run --rm --network none busybox sh -c 'echo again >/dev/stdout'
	[ "$output" = again ]
}
