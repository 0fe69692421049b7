/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby volume rm. One that cannot be removed does not keep the others;
 * as in podman, the exit code is 1 when a volume is not there, 2 when one is in use.
 */
#include "cmd/commands.h"
#include "cmd/grace.h"
#include "cmd/report.h"
#include "engine/volume_list.h"
#include "engine/volume_remove.h"

#include <errno.h>
#include <stdio.h>

#define EXIT_NO_VOLUME 1
#define GRACE_S_DEFAULT 10
#define GRACE_S_MAX 86400

struct rm_args {
	bool all, force;
	uint32_t time;
};

static const struct option_row rm_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct rm_args, all), .help = "All volumes"},
	{'f', "force", OPT_FLAG, offsetof(struct rm_args, force),
	 .help = "The containers that mount it too, and no error for a volume that is not there"},
	{'t', "time", OPT_U32, offsetof(struct rm_args, time), .arg = "SECONDS", .max = GRACE_S_MAX,
	 .help = "With --force: time to stop before a container is killed (10)"},
	OPTION_END,
};

static int code_of(int r, const struct err *e)
{
	return r == -ENOENT ? EXIT_NO_VOLUME : report_code(e);
}

/* Returns the exit code for it. */
static int remove_one(struct engine *eng, const char *name, const struct volume_remove_options *o)
{
	struct err e = {0};
	int r = volume_remove(eng, name, o, &e);

	if (r == 0)
		puts(name);
	if (r == 0 || (r == -ENOENT && o->force))
		return 0;
	report_error(&e);
	return code_of(r, &e);
}

static int rm_run(const struct command_call *call, struct err *e)
{
	const struct rm_args *a = call->args;
	struct volume_remove_options o = {.force = a->force};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int code = 0, k, r = 0;

	if (a->all == (call->argc > 0))
		return err_set(e, EINVAL, "choose either one or more volumes or all");
	r = grace_of(call, a->force, a->time, GRACE_S_DEFAULT, &o.grace_ms, e);
	if (r == 0 && a->all)
		r = volume_list(call->engine, &l, e);
	for (size_t i = 0; i < l.n; i++)
		code = (k = remove_one(call->engine, l.items[i].name, &o)) ? k : code;
	for (int i = 0; r == 0 && i < call->argc; i++)
		code = (k = remove_one(call->engine, call->argv[i], &o)) ? k : code;
	volume_sweep(call->engine);
	return r < 0 ? r : code;
}

const struct command command_volume_rm = {
	.name = "volume rm",
	.aliases = "volume remove",
	.operands = "[OPTIONS] [VOLUME...]",
	.summary = "Remove volumes and what is in them",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};
