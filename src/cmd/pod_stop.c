/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod stop: the members at once, and the infra container last. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/report.h"
#include "engine/stop.h"

struct stop_args {
	bool all, ignore, latest;
	int64_t time;
	struct strv files;
	int timeout_ms;
};

static const struct option_row stop_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct stop_args, all), .help = "All pods"},
	{'i', "ignore", OPT_FLAG, offsetof(struct stop_args, ignore), .help = "A pod that is not there is no error"},
	{'l', "latest", OPT_FLAG, offsetof(struct stop_args, latest), .help = "The newest pod"},
	{0, "pod-id-file", OPT_LIST, offsetof(struct stop_args, files), .arg = "FILE", .help = "The pod whose id is in a file"},
	{'t', "time", OPT_I64, offsetof(struct stop_args, time), .arg = "SECONDS", .min = -1, .max = 1000000,
	 .help = "Wait so long before SIGKILL; -1: for ever (default: what each was made with, or 10)"},
	OPTION_END,
};

static void stop_args_done(void *args)
{
	strv_done(&((struct stop_args *)args)->files);
}

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	return pod_stop_begin(call->engine, it, *(const int *)ctx, NULL, state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	(void)ctx;
	return begun < 0 ? begun : pod_stop_end(call->engine, it, state, report_error, e);
}

static const struct each_at_once stopping = {.state_size = sizeof(struct pod_stopping), .begin = begin_one, .end = end_one};

static int stop_run(const struct command_call *call, struct err *e)
{
	struct stop_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest, .ignore = a->ignore, .files = &a->files};
	bool has_time = option_given(call->command->rows, call->full_argc, call->full_argv, "time");

	a->timeout_ms = !has_time ? STOP_TIMEOUT_OWN : a->time < 0 ? -1 : (int)a->time * 1000;
	return each_pod_at_once(call, &w, &stopping, &a->timeout_ms, e);
}

const struct command command_pod_stop = {
	.name = "pod stop",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Stop the containers of pods",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = stop_rows,
	.args_size = sizeof(struct stop_args),
	.args_done = stop_args_done,
	.run = stop_run,
};
