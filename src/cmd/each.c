/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Errors of single containers and pods are printed as they come; see each.h.
 *
 * Both are walked alike, and what differs is in struct kind. Those that are
 * done to at once are held open until the last of them has begun, so there is
 * a limit to how many these are.
 */
#include "cmd/each.h"
#include "cmd/report.h"
#include "base/clock.h"
#include "engine/restart.h"
#include "view/ps.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define ID_FILE_MAX 4096
#define AT_ONCE_MAX 200 /* containers; each is up to three descriptors */

struct walk;

struct kind {
	int (*find)(struct engine *eng, const char *name, void **ret, struct err *e);
	int (*latest)(struct engine *eng, void **ret, struct err *e);
	int (*visit_all)(struct walk *k, struct err *e);
	int (*call)(const struct walk *k, void *it, struct err *e);
	const char *(*id)(const void *it);
	bool prints; /* always; else as struct each has it */
	void *(*free)(void *it);
	size_t (*weight)(const void *it); /* how many containers are held open by it */
	const char *id_file; /* begins the error of one */
};

/* One that has begun. */
struct begun {
	void *it, *state;  /* state: NULL when it was ended */
	const char *given; /* NULL: by --all or --filter; "": by another option */
	int r;
	struct err e;
};

struct walk {
	const struct command_call *call;
	const struct each *w;
	const struct kind *kind;
	union {
		each_fn container;
		each_pod_fn pod;
	} fn;
	const struct each_at_once *at_once; /* NULL: fn */
	void *ctx;
	struct begun *begun;
	size_t n_begun, weight;
	int code;
};

static void failed(struct walk *k, const struct err *e)
{
	report_error(e);
	k->code = report_code(e);
}

/* Somebody else has removed it since it was found. */
static bool has_gone(const struct walk *k, const void *it)
{
	void *again = NULL;
	int r = k->kind->find(k->call->engine, k->kind->id(it), &again, NULL);

	if (r == 0)
		k->kind->free(again);
	return r == -ENOENT;
}

static void account(struct walk *k, const void *it, const char *given, int r, struct err *e)
{
	bool prints = k->kind->prints || k->w->prints;

	/* one of --all that has gone is done with */
	if (r == EACH_SILENT || (r == -ENOENT && !given))
		return;
	if (r == -ENOENT && (k->w->ignore || k->w->missing_exit) && has_gone(k, it)) {
		if (k->w->ignore)
			return;
		err_exit(e, k->w->missing_exit);
	}
	if (r < 0)
		failed(k, e);
	else if (r > 0)
		k->code = r;
	else if (prints)
		puts(given && *given && !k->kind->prints ? given : k->kind->id(it));
}

/* ---- those that are done to at once ---- */

/* 1: its end would not wait, or it is the first of those that are left, whose turn it is. Else 0, with what is to be polled and until when. */
static int look_at(const struct walk *k, size_t i, bool is_first, struct pollfd *ret, int64_t *until)
{
	const struct begun *b = &k->begun[i];
	int64_t deadline = -1;
	int fd = b->r < 0 ? -EBADF : k->at_once->ready(b->state, &deadline);

	if (fd == -EAGAIN)
		return is_first;
	if (fd < 0 || (deadline >= 0 && deadline <= clock_monotonic_ms()))
		return 1;
	ret->fd = fd;
	if (deadline >= 0 && (*until < 0 || deadline < *until))
		*until = deadline;
	return 0;
}

/* Waits until one of those from `first` on can be ended. */
static size_t await_one(const struct walk *k, size_t first, struct pollfd *fds)
{
	for (;;) {
		int64_t until = -1, left;

		for (size_t i = first; i < k->n_begun; i++) {
			fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
			if (k->begun[i].state && look_at(k, i, i == first, &fds[i], &until))
				return i;
		}
		left = until < 0 ? -1 : until - clock_monotonic_ms();
		if (until >= 0 && left < 0)
			left = 0;
		if (poll(fds + first, k->n_begun - first, left > INT_MAX ? INT_MAX : (int)left) <= 0)
			continue;
		for (size_t i = first; i < k->n_begun; i++)
			if (fds[i].revents)
				return i;
	}
}

static size_t next_to_end(const struct walk *k, size_t first)
{
	_cleanup_free_ struct pollfd *fds = k->at_once->ready ? mem_array(k->n_begun, sizeof(*fds)) : NULL;

	return fds ? await_one(k, first, fds) : first;
}

static void end_all(struct walk *k)
{
	/* those before `told` were ended, and are accounted for in their order */
	for (size_t told = 0; told < k->n_begun;) {
		struct begun *b = &k->begun[next_to_end(k, told)];

		b->r = k->at_once->end(k->call, b->it, k->ctx, b->state, b->r, &b->e);
		free(TAKE_PTR(b->state));
		for (; told < k->n_begun && !k->begun[told].state; told++) {
			b = &k->begun[told];
			account(k, b->it, b->given, b->r, &b->e);
			k->kind->free(b->it);
		}
	}
	k->n_begun = k->weight = 0;
}

static void begin(struct walk *k, void *it_consume, const char *given)
{
	struct begun *more = mem_regrow(k->begun, k->n_begun + 1, sizeof(*more)), *b;
	void *state = calloc(1, k->at_once->state_size + 1);
	struct err e = {0};

	if (more)
		k->begun = more;
	if (!more || !state) {
		free(state);
		err_errno(&e, ENOMEM, "ranby %s", k->call->command->name);
		failed(k, &e);
		k->kind->free(it_consume);
		return;
	}
	b = &more[k->n_begun++];
	*b = (struct begun){.it = it_consume, .state = state, .given = given};
	b->r = k->at_once->begin(k->call, b->it, k->ctx, b->state, &b->e);
	k->weight += k->kind->weight(b->it);
	if (k->weight >= AT_ONCE_MAX)
		end_all(k);
}

static bool has_begun(const struct walk *k, const void *it)
{
	for (size_t i = 0; i < k->n_begun; i++)
		if (strcmp(k->kind->id(k->begun[i].it), k->kind->id(it)) == 0)
			return true;
	return false;
}

static void visit(struct walk *k, void *it_consume, const char *given)
{
	bool alone = k->at_once && k->at_once->alone && k->at_once->alone(it_consume);
	struct err e = {0};

	if (alone)
		end_all(k);
	if (k->at_once && k->at_once->ends_it && has_begun(k, it_consume)) {
		k->kind->free(it_consume);
		return;
	}
	if (k->at_once) {
		begin(k, it_consume, given);
		if (alone)
			end_all(k);
		return;
	}
	account(k, it_consume, given, k->kind->call(k, it_consume, &e), &e);
	k->kind->free(it_consume);
}

/* ---- which ones ---- */

static void visit_name(struct walk *k, const char *name, const char *given)
{
	struct err e = {0};
	void *it = NULL;
	int r = k->kind->find(k->call->engine, name, &it, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r == -ENOENT && k->w->missing_exit)
		err_exit(&e, k->w->missing_exit);
	if (r < 0)
		failed(k, &e);
	else
		visit(k, it, given);
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
	int r = read_id_file(path, k->kind->id_file, id, &e);

	if (r == -ENOENT && k->w->ignore)
		return;
	if (r < 0)
		failed(k, &e);
	else
		visit_name(k, id, "");
}

static int visit_latest(struct walk *k, struct err *e)
{
	void *it = NULL;
	int r = k->kind->latest(k->call->engine, &it, e);

	if (r == -ENOENT && k->w->missing_exit)
		err_exit(e, k->w->missing_exit);
	if (r == 0)
		visit(k, it, "");
	return r;
}

static int walk(struct walk *k, struct err *e)
{
	int r = 0;

	for (int i = 0; i < k->call->argc; i++)
		visit_name(k, k->call->argv[i], k->call->argv[i]);
	for (size_t i = 0; k->w->files && i < k->w->files->n; i++)
		visit_file(k, k->w->files->items[i]);
	if (k->w->all || (k->w->filter && k->w->filter->n > 0))
		r = k->kind->visit_all(k, e);
	else if (k->w->latest)
		r = visit_latest(k, e);
	end_all(k);
	free(TAKE_PTR(k->begun));
	return r < 0 ? r : k->code;
}

/* ---- containers ---- */

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
static int visit_containers(struct walk *k, struct err *e)
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
			visit(k, TAKE_PTR(*c), NULL);
	}
	return r;
}

static int find_container(struct engine *eng, const char *name, void **ret, struct err *e)
{
	struct container *c = NULL;
	int r = container_find(eng, name, &c, e);

	*ret = c;
	return r;
}

static int latest_container(struct engine *eng, void **ret, struct err *e)
{
	struct container *c = NULL;
	int r = container_latest(eng, &c, e);

	*ret = c;
	return r;
}

static int call_container(const struct walk *k, void *it, struct err *e)
{
	return k->fn.container(k->call, it, k->ctx, e);
}

static const char *id_of_container(const void *it)
{
	return ((const struct container *)it)->id;
}

static void *free_container(void *it)
{
	return container_free(it);
}

static size_t weight_one(const void *it)
{
	(void)it;
	return 1;
}

static const struct kind containers = {
	.find = find_container,
	.latest = latest_container,
	.visit_all = visit_containers,
	.call = call_container,
	.id = id_of_container,
	.free = free_container,
	.weight = weight_one,
	.id_file = "--cidfile",
};

static int check(const struct command_call *call, const struct each *w, struct err *e)
{
	bool operands = call->argc > 0 || (w->files && w->files->n > 0);
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
	struct walk k = {.call = call, .w = w, .kind = &containers, .fn.container = fn, .ctx = ctx};
	int r = check(call, w, e);

	return r < 0 ? r : walk(&k, e);
}

int each_container_at_once(const struct command_call *call, const struct each *w, const struct each_at_once *fn, void *ctx, struct err *e)
{
	struct walk k = {.call = call, .w = w, .kind = &containers, .at_once = fn, .ctx = ctx};
	int r = check(call, w, e);

	return r < 0 ? r : walk(&k, e);
}

int one_container(const struct command_call *call, bool latest, struct container **ret, struct err *e)
{
	/* where it is the only operand */
	if (latest && call->argc > 0 && call->command->max_operands == 1)
		return err_set(e, EINVAL, "ranby %s: give a container or --latest, not both", call->command->name);
	if (latest)
		return container_latest(call->engine, ret, e);
	if (call->argc == 0) {
		err_set(e, EINVAL, "ranby %s: no container given", call->command->name);
		err_hint(e, "name one, or use --latest");
		return -EINVAL;
	}
	return container_find(call->engine, call->argv[0], ret, e);
}

/* ---- pods ---- */

static int visit_pods(struct walk *k, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = pod_list(k->call->engine, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		visit(k, TAKE_PTR(l.items[i]), NULL);
	return r;
}

static int find_pod(struct engine *eng, const char *name, void **ret, struct err *e)
{
	struct pod *p = NULL;
	int r = pod_find(eng, name, &p, e);

	*ret = p;
	return r;
}

static int latest_pod(struct engine *eng, void **ret, struct err *e)
{
	struct pod *p = NULL;
	int r = pod_latest(eng, &p, e);

	*ret = p;
	return r;
}

static int call_pod(const struct walk *k, void *it, struct err *e)
{
	return k->fn.pod(k->call, it, k->ctx, e);
}

static const char *id_of_pod(const void *it)
{
	return ((const struct pod *)it)->id;
}

static void *free_pod(void *it)
{
	return pod_free(it);
}

static size_t weight_pod(const void *it)
{
	const struct pod *p = it;

	return p->members.n + 1;
}

static const struct kind pods = {
	.find = find_pod,
	.latest = latest_pod,
	.visit_all = visit_pods,
	.call = call_pod,
	.id = id_of_pod,
	.prints = true,
	.free = free_pod,
	.weight = weight_pod,
	.id_file = "reading pod ID file:",
};

static int check_pods(const struct command_call *call, const struct each *w, struct err *e)
{
	bool named = call->argc > 0 || (w->files && w->files->n > 0);

	if (named + w->all + w->latest == 0)
		return err_set(e, EINVAL, "you must provide at least one name or id");
	if (named + w->all + w->latest > 1)
		return err_set(e, EINVAL, "ranby %s: give pods, --all or --latest, not several of these", call->command->name);
	return 0;
}

int each_pod(const struct command_call *call, const struct each *w, each_pod_fn fn, void *ctx, struct err *e)
{
	struct walk k = {.call = call, .w = w, .kind = &pods, .fn.pod = fn, .ctx = ctx};
	int r = check_pods(call, w, e);

	return r < 0 ? r : walk(&k, e);
}

int each_pod_at_once(const struct command_call *call, const struct each *w, const struct each_at_once *fn, void *ctx, struct err *e)
{
	struct walk k = {.call = call, .w = w, .kind = &pods, .at_once = fn, .ctx = ctx};
	int r = check_pods(call, w, e);

	return r < 0 ? r : walk(&k, e);
}

int one_pod(const struct command_call *call, bool latest, struct pod **ret, struct err *e)
{
	if (latest && call->argc > 0 && call->command->max_operands == 1)
		return err_set(e, EINVAL, "ranby %s: give a pod or --latest, not both", call->command->name);
	if (latest)
		return pod_latest(call->engine, ret, e);
	if (call->argc == 0)
		return err_set(e, EINVAL, "you must provide the name or id of a pod, or --latest");
	return pod_find(call->engine, call->argv[0], ret, e);
}

static int visit_member(const struct command_call *call, struct container *c, each_fn fn, void *ctx, int first, struct err *e)
{
	struct err own = {0};
	int r = fn(call, c, ctx, &own);

	if (r < 0 && first == 0)
		*e = own;
	else if (r < 0)
		report_error(&own);
	return first < 0 ? first : r;
}

int each_member(const struct command_call *call, struct pod *p, each_fn fn, void *ctx, struct err *e)
{
	int r = 0;

	for (size_t i = p->members.n; i-- > 0;)
		if (p->members.items[i] != p->infra)
			r = visit_member(call, p->members.items[i], fn, ctx, r, e);
	return p->infra ? visit_member(call, p->infra, fn, ctx, r, e) : r;
}
