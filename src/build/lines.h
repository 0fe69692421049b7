/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * lines - what several processes write at once, on one descriptor, line by line.
 *
 *	_cleanup_(lines_done) struct lines l = LINES_INIT;
 *	r = lines_open(&l, STDOUT_FILENO, &writer_fd);	// the process gets the other end
 *	... poll l.from_fd ...
 *	r = lines_pass(&l);		// what has come by now, as far as its lines are whole; of much a part, poll says so
 *	r = lines_end(&l);		// the process has ended: the rest
 *
 * A line of more than LINES_LONG bytes goes on in a next one.
 */
#ifndef RANBY_BUILD_LINES_H
#define RANBY_BUILD_LINES_H

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>

#define LINES_LONG 65536

struct lines {
	int from_fd; /* never waits; -EBADF: none */
	int to_fd;   /* borrowed */
	struct buf rest; /* of a line that is not whole yet */
};
#define LINES_INIT {.from_fd = -EBADF, .to_fd = -EBADF}

/* The caller owns *ret_writer_fd. */
int lines_open(struct lines *l, int to_fd, int *ret_writer_fd) _must_check_;
void lines_done(struct lines *l);

/* -errno of a read or write: -EPIPE when nobody reads what is written. */
int lines_pass(struct lines *l) _must_check_;
int lines_end(struct lines *l) _must_check_;

#endif
