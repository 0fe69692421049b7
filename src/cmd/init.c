/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby init: as `start`, up to the point where the command would run. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/keeper.h"
#include "engine/origin.h"
#include "engine/start.h"

#include <stdio.h>

struct init_args {
	bool all, latest;
};

static const struct option_row init_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct init_args, all), .help = "All containers that do not run"},
	{'l', "latest", OPT_FLAG, offsetof(struct init_args, latest), .help = "The newest container"},
	OPTION_END,
};

struct init_each {
	const struct init_args *a;
	struct origin origin;
	struct keeper keeper;
};

static int init_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	struct init_each *all = ctx;
	const struct start_request q = {
		.eng = call->engine, .c = c, .keeper = &all->keeper, .origin = &all->origin, .for_keep = true};
	int r;

	if (c->pid > 0 && all->a->all)
		return EACH_SILENT;
	r = start_prepare(&q, &s, e);
	if (r == 0)
		r = start_keep(&s, e);
	return r;
}

static int init_run(const struct command_call *call, struct err *e)
{
	const struct init_args *a = call->args;
	const struct each w = {.prints = true, .all = a->all, .latest = a->latest};
	struct init_each all = {.a = a, .origin = ORIGIN_INIT, .keeper = KEEPER_INIT};
	int r = origin_read(call->engine, &all.origin, e);

	if (r == 0)
		r = keeper_open(call->engine, &all.keeper, e);
	if (r == 0)
		r = each_container(call, &w, init_one, &all, e);
	keeper_done(&all.keeper);
	origin_done(&all.origin);
	return r;
}

const struct command command_container_init = {
	.name = "init",
	.aliases = "container init",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Prepare containers, without starting them",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = init_rows,
	.args_size = sizeof(struct init_args),
	.run = init_run,
};
