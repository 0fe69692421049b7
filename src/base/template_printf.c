/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Go's fmt.Sprintf (fmt package documentation, "Printing") for the types that
 * JSON has. What a verb cannot print comes out as Go writes it, %!d(string=x),
 * because people recognise it; lists, maps and structs are printed element
 * by element, each by the verb. What tests/ compares it with is podman, of Debian.
 *
 * Not as Go: the Go syntax of lists and maps (%#v) is their JSON, and %p, an address, is a bad verb.
 */
#include "base/template_tree.h"

#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH_MAX 1000 /* of a field, and of digits */

struct verb {
	bool minus, plus, sharp, zero, space;
	int width, precision; /* -1: none */
	uint32_t letter;
};

static bool is_one_of(const struct verb *v, const char *letters)
{
	return v->letter > 0 && v->letter < 0x80 && strchr(letters, (int)v->letter);
}

/* %#v: Go's syntax. */
static bool is_sharp_v(const struct verb *v)
{
	return v->letter == 'v' && v->sharp;
}

static void put_rune(uint32_t code, struct buf *out)
{
	char text[4];

	buf_add(out, text, utf8_put(code, text));
}

/* ---- fields ---- */

static size_t count_characters(const char *s, size_t len, size_t most, size_t *ret_bytes)
{
	size_t n = 0, i = 0;

	while (i < len && n < most) {
		i++;
		while (i < len && ((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		n++;
	}
	*ret_bytes = i;
	return n;
}

static void pad(const struct verb *v, const char *s, size_t len, struct buf *out)
{
	size_t bytes, n = count_characters(s, len, SIZE_MAX, &bytes), width = v->width < 0 ? 0 : (size_t)v->width;

	for (size_t i = n; !v->minus && i < width; i++)
		buf_addc(out, v->zero ? '0' : ' ');
	buf_add(out, s, len);
	for (size_t i = n; v->minus && i < width; i++)
		buf_addc(out, ' ');
}

static void pad_buf(const struct verb *v, const struct buf *piece, struct buf *out)
{
	pad(v, buf_str(piece), piece->len, out);
	if (buf_bad(piece))
		out->error = buf_bad(piece);
}

/* ---- quotes ---- */

/* Of strconv.IsPrint() what matters: what is no character, blanks other than ' ', and what orders text anew. Who is unassigned is not asked. */
static bool is_printable(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{0, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f},
		{0x205f, 0x206f}, {0x3000, 0x3000}, {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, UINT32_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return false;
	return true;
}

static void quote_rune(uint32_t code, char quote, bool ascii, struct buf *out)
{
	static const char from[] = "\a\b\f\n\r\t\v", to[] = "abfnrtv";
	const char *at = code > 0 && code < 0x20 ? strchr(from, (int)code) : NULL;

	if (at)
		buf_addf(out, "\\%c", to[at - from]);
	else if (code == (unsigned char)quote || code == '\\')
		buf_addf(out, "\\%c", (char)code);
	else if (code < 0x20 || code == 0x7f)
		buf_addf(out, "\\x%02x", code);
	else if (is_printable(code) && (code < 0x80 || !ascii))
		put_rune(code, out);
	else
		buf_addf(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

static void quote_string(const char *s, size_t len, bool ascii, struct buf *out)
{
	const char *end = s + len;
	uint32_t code;

	buf_addc(out, '"');
	while (s < end) {
		if (utf8_next(&s, end, &code) == 0)
			quote_rune(code, '"', ascii, out);
		else
			buf_addf(out, "\\x%02x", (unsigned)(unsigned char)*s++);
	}
	buf_addc(out, '"');
}

static bool can_backquote(const char *s, size_t len)
{
	const char *end = s + len;
	uint32_t code;

	while (s < end)
		if (utf8_next(&s, end, &code) < 0 || code == '`' || (code != '\t' && !is_printable(code)))
			return false;
	return true;
}

/* ---- strings ---- */

static void put_quoted(const struct verb *v, const char *s, size_t len, struct buf *out)
{
	_cleanup_(buf_done) struct buf piece = BUF_INIT;

	if (v->sharp && !is_sharp_v(v) && can_backquote(s, len)) {
		buf_addc(&piece, '`');
		buf_add(&piece, s, len);
		buf_addc(&piece, '`');
	} else {
		quote_string(s, len, v->plus, &piece);
	}
	pad_buf(v, &piece, out);
}

static void put_hex(const struct verb *v, const char *s, size_t len, struct buf *out)
{
	_cleanup_(buf_done) struct buf piece = BUF_INIT;

	if (v->precision >= 0 && (size_t)v->precision < len)
		len = (size_t)v->precision;
	for (size_t i = 0; i < len; i++) {
		if (v->space && i > 0)
			buf_addc(&piece, ' ');
		if (v->sharp && (v->space || i == 0))
			buf_addf(&piece, "0%c", (char)v->letter);
		buf_addf(&piece, v->letter == 'X' ? "%02X" : "%02x", (unsigned)(unsigned char)s[i]);
	}
	pad_buf(v, &piece, out);
}

static bool put_text(const struct verb *v, const char *s, size_t len, struct buf *out)
{
	size_t bytes = len;

	if (is_one_of(v, "xX")) {
		put_hex(v, s, len, out);
		return true;
	}
	if (v->precision >= 0)
		(void)count_characters(s, len, (size_t)v->precision, &bytes);
	if (v->letter == 'q' || is_sharp_v(v))
		put_quoted(v, s, bytes, out);
	else if (is_one_of(v, "sv"))
		pad(v, s, bytes, out);
	else
		return false;
	return true;
}

static bool put_string(const struct verb *v, struct json_object *o, struct buf *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	value_print(&(struct value){.o = o}, &text); /* a moment has another text than its JSON's */
	if (buf_bad(&text))
		out->error = buf_bad(&text);
	return put_text(v, buf_str(&text), text.len, out);
}

/* ---- numbers ---- */

struct number {
	bool negative;
	uint64_t u;
	unsigned base;
};

static char sign_of(const struct verb *v, bool negative)
{
	return negative ? '-' : v->plus && v->letter != 'v' ? '+' : v->space ? ' ' : '\0';
}

/* %.3d and %03d: so many digits at least. */
static int digits_of(const struct verb *v, const struct number *n)
{
	if (v->precision >= 0)
		return v->precision;
	return v->zero && v->width >= 0 ? v->width - (sign_of(v, n->negative) ? 1 : 0) : 0;
}

static const char *prefix_of(const struct verb *v, const struct number *n, char first)
{
	if (v->letter == 'O')
		return "0o";
	if (!v->sharp || v->letter == 'v')
		return "";
	return n->base == 2 ? "0b" : n->base == 8 && first != '0' ? "0" : n->base == 16 ? (v->letter == 'X' ? "0X" : "0x") : "";
}

static void put_integer(const struct verb *v, const struct number *n, struct buf *out)
{
	const char *digits = v->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[WIDTH_MAX + 72], *at = text + sizeof(text);
	_cleanup_(buf_done) struct buf piece = BUF_INIT;
	struct verb field = *v;
	int least = digits_of(v, n);
	uint64_t u = n->u;

	field.zero = false; /* it is in the digits */
	if (v->precision == 0 && u == 0) {
		pad(&field, "", 0, out);
		return;
	}
	do
		*--at = digits[u % n->base];
	while ((u /= n->base) > 0);
	while (text + sizeof(text) - at < least)
		*--at = '0';
	if (sign_of(v, n->negative))
		buf_addc(&piece, sign_of(v, n->negative));
	buf_adds(&piece, prefix_of(v, n, *at));
	buf_add(&piece, at, (size_t)(text + sizeof(text) - at));
	pad_buf(&field, &piece, out);
}

/* %c, %q and %U */
static void put_character(const struct verb *v, int64_t n, struct buf *out)
{
	uint32_t code = n < 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? 0xfffd : (uint32_t)n;
	_cleanup_(buf_done) struct buf piece = BUF_INIT;
	struct verb field = *v;

	if (v->letter == 'q') {
		buf_addc(&piece, '\'');
		quote_rune(code, '\'', v->plus, &piece);
		buf_addc(&piece, '\'');
	} else if (v->letter == 'U') {
		field.zero = false;
		buf_addf(&piece, "U+%0*llX", v->precision > 4 ? v->precision : 4, (unsigned long long)n);
		if (v->sharp && n >= 0 && n <= 0x10ffff && is_printable((uint32_t)n)) {
			buf_adds(&piece, " '");
			put_rune(code, &piece);
			buf_addc(&piece, '\'');
		}
	} else {
		put_rune(code, &piece);
	}
	pad_buf(&field, &piece, out);
}

static bool put_int(const struct verb *v, struct json_object *o, struct buf *out)
{
	int64_t i = json_object_get_int64(o);
	struct number n = {.negative = i < 0, .u = i < 0 ? 0 - (uint64_t)i : json_object_get_uint64(o)};
	char text[CLOCK_TEXT_SIZE];
	const char *name = is_one_of(v, "svqxX") && !is_sharp_v(v) ? value_int_name(o, text) : NULL;

	if (name)
		return put_text(v, name, strlen(name), out);
	if (is_one_of(v, "cqU")) {
		put_character(v, i, out);
		return true;
	}
	n.base = is_one_of(v, "dv") ? 10 : is_one_of(v, "xX") ? 16 : is_one_of(v, "oO") ? 8 : v->letter == 'b' ? 2 : 0;
	if (n.base == 0)
		return false;
	put_integer(v, &n, out);
	return true;
}

/* 0x1.8p+00: as C has it, but two digits of the exponent at least. */
static void add_hex_float(const struct verb *v, double d, struct buf *out)
{
	char text[WIDTH_MAX + 64];
	const char *p;

	if (v->precision < 0)
		snprintf(text, sizeof(text), v->letter == 'X' ? "%A" : "%a", d);
	else
		snprintf(text, sizeof(text), v->letter == 'X' ? "%.*A" : "%.*a", v->precision, d);
	p = strpbrk(text, "pP");
	buf_add(out, text, p ? (size_t)(p - text) + 2 : strlen(text));
	if (p)
		buf_addf(out, "%s%s", strlen(p) == 3 ? "0" : "", p + 2);
}

/* 6755399441055744p-52: the whole number, and the power of two that it is to be taken by. */
static void add_binary_float(double d, struct buf *out)
{
	int exponent = 0;
	double m = frexp(d, &exponent);

	exponent = exponent - 53 < -1074 || d == 0 ? -1074 : exponent - 53;
	m = ldexp(d, -exponent);
	buf_addf(out, "%.0fp%+d", m, exponent);
}

static void add_float(const struct verb *v, double d, struct buf *out)
{
	int precision = v->precision < 0 ? 6 : v->precision;

	if (!isfinite(d))
		buf_adds(out, isnan(d) ? "NaN" : "Inf");
	else if (is_one_of(v, "xX"))
		add_hex_float(v, d, out);
	else if (v->letter == 'b')
		add_binary_float(d, out);
	else if (is_one_of(v, "eEfF"))
		buf_addf(out, v->letter == 'e' ? "%.*e" : v->letter == 'E' ? "%.*E" : "%.*f", precision, d);
	else if (v->precision >= 0 || (v->sharp && v->letter != 'v'))
		buf_addf(out, v->sharp ? (v->letter == 'G' ? "%#.*G" : "%#.*g") : v->letter == 'G' ? "%.*G" : "%.*g", precision, d);
	else
		value_put_double(d, out);
}

static bool put_float(const struct verb *v, struct json_object *o, struct buf *out)
{
	double d = json_object_get_double(o);
	char sign = sign_of(v, signbit(d) && !isnan(d));
	_cleanup_(buf_done) struct buf piece = BUF_INIT;
	struct verb field = *v;

	if (!is_one_of(v, "vbgGxXfFeE"))
		return false;
	/* the sign goes before the zeros that fill up; what is no number is not filled up */
	if (isinf(d) && !sign)
		sign = '+';
	field.zero = v->zero && isfinite(d);
	if (sign && field.zero && v->width > 0) {
		buf_addc(out, sign);
		field.width--;
	} else if (sign) {
		buf_addc(&piece, sign);
	}
	add_float(v, fabs(d), &piece);
	if (v->letter == 'G')
		for (size_t i = 0; i < piece.len; i++)
			if (piece.data[i] == 'e')
				piece.data[i] = 'E';
	pad_buf(&field, &piece, out);
	return true;
}

/* ---- values ---- */

static void put_value(const struct verb *v, const struct value *value, struct buf *out);

static void put_item(const struct verb *v, struct json_object *o, struct buf *out)
{
	put_value(v, &(struct value){.o = o}, out);
}

static void put_list(const struct verb *v, struct json_object *o, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		if (i > 0)
			buf_addc(out, ' ');
		put_item(v, json_object_array_get_idx(o, i), out);
	}
	buf_addc(out, ']');
}

static void put_struct(const struct verb *v, struct json_object *o, struct buf *out)
{
	const char *before = "";

	buf_addc(out, '{');
	json_object_object_foreach(o, key, item) {
		buf_adds(out, before);
		if (v->letter == 'v' && v->plus)
			buf_addf(out, "%s:", key);
		put_item(v, item, out);
		before = " ";
	}
	buf_addc(out, '}');
}

static void put_map(const struct verb *v, struct json_object *o, struct buf *out)
{
	size_t n = 0;
	_cleanup_free_ const char **keys = object_sorted_keys(o, &n);

	if (!keys)
		out->error = ENOMEM;
	buf_adds(out, "map[");
	for (size_t i = 0; i < n && !out->error; i++) {
		_cleanup_json_ struct json_object *key = json_object_new_string(keys[i]);

		if (!key)
			out->error = ENOMEM;
		if (i > 0)
			buf_addc(out, ' ');
		put_item(v, key, out);
		buf_addc(out, ':');
		put_item(v, json_object_object_get(o, keys[i]), out);
	}
	buf_addc(out, ']');
}

static void put_collection(const struct verb *v, struct json_object *o, struct buf *out)
{
	if (is_sharp_v(v))
		buf_adds(out, json_text(o, NULL));
	else if (json_object_is_type(o, json_type_array))
		put_list(v, o, out);
	else if (json_has_mark(o, JSON_STRUCT))
		put_struct(v, o, out);
	else
		put_map(v, o, out);
}

static bool put_bool(const struct verb *v, struct json_object *o, struct buf *out)
{
	const char *word = json_object_get_boolean(o) ? "true" : "false";

	if (is_one_of(v, "tv"))
		pad(v, word, strlen(word), out);
	return is_one_of(v, "tv");
}

static bool put_nothing(const struct verb *v, bool missing, struct buf *out)
{
	const char *word = missing ? "<no value>" : "<nil>";

	if (v->letter == 'v')
		pad(v, word, strlen(word), out);
	return v->letter == 'v';
}

/* False: there is nothing that this verb means for it. */
static bool put_by_type(const struct verb *v, const struct value *value, struct buf *out)
{
	switch (json_object_get_type(value->o)) {
	case json_type_boolean:
		return put_bool(v, value->o, out);
	case json_type_int:
		return put_int(v, value->o, out);
	case json_type_double:
		return put_float(v, value->o, out);
	case json_type_string:
		return put_string(v, value->o, out);
	case json_type_array:
	case json_type_object:
		put_collection(v, value->o, out);
		return true;
	default:
		return put_nothing(v, value->missing, out);
	}
}

/* The number itself, not what it is called. */
static void put_bad(const struct verb *v, const struct value *value, struct buf *out)
{
	buf_adds(out, "%!");
	put_rune(v->letter, out);
	buf_addc(out, '(');
	if (value->o)
		buf_addf(out, "%s=", value_type(value));
	if (json_object_is_type(value->o, json_type_int))
		buf_adds(out, json_object_to_json_string(value->o));
	else if (value->o)
		value_print(value, out);
	else
		buf_adds(out, "<nil>");
	buf_addc(out, ')');
}

static void put_value(const struct verb *v, const struct value *value, struct buf *out)
{
	const char *type = value->o ? value_type(value) : "<nil>";

	if (v->letter == 'T')
		pad(v, type, strlen(type), out);
	else if (!put_by_type(v, value, out))
		put_bad(v, value, out);
}

/* ---- the format ---- */

struct scan {
	const char *p, *end;
	const struct value *args;
	size_t n, used;
	bool reordered;  /* some were named by [n]: then none is too many */
	bool is_good;    /* no [n] that there is not */
	bool after_index;
	struct buf *out;
};

static bool at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool at_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int scan_count(struct scan *s)
{
	int n = 0;

	for (; at_digit(s); s->p++)
		n = n < WIDTH_MAX ? n * 10 + (*s->p - '0') : n;
	return n > WIDTH_MAX ? WIDTH_MAX : n;
}

/* [n]: the argument to go on with. */
static void scan_index(struct scan *s)
{
	const char *close = at(s, '[') ? memchr(s->p, ']', (size_t)(s->end - s->p)) : NULL;
	struct scan number = {.p = s->p + 1, .end = close};
	int n;

	s->after_index = false;
	if (!at(s, '['))
		return;
	s->reordered = true;
	n = close ? scan_count(&number) : 0;
	s->is_good = s->is_good && close && number.p == close && n >= 1 && (size_t)n <= s->n;
	s->p = close ? close + 1 : s->p + 1;
	s->after_index = close != NULL;
	if (s->is_good)
		s->used = (size_t)n - 1;
}

/* '*': an argument says how many. False: it is no such number, or past the bound. */
static bool scan_star(struct scan *s, int *ret)
{
	struct json_object *o = s->used < s->n ? s->args[s->used].o : NULL;
	int64_t n = o ? json_object_get_int64(o) : 0;

	s->p++;
	s->after_index = false;
	s->used += s->used < s->n;
	if (!json_object_is_type(o, json_type_int) || n > WIDTH_MAX || n < -WIDTH_MAX)
		return false;
	*ret = (int)n;
	return true;
}

static void scan_flags(struct scan *s, struct verb *v)
{
	static const char letters[] = "-+#0 ";
	bool *const flags[] = {&v->minus, &v->plus, &v->sharp, &v->zero, &v->space};

	for (const char *flag; s->p < s->end && *s->p && (flag = strchr(letters, *s->p)); s->p++)
		*flags[flag - letters] = true;
	v->zero = v->zero && !v->minus;
}

static void scan_width(struct scan *s, struct verb *v)
{
	scan_index(s);
	if (at(s, '*')) {
		if (!scan_star(s, &v->width)) {
			buf_adds(s->out, "%!(BADWIDTH)");
		} else if (v->width < 0) {
			v->minus = true;
			v->zero = false;
			v->width = -v->width;
		}
	} else if (at_digit(s)) {
		s->is_good = s->is_good && !s->after_index;
		v->width = scan_count(s);
	}
}

static void scan_precision(struct scan *s, struct verb *v)
{
	if (!at(s, '.'))
		return;
	s->p++;
	s->is_good = s->is_good && !s->after_index;
	scan_index(s);
	if (!at(s, '*')) {
		v->precision = scan_count(s);
		return;
	}
	if (!scan_star(s, &v->precision))
		buf_adds(s->out, "%!(BADPREC)");
	else if (v->precision < 0)
		v->precision = -1;
}

/* From after the '%' to after the letter. False: the format ends before it. */
static bool scan_verb(struct scan *s, struct verb *v)
{
	*v = (struct verb){.width = -1, .precision = -1};
	s->is_good = true;
	scan_flags(s, v);
	scan_width(s, v);
	scan_precision(s, v);
	if (!s->after_index)
		scan_index(s);
	if (s->p >= s->end)
		return false;
	if (utf8_next(&s->p, s->end, &v->letter) < 0)
		v->letter = 0xfffd, s->p++;
	return true;
}

static void put_verb(struct scan *s, const struct verb *v)
{
	const char *word = !s->is_good ? "BADINDEX" : s->used >= s->n ? "MISSING" : NULL;

	if (v->letter == '%') {
		buf_addc(s->out, '%');
	} else if (word) {
		buf_adds(s->out, "%!");
		put_rune(v->letter, s->out);
		buf_addf(s->out, "(%s)", word);
	} else {
		put_value(v, &s->args[s->used++], s->out);
	}
}

static void put_extra(const struct scan *s)
{
	if (s->reordered || s->used >= s->n)
		return;
	buf_adds(s->out, "%!(EXTRA ");
	for (size_t i = s->used; i < s->n; i++) {
		buf_addf(s->out, "%s%s%s", i > s->used ? ", " : "", s->args[i].o ? value_type(&s->args[i]) : "", s->args[i].o ? "=" : "");
		value_print(&s->args[i], s->out);
	}
	buf_addc(s->out, ')');
}

void value_printf(const char *format, size_t len, const struct value *args, size_t n, struct buf *out)
{
	struct scan s = {.p = format, .end = format + len, .args = args, .n = n, .out = out};

	while (s.p < s.end && !out->error) {
		const char *mark = memchr(s.p, '%', (size_t)(s.end - s.p));
		struct verb verb;

		buf_add(out, s.p, (size_t)((mark ? mark : s.end) - s.p));
		if (!mark)
			break;
		s.p = mark + 1;
		if (scan_verb(&s, &verb))
			put_verb(&s, &verb);
		else
			buf_adds(out, "%!(NOVERB)");
	}
	put_extra(&s);
}
