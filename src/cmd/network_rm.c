/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby network rm, ranby network prune. One that cannot be removed does not
 * keep the others; as in podman, the exit code is 1 when a network is not there.
 */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "engine/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_NO_NETWORK 1

struct rm_args {
	bool force;
};

static const struct option_row rm_rows[] = {
	{'f', "force", OPT_FLAG, offsetof(struct rm_args, force), .help = "No error for a network that is not there"},
	OPTION_END,
};

/* Returns the exit code for it. */
static int remove_one(struct engine *eng, const char *name, bool force)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	struct err e = {0};
	int r = network_load(eng, name, &n, &e);

	if (r == 0)
		r = network_remove(eng, &n, NULL, &e);
	if (r == 0)
		puts(name);
	if (r == 0 || (r == -ENOENT && force))
		return 0;
	report_error(&e);
	return r == -ENOENT ? EXIT_NO_NETWORK : report_code(&e);
}

static int rm_run(const struct command_call *call, struct err *e)
{
	const struct rm_args *a = call->args;
	int code = 0;

	(void)e;
	for (int i = 0; i < call->argc; i++) {
		int k = remove_one(call->engine, call->argv[i], a->force);

		code = k ? k : code;
	}
	return code;
}

const struct command command_network_rm = {
	.name = "network rm",
	.aliases = "network remove",
	.operands = "[OPTIONS] NETWORK...",
	.summary = "Remove networks",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};

struct prune_args {
	bool force;
	struct strv filter;
};

static const struct option_row prune_rows[] = {
	{0, "filter", OPT_LIST, offsetof(struct prune_args, filter), .arg = "KEY=VALUE", .help = "Only those that match, as in network ls"},
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"},
	OPTION_END,
};

static void prune_args_done(void *args)
{
	strv_done(&((struct prune_args *)args)->filter);
}

static int prune_run(const struct command_call *call, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	_cleanup_(strv_done) struct strv filter = {0};
	const struct prune_args *a = call->args;
	int code = 0, r = network_filter_parse(&a->filter, &filter, e);

	if (r == 0 && !a->force) {
		puts("WARNING! This will remove all networks not used by at least one container.");
		r = screen_ask("Are you sure you want to continue?", e);
		if (r <= 0)
			return r;
		r = 0;
	}
	if (r == 0)
		r = network_list(call->engine, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct err own = {0};
		int k;

		if (strcmp(l.items[i].name, NETWORK_DEFAULT) == 0 || !network_filter_match(&filter, &l.items[i]))
			continue;
		k = network_remove(call->engine, &l.items[i], "prune", &own);
		if (k == 0) {
			puts(l.items[i].name);
		} else if (k != -ENOENT) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	return r < 0 ? r : code;
}

const struct command command_network_prune = {
	.name = "network prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all networks that no container uses",
	.needs = NEED_ENGINE,
	.rows = prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = prune_run,
};
