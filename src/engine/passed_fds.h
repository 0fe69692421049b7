/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * passed_fds - descriptors of the caller that the payload gets: --preserve-fds N
 * (3 to 3+N-1), --preserve-fd LIST (those, under their own numbers), and with
 * the log driver passthrough the standard three.
 *
 *	struct passed_fds p = PASSED_FDS_INIT;
 *	r = passed_fds_take(&p, count, &list, e);
 */
#ifndef RANBY_ENGINE_PASSED_FDS_H
#define RANBY_ENGINE_PASSED_FDS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "monitor/launch.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct passed_fds {
	int fds[MONITOR_PASSED_MAX]; /* the payload's 3, 4, ...: the caller's own; -EBADF: it gets none of that number */
	size_t n;
};
#define PASSED_FDS_INIT {.n = 0}

/* `list`: numbers. -EBADF: the caller has no such descriptor. */
int passed_fds_take(struct passed_fds *p, uint32_t count, const struct strv *list, struct err *e) _must_check_;

/* Into what the monitor and the runtime are told; `p` may be NULL: none. `p` is pointed to. */
int passed_fds_plan(const struct passed_fds *p, struct monitor_launch *m, struct strv *runtime_argv, struct err *e) _must_check_;

/* The log driver passthrough: the caller's own three, of which none is a terminal. */
int passed_fds_stdio(struct monitor_launch *m, struct err *e) _must_check_;

#endif
