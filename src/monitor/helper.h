/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * helper - the network helper (pasta, slirp4netns) of a container: up before
 * the payload starts, gone before its exit is told. See launch.h.
 */
#ifndef RANBY_MONITOR_HELPER_H
#define RANBY_MONITOR_HELPER_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/options.h"
#include "monitor/pollset.h"

#include <stdbool.h>
#include <sys/types.h>

#define HELPER_KILL_MS 2000
#define HELPER_NOTE "helper"

struct helper {
	pid_t pid;       /* 0: none (any more) */
	bool is_ready;
	int ready_fd;    /* it writes there, or -EBADF */
	int words_fd;    /* its stderr, read only when it fails */
	int end_fd;      /* tells it the end of the container, should we be killed (sys/root_end.h); -EBADF: nothing does */
	int slot;
	int64_t kill_ms; /* when SIGTERM was not enough; 0: not asked to end yet */
};
#define HELPER_INIT {.ready_fd = -EBADF, .words_fd = -EBADF, .end_fd = -EBADF, .slot = -1}

/* `run_dirfd` is what "{RUN_FD}" names, of one without helper_pid_file; one whose argv does not name it does not get it. */
int helper_start(struct helper *h, const struct monitor_options *o, pid_t init, int run_dirfd, struct err *e) _must_check_;

void helper_poll(struct helper *h, struct pollset *set);

/* Looks whether it has become ready, or needs SIGKILL. -errno with its words: it never will be ready. */
int helper_dispatch(struct helper *h, const struct pollset *set, struct err *e) _must_check_;

/* The child `h->pid` has ended and is reaped: a first process that leaves a daemon behind, or the end. */
int helper_child_ended(struct helper *h, const struct monitor_options *o, int status, struct err *e) _must_check_;

/*
 * Writes "PID TICKS" to HELPER_NOTE in the run directory: when we are killed
 * and nothing tells it the container's end, somebody else must end it
 * (engine/launch.h).
 */
int helper_note(const struct helper *h, int run_dirfd, struct err *e) _must_check_;

/* It has ended: removes that note. */
void helper_forget(int run_dirfd);

/* Asks it to end. */
void helper_stop(struct helper *h);

void helper_done(struct helper *h);

#endif
