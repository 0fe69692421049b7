/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_field - the fields of one audit record: key=value, key="value", key=HEX, msg='...'.
 *
 *	const char *p = body, *end = body + len;
 *	while (log_field_next(&p, end, &f))
 *		if (log_field_is(&f, "pid"))
 *			ok = log_field_u64(&f, UINT32_MAX, &pid);
 *
 * Numbers are strict and text is decoded as libaudit encodes it. Nothing is copied but by log_field_text().
 */
#ifndef RANBY_AUDIT_LOG_FIELD_H
#define RANBY_AUDIT_LOG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_field {
	const char *key, *value; /* borrowed from the record, without quotes */
	size_t key_len, value_len;
	char quote;              /* 0, '"' or '\'' */
	bool cut;                /* the closing quote is not there */
};

/* Words without '=' are passed over. A value in single quotes reaches to the last one: it is a whole message. */
bool log_field_next(const char **p, const char *end, struct log_field *ret);
bool log_field_is(const struct log_field *f, const char *key);
bool log_field_u64(const struct log_field *f, uint64_t max, uint64_t *ret);
bool log_field_i64(const struct log_field *f, int64_t *ret);
bool log_field_hex(const struct log_field *f, uint64_t max, uint64_t *ret);
/*
 * Its text into `dst` (`size` > 0) with a NUL, decoded where it is hexadecimal (in capitals, as the kernel and libaudit write it); the length, or -1 when it does not
 * fit. "(null)", "?" and "(none)" without quotes are "". What holds a NUL stays in hexadecimal.
 */
int log_field_text(const struct log_field *f, char *dst, size_t size);
/* The same of a field that no sender encodes, such as an id: hexadecimal digits are what it says. */
int log_field_word(const struct log_field *f, char *dst, size_t size);

#endif
