/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * freeze - pause and unpause: all processes of a container, exec sessions
 * too, stand still.
 *
 *	if (freeze_is(eng, c)) ...		// container_refresh() asks it
 *	r = freeze_open(eng, c, true, &group, e);
 *	r = freeze_group(eng, c, group, true, e);	// then c->status is CONTAINER_PAUSED
 *
 * The kernel does it for a control group of version 2 (cgroup.freeze), so the
 * container needs one of its own: --cgroups=enabled, or any limit.
 */
#ifndef RANBY_ENGINE_FREEZE_H
#define RANBY_ENGINE_FREEZE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

/* Its group, when that can be done to it, and `c` as it now is. The caller holds its lock. -EALREADY: it is so already; -ESRCH: it does not run; -ENOTSUP: it has no group. */
int freeze_open(struct engine *eng, struct container *c, bool frozen, int *ret_group, struct err *e) _must_check_;

/* Does it; `c` is as it then is. -ETIMEDOUT: something in it does not stand still, and all goes on. */
int freeze_group(struct engine *eng, struct container *c, int group, bool frozen, struct err *e) _must_check_;

/* Lets one go on that is about to be stopped, if that can be. */
void freeze_thaw(struct engine *eng, struct container *c);

/* Is one that runs paused? Nothing is looked at for a container that asked for no group. */
bool freeze_is(struct engine *eng, const struct container *c);

#endif
