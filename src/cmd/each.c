/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Errors of single containers are printed as they come; see each.h. */
#include "cmd/each.h"
#include "cmd/report.h"

struct walk {
	const struct command_call *call;
	const struct each *w;
	each_fn fn;
	void *ctx;
	int code;
};

static void failed(struct walk *k, const struct err *e)
{
	report_error(e);
	k->code = report_code(e);
}

static void visit(struct walk *k, struct container *c, bool named)
{
	struct err e = {0};
	int r = k->fn(k->call, c, k->ctx, &e);

	/* one of --all that somebody else has removed meanwhile is done with */
	if (r < 0 && !(r == -ENOENT && !named))
		failed(k, &e);
	else if (r > 0)
		k->code = r;
}

static void visit_name(struct walk *k, const char *name)
{
	_cleanup_(container_freep) struct container *c = NULL;
	struct err e = {0};
	int r = container_find(k->call->engine, name, &c, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r < 0)
		failed(k, &e);
	else
		visit(k, c, true);
}

static int visit_all(struct walk *k, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(k->call->engine, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (!k->w->running_only || l.items[i]->pid > 0)
			visit(k, l.items[i], false);
	return r;
}

static int visit_latest(struct walk *k, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_latest(k->call->engine, &c, e);

	if (r == 0)
		visit(k, c, true);
	return r;
}

static int check(const struct command_call *call, const struct each *w, struct err *e)
{
	bool operands = call->argc > 0 || (w->ids && w->ids->n > 0);

	if (operands + w->all + w->latest == 1 || (w->ids && operands))
		return 0;
	if (operands || w->all)
		return err_set(e, EINVAL, "ranby %s: give containers, --all or --latest, not several of these",
			       call->command->name);
	err_set(e, EINVAL, "ranby %s: no container given", call->command->name);
	err_hint(e, "name one, or use --all or --latest");
	return -EINVAL;
}

int each_container(const struct command_call *call, const struct each *w, each_fn fn, void *ctx, struct err *e)
{
	struct walk k = {.call = call, .w = w, .fn = fn, .ctx = ctx};
	int r = check(call, w, e);

	if (r < 0)
		return r;
	for (int i = 0; i < call->argc; i++)
		visit_name(&k, call->argv[i]);
	for (size_t i = 0; w->ids && i < w->ids->n; i++)
		visit_name(&k, w->ids->items[i]);
	if (w->all)
		r = visit_all(&k, e);
	else if (w->latest)
		r = visit_latest(&k, e);
	return r < 0 ? r : k.code;
}

int one_container(const struct command_call *call, bool latest, struct container **ret, struct err *e)
{
	if (latest)
		return container_latest(call->engine, ret, e);
	if (call->argc == 0) {
		err_set(e, EINVAL, "ranby %s: no container given", call->command->name);
		err_hint(e, "name one, or use --latest");
		return -EINVAL;
	}
	return container_find(call->engine, call->argv[0], ret, e);
}
