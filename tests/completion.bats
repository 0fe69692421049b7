#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What Tab gives: bash's script is run as bash runs it; zsh and fish get the
# same answers, so theirs are only parsed, where they are installed.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	ranby create --name web busybox true >/dev/null
}
teardown_file() { ranby_teardown_file; }

# tab LINE: the words that bash would offer, sorted, on one line.
tab() {
	bash -c '
		PATH=${RANBY%/*}:$PATH
		source <(ranby completion bash)
		COMP_LINE=$1 COMP_POINT=${#1}
		compopt() { [ "$2" = none ] || COMPREPLY+=("<$2>"); }
		_ranby
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "' tab "$1"
}

offers() {
	run -0 tab "$1"
	[ "$output" = "$2" ] || fail "$1" "offers: $output" "not:    $2"
}

offers_also() {
	run -0 tab "$1"
	[[ " $output " == *" $2 "* ]] || fail "$1" "offers: $output" "not:    $2"
}

@test "commands, groups, and help of them" {
	offers 'ranby ru' 'run'
	offers 'ranby wh' 'whois'
	offers 'ranby image l' 'list load ls'
	offers_also 'ranby ' 'container'
	offers_also 'ranby ' 'help'
	offers_also 'ranby container ' 'rm'
	offers 'ranby help vers' 'version'
	offers 'ranby nonsense ' ''
	run -0 tab 'ranby '
	[[ $output != *__complete* ]]
}

@test "options and their values" {
	offers 'ranby run --pub' '--publish --publish-all'
	offers 'ranby ps --sort i' 'id image'
	offers 'ranby ps --sort=i' 'id image'
	offers 'ranby run --tty=' 'false true'
	offers 'ranby run --env-file ' '<default>'
	offers 'ranby --runr' '--runroot'
	offers 'ranby run --name ' ''
	offers 'ranby run busybox --pub' '<default>'
}

@test "containers and images of the store that was named" {
	local at="ranby --root $RANBY_ROOT --runroot $RANBY_RUN"
	offers "$at stop " 'web'
	offers "$at rm w" 'web'
	offers "$at rm x" ''
	offers "$at run busy" 'busybox:latest'
	offers_also "$at rmi localhost" 'localhost/busybox:latest'
	# bash takes what stands before a colon for a word of its own
	offers "$at rmi localhost/busybox:l" 'latest'
	offers "$at run --rm busybox " '<default>'
}

@test "the scripts of other shells parse" {
	bash -n <(ranby completion bash)
	run -125 ranby completion tcsh
	[[ $output == 'Error: completion: no script for tcsh'* ]]
	command -v zsh >/dev/null || command -v fish >/dev/null || skip 'neither zsh nor fish is installed'
	if command -v zsh >/dev/null; then zsh -n <(ranby completion zsh); fi
	if command -v fish >/dev/null; then ranby completion fish | fish -n; fi
}
