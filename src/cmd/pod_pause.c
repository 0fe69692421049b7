/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod pause, ranby pod unpause: of the members those that run, or that are paused. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/act.h"

struct pause_args {
	bool all, latest;
};

static const struct option_row pause_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct pause_args, all), .help = "All pods"},
	{'l', "latest", OPT_FLAG, offsetof(struct pause_args, latest), .help = "The newest pod"},
	OPTION_END,
};

static int freeze_member(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	bool frozen = *(const bool *)ctx;

	return c->status == (frozen ? CONTAINER_RUNNING : CONTAINER_PAUSED) ? act_freeze(call->engine, c, frozen, e) : 0;
}

static int freeze_one(const struct command_call *call, struct pod *p, void *ctx, struct err *e)
{
	return each_member(call, p, freeze_member, ctx, e);
}

static int freeze(const struct command_call *call, bool frozen, struct err *e)
{
	const struct pause_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest};

	return each_pod(call, &w, freeze_one, &frozen, e);
}

static int pause_run(const struct command_call *call, struct err *e)
{
	return freeze(call, true, e);
}

static int unpause_run(const struct command_call *call, struct err *e)
{
	return freeze(call, false, e);
}

const struct command command_pod_pause = {
	.name = "pod pause",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Stop all processes of pods, until unpause",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = pause_rows,
	.args_size = sizeof(struct pause_args),
	.run = pause_run,
};

const struct command command_pod_unpause = {
	.name = "pod unpause",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Let the processes of pods go on",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = pause_rows,
	.args_size = sizeof(struct pause_args),
	.run = unpause_run,
};
