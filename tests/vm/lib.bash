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
