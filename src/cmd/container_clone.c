/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby container clone: another container with the options of one that is
 * there, and limits, a name or an image of its own. It is made as `create`
 * makes one, from the same options and the words of the other's command line.
 */
#include "cmd/commands.h"
#include "cmd/container_options.h"
#include "cmd/option_rows.h"
#include "cmd/make.h"
#include "engine/limits.h"
#include "engine/remove.h"
#include "engine/start.h"
#include "image/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_TRIES 1000
#define NAME_SIZE 160

struct clone_args {
	struct container_options change;
	const char *name;
	bool destroy, force, run;
};

#define O(member) offsetof(struct clone_args, change.member)

static const struct option_row clone_rows[] = {
	{0, "destroy", OPT_FLAG, offsetof(struct clone_args, destroy), .help = "Remove the other container afterwards"},
	{'f', "force", OPT_FLAG, offsetof(struct clone_args, force), .help = "With --destroy: also when it runs"},
	{0, "name", OPT_STRING, offsetof(struct clone_args, name), .arg = "NAME", .help = "Its name (the other's and \"-clone\")"},
	{0, "run", OPT_FLAG, offsetof(struct clone_args, run), .help = "Start it, in the background"},
	LIMIT_ROWS(O),
	OPTION_END,
};

static void clone_args_done(void *args)
{
	container_options_done(&((struct clone_args *)args)->change);
}

/* How long `name` is without a "-clone" and number of ours. */
static int base_len(const char *name)
{
	size_t len = strlen(name), n = len;

	while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	return (int)(n > 6 && strncmp(name + n - 6, "-clone", 6) == 0 ? n - 6 : len);
}

/* NAME-clone, or NAME-clone1 and so on. */
static int free_name(struct engine *eng, const char *of, char out[static NAME_SIZE], struct err *e)
{
	char holder[CONTAINER_ID_LEN + 1];
	int len = base_len(of);

	for (int i = 0; i < NAME_TRIES; i++) {
		int n = i ? snprintf(out, NAME_SIZE, "%.*s-clone%d", len, of, i) : snprintf(out, NAME_SIZE, "%.*s-clone", len, of);

		if (n >= NAME_SIZE || container_name_holder(eng, out, holder) == -ENOENT)
			return 0;
	}
	return err_set(e, EEXIST, "%s-clone: all such names are in use; give one with --name", of);
}

/* What was of that container alone is left out. */
static void forget(struct container_options *o)
{
	o->name = NULL;
	o->cidfile = NULL;
	o->pidfile = NULL;
	o->monitor_pidfile = NULL;
	o->record = NULL;
	o->record_input = false;
	o->replace = false;
}

/* By its name, while that is still of the same image. */
static const char *image_of(struct engine *eng, const struct container *c)
{
	const char *name = json_str(c->spec, "image.name"), *id = json_str(c->spec, "image.id");
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;

	if (!*id)
		return json_str(c->spec, "image.rootfs");
	if (store_open(eng->data_fd, &st, NULL) < 0 || store_resolve(st, name, &img, NULL) < 0 || strcmp(img->id, id) != 0)
		return id;
	return name;
}

/* The image and the command's words. */
static int make_words(const struct command_call *call, const struct container *c, struct strv *ret)
{
	if (strv_add(ret, call->argc > 2 ? call->argv[2] : image_of(call->engine, c)) < 0)
		return -ENOMEM;
	return json_get_strv(c->spec, "config.command", ret, NULL);
}

static int start_clone(const struct command_call *call, struct made *m, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	const struct start_request q = {.eng = call->engine, .c = m->c, .keeper = &m->keeper, .origin = &m->origin, .fresh = true};
	int r = start_prepare(&q, &s, e);

	return r == 0 ? start_release(&s, e) : r;
}

static int make_clone(const struct command_call *call, struct container_options *o, struct strv *words, struct made *m, struct err *e)
{
	struct command_call create = *call;

	/* a line on which no option was given */
	create.command = &command_create;
	create.args = o;
	create.argc = (int)words->n;
	create.argv = words->items;
	create.full_argc = 1;
	return make_container(&create, m, e);
}

static int clone_container(const struct command_call *call, struct container *c, struct err *e)
{
	const struct clone_args *a = call->args;
	_cleanup_(container_options_done) struct container_options o = {0};
	_cleanup_(made_done) struct made m = MADE_INIT;
	_cleanup_(strv_done) struct strv words = {0};
	char name[NAME_SIZE];
	int r = container_options_from_json(json_at(c->spec, "options"), &o, e);

	if (r == 0 && (limits_change(&o, &a->change) < 0 || make_words(call, c, &words) < 0))
		r = err_errno(e, ENOMEM, "clone");
	if (r < 0)
		return r;
	forget(&o);
	if (call->argc > 2)
		o.rootfs = NULL;
	o.name = call->argc > 1 ? call->argv[1] : a->name;
	if (!o.name) {
		r = free_name(call->engine, c->name, name, e);
		o.name = name;
	}
	if (r == 0)
		r = make_clone(call, &o, &words, &m, e);
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
