/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby kill: one signal to init, by pidfd. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "base/signame.h"
#include "engine/act.h"

#include <signal.h>
#include <stdio.h>

struct kill_args {
	bool all, latest;
	const char *signal;
	struct strv cidfile;
};

static const struct option_row kill_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct kill_args, all), .help = "Signal all running containers"},
	{0, "cidfile", OPT_LIST, offsetof(struct kill_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{'l', "latest", OPT_FLAG, offsetof(struct kill_args, latest), .help = "The newest container"},
	{'s', "signal", OPT_STRING, offsetof(struct kill_args, signal), .arg = "SIGNAL", .help = "Name or number (default KILL)"},
	OPTION_END,
};

static int kill_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const int *sig = ctx;
	int r = act_kill(call->engine, c, *sig, e);

	if (r == 0)
		puts(c->name);
	return r;
}

static int kill_run(const struct command_call *call, struct err *e)
{
	const struct kill_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest, .running_only = true, .cidfiles = &a->cidfile};
	int sig = SIGKILL;

	if (a->signal && signal_parse(a->signal, &sig) < 0)
		return err_set(e, EINVAL, "--signal %s: no such signal", a->signal);
	return each_container(call, &w, kill_one, &sig, e);
}

static void kill_args_done(void *args)
{
	struct kill_args *a = args;

	strv_done(&a->cidfile);
}

const struct command command_kill = {
	.name = "kill",
	.aliases = "container kill",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Send a signal to containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = kill_rows,
	.args_size = sizeof(struct kill_args),
	.args_done = kill_args_done,
	.run = kill_run,
};
