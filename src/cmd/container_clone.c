/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby container clone: another container with the options of one that is
 * there, and limits, a name, an image or a pod of its own.
 */
#include "cmd/clone.h"
#include "cmd/commands.h"
#include "cmd/option_rows.h"
#include "engine/remove.h"
#include "engine/start.h"

#include <errno.h>
#include <stdio.h>

struct clone_args {
	struct container_options change;
	const char *name, *pod;
	bool destroy, force, run;
};

#define O(member) offsetof(struct clone_args, change.member)

static const struct option_row clone_rows[] = {
	{0, "destroy", OPT_FLAG, offsetof(struct clone_args, destroy), .help = "Remove the other container afterwards"},
	{'f', "force", OPT_FLAG, offsetof(struct clone_args, force), .help = "With --destroy: also when it runs"},
	{0, "name", OPT_STRING, offsetof(struct clone_args, name), .arg = "NAME", .help = "Its name (the other's and \"-clone\")"},
	{0, "pod", OPT_STRING, offsetof(struct clone_args, pod), .arg = "POD", .choices = "POD", .help = "Put it into another pod (the other's, if it is in one)"},
	{0, "run", OPT_FLAG, offsetof(struct clone_args, run), .help = "Start it, in the background"},
	LIMIT_ROWS(O),
	LIMIT_REFUSED_ROWS,
	OPTION_REFUSED(0, "pod", "make the clone with ranby run --pod"),
	OPTION_END,
};

static void clone_args_done(void *args)
{
	container_options_done(&((struct clone_args *)args)->change);
}

static int start_clone(const struct command_call *call, struct made *m, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	const struct start_request q = {.eng = call->engine, .c = m->c, .keeper = &m->keeper, .origin = &m->origin, .fresh = true};
	int r = start_prepare(&q, &s, e);

	return r == 0 ? start_release(&s, e) : r;
}

static int clone_container(const struct command_call *call, struct container *c, struct err *e)
{
	const struct clone_args *a = call->args;
	const struct clone_wanted w = {.name = call->argc > 1 ? call->argv[1] : a->name, .image = call->argc > 2 ? call->argv[2] : NULL,
				       .pod = a->pod, .change = &a->change};
	_cleanup_(made_done) struct made m = MADE_INIT;
	int r = clone_make(call, c, &w, &m, e);

	if (r == 0 && a->destroy)
		r = remove_container(call->engine, c, &(struct remove_options){.force = a->force, .volumes = false, .reason = "clone"}, e);
	if (r == 0 && a->run)
		r = start_clone(call, &m, e);
	if (r == 0)
		puts(m.c->id);
	return r;
}

static int clone_run(const struct command_call *call, struct err *e)
{
	const struct clone_args *a = call->args;
	_cleanup_(container_freep) struct container *c = NULL;
	int r;

	if (a->force && !a->destroy)
		return err_set(e, EINVAL, "cannot set --force without --destroy");
	if (a->name && call->argc > 1)
		return err_set(e, EINVAL, "ranby container clone: its name is given twice");
	r = container_find(call->engine, call->argv[0], &c, e);
	if (r == 0 && a->destroy && !a->force && c->pid > 0)
		r = err_set(e, EBUSY, "container %s is running: --destroy needs --force", c->name);
	return r < 0 ? r : clone_container(call, c, e);
}

const struct command command_container_clone = {
	.name = "container clone",
	.operands = "[OPTIONS] CONTAINER [NAME [IMAGE]]",
	.summary = "Make another container like one that is there",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 3,
	.rows = clone_rows,
	.args_size = sizeof(struct clone_args),
	.args_done = clone_args_done,
	.run = clone_run,
};
