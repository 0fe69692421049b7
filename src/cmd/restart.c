/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby restart: stop as `stop` does, all of them, then start as `start` does, one by one. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/option_rows.h"
#include "engine/act.h"
#include "engine/requires.h"
#include "engine/stop.h"

#include <stdio.h>

struct restart_args {
	bool all, latest, running;
	uint32_t time;
	struct strv cidfile, filter;
};

static const struct option_row restart_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct restart_args, all), .help = "All containers, running or not"},
	{0, "cidfile", OPT_LIST, offsetof(struct restart_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{'f', "filter", OPT_LIST, offsetof(struct restart_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Those of all that match, as in ranby ps"},
	{'l', "latest", OPT_FLAG, offsetof(struct restart_args, latest), .help = "The newest container"},
	{0, "running", OPT_FLAG, offsetof(struct restart_args, running), .help = "All running containers"},
	{'t', "time", OPT_U32, offsetof(struct restart_args, time), .arg = "SECONDS", .max = 1000000,
	 .help = "Wait so long before SIGKILL (default: what the container was made with, or 10)"},
	OPTION_END,
};

struct restart {
	int timeout_ms;
	bool one_by_one; /* one was locked: who waits for it holds none of those that come after it */
	struct act_starter by;
};

/* Its start may find that ending, or start it. */
static bool leans_on_others(const void *it)
{
	return requires_another(it);
}

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	struct act_restarting *s = state;
	struct restart *all = ctx;
	int r;

	*s = (struct act_restarting)ACT_RESTARTING_INIT;
	if (all->one_by_one)
		return 0;
	r = act_restart_begin(call->engine, it, all->timeout_ms, s, e);
	all->one_by_one = r == 0 && s->lock_fd < 0;
	return r;
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	struct restart *all = ctx;
	int r = act_restart_end(call->engine, it, &all->by, all->timeout_ms, state, begun, e);

	act_restarting_done(state);
	return r;
}

/* One that has ended is not kept down, and locked, until a slower one before it has ended too. */
static int is_ready(const void *state, int64_t *ret_deadline_ms)
{
	const struct act_restarting *s = state;

	if (s->lock_fd < 0)
		return -EAGAIN;
	*ret_deadline_ms = s->stopping.deadline_ms;
	return s->stopping.pidfd;
}

static const struct each_at_once restarting = {
	.state_size = sizeof(struct act_restarting), .begin = begin_one, .end = end_one, .alone = leans_on_others, .ready = is_ready,
};

static int restart_run(const struct command_call *call, struct err *e)
{
	const struct restart_args *a = call->args;
	const struct each w = {.prints = true, .all = a->all || a->running, .latest = a->latest, .running_only = a->running && !a->all, .files = &a->cidfile, .filter = &a->filter};
	struct restart all = {.timeout_ms = STOP_TIMEOUT_OWN, .by = ACT_STARTER_INIT};
	int r = act_starter_open(call->engine, &all.by, e);

	if (option_given(restart_rows, call->full_argc, call->full_argv, "time"))
		all.timeout_ms = (int)a->time * 1000;
	if (r == 0)
		r = each_container_at_once(call, &w, &restarting, &all, e);
	act_starter_done(&all.by);
	return r;
}

static void restart_args_done(void *args)
{
	struct restart_args *a = args;

	strv_done(&a->cidfile);
	strv_done(&a->filter);
}

const struct command command_restart = {
	.name = "restart",
	.aliases = "container restart",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop containers and start them again",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = restart_rows,
	.args_size = sizeof(struct restart_args),
	.args_done = restart_args_done,
	.run = restart_run,
};
