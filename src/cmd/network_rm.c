/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby network rm. One that cannot be removed does not
 * keep the others; as in podman, the exit code is 1 when a network is not there.
 */
#include "cmd/commands.h"
#include "cmd/grace.h"
#include "cmd/report.h"
#include "engine/network_use.h"
#include "engine/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_NO_NETWORK 1
#define GRACE_S_DEFAULT 10
#define GRACE_S_MAX 86400

struct rm_args {
	bool force;
	uint32_t time_s;
};

static const struct option_row rm_rows[] = {
	{'f', "force", OPT_FLAG, offsetof(struct rm_args, force), .help = "Remove the containers on it first; no error for a network that is not there"},
	{'t', "time", OPT_U32, offsetof(struct rm_args, time_s), .arg = "SECONDS",
	 .max = GRACE_S_MAX, .help = "With --force: the time before they are killed (10)"},
	OPTION_END,
};

/* Returns the exit code for it. */
static int remove_one(struct engine *eng, const char *name, int grace_ms, bool force)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	struct err e = {0};
	int r = network_load(eng, name, &n, &e);

	if (r == 0)
		r = network_use_remove(eng, &n, force, grace_ms, NULL, &e);
	if (r == 0)
		puts(name);
	if (r == 0 || (r == -ENOENT && force))
		return 0;
	report_error(&e);
	return r == -ENOENT ? EXIT_NO_NETWORK : report_code(&e);
}

static int rm_run(const struct command_call *call, struct err *e)
{
	const struct rm_args *a = call->args;
	int code = 0, grace_ms, r = grace_of(call, a->force, a->time_s, GRACE_S_DEFAULT, &grace_ms, e);

	if (r < 0)
		return r;
	for (int i = 0; i < call->argc; i++) {
		int k = remove_one(call->engine, call->argv[i], grace_ms, a->force);

		code = k ? k : code;
	}
	return code;
}

const struct command command_network_rm = {
	.name = "network rm",
	.aliases = "network remove",
	.operands = "[OPTIONS] NETWORK...",
	.summary = "Remove networks",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};
