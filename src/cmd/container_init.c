/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby init: podman's halfway house, a container whose namespaces stand and
 * whose command does not run. Here the monitor and init are the starter's,
 * whose login the records name, from the first moment on: what one login
 * prepared and another let run would be neither's. So it is refused, in words.
 */
#include "cmd/commands.h"

#include <errno.h>

static int init_run(const struct command_call *call, struct err *e)
{
	(void)call;
	err_set(e, ENOTSUP, "init: a container is prepared and started in one step, so that both are the same login's");
	err_hint(e, "ranby start NAME starts it; ranby mount NAME within ranby unshare, and ranby cp, show its files before");
	return -ENOTSUP;
}

static const struct option_row init_rows[] = {
	OPTION_END,
};

const struct command command_container_init = {
	.name = "init",
	.aliases = "container init",
	.operands = "CONTAINER...",
	.summary = "Not here: start prepares and starts in one step",
	.hidden = true,
	.max_operands = -1,
	.rows = init_rows,
	.run = init_run,
};
