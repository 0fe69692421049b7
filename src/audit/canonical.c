/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A hash is of bytes, a value has many spellings: one of them has to be the
 * right one. RFC 8785 is that, and its hard parts (floating point, order by
 * UTF-16) are left out by refusing what would need them.
 *
 * Held: what is written is valid JSON in UTF-8 without a line break, and
 * reading it back and writing it again gives the same bytes.
 */
#include "audit/canonical.h"

#include "base/escape.h"

#include <errno.h>
#include <string.h>

struct writer {
	struct buf *out;
	struct err *e;
};

static int value_add(const struct writer *w, struct json_object *o, unsigned depth);

static void control_add(struct buf *out, unsigned char c)
{
	static const char from[] = "\b\t\n\f\r", to[] = "btnfr";
	const char *at = c == '\0' ? NULL : strchr(from, c);

	if (at)
		buf_addf(out, "\\%c", to[at - from]);
	else
		buf_addf(out, "\\u%04x", c);
}

static void string_add(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len;

	buf_addc(out, '"');
	while (s < end) {
		const char *from = s;
		uint32_t code;

		if (utf8_next(&s, end, &code) < 0) {
			s++;
			buf_adds(out, "\xef\xbf\xbd");
		} else if (code == '"' || code == '\\') {
			buf_addf(out, "\\%c", (char)code);
		} else if (code < 0x20) {
			control_add(out, (unsigned char)code);
		} else {
			buf_add(out, from, (size_t)(s - from));
		}
	}
	buf_addc(out, '"');
}

static bool is_key(const char *s)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return s[0] != '\0' && s[strspn(s, chars)] == '\0';
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int object_add(const struct writer *w, struct json_object *o, unsigned depth)
{
	const char *keys[CANONICAL_KEYS_MAX];
	size_t n = 0;
	int r = 0;

	json_object_object_foreach(o, key, unused) {
		(void)unused;
		if (!is_key(key))
			return err_set(w->e, EINVAL, "a key of an entry is of other characters than letters, digits, '_', '.' and '-'");
		if (n == ARRAY_SIZE(keys))
			return err_set(w->e, EINVAL, "more than %d members in an object", CANONICAL_KEYS_MAX);
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(keys[0]), compare_keys);
	buf_addc(w->out, '{');
	for (size_t i = 0; r == 0 && i < n; i++) {
		buf_addf(w->out, "%s\"%s\":", i > 0 ? "," : "", keys[i]);
		r = value_add(w, json_object_object_get(o, keys[i]), depth + 1);
	}
	buf_addc(w->out, '}');
	return r;
}

static int array_add(const struct writer *w, struct json_object *o, unsigned depth)
{
	size_t n = json_object_array_length(o);
	int r = 0;

	buf_addc(w->out, '[');
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i > 0)
			buf_addc(w->out, ',');
		r = value_add(w, json_object_array_get_idx(o, i), depth + 1);
	}
	buf_addc(w->out, ']');
	return r;
}

static int int_add(const struct writer *w, struct json_object *o)
{
	int64_t v = json_object_get_int64(o);

	/* json-c clamps what is past int64_t, which is past our bound as well */
	if (v > CANONICAL_INT_MAX || v < -CANONICAL_INT_MAX)
		return err_set(w->e, ERANGE, "a number past 2^53-1");
	buf_addf(w->out, "%lld", (long long)v);
	return 0;
}

static int value_add(const struct writer *w, struct json_object *o, unsigned depth)
{
	if (depth > CANONICAL_DEPTH_MAX)
		return err_set(w->e, EINVAL, "deeper than %d levels", CANONICAL_DEPTH_MAX);
	switch (json_object_get_type(o)) {
	case json_type_object:
		return object_add(w, o, depth);
	case json_type_array:
		return array_add(w, o, depth);
	case json_type_string:
		string_add(w->out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
		return 0;
	case json_type_int:
		return int_add(w, o);
	case json_type_boolean:
		buf_adds(w->out, json_object_get_boolean(o) ? "true" : "false");
		return 0;
	case json_type_null:
		buf_adds(w->out, "null");
		return 0;
	default:
		return err_set(w->e, EINVAL, "a number that is not whole");
	}
}

int canonical_add(struct json_object *o, struct buf *out, struct err *e)
{
	const struct writer w = {out, e};
	int r = value_add(&w, o, 0);

	return r < 0 ? r : -buf_bad(out);
}

bool canonical_is(struct json_object *o, const char *text, size_t len)
{
	_cleanup_(buf_done) struct buf again = BUF_INIT;

	return canonical_add(o, &again, NULL) == 0 && again.len == len && memcmp(buf_str(&again), text, len) == 0;
}
