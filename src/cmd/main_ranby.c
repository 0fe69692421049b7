/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby - the command line.
 *
 * main() knows no command: it reads the global options, finds the command in
 * the table (its name or an alias, of up to three words), parses its rows,
 * opens what it needs, and calls it. Whatever goes wrong comes back as one
 * struct err, and is printed in one place: "Error: what: why", and a hint.
 */
#include "base/suggest.h"
#include "cmd/elsewhere.h"
#include "cmd/find.h"
#include "cmd/help.h"
#include "cmd/report.h"
#include "engine/engine.h"
#include "sys/self.h"
#include "sys/user_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *command_word(size_t i, const void *ctx)
{
	(void)ctx;
	return command_table[i] ? command_table[i]->name : NULL;
}

/* What stands before a command's own word, for "contaner ls". */
static const char *group_word(size_t i, const void *ctx)
{
	static const char *const groups[] = {"audit", "container", "healthcheck", "image", "network", "pod", "profile", "secret", "system", "volume"};

	(void)ctx;
	return i < ARRAY_SIZE(groups) ? groups[i] : NULL;
}

#define GROUP_WORDS_MAX 2 /* "image trust" */
#define GROUP_SIZE 128

/* How many words in front are the name of a group, which is "" when none is. */
static int group_of(int argc, char **argv, char ret[static GROUP_SIZE])
{
	char words[GROUP_SIZE] = "";
	int n = 0;

	*ret = '\0';
	for (int i = 0; i < argc && i < GROUP_WORDS_MAX; i++) {
		size_t len = strlen(words);

		snprintf(words + len, sizeof(words) - len, "%s%s", i ? " " : "", argv[i]);
		if (!help_is_group(words))
			break;
		memcpy(ret, words, sizeof(words));
		n = i + 1;
	}
	return n;
}

/* Whether they are a group's name and nothing else; then what it has is shown. */
static bool show_group(int argc, char **argv)
{
	char group[GROUP_SIZE];

	return argc > 0 && group_of(argc, argv, group) == argc && help_group(group);
}

/* In a group ("audit doctro") it is all words. */
static int unknown_command(int argc, char **argv, struct err *e)
{
	char group[GROUP_SIZE], words[256];
	int in_group = group_of(argc - 1, argv, group);
	const char *near;

	if (elsewhere_is(argc, argv, e))
		return -ENOTSUP;
	snprintf(words, sizeof(words), "%s%s%s", group, in_group ? " " : "", argv[in_group]);
	near = suggest(words, command_word, NULL);
	if (!near && !in_group)
		near = suggest(words, group_word, NULL);
	err_set(e, EINVAL, "unknown command \"%s\"", words);
	if (near)
		err_hint(e, "did you mean `ranby %s`? `ranby help` lists all commands", near);
	else
		err_hint(e, "`ranby %s%s` lists all commands", group, in_group ? " --help" : "help");
	return -EINVAL;
}

static bool takes_short(const struct option_row *rows, char c)
{
	for (; rows->type != OPT_END; rows++)
		if (rows->short_name == c)
			return true;
	return false;
}

/* The command's rows and --help (-h too, unless it means something there), whose flag lies behind the arguments. */
static struct option_row *with_help(const struct command *c, size_t help_offset)
{
	struct option_row *rows;
	size_t n = 0;

	while (c->rows && c->rows[n].type != OPT_END)
		n++;
	rows = mem_array(n + 2, sizeof(*rows));
	if (!rows)
		return NULL;
	if (n)
		memcpy(rows, c->rows, n * sizeof(*rows));
	rows[n] = (struct option_row){.long_name = "help", .type = OPT_FLAG, .offset = help_offset,
				      .help = "Show this help and exit"};
	rows[n].short_name = c->rows && takes_short(c->rows, 'h') ? '\0' : 'h';
	return rows;
}

static int check_operands(const struct command *c, int n, struct err *e)
{
	if (n >= c->min_operands && (c->max_operands < 0 || n <= c->max_operands))
		return 0;
	if (n < c->min_operands)
		err_set(e, EINVAL, "ranby %s: too few arguments", c->name);
	else
		err_set(e, EINVAL, "ranby %s: too many arguments", c->name);
	err_hint(e, "usage: ranby %s %s", c->name, c->operands ? c->operands : "");
	return -EINVAL;
}

/* The settings below it would be missed. */
static void warn_of_relative_home(void)
{
	const char *named = getenv("XDG_CONFIG_HOME");

	if (named && *named && !user_dir_named(named))
		report_warning("XDG_CONFIG_HOME=%.128s: not an absolute path, so ~/.config is taken", named);
}

static int run_with_engine(struct command_call *call, const struct globals *g, struct err *e)
{
	_cleanup_(engine_closep) struct engine *eng = NULL;
	int r;

	if (call->command->needs & NEED_ENGINE) {
		const struct engine_where where = {.root = g->root, .runroot = g->runroot, .storage_opt = &g->storage_opt,
						   .events_backend = g->events_backend};

		r = engine_open(&where, &eng, e);
		if (r < 0)
			return r;
		call->engine = eng;
	}
	return call->command->run(call, e);
}

/* argv[0] is the command's last word. */
static int run_command(const struct command *c, int argc, char **argv, const struct globals *g, struct err *e)
{
	size_t help_offset = (c->args_size + sizeof(bool) - 1) / sizeof(bool) * sizeof(bool);
	_cleanup_free_ struct option_row *rows = with_help(c, help_offset);
	_cleanup_free_ char *args = calloc(1, help_offset + sizeof(bool));
	struct command_call call = {.command = c, .args = args, .full_argc = argc, .full_argv = argv};
	int r, first = 0;

	if (!rows || !args)
		return err_errno(e, ENOMEM, "ranby %s", c->name);
	r = option_parse(rows, argc, argv, c->mode, args, &first, e);
	if (r == 0 && *(bool *)(args + help_offset)) {
		help_command(c, rows);
	} else if (r == 0) {
		call.argc = argc - first;
		call.argv = argv + first;
		r = check_operands(c, call.argc, e);
		if (r == 0) {
			warn_of_relative_home();
			r = run_with_engine(&call, g, e);
		}
	} else {
		r = err_wrap(e, r, "ranby %s", c->name);
	}
	if (c->args_done)
		c->args_done(args);
	return r;
}

static int help_for(int argc, char **argv, struct err *e)
{
	_cleanup_free_ struct option_row *rows = NULL;
	const struct command *c;
	int words;

	if (argc == 0) {
		help_all(global_rows);
		return 0;
	}
	c = command_find(argc, argv, &words);
	if (!c)
		return show_group(argc, argv) ? 0 : unknown_command(argc, argv, e);
	rows = with_help(c, 0);
	if (!rows)
		return err_errno(e, ENOMEM, "help");
	help_command(c, rows);
	return 0;
}

/* What stands behind the global options. */
static int dispatch(int argc, char **argv, const struct globals *g, struct err *e)
{
	const struct command *c;
	int words = 0;

	if (g->version) {
		printf("ranby version %s\n", RANBY_VERSION);
		return 0;
	}
	if (g->help)
		return help_for(argc, argv, e);
	if (argc == 0) {
		help_all(global_rows);
		return EXIT_ENGINE;
	}
	if (strcmp(argv[0], "help") == 0)
		return help_for(argc - 1, argv + 1, e);
	c = command_find(argc, argv, &words);
	if (c)
		return run_command(c, argc - words + 1, argv + words - 1, g, e);
	if (show_group(argc, argv))
		return EXIT_ENGINE;
	if ((strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[argc - 1], "-h") == 0) && show_group(argc - 1, argv))
		return 0;
	return unknown_command(argc, argv, e);
}

static int parse_and_dispatch(int argc, char **argv, struct err *e)
{
	struct globals g = {0};
	int r, first = 0;

	r = option_parse(global_rows, argc, argv, OPTION_STOP_AT_OPERAND, &g, &first, e);
	if (r == 0)
		r = dispatch(argc - first, argv + first, &g, e);
	strv_done(&g.storage_opt);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = {0};
	int r;

	r = self_settle();
	r = r < 0 ? err_errno(&e, -r, "standard streams") : parse_and_dispatch(argc, argv, &e);
	return report_end(r, &e);
}
