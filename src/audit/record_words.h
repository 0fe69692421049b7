/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * record_words - the text of an audit record, word by word.
 *
 *	struct record r = {0};
 *	record_add(&r, "virt=ranby op=%s", op);
 *	record_nv(&r, "vm", name, 120);
 *	if (!r.cut)
 *		r = kaudit_send(fd, type, r.text);
 *
 * A value of a stranger is written as audit writes untrusted strings,
 * audit_encode_nv_string(3): in quotes, or in hex when it holds a quote, a
 * blank, a control byte or one above 126.
 */
#ifndef RANBY_AUDIT_RECORD_WORDS_H
#define RANBY_AUDIT_RECORD_WORDS_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define RECORD_MAX 4095 /* bytes of a record's text */

struct record {
	size_t len;
	bool cut; /* it did not fit: not to be sent */
	char text[RECORD_MAX + 1];
};

_printf_(2, 3) void record_add(struct record *r, const char *fmt, ...);

/* ` name=value`, at most `max` bytes of it. */
void record_nv(struct record *r, const char *name, const char *value, size_t max);

#endif
