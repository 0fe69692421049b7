/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A pod is started and stopped by what is done to its members (act.h), each
 * with a record of its own: the pod itself is nothing that runs.
 *
 * The infra container is up before the first member, which enters its
 * namespaces, and goes after the last. Members among themselves have no order
 * when they end: all are signalled, and only then the first is waited for.
 */
#include "engine/pod.h"

#include "engine/act.h"
#include "engine/restart.h"

#include <errno.h>
#include <string.h>

struct pod_ending {
	struct stopping s;
	struct err e;
	int r;
};

/* The first failure is the caller's, the others are told. */
static int note(int r, const struct err *own, int first, pod_failed_fn failed, struct err *e)
{
	if (r < 0 && first == 0 && e)
		*e = *own;
	else if (r < 0 && first < 0 && failed)
		failed(own);
	return first < 0 ? first : r;
}

int pod_stop_begin(struct engine *eng, struct pod *p, int timeout_ms, const char *reason, struct pod_stopping *ret, struct err *e)
{
	size_t n = p->members.n;
	struct pod_ending *all = calloc(n + 1, sizeof(*all));

	if (!all)
		return err_errno(e, ENOMEM, "pod %s", p->name);
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct pod_ending){.s = STOPPING_INIT};
		if (p->members.items[i] != p->infra)
			all[i].r = act_stop_begin(eng, p->members.items[i], timeout_ms, reason, &all[i].s, &all[i].e);
	}
	*ret = (struct pod_stopping){.timeout_ms = timeout_ms, .reason = reason, .all = all};
	return 0;
}

int pod_stop_end(struct engine *eng, struct pod *p, struct pod_stopping *s, pod_failed_fn failed, struct err *e)
{
	_cleanup_free_ struct pod_ending *all = TAKE_PTR(s->all);
	int r = 0;

	for (size_t i = 0; i < p->members.n; i++) {
		if (p->members.items[i] != p->infra) {
			int own = act_stop_end(eng, p->members.items[i], s->reason, &all[i].s, all[i].r, &all[i].e);

			r = note(own, &all[i].e, r, failed, e);
		}
		stopping_done(&all[i].s);
	}
	if (p->infra) {
		struct err own = {0};
		int k = act_stop(eng, p->infra, s->timeout_ms, s->reason, &own);

		r = note(k, &own, r, failed, e);
	}
	return r;
}

int pod_stop(struct engine *eng, struct pod *p, int timeout_ms, const char *reason, pod_failed_fn failed, struct err *e)
{
	struct pod_stopping s = {.all = NULL};
	int r = pod_stop_begin(eng, p, timeout_ms, reason, &s, e);

	return r == 0 ? pod_stop_end(eng, p, &s, failed, e) : r;
}

/* The signal for all, the infra container last; then for whose end that is to be waited for. */
int pod_kill_begin(struct engine *eng, struct pod *p, int sig, struct pod_killing *ret, struct err *e)
{
	size_t n = p->members.n;
	struct pod_ending *all = calloc(n + 1, sizeof(*all));

	if (!all)
		return err_errno(e, ENOMEM, "pod %s", p->name);
	for (size_t i = 0; i <= n; i++) {
		struct container *c = i < n ? p->members.items[i] : p->infra;

		all[i] = (struct pod_ending){.r = -ESRCH};
		if (c && container_runs(c) && (i == n || c != p->infra))
			all[i].r = act_kill_begin(eng, c, sig, &all[i].e);
	}
	*ret = (struct pod_killing){.sig = sig, .all = all};
	return 0;
}

int pod_kill_end(struct engine *eng, struct pod *p, struct pod_killing *s, pod_failed_fn failed, struct err *e)
{
	_cleanup_free_ struct pod_ending *all = TAKE_PTR(s->all);
	size_t n = p->members.n;
	int r = 0;

	for (size_t i = 0; i <= n; i++) {
		int own = all[i].r;

		/* it did not run, or has ended by itself meanwhile, or with the infra container */
		if (own != -ESRCH)
			own = act_kill_end(eng, i < n ? p->members.items[i] : p->infra, s->sig, own, &all[i].e);
		if (own != -ESRCH)
			r = note(own, &all[i].e, r, failed, e);
	}
	return r;
}

static int start_member(struct engine *eng, struct container *c, struct act_starter *by, struct err *e)
{
	int r = container_runs(c) ? 0 : act_start(eng, c, by, e);

	if (r == -EALREADY) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? err_wrap(e, r, "starting container %s", c->name) : 0;
}

int pod_start(struct engine *eng, struct pod *p, struct act_starter *by, pod_failed_fn failed, struct err *e)
{
	int r = p->infra ? start_member(eng, p->infra, by, e) : 0;

	for (size_t i = 0; i < p->members.n; i++) {
		struct err own = {0};

		if (p->members.items[i] != p->infra)
			r = note(start_member(eng, p->members.items[i], by, &own), &own, r, failed, e);
	}
	return r;
}

/* The last one that did something has ended. */
static bool is_idle(const struct pod *p)
{
	for (size_t i = 0; i < p->members.n; i++)
		if (p->members.items[i] != p->infra && (p->members.items[i]->pid > 0 || restart_is_pending(p->members.items[i])))
			return false;
	return p->infra && p->infra->pid > 0;
}

void pod_member_ended(struct engine *eng, const struct container *c)
{
	_cleanup_(pod_freep) struct pod *p = NULL;

	if (!*pod_id_of(c) || pod_is_infra(c) || pod_find(eng, pod_id_of(c), &p, NULL) < 0 ||
	    strcmp(json_str(p->spec, "exitPolicy"), "stop") != 0 || !is_idle(p))
		return;
	(void)!act_stop(eng, p->infra, STOP_TIMEOUT_OWN, "exit-policy", NULL);
}
