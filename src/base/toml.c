/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * No library for this is packaged where we build, and nothing is taken into
 * the tree; it is a small language. One pass, by descent, straight into the
 * JSON objects that all other configuration is read from too.
 *
 * What TOML forbids is refused: a key that is there already, a table that is
 * opened twice, a table that an array or a value stands in the way of.
 * Which tables were opened by a header is kept in a list beside the objects,
 * since an object has no room for it.
 */
#include "base/toml.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define OPENED_MAX 4096

struct toml {
	const char *at, *end, *what;
	unsigned line;
	struct json_object *root, *table; /* borrowed: where keys go now */
	const struct json_object *opened[OPENED_MAX]; /* by a header, or inline: then nothing is added any more */
	bool is_inline[OPENED_MAX];
	size_t n_opened;
	struct err *e;
};

static int bad(struct toml *t, const char *why)
{
	return err_set(t->e, EINVAL, "%s:%u: %s", t->what, t->line, why);
}

static int no_memory(struct toml *t)
{
	return err_errno(t->e, ENOMEM, "%s", t->what);
}

static char peek(const struct toml *t)
{
	return t->at < t->end ? *t->at : '\0';
}

static bool looks_at(const struct toml *t, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(t->end - t->at) >= n && memcmp(t->at, word, n) == 0;
}

static void step(struct toml *t)
{
	if (t->at < t->end && *t->at++ == '\n')
		t->line++;
}

static bool skip_word(struct toml *t, const char *word)
{
	if (!looks_at(t, word))
		return false;
	t->at += strlen(word);
	return true;
}

/* Blanks; with `lines` also line ends and comments. */
static void skip(struct toml *t, bool lines)
{
	for (;;) {
		char c = peek(t);

		if (t->at < t->end && (c == ' ' || c == '\t' || (lines && (c == '\n' || looks_at(t, "\r\n")))))
			step(t);
		else if (lines && c == '#')
			while (t->at < t->end && peek(t) != '\n')
				step(t);
		else
			return;
	}
}

/* What may stand behind a value or a header. */
static int end_line(struct toml *t)
{
	skip(t, false);
	if (peek(t) == '#')
		while (t->at < t->end && peek(t) != '\n')
			step(t);
	if (looks_at(t, "\r\n"))
		step(t);
	if (t->at < t->end && peek(t) != '\n')
		return bad(t, "something stands behind the value");
	step(t);
	return 0;
}

/* ---- strings ---- */

static int take_unicode(struct toml *t, unsigned digits, struct buf *b)
{
	uint32_t c = 0;
	char text[4];

	for (unsigned i = 0; i < digits; i++, step(t)) {
		static const char hex[] = "0123456789abcdefABCDEF";
		const char *d = peek(t) ? strchr(hex, peek(t)) : NULL;

		if (!d)
			return bad(t, "\\u wants four hexadecimal digits, \\U eight");
		c = c << 4 | (uint32_t)(d - hex >= 16 ? d - hex - 6 : d - hex);
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return bad(t, "no such character");
	buf_add(b, text, utf8_put(c, text));
	return 0;
}

static int take_escape(struct toml *t, bool multi, struct buf *b)
{
	static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\033\"\\";
	char c = peek(t);
	const char *known = c ? strchr(from, c) : NULL;

	if (multi && (c == '\n' || c == ' ' || c == '\t' || looks_at(t, "\r\n"))) {
		skip(t, false);
		if (peek(t) != '\n' && !looks_at(t, "\r\n"))
			return bad(t, "a backslash before a blank");
		while (peek(t) == '\n' || peek(t) == ' ' || peek(t) == '\t' || looks_at(t, "\r\n"))
			step(t);
		return 0;
	}
	step(t);
	if (c == 'u' || c == 'U')
		return take_unicode(t, c == 'u' ? 4 : 8, b);
	if (!known)
		return bad(t, "an unknown escape in a string");
	buf_addc(b, to[known - from]);
	return 0;
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* At the quotes that end it: takes them, and those before them that belong to the text. */
static int end_string(struct toml *t, char quote, bool multi, struct buf *b)
{
	t->at += multi ? 3 : 1;
	for (int i = 0; multi && i < 2 && peek(t) == quote; i++, step(t))
		buf_addc(b, quote);
	return buf_bad(b) ? bad(t, "a string is too long") : 0;
}

/* Basic or literal, of one line or of several; the quotes are at t->at. */
static int take_string(struct toml *t, struct buf *b)
{
	char quote = peek(t), three[4] = {quote, quote, quote, '\0'};
	bool multi = skip_word(t, three);
	int r;

	if (!multi)
		step(t);
	else if (looks_at(t, "\r\n") || peek(t) == '\n')
		t->at += peek(t) == '\r' ? 2 : 1, t->line++;
	while (t->at < t->end) {
		char c = peek(t);

		if (multi ? looks_at(t, three) : c == quote)
			return end_string(t, quote, multi, b);
		step(t);
		if (c == '\\' && quote == '"') {
			r = take_escape(t, multi, b);
			if (r < 0)
				return r;
		} else if (is_control(c) && !(multi && (c == '\n' || (c == '\r' && peek(t) == '\n')))) {
			return bad(t, c == '\n' ? "a string ends with its line" : "a control character in a string");
		} else {
			buf_addc(b, c);
		}
	}
	return bad(t, "a string does not end");
}

/* ---- keys ---- */

static bool is_bare(char c)
{
	return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c);
}

static int take_key(struct toml *t, struct buf *key)
{
	buf_reset(key);
	skip(t, false);
	if (peek(t) == '"' || peek(t) == '\'') {
		if (looks_at(t, "\"\"\"") || looks_at(t, "'''"))
			return bad(t, "a key of several lines");
		return take_string(t, key);
	}
	for (; is_bare(peek(t)); step(t))
		buf_addc(key, peek(t));
	return key->len ? 0 : bad(t, "a key is wanted");
}

static bool was_opened(const struct toml *t, const struct json_object *o)
{
	for (size_t i = 0; i < t->n_opened; i++)
		if (t->opened[i] == o)
			return true;
	return false;
}

static bool is_closed(const struct toml *t, const struct json_object *o)
{
	for (size_t i = 0; i < t->n_opened; i++)
		if (t->opened[i] == o)
			return t->is_inline[i];
	return false;
}

static int mark_opened(struct toml *t, const struct json_object *o, bool is_inline)
{
	if (t->n_opened == OPENED_MAX)
		return bad(t, "too many tables");
	t->is_inline[t->n_opened] = is_inline;
	t->opened[t->n_opened++] = o;
	return 0;
}

/* The object below `in` that a part of a dotted name leads to, made when missing; of an array of tables the last. */
static int descend(struct toml *t, struct json_object *in, const char *key, struct json_object **ret)
{
	struct json_object *next = NULL;

	if (!json_object_object_get_ex(in, key, &next)) {
		next = json_object_new_object();
		if (!next || json_add(in, key, next) < 0)
			return no_memory(t);
	} else if (json_object_is_type(next, json_type_array) && json_object_array_length(next) && was_opened(t, next)) {
		next = json_object_array_get_idx(next, json_object_array_length(next) - 1);
	}
	if (!json_object_is_type(next, json_type_object) || is_closed(t, next))
		return bad(t, "a key is there already");
	*ret = next;
	return 0;
}

static int take_value(struct toml *t, unsigned depth, struct json_object **ret);

/* KEY[.KEY…] = VALUE into `table`. */
static int take_pair(struct toml *t, struct json_object *table, unsigned depth)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT_MAX(TOML_STRING_MAX);
	struct json_object *value = NULL;
	unsigned dots = 0;
	int r = take_key(t, &key);

	for (; r == 0; r = take_key(t, &key)) {
		skip(t, false);
		if (peek(t) != '.')
			break;
		step(t);
		if (++dots > TOML_DEPTH_MAX)
			return bad(t, "too deep");
		r = descend(t, table, buf_str(&key), &table);
		if (r == 0 && was_opened(t, table))
			r = bad(t, "a key is there already");
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (peek(t) != '=')
		return bad(t, "\"=\" is wanted");
	step(t);
	skip(t, false);
	if (json_object_object_get_ex(table, buf_str(&key), NULL))
		return bad(t, "a key is there already");
	r = take_value(t, depth, &value);
	return r < 0 ? r : json_add(table, buf_str(&key), value) < 0 ? no_memory(t) : 0;
}

/* ---- values ---- */

static int take_array(struct toml *t, unsigned depth, struct json_object **ret)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	int r;

	if (!list)
		return no_memory(t);
	step(t);
	for (;;) {
		struct json_object *item = NULL;

		skip(t, true);
		if (peek(t) == ']')
			break;
		r = take_value(t, depth, &item);
		if (r < 0)
			return r;
		if (json_append(list, item) < 0)
			return no_memory(t);
		skip(t, true);
		if (peek(t) == ']')
			break;
		if (peek(t) != ',')
			return bad(t, "an array goes on with \",\" or ends with \"]\"");
		step(t);
	}
	step(t);
	*ret = TAKE_PTR(list);
	return 0;
}

static int take_inline(struct toml *t, unsigned depth, struct json_object **ret)
{
	_cleanup_json_ struct json_object *table = json_object_new_object();
	int r;

	if (!table)
		return no_memory(t);
	step(t);
	skip(t, false);
	while (peek(t) != '}') {
		r = take_pair(t, table, depth);
		if (r < 0)
			return r;
		skip(t, false);
		if (peek(t) == '}')
			break;
		if (peek(t) != ',')
			return bad(t, "an inline table goes on with \",\" or ends with \"}\"");
		step(t);
		skip(t, false);
	}
	step(t);
	r = mark_opened(t, table, true);
	if (r == 0)
		*ret = TAKE_PTR(table);
	return r;
}

/* The digits of a number without the underscores between them. */
static int number_text(struct toml *t, char ret[static 80])
{
	size_t n = 0;

	for (; is_bare(peek(t)) || peek(t) == '+' || peek(t) == '.' || peek(t) == ':'; step(t)) {
		if (peek(t) == '_' && (n == 0 || ret[n - 1] == '_' || t->at + 1 == t->end || !is_bare(t->at[1]) || t->at[1] == '_'))
			return bad(t, "an underscore stands between digits only");
		if (peek(t) == '_')
			continue;
		if (n + 1 == 80)
			return bad(t, "a number is too long");
		ret[n++] = peek(t);
	}
	ret[n] = '\0';
	return 0;
}

static int based(const char *digits, uint64_t base, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*digits)
		return -EINVAL;
	for (; *digits; digits++) {
		static const char all[] = "0123456789abcdefABCDEF";
		const char *d = strchr(all, *digits);
		uint64_t n = d ? (uint64_t)(d - all) : base;

		n = n >= 16 && d ? n - 6 : n;
		if (n >= base || v > ((uint64_t)INT64_MAX - n) / base)
			return -EINVAL;
		v = v * base + n;
	}
	*ret = v;
	return 0;
}

/* Decimal digits with a point or an exponent: as JSON has it, but for a "+". */
static int take_float(struct toml *t, const char *text, struct json_object **ret)
{
	struct json_object *o = NULL;
	char first = text[*text == '-'];

	if (strspn(text, "0123456789+-.eE") != strlen(text) || first < '0' || first > '9')
		return bad(t, "no value is written so");
	if (json_parse(text, strlen(text), "number", &o, NULL) < 0 || !json_object_is_type(o, json_type_double)) {
		json_object_put(o);
		return bad(t, "no value is written so");
	}
	*ret = o;
	return 0;
}

static int take_number(struct toml *t, struct json_object **ret)
{
	char text[80];
	const char *digits = text;
	uint64_t v = 0, base = 10;
	bool negative;
	int r = number_text(t, text);

	if (r < 0)
		return r;
	negative = *digits == '-';
	if (*digits == '+' || *digits == '-')
		digits++;
	if (digits[0] == '0' && digits[1] && strchr("xob", digits[1]) && digits == text) {
		base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : 2;
		digits += 2;
	} else if (strpbrk(digits, ".eE")) {
		return take_float(t, *text == '+' ? text + 1 : text, ret);
	} else if (digits[0] == '0' && digits[1]) {
		return bad(t, "a number begins with 0");
	}
	if (based(digits, base, &v) < 0)
		return bad(t, "no value is written so");
	*ret = json_object_new_int64(negative ? -(int64_t)v : (int64_t)v);
	return *ret ? 0 : no_memory(t);
}

static int take_text(struct toml *t, struct json_object **ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(TOML_STRING_MAX);
	int r = take_string(t, &b);

	if (r < 0)
		return r;
	*ret = json_object_new_string_len(buf_str(&b), (int)b.len);
	return *ret ? 0 : no_memory(t);
}

static int take_bool(struct toml *t, struct json_object **ret)
{
	bool value = looks_at(t, "true");

	if (!skip_word(t, value ? "true" : "false") || is_bare(peek(t)))
		return bad(t, "no value is written so");
	*ret = json_object_new_boolean(value);
	return *ret ? 0 : no_memory(t);
}

static int take_value(struct toml *t, unsigned depth, struct json_object **ret)
{
	char c = peek(t);

	if (depth == TOML_DEPTH_MAX)
		return bad(t, "too deep");
	if (c == '"' || c == '\'')
		return take_text(t, ret);
	if (c == '[')
		return take_array(t, depth + 1, ret);
	if (c == '{')
		return take_inline(t, depth + 1, ret);
	if (c == 't' || c == 'f')
		return take_bool(t, ret);
	return c && strchr("0123456789+-", c) ? take_number(t, ret) : bad(t, "a value is wanted");
}

/* ---- headers ---- */

static int open_table(struct toml *t, struct json_object *in, const char *key)
{
	int r = descend(t, in, key, &t->table);

	if (r == 0 && was_opened(t, t->table))
		r = bad(t, "a table is there already");
	return r < 0 ? r : mark_opened(t, t->table, false);
}

static int open_array(struct toml *t, struct json_object *in, const char *key)
{
	struct json_object *list = NULL, *table;
	int r = 0;

	if (!json_object_object_get_ex(in, key, &list)) {
		list = json_object_new_array();
		if (!list || json_add(in, key, list) < 0)
			return no_memory(t);
		r = mark_opened(t, list, false);
	} else if (!json_object_is_type(list, json_type_array) || !was_opened(t, list)) {
		return bad(t, "a key is there already");
	}
	table = r == 0 ? json_object_new_object() : NULL;
	if (r == 0 && (!table || json_append(list, table) < 0))
		return no_memory(t);
	t->table = table;
	return r < 0 ? r : mark_opened(t, table, false);
}

static int take_header(struct toml *t)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT_MAX(TOML_STRING_MAX);
	struct json_object *in = t->root;
	bool array = skip_word(t, "[[");
	int r;

	if (!array)
		step(t);
	for (unsigned dots = 0;; dots++) {
		r = take_key(t, &key);
		skip(t, false);
		if (r < 0 || peek(t) != '.')
			break;
		step(t);
		r = dots == TOML_DEPTH_MAX ? bad(t, "too deep") : descend(t, in, buf_str(&key), &in);
		if (r < 0)
			return r;
	}
	if (r == 0 && !skip_word(t, array ? "]]" : "]"))
		r = bad(t, array ? "\"]]\" is wanted" : "\"]\" is wanted");
	if (r < 0)
		return r;
	return array ? open_array(t, in, buf_str(&key)) : open_table(t, in, buf_str(&key));
}

int toml_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	_cleanup_free_ struct toml *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!root || !t)
		return err_errno(e, ENOMEM, "%s", what);
	t->at = text;
	t->end = text + len;
	t->what = what;
	t->line = 1;
	t->root = t->table = root;
	t->e = e;
	if (memchr(text, '\0', len))
		return bad(t, "a NUL byte");
	while (r == 0) {
		skip(t, true);
		if (t->at == t->end)
			break;
		r = peek(t) == '[' ? take_header(t) : take_pair(t, t->table, 0);
		if (r == 0)
			r = end_line(t);
	}
	if (r == 0)
		*ret = TAKE_PTR(root);
	return r;
}
