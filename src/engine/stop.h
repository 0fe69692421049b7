/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * stop - signals to a container, and waiting for its end. Always by pidfd.
 */
#ifndef RANBY_ENGINE_STOP_H
#define RANBY_ENGINE_STOP_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdint.h>

#define STOP_TIMEOUT_OWN (-2) /* the timeout that the container was made with */

/*
 * Its stop signal; after timeout_ms (-1: never) SIGKILL; returns when it has
 * ended, with `c` refreshed. One that does not run is left alone (0).
 */
int stop_container(struct engine *eng, struct container *c, int timeout_ms, struct err *e) _must_check_;

/*
 * The two halves of it, for several that stop at the same time:
 *
 *	_cleanup_(stopping_done) struct stopping s = STOPPING_INIT;
 *	r = stop_begin(eng, c, timeout_ms, &s, e);	// signalled; the time runs
 *	r = stop_end(eng, c, &s, e);			// ended, or killed when the time is over
 */
struct stopping {
	int pidfd;           /* -EBADF: it did not run */
	int64_t deadline_ms; /* of clock_monotonic_ms(); -1: none */
};
#define STOPPING_INIT {.pidfd = -EBADF}
void stopping_done(struct stopping *s);
int stop_begin(struct engine *eng, struct container *c, int timeout_ms, struct stopping *ret, struct err *e) _must_check_;
int stop_end(struct engine *eng, struct container *c, const struct stopping *s, struct err *e) _must_check_;

/* SIGKILL to init, which takes its pid namespace along; waits for the end. Does not refresh `c`. */
int stop_kill(const struct container *c, struct err *e) _must_check_;

/* Any signal to init. -ESRCH with text when it does not run. */
int stop_signal(const struct container *c, int sig, struct err *e) _must_check_;

/*
 * Waits for the end of the run that is under way, and refreshes; -ETIMEDOUT. Not running: at once. How one with --rm
 * ended is known here also when it has gone by then; -ENOENT: it was removed, and that is not known.
 */
int stop_wait(struct engine *eng, struct container *c, int timeout_ms, struct err *e) _must_check_;

/* Its two halves, for several: of all that were begun it is known how the run ended that was under way then. */
struct stop_waiting {
	int pidfd;  /* -EBADF: it did not run */
	int end_fd; /* where its end will be written */
	pid_t pid;
	uint64_t start_ticks;
};
#define STOP_WAITING_INIT {.pidfd = -EBADF, .end_fd = -EBADF}
void stop_waiting_done(struct stop_waiting *s);
int stop_wait_begin(const struct container *c, struct stop_waiting *ret, struct err *e) _must_check_;
int stop_wait_end(struct engine *eng, struct container *c, const struct stop_waiting *s, int timeout_ms, struct err *e) _must_check_;

#endif
