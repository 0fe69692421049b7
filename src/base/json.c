/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Getters that name the place of what is wrong, and builders that free what they were given when they fail. */
#include "base/json.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Their addresses are the marks. */
static char marks[JSON_MARKS];

void json_mark(struct json_object *o, enum json_mark mark)
{
	json_object_set_userdata(o, &marks[mark], NULL);
}

bool json_has_mark(struct json_object *o, enum json_mark mark)
{
	static const json_type types[JSON_MARKS] = {
		[JSON_STRUCT] = json_type_object,     [JSON_TIME] = json_type_string, [JSON_LOCAL_TIME] = json_type_string,
		[JSON_DURATION] = json_type_int, [JSON_MONTH] = json_type_int,   [JSON_WEEKDAY] = json_type_int,
	};

	return o && json_object_is_type(o, types[mark]) && json_object_get_userdata(o) == &marks[mark];
}

int json_add_time(struct json_object *o, const char *key, const struct timespec *t)
{
	char text[CLOCK_TEXT_SIZE];
	struct json_object *s = json_object_new_string(clock_rfc3339(t, CLOCK_UTC, text));

	if (s)
		json_mark(s, JSON_TIME);
	return json_add(o, key, s);
}

int json_add_time_text(struct json_object *o, const char *key, const char *text)
{
	struct json_object *s = json_object_new_string(text);
	struct timespec t;

	if (s && clock_parse_rfc3339(text, &t) == 0)
		json_mark(s, JSON_TIME);
	return json_add(o, key, s);
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
