/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby wait: the exit code of each, when it has ended. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/stop.h"

#include <stdio.h>

struct wait_args {
	bool latest, ignore;
};

static const struct option_row wait_rows[] = {
	{0, "ignore", OPT_FLAG, offsetof(struct wait_args, ignore), .help = "A container that is not there is no error"},
	{'l', "latest", OPT_FLAG, offsetof(struct wait_args, latest), .help = "The newest container"},
	OPTION_END,
};

static int wait_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	int r = stop_wait(call->engine, c, -1, e);

	(void)ctx;
	if (r == -ENOENT) /* --rm: it went with its end */
		return err_set(e, ENOENT, "container %.12s was removed when it ended", c->id);
	if (r < 0)
		return r;
	if (c->status == CONTAINER_LOST)
		return err_set(e, ECHILD, "container %.12s has ended, and how is lost", c->id);
	printf("%d\n", c->status == CONTAINER_EXITED ? c->exit_code : 0);
	return 0;
}

static int wait_run(const struct command_call *call, struct err *e)
{
	const struct wait_args *a = call->args;
	const struct each w = {.latest = a->latest, .ignore = a->ignore};

	return each_container(call, &w, wait_one, NULL, e);
}

const struct command command_wait = {
	.name = "wait",
	.aliases = "container wait",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Wait until containers end, and print their exit codes",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = wait_rows,
	.args_size = sizeof(struct wait_args),
	.run = wait_run,
};
