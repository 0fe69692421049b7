/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * json_pack - JSON values as bytes that need no parsing.
 *
 *	r = json_pack(o, &b);			// appends
 *	p = buf_str(&b); end = p + b.len;
 *	r = json_unpack(&p, end, &o);		// the next of them
 *
 * For what a program keeps for itself and reads more often than it writes: a
 * text has to be walked, checked and unescaped each time. Numbers lie in the
 * host's order, so it is no format to carry elsewhere. Bytes that json_pack()
 * did not write are refused, or give some other value.
 *
 * A value is a letter and what belongs to it: n, t, f; i with an int64_t; s
 * with a length of 32 bits and as many bytes; a and o with the number of what
 * follows, an object's keys each before its value, as s is without the letter;
 * j as s, for all else as text.
 */
#ifndef RANBY_BASE_JSON_PACK_H
#define RANBY_BASE_JSON_PACK_H

#include "base/buf.h"
#include "base/json.h"

/* Appends `o` (NULL: null). -EFBIG: deeper than JSON_DEPTH_MAX, or a text of 2 GiB; a buffer's own error sticks to it. */
int json_pack(struct json_object *o, struct buf *out) _must_check_;

/* Takes the value at *p and moves past it. -EINVAL: there is none, or not all of it. *ret may be NULL: it was null. */
int json_unpack(const char **p, const char *end, struct json_object **ret) _must_check_;

/* A number of 32 bits, as the lengths are; the latter moves past it. -EINVAL. */
void pack_u32(uint32_t n, struct buf *out);
int unpack_u32(const char **p, const char *end, uint32_t *ret) _must_check_;

#endif
