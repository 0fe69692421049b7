/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby rmi: one image that cannot be removed does not keep the others. As in
 * podman, the exit code is 1 when an image is not there, 2 when one is in use.
 */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "engine/attest.h"
#include "engine/container.h"
#include "engine/remove.h"

#include <stdio.h>
#include <string.h>

#define EXIT_NO_IMAGE 1

struct rmi_args {
	bool all, force, ignore, no_prune;
};

static const struct option_row rmi_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct rmi_args, all), .help = "Remove all images"},
	{'f', "force", OPT_FLAG, offsetof(struct rmi_args, force),
	 .help = "Remove all names of an id, and the containers that use the image; as --ignore, too"},
	{'i', "ignore", OPT_FLAG, offsetof(struct rmi_args, ignore), .help = "No error for an image that is not there"},
	{0, "no-prune", OPT_FLAG, offsetof(struct rmi_args, no_prune), .help = "Not the steps that led to it"},
	OPTION_END,
};

struct rmi {
	struct engine *engine;
	struct store *st;
	const struct rmi_args *a;
	struct strv uses;
	int code;
};

/* --force: ends and removes the containers of the image, when it goes. */
static int remove_users(struct rmi *m, const char *text, struct err *e)
{
	char id[DIGEST_HEX_SIZE];
	int r = store_remove_goes(m->st, text, id, e);

	if (r <= 0)
		return r;
	/* the containers of its RUNs stay, then, as the image does */
	r = store_check_builds(m->st, text, id, e);
	for (size_t i = 0; r == 0 && i < m->uses.n; i++) {
		_cleanup_(container_freep) struct container *c = NULL;
		const char *use = m->uses.items[i];
		size_t n = strlen(id);

		if (strncmp(use, id, n) != 0 || use[n] != '=')
			continue;
		r = container_load(m->engine, use + n + 1, &c, e);
		if (r == 0)
			r = remove_container(m->engine, c, &(struct remove_options){.force = true, .reason = "rmi"}, e);
		if (r == -ENOENT)
			r = 0;
	}
	if (r == 0) {
		strv_done(&m->uses);
		r = image_uses(m->engine, &m->uses, e);
	}
	return r;
}

static int remove_one(struct rmi *m, const char *text, struct err *e)
{
	_cleanup_(store_removed_done) struct store_removed removed = {.keep_steps = m->a->no_prune};
	int r = m->a->force && m->uses.n ? remove_users(m, text, e) : 0;

	if (r == 0)
		r = store_remove(m->st, text, m->a->force || m->a->all, &m->uses, &removed, e);
	for (size_t i = 0; i < removed.lines.n; i++)
		printf("%s\n", removed.lines.items[i]);
	return r;
}

/* Asked only where something was not there: it may have been something of the image. */
static bool is_known(struct rmi *m, const char *text)
{
	char id[DIGEST_HEX_SIZE];

	return store_remove_goes(m->st, text, id, NULL) != -ENOENT;
}

static int code_of(int r)
{
	return r == -ENOENT ? EXIT_NO_IMAGE : r == -EBUSY ? EXIT_IN_USE : EXIT_ENGINE;
}

static void try_one(struct rmi *m, const char *text)
{
	struct err e = {0};
	int r = attest_image(m->engine, AUDIT_VERB_RMI, text, NULL, remove_one(m, text, &e), &e);

	if (r == 0 || (r == -ENOENT && (m->a->ignore || m->a->all || m->a->force) && !is_known(m, text)))
		return;
	report_error(&e);
	m->code = code_of(r);
}

/* Those of images that can be read, and then those of others. */
static int add_damaged(struct rmi *m, struct strv *ids, struct err *e)
{
	_cleanup_(strv_done) struct strv all = {0};
	int r = store_own_ids(m->st, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (strv_find(ids, all.items[i]) < 0 && strv_add(ids, all.items[i]) < 0)
			r = err_errno(e, ENOMEM, "images");
	return r;
}

/* Each by its id, so that all of its names go; those in use are told and kept. */
static int remove_all(struct rmi *m, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0};
	_cleanup_(image_list_done) struct image_list l = {0};
	int r = store_list(m->st, &l, NULL, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (!l.items[i]->is_read_only && strv_add(&ids, l.items[i]->id) < 0)
			r = err_errno(e, ENOMEM, "images");
	if (r == 0)
		r = add_damaged(m, &ids, e);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		try_one(m, ids.items[i]);
	return r;
}

static int rmi_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	struct rmi m = {.engine = call->engine, .a = call->args};
	int r;

	/* --ignore without a name: what killed commands left, and nothing else */
	if (m.a->all == (call->argc > 0) && (m.a->all || !m.a->ignore))
		return err_set(e, EINVAL, m.a->all ? "rmi: --all and names exclude each other" : "rmi: which image?");
	r = image_store_open(call, &st, e);
	m.st = st;
	if (r == 0)
		r = image_uses(call->engine, &m.uses, e);
	if (r == 0 && m.a->all)
		r = remove_all(&m, e);
	for (int i = 0; r == 0 && i < call->argc; i++)
		try_one(&m, call->argv[i]);
	strv_done(&m.uses);
	/* also what a command that was killed has left */
	if (r == 0)
		r = store_sweep(st, e);
	return r < 0 ? r : m.code;
}

const struct command command_rmi = {
	.name = "rmi",
	.aliases = "image rm|image remove",
	.operands = "[OPTIONS] [IMAGE...]",
	.summary = "Remove images, or names of them",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = rmi_rows,
	.args_size = sizeof(struct rmi_args),
	.run = rmi_run,
};
