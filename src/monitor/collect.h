/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * collect - the output of a short session, for a program and not for a person.
 *
 *	r = attach_connect(run_dirfd, &o, &a, e);	// before it is released
 *	...
 *	r = collect_output(&a, 30000, 4096, &out, &x, e);
 */
#ifndef RANBY_MONITOR_COLLECT_H
#define RANBY_MONITOR_COLLECT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "monitor/attach.h"

/*
 * Standard output and error as they come, `max` bytes of them: the rest is read
 * and forgotten. -ETIMEDOUT when it has not ended after timeout_ms (-1: never); -ECONNRESET: its
 * monitor has gone.
 */
int collect_output(const struct attach *a, int timeout_ms, size_t max, struct buf *out, struct monitor_exit *ret, struct err *e)
	_must_check_;

#endif
