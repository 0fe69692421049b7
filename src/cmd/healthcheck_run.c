/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby healthcheck run: once, now; 0 when it passed, 1 when it failed. The monitor calls it too. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/health.h"
#include "monitor/checks.h"

#include <stdio.h>

struct run_args {
	bool by_monitor;
};

static const struct option_row run_rows[] = {
	{0, "by-monitor", OPT_FLAG, offsetof(struct run_args, by_monitor), .hidden = true,
	 .help = "Only what is to be run by itself; the exit code is for the monitor"},
	OPTION_END,
};

static int run_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(origin_done) struct origin origin = ORIGIN_INIT;
	const struct run_args *a = call->args;
	enum health_outcome outcome = HEALTH_FAILED;
	int r = origin_read(call->engine, &origin, e);

	if (r == 0)
		r = one_container(call, false, &c, e);
	if (r == 0)
		r = health_check(call->engine, c, &origin, a->by_monitor, &outcome, e);
	if (r < 0)
		return r;
	if (a->by_monitor)
		return health_in_startup(c) ? 1 : outcome == HEALTH_STARTUP_PASSED ? CHECKS_STARTUP_OVER : 0;
	if (outcome != HEALTH_FAILED && outcome != HEALTH_STARTUP_FAILED)
		return 0;
	puts(outcome == HEALTH_FAILED ? "unhealthy" : "starting");
	return 1;
}

const struct command command_healthcheck_run = {
	.name = "healthcheck run",
	.operands = "CONTAINER",
	.summary = "Run the health check of a container",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = run_rows,
	.args_size = sizeof(struct run_args),
	.run = run_run,
};
