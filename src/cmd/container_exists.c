/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby container exists: exit 0 or 1, and no word. */
#include "cmd/commands.h"
#include "engine/container.h"

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_find(call->engine, call->argv[0], &c, e);

	return r == -ENOENT ? 1 : r;
}

struct exists_args {
	bool external;
};

static const struct option_row exists_rows[] = {
	{0, "external", OPT_FLAG, offsetof(struct exists_args, external), .help = "Also one of another tool in the same store (here there are none)"},
	OPTION_END,
};

const struct command command_container_exists = {
	.name = "container exists",
	.operands = "CONTAINER",
	.summary = "Exit with 0 when there is such a container, else with 1",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = exists_rows,
	.args_size = sizeof(struct exists_args),
	.run = exists_run,
};
