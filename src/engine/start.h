/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * start - a created or ended container, made to run.
 *
 *	_cleanup_(start_done) struct start s = START_INIT;
 *	r = start_prepare(&(struct start_request){...}, &s, e);	// init stands, blocked
 *	r = attach_connect(s.run_dirfd, ...);				// a foreground front, before any output
 *	r = start_release(&s, e);					// recorded, and it runs
 *	...
 *	r = monitor_wait_exited(&s.launch.monitor, -1, &x, e);
 *	start_ended(&s, e);						// the front clears up: --rm, run directory
 *
 * start_keep() instead of start_release(): it is prepared (prepared.h), and whoever starts it next goes on from there.
 *
 * The container is locked from start_prepare() to start_release(). When that
 * is not reached, start_done() ends all that was started.
 */
#ifndef RANBY_ENGINE_START_H
#define RANBY_ENGINE_START_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/bridge.h"
#include "engine/start_label.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/launch.h"
#include "engine/origin.h"
#include "engine/passed_fds.h"
#include "engine/peer.h"
#include "engine/place.h"
#include "sys/fuse_overlay.h"

#include <stdbool.h>

struct start_request {
	struct engine *eng;
	struct container *c;          /* borrowed until start_done() */
	struct keeper *keeper;        /* ready; borrowed likewise */
	const struct origin *origin;
	const struct strv *secret_env; /* NAME=value: variables of its first process that are written nowhere; NULL: none */
	struct monitor_handle *monitor; /* one that waits (launch_ahead()), and is taken; NULL: none */
	bool fresh;                   /* just created: its bundle is of now */
	int (*meanwhile)(void *ctx, struct err *e); /* called once, while the monitor has init made; its failure is that of the start. NULL: nothing */
	void *meanwhile_ctx;
	bool as_restart;              /* by its policy (restart.h): nobody has asked for it */
	bool needs_nothing;           /* what it requires (requires.h) is seen to */
	const struct passed_fds *passed; /* NULL: none. Until start_prepare() returns */
	bool have_lock;               /* the caller holds container_lock(), until after start_release() */
	bool for_keep;                /* start_keep() follows */
	bool require_audit;           /* no receipt, no start; its own --require-audit and policy may ask for it too */
};

struct start {
	struct start_request q;
	struct launch_plan plan;
	struct launch launch;
	struct strv runtime_argv, helper_argv, exit_argv, restart_argv, check_argv;
	struct strv log_fields;
	struct strv texts; /* paths that the plan points to */
	struct witness_request *at_start, *at_exit;
	int lock_fd, run_dirfd, rroot_fd, helper_fd;
	struct fuse_program fuse;
	int secrets_fd; /* until the monitor has it */
	struct place place; /* of one with limits */
	struct start_label label;
	struct peer peer;
	struct bridge bridge;
	bool adopted; /* it was prepared before */
};
#define START_INIT                                                                                     \
	{                                                                                              \
		.launch = LAUNCH_INIT, .secrets_fd = -EBADF, .lock_fd = -EBADF, .run_dirfd = -EBADF, .rroot_fd = -EBADF,     \
		.helper_fd = -EBADF, .fuse = FUSE_PROGRAM_INIT, .label = START_LABEL_INIT, .peer = PEER_INIT,          \
		.bridge = BRIDGE_INIT                                                                          \
	}

/* -EALREADY: it runs, and is not locked; with for_keep, it is prepared already. */
int start_prepare(const struct start_request *q, struct start *s, struct err *e) _must_check_;
int start_release(struct start *s, struct err *e) _must_check_;
int start_keep(struct start *s, struct err *e) _must_check_;

/*
 * What the caller failed at between the two: a start that came to nothing is
 * recorded too. `r` unchanged, also when it is no failure.
 */
int start_failed(const struct start *s, int r, struct err *e) _must_check_;

/* After its end, by the front that started it: removes it (--rm) or its run directory, and tells the monitor that this is done. One with a restart policy is left to the monitor. */
int start_ended(struct start *s, struct err *e) _must_check_;

void start_done(struct start *s);

#endif
