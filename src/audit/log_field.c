/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The syntax of a record is older than any grammar of it. What holds: the kernel puts a string
 * that somebody else chose between double quotes, or, if it holds a
 * quote, a blank, a control byte or a byte above 126, writes it in
 * hexadecimal without quotes. So a value in quotes never holds a quote, and
 * a value without them never holds a blank. The text of a process with
 * CAP_AUDIT_WRITE stands between single quotes, and libaudit leaves
 * single quotes in it alone: it ends at the last one. What a reader takes from
 * before msg=' is the kernel's word, the rest the sender's.
 */
#include "audit/log_field.h"

#include <string.h>

static const char *value_end(const char *value, const char *end, char quote)
{
	if (quote == '\'')
		return memrchr(value, quote, (size_t)(end - value));
	return memchr(value, quote ? quote : ' ', (size_t)(end - value));
}

bool log_field_next(const char **p, const char *end, struct log_field *ret)
{
	while (*p < end) {
		const char *word = *p, *at = word, *stop;

		while (at < end && *at != ' ' && *at != '=')
			at++;
		*p = at < end ? at + 1 : end;
		if (at == end || *at != '=' || at == word)
			continue;
		at++;
		*ret = (struct log_field){.key = word, .key_len = (size_t)(at - 1 - word)};
		if (at < end && (*at == '"' || *at == '\''))
			ret->quote = *at++;
		stop = value_end(at, end, ret->quote);
		ret->cut = ret->quote && !stop;
		if (!stop)
			stop = end;
		ret->value = at;
		ret->value_len = (size_t)(stop - at);
		*p = stop < end ? stop + 1 : end;
		return true;
	}
	return false;
}

bool log_field_is(const struct log_field *f, const char *key)
{
	return strlen(key) == f->key_len && memcmp(f->key, key, f->key_len) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool number(const char *s, size_t len, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (len == 0 || len > 20)
		return false;
	for (size_t i = 0; i < len; i++) {
		int d = digit(s[i]);

		if (d < 0 || (unsigned)d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (unsigned)d, &v))
			return false;
	}
	if (v > max)
		return false;
	*ret = v;
	return true;
}

bool log_field_u64(const struct log_field *f, uint64_t max, uint64_t *ret)
{
	return !f->quote && number(f->value, f->value_len, 10, max, ret);
}

bool log_field_hex(const struct log_field *f, uint64_t max, uint64_t *ret)
{
	return !f->quote && number(f->value, f->value_len, 16, max, ret);
}

bool log_field_i64(const struct log_field *f, int64_t *ret)
{
	bool minus = f->value_len > 0 && f->value[0] == '-';
	uint64_t v;

	if (f->quote || !number(f->value + minus, f->value_len - minus, 10, INT64_MAX, &v))
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool is_nothing(const struct log_field *f)
{
	static const char *const nothing[] = {"(null)", "?", "(none)"};

	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (strlen(nothing[i]) == f->value_len && memcmp(nothing[i], f->value, f->value_len) == 0)
			return true;
	return false;
}

/* Hexadecimal, in capitals, without a NUL in it? */
static bool is_hex_text(const struct log_field *f)
{
	if (f->value_len == 0 || f->value_len % 2 != 0)
		return false;
	for (size_t i = 0; i < f->value_len; i += 2) {
		int high = digit(f->value[i]), low = digit(f->value[i + 1]);

		if (high < 0 || low < 0 || high + low == 0 || f->value[i] >= 'a' || f->value[i + 1] >= 'a')
			return false;
	}
	return true;
}

static int copy(const struct log_field *f, bool hex, char *dst, size_t size)
{
	size_t len = f->value_len;

	if (!f->quote && is_nothing(f))
		len = 0;
	if (hex)
		len /= 2;
	if (len >= size)
		return -1;
	for (size_t i = 0; i < len; i++)
		dst[i] = hex ? (char)(digit(f->value[2 * i]) << 4 | digit(f->value[2 * i + 1])) : f->value[i];
	dst[len] = 0;
	return (int)len;
}

int log_field_text(const struct log_field *f, char *dst, size_t size)
{
	return copy(f, !f->quote && is_hex_text(f), dst, size);
}

int log_field_word(const struct log_field *f, char *dst, size_t size)
{
	return copy(f, false, dst, size);
}
