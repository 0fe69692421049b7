/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * prepared - a container whose init stands and waits to be started.
 *
 *	r = prepared_note(eng, c, &created, origin, keeper, e);	// `container init`
 *	if (c->status == CONTAINER_INITIALIZED && prepared_is_of(c, origin))
 *		r = prepared_join(c, run_dirfd, &monitor, &created, e);	// `start` goes on from there
 *	else
 *		r = prepared_end(eng, c, e);			// and makes it afresh
 *
 * state.json keeps what it says of the run before, and has "prepared" besides:
 * bootId, pid, startTicks, monitorPid, monitorStartTicks, preparedAt,
 * preparedBy (engine/origin.h), keeper. The start replaces all of it.
 */
#ifndef RANBY_ENGINE_PREPARED_H
#define RANBY_ENGINE_PREPARED_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/origin.h"
#include "monitor/launch.h"

#include <stdbool.h>

/* The caller holds its lock. */
int prepared_note(struct engine *eng, const struct container *c, const struct monitor_created *created, const struct origin *o,
		  const struct keeper *k, struct err *e) _must_check_;

/* Whether its processes are of the login `o`: what that starts then is its own from the first process on. */
bool prepared_is_of(const struct container *c, const struct origin *o);

/* Who its processes say that they are of: `o`'s own json, or what was noted where the two have pinned a login each. Borrowed. */
struct json_object *prepared_by(const struct container *c, const struct origin *o);

/* The monitor waits for the caller's START from then on, and ends init when the caller goes without. */
int prepared_join(const struct container *c, int run_dirfd, struct monitor_handle *ret, struct monitor_created *ret_created,
		  struct err *e) _must_check_;

/* Ends its init, waits for its monitor, and refreshes `c`. Not prepared: nothing. */
int prepared_end(struct engine *eng, struct container *c, struct err *e) _must_check_;

#endif
