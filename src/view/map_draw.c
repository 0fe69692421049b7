/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The ruler. One column per segment, and one per gap, in the order of the
 * container's IDs; one line per point of view, so that whoever looks for a
 * number finds it in its line and reads the others above and below:
 *
 *	UID        ╭───────┬────────────────────────────┬──────────────╮
 *	container  │ 0     │ 1                    65536 │ 65537 and up │
 *	keeper     │ 0     │ 1                    65536 │ not mapped   │
 *	host       │ 2001  │ 100000              165535 │              │
 *	who        │ alice │ alice+0             +65535 │              │
 *	           ╰───────┴────────────────────────────┴──────────────╯
 *
 * A column is as wide as its labels, and what is left of the line goes to the
 * segments by the logarithm of their length: a true scale would leave one
 * column for 65536 and none for 1. When the labels do not fit, the same
 * is written as a list.
 */
#include "view/map.h"

#include "base/escape.h"
#include "base/table.h"

#include <stdio.h>
#include <string.h>

#define RULER_WIDTH_MAX 110
#define LABEL_WIDTH 11 /* "container" and two blanks */
#define COLUMNS_MAX 48 /* more never fit a line */

enum line_of { LINE_CONTAINER, LINE_KEEPER, LINE_HOST, LINE_WHO, LINES };
static const char *const line_names[LINES] = {"container", "keeper", "host", "who"};

struct label {
	char left[96], right[96]; /* right "": one ID, or words */
};
struct column {
	struct label lines[LINES];
	size_t width;
	uint32_t count;
	bool gap;
};

struct glyphs {
	const char *across, *down, *top[3], *bottom[3]; /* left, middle, right */
};
static const struct glyphs unicode_glyphs = {
	"\u2500", "\u2502", {"\u256d", "\u252c", "\u256e"}, {"\u2570", "\u2534", "\u256f"}};
static const struct glyphs ascii_glyphs = {"-", "|", {"+", "+", "+"}, {"+", "+", "+"}};

/* ---- labels ---- */

static void label_range(struct label *l, uint64_t first, uint64_t count)
{
	snprintf(l->left, sizeof(l->left), "%llu", (unsigned long long)first);
	if (count > 1)
		snprintf(l->right, sizeof(l->right), "%llu", (unsigned long long)(first + count - 1));
}

/* The host's own name for a single ID; else whose subordinate range it is. */
static void label_who(struct label *l, const struct map_segment *s)
{
	char owner[64];

	if (s->name && s->count == 1) {
		escape_into(l->left, sizeof(l->left), s->name);
		return;
	}
	if (!s->owner)
		return;
	escape_into(owner, sizeof(owner), s->owner);
	snprintf(l->left, sizeof(l->left), "%s+%u", owner, s->offset);
	if (s->count > 1)
		snprintf(l->right, sizeof(l->right), "+%llu", (unsigned long long)s->offset + s->count - 1);
}

static void column_of_segment(const struct map_segment *s, struct column *c)
{
	*c = (struct column){.count = s->count};
	label_range(&c->lines[LINE_CONTAINER], s->inside, s->count);
	if (s->keeper != ID_NONE)
		label_range(&c->lines[LINE_KEEPER], s->keeper, s->count);
	label_range(&c->lines[LINE_HOST], s->host, s->count);
	label_who(&c->lines[LINE_WHO], s);
}

static void column_of_gap(const struct map_view *v, uint64_t first, uint64_t count, struct column *c)
{
	enum line_of place = v->id && v->has_keeper ? LINE_KEEPER : LINE_HOST;

	struct label *l;

	*c = (struct column){.gap = true, .count = 1};
	l = &c->lines[v->id ? LINE_CONTAINER : LINE_KEEPER];
	if (first + count == ID_NONE)
		snprintf(l->left, sizeof(l->left), "%llu and up", (unsigned long long)first);
	else
		label_range(l, first, count);
	snprintf(c->lines[place].left, sizeof(c->lines[place].left), "not mapped");
}

/* Segments and the gaps between them, in order; the number of columns, or `max` + 1 when there are more. */
static size_t columns_of(const struct map_view *v, const struct map_side *side, struct column *out, size_t max)
{
	uint64_t next = 0;
	size_t n = 0;

	for (size_t i = 0; i < side->n; i++) {
		const struct map_segment *s = &side->segments[i];

		if (n + 2 > max)
			return max + 1;
		if (s->inside > next)
			column_of_gap(v, next, s->inside - next, &out[n++]);
		column_of_segment(s, &out[n++]);
		next = (uint64_t)s->inside + s->count;
	}
	if (next < ID_NONE) {
		if (n == max)
			return max + 1;
		column_of_gap(v, next, ID_NONE - next, &out[n++]);
	}
	return n;
}

/* ---- the ruler ---- */

static bool line_is_shown(const struct map_view *v, enum line_of line)
{
	return line == LINE_CONTAINER ? v->id != NULL : line == LINE_KEEPER ? v->has_keeper : true;
}

static size_t label_width(const struct label *l)
{
	size_t left = text_width(l->left, strlen(l->left));

	return l->right[0] ? left + 2 + text_width(l->right, strlen(l->right)) : left;
}

static unsigned log2_of(uint32_t count)
{
	unsigned n = 0;

	while (count >>= 1)
		n++;
	return n;
}

/* Sets the widths; false when they do not fit. */
static bool fit(struct column *cols, size_t n, size_t width)
{
	size_t used = LABEL_WIDTH + 1;
	unsigned weights = 0;
	size_t left;

	for (size_t i = 0; i < n; i++) {
		for (int line = 0; line < LINES; line++) {
			size_t w = label_width(&cols[i].lines[line]);

			cols[i].width = w > cols[i].width ? w : cols[i].width;
		}
		used += cols[i].width + 3;
		weights += cols[i].gap ? 0 : log2_of(cols[i].count);
	}
	if (used > width)
		return false;
	left = width - used;
	for (size_t i = 0; i < n && weights; i++)
		if (!cols[i].gap)
			cols[i].width += left * log2_of(cols[i].count) / weights;
	return true;
}

static void repeat(struct buf *out, const char *s, size_t n)
{
	while (n-- > 0)
		buf_adds(out, s);
}

static void draw_edge(const struct column *cols, size_t n, const char *label, const char *const corner[3], const struct glyphs *g,
		      struct buf *out)
{
	buf_addf(out, "%-*s%s", LABEL_WIDTH, label, corner[0]);
	for (size_t i = 0; i < n; i++) {
		repeat(out, g->across, cols[i].width + 2);
		buf_adds(out, corner[i + 1 < n ? 1 : 2]);
	}
	buf_addc(out, '\n');
}

/* Colours by place, so that a column is followed by the eye; gaps are dim. */
static const char *colour_of(const struct column *c, size_t i)
{
	static const char *const cycle[] = {"\033[36m", "\033[32m", "\033[33m", "\033[35m"};

	return c->gap ? "\033[2m" : cycle[i % ARRAY_SIZE(cycle)];
}

static void draw_line(const struct column *cols, size_t n, enum line_of line, const struct glyphs *g, bool color, struct buf *out)
{
	buf_addf(out, "%-*s%s", LABEL_WIDTH, line_names[line], g->down);
	for (size_t i = 0; i < n; i++) {
		const struct label *l = &cols[i].lines[line];
		size_t room = cols[i].width - label_width(l) + (l->right[0] ? 2 : 0);

		buf_addf(out, " %s%s", color ? colour_of(&cols[i], i) : "", l->left);
		repeat(out, " ", room);
		buf_addf(out, "%s%s %s", l->right, color ? "\033[0m" : "", g->down);
	}
	buf_addc(out, '\n');
}

static void draw_ruler(const struct map_view *v, const struct column *cols, size_t n, const char *what,
		       const struct map_style *style, struct buf *out)
{
	const struct glyphs *g = style->unicode ? &unicode_glyphs : &ascii_glyphs;

	draw_edge(cols, n, what, g->top, g, out);
	for (enum line_of line = 0; line < LINES; line++)
		if (line_is_shown(v, line))
			draw_line(cols, n, line, g, style->color, out);
	draw_edge(cols, n, "", g->bottom, g, out);
}

/* ---- the list ---- */

static void list_cell(struct buf *rows, const struct label *l)
{
	if (l->right[0] == '+')
		table_cellf(rows, "%s..%s", l->left, l->right + 1);
	else if (l->right[0])
		table_cellf(rows, "%s-%s", l->left, l->right);
	else
		table_cell(rows, l->left);
}

static void list_row(const struct map_view *v, const struct column *c, struct buf *rows)
{
	for (enum line_of line = 0; line < LINES; line++)
		if (line_is_shown(v, line))
			list_cell(rows, &c->lines[line]);
	table_end_row(rows);
}

static void draw_list(const struct map_view *v, const struct map_side *side, const char *what, struct buf *out)
{
	static const char *const headings[LINES] = {"CONTAINER ", "KEEPER ", "HOST ", "WHO"};
	_cleanup_(buf_done) struct buf rows = BUF_INIT;
	uint64_t next = 0;
	struct column c;

	for (enum line_of line = 0; line < LINES; line++)
		if (line_is_shown(v, line))
			table_cellf(&rows, "%s%s", headings[line], line == LINE_WHO ? "" : what);
	table_end_row(&rows);
	for (size_t i = 0; i < side->n; i++) {
		if (side->segments[i].inside > next) {
			column_of_gap(v, next, side->segments[i].inside - next, &c);
			list_row(v, &c, &rows);
		}
		column_of_segment(&side->segments[i], &c);
		list_row(v, &c, &rows);
		next = (uint64_t)side->segments[i].inside + side->segments[i].count;
	}
	if (next < ID_NONE) {
		column_of_gap(v, next, ID_NONE - next, &c);
		list_row(v, &c, &rows);
	}
	table_format(&rows, TABLE_TIGHT, out);
}

/* ---- together ---- */

static void draw_side(const struct map_view *v, enum names_kind kind, const struct map_style *style, struct buf *out)
{
	const char *what = kind == NAMES_USER ? "UID" : "GID";
	_cleanup_free_ struct column *cols = mem_array(COLUMNS_MAX, sizeof(*cols));
	size_t width = style->width ? style->width : 80, n;

	if (!cols)
		return;
	width = width > RULER_WIDTH_MAX ? RULER_WIDTH_MAX : width;
	n = columns_of(v, &v->of[kind], cols, COLUMNS_MAX);
	if (n <= COLUMNS_MAX && fit(cols, n, width))
		draw_ruler(v, cols, n, what, style, out);
	else
		draw_list(v, &v->of[kind], what, out);
}

static void draw_title(const struct map_view *v, struct buf *out)
{
	static const char *const how[] = {
		[MAP_KERNEL] = "as the kernel has it now",
		[MAP_RECORDED] = "as it was recorded at its last start",
		[MAP_PLANNED] = "computed from the subordinate ranges; no container runs",
	};

	if (v->id) {
		buf_adds(out, "Container ");
		escape_text(v->name, strlen(v->name), 0, out);
		buf_addf(out, " (%.12s): %s", v->id, how[v->source]);
		if (v->has_keeper)
			buf_adds(out, "; the keeper's IDs as recorded");
	} else if (v->source == MAP_RECORDED) {
		buf_adds(out, "Your own map, as recorded by a running container");
	} else {
		buf_addf(out, "Your own map, %s", how[v->source]);
	}
	buf_addc(out, '\n');
}

void map_draw(const struct map_view *v, const struct map_style *style, struct buf *out)
{
	draw_title(v, out);
	draw_side(v, NAMES_USER, style, out);
	draw_side(v, NAMES_GROUP, style, out);
	buf_adds(out, "An ID of the host that is not here is seen inside as 65534.\n");
}
