/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail_event - what one exec leaves in the trail: a line when it is asked
 * for ("exec": what the caller passed), and one when it was seen to have
 * happened ("seen": what runs now).
 */
#ifndef RANBY_MONITOR_TRAIL_EVENT_H
#define RANBY_MONITOR_TRAIL_EVENT_H

#include "monitor/trail_file.h"
#include "sys/procfs.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#define TRAIL_ARGV_BYTES 4096 /* of the arguments together that are kept */
#define TRAIL_ARGV_ITEMS 256
#define TRAIL_PENDING 32      /* execs at once that are looked after */

/* An exec that has been let go on, and may have happened since. */
struct trail_pending {
	int dirfd;          /* /proc/PID of it; -EBADF: free */
	uint32_t pid;
	uint64_t seq;       /* of its "exec" line */
	uint64_t stack;     /* where its memory had the stack before */
	int64_t next_ms;    /* when it is looked at again */
	unsigned looks;
};

struct trail_watch {
	struct procfs fs;
	struct trail_pending pending[TRAIL_PENDING];
};

int trail_watch_init(struct trail_watch *w) _must_check_;

/* Writes the "exec" line of a question that was received from `listener`, while it still stands. False: it does not, nothing is written. */
bool trail_event_exec(struct trail_watch *w, struct trail_file *f, int listener, const struct seccomp_notif *n);

/* Looks whether the execs that were let go on have happened. Returns in how many ms there is something to look at, -1: nothing. */
int trail_event_look(struct trail_watch *w, struct trail_file *f);

#endif
