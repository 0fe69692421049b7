/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * From processes to a table. top_members.c finds and reads them, the
 * functions of top_columns.c make the cells; here is what lies between:
 * what must be read for these columns, the clocks, the order of the rows,
 * and the two ways out (texts and JSON).
 */
#include "view/top.h"

#include "base/clock.h"
#include "base/parse.h"
#include "engine/inforce.h"
#include "view/top_cells.h"

#include <string.h>
#include <unistd.h>

const char *top_found_word(enum top_found f)
{
	static const char *const words[] = {
		[TOP_BY_PIDNS] = "pid namespace",
		[TOP_BY_USERNS] = "user namespace",
		[TOP_BY_CGROUP] = "cgroup",
		[TOP_BY_DESCENT] = "ancestry",
	};

	return words[f];
}

/* Whether its user namespace is another's: then it cannot tell the container's processes. */
static bool shares_userns(const struct container *c)
{
	struct json_object *joined = json_at(c->spec, "config.joined.namespaces");
	const char *mode = json_str(c->spec, "options.userns");

	for (size_t i = 0; joined && i < json_object_array_length(joined); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(joined, i)), "user") == 0)
			return true;
	if (*json_str(c->spec, "config.peers.user"))
		return true;
	return strcmp(mode, "host") == 0 || strncmp(mode, "container:", 10) == 0 || strncmp(mode, "ns:", 3) == 0;
}

struct top_target top_target_of(const struct container *c)
{
	return (struct top_target){
		.id = c->id,
		.name = c->name,
		.pid = c->pid,
		.start_ticks = c->start_ticks,
		.shared_userns = shares_userns(c),
		.profile = json_str(c->spec, "config.seccompProfile"),
		.profile_hash = json_str(c->spec, "config.seccompHash"),
		.fuse_device = inforce_fuse_device(c->state),
	};
}

static void row_done(struct top_row *row, size_t n_cells)
{
	for (size_t i = 0; row->cells && i < n_cells; i++) {
		free(row->cells[i].text);
		json_object_put(row->cells[i].value);
	}
	free(row->cells);
	row->cells = NULL;
}

void top_table_done(struct top_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		row_done(&t->rows[i], t->columns.n);
	free(t->rows);
	t->rows = NULL;
	t->n = 0;
}

/* ---- making it ---- */

static int read_clocks(struct top_scene *s, struct err *e)
{
	struct timespec now = clock_now();
	long hz = sysconf(_SC_CLK_TCK);
	char line[16];
	uint32_t last_cap = 40;
	int r;

	r = procfs_uptime_ns(s->q->fs, &s->uptime_ns);
	if (r < 0)
		return err_errno(e, -r, "read the uptime");
	s->realtime_ns = clock_ns(&now);
	s->ticks_per_second = hz > 0 && hz <= 1000000000 ? (uint64_t)hz : 100;
	if (procfs_read_line(s->q->fs, "sys/kernel/cap_last_cap", line, sizeof(line)) == 0 &&
	    parse_u32(line, 0, 63, &last_cap) < 0)
		last_cap = 40;
	s->cap_all = last_cap == 63 ? UINT64_MAX : (UINT64_C(1) << (last_cap + 1)) - 1;
	return 0;
}

static uint32_t inner_pid(const struct top_scene *s, const struct top_process *p)
{
	size_t level = s->sides[p->target].level;

	return level < p->status.nspid.n ? p->status.nspid.v[level] : UINT32_MAX;
}

/* By container, in each by the pid that it sees. */
static int by_place(const void *a, const void *b, void *ctx)
{
	const struct top_scene *s = ctx;
	const struct top_process *x = a, *y = b;
	uint32_t px = inner_pid(s, x), py = inner_pid(s, y);

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (px != py)
		return px < py ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int make_row(const struct top_scene *s, const struct top_process *p, const struct top_columns *cols, struct top_row *row)
{
	const struct top_row_view v = {
		.scene = s, .p = p, .target = &s->q->targets[p->target], .side = &s->sides[p->target]};
	int r = 0;

	row->cells = mem_array(cols->n, sizeof(*row->cells));
	if (!row->cells)
		return -ENOMEM;
	row->target = p->target;
	row->hpid = p->pid;
	row->start_ticks = p->stat.start_ticks;
	for (size_t i = 0; i < cols->n && r == 0; i++)
		r = cols->items[i]->cell(&v, &row->cells[i]);
	return r;
}

static int make_rows(struct top_scene *s, struct top_table *t, struct err *e)
{
	if (s->n > 1)
		qsort_r(s->items, s->n, sizeof(*s->items), by_place, s);
	t->columns = *s->q->columns;
	t->rows = mem_array(s->n, sizeof(*t->rows));
	if (!t->rows)
		return err_errno(e, ENOMEM, "top");
	for (; t->n < s->n; t->n++) {
		int r = make_row(s, &s->items[t->n], &t->columns, &t->rows[t->n]);

		if (r < 0) {
			row_done(&t->rows[t->n], t->columns.n);
			return err_errno(e, -r, "top");
		}
	}
	return 0;
}

int top_collect(struct top_request *q, struct top_table *ret, struct err *e)
{
	_cleanup_(top_scene_done) struct top_scene s = {.q = q};
	_cleanup_(top_table_done) struct top_table t = {0};
	unsigned needs = 0;
	int r;

	for (size_t i = 0; i < q->columns->n; i++)
		needs |= q->columns->items[i]->needs;
	r = top_members_scan(&s, needs, e);
	if (r < 0)
		return r;
	if (s.n == 0 && q->n_targets > 0)
		return err_set(e, ESRCH, "container %s has ended", q->targets[0].name);
	r = read_clocks(&s, e);
	if (r == 0)
		r = make_rows(&s, &t, e);
	if (r < 0)
		return r;
	*ret = t;
	t = (struct top_table){0};
	return 0;
}

/* ---- order ---- */

struct order {
	size_t column;
	int sign;
};

static bool is_number(const struct json_object *v)
{
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

/* What is not known comes last, whichever way round. */
static int by_cell(const void *a, const void *b, void *ctx)
{
	const struct order *o = ctx;
	const struct top_row *x = a, *y = b;
	const struct top_cell *cx = &x->cells[o->column], *cy = &y->cells[o->column];
	struct json_object *ix = NULL, *iy = NULL;
	int words;

	if (!cx->value || !cy->value)
		return !cx->value - !cy->value;
	/* "2001(alice)": by number; {"id", "name"} of the container's columns: by name, as printed */
	if (json_object_object_get_ex(cx->value, "id", &ix) && json_object_object_get_ex(cy->value, "id", &iy) &&
	    cx->text[0] >= '0' && cx->text[0] <= '9' && cy->text[0] >= '0' && cy->text[0] <= '9')
		return o->sign * ((json_object_get_int64(ix) > json_object_get_int64(iy)) -
				  (json_object_get_int64(ix) < json_object_get_int64(iy)));
	if (is_number(cx->value) && is_number(cy->value)) {
		double dx = json_object_get_double(cx->value), dy = json_object_get_double(cy->value);

		return o->sign * ((dx > dy) - (dx < dy));
	}
	words = strcmp(cx->text, cy->text);
	return o->sign * ((words > 0) - (words < 0));
}

int top_sort(struct top_table *t, const char *column, struct err *e)
{
	struct order o = {.sign = 1};
	const struct top_column *want;

	if (*column == '-') {
		o.sign = -1;
		column++;
	}
	want = top_column_find(column);
	while (want && o.column < t->columns.n && t->columns.items[o.column] != want)
		o.column++;
	if (!want || o.column == t->columns.n) {
		err_set(e, EINVAL, "cannot sort by \"%s\": it is not one of the columns shown", column);
		return -EINVAL;
	}
	if (t->n > 1)
		qsort_r(t->rows, t->n, sizeof(*t->rows), by_cell, &o);
	return 0;
}

/* ---- out ---- */

struct json_object *top_json(const struct top_table *t)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		struct json_object *o = json_object_new_object();

		for (size_t j = 0; r == 0 && j < t->columns.n; j++)
			r = json_object_object_add(o, t->columns.items[j]->name, json_object_get(t->rows[i].cells[j].value));
		if (json_append(array, o) < 0)
			r = -ENOMEM;
	}
	return r < 0 ? NULL : TAKE_PTR(array);
}

struct json_object *top_row_texts(const struct top_table *t, size_t row)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t j = 0; o && j < t->columns.n; j++)
		if (json_add_str(o, t->columns.items[j]->name, t->rows[row].cells[j].text) < 0)
			return NULL;
	return TAKE_PTR(o);
}
