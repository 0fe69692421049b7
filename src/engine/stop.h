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

#define STOP_TIMEOUT_OWN (-2) /* the timeout that the container was made with */

/*
 * Its stop signal; after timeout_ms (-1: never) SIGKILL; returns when it has
 * ended, with `c` refreshed. One that does not run is left alone (0).
 */
int stop_container(struct engine *eng, struct container *c, int timeout_ms, struct err *e) _must_check_;

/* SIGKILL to init, which takes its pid namespace along; waits for the end. Does not refresh `c`. */
int stop_kill(const struct container *c, struct err *e) _must_check_;

/* Any signal to init. -ESRCH with text when it does not run. */
int stop_signal(const struct container *c, int sig, struct err *e) _must_check_;

/* Waits for the end of the run that is under way, and refreshes; -ETIMEDOUT. Not running: at once. */
int stop_wait(struct engine *eng, struct container *c, int timeout_ms, struct err *e) _must_check_;

#endif
