/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * base64 - RFC 4648 §4, both ways.
 *
 *	base64_encode("user:pass", 9, &out);
 *	r = base64_decode(text, strlen(text), &out);
 */
#ifndef RANBY_BASE_BASE64_H
#define RANBY_BASE_BASE64_H

#include "base/buf.h"
#include "base/mem.h"

#include <stddef.h>

/* Appends, with padding. Failure is in the buffer. */
void base64_encode(const void *data, size_t len, struct buf *out);

/* Appends what it stands for; padding may be missing. -EINVAL: another character in it, or a length that cannot be; -ENOMEM, -EFBIG. */
int base64_decode(const char *text, size_t len, struct buf *out) _must_check_;

#endif
