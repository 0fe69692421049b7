/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * update - other limits for a container that is there.
 *
 *	struct container_options change = {.memory = "1g"};
 *	r = update_container(eng, c, &change, &text, e);
 *
 * A running container gets them at once, and keeps them for its next starts.
 * All of them, or none and an error: what was written before the one that the
 * kernel refused is written back.
 */
#ifndef RANBY_ENGINE_UPDATE_H
#define RANBY_ENGINE_UPDATE_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"

/*
 * `change` has what is to be replaced, as `run` takes it: limits, and the restart policy, which decides of the end of the run that is there too. Appends what was
 * written ("memory.max=1073741824 pids.max=max"), or for one that does not
 * run what was asked for. -ENOTSUP: the controller is not delegated, or it
 * runs without a group of its own.
 */
int update_container(struct engine *eng, struct container *c, const struct container_options *change, struct buf *what,
		     struct err *e) _must_check_;

#endif
