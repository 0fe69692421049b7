/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-audit - what `ranby audit` does with logs and ledgers.
 *
 * A program of its own, because it links what the engine's start-up should
 * not load. It is called by `ranby audit X`, which knows the same rows
 * (cmd/audit_commands.h); each subcommand is a row of the table below.
 */
#include "query/query.h"
#include "cmd/report.h"
#include "sys/self.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct audit_row {
	const struct command *command;
	query_run *run;
} table[] = {
	{&command_audit_attribute, query_attribute},
	{&command_audit_report, query_report},
	{&command_audit_rogue, query_rogue},
	{&command_audit_trail, query_trail},
	{&command_audit_verify, query_verify},
	{&command_audit_who, query_who},
	{&command_events, query_events},
};

struct globals {
	const char *state;
};

static const struct option_row global_rows[] = {
	{0, "state", OPT_STRING, offsetof(struct globals, state), .arg = "DIR", .help = "Where the caller's own ledger is"},
	OPTION_END,
};

/* argv[0] is the subcommand. */
static int run_row(const struct audit_row *row, int argc, char **argv, const char *state, struct err *e)
{
	const struct command *c = row->command;
	_cleanup_free_ void *args = calloc(1, c->args_size ? c->args_size : 1);
	struct command_call call = {.command = c, .args = args, .full_argc = argc, .full_argv = argv};
	int r, first = 0;

	if (!args)
		return -ENOMEM;
	r = option_parse(c->rows, argc, argv, c->mode, args, &first, e);
	if (r < 0)
		err_wrap(e, r, "ranby %s", c->name);
	call.argc = argc - first;
	call.argv = argv + first;
	if (r == 0 && (call.argc < c->min_operands || (c->max_operands >= 0 && call.argc > c->max_operands)))
		r = err_set(e, EINVAL, "ranby %s: %s", c->name, call.argc < c->min_operands ? "too few arguments" : "too many arguments");
	r = r < 0 ? r : row->run(&call, state, e);
	if (c->args_done)
		c->args_done(args);
	return r;
}

static int dispatch(int argc, char **argv, struct err *e)
{
	struct globals g = {.state = ""};
	int first = 0, r = option_parse(global_rows, argc, argv, OPTION_STOP_AT_OPERAND, &g, &first, e);

	if (r < 0)
		return r;
	for (size_t i = 0; first < argc && i < ARRAY_SIZE(table); i++)
		if (strcmp(audit_word(table[i].command), argv[first]) == 0)
			return run_row(&table[i], argc - first, argv + first, g.state, e);
	return err_set(e, EINVAL, "ranby-audit is called by `ranby audit`");
}

int main(int argc, char **argv)
{
	struct err e = {0};
	int r = self_settle();

	r = r < 0 ? err_errno(&e, -r, "standard streams") : dispatch(argc, argv, &e);
	return report_end(r, &e);
}
