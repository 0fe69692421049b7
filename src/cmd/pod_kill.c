/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod kill: one signal to the init of each member that runs. */
#include "cmd/commands.h"
#include "cmd/each_pod.h"
#include "base/signame.h"
#include "engine/act.h"

#include <errno.h>
#include <signal.h>

struct kill_args {
	bool all, latest;
	const char *signal;
};

static const struct option_row kill_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct kill_args, all), .help = "All pods"},
	{'l', "latest", OPT_FLAG, offsetof(struct kill_args, latest), .help = "The newest pod"},
	{'s', "signal", OPT_STRING, offsetof(struct kill_args, signal), .arg = "SIGNAL", .help = "Name or number (default KILL)"},
	OPTION_END,
};

static int kill_member(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	int r = container_runs(c) ? act_kill(call->engine, c, *(const int *)ctx, e) : 0;

	/* it has ended by itself meanwhile, or with the infra container */
	return r == -ESRCH ? 0 : r;
}

static int kill_one(const struct command_call *call, struct pod *p, void *ctx, struct err *e)
{
	return each_member(call, p, kill_member, ctx, e);
}

static int kill_run(const struct command_call *call, struct err *e)
{
	const struct kill_args *a = call->args;
	const struct each_pod w = {.all = a->all, .latest = a->latest};
	int sig = SIGKILL;

	if (a->signal && signal_parse(a->signal, &sig) < 0)
		return err_set(e, EINVAL, "invalid signal: %s", a->signal);
	return each_pod(call, &w, kill_one, &sig, e);
}

const struct command command_pod_kill = {
	.name = "pod kill",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Send a signal to the containers of pods",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = kill_rows,
	.args_size = sizeof(struct kill_args),
	.run = kill_run,
};
