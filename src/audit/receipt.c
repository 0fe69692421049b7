/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One text for one receipt: what is parsed is written again and compared, so
 * that receipts can be compared as texts wherever they were stored.
 */
#include "audit/receipt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *audit_receipt_text(const struct audit_receipt *r, char out[static AUDIT_RECEIPT_SIZE])
{
	if (audit_receipt_is(r))
		snprintf(out, AUDIT_RECEIPT_SIZE, "%llu.%03u:%llu", (unsigned long long)r->sec, r->milli % 1000,
			 (unsigned long long)r->serial);
	else
		snprintf(out, AUDIT_RECEIPT_SIZE, "%s", AUDIT_SELF);
	return out;
}

int audit_receipt_parse(const char *text, struct audit_receipt *ret)
{
	struct audit_receipt r = {0};
	unsigned long long sec = 0, serial = 0;
	unsigned milli = 0;
	char again[AUDIT_RECEIPT_SIZE];

	if (strlen(text) >= AUDIT_RECEIPT_SIZE)
		return -EINVAL;
	if (strcmp(text, AUDIT_SELF) != 0) {
		if (sscanf(text, "%20llu.%3u:%20llu", &sec, &milli, &serial) != 3 || serial == 0)
			return -EINVAL;
		r.sec = sec;
		r.milli = milli;
		r.serial = serial;
	}
	if (strcmp(audit_receipt_text(&r, again), text) != 0)
		return -EINVAL;
	ret->sec = r.sec;
	ret->milli = r.milli;
	ret->serial = r.serial;
	return 0;
}
