/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Errors of single containers are printed as they come; see each.h. */
#include "cmd/each.h"
#include "cmd/report.h"
#include "engine/restart.h"
#include "view/ps.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ID_FILE_MAX 4096

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
	if (r == -ENOENT && k->w->missing_exit)
		err_exit(&e, k->w->missing_exit);
	if (r < 0)
		failed(k, &e);
	else
		visit(k, c, true);
}

/* Those that are not meant are freed, when all have been looked at: before= and since= are about others. */
static int choose(const struct walk *k, const struct ps_filter *f, struct container_list *l, struct err *e)
{
	_cleanup_free_ bool *keep = mem_array(l->n + 1, sizeof(bool));

	if (!keep)
		return err_errno(e, ENOMEM, "--filter");
	for (size_t i = 0; i < l->n; i++)
		keep[i] = (!k->w->running_only || container_runs(l->items[i]) || restart_is_pending(l->items[i])) &&
			  ps_filter_match(f, l->items[i], l);
	for (size_t i = 0; i < l->n; i++)
		if (!keep[i])
			l->items[i] = container_free(l->items[i]);
	return 0;
}

/* --all, or those of --filter. */
static int visit_all(struct walk *k, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	_cleanup_(ps_filter_done) struct ps_filter f = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && k->w->filter && i < k->w->filter->n; i++)
		r = ps_filter_add(&f, k->w->filter->items[i], e);
	if (r == 0)
		r = container_list(k->call->engine, &l, e);
	if (r == 0)
		r = ps_filter_check(&f, &l, e);
	if (r == 0)
		r = choose(k, &f, &l, e);
	/* what one of them holds open is let go before the next: there may be more than descriptors */
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct container **c = &l.items[k->w->newest_first ? l.n - 1 - i : i];

		if (*c)
			visit(k, *c, false);
		*c = container_free(*c);
	}
	return r;
}

int read_id_file(const char *path, const char *what, char ret_id[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : fd_read_all(fd, ID_FILE_MAX, &text);
	size_t len = r < 0 ? 0 : strcspn(buf_str(&text), "\n");

	if (r < 0)
		return err_errno(e, -r, "%s %s", what, path);
	if (len == 0 || len > CONTAINER_ID_LEN)
		return err_set(e, EINVAL, "%s %s: no ID in it", what, path);
	memcpy(ret_id, text.data, len);
	ret_id[len] = '\0';
	return 0;
}

static void visit_file(struct walk *k, const char *path)
{
	char id[CONTAINER_ID_LEN + 1];
	struct err e = {0};
	int r = read_id_file(path, "--cidfile", id, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r < 0)
		failed(k, &e);
	else
		visit_name(k, id);
}

static int visit_latest(struct walk *k, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_latest(k->call->engine, &c, e);

	if (r == -ENOENT && k->w->missing_exit)
		err_exit(e, k->w->missing_exit);
	if (r == 0)
		visit(k, c, true);
	return r;
}

static int check(const struct command_call *call, const struct each *w, struct err *e)
{
	bool operands = call->argc > 0 || (w->cidfiles && w->cidfiles->n > 0);
	bool filtered = w->filter && w->filter->n > 0;

	/* it says itself which of all */
	if (filtered && !operands && !w->latest)
		return 0;

	if (operands + w->all + w->latest == 1)
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
	for (size_t i = 0; w->cidfiles && i < w->cidfiles->n; i++)
		visit_file(&k, w->cidfiles->items[i]);
	if (w->all || (w->filter && w->filter->n > 0))
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
