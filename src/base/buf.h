/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * buf - a byte string that grows, up to a stated maximum.
 *
 *	_cleanup_(buf_done) struct buf b = BUF_INIT;
 *	buf_addf(&b, "%s=%u\n", key, n);
 *	if (buf_bad(&b))
 *		return -buf_bad(&b);
 *	use(buf_str(&b), b.len);
 *
 * Failure sticks: after the first one nothing is added, so that a builder
 * checks once at its end. The content is always followed by a NUL that is
 * not counted in `len`.
 */
#ifndef RANBY_BASE_BUF_H
#define RANBY_BASE_BUF_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define BUF_LIMIT_DEFAULT ((size_t)64 << 20)

struct buf {
	char *data;   /* NULL while empty and never grown */
	size_t len;   /* bytes in use, without the NUL */
	size_t cap;   /* bytes allocated */
	size_t limit; /* bytes at most; 0: BUF_LIMIT_DEFAULT */
	int error;    /* 0, ENOMEM or EFBIG; sticks */
};

#define BUF_INIT {0}
#define BUF_INIT_MAX(n) {.limit = (n)}

/* Frees the content and makes it BUF_INIT again (limit kept). For _cleanup_(). */
void buf_done(struct buf *b);

/* Forgets the content, keeps the memory; clears the error. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);

/* Room for `len` more bytes at the returned place, or NULL; buf_commit() then counts them. */
char *buf_reserve(struct buf *b, size_t len) _must_check_;
void buf_commit(struct buf *b, size_t len);

/* The content as a C string, "" when empty; owned by the buffer. */
const char *buf_str(const struct buf *b);

/* Gives the content away (the caller frees), leaving it empty. NULL after an error. */
char *buf_take(struct buf *b) _must_check_;

/* 0, or the errno of the first failure. */
int buf_bad(const struct buf *b);

#endif
