/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * table - columns that line up, as podman and docker print them.
 *
 *	_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;
 *	table_cell(&rows, "CONTAINER ID");
 *	table_cell(&rows, "NAMES");
 *	table_end_row(&rows);
 *	table_cell(&rows, id);
 *	table_cell(&rows, name);
 *	table_end_row(&rows);
 *	table_format(&rows, TABLE_PODMAN, &out);
 *
 * While it is built a table is text: cells end at a tab, rows at a newline,
 * so that a `--format 'table {{.ID}}\t{{.Names}}'` aligns by the same code.
 * The last cell of a row is never padded.
 */
#ifndef RANBY_BASE_TABLE_H
#define RANBY_BASE_TABLE_H

#include "base/buf.h"

#include <stddef.h>

/* Columns are at least `min_width` wide, `padding` blanks included (as Go's text/tabwriter counts). */
struct table_style {
	unsigned min_width;
	unsigned padding;
};
#define TABLE_PODMAN ((struct table_style){12, 2})
#define TABLE_DOCKER ((struct table_style){10, 3})
#define TABLE_TIGHT ((struct table_style){0, 2})

/* Adds a cell, escaped by escape_text(). NULL is an empty one. */
void table_cell(struct buf *rows, const char *text);
void table_cellf(struct buf *rows, const char *fmt, ...) _printf_(2, 3);

/* Adds a cell of at most `max` characters, of which the last is "…" when it was cut. max 0: not cut (--no-trunc). */
void table_cell_cut(struct buf *rows, const char *text, size_t max);

/* Ends the row. */
void table_end_row(struct buf *rows);

/* Appends the rows to `out`, aligned. Errors of `rows` go on to `out`. */
void table_format(const struct buf *rows, struct table_style style, struct buf *out);

/* Columns that UTF-8 text takes on a terminal; a wide character counts two, a combining one none, a bad byte one. */
size_t text_width(const char *s, size_t len);

#endif
