/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Errors of single pods, and of single members, are printed as they come; see each_pod.h. */
#include "cmd/each_pod.h"
#include "cmd/each.h"
#include "cmd/report.h"

#include <errno.h>
#include <stdio.h>

struct walk {
	const struct command_call *call;
	const struct each_pod *w;
	each_pod_fn fn;
	void *ctx;
	int code;
};

static void failed(struct walk *k, const struct err *e)
{
	report_error(e);
	k->code = report_code(e);
}

static void visit(struct walk *k, struct pod *p, bool named)
{
	struct err e = {0};
	int r = k->fn(k->call, p, k->ctx, &e);

	if (r == 0)
		puts(p->id);
	/* one of --all that somebody else has removed meanwhile is done with */
	else if (r < 0 && !(r == -ENOENT && !named))
		failed(k, &e);
}

static void visit_name(struct walk *k, const char *name)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	struct err e = {0};
	int r = pod_find(k->call->engine, name, &p, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r == -ENOENT && k->w->missing_exit)
		err_exit(&e, k->w->missing_exit);
	if (r < 0)
		failed(k, &e);
	else
		visit(k, p, true);
}

static void visit_file(struct walk *k, const char *path)
{
	char id[CONTAINER_ID_LEN + 1];
	struct err e = {0};
	int r = read_id_file(path, "reading pod ID file:", id, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r < 0)
		failed(k, &e);
	else
		visit_name(k, id);
}

static int visit_all(struct walk *k, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = pod_list(k->call->engine, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		visit(k, l.items[i], false);
	return r;
}

int one_pod(const struct command_call *call, bool latest, struct pod **ret, struct err *e)
{
	if (latest)
		return pod_latest(call->engine, ret, e);
	if (call->argc == 0)
		return err_set(e, EINVAL, "you must provide the name or id of a pod, or --latest");
	return pod_find(call->engine, call->argv[0], ret, e);
}

int each_pod(const struct command_call *call, const struct each_pod *w, each_pod_fn fn, void *ctx, struct err *e)
{
	struct walk k = {.call = call, .w = w, .fn = fn, .ctx = ctx};
	bool named = call->argc > 0 || (w->files && w->files->n > 0);
	int r = 0;

	if (named + w->all + w->latest == 0)
		return err_set(e, EINVAL, "you must provide at least one name or id");
	if (named + w->all + w->latest > 1)
		return err_set(e, EINVAL, "ranby %s: give pods, --all or --latest, not several of these", call->command->name);
	for (int i = 0; i < call->argc; i++)
		visit_name(&k, call->argv[i]);
	for (size_t i = 0; w->files && i < w->files->n; i++)
		visit_file(&k, w->files->items[i]);
	if (w->all) {
		r = visit_all(&k, e);
	} else if (w->latest) {
		_cleanup_(pod_freep) struct pod *p = NULL;

		r = pod_latest(call->engine, &p, e);
		if (r == 0)
			visit(&k, p, true);
	}
	return r < 0 ? r : k.code;
}

static int visit_member(const struct command_call *call, struct container *c, member_fn fn, void *ctx, int first, struct err *e)
{
	struct err own = {0};
	int r = fn(call, c, ctx, &own);

	if (r < 0 && first == 0)
		*e = own;
	else if (r < 0)
		report_error(&own);
	return first < 0 ? first : r;
}

int each_member(const struct command_call *call, struct pod *p, member_fn fn, void *ctx, struct err *e)
{
	int r = 0;

	for (size_t i = p->members.n; i-- > 0;)
		if (p->members.items[i] != p->infra)
			r = visit_member(call, p->members.items[i], fn, ctx, r, e);
	return p->infra ? visit_member(call, p->infra, fn, ctx, r, e) : r;
}
