/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby rm. With --force, what is not there is no error: it is as asked for. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/grace.h"
#include "cmd/option_rows.h"
#include "engine/pod.h"
#include "engine/remove.h"
#include "engine/requires.h"

#include <stdio.h>

struct rm_args {
	bool all, depend, force, ignore, latest, volumes;
	uint32_t time;
	int grace_ms;
	struct strv cidfile, filter;
};

static const struct option_row rm_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct rm_args, all), .help = "Remove all containers"},
	{0, "cidfile", OPT_LIST, offsetof(struct rm_args, cidfile), .arg = "FILE", .help = "The container whose id is in a file"},
	{0, "depend", OPT_FLAG, offsetof(struct rm_args, depend), .help = "Remove those that need them (--requires) too"},
	{0, "filter", OPT_LIST, offsetof(struct rm_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Those of all that match, as in ranby ps"},
	{'f', "force", OPT_FLAG, offsetof(struct rm_args, force), .help = "End those that run first"},
	{'i', "ignore", OPT_FLAG, offsetof(struct rm_args, ignore), .help = "A container that is not there is no error"},
	{'l', "latest", OPT_FLAG, offsetof(struct rm_args, latest), .help = "The newest container"},
	{'t', "time", OPT_U32, offsetof(struct rm_args, time), .arg = "SECONDS", .max = 100000,
	 .help = "With --force: wait so long after the stop signal before SIGKILL (default 0)"},
	{'v', "volumes", OPT_FLAG, offsetof(struct rm_args, volumes), .help = "Remove their anonymous volumes too"},
	OPTION_END,
};

static int rm_one(const struct command_call *call, struct container *c, void *ctx, struct err *e);

/* --depend: each is younger than the one it needs, so this comes to an end. */
static int rm_dependents(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0};
	int r = requires_dependents(call->engine, c, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		_cleanup_(container_freep) struct container *other = NULL;

		r = container_load(call->engine, ids.items[i], &other, e);
		if (r == 0 && json_int(other->spec, "createdNs") > json_int(c->spec, "createdNs"))
			r = rm_one(call, other, ctx, e);
		if (r == 0)
			puts(other->id);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static struct remove_options options_of(const struct rm_args *a)
{
	return (struct remove_options){.force = a->force, .volumes = a->volumes, .grace_ms = a->grace_ms};
}

static int rm_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct rm_args *a = ctx;
	const struct remove_options o = options_of(a);
	int r;

	/* of all, the pods' own go with their pods */
	if (a->all && pod_is_infra(c))
		return EACH_SILENT;
	r = a->depend ? rm_dependents(call, c, ctx, e) : requires_check_free(call->engine, c, e);
	if (r == 0)
		r = remove_container(call->engine, c, &o, e);

	return r == -ENOENT && (a->force || a->ignore) ? 0 : r;
}

/* Who needs it is looked for when those before it have gone. */
static bool is_needed(const void *it)
{
	const struct container *c = it;

	return requires_was_named(c) || pod_is_infra(c);
}

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	const struct remove_options o = options_of(ctx);

	*(struct stopping *)state = (struct stopping)STOPPING_INIT;
	return is_needed(it) ? 0 : remove_begin(call->engine, it, &o, state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	const struct remove_options o = options_of(ctx);
	int r = is_needed(it) ? rm_one(call, it, ctx, e) : remove_end(call->engine, it, &o, state, begun, e);

	stopping_done(state);
	return r == -ENOENT ? 0 : r; /* with --force it is as asked for */
}

static const struct each_at_once ending = {.state_size = sizeof(struct stopping), .begin = begin_one, .end = end_one, .ends_it = true, .alone = is_needed};

static int rm_run(const struct command_call *call, struct err *e)
{
	struct rm_args *a = call->args;
	const struct each w = {.prints = true, .missing_exit = 1 /* podman-rm(1), "Exit Status" */, .newest_first = true, .all = a->all, .latest = a->latest, .ignore = a->ignore || a->force, .files = &a->cidfile, .filter = &a->filter};
	int r = grace_of(call, a->force, a->time, 0, &a->grace_ms, e);

	if (r < 0)
		return r;
	container_sweep(call->engine, remove_container_dir);
	/* a SIGKILL is not waited for as long as the payload likes */
	return a->force && a->grace_ms > 0 ? each_container_at_once(call, &w, &ending, a, e) : each_container(call, &w, rm_one, a, e);
}

static void rm_args_done(void *args)
{
	struct rm_args *a = args;

	strv_done(&a->cidfile);
	strv_done(&a->filter);
}

const struct command command_rm = {
	.name = "rm",
	.aliases = "container rm",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Remove containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.args_done = rm_args_done,
	.run = rm_run,
};
