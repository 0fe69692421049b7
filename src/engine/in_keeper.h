/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * in_keeper - runs a function where the keeper's IDs are ours to use.
 *
 *	r = in_keeper(&keeper, work, &args, e);
 *
 * In a forked child, as root of the keeper once it is ready (as we are when
 * none is needed), in a mount namespace of its own. The child ends with its parent, and
 * what `work` returned and wrote into its struct err comes back; nothing else
 * of what it changed in memory does. Only for a single-threaded caller.
 */
#ifndef RANBY_ENGINE_IN_KEEPER_H
#define RANBY_ENGINE_IN_KEEPER_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/keeper.h"

typedef int (*in_keeper_fn)(void *ctx, struct err *e);

int in_keeper(struct keeper *k, in_keeper_fn work, void *ctx, struct err *e) _must_check_;

#endif
