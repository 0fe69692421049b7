/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whether it is paused is read from the group each time, like everything about
 * a container's life: no file of ours could say it and be right.
 *
 * Without a group there is nothing that stops all processes at once: SIGSTOP
 * to each is seen by parents and shells, undone by any SIGCONT from inside, and
 * misses those that are born meanwhile. So that is an error, and not tried.
 */
#include "engine/freeze.h"

#include "engine/place.h"
#include "sys/cgroup.h"
#include "sys/fd.h"

#define FREEZE_TIMEOUT_MS 10000 /* one in uninterruptible sleep on a dead disk does not stop */

bool freeze_is(struct engine *eng, const struct container *c)
{
	_cleanup_close_ int group = -EBADF;

	return place_group(eng, c, &group) == 0 && cgroup_is_frozen(group);
}

static int no_group(const struct container *c, const char *verb, struct err *e)
{
	err_set(e, ENOTSUP, "cannot %s container %.12s: it has no cgroup of its own", verb, c->id);
	err_hint(e, json_at(c->spec, "config.limitedBy")
			    ? "no cgroup v2 is delegated to this user, see ranby-cgroups(7)"
			    : "one that is made with --cgroups=enabled has, where a cgroup v2 is delegated to this user");
	return -ENOTSUP;
}

int freeze_open(struct engine *eng, struct container *c, bool frozen, int *ret_group, struct err *e)
{
	const char *verb = frozen ? "pause" : "unpause";
	int r = container_refresh(eng, c, e);

	if (r < 0)
		return r;
	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return err_set(e, ESRCH, "\"%s\" is not running, can't %s: container state improper",
			       container_status_word(c->status), verb);
	if ((c->status == CONTAINER_PAUSED) == frozen)
		return err_set(e, EALREADY, "container %.12s is %s, can't %s: container state improper", c->id,
			       frozen ? "paused already" : "not paused", verb);
	r = place_group(eng, c, ret_group);
	if (r == -ENOENT)
		return no_group(c, verb, e);
	return r < 0 ? err_errno(e, -r, "%s container %.12s", verb, c->id) : 0;
}

int freeze_group(struct engine *eng, struct container *c, int group, bool frozen, struct err *e)
{
	int r = cgroup_freeze(group, frozen, FREEZE_TIMEOUT_MS);

	return r < 0 ? err_errno(e, -r, "%s container %.12s", frozen ? "pause" : "unpause", c->id) : container_refresh(eng, c, e);
}

void freeze_thaw(struct engine *eng, struct container *c)
{
	_cleanup_close_ int group = -EBADF;

	if (place_group(eng, c, &group) == 0)
		(void)!cgroup_freeze(group, false, FREEZE_TIMEOUT_MS);
}
