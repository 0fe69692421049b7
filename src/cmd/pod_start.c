/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod start, ranby pod restart: the infra container first, then the members as they were made. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/report.h"
#include "engine/act.h"
#include "engine/stop.h"

#include <errno.h>

struct start_args {
	bool all, latest;
	struct strv files;
};

static const struct option_row start_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct start_args, all), .help = "All pods"},
	{'l', "latest", OPT_FLAG, offsetof(struct start_args, latest), .help = "The newest pod"},
	{0, "pod-id-file", OPT_LIST, offsetof(struct start_args, files), .arg = "FILE", .help = "The pod whose id is in a file"},
	OPTION_END,
};

static void start_args_done(void *args)
{
	strv_done(&((struct start_args *)args)->files);
}

static int start_one(const struct command_call *call, struct pod *p, void *ctx, struct err *e)
{
	if (p->members.n == 0)
		return err_set(e, ENOENT, "no containers in pod %s have no dependencies, cannot start pod: no such container", p->id);
	return pod_start(call->engine, p, ctx, report_error, e);
}

static int start_run(const struct command_call *call, struct err *e)
{
	const struct start_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest, .files = &a->files};
	struct act_starter by = ACT_STARTER_INIT;
	int r = act_starter_open(call->engine, &by, e);

	if (r == 0)
		r = each_pod(call, &w, start_one, &by, e);
	act_starter_done(&by);
	return r;
}

const struct command command_pod_start = {
	.name = "pod start",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Start the containers of pods",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = start_rows,
	.args_size = sizeof(struct start_args),
	.args_done = start_args_done,
	.run = start_run,
};

/* ---- restart ---- */

struct restart_args {
	bool all, latest;
};

static const struct option_row restart_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct restart_args, all), .help = "All pods"},
	{'l', "latest", OPT_FLAG, offsetof(struct restart_args, latest), .help = "The newest pod"},
	OPTION_END,
};

/* All of them down before the first is up: what they share is made anew. */
static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	(void)ctx;
	return pod_stop_begin(call->engine, it, STOP_TIMEOUT_OWN, "restart", state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	int r = begun < 0 ? begun : pod_stop_end(call->engine, it, state, report_error, e);

	return r == 0 ? start_one(call, it, ctx, e) : r;
}

static const struct each_at_once restarting = {.state_size = sizeof(struct pod_stopping), .begin = begin_one, .end = end_one};

static int restart_run(const struct command_call *call, struct err *e)
{
	const struct restart_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest};
	struct act_starter by = ACT_STARTER_INIT;
	int r = act_starter_open(call->engine, &by, e);

	if (r == 0)
		r = each_pod_at_once(call, &w, &restarting, &by, e);
	act_starter_done(&by);
	return r;
}

const struct command command_pod_restart = {
	.name = "pod restart",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Stop the containers of pods and start them again",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = restart_rows,
	.args_size = sizeof(struct restart_args),
	.run = restart_run,
};
