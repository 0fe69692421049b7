#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Settings that are read because they lie where they are looked for: whoever
# could have written them decides which images come from where, on whose word
# and how they run. Others must not; a group of the user's own is not others.
# shellcheck disable=SC2154 # bats sets output and status
load lib

setup_file() { ranby_setup_file; }
teardown_file() { ranby_teardown_file; }
setup() {
	export HOME=$BATS_TEST_TMPDIR/home
	unset XDG_CONFIG_HOME XDG_CACHE_HOME CONTAINERS_REGISTRIES_CONF CONTAINERS_CONF CONTAINERS_STORAGE_CONF
	C=$HOME/.config/containers
	mkdir -p "$C" "$HOME/.cache/containers"
	chmod 755 "$HOME" "$HOME/.config" "$C" "$HOME/.cache/containers"
}

# each FILE in its turn, with what reads it
files() {
	cat <<-END
		$C/registries.conf|short-name-mode = "permissive"|pull -q localhost:1/x
		$C/registries.conf.d/a.conf|short-name-mode = "permissive"|pull -q localhost:1/x
		$HOME/.cache/containers/short-name-aliases.conf|[aliases]|pull -q localhost:1/x
		$C/policy.json|{"default": [{"type": "reject"}]}|image trust show
		$C/storage.conf|[storage]|images
		$C/containers.conf|[containers]|run --rm --rootfs /nonexistent true
		$C/containers.conf.d/a.conf|[containers]|run --rm --rootfs /nonexistent true
	END
}
# is_refused WORDS FILE ARG...; is_read FILE ARG...: what else becomes of the command is not asked
is_refused() {
	local words=$1 file=$2
	shift 2
	run -125 timeout 60 ranby "$@" 3>&-
	one_error "$file"
	[[ $output == *"$words"* ]] || fail "$file: $output"
}
is_read() {
	local file=$1
	shift
	run timeout 60 ranby "$@" 3>&-
	[[ $output != *"$file"* && $output != *"$(dirname "$file")"* ]] || fail "$file: $output"
}
# with MODE-OF-DIRECTORY MODE-OF-FILE FUNCTION [WORDS]
with() {
	local file text args dir=$1 mode=$2 what=$3
	shift 3
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		echo "$text" >"$file"
		chmod "$mode" "$file"
		chmod "$dir" "$(dirname "$file")"
		# shellcheck disable=SC2086 # words
		"$what" "$@" "$file" $args
		rm "$file"
		chmod 755 "$(dirname "$file")"
	done < <(files)
}

@test "settings of the user: a directory of which all files are read is refused also when nothing is left in it" {
	local d args
	while IFS='|' read -r d args; do
		mkdir -m 755 "$C/$d"
		# shellcheck disable=SC2086 # words
		is_read "$C/$d/x" $args
		chmod 757 "$C/$d"
		# shellcheck disable=SC2086 # words
		is_refused 'others may write there (mode 0757)' "$C/$d" $args
		# where everybody may put what is absent
		chmod 1777 "$C/$d"
		# shellcheck disable=SC2086 # words
		is_refused 'others may write there (mode 1777)' "$C/$d" $args
		rmdir "$C/$d"
	done <<-END
		registries.conf.d|pull -q localhost:1/x
		containers.conf.d|run --rm --rootfs /nonexistent true
	END
}

@test "settings of the user: read as distributions make them, refused where everybody could have written them" {
	with 755 644 is_read
	with 750 640 is_read
	with 755 646 is_refused 'others may write it (mode 0646)'
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		chmod 757 "$(dirname "$file")"
		echo "$text" >"$file"
		# shellcheck disable=SC2086 # words
		is_refused 'others may write there (mode 0757)' "$(dirname "$file")" $args
		rm "$file"
		chmod 755 "$(dirname "$file")"
	done < <(files)
}

@test "settings of the user under the umask 002: the group that is the user's own may write them" {
	[ "$(id -gn)" = "$(id -un)" ] || skip "the user's group is not the user's own"
	umask 002
	chmod 775 "$HOME" "$HOME/.config"
	with 775 664 is_read
}

@test "settings of the user that another group may write, or that another user wrote: refused" {
	need_ranges
	local file text args
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		echo "$text" >"$file"
		ranby unshare chgrp 1 "$file"
		chmod 644 "$file"
		# shellcheck disable=SC2086 # words
		is_read "$file" $args
		chmod 664 "$file"
		# shellcheck disable=SC2086 # words
		is_refused 'others may write it (mode 0664)' "$file" $args
		ranby unshare chown 1:1 "$file"
		# shellcheck disable=SC2086 # words
		is_refused 'neither to root nor to you' "$file" $args
		rm -f "$file"
	done < <(files)
}

@test "settings in a user namespace: who has no number there is root only where a host's root writes" {
	need_ranges
	[ -e /etc/containers/policy.json ] || skip "this host has no /etc/containers/policy.json"
	echo '{"default": [{"type": "reject"}]}' >"$C/policy.json"
	ranby unshare chown 1:1 "$C/policy.json"
	[ "$(unshare --user --map-current-user stat -c %u "$C/policy.json" /etc/containers/policy.json)" = "65534"$'\n'"65534" ]
	run -125 unshare --user --map-current-user ranby image trust show
	one_error "$C/policy.json"
	[[ $output == *'neither to root nor to you'* ]]
	ranby unshare rm "$C/policy.json"
	run -0 unshare --user --map-current-user ranby image trust show --policypath /etc/containers/policy.json
	run -0 unshare --user --map-current-user ranby image trust show
}

@test "settings that another user may write by an ACL, which the group bits hide: refused" {
	[ "$(id -gn)" = "$(id -un)" ] || skip "the user's group is not the user's own"
	local file text args
	acl() { # PATH ENTRY-OF-A-NAMED-USER
		python3 - "$1" "$2" <<-'END'
			import os, struct, sys
			none = 0xffffffff
			acl = [(1, 7, none), (2, 6, int(sys.argv[2])), (4, 6, none), (0x10, 6, none), (0x20, 4, none)]
			os.setxattr(sys.argv[1], "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in acl))
		END
	}
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		echo "$text" >"$file"
		acl "$file" "$(id -u)" || skip "$(df --output=fstype "$file" | tail -1) has no ACLs"
		# shellcheck disable=SC2086 # words
		is_read "$file" $args
		acl "$file" 1
		[ "$(stat -c %A "$file")" = -rwxrw-r-- ]
		# shellcheck disable=SC2086 # words
		is_refused 'others may write it (mode 0764)' "$file" $args
		rm -f "$file"
	done < <(files)
}

@test "settings of the user: links are followed, to the user's own; what is no file is none" {
	local file text args
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		echo "$text" >"$HOME/real"
		chmod 644 "$HOME/real"
		ln -s "$HOME/real" "$file"
		# shellcheck disable=SC2086 # words
		is_read "$file" $args
		chmod 666 "$HOME/real"
		# shellcheck disable=SC2086 # words
		is_refused 'others may write it' "$file" $args
		rm "$file"
		mkfifo -m 600 "$file"
		# shellcheck disable=SC2086 # words
		is_refused 'not a regular file' "$file" $args
		rm "$file"
	done < <(files)
}

@test "settings that are a link that leads nowhere are no settings that are not there" {
	local file text args
	while IFS='|' read -r file text args; do
		mkdir -p "$(dirname "$file")"
		ln -s "$HOME/none" "$file"
		# shellcheck disable=SC2086 # words
		is_refused 'a link on its way leads nowhere' "$file" $args
		rm "$file"
	done < <(files)
	ln -s "$HOME/none" "$C/certs.d"
	is_refused 'a link on its way leads nowhere' "$C/certs.d" pull -q localhost:1/x
}

@test "settings below a relative XDG_CONFIG_HOME or XDG_CACHE_HOME: it is told, and those of the home are read" {
	local rest
	cd "$HOME"
	echo 'unqualified-search-registries = ["localhost:1"]' >"$C/registries.conf"
	mkdir -p other/containers
	for rest in .config ../home/.config other ''; do
		run -125 env XDG_CONFIG_HOME="$rest" ranby pull -q x
		[[ $output == *"pull localhost:1/x:latest"* ]] || fail "$rest: $output"
		[[ -z $rest || ${lines[0]} == "Warning: XDG_CONFIG_HOME=$rest: not an absolute path, so ~/.config is taken" ]] || fail "$rest: $output"
		[[ -n $rest || $output != *Warning* ]]
	done
	printf '[aliases]\n"x" = "localhost:2/y"\n' >"$HOME/.cache/containers/short-name-aliases.conf"
	run -125 env XDG_CACHE_HOME=.other ranby pull -q x
	one_error 'pull localhost:2/y'
}

@test "certificates and registries.d that others may write: refused; a directory that is named is read as it is" {
	local d=$C/certs.d/localhost:1 file
	mkdir -p "$d" "$C/registries.d"
	for file in ca.crt own.cert own.key; do
		echo none >"$d/$file"
	done
	chmod 755 "$C/certs.d" "$d" "$C/registries.d"
	chmod 644 "$d"/*
	is_read "$d" pull -q localhost:1/x
	for file in ca.crt own.cert own.key; do
		chmod 646 "$d/$file"
		is_refused 'others may write it (mode 0646)' "$d/$file" pull -q localhost:1/x
		chmod 644 "$d/$file"
	done
	chmod 757 "$d"
	is_refused 'others may write there (mode 0757)' "$d" pull -q localhost:1/x
	is_read "$d" pull -q --cert-dir "$d" localhost:1/x
	rm -r "$C/certs.d"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$C/policy.json"
	chmod 644 "$C/policy.json"
	printf 'docker:\n  localhost:1:\n    lookaside: file:///nonexistent\n' >"$C/registries.d/a.yaml"
	chmod 644 "$C/registries.d/a.yaml"
	run -0 ranby image trust show
	chmod 646 "$C/registries.d/a.yaml"
	is_refused 'others may write it (mode 0646)' "$C/registries.d/a.yaml" image trust show
	chmod 1777 "$C/registries.d"
	is_refused 'others may write there (mode 1777)' "$C/registries.d" image trust show
}

@test "settings that were named are their namer's choice" {
	echo 'unqualified-search-registries = ["localhost:1"]' >"$HOME/r.conf"
	chmod 666 "$HOME/r.conf"
	CONTAINERS_REGISTRIES_CONF=$HOME/r.conf is_read "$HOME/r.conf" pull -q x
	[[ $output == *localhost:1* ]] || fail "$output"
	echo '{"default": [{"type": "reject"}]}' >"$HOME/p.json"
	chmod 666 "$HOME/p.json"
	run -0 ranby image trust show --policypath "$HOME/p.json"
	CONTAINERS_CONF=/dev/null is_read /dev/null run --rm --rootfs /nonexistent true
}
