#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What Tab gives, in each of the three shells: bash's script is run as bash runs it; zsh completes on a terminal,
# as it does only there, and says what it would offer; fish has a command for it.
# shellcheck disable=SC2030,SC2031,SC2154 # bats sets output, lines and status, each test in a shell of its own

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
	ranby network create net-a >/dev/null
	ranby volume create vol-a >/dev/null
	printf word | ranby secret create sec-a - >/dev/null
	ranby pod create --infra=false --name pod-a >/dev/null
	offers "$at network connect net" 'net-a'
	offers "$at network connect net-a w" 'web'
	offers_also "$at network rm " 'net-a'
	offers "$at volume rm v" 'vol-a'
	offers "$at secret inspect " 'sec-a'
	offers "$at pod stop " 'pod-a'
	mkdir -p "$RANBY_ROOT/profiles/webby" "$RANBY_ROOT/profiles/webless"
	offers "$at profile show web" 'webby webless'
	offers "$at profile diff webby webl" 'webless'
	offers "$at run --security-opt no-new" 'no-new-privileges'
	offers "$at run --security-opt profile=webb" 'webby'
	offers "$at run --security-opt=prof" '<nospace> profile='
	offers "$at run --security-opt=pro" 'proc-opts= profile='
	offers_also "$at rmi localhost" 'localhost/busybox:latest'
	# bash takes what stands before a colon for a word of its own
	offers "$at rmi localhost/busybox:l" 'latest'
	offers "$at run --rm busybox " '<default>'
}

@test "what an option's row says of its values: words, objects of the store, and what follows a colon, a comma or a key" {
	local at="ranby --root $RANBY_ROOT --runroot $RANBY_RUN" line want
	ranby network exists lan-a || ranby network create lan-a >/dev/null
	ranby volume exists data-a || ranby volume create data-a >/dev/null
	ranby secret exists word-a || printf word | ranby secret create word-a - >/dev/null
	ranby pod exists peas-a || ranby pod create --infra=false --name peas-a >/dev/null
	while IFS='|' read -r line want; do
		offers "${line/#ranby @/$at}" "$want"
	done <<-'LINES'
		ranby @ run --network lan|lan-a
		ranby @ run --net=p|pasta podman
		ranby @ run --network s|slirp4netns
		ranby @ run --network cont|<nospace> container:
		ranby @ run --network container:w|web
		ranby @ pod create --network lan|lan-a
		ranby @ build --network lan|lan-a
		ranby @ run --pod pe|peas-a
		ranby @ run --pid h|host
		ranby @ run --ipc container:w|web
		ranby @ run --uts p|private
		ranby @ run --cgroupns p|private
		ranby @ run --userns |auto host keep-id nomap private
		ranby @ run --restart |always no on-failure unless-stopped
		ranby @ run --pull n|never newer
		ranby @ run --log-driver j|journald json-file
		ranby @ run --secret wor|word-a
		ranby @ run --volumes-from w|web
		ranby @ run --requires web,w|web,web
		ranby @ run -v data|data-a
		ranby @ run -v zzz|<default>
		ranby @ pod create --share net,u|net,user net,uts
		ranby @ pod create --exit-policy s|stop
		ranby @ network create --driver |bridge
		ranby @ volume create --driver |local
		ranby @ secret create --driver |file
		ranby @ ps --format |json table
		ranby @ inspect --format j|json
		ranby @ save --format oci|oci-archive oci-dir
		ranby @ ps --filter na|<nospace> name=
		ranby @ ps --filter network=lan|lan-a
		ranby @ network ls --filter d|dangling= driver=
		ranby @ volume prune --filter da|<nospace> dangling=
	LINES
}

@test "the keys that are offered for --filter are keys" {
	local command key n=0
	for command in ps images 'events --stream=false' 'network ls' 'volume ls' 'secret ls' 'pod ps' 'container prune -f' 'volume prune -f' 'network prune -f' 'image prune -f' 'system prune -f'; do
		# shellcheck disable=SC2086 # words
		while IFS= read -r key; do
			[[ $key == *= ]] || continue
			n=$((n + 1))
			run timeout 20 ranby $command --filter "${key}no-such-value"
			[[ $output != *'invalid'*'filter'* && $output != *'unknown filter'* && $output != *'did you mean'* ]] || fail "$command $key: $output"
		done < <(ranby __complete -- $command --filter '')
	done
	[ "$n" -gt 60 ] || fail "$n keys"
	run ranby ps --filter no-such-key=value
	[[ $output == *'unknown filter'* ]] || fail "$output"
	run ranby volume ls --filter no-such-key=value
	[[ $output == *'invalid'*'filter'* ]] || fail "$output"
}

# zsh_tab [--autoload] LINE: the words that zsh would offer, sorted, on one line; what it shows goes to $T/screen.
# With --autoload the script lies in fpath, as it is installed.
zsh_tab() {
	local how=source
	[ "$1" != --autoload ] || { how=autoload; shift; }
	mkdir -p "$T/zsh/functions"
	ranby completion zsh >"$T/zsh/functions/_ranby"
	cat >"$T/zsh/.zshrc" <<-'ZSH'
		PATH=${RANBY%/*}:$PATH
		[[ $HOW == source ]] || fpath=($ZDOTDIR/functions $fpath)
		autoload -Uz compinit
		compinit -D -u
		[[ $HOW != source ]] || source <(ranby completion zsh)
		compadd() {
			local -a hits
			if [[ " $* " == *' -'[OAD]' '* ]]; then builtin compadd "$@"; return; fi
			builtin compadd -O hits "$@"
			print -rl -- $hits >>$OUT
			builtin compadd "$@"
		}
		tab() {
			BUFFER=$LINE CURSOR=$#LINE
			zle complete-word
			zle -R
			print -r -- "line:$BUFFER" >>$OUT
			exit
		}
		zle -N zle-line-init tab
	ZSH
	: >"$T/offered"
	env -u FPATH ZDOTDIR="$T/zsh" TERM=dumb OUT="$T/offered" LINE="$1" HOW=$how RANBY="$RANBY" \
		"$RANBY_TREE/tests/pty" --size 60x200 --timeout 30 zsh -i -o noglobalrcs <<<'exit 0' >"$T/screen" || return
	grep -q '^line:' "$T/offered"
	grep -v '^line:' "$T/offered" | sed '/^$/d' | LC_ALL=C sort -u | paste -sd ' '
}

fish_tab() {
	HOME=$T PATH=${RANBY%/*}:$PATH timeout 30 fish --no-config -c 'source (ranby completion fish | psub); complete -C $argv[1]' -- "$1" >"$T/screen" || return
	cut -f 1 "$T/screen" | LC_ALL=C sort -u | paste -sd ' '
}

# each_line SHELL: the same lines for zsh and fish, which take a word as it stands, colon or equals sign or not
each_line() {
	local line want at="ranby --root $RANBY_ROOT --runroot $RANBY_RUN"
	cd "$T" && mkdir here && cd here && touch afile
	while IFS='|' read -r line want; do
		run -0 "$1" "${line/#ranby @/$at}"
		[ "$output" = "$want" ] || fail "$1: $line" "offers: $output" "not:    $want"
	done <<-'LINES'
		ranby ru|run
		ranby image l|list load ls
		ranby help vers|version
		ranby nonsense |
		ranby run --pub|--publish --publish-all
		ranby ps --sort i|id image
		ranby ps --sort=i|--sort=id --sort=image
		ranby run --env-file a|afile
		ranby run --name a|
		ranby --runr|--runroot
		ranby @ stop |web
		ranby @ rm x|
		ranby @ profile apply webl|webless
		ranby @ run --security-opt profile=webb|profile=webby
		ranby @ run --network container:w|container:web
		ranby @ run --network=container:w|--network=container:web
		ranby @ run --network cont|container:
		ranby @ run --restart=a|--restart=always
		ranby @ pod create --share net,u|net,user net,uts
		ranby @ run busy|busybox:latest
		ranby @ rmi localhost/busybox:l|localhost/busybox:latest
		ranby @ run --rm busybox a|afile
	LINES
}

@test "zsh offers the same, with what each is for" {
	need_program zsh
	T=$BATS_TEST_TMPDIR
	each_line zsh_tab
	run -0 zsh_tab --autoload 'ranby image l'
	[ "$output" = 'list load ls' ]
	grep -q 'load  *-- Load images from a tar archive' "$T/screen"
	# a description has its colons as they are
	run -0 zsh_tab 'ranby run --re'
	grep -q -- '--restart  *-- What to do when it ends' "$T/screen"
}

@test "fish offers the same, with what each is for" {
	need_program fish
	T=$BATS_TEST_TMPDIR
	each_line fish_tab
	run -0 fish_tab 'ranby image l'
	grep -qP '^load\tLoad images from a tar archive$' "$T/screen"
}

@test "there is no script for another shell" {
	bash -n <(ranby completion bash)
	run -125 ranby completion tcsh
	[[ $output == 'Error: completion: no script for tcsh'* ]]
}
