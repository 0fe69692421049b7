/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * restart - containers that come back after their end, and how that is ended.
 *
 *	r = restart_plan(c, as_restart, &launch, &argv, e);	// start.c: what the monitor is to do
 *	r = restart_after_end(eng, c, e);			// `container cleanup --restart`: the monitor's time has come
 *	r = restart_forbid(eng, c, e);				// `stop`: not any more
 *
 * There is no daemon: the monitor of a run waits (monitor/backoff.h) and starts a
 * `ranby` for the next, with a monitor, a scope and records of its own. Who
 * started it stays who it was: nobody else did since then.
 *
 * state.json of a container with a policy has restartCount, how often that has happened since
 * somebody started it, and restartDelayMs, what was waited the last time.
 *
 * A stop leaves a mark in the container's directory, which the next start by somebody
 * removes. It is made first, and the lock taken then: a restart that was under way
 * is over by that time, and the next one sees the mark.
 */
#ifndef RANBY_ENGINE_RESTART_H
#define RANBY_ENGINE_RESTART_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/restart_policy.h"
#include "monitor/launch.h"

#include <stdbool.h>

/* Its policy; RESTART_NO when there is none, or none that can be read. */
struct restart_policy restart_policy_of(const struct container *c);

/* How often it was started again since somebody started it. */
uint32_t restart_count(const struct container *c);

/* It has ended, and its monitor waits to start it again. */
bool restart_is_pending(const struct container *c);

/*
 * The run that is there ends by another policy, which the caller writes to container.json with its lock held;
 * nothing when it does not run. -EINVAL: `policy` is none.
 */
int restart_update(struct engine *eng, const struct container *c, const char *policy, struct err *e) _must_check_;

/* That was said of the run with this run directory: its end is the monitor's, whatever the policy was at its start. */
bool restart_was_updated(int run_dirfd);

/*
 * What the monitor of the run that begins is told; `argv` keeps its words. `as_restart`: this is one itself.
 * `c` is of the run before, and its lock is held: by somebody's own start a wait for it ends.
 */
int restart_plan(struct engine *eng, const struct container *c, bool as_restart, struct monitor_launch *m, struct strv *argv,
		 struct err *e) _must_check_;

/* restartCount and restartDelayMs of the run that begins into `state`. */
int restart_to_json(const struct container *c, bool as_restart, struct json_object *state) _must_check_;

/* Starts it anew, for whoever started it last. The caller holds its lock, and it does not run. */
int restart_start(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* Starts it once more, unless it was stopped, started or removed meanwhile: then 0. */
int restart_after_end(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* Before it is stopped or killed for good; refreshes `c`. Without a policy: nothing. */
int restart_forbid(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* Ends the wait of its monitor. */
void restart_cancel(const struct container *c);

#endif
