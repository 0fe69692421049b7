/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * How Go's fmt shows a value (fmt package documentation, "Printing"), for
 * the types that JSON has. What a verb cannot print comes out as Go writes
 * it, %!d(string=x), because people recognise it.
 */
#include "base/template_tree.h"

#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH_MAX 1000 /* of printf's fields */

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

/* The shortest decimal that reads back as the same number, written as strconv's shortest 'g': with an exponent below 1e-4 and from 1e+06 on. */
static void print_double(double d, struct buf *out)
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

/* Its fields in their order; `names`: as %+v has it. */
static void print_struct(struct json_object *o, bool names, struct buf *out)
{
	const char *before = "";

	buf_addc(out, '{');
	json_object_object_foreach(o, key, item) {
		buf_adds(out, before);
		if (names)
			buf_addf(out, "%s:", key);
		if (names && json_has_mark(item, JSON_STRUCT))
			print_struct(item, true, out);
		else
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

/* NULL: it has none. */
static const char *name_of_int(struct json_object *o, char text[static CLOCK_TEXT_SIZE])
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
	const char *name = name_of_int(o, text);

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
		print_double(json_object_get_double(o), out);
		break;
	case json_type_object:
		if (json_has_mark(o, JSON_STRUCT))
			print_struct(o, false, out);
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

/* ---- printf ---- */

struct verb {
	bool left, plus, sharp, zero, space;
	int width, precision; /* -1: none */
	char letter;
};

static const char *parse_count(const char *p, const char *end, int *ret)
{
	int v = 0;

	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (v < WIDTH_MAX)
			v = v * 10 + (*p - '0');
	*ret = v > WIDTH_MAX ? WIDTH_MAX : v;
	return p;
}

/* From after the '%' to after the letter. */
static const char *parse_verb(const char *p, const char *end, struct verb *v)
{
	*v = (struct verb){.width = -1, .precision = -1};
	for (; p < end; p++) {
		if (*p == '-')
			v->left = true;
		else if (*p == '+')
			v->plus = true;
		else if (*p == '#')
			v->sharp = true;
		else if (*p == '0')
			v->zero = true;
		else if (*p == ' ')
			v->space = true;
		else
			break;
	}
	if (p < end && *p >= '1' && *p <= '9')
		p = parse_count(p, end, &v->width);
	if (p < end && *p == '.')
		p = parse_count(p + 1, end, &v->precision);
	v->letter = p < end ? *p++ : '\0';
	return p;
}

static void print_quoted(const struct verb *verb, const struct value *v, struct buf *out)
{
	const char *s = json_object_get_string(v->o), *end = s + json_object_get_string_len(v->o);

	(void)verb;
	buf_addc(out, '"');
	while (s < end) {
		const char *mark = memchr(s, '"', (size_t)(end - s));

		escape_text(s, (size_t)((mark ? mark : end) - s), ESCAPE_BACKSLASH, out);
		if (mark)
			buf_adds(out, "\\\"");
		s = mark ? mark + 1 : end;
	}
	buf_addc(out, '"');
}

static void print_hex(const struct verb *verb, const struct value *v, struct buf *out)
{
	const char *s = json_object_get_string(v->o);

	for (int i = 0; i < json_object_get_string_len(v->o); i++)
		buf_addf(out, verb->letter == 'X' ? "%02X" : "%02x", (unsigned)(unsigned char)s[i]);
}

static void put_rune(uint64_t code, struct buf *out)
{
	char text[4];

	buf_add(out, text, utf8_put(code > UINT32_MAX ? UINT32_MAX : (uint32_t)code, text));
}

/* %c and %U */
static void print_rune(const struct verb *verb, const struct value *v, struct buf *out)
{
	uint64_t code = json_object_get_uint64(v->o);

	if (verb->letter == 'U')
		buf_addf(out, "U+%04llX", (unsigned long long)code);
	else
		put_rune(json_object_get_int64(v->o) < 0 ? UINT64_MAX : code, out);
}

static void put_binary(uint64_t u, int digits, struct buf *out)
{
	int n = 64;

	while (n > 1 && n > digits && !(u >> (n - 1)))
		n--;
	while (n > 0)
		buf_addc(out, (char)('0' + (u >> --n & 1)));
}

static void print_int(const struct verb *verb, const struct value *v, struct buf *out)
{
	int64_t n = json_object_get_int64(v->o);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : json_object_get_uint64(v->o);
	int digits = verb->precision > 0 ? verb->precision : 1; /* at least */

	if (n < 0)
		buf_addc(out, '-');
	else if (verb->plus || verb->space)
		buf_addc(out, verb->plus ? '+' : ' ');
	if (verb->letter == 'x' || verb->letter == 'X') {
		buf_adds(out, !verb->sharp ? "" : verb->letter == 'x' ? "0x" : "0X");
		buf_addf(out, verb->letter == 'x' ? "%.*llx" : "%.*llX", digits, (unsigned long long)u);
	} else if (verb->letter == 'b') {
		put_binary(u, digits, out);
	} else if (verb->letter == 'o') {
		buf_addf(out, "%s%.*llo", verb->sharp ? "0" : "", digits, (unsigned long long)u);
	} else {
		buf_addf(out, "%.*llu", digits, (unsigned long long)u);
	}
}

static void print_float(const struct verb *verb, const struct value *v, struct buf *out)
{
	double d = json_object_get_double(v->o);
	int precision = verb->precision < 0 ? 6 : verb->precision > 100 ? 100 : verb->precision;

	if (verb->plus && d >= 0)
		buf_addc(out, '+');
	switch (verb->letter) {
	case 'e':
		buf_addf(out, "%.*e", precision, d);
		break;
	case 'f':
	case 'F':
		buf_addf(out, "%.*f", precision, d);
		break;
	default:
		if (verb->precision < 0)
			print_double(d, out);
		else
			buf_addf(out, "%.*g", precision, d);
	}
}

static void print_plain(const struct verb *verb, const struct value *v, struct buf *out)
{
	if (verb->letter == 'T')
		buf_adds(out, value_type(v));
	else if (verb->letter == 'v' && verb->sharp)
		buf_adds(out, v->o ? json_text(v->o, NULL) : "nil");
	else if (verb->letter == 'v' && verb->plus && json_has_mark(v->o, JSON_STRUCT))
		print_struct(v->o, true, out);
	else
		value_print(v, out);
}

/* Prints by the verb that suits the type; false when none does. */
static bool print_verb(const struct verb *verb, const struct value *v, struct buf *out)
{
	static const struct {
		json_type type;
		const char *letters;
		void (*print)(const struct verb *verb, const struct value *v, struct buf *out);
	} printers[] = {
		{json_type_null, "vT", print_plain},    {json_type_boolean, "tvT", print_plain},
		{json_type_int, "T", print_plain},	{json_type_int, "dxXobv", print_int},
		{json_type_int, "cU", print_rune},
		{json_type_double, "T", print_plain},   {json_type_double, "eFfgGv", print_float},
		{json_type_string, "svT", print_plain}, {json_type_string, "q", print_quoted},
		{json_type_string, "xX", print_hex},    {json_type_array, "vT", print_plain},
		{json_type_object, "svT", print_plain},
	};
	json_type type = json_object_get_type(v->o);
	char text[CLOCK_TEXT_SIZE];

	if (type == json_type_int && strchr("sv", verb->letter) && name_of_int(v->o, text)) {
		print_plain(verb, v, out);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++) {
		if (printers[i].type == type && strchr(printers[i].letters, verb->letter)) {
			printers[i].print(verb, v, out);
			return true;
		}
	}
	return false;
}

static size_t count_characters(const char *s, size_t len, size_t most, size_t *bytes)
{
	size_t n = 0, i = 0;

	while (i < len && n < most) {
		i++;
		while (i < len && ((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		n++;
	}
	*bytes = i;
	return n;
}

/* Cuts strings to the precision, and fills up to the width. */
static void put_padded(const struct verb *verb, const struct value *v, const struct buf *piece, struct buf *out)
{
	bool is_string = json_object_is_type(v->o, json_type_string), is_number = verb->zero && !verb->left && !is_string;
	const char *s = buf_str(piece);
	size_t bytes, n, width = verb->width < 0 ? 0 : (size_t)verb->width;

	n = count_characters(s, piece->len, is_string && verb->precision >= 0 ? (size_t)verb->precision : SIZE_MAX, &bytes);
	if (is_number && n < width && bytes > 0 && (*s == '-' || *s == '+')) {
		buf_addc(out, *s++);
		bytes--;
	}
	for (size_t i = n; !verb->left && i < width; i++)
		buf_addc(out, is_number ? '0' : ' ');
	buf_add(out, s, bytes);
	for (size_t i = n; verb->left && i < width; i++)
		buf_addc(out, ' ');
}

static void put_verb(const struct verb *verb, const struct value *v, struct buf *out);

static void put_elements(const struct verb *verb, struct json_object *array, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct value item = {.o = json_object_array_get_idx(array, i)};

		if (i)
			buf_addc(out, ' ');
		put_verb(verb, &item, out);
	}
	buf_addc(out, ']');
}

static void put_verb(const struct verb *verb, const struct value *v, struct buf *out)
{
	_cleanup_(buf_done) struct buf piece = BUF_INIT;

	/* each element by itself, as Go has it */
	if (json_object_is_type(v->o, json_type_array) && verb->letter != 'v' && verb->letter != 'T') {
		put_elements(verb, v->o, out);
		return;
	}
	if (print_verb(verb, v, &piece)) {
		put_padded(verb, v, &piece, out);
	} else {
		buf_addf(out, "%%!%c(%s=", verb->letter, value_type(v));
		value_print(v, out);
		buf_addc(out, ')');
	}
	if (buf_bad(&piece))
		out->error = buf_bad(&piece);
}

void value_printf(const char *format, size_t len, const struct value *args, size_t n, struct buf *out)
{
	const char *p = format, *end = format + len;
	size_t used = 0;

	while (p < end && !out->error) {
		const char *mark = memchr(p, '%', (size_t)(end - p));
		struct verb verb;

		buf_add(out, p, (size_t)((mark ? mark : end) - p));
		if (!mark)
			break;
		p = parse_verb(mark + 1, end, &verb);
		if (verb.letter == '\0')
			buf_adds(out, "%!(NOVERB)");
		else if (verb.letter == '%')
			buf_addc(out, '%');
		else if (used >= n)
			buf_addf(out, "%%!%c(MISSING)", verb.letter);
		else
			put_verb(&verb, &args[used++], out);
	}
	if (used < n)
		buf_adds(out, "%!(EXTRA ");
	for (size_t i = used; i < n; i++) {
		buf_addf(out, "%s%s=", i > used ? ", " : "", value_type(&args[i]));
		value_print(&args[i], out);
	}
	if (used < n)
		buf_addc(out, ')');
}
