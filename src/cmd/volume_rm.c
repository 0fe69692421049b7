/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby volume rm, ranby volume prune. One that cannot be removed does not keep the others;
 * as in podman, the exit code is 1 when a volume is not there, 2 when one is in use.
 */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "cmd/screen.h"
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
	bool has_time = option_given(call->command->rows, call->full_argc, call->full_argv, "time");
	const struct volume_remove_options o = {.force = a->force,
						.grace_ms = (int)(has_time ? a->time : GRACE_S_DEFAULT) * 1000};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int code = 0, k, r = 0;

	if (a->all == (call->argc > 0))
		return err_set(e, EINVAL, "choose either one or more volumes or all");
	if (has_time && !a->force)
		return err_set(e, EINVAL, "--force option must be specified to use the --time option");
	if (a->all)
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

struct prune_args {
	bool force;
	struct strv filter;
};

static const struct option_row prune_rows[] = {
	{0, "filter", OPT_LIST, offsetof(struct prune_args, filter), .arg = "KEY=VALUE", .help = "Only those that match, as in volume ls"},
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"},
	OPTION_END,
};

static void prune_args_done(void *args)
{
	strv_done(&((struct prune_args *)args)->filter);
}

static int unused(struct engine *eng, const struct strv *filters, struct strv *names, struct err *e)
{
	_cleanup_(container_list_done) struct container_list containers = {0};
	_cleanup_(volume_filter_done) struct volume_filter f = {0};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int r = volume_filter_parse(filters, &f, e);

	if (r == 0)
		r = container_list(eng, &containers, e);
	if (r == 0)
		r = volume_list(eng, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (volume_user(&containers, 0, l.items[i].name) == containers.n && volume_filter_match(&f, &l.items[i], &containers) &&
		    strv_add(names, l.items[i].name) < 0)
			r = err_errno(e, ENOMEM, "volumes");
	return r;
}

static int ask(const struct strv *names, struct err *e)
{
	puts("WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:");
	for (size_t i = 0; i < names->n; i++)
		puts(names->items[i]);
	return screen_ask("Are you sure you want to continue?", e);
}

static int prune_run(const struct command_call *call, struct err *e)
{
	const struct volume_remove_options o = {.reason = "prune"};
	const struct prune_args *a = call->args;
	_cleanup_(strv_done) struct strv names = {0};
	int code = 0, r = unused(call->engine, &a->filter, &names, e);

	if (r == 0 && names.n && !a->force) {
		r = ask(&names, e);
		if (r == 0)
			return 0;
	}
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		struct err own = {0};
		int k = volume_remove(call->engine, names.items[i], &o, &own);

		if (k == 0) {
			puts(names.items[i]);
		} else if (k != -ENOENT && k != -EBUSY) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	if (r >= 0)
		volume_sweep(call->engine);
	return r < 0 ? r : code;
}

const struct command command_volume_prune = {
	.name = "volume prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all volumes that no container mounts",
	.needs = NEED_ENGINE,
	.rows = prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = prune_run,
};
