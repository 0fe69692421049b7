/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * place - which cgroup a container with limits goes to (DESIGN: a login's
 * scope is not the user's to change).
 *
 *	place_find(eng, &p);			// also what `ranby info` shows
 *	r = place_check(&p, limits, resources, e);
 *	r = place_monitor(eng, &p, c, slice, monitor_pid, e);
 *
 * Three cases, in this order:
 *	cgroupfs  our own cgroup was delegated to us (a service or scope with
 *	          Delegate=, a container, a batch system's job): the runtime makes
 *	          a group in it, nobody is asked, and the bounds of the job hold;
 *	systemd   else, where a service manager runs for this user: it makes a
 *	          delegated scope for the monitor, which is running already, so
 *	          that whose child and whose session it is does not change;
 *	none      else; a limit that is asked for is then an error.
 * The members of a pod with limits go to the scope of its infra container, below
 * a group that the limits are of.
 * A process that is under limits which it would leave by going to the
 * manager's scope is not moved: that is "none" too.
 */
#ifndef RANBY_ENGINE_PLACE_H
#define RANBY_ENGINE_PLACE_H

#include "base/err.h"
#include "base/json.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <limits.h>
#include <sys/types.h>

enum place_manager { PLACE_NONE, PLACE_CGROUPFS, PLACE_SYSTEMD };

struct place {
	enum place_manager manager;
	bool version2;          /* cgroup v2, and it alone */
	unsigned controllers;   /* enum cgroup_controller: those that limits can be set with */
	const char *why;        /* PLACE_NONE: why not, in words */
	char runtime_dir[64];   /* of the service manager */
};

const char *place_manager_name(enum place_manager m);

void place_find(const struct engine *eng, struct place *ret);

/* Can these limits be had there? `option` is what asked for the first of them; `resources` may be NULL. */
int place_check(const struct place *p, const char *option, struct json_object *resources, struct err *e) _must_check_;

/* Puts the monitor, which has not begun yet, where the container's group can be made. `slice`: NULL for the usual one. */
int place_monitor(struct engine *eng, const struct place *p, const struct container *c, const char *slice, pid_t monitor,
		  struct err *e) _must_check_;

/* The same for the monitor of an exec session: beside the one of the container, when that is in a scope of its own. */
int place_beside(const struct engine *eng, const struct container *c, pid_t monitor, struct err *e) _must_check_;

/*
 * Of a pod with limits (`c` is its infra container, or a member), when its own group has been made: sets them, or
 * looks whether they hold for it. It has none, or is in another's: an error, for a limit is never lost.
 */
int place_pod(const struct engine *eng, const struct container *c, struct err *e) _must_check_;

/* The group that a running container has for itself. -ENOENT: none, it shares the one of the login that started it. */
int place_group(const struct engine *eng, const struct container *c, int *ret_fd) _must_check_;

#endif
