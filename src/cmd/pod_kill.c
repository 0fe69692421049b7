/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod kill: one signal to the init of each member that runs. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/report.h"
#include "base/signame.h"

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

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	return pod_kill_begin(call->engine, it, *(const int *)ctx, state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	(void)ctx;
	return begun < 0 ? begun : pod_kill_end(call->engine, it, state, report_error, e);
}

static const struct each_at_once killing = {.state_size = sizeof(struct pod_killing), .begin = begin_one, .end = end_one};

static int kill_run(const struct command_call *call, struct err *e)
{
	const struct kill_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest};
	int sig = SIGKILL;

	if (a->signal && signal_parse(a->signal, &sig) < 0)
		return err_set(e, EINVAL, "invalid signal: %s", a->signal);
	return each_pod_at_once(call, &w, &killing, &sig, e);
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
