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
 * would clamp), and others are finite. Of values, and of lists among them, there
 * is a number that is enough: json-c takes 800 bytes for what is two in the text.
 */
#include "base/json.h"

#include "base/buf.h"
#include "base/escape.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

struct scan {
	const char *text, *p, *end;
	const char *what;
	unsigned depth, deepest;
	size_t members; /* of all objects */
	size_t values, lists;
	const char *apart;    /* the keys on the way to what is left as text, from here on; NULL: there is nothing (more) to find */
	unsigned apart_depth; /* where the first of them is */
	const char *part, *part_end;
	const struct strv *wanted; /* json_parse_parts(): dotted paths; the place where the walk is, and what was found */
	struct buf place, found;
	size_t found_members;
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
	while (r == 0) {
		uint32_t cp;

		s->p += text_plain(s->p, s->end);
		if (s->p >= s->end || *s->p == '"')
			break;
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

/* What is wanted of the place where the walk is. */
enum wanted { NOTHING, A_PART, ALL };

static enum wanted what_is_wanted(const struct scan *s)
{
	enum wanted ret = NOTHING;

	for (size_t i = 0; ret != ALL && i < s->wanted->n; i++) {
		const char *path = s->wanted->items[i];

		if (path[0] != s->place.data[0] || strncmp(path, s->place.data, s->place.len) != 0)
			continue;
		if (path[s->place.len] == '\0')
			ret = ALL;
		else if (path[s->place.len] == '.')
			ret = A_PART;
	}
	return ret;
}

static void add_found_key(struct scan *s, const char *key, size_t len)
{
	if (s->found.len && s->found.data[s->found.len - 1] != '{')
		buf_addc(&s->found, ',');
	s->found_members++;
	buf_addc(&s->found, '"');
	buf_add(&s->found, key, len);
	buf_add(&s->found, "\":", 2);
}

/* The value of `key`, taken over as far as it is wanted. */
static int scan_wanted(struct scan *s, const char *key, size_t len)
{
	const struct strv *wanted = s->wanted;
	size_t place = s->place.len, members = s->members;
	enum wanted want;
	const char *from;
	int r;

	if (place)
		buf_addc(&s->place, '.');
	buf_add(&s->place, key, len);
	if (buf_bad(&s->place))
		return err_errno(s->e, ENOMEM, "%s", s->what);
	want = what_is_wanted(s);
	skip_blanks(s);
	from = s->p;
	if (want == A_PART && from < s->end && *from == '{') {
		add_found_key(s, key, len);
		buf_addc(&s->found, '{');
		r = scan_value(s);
		buf_addc(&s->found, '}');
	} else {
		s->wanted = NULL;
		r = scan_value(s);
		s->wanted = wanted;
		if (want == ALL) {
			add_found_key(s, key, len);
			buf_add(&s->found, from, (size_t)(s->p - from));
			s->found_members += s->members - members;
		}
	}
	s->place.len = place;
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
	if (r == 0 && is_object && s->wanted)
		r = scan_wanted(s, key + 1, (size_t)(key_end - key) - 2);
	else if (r == 0 && is_object && s->apart && s->depth == s->apart_depth)
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
	if (s->deepest < s->depth)
		s->deepest = s->depth;
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
	s->lists += *s->p == '{' || *s->p == '[';
	if (++s->values > JSON_VALUES_MAX || s->lists > JSON_LISTS_MAX)
		return bad(s, "too many values");
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

/* All of the text is one value. */
static int scan_all(struct scan *s)
{
	int r;

	if (s->end - s->text >= INT_MAX)
		return err_set(s->e, EFBIG, "%s: too large", s->what);
	r = scan_value(s);
	if (r < 0)
		return r;
	skip_blanks(s);
	return s->p != s->end ? bad(s, "bytes after the value") : 0;
}

/* The tree of what was scanned. */
static int build(const struct scan *s, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *what = s->what;
	struct json_tokener *tok;
	enum json_tokener_error why;
	bool finite = true;

	/* room for what is there, and not for all that could be */
	tok = json_tokener_new_ex((int)s->deepest + 2);
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

static int parse(struct scan *s, struct json_object **ret, struct err *e)
{
	int r = scan_all(s);

	return r == 0 ? build(s, ret, e) : r;
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

int json_parse_parts(const char *text, size_t len, const char *what, const struct strv *paths, struct json_object **ret, struct err *e)
{
	struct scan s = {.text = text, .p = text, .end = text + len, .what = what, .wanted = paths, .place = BUF_INIT, .found = BUF_INIT, .e = e};
	int r;

	skip_blanks(&s);
	if (s.p >= s.end || *s.p != '{')
		s.wanted = NULL;
	buf_addc(&s.found, '{');
	r = scan_all(&s);
	buf_addc(&s.found, '}');
	if (r == 0 && buf_bad(&s.found))
		r = err_errno(e, ENOMEM, "%s", what);
	if (r == 0) {
		const struct scan found = {.text = buf_str(&s.found), .end = buf_str(&s.found) + s.found.len, .what = what,
					   .deepest = s.deepest, .members = s.found_members};

		r = build(&found, ret, e);
	}
	buf_done(&s.place);
	buf_done(&s.found);
	return r;
}
