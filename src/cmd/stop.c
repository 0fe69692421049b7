/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby stop: the stop signal, then, after the timeout, SIGKILL. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/option_rows.h"
#include "engine/act.h"
#include "engine/stop.h"

#include <stdio.h>

struct stop_args {
	bool all, ignore, latest, has_time;
	int64_t time;
	struct strv cidfile, filter;
};

static const struct option_row stop_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct stop_args, all), .help = "Stop all running containers"},
	{0, "cidfile", OPT_LIST, offsetof(struct stop_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{'f', "filter", OPT_LIST, offsetof(struct stop_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Those of all that match, as in ranby ps"},
	{'i', "ignore", OPT_FLAG, offsetof(struct stop_args, ignore), .help = "A container that is not there is no error"},
	{'l', "latest", OPT_FLAG, offsetof(struct stop_args, latest), .help = "The newest container"},
	{'t', "time", OPT_I64, offsetof(struct stop_args, time), .arg = "SECONDS", .min = -1, .max = 1000000,
	 .help = "Wait so long before SIGKILL; -1: for ever (default: what the container was made with, or 10)"},
	{0, "timeout", OPT_I64, offsetof(struct stop_args, time), .arg = "SECONDS", .min = -1, .max = 1000000, .hidden = true,
	 .help = "The same as --time"},
	OPTION_END,
};

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	const struct stop_args *a = ctx;
	int ms = !a->has_time ? STOP_TIMEOUT_OWN : a->time < 0 ? -1 : (int)a->time * 1000;

	*(struct stopping *)state = (struct stopping)STOPPING_INIT;
	return act_stop_begin(call->engine, it, ms, NULL, state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	struct container *c = it;
	int r = act_stop_end(call->engine, c, NULL, state, begun, e);

	(void)ctx;
	stopping_done(state);
	return r;
}

static const struct each_at_once stopping = {.state_size = sizeof(struct stopping), .begin = begin_one, .end = end_one};

static int stop_run(const struct command_call *call, struct err *e)
{
	struct stop_args *a = call->args;
	const struct each w = {.prints = true, .all = a->all, .latest = a->latest, .running_only = true, .ignore = a->ignore, .files = &a->cidfile, .filter = &a->filter};

	a->has_time = option_given(stop_rows, call->full_argc, call->full_argv, "time") ||
		      option_given(stop_rows, call->full_argc, call->full_argv, "timeout");
	return each_container_at_once(call, &w, &stopping, a, e);
}

static void stop_args_done(void *args)
{
	struct stop_args *a = args;

	strv_done(&a->cidfile);
	strv_done(&a->filter);
}

const struct command command_stop = {
	.name = "stop",
	.aliases = "container stop",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop running containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = stop_rows,
	.args_size = sizeof(struct stop_args),
	.args_done = stop_args_done,
	.run = stop_run,
};
