/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why a scan before json-c: its strict mode (0.16) still takes NaN, single
 * quotes and invalid UTF-8, and keeps the last of two equal keys without a
 * word. So the text is first walked by a small recogniser of RFC 8259, which
 * also counts the members of all objects; json-c then builds the tree, and
 * its members are counted too. A key that came twice is dropped by json-c
 * (with whatever hung on it), so the two counts agree exactly when no key is
 * repeated, whatever escapes it was spelled with. No table of keys is needed.
 *
 * Held: depth is bounded, so both walks may recurse; no key holds a NUL, so
 * that a C string names it whole; whole numbers fit int64_t or uint64_t (json-c
 * would clamp), and others are finite.
 */
#include "base/json.h"

#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct scan {
	const char *text, *p, *end;
	const char *what;
	unsigned depth;
	size_t members; /* of all objects */
	const char *apart;    /* the keys on the way to what is left as text, from here on; NULL: there is nothing (more) to find */
	unsigned apart_depth; /* where the first of them is */
	const char *part, *part_end;
	struct err *e;
};

static int bad(const struct scan *s, const char *why)
{
	size_t line = 1, column = 1;

	for (const char *c = s->text; c < s->p; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	return err_set(s->e, EINVAL, "%s: line %zu, column %zu: %s", s->what, line, column, why);
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* True and past it when the next byte is `c`. */
static bool take(struct scan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* After the backslash. */
static int scan_escape(struct scan *s, bool is_key)
{
	if (s->p < s->end && *s->p != '\0' && strchr("\"\\/bfnrt", *s->p)) {
		s->p++;
		return 0;
	}
	if (!take(s, 'u'))
		return bad(s, "unknown escape in a string");
	for (int i = 0; i < 4; i++)
		if (s->p + i >= s->end || !is_hex(s->p[i]))
			return bad(s, "\\u without four hexadecimal digits");
	if (is_key && memcmp(s->p, "0000", 4) == 0)
		return bad(s, "NUL in a key");
	s->p += 4;
	return 0;
}

static int scan_string(struct scan *s, bool is_key)
{
	int r = 0;

	if (!take(s, '"'))
		return bad(s, is_key ? "a key in double quotes was expected" : "a string was expected");
	while (r == 0 && s->p < s->end && *s->p != '"') {
		uint32_t cp;

		if ((unsigned char)*s->p < 0x20)
			return bad(s, "control character in a string");
		if (take(s, '\\'))
			r = scan_escape(s, is_key);
		else if (utf8_next(&s->p, s->end, &cp) < 0)
			return bad(s, "invalid UTF-8");
	}
	if (r == 0 && !take(s, '"'))
		return bad(s, "the string does not end");
	return r;
}

static size_t scan_digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

/* Does the whole number of `n` digits at `digits` fit 64 bits? */
static bool fits(const char *digits, size_t n, bool negative)
{
	const char *most = negative ? "9223372036854775808" : "18446744073709551615";
	size_t len = strlen(most);

	return n < len || (n == len && memcmp(digits, most, n) <= 0);
}

static int scan_number(struct scan *s)
{
	bool negative = take(s, '-'), whole = true;
	const char *digits = s->p;
	size_t n = scan_digits(s);

	if (n == 0)
		return bad(s, "a value was expected");
	if (n > 1 && *digits == '0')
		return bad(s, "number with a leading zero");
	if (take(s, '.')) {
		whole = false;
		if (scan_digits(s) == 0)
			return bad(s, "digits were expected");
	}
	if (take(s, 'e') || take(s, 'E')) {
		whole = false;
		if (!take(s, '+'))
			(void)take(s, '-');
		if (scan_digits(s) == 0)
			return bad(s, "digits were expected");
	}
	return whole && !fits(digits, n, negative) ? bad(s, "number does not fit 64 bits") : 0;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->p) >= len && memcmp(s->p, words[i], len) == 0) {
			s->p += len;
			return 0;
		}
	}
	return scan_number(s);
}

static int scan_value(struct scan *s);

/* The value of `key`: one on the way to what is left as text, or that itself. */
static int scan_on_the_way(struct scan *s, const char *key, size_t len)
{
	const char *path = s->apart;
	size_t n = strcspn(path, "."), members = s->members;
	int r;

	if (len != n || memcmp(key, path, n) != 0)
		return scan_value(s);
	skip_blanks(s);
	if (path[n] == '.') {
		s->apart = path + n + 1;
		s->apart_depth++;
		r = scan_value(s);
		s->apart_depth--;
		if (s->apart)
			s->apart = path;
		return r;
	}
	if (s->p >= s->end || *s->p != '{')
		return scan_value(s);
	s->apart = NULL;
	s->part = s->p;
	r = scan_value(s);
	s->part_end = s->p;
	s->members = members;
	return r;
}

/* One item of a list, with the blanks around it. */
static int scan_item(struct scan *s, bool is_object)
{
	const char *key = s->p, *key_end = key;
	int r = 0;

	if (is_object) {
		skip_blanks(s);
		s->members++;
		key = s->p;
		r = scan_string(s, true);
		key_end = s->p;
		skip_blanks(s);
		if (r == 0 && !take(s, ':'))
			return bad(s, "':' was expected");
	}
	if (r == 0 && is_object && s->apart && s->depth == s->apart_depth)
		r = scan_on_the_way(s, key + 1, (size_t)(key_end - key) - 2);
	else if (r == 0)
		r = scan_value(s);
	skip_blanks(s);
	return r;
}

static int scan_list(struct scan *s, bool is_object)
{
	char close = is_object ? '}' : ']';
	int r;

	if (++s->depth > JSON_DEPTH_MAX)
		return bad(s, "nested too deeply");
	s->p++;
	skip_blanks(s);
	if (!take(s, close)) {
		do
			r = scan_item(s, is_object);
		while (r == 0 && take(s, ','));
		if (r < 0)
			return r;
		if (!take(s, close))
			return bad(s, is_object ? "',' or '}' was expected" : "',' or ']' was expected");
	}
	s->depth--;
	return 0;
}

static int scan_value(struct scan *s)
{
	skip_blanks(s);
	if (s->p >= s->end)
		return bad(s, "unexpected end");
	switch (*s->p) {
	case '{':
		return scan_list(s, true);
	case '[':
		return scan_list(s, false);
	case '"':
		return scan_string(s, false);
	default:
		return scan_word(s);
	}
}

/* Counts the members of all objects of the tree; `*finite` is cleared by a number that overflowed. */
static size_t count_members(struct json_object *o, bool *finite)
{
	size_t n = 0;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value) {
			(void)key;
			n += 1 + count_members(value, finite);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			n += count_members(json_object_array_get_idx(o, i), finite);
	} else if (json_object_is_type(o, json_type_double) && !isfinite(json_object_get_double(o))) {
		*finite = false;
	}
	return n;
}

/* All of `text` with null for the part, or with the part. */
static struct json_object *feed(struct json_tokener *tok, const struct scan *s)
{
	struct json_object *o;

	if (!s->part) {
		o = json_tokener_parse_ex(tok, s->text, (int)(s->end - s->text));
	} else {
		(void)json_tokener_parse_ex(tok, s->text, (int)(s->part - s->text));
		(void)json_tokener_parse_ex(tok, "null", 4);
		o = json_tokener_parse_ex(tok, s->part_end, (int)(s->end - s->part_end));
	}
	/* a bare number may go on for all that the tokener knows: a blank ends it */
	if (json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, " ", 1);
	return o;
}

static int parse(struct scan *s, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *what = s->what;
	struct json_tokener *tok;
	enum json_tokener_error why;
	bool finite = true;
	int r;

	if (s->end - s->text >= INT_MAX)
		return err_set(e, EFBIG, "%s: too large", what);
	r = scan_value(s);
	if (r < 0)
		return r;
	skip_blanks(s);
	if (s->p != s->end)
		return bad(s, "bytes after the value");
	tok = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	if (!tok)
		return err_errno(e, ENOMEM, "%s", what);
	o = feed(tok, s);
	why = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (why != json_tokener_success)
		return err_set(e, EINVAL, "%s: %s", what, json_tokener_error_desc(why));
	if (count_members(o, &finite) != s->members)
		return err_set(e, EINVAL, "%s: an object has the same key twice", what);
	if (!finite)
		return err_set(e, EINVAL, "%s: a number is too large", what);
	*ret = TAKE_PTR(o);
	return 0;
}

int json_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e)
{
	struct scan s = {.text = text, .p = text, .end = text + len, .what = what, .e = e};

	return parse(&s, ret, e);
}

int json_parse_apart(const char *text, size_t len, const char *what, const char *path, struct json_object **ret, char **ret_part,
		     struct err *e)
{
	struct scan s = {.text = text, .p = text, .end = text + len, .what = what, .apart = path, .apart_depth = 1, .e = e};
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *part = NULL;
	int r = parse(&s, &o, e);

	if (r == 0 && s.part) {
		part = strndup(s.part, (size_t)(s.part_end - s.part));
		if (!part)
			return err_errno(e, ENOMEM, "%s", what);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(o);
	*ret_part = TAKE_PTR(part);
	return 0;
}

struct json_object *json_at(struct json_object *o, const char *path)
{
	while (o && *path) {
		size_t n = strcspn(path, ".");
		char key[128];

		if (n >= sizeof(key) || !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		if (!json_object_object_get_ex(o, key, &o))
			return NULL;
		path += n + (path[n] == '.');
	}
	return o;
}

/* The value when it is of that type; NULL with `*r` 0 when absent, or -EINVAL. */
static struct json_object *typed(struct json_object *o, const char *path, json_type type, const char *word, int *r,
				 struct err *e)
{
	o = json_at(o, path);
	*r = 0;
	if (o && !json_object_is_type(o, type)) {
		*r = err_set(e, EINVAL, "%s: not %s", path, word);
		return NULL;
	}
	return o;
}

int json_get_str(struct json_object *o, const char *path, const char **ret, struct err *e)
{
	int r;

	o = typed(o, path, json_type_string, "a string", &r, e);
	if (!o)
		return r;
	if (strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o))
		return err_set(e, EINVAL, "%s: holds a NUL", path);
	*ret = json_object_get_string(o);
	return 0;
}

int json_get_bool(struct json_object *o, const char *path, bool *ret, struct err *e)
{
	int r;

	o = typed(o, path, json_type_boolean, "true or false", &r, e);
	if (o)
		*ret = json_object_get_boolean(o);
	return r;
}

/*
 * The value as sign and magnitude: json-c keeps 2^63 and more only in its
 * unsigned form, and clamps what does not fit the form asked for.
 */
static bool whole_number(struct json_object *o, bool *negative, uint64_t *magnitude)
{
	int64_t v;

	if (!json_object_is_type(o, json_type_int))
		return false;
	v = json_object_get_int64(o);
	*negative = v < 0;
	*magnitude = v < 0 ? 0 - (uint64_t)v : json_object_get_uint64(o);
	return true;
}

int json_get_u64(struct json_object *o, const char *path, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
	bool negative;
	uint64_t v;

	o = json_at(o, path);
	if (!o)
		return 0;
	if (!whole_number(o, &negative, &v) || negative || v < min || v > max)
		return err_set(e, EINVAL, "%s: not a number from %llu to %llu", path, (unsigned long long)min,
			       (unsigned long long)max);
	*ret = v;
	return 0;
}

int json_get_u32(struct json_object *o, const char *path, uint32_t min, uint32_t max, uint32_t *ret, struct err *e)
{
	uint64_t v = *ret;
	int r = json_get_u64(o, path, min, max, &v, e);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int json_get_i64(struct json_object *o, const char *path, int64_t min, int64_t max, int64_t *ret, struct err *e)
{
	bool negative, fits_i64;
	uint64_t v;
	int64_t n;

	o = json_at(o, path);
	if (!o)
		return 0;
	fits_i64 = whole_number(o, &negative, &v) && (negative || v <= INT64_MAX);
	n = fits_i64 ? json_object_get_int64(o) : 0;
	if (!fits_i64 || n < min || n > max)
		return err_set(e, EINVAL, "%s: not a number from %lld to %lld", path, (long long)min, (long long)max);
	*ret = n;
	return 0;
}

int json_get_array(struct json_object *o, const char *path, struct json_object **ret, struct err *e)
{
	int r;

	o = typed(o, path, json_type_array, "an array", &r, e);
	if (r == 0)
		*ret = o;
	return r;
}

int json_get_object(struct json_object *o, const char *path, struct json_object **ret, struct err *e)
{
	int r;

	o = typed(o, path, json_type_object, "an object", &r, e);
	if (r == 0)
		*ret = o;
	return r;
}

int json_get_strv(struct json_object *o, const char *path, struct strv *v, struct err *e)
{
	struct json_object *a = NULL;
	int r = json_get_array(o, path, &a, e);

	for (size_t i = 0; r == 0 && a && i < json_object_array_length(a); i++) {
		struct json_object *s = json_object_array_get_idx(a, i);

		if (!json_object_is_type(s, json_type_string) ||
		    strlen(json_object_get_string(s)) != (size_t)json_object_get_string_len(s))
			return err_set(e, EINVAL, "%s[%zu]: not a string without NUL", path, i);
		r = strv_add(v, json_object_get_string(s));
		if (r < 0)
			return err_errno(e, -r, "%s", path);
	}
	return r;
}

const char *json_str(struct json_object *o, const char *path)
{
	o = json_at(o, path);
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
}

int64_t json_int(struct json_object *o, const char *path)
{
	o = json_at(o, path);
	return json_object_is_type(o, json_type_int) ? json_object_get_int64(o) : 0;
}

bool json_true(struct json_object *o, const char *path)
{
	o = json_at(o, path);
	return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
}

int json_add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && o && json_object_object_add(o, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int json_add_str(struct json_object *o, const char *key, const char *value)
{
	return value ? json_add(o, key, json_object_new_string(value)) : 0;
}

static char time_mark;

int json_add_time(struct json_object *o, const char *key, const struct timespec *t)
{
	char text[CLOCK_TEXT_SIZE];
	struct json_object *s = json_object_new_string(clock_rfc3339(t, CLOCK_UTC, text));

	if (s)
		json_object_set_userdata(s, &time_mark, NULL);
	return json_add(o, key, s);
}

bool json_is_time(struct json_object *o)
{
	return o && json_object_is_type(o, json_type_string) && json_object_get_userdata(o) == &time_mark;
}

int json_add_int(struct json_object *o, const char *key, int64_t value)
{
	return json_add(o, key, json_object_new_int64(value));
}

int json_add_u64(struct json_object *o, const char *key, uint64_t value)
{
	return json_add(o, key, json_object_new_uint64(value));
}

int json_add_bool(struct json_object *o, const char *key, bool value)
{
	return json_add(o, key, json_object_new_boolean(value));
}

int json_add_strv(struct json_object *o, const char *key, const struct strv *v)
{
	_cleanup_json_ struct json_object *a = json_object_new_array();
	int r = a ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = json_append_str(a, v->items[i]);
	return r < 0 ? r : json_add(o, key, TAKE_PTR(a));
}

int json_append(struct json_object *array, struct json_object *value)
{
	if (value && array && json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int json_append_str(struct json_object *array, const char *value)
{
	return value ? json_append(array, json_object_new_string(value)) : 0;
}

const char *json_text(struct json_object *o, size_t *ret_len)
{
	size_t len = 0;
	const char *s = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (ret_len)
		*ret_len = len;
	return s;
}

/* The type of an object or array that has something in it; json_type_null for all else. */
static json_type filled_list(struct json_object *o)
{
	if (json_object_is_type(o, json_type_object) && json_object_object_length(o) > 0)
		return json_type_object;
	if (json_object_is_type(o, json_type_array) && json_object_array_length(o) > 0)
		return json_type_array;
	return json_type_null;
}

static int print_line(struct printbuf *pb, const char *before, unsigned level)
{
	if (printbuf_memappend(pb, before, (int)strlen(before)) < 0)
		return -1;
	return level ? printbuf_memset(pb, -1, ' ', (int)(4 * level)) : 0;
}

static int print_text(struct printbuf *pb, struct json_object *o)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	size_t len = 4;
	const char *s = o ? json_text(o, &len) : "null";

	if (!s)
		return -1;
	escape_json(s, len, &b);
	return buf_bad(&b) ? -1 : printbuf_memappend(pb, buf_str(&b), (int)b.len);
}

static int print_key(struct printbuf *pb, const char *key)
{
	_cleanup_json_ struct json_object *k = json_object_new_string(key);

	if (!k || print_text(pb, k) < 0)
		return -1;
	return printbuf_memappend(pb, ": ", 2);
}

/* Recurses at most as deep as what json_parse() or our builders made. */
static int print_value(struct printbuf *pb, struct json_object *o, unsigned level)
{
	json_type type = filled_list(o);
	const char *before;
	int r = 0;

	if (type == json_type_object) {
		before = "{\n";
		json_object_object_foreach(o, key, value) {
			if (r >= 0)
				r = print_line(pb, before, level + 1);
			if (r >= 0)
				r = print_key(pb, key);
			if (r >= 0)
				r = print_value(pb, value, level + 1);
			before = ",\n";
		}
		return r < 0 || print_line(pb, "\n", level) < 0 ? -1 : printbuf_memappend(pb, "}", 1);
	}
	if (type == json_type_array) {
		before = "[\n";
		for (size_t i = 0; r >= 0 && i < json_object_array_length(o); i++) {
			r = print_line(pb, before, level + 1);
			if (r >= 0)
				r = print_value(pb, json_object_array_get_idx(o, i), level + 1);
			before = ",\n";
		}
		return r < 0 || print_line(pb, "\n", level) < 0 ? -1 : printbuf_memappend(pb, "]", 1);
	}
	return print_text(pb, o);
}

static int print_root(struct json_object *o, struct printbuf *pb, int level, int flags)
{
	(void)flags;
	return print_value(pb, o, (unsigned)level);
}

const char *json_pretty(struct json_object *o)
{
	const char *s;

	/* a scalar's printer must stay its own: print_text() would come back here */
	if (filled_list(o) == json_type_null)
		return json_text(o, NULL);
	/* json-c's own printer knows no four spaces and puts "{" and "}" of an empty object on two lines */
	json_object_set_serializer(o, print_root, NULL, NULL);
	s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	json_object_set_serializer(o, NULL, NULL, NULL);
	return s;
}
