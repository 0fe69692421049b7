/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * receipt - where a kernel audit record of ours is, as it was read back.
 *
 *	char text[AUDIT_RECEIPT_SIZE];
 *	puts(audit_receipt_text(&receipt, text));	// 1700000000.123:4567
 *
 * That is the text between the parentheses of "audit(...)" in every record,
 * and what `ausearch -a 4567` finds. A receipt says that the kernel made the
 * record out and gave it to whoever listens; that it has reached a disk is
 * more than anybody but auditd knows.
 */
#ifndef RANBY_AUDIT_RECEIPT_H
#define RANBY_AUDIT_RECEIPT_H

#include "audit/uuid.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_RECEIPT_SIZE 48 /* bytes of its text, with the NUL */
#define AUDIT_SELF "self"     /* what stands for a receipt where nothing is witnessed */

struct audit_receipt {
	uint64_t sec;
	uint32_t milli;
	uint64_t serial;              /* 0: there is none; the kernel's begin at 1 */
	char uuid[AUDIT_UUID_SIZE];   /* of the container's run, made by the witness; "" when the record has none */
};

static inline bool audit_receipt_is(const struct audit_receipt *r)
{
	return r->serial != 0;
}

/* "sec.milli:serial", or "self" for none. Returns `out`. */
const char *audit_receipt_text(const struct audit_receipt *r, char out[static AUDIT_RECEIPT_SIZE]);

/* The other way, leaving ret->uuid alone. "self" gives serial 0. -EINVAL for anything that audit_receipt_text() does not write. */
int audit_receipt_parse(const char *text, struct audit_receipt *ret) _must_check_;

#endif
