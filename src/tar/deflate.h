/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * deflate - bytes as a compressed stream, hashed on the way: the other direction of inflate.
 *
 *	_cleanup_(deflate_closep) struct deflate *out = NULL;
 *	r = deflate_open(fd, DEFLATE_ZSTD, DEFLATE_LEVEL_USUAL, &out, e);
 *	r = deflate_write(out, bytes, n, e);
 *	r = deflate_end(out, &digest, &bytes, e);
 *
 * The same bytes give the same stream: no time and no name is in it. Only
 * ranby-unpack links this.
 */
#ifndef RANBY_TAR_DEFLATE_H
#define RANBY_TAR_DEFLATE_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stddef.h>
#include <stdint.h>

enum deflate_format { DEFLATE_NONE, DEFLATE_GZIP, DEFLATE_ZSTD };
#define DEFLATE_LEVEL_USUAL 0

struct deflate;

/* "none", "gzip", "zstd". -EINVAL. */
int deflate_format_parse(const char *word, enum deflate_format *ret, struct err *e) _must_check_;

/* Borrows `fd`. -EINVAL: the format has no such level (gzip: 1 to 9, zstd: 1 to 20). */
int deflate_open(int fd, enum deflate_format format, uint32_t level, struct deflate **ret, struct err *e) _must_check_;
int deflate_write(struct deflate *d, const void *data, size_t len, struct err *e) _must_check_;
/* Writes what is left; digest and length of the stream. Once. */
int deflate_end(struct deflate *d, struct digest *ret, uint64_t *ret_bytes, struct err *e) _must_check_;

struct deflate *deflate_close(struct deflate *d);
static inline void deflate_closep(struct deflate **d)
{
	*d = deflate_close(*d);
}

#endif
