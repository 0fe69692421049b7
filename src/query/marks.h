/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * marks - what is known of processes while a log is read: a byte for each.
 *
 *	_cleanup_(marks_done) struct marks m = {0};
 *	uint8_t *mark = marks_of(&m, ev->boot, ev->pid, ev->ses);	// 0 when new; NULL: no memory, or MARKS_MAX
 *	*mark |= MARK_FOUND;
 *	if (marks_get(&m, ev->boot, ev->ppid, ev->ses) & MARK_FOUND) ...
 *
 * A number that is used again in the same session is the same process here: whoever sees the end of one sets its byte to 0.
 */
#ifndef RANBY_QUERY_MARKS_H
#define RANBY_QUERY_MARKS_H

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

#define MARKS_MAX ((size_t)1 << 22) /* processes */

struct mark {
	uint32_t boot, pid, ses;
	uint8_t byte;
	uint8_t used;
};

struct marks {
	struct mark *slots;
	size_t n, size; /* size: a power of two, or 0 */
};

/* Valid until the next call. */
uint8_t *marks_of(struct marks *m, uint32_t boot, uint32_t pid, uint32_t ses);
uint8_t marks_get(const struct marks *m, uint32_t boot, uint32_t pid, uint32_t ses);
void marks_done(struct marks *m);

#endif
