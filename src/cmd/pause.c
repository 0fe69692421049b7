/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pause: all processes of a container stand still until unpause. */
#include "cmd/pause.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/option_rows.h"
#include "engine/act.h"

#include <stdio.h>

const struct option_row pause_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct pause_args, all), .help = "All containers of which that can be said"},
	{0, "cidfile", OPT_LIST, offsetof(struct pause_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{'f', "filter", OPT_LIST, offsetof(struct pause_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Those of all that match, as in ranby ps"},
	{'l', "latest", OPT_FLAG, offsetof(struct pause_args, latest), .help = "The newest container"},
	OPTION_END,
};

void pause_args_done(void *args)
{
	struct pause_args *a = args;

	strv_done(&a->cidfile);
	strv_done(&a->filter);
}

static int freeze_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct pause_args *a = call->args;
	bool frozen = *(const bool *)ctx;

	/* of all, those that are not as wanted already */
	if ((a->all || a->filter.n > 0) && c->status != (frozen ? CONTAINER_RUNNING : CONTAINER_PAUSED))
		return EACH_SILENT;
	return act_freeze(call->engine, c, frozen, e);
}

int pause_containers(const struct command_call *call, bool frozen, struct err *e)
{
	const struct pause_args *a = call->args;
	const struct each w = {
		.prints = true, .all = a->all, .latest = a->latest, .running_only = true, .files = &a->cidfile, .filter = &a->filter};

	return each_container(call, &w, freeze_one, &frozen, e);
}

static int pause_run(const struct command_call *call, struct err *e)
{
	return pause_containers(call, true, e);
}

const struct command command_pause = {
	.name = "pause",
	.aliases = "container pause",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop all processes of containers, until unpause",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = pause_rows,
	.args_size = sizeof(struct pause_args),
	.args_done = pause_args_done,
	.run = pause_run,
};
