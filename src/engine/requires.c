/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who needs a container is found by looking at all of them when it is removed
 * by hand, and no other command pays for it. One that somebody once needed has a
 * mark, so that thousands which nobody does go without that look. One that goes
 * by itself (--rm) goes.
 */
#include "engine/requires.h"

#include "sys/path.h"

#define MARK "needed"

#define DEPTH_MAX 64 /* of a container.json that somebody wrote */

int requires_resolve(struct engine *eng, const struct strv *names, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_(container_freep) struct container *c = NULL;
		int r = container_find(eng, names->items[i], &c, e);

		if (r < 0)
			return err_wrap(e, r, "--requires %s", names->items[i]);
		if (strv_find(ret, c->id) < 0 && strv_add(ret, c->id) < 0)
			return err_errno(e, ENOMEM, "--requires");
		r = path_own_write(container_dir(c), MARK, "", 0, 0600, PATH_SYNC_FULL);
		if (r < 0)
			return err_errno(e, -r, "--requires %s", names->items[i]);
	}
	return 0;
}

static int start_all(const struct start_request *q, const struct container *c, int depth, struct err *e);

static int start_needed(const struct start_request *q, const char *id, int depth, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(start_done) struct start s = START_INIT;
	struct start_request own = {.eng = q->eng, .keeper = q->keeper, .origin = q->origin, .require_audit = q->require_audit, .needs_nothing = true};
	int r = container_load(q->eng, id, &c, e);

	if (r < 0 || container_runs(c))
		return r;
	r = start_all(q, c, depth + 1, e);
	own.c = c;
	if (r == 0)
		r = start_prepare(&own, &s, e);
	if (r == -EALREADY)
		return 0;
	return r == 0 ? start_release(&s, e) : r;
}

static int start_all(const struct start_request *q, const struct container *c, int depth, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0};
	int r = json_get_strv(c->spec, "requires", &ids, e);

	if (r == 0 && ids.n > 0 && depth > DEPTH_MAX)
		return err_set(e, ELOOP, "container %s: too many need each other", c->name);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		r = start_needed(q, ids.items[i], depth, e);
		if (r < 0)
			return err_wrap(e, r, "container %s needs %.12s", c->name, ids.items[i]);
	}
	return r;
}

int requires_start(const struct start_request *q, struct err *e)
{
	if (q->needs_nothing || q->as_restart || !json_at(q->c->spec, "requires"))
		return 0;
	return start_all(q, q->c, 0, e);
}

bool requires_another(const struct container *c)
{
	static const char *const paths[] = {"requires", "config.joined", "config.peers", "config.network.container"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (json_at(c->spec, paths[i]))
			return true;
	return false;
}

bool requires_was_named(const struct container *c)
{
	return container_has(c, MARK);
}

int requires_dependents(struct engine *eng, const struct container *c, struct strv *ret, struct err *e)
{
	_cleanup_(container_parts_done) struct container_parts parts = {0};
	_cleanup_(container_list_done) struct container_list l = {0};
	int r;

	if (!requires_was_named(c))
		return 0;
	r = container_parts_add(&parts, "requires", "") == 0 ? container_list_parts(eng, &parts, &l, e) : err_errno(e, ENOMEM, "requires");
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		_cleanup_(strv_done) struct strv ids = {0};

		if (json_get_strv(l.items[i]->spec, "requires", &ids, NULL) == 0 && strv_find(&ids, c->id) >= 0 &&
		    strv_add(ret, l.items[i]->id) < 0)
			r = err_errno(e, ENOMEM, "containers that need %s", c->name);
	}
	return r;
}

int requires_check_free(struct engine *eng, const struct container *c, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = requires_dependents(eng, c, &ids, e);

	if (r < 0 || ids.n == 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		buf_addf(&b, "%s%.12s", i ? ", " : "", ids.items[i]);
	err_set(e, EEXIST, "container %.12s has dependent containers which must be removed before it: %s", c->id, buf_str(&b));
	err_hint(e, "ranby rm --depend removes them too");
	return -EEXIST;
}
