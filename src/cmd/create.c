/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby create: everything of `run` but the start. */
#include "cmd/commands.h"
#include "cmd/container_options.h"
#include "cmd/make.h"

#include <stdio.h>

static int create_run(const struct command_call *call, struct err *e)
{
	_cleanup_(made_done) struct made m = MADE_INIT;
	int r = make_container(call, &m, e);

	if (r < 0)
		return r;
	puts(m.c->id);
	return 0;
}

const struct command command_create = {
	.name = "create",
	.aliases = "container create",
	.operands = "[OPTIONS] IMAGE [COMMAND [ARG...]]",
	.summary = "Make a container without starting it",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.min_operands = 1,
	.max_operands = -1,
	.rows = container_create_rows,
	.args_size = sizeof(struct container_options),
	.args_done = container_options_args_done,
	.run = create_run,
};
