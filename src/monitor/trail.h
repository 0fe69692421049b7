/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail - the monitor's side of an exec trail: it starts the process that
 * writes it (trail_serve.h), or joins the one of the container that its exec
 * session runs in.
 */
#ifndef RANBY_MONITOR_TRAIL_H
#define RANBY_MONITOR_TRAIL_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/options.h"
#include "monitor/pollset.h"
#include "monitor/trail_serve.h"

#include <stdbool.h>
#include <sys/types.h>

struct trail {
	pid_t pid;      /* of the writer; 0: none, or it has ended */
	int control_fd;
	int slot;
	bool end_known; /* `end` was said */
	struct trail_end end;
};
#define TRAIL_INIT {.control_fd = -EBADF, .slot = -1}

/* With --trail, --record-calls or --trail-of: *ret_init_fd is init's end of the socket for its listener (-EBADF without). */
int trail_start(struct trail *t, const struct monitor_options *o, int run_dirfd, int *ret_init_fd, struct err *e) _must_check_;

void trail_poll(struct trail *t, struct pollset *set);
void trail_dispatch(struct trail *t, const struct pollset *set);

/* The payload has ended: the writer is asked to end, too. */
void trail_finish(struct trail *t);

/* Whether `pid`, a child that has ended, was the writer. */
bool trail_child_ended(struct trail *t, pid_t pid);

void trail_done(struct trail *t);

/* ---- for others than the monitor ---- */

/* Whether an exec trail of the container with that run directory is being written now. */
bool trail_is_served(int run_dirfd);

#endif
