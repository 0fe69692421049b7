/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby healthcheck run: once, now; 0 when it passed, 1 when it failed. The monitor calls it too. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/health.h"

#include <stdio.h>

static int run_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(origin_done) struct origin origin = ORIGIN_INIT;
	bool passed = false;
	int r = origin_read(call->engine, &origin, e);

	if (r == 0)
		r = one_container(call, false, &c, e);
	if (r == 0)
		r = health_check(call->engine, c, &origin, &passed, e);
	if (r < 0 || passed)
		return r;
	puts("unhealthy");
	return 1;
}

const struct command command_healthcheck_run = {
	.name = "healthcheck run",
	.operands = "CONTAINER",
	.summary = "Run the health check of a container",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.run = run_run,
};
