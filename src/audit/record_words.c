/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * libaudit's own encoder is not linked, because its object file brings along
 * the resolver, NSS and every rule parser; a test compares the two.
 */
#include "audit/record_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void record_add(struct record *r, const char *fmt, ...)
{
	size_t room = sizeof(r->text) - r->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, room, fmt, ap);
	va_end(ap);
	r->cut = r->cut || (size_t)n >= room;
	r->len = r->cut ? RECORD_MAX : r->len + (size_t)n;
}

void record_nv(struct record *r, const char *name, const char *value, size_t max)
{
	size_t len = strnlen(value, max), plain = 0;

	/* as audit_value_needs_encoding(3), and "'", at which some readers (auditbeat's, laurel's) take msg='...' for ended */
	while (plain < len && value[plain] > ' ' && value[plain] < 0x7f && !strchr("\"'", value[plain]))
		plain++;
	if (plain == len) {
		record_add(r, " %s=\"%.*s\"", name, (int)len, value);
		return;
	}
	record_add(r, " %s=", name);
	for (size_t i = 0; i < len; i++)
		record_add(r, "%02X", (unsigned char)value[i]);
}
