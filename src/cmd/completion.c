/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby completion SHELL: a script for that shell to read. The scripts know
 * nothing themselves: they ask `ranby __complete` (cmd/complete.c) with the
 * words typed so far. bash splits words at '=' and ':' too, so there the line
 * is cut at blanks, and what bash takes for words before is taken off the
 * answers.
 */
#include "cmd/commands.h"
#include "cmd/screen.h"

#include <errno.h>
#include <string.h>

static const char bash[] =
	"# bash completion for ranby; written by `ranby completion bash`\n"
	"_ranby() {\n"
	"	local line=${COMP_LINE:0:COMP_POINT} current before answer files=none\n"
	"	local -a words\n"
	"	read -ra words <<<\"$line\"\n"
	"	[[ $line == *[[:space:]] ]] && words+=('')\n"
	"	current=${words[-1]}\n"
	"	before=\n"
	"	[[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && before=${current%\"${current##*:}\"}\n"
	"	[[ $COMP_WORDBREAKS == *=* && ${current#\"$before\"} == *=* ]] && before=${current%\"${current##*=}\"}\n"
	"	COMPREPLY=()\n"
	"	while IFS=$'\\t' read -r answer _; do\n"
	"		case $answer in\n"
	"		:files) files=default ;;\n"
	"		:none) ;;\n"
	"		*) COMPREPLY+=(\"${answer#\"$before\"}\") ;;\n"
	"		esac\n"
	"	done < <(\"${words[0]}\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
	"	[[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o \"$files\" 2>/dev/null\n"
	"	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=:] ]] || compopt -o nospace 2>/dev/null\n"
	"}\n"
	"complete -F _ranby ranby\n";

static const char zsh[] =
	"#compdef ranby\n"
	"# zsh completion for ranby; written by `ranby completion zsh`\n"
	"_ranby() {\n"
	"	local -a answers begun\n"
	"	local line files=0\n"
	"	while IFS= read -r line; do\n"
	"		case $line in\n"
	"		:files) files=1 ;;\n"
	"		:none) ;;\n"
	"		*[=:]|*[=:]$'\\t'*) begun+=(\"${${line//:/\\\\:}/$'\\t'/:}\") ;;\n"
	"		*) answers+=(\"${${line//:/\\\\:}/$'\\t'/:}\") ;;\n"
	"		esac\n"
	"	done < <(\"$words[1]\" __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"	(( ${#answers} )) && _describe ranby answers\n"
	"	(( ${#begun} )) && _describe ranby begun -S ''\n"
	"	(( files )) && _files\n"
	"}\n"
	"if [[ $funcstack[1] == _ranby ]]; then _ranby \"$@\"; else compdef _ranby ranby; fi\n";

static const char fish[] =
	"# fish completion for ranby; written by `ranby completion fish`\n"
	"function __ranby_complete\n"
	"	set -l words (commandline -opc) (commandline -ct)\n"
	"	set -l answers ($words[1] __complete -- $words[2..-1] 2>/dev/null)\n"
	"	for answer in $answers\n"
	"		switch $answer\n"
	"			case :files\n"
	"				__fish_complete_path (commandline -ct)\n"
	"			case :none\n"
	"			case '*'\n"
	"				echo $answer\n"
	"		end\n"
	"	end\n"
	"end\n"
	"complete -c ranby -f -a '(__ranby_complete)'\n";

static int completion_run(const struct command_call *call, struct err *e)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;

		if (strcmp(call->argv[0], scripts[i].shell) != 0)
			continue;
		buf_adds(&out, scripts[i].script);
		return screen_put(&out, e);
	}
	return err_set(e, EINVAL, "completion: no script for %s: bash, zsh and fish are known", call->argv[0]);
}

static const struct option_row completion_rows[] = {
	OPTION_REFUSED('f', "file", "redirect standard output"),
	OPTION_REFUSED(0, "no-desc", "the scripts of zsh and fish show descriptions, that of bash none"),
	OPTION_END,
};

const struct command command_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Write a completion script for a shell",
	.min_operands = 1,
	.max_operands = 1,
	.rows = completion_rows,
	.run = completion_run,
};
