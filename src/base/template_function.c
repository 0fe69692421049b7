/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The functions of templates: Go's own, and those that docker and podman
 * add. Each gets evaluated arguments and makes one value; the table at the
 * end says how many arguments it takes, and what it shows in a row of
 * headings, where its arguments are words like "CONTAINER ID".
 */
#include "base/template_tree.h"

#include "base/escape.h"

#include <errno.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_errno(e, ENOMEM, "template");
}

static bool is_string(const struct value *v)
{
	return json_object_is_type(v->o, json_type_string);
}

static int give(struct value *ret, struct json_object *consumed, struct err *e)
{
	*ret = (struct value){.o = consumed};
	return consumed ? 0 : no_memory(e);
}

static int give_text(struct value *ret, const struct buf *b, struct err *e)
{
	if (buf_bad(b))
		return err_errno(e, buf_bad(b), "template");
	return give(ret, json_object_new_string_len(buf_str(b), (int)b->len), e);
}

static int give_bool(struct value *ret, bool yes, struct err *e)
{
	return give(ret, json_object_new_boolean(yes), e);
}

static int need_string(const struct value *v, struct err *e)
{
	return is_string(v) ? 0 : err_set(e, EINVAL, "wrong type of argument: want string, got %s", value_type(v));
}

static int need_int(const struct value *v, int64_t *ret, struct err *e)
{
	if (!json_object_is_type(v->o, json_type_int))
		return err_set(e, EINVAL, "wrong type of argument: want int, got %s", value_type(v));
	*ret = json_object_get_int64(v->o);
	return 0;
}

/* ---- text ---- */

static int call_json(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	size_t len = 4;
	const char *s = args[0].o ? json_text(args[0].o, &len) : "null";

	(void)n;
	if (!s)
		return no_memory(e);
	escape_json(s, len, &b);
	return give_text(ret, &b, e);
}

static int change_case(const struct value *v, bool upper, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = need_string(v, e);

	if (r < 0)
		return r;
	for (const char *s = json_object_get_string(v->o); *s; s++) {
		char c = *s;

		if (upper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z'))
			c = (char)(c ^ 0x20);
		buf_addc(&b, c);
	}
	return give_text(ret, &b, e);
}

static int call_upper(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return change_case(&args[0], true, ret, e);
}

static int call_lower(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return change_case(&args[0], false, ret, e);
}

static int call_title(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = need_string(&args[0], e);
	char before = ' ';

	(void)n;
	if (r < 0)
		return r;
	for (const char *s = json_object_get_string(args[0].o); *s; before = *s++) {
		bool first = strchr(" \t\n-.:/", before) != NULL;

		buf_addc(&b, first && *s >= 'a' && *s <= 'z' ? (char)(*s ^ 0x20) : *s);
	}
	return give_text(ret, &b, e);
}

static int call_join(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = need_string(&args[1], e);

	(void)n;
	if (r < 0)
		return r;
	if (args[0].o && !json_object_is_type(args[0].o, json_type_array))
		return err_set(e, EINVAL, "wrong type of argument: want list, got %s", value_type(&args[0]));
	for (size_t i = 0; args[0].o && i < json_object_array_length(args[0].o); i++) {
		const struct value item = {.o = json_object_array_get_idx(args[0].o, i)};

		if (i)
			buf_adds(&b, json_object_get_string(args[1].o));
		value_print(&item, &b);
	}
	return give_text(ret, &b, e);
}

static int call_split(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	int r = need_string(&args[0], e);
	const char *s, *sep;

	(void)n;
	if (r == 0)
		r = need_string(&args[1], e);
	if (r < 0)
		return r;
	s = json_object_get_string(args[0].o);
	sep = json_object_get_string(args[1].o);
	while (r == 0 && list) {
		/* an empty separator splits after each character */
		const char *next = *sep ? strstr(s, sep) : *s && s[1] ? s + 1 : NULL;

		while (next && !*sep && ((unsigned char)*next & 0xc0) == 0x80)
			next++;
		if (next && !*sep && !*next)
			next = NULL;
		r = json_append(list, json_object_new_string_len(s, next ? (int)(next - s) : (int)strlen(s)));
		if (!next)
			break;
		s = next + strlen(sep);
	}
	return r < 0 ? no_memory(e) : give(ret, TAKE_PTR(list), e);
}

/* pad STRING BEFORE AFTER: that many blanks on each side, unless it is empty. */
static int call_pad(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int64_t before = 0, after = 0;
	int r = need_string(&args[0], e);

	(void)n;
	if (r == 0)
		r = need_int(&args[1], &before, e);
	if (r == 0)
		r = need_int(&args[2], &after, e);
	if (r < 0)
		return r;
	if (json_object_get_string_len(args[0].o) == 0)
		before = after = 0;
	if (before > 1000 || after > 1000)
		return err_set(e, EINVAL, "padding of more than 1000");
	while (before-- > 0)
		buf_addc(&b, ' ');
	buf_adds(&b, json_object_get_string(args[0].o));
	while (after-- > 0)
		buf_addc(&b, ' ');
	return give_text(ret, &b, e);
}

static int call_truncate(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int64_t most = 0;
	int r = need_string(&args[0], e);
	const char *s;

	(void)n;
	if (r == 0)
		r = need_int(&args[1], &most, e);
	if (r < 0)
		return r;
	for (s = json_object_get_string(args[0].o); *s; s++) {
		if (((unsigned char)*s & 0xc0) != 0x80 && most-- <= 0)
			break;
		buf_addc(&b, *s);
	}
	return give_text(ret, &b, e);
}

static int call_printf(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = need_string(&args[0], e);

	if (r < 0)
		return r;
	value_printf(json_object_get_string(args[0].o), (size_t)json_object_get_string_len(args[0].o), args + 1, n - 1, &b);
	return give_text(ret, &b, e);
}

/* fmt.Print puts a blank between two operands when neither is a string. */
static int call_print(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		if (i && !is_string(&args[i]) && !is_string(&args[i - 1]))
			buf_addc(&b, ' ');
		value_print(&args[i], &b);
	}
	return give_text(ret, &b, e);
}

static int call_println(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ' ');
		value_print(&args[i], &b);
	}
	buf_addc(&b, '\n');
	return give_text(ret, &b, e);
}

/* ---- collections ---- */

static int64_t length_of(const struct value *v)
{
	switch (json_object_get_type(v->o)) {
	case json_type_null:
		return 0; /* a nil list or map */
	case json_type_string:
		return json_object_get_string_len(v->o);
	case json_type_array:
		return (int64_t)json_object_array_length(v->o);
	case json_type_object:
		return json_object_object_length(v->o);
	default:
		return -1;
	}
}

static int call_len(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	int64_t len = length_of(&args[0]);

	(void)n;
	if (len < 0)
		return err_set(e, EINVAL, "len of type %s", value_type(&args[0]));
	return give(ret, json_object_new_int64(len), e);
}

/* A map of which no value is a list or map is Go's map[string]string, where a missing key is "". */
static bool is_plain_map(struct json_object *o)
{
	json_object_object_foreach(o, key, item) {
		(void)key;
		if (json_object_is_type(item, json_type_object) || json_object_is_type(item, json_type_array))
			return false;
	}
	return true;
}

static int index_map(const struct value *map, const struct value *key, struct value *ret, struct err *e)
{
	struct json_object *item;
	int r = need_string(key, e);

	if (r < 0)
		return r;
	if (json_object_object_get_ex(map->o, json_object_get_string(key->o), &item)) {
		*ret = (struct value){.o = json_object_get(item)};
		return 0;
	}
	if (is_plain_map(map->o))
		return give(ret, json_object_new_string(""), e);
	*ret = (struct value){.missing = true};
	return 0;
}

static int index_one(const struct value *v, const struct value *key, struct value *ret, struct err *e)
{
	int64_t i = 0;
	int r;

	if (json_object_is_type(v->o, json_type_object))
		return index_map(v, key, ret, e);
	if (!v->o && is_string(key)) {
		*ret = (struct value){.missing = true};
		return 0;
	}
	if (!json_object_is_type(v->o, json_type_array) && !is_string(v))
		return err_set(e, EINVAL, "can't index item of type %s", value_type(v));
	r = need_int(key, &i, e);
	if (r < 0)
		return r;
	if (i < 0 || i >= length_of(v))
		return err_set(e, EINVAL, "index out of range: %lld", (long long)i);
	if (is_string(v))
		return give(ret, json_object_new_int((unsigned char)json_object_get_string(v->o)[i]), e);
	*ret = (struct value){.o = json_object_get(json_object_array_get_idx(v->o, (size_t)i))};
	return 0;
}

static int call_index(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	struct value v = {.o = json_object_get(args[0].o), .missing = args[0].missing};

	for (size_t i = 1; i < n; i++) {
		struct value item = {0};
		int r = index_one(&v, &args[i], &item, e);

		value_done(&v);
		if (r < 0)
			return r;
		v = item;
	}
	*ret = v;
	return 0;
}

static int call_slice(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	int64_t len = length_of(&args[0]), from = 0, to = len;
	struct json_object *list;
	int r = 0;

	if (!is_string(&args[0]) && !json_object_is_type(args[0].o, json_type_array))
		return err_set(e, EINVAL, "can't slice item of type %s", value_type(&args[0]));
	if (n > 1)
		r = need_int(&args[1], &from, e);
	if (r == 0 && n > 2)
		r = need_int(&args[2], &to, e);
	if (r < 0)
		return r;
	if (from < 0 || to > len || from > to)
		return err_set(e, EINVAL, "index out of range: %lld:%lld of %lld", (long long)from, (long long)to, (long long)len);
	if (is_string(&args[0]))
		return give(ret, json_object_new_string_len(json_object_get_string(args[0].o) + from, (int)(to - from)), e);
	list = json_object_new_array();
	for (int64_t i = from; list && i < to; i++)
		if (json_object_array_add(list, json_object_get(json_object_array_get_idx(args[0].o, (size_t)i))) < 0)
			return no_memory(e);
	return give(ret, list, e);
}

/* ---- comparisons ---- */

static bool is_number(const struct value *v)
{
	return json_object_is_type(v->o, json_type_int) || json_object_is_type(v->o, json_type_double);
}

/* -1, 0, 1 as a is less, equal or greater; 2 when they cannot be compared. */
static int order(const struct value *a, const struct value *b)
{
	if (is_string(a) && is_string(b)) {
		int c = strcmp(json_object_get_string(a->o), json_object_get_string(b->o));

		return (c > 0) - (c < 0);
	}
	if (json_object_is_type(a->o, json_type_int) && json_object_is_type(b->o, json_type_int)) {
		int64_t x = json_object_get_int64(a->o), y = json_object_get_int64(b->o);

		return (x > y) - (x < y);
	}
	if (is_number(a) && is_number(b)) {
		double x = json_object_get_double(a->o), y = json_object_get_double(b->o);

		return (x > y) - (x < y);
	}
	return 2;
}

static bool is_container(const struct value *v)
{
	return json_object_is_type(v->o, json_type_array) || json_object_is_type(v->o, json_type_object);
}

static int equal(const struct value *a, const struct value *b, bool *ret, struct err *e)
{
	int c = order(a, b);

	if (is_container(a) || is_container(b))
		return err_set(e, EINVAL, "lists and maps can't be compared");
	if (!a->o || !b->o) {
		*ret = !a->o && !b->o;
		return 0;
	}
	if (json_object_is_type(a->o, json_type_boolean) && json_object_is_type(b->o, json_type_boolean))
		c = json_object_get_boolean(a->o) != json_object_get_boolean(b->o);
	if (c == 2)
		return err_set(e, EINVAL, "incompatible types for comparison: %s and %s", value_type(a), value_type(b));
	*ret = c == 0;
	return 0;
}

/* True when the first equals any of the others. */
static int call_eq(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	bool yes = false;

	for (size_t i = 1; i < n && !yes; i++) {
		int r = equal(&args[0], &args[i], &yes, e);

		if (r < 0)
			return r;
	}
	return give_bool(ret, yes, e);
}

static int call_ne(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	bool yes = false;
	int r = equal(&args[0], &args[1], &yes, e);

	(void)n;
	return r < 0 ? r : give_bool(ret, !yes, e);
}

/* `wanted` holds a bit for each of less (1), equal (2), greater (4). */
static int compare(const struct value *args, unsigned wanted, struct value *ret, struct err *e)
{
	int c = order(&args[0], &args[1]);

	if (c == 2)
		return err_set(e, EINVAL, "incompatible types for comparison: %s and %s", value_type(&args[0]),
			       value_type(&args[1]));
	return give_bool(ret, (wanted >> (c + 1)) & 1, e);
}

static int call_lt(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return compare(args, 1, ret, e);
}

static int call_le(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return compare(args, 1 | 2, ret, e);
}

static int call_gt(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return compare(args, 4, ret, e);
}

static int call_ge(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return compare(args, 4 | 2, ret, e);
}

static int call_not(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)n;
	return give_bool(ret, !value_truth(&args[0]), e);
}

/* and, or: the last argument, when none before it decided. */
static int call_last(const struct value *args, size_t n, struct value *ret, struct err *e)
{
	(void)e;
	*ret = (struct value){.o = json_object_get(args[n - 1].o), .missing = args[n - 1].missing};
	return 0;
}

#define MANY TEMPLATE_ARGS_MAX

static const struct template_function functions[] = {
	{"and", 1, MANY, call_last, STOP_AT_FALSE, HEADING_CALL},
	{"eq", 2, MANY, call_eq, STOP_NEVER, HEADING_TRUE},
	{"ge", 2, 2, call_ge, STOP_NEVER, HEADING_TRUE},
	{"gt", 2, 2, call_gt, STOP_NEVER, HEADING_TRUE},
	{"index", 1, MANY, call_index, STOP_NEVER, 0},
	{"join", 2, 2, call_join, STOP_NEVER, 0},
	{"json", 1, 1, call_json, STOP_NEVER, 0},
	{"le", 2, 2, call_le, STOP_NEVER, HEADING_TRUE},
	{"len", 1, 1, call_len, STOP_NEVER, 0},
	{"lower", 1, 1, call_lower, STOP_NEVER, 0},
	{"lt", 2, 2, call_lt, STOP_NEVER, HEADING_TRUE},
	{"ne", 2, 2, call_ne, STOP_NEVER, HEADING_TRUE},
	{"not", 1, 1, call_not, STOP_NEVER, HEADING_TRUE},
	{"or", 1, MANY, call_last, STOP_AT_TRUE, HEADING_CALL},
	{"pad", 3, 3, call_pad, STOP_NEVER, 0},
	{"print", 0, MANY, call_print, STOP_NEVER, HEADING_CALL},
	{"printf", 1, MANY, call_printf, STOP_NEVER, 1},
	{"println", 0, MANY, call_println, STOP_NEVER, HEADING_CALL},
	{"slice", 1, 3, call_slice, STOP_NEVER, 0},
	{"split", 2, 2, call_split, STOP_NEVER, 0},
	{"title", 1, 1, call_title, STOP_NEVER, 0},
	{"truncate", 2, 2, call_truncate, STOP_NEVER, 0},
	{"upper", 1, 1, call_upper, STOP_NEVER, 0},
};

const struct template_function *template_function_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0)
			return &functions[i];
	return NULL;
}

const char *template_function_name(size_t i, const void *unused)
{
	(void)unused;
	return i < ARRAY_SIZE(functions) ? functions[i].name : NULL;
}
