/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * launch - from a bundle on the disk to a payload that runs: the spine that a
 * container's start and an exec share.
 *
 *	_cleanup_(launch_done) struct launch l = LAUNCH_INIT;
 *	r = launch_watch(&plan, &l, e);		// monitor, runtime, init: blocked
 *	...					// attach here: no byte is missed
 *	r = launch_release(&plan, &l, e);	// exec stop, plan.record(), and it runs
 *
 * launch_done() before launch_release() has succeeded ends all that was
 * started, and waits until it is gone.
 */
#ifndef RANBY_ENGINE_LAUNCH_H
#define RANBY_ENGINE_LAUNCH_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "monitor/launch.h"

#include <errno.h>
#include <stdbool.h>

struct launch_plan {
	struct monitor_launch monitor; /* stages 2 to 4 */
	int run_dirfd; /* the run directory: "monitor" is written there, see launch_monitor_of() */
	/* the start socket of init: the directory that it is in, and its name; or a container of the runtime's state */
	int start_dirfd;
	const char *start_name;      /* a socket's name below start_dirfd; NULL: start_dirfd is RROOT */
	const char *runtime_id;      /* with NULL start_name */
	int (*place)(void *ctx, pid_t monitor, struct err *e); /* called before the monitor begins: puts it into a cgroup (place.h); NULL: it stays in ours */
	int (*meanwhile)(void *ctx, struct err *e); /* called when the monitor is at work, before it is waited for; NULL: nothing */
	/*
	 * Called once while the payload is stopped at its exec (or before it is
	 * started, see inforce.h): what is written here is on the disk before the
	 * payload's first instruction. `in_force` is consumed. A failure kills it.
	 */
	int (*record)(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e);
	void *ctx;
	const struct witness_request *at_exit; /* what record() left for the monitor to ask at the end; NULL: nothing */
};

struct launch {
	struct monitor_handle monitor;
	struct monitor_created created;
	bool watching; /* a monitor was started */
	bool was_meanwhile; /* the plan's meanwhile() was called */
	bool released; /* the payload runs */
};
#define LAUNCH_INIT {.monitor = MONITOR_HANDLE_INIT}

/* A pidfd of the monitor that was started in this run directory, also before init exists. -ESRCH: none, or it has gone. */
int launch_monitor_of(int run_dirfd, int *ret_pidfd) _must_check_;

/* A pidfd of the network helper that was started for this run directory. -ESRCH: none, or it has gone. */
int launch_helper_of(int run_dirfd, int *ret_pidfd) _must_check_;

/* Ends the network helper that was started for this run directory, when it is still there: its monitor was killed. */
int launch_end_helper(int run_dirfd) _must_check_;

/*
 * Starts a monitor that waits for launch_watch(), while all that it is to be
 * told is still made; *ret goes into launch.monitor. Closing it ends it.
 */
int launch_ahead(bool own_session, struct monitor_handle *ret, struct err *e) _must_check_;

int launch_watch(const struct launch_plan *p, struct launch *l, struct err *e) _must_check_;
int launch_release(const struct launch_plan *p, struct launch *l, struct err *e) _must_check_;
void launch_done(struct launch *l);

#endif
