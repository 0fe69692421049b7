/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
	b->error = 0;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t len)
{
	size_t limit = b->limit ? b->limit : BUF_LIMIT_DEFAULT;
	size_t need, cap;
	char *data;

	if (b->error)
		return NULL;
	if (__builtin_add_overflow(b->len, len, &need) || need > limit || need > SIZE_MAX / 4) {
		b->error = EFBIG;
		return NULL;
	}
	if (need + 1 > b->cap) {
		cap = b->cap ? b->cap : 64;
		while (cap < need + 1)
			cap *= 2;
		data = realloc(b->data, cap);
		if (!data) {
			b->error = ENOMEM;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
		data[b->len] = '\0'; /* nothing may ever be committed */
	}
	return b->data + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	char *p = buf_reserve(b, len);

	if (!p)
		return;
	if (len)
		memcpy(p, data, len);
	buf_commit(b, len);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->error = EINVAL;
		return;
	}
	p = buf_reserve(b, (size_t)n);
	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_commit(b, (size_t)n);
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *p;

	if (b->error)
		return NULL;
	p = b->data ? b->data : calloc(1, 1);
	b->data = NULL;
	b->len = b->cap = 0;
	return p;
}

int buf_bad(const struct buf *b)
{
	return b->error;
}
