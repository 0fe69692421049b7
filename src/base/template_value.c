/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * How Go's fmt shows a value (fmt package documentation, "Printing"), for
 * the types that JSON has; by a verb, template_printf.c does.
 */
#include "base/template_tree.h"

#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool value_truth(const struct value *v)
{
	switch (json_object_get_type(v->o)) {
	case json_type_boolean:
		return json_object_get_boolean(v->o);
	case json_type_int:
		return json_object_get_int64(v->o) != 0;
	case json_type_double:
		return json_object_get_double(v->o) != 0;
	case json_type_string:
		return json_object_get_string_len(v->o) > 0;
	case json_type_array:
		return json_object_array_length(v->o) > 0;
	case json_type_object:
		return json_object_object_length(v->o) > 0;
	default:
		return false;
	}
}

static const char *type_of_int(struct json_object *o)
{
	if (json_has_mark(o, JSON_DURATION))
		return "time.Duration";
	if (json_has_mark(o, JSON_MONTH))
		return "time.Month";
	return json_has_mark(o, JSON_WEEKDAY) ? "time.Weekday" : "int";
}

const char *value_type(const struct value *v)
{
	switch (json_object_get_type(v->o)) {
	case json_type_boolean:
		return "bool";
	case json_type_int:
		return type_of_int(v->o);
	case json_type_double:
		return "float64";
	case json_type_string:
		return json_has_mark(v->o, JSON_TIME) || json_has_mark(v->o, JSON_LOCAL_TIME) ? "time.Time" : "string";
	case json_type_array:
		return "list";
	case json_type_object:
		return "map";
	default:
		return "nil";
	}
}

void value_put_double(double d, struct buf *out)
{
	char text[40], *e;
	int exponent = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	e = strchr(text, 'e');
	if (!e) {
		buf_adds(out, isnan(d) ? "NaN" : d < 0 ? "-Inf" : "+Inf");
		return;
	}
	for (const char *digit = e + 2; *digit; digit++)
		exponent = exponent * 10 + (*digit - '0');
	if (e[1] == '-')
		exponent = -exponent;
	if (exponent < -4 || exponent >= 6) {
		buf_adds(out, text);
		return;
	}
	/* as many digits behind the point as the mantissa has left */
	exponent = (int)(e - text) - (text[0] == '-') - (e - text > 2 + (text[0] == '-')) - 1 - exponent;
	buf_addf(out, "%.*f", exponent > 0 ? exponent : 0, d);
}

static int compare_keys(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

const char **object_sorted_keys(struct json_object *o, size_t *ret_n)
{
	const char **keys = mem_array((size_t)json_object_object_length(o), sizeof(*keys));
	size_t n = 0;

	if (!keys)
		return NULL;
	json_object_object_foreach(o, key, item) {
		(void)item;
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	*ret_n = n;
	return keys;
}

static void print_object(struct json_object *o, struct buf *out);

/* Its fields in their order. */
static void print_struct(struct json_object *o, struct buf *out)
{
	const char *before = "";

	buf_addc(out, '{');
	json_object_object_foreach(o, key, item) {
		(void)key;
		buf_adds(out, before);
		print_object(item, out);
		before = " ";
	}
	buf_addc(out, '}');
}

static void print_map(struct json_object *o, struct buf *out)
{
	size_t n = 0;
	const char **keys = object_sorted_keys(o, &n);

	if (!keys)
		out->error = ENOMEM;
	buf_adds(out, "map[");
	for (size_t i = 0; keys && i < n; i++) {
		buf_addf(out, "%s%s:", i ? " " : "", keys[i]);
		print_object(json_object_object_get(o, keys[i]), out);
	}
	buf_addc(out, ']');
	free(keys);
}

static void print_string(struct json_object *o, struct buf *out)
{
	struct timespec t;
	char text[CLOCK_TEXT_SIZE];

	bool is_local = json_has_mark(o, JSON_LOCAL_TIME);

	if ((is_local || json_has_mark(o, JSON_TIME)) && clock_parse_rfc3339(json_object_get_string(o), &t) == 0)
		buf_adds(out, clock_go(&t, is_local ? CLOCK_LOCAL : CLOCK_UTC, text));
	else
		buf_add(out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
}

const char *value_int_name(struct json_object *o, char text[static CLOCK_TEXT_SIZE])
{
	int64_t n = json_object_get_int64(o);

	if (json_has_mark(o, JSON_DURATION))
		return clock_duration(n, text);
	if (json_has_mark(o, JSON_MONTH))
		return clock_month_name(n);
	return json_has_mark(o, JSON_WEEKDAY) ? clock_weekday_name(n) : NULL;
}

static void print_whole(struct json_object *o, struct buf *out)
{
	char text[CLOCK_TEXT_SIZE];
	const char *name = value_int_name(o, text);

	buf_adds(out, name ? name : json_object_to_json_string(o));
}

/* Recurses as deep as the data, which json_parse() bounds. */
static void print_object(struct json_object *o, struct buf *out)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		buf_adds(out, "<nil>");
		break;
	case json_type_string:
		print_string(o, out);
		break;
	case json_type_int:
		print_whole(o, out);
		break;
	case json_type_double:
		value_put_double(json_object_get_double(o), out);
		break;
	case json_type_object:
		if (json_has_mark(o, JSON_STRUCT))
			print_struct(o, out);
		else
			print_map(o, out);
		break;
	case json_type_array:
		buf_addc(out, '[');
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			if (i)
				buf_addc(out, ' ');
			print_object(json_object_array_get_idx(o, i), out);
		}
		buf_addc(out, ']');
		break;
	default:
		buf_adds(out, json_object_to_json_string(o));
	}
}

void value_print(const struct value *v, struct buf *out)
{
	if (v->missing)
		buf_adds(out, "<no value>");
	else
		print_object(v->o, out);
}
