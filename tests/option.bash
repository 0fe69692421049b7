# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# For tests of options of run: `load lib`, `load option`.

# inside OPTION... -- COMMAND: run --rm --network none, in busybox.
inside() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	ranby run -q --rm --network none "${options[@]}" busybox "$@"
}

# refused TEXT OPTION...: exit 125, one line, nothing left.
refused() {
	local text=$1
	shift
	run -125 ranby run --rm --network none "$@" busybox true
	one_error "$text"
	nothing_left
}
