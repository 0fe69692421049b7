/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby container cleanup: what is left to do after a container's end, when
 * no front is there to do it: --rm, and the run directory. The monitor calls
 * it; by hand it does no harm.
 */
#include "cmd/commands.h"
#include "engine/exec.h"
#include "engine/remove.h"

struct cleanup_args {
	const char *exec;
};

static const struct option_row cleanup_rows[] = {
	{0, "exec", OPT_STRING, offsetof(struct cleanup_args, exec), .arg = "ID", .help = "Only this exec session of it"},
	OPTION_END,
};

static int cleanup_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const struct cleanup_args *a = call->args;
	int r = container_find(call->engine, call->argv[0], &c, e);

	if (r == 0 && a->exec)
		r = exec_clean_up(call->engine, c, a->exec, e);
	else if (r == 0)
		r = remove_after_end(call->engine, c, e);
	container_sweep(call->engine, remove_container_dir);
	return r;
}

const struct command command_container_cleanup = {
	.name = "container cleanup",
	.operands = "CONTAINER",
	.summary = "Clear up after the end of a container",
	.needs = NEED_ENGINE,
	.hidden = true,
	.min_operands = 1,
	.max_operands = 1,
	.rows = cleanup_rows,
	.args_size = sizeof(struct cleanup_args),
	.run = cleanup_run,
};
