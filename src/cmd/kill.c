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

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	(void)state;
	return act_kill_begin(call->engine, it, *(const int *)ctx, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	struct container *c = it;
	int r = act_kill_end(call->engine, c, *(const int *)ctx, begun, e);

	(void)state;
	return r;
}

static const struct each_at_once killing = {.begin = begin_one, .end = end_one};

static int kill_run(const struct command_call *call, struct err *e)
{
	const struct kill_args *a = call->args;
	const struct each w = {.prints = true, .all = a->all, .latest = a->latest, .running_only = true, .files = &a->cidfile};
	int sig = SIGKILL;

	if (a->signal && signal_parse(a->signal, &sig) < 0)
		return err_set(e, EINVAL, "--signal %s: no such signal", a->signal);
	return each_container_at_once(call, &w, &killing, &sig, e);
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
