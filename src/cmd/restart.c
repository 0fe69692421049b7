/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby restart: stop as `stop` does, then start as `start` does. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/attest.h"
#include "engine/start.h"
#include "engine/stop.h"
#include "sys/fd.h"

#include <stdio.h>

struct restart_args {
	bool all, latest, running;
	uint32_t time;
	struct strv cidfile, filter;
};

static const struct option_row restart_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct restart_args, all), .help = "All containers, running or not"},
	{0, "cidfile", OPT_LIST, offsetof(struct restart_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{'f', "filter", OPT_LIST, offsetof(struct restart_args, filter), .arg = "KEY=VALUE",
	 .help = "Those of all that match, as in ranby ps"},
	{'l', "latest", OPT_FLAG, offsetof(struct restart_args, latest), .help = "The newest container"},
	{0, "running", OPT_FLAG, offsetof(struct restart_args, running), .help = "All running containers"},
	{'t', "time", OPT_U32, offsetof(struct restart_args, time), .arg = "SECONDS", .max = 1000000,
	 .help = "Wait so long before SIGKILL (default: what the container was made with, or 10)"},
	OPTION_END,
};

struct restart {
	int timeout_ms;
	struct origin origin;
	struct keeper keeper;
};

static int restart_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	struct restart *all = ctx;
	const struct start_request q = {
		.eng = call->engine, .c = c, .keeper = &all->keeper, .origin = &all->origin, .have_lock = true};
	struct attest who = ATTEST_INIT(AUDIT_VERB_RESTART);
	_cleanup_close_ int lock = -EBADF;
	int r;

	/* over both: who clears up after its end (--rm) finds it running again */
	r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);
	if (r < 0)
		return r;
	who.c = c;
	r = attest_running(call->engine, &who, e);
	if (r == 0)
		r = stop_container(call->engine, c, all->timeout_ms, e);
	r = attest_failed(call->engine, &who, r, e);
	if (r == 0)
		r = start_prepare(&q, &s, e);
	if (r == 0)
		r = start_release(&s, e);
	if (r == 0)
		puts(c->name);
	return r;
}

static int restart_run(const struct command_call *call, struct err *e)
{
	const struct restart_args *a = call->args;
	const struct each w = {.all = a->all || a->running, .latest = a->latest, .running_only = a->running && !a->all, .cidfiles = &a->cidfile, .filter = &a->filter};
	struct restart all = {.timeout_ms = STOP_TIMEOUT_OWN, .origin = ORIGIN_INIT, .keeper = KEEPER_INIT};
	int r = origin_read(call->engine, &all.origin, e);

	if (option_given(restart_rows, call->full_argc, call->full_argv, "time"))
		all.timeout_ms = (int)a->time * 1000;
	/* held here, so that it outlives the container that keeps it alive */
	if (r == 0)
		r = keeper_open(call->engine, &all.keeper, e);
	if (r == 0)
		r = each_container(call, &w, restart_one, &all, e);
	keeper_done(&all.keeper);
	origin_done(&all.origin);
	return r;
}

static void restart_args_done(void *args)
{
	struct restart_args *a = args;

	strv_done(&a->cidfile);
	strv_done(&a->filter);
}

const struct command command_restart = {
	.name = "restart",
	.aliases = "container restart",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop containers and start them again",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = restart_rows,
	.args_size = sizeof(struct restart_args),
	.args_done = restart_args_done,
	.run = restart_run,
};
