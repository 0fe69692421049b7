/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby unpause: see pause.c. */
#include "cmd/commands.h"
#include "cmd/pause.h"

static int unpause_run(const struct command_call *call, struct err *e)
{
	return pause_containers(call, false, e);
}

const struct command command_unpause = {
	.name = "unpause",
	.aliases = "container unpause",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Let the processes of paused containers go on",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = pause_rows,
	.args_size = sizeof(struct pause_args),
	.args_done = pause_args_done,
	.run = unpause_run,
};
