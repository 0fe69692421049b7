/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why not libsmartcols: it lays out for a terminal (it shrinks and truncates
 * by the window's width, and reads the environment), while scripts that cut
 * podman's output by column expect the widths of Go's text/tabwriter, the
 * same for a pipe and for a terminal, and the same for rows that came out of a
 * template; and it would be one more shared library at each start.
 *
 * The width of a character is glibc's wcwidth(3) under C.UTF-8, in a locale
 * object of our own that is made when the first non-ASCII character is met:
 * a table of plain ASCII opens no file for it.
 */
#include "base/table.h"

#include "base/escape.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define COLUMNS_MAX 64 /* of a table; later ones are not aligned */

/* One character, or a bad byte. */
static size_t char_width(uint32_t code)
{
	static locale_t utf8; /* made once; (locale_t)0 until then, or where there is none */
	static bool tried;
	locale_t before;
	int width;

	if (!tried)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	tried = true;
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	(void)uselocale(before);
	return width < 0 ? 1 : (size_t)width;
}

static size_t next_width(const char **s, const char *end)
{
	uint32_t code;

	if (utf8_next(s, end, &code) < 0) {
		(*s)++;
		return 1;
	}
	return code < 0x80 ? 1 : char_width(code);
}

size_t text_width(const char *s, size_t len)
{
	const char *end = s + len;
	size_t width = 0;

	while (s < end) {
		size_t plain = text_plain(s, end);

		s += plain;
		width += plain ? plain : next_width(&s, end);
	}
	return width;
}

/* Every cell ends in a tab while the row is open: table_end_row() takes the last one away. */
void table_cell(struct buf *rows, const char *text)
{
	if (text)
		escape_text(text, strlen(text), 0, rows);
	buf_addc(rows, '\t');
}

void table_cellf(struct buf *rows, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s = NULL;
		rows->error = ENOMEM;
		return;
	}
	table_cell(rows, s);
}

void table_cell_cut(struct buf *rows, const char *text, size_t max)
{
	_cleanup_(buf_done) struct buf whole = BUF_INIT;
	const char *s, *end, *cut;
	size_t width = 0;

	if (max == 0 || !text) {
		table_cell(rows, text);
		return;
	}
	escape_text(text, strlen(text), 0, &whole);
	if (buf_bad(&whole))
		rows->error = buf_bad(&whole);
	s = cut = buf_str(&whole);
	end = s + whole.len;
	while (s < end && width <= max) {
		width += next_width(&s, end);
		if (width < max)
			cut = s;
	}
	if (width <= max) {
		buf_add(rows, buf_str(&whole), whole.len);
	} else {
		buf_add(rows, buf_str(&whole), (size_t)(cut - buf_str(&whole)));
		buf_adds(rows, "…");
	}
	buf_addc(rows, '\t');
}

void table_end_row(struct buf *rows)
{
	if (!rows->error && rows->len > 0 && rows->data[rows->len - 1] == '\t')
		rows->data[rows->len - 1] = '\n';
	else
		buf_addc(rows, '\n');
}

/* The cell at `s`, up to the tab or newline that ends it. */
static size_t cell_length(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && s[n] != '\t' && s[n] != '\n')
		n++;
	return n;
}

static void measure(const struct buf *rows, struct table_style style, size_t widths[static COLUMNS_MAX])
{
	const char *s = buf_str(rows), *end = s + rows->len;
	size_t column = 0;

	for (; s < end; s++) {
		size_t n = cell_length(s, end);

		/* only a cell that a tab ends is part of a column */
		if (s + n < end && s[n] == '\t' && column < COLUMNS_MAX) {
			size_t width = text_width(s, n) + style.padding;

			if (width < style.min_width)
				width = style.min_width;
			if (width > widths[column])
				widths[column] = width;
		}
		s += n;
		column = s < end && *s == '\t' ? column + 1 : 0;
	}
}

static void add_blanks(struct buf *out, size_t n)
{
	char *to = buf_reserve(out, n);

	if (!to)
		return;
	memset(to, ' ', n);
	buf_commit(out, n);
}

void table_format(const struct buf *rows, struct table_style style, struct buf *out)
{
	const char *s = buf_str(rows), *end = s + rows->len;
	size_t widths[COLUMNS_MAX] = {0};
	size_t column = 0;

	if (rows->error)
		out->error = rows->error;
	measure(rows, style, widths);
	for (; s < end; s++) {
		size_t n = cell_length(s, end);

		buf_add(out, s, n);
		if (s + n < end && s[n] == '\t') {
			size_t to = column < COLUMNS_MAX ? widths[column] : style.padding, width = text_width(s, n);

			if (width < to)
				add_blanks(out, to - width);
			column++;
		} else if (s + n < end) {
			buf_addc(out, '\n');
			column = 0;
		}
		s += n;
	}
}
