/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * act - what a verb does to one container, with its record (engine/attest.h):
 * the same for the verbs of containers and of pods.
 *
 *	r = act_stop(eng, c, STOP_TIMEOUT_OWN, NULL, e);
 */
#ifndef RANBY_ENGINE_ACT_H
#define RANBY_ENGINE_ACT_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/origin.h"
#include "engine/stop.h"

#include <stdbool.h>

/* As stop_container() (engine/stop.h). `reason` of the record; NULL: the user said so. */
int act_stop(struct engine *eng, struct container *c, int timeout_ms, const char *reason, struct err *e) _must_check_;

/* Its two halves, for several at once: as stop_begin() and stop_end(). act_stop_end() takes what act_stop_begin() returned, and records a failure of either. */
int act_stop_begin(struct engine *eng, struct container *c, int timeout_ms, const char *reason, struct stopping *ret, struct err *e) _must_check_;
int act_stop_end(struct engine *eng, struct container *c, const char *reason, const struct stopping *s, int r, struct err *e) _must_check_;

/*
 * A signal to init, -ESRCH when it does not run; and then SIGKILL is waited for. act_kill_end() takes what
 * act_kill_begin() returned, and records a failure of either.
 */
int act_kill_begin(struct engine *eng, struct container *c, int sig, struct err *e) _must_check_;
int act_kill_end(struct engine *eng, struct container *c, int sig, int r, struct err *e) _must_check_;

/* pause and unpause: see freeze_open() (engine/freeze.h) for what it fails with. */
int act_freeze(struct engine *eng, struct container *c, bool frozen, struct err *e) _must_check_;

/* Who starts it, and in which user namespace. */
struct act_starter {
	struct origin origin;
	struct keeper keeper;
	bool require_audit; /* no receipt, no start */
};
#define ACT_STARTER_INIT {.origin = ORIGIN_INIT, .keeper = KEEPER_INIT}
int act_starter_open(struct engine *eng, struct act_starter *ret, struct err *e) _must_check_;
void act_starter_done(struct act_starter *s);

/* Without a front. -EALREADY: it runs. */
int act_start(struct engine *eng, struct container *c, struct act_starter *s, struct err *e) _must_check_;

/*
 * A stop and a start, in two halves, for several at once. Locked over both, so that who clears up after its end
 * (--rm) finds it running again. One whose lock another command has, or we ourselves, is left for
 * act_restart_end(), which waits for it: who holds some waits for none.
 */
struct act_restarting {
	int lock_fd; /* -EBADF: nothing was done to it yet */
	struct stopping stopping;
};
#define ACT_RESTARTING_INIT {.lock_fd = -EBADF, .stopping = STOPPING_INIT}
void act_restarting_done(struct act_restarting *s);
int act_restart_begin(struct engine *eng, struct container *c, int timeout_ms, struct act_restarting *ret, struct err *e) _must_check_;
/* Takes what act_restart_begin() returned, and records a failure of either. */
int act_restart_end(struct engine *eng, struct container *c, struct act_starter *by, int timeout_ms, struct act_restarting *s, int r, struct err *e) _must_check_;

#endif
