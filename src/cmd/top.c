/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby top [CONTAINER...] [DESCRIPTOR...] | [PS OPTIONS]
 *
 * The first operand is a container, and so are those after it until one is a
 * descriptor; without any, all running ones are shown, with their names in
 * the first column. What begins with a dash, or is a cluster of ps options
 * like `aux`, is for the host's ps, and stderr then says whose PIDs those are.
 *
 * On a terminal only the arguments of a process are shortened to make a line
 * fit, never another column; in a pipe, or with --no-trunc, nothing is.
 */
#include "base/escape.h"
#include "base/table.h"
#include "base/template.h"
#include "cmd/all_users.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/screen.h"
#include "engine/container.h"
#include "view/top.h"
#include "view/top_ps.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>

#define ARGS_WIDTH_MIN 16

struct top_args {
	bool latest, all, all_users, no_trunc, noheading, list_descriptors;
	const char *format, *sort;
};

static const struct option_row top_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct top_args, all), .help = "All running containers; all operands are descriptors"},
	{0, "all-users", OPT_FLAG, offsetof(struct top_args, all_users),
	 .help = "Everybody's containers, and other engines' too (root, group ranby-audit); all operands are descriptors"},
	{0, "format", OPT_STRING, offsetof(struct top_args, format), .arg = "FORMAT", .choices = "json|table",
	 .help = "table, json, or a Go template whose fields are descriptors ('{{.hpid}} {{.huser}}')"},
	{'l', "latest", OPT_FLAG, offsetof(struct top_args, latest), .help = "The newest container; all operands are descriptors"},
	{0, "list-descriptors", OPT_FLAG, offsetof(struct top_args, list_descriptors), .help = "List the descriptors"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct top_args, no_trunc), .help = "Do not shorten commands to fit the terminal"},
	{0, "noheading", OPT_FLAG, offsetof(struct top_args, noheading), .help = "No line of headers"},
	{0, "sort", OPT_STRING, offsetof(struct top_args, sort), .arg = "DESCRIPTOR",
	 .help = "Order by a column that is shown; -DESCRIPTOR: from the greatest down"},
	OPTION_END,
};

/* What one call works on; the containers lend the targets their strings. */
struct work {
	struct container_list list;   /* of all running */
	struct container **containers;
	size_t n;
	struct top_target *targets;
	struct procfs fs;
	struct names *names;
	struct strv labels;           /* --all-users: the targets' names */
	bool all;
};

static void work_done(struct work *w)
{
	for (size_t i = 0; w->containers && i < w->n && !w->list.items; i++)
		container_free(w->containers[i]);
	free(w->containers);
	container_list_done(&w->list);
	free(w->targets);
	strv_done(&w->labels);
	procfs_close(&w->fs);
	names_freep(&w->names);
}

/* ---- which containers ---- */

static int add_container(struct work *w, struct container *c)
{
	struct container **grown = mem_regrow(w->containers, w->n + 1, sizeof(struct container *));

	if (!grown)
		return -ENOMEM;
	w->containers = grown;
	w->containers[w->n++] = c;
	return 0;
}

static int add_all_running(struct engine *eng, struct work *w, struct err *e)
{
	int r = container_list(eng, &w->list, e);

	w->all = true;
	for (size_t i = 0; i < w->list.n && r == 0; i++)
		if (container_runs(w->list.items[i]))
			r = add_container(w, w->list.items[i]);
	return r;
}

static int add_latest(struct engine *eng, struct work *w, struct err *e)
{
	struct container *c;
	int r = container_latest(eng, &c, e);

	return r < 0 ? r : add_container(w, c);
}

/* The operands that name containers; *ret_used is how many. */
static int add_named(const struct command_call *call, struct work *w, int *ret_used, struct err *e)
{
	struct container *c;
	int i, r;

	for (i = 0; i < call->argc; i++) {
		if (i > 0 && (top_ps_wanted(call->argv[i]) || top_column_find(call->argv[i])))
			break;
		r = container_find(call->engine, call->argv[i], &c, e);
		if (r == -ENOENT && i > 0)
			break; /* not a container either: the descriptors' parser says what is wrong */
		if (r == -ENOENT && top_column_find(call->argv[i]))
			err_hint(e, "for all running containers: `ranby top --all %s`", call->argv[i]);
		if (r == 0)
			r = add_container(w, c);
		if (r < 0)
			return r;
	}
	err_clear(e);
	*ret_used = i;
	return 0;
}

static int make_targets(struct work *w, struct err *e)
{
	w->targets = mem_array(w->n, sizeof(*w->targets));
	if (!w->targets)
		return err_errno(e, ENOMEM, "top");
	for (size_t i = 0; i < w->n; i++) {
		const struct container *c = w->containers[i];

		if (c->pid <= 0)
			return err_set(e, ESRCH, "top can only be used on running containers: %s is %s", c->name,
				       container_status_word(c->status));
		w->targets[i] = top_target_of(c);
	}
	return 0;
}

static int open_all_users(struct work *w, struct err *e)
{
	_cleanup_(census_done) struct census c = {0};
	int r = all_users_take(&w->fs, &c, e);

	if (r == 0)
		r = all_users_targets(&c, &w->targets, &w->labels, e);
	if (r < 0)
		return r;
	w->n = c.n;
	w->all = true;
	w->names = names_new();
	return w->names ? 0 : err_errno(e, ENOMEM, "top");
}

static int open_proc(struct work *w, struct err *e)
{
	int r = make_targets(w, e);

	if (r < 0)
		return r;
	r = procfs_open(&w->fs);
	if (r < 0) {
		err_errno(e, -r, "/proc");
		err_hint(e, "it must be a proc file system of this PID namespace");
		return r;
	}
	w->names = names_new();
	return w->names ? 0 : err_errno(e, ENOMEM, "top");
}

static int work_open(const struct command_call *call, struct work *w, int *ret_used, struct err *e)
{
	const struct top_args *a = call->args;
	int r;

	*ret_used = 0;
	if (a->latest + a->all + a->all_users > 1)
		return err_set(e, EINVAL, "--latest, --all and --all-users cannot be used together");
	if (a->all_users)
		return open_all_users(w, e);
	if (a->latest)
		r = add_latest(call->engine, w, e);
	else if (a->all || call->argc == 0)
		r = add_all_running(call->engine, w, e);
	else
		r = add_named(call, w, ret_used, e);
	return r < 0 ? r : open_proc(w, e);
}

/* Those of a pod that run: the members' list is taken from it. */
static int open_pod(const struct command_call *call, struct work *w, struct err *e)
{
	const struct top_args *a = call->args;
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = one_pod(call, a->latest, &p, e);

	if (r < 0)
		return r;
	w->list = p->members;
	p->members = (struct container_list){0};
	w->all = true;
	for (size_t i = 0; r == 0 && i < w->list.n; i++)
		if (container_runs(w->list.items[i]))
			r = add_container(w, w->list.items[i]);
	if (r < 0)
		return err_errno(e, -r, "top");
	if (w->n == 0)
		return err_set(e, ESRCH, "top can only be used on pods with at least one running container: container state improper");
	return open_proc(w, e);
}

/* ---- ps ---- */

static unsigned fit_width(const struct top_args *a)
{
	return a->no_trunc ? 0 : screen_terminal_width();
}

static int run_ps(struct work *w, char *const *args, size_t n, const struct top_args *a, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct top_request q = {.fs = &w->fs, .names = w->names, .targets = w->targets, .n_targets = w->n};
	int r;

	if (a->format || a->sort || a->noheading)
		return err_set(e, EINVAL, "--format, --sort and --noheading go with descriptors, not with ps options");
	r = top_ps(&q, args, n, fit_width(a), &out, e);
	if (r == 0)
		r = screen_put(&out, e);
	if (r == 0)
		fputs("Note: this is the host's ps: PIDs and users are the host's\n", stderr);
	return r;
}

/* ---- the table ---- */

/* The width that is left for the arguments, 0 when nothing has to be cut. */
static size_t args_room(const struct top_table *t, unsigned width)
{
	size_t args = SIZE_MAX, others = 0, widest = 0;

	for (size_t j = 0; j < t->columns.n; j++) {
		size_t w = strlen(t->columns.items[j]->header);

		for (size_t i = 0; i < t->n; i++) {
			size_t cell = text_width(t->rows[i].cells[j].text, strlen(t->rows[i].cells[j].text));

			w = cell > w ? cell : w;
		}
		if (strcmp(t->columns.items[j]->name, "args") == 0) {
			args = j;
			widest = w;
		} else {
			others += w + 2;
		}
	}
	if (width == 0 || args == SIZE_MAX || others + widest <= width)
		return 0;
	return others + ARGS_WIDTH_MIN < width ? width - others : ARGS_WIDTH_MIN;
}

static void print_headers(const struct top_table *t, struct buf *rows)
{
	for (size_t j = 0; j < t->columns.n; j++)
		table_cell(rows, t->columns.items[j]->header);
	table_end_row(rows);
}

static int print_table(const struct top_table *t, const struct top_args *a, struct err *e)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;
	size_t room = args_room(t, fit_width(a));

	if (!a->noheading)
		print_headers(t, &rows);
	for (size_t i = 0; i < t->n; i++) {
		for (size_t j = 0; j < t->columns.n; j++) {
			bool is_args = strcmp(t->columns.items[j]->name, "args") == 0;

			table_cell_cut(&rows, t->rows[i].cells[j].text, is_args ? room : 0);
		}
		table_end_row(&rows);
	}
	table_format(&rows, TABLE_TIGHT, &out);
	return screen_put(&out, e);
}

static int print_json(const struct top_table *t, struct err *e)
{
	_cleanup_json_ struct json_object *array = top_json(t);
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	if (!array)
		return err_errno(e, ENOMEM, "top");
	buf_adds(&out, json_pretty(array));
	buf_addc(&out, '\n');
	return screen_put(&out, e);
}

static int print_template(const struct top_table *t, const struct top_args *a, struct err *e)
{
	struct template_heading headings[TOP_COLUMNS_MAX + 1] = {{NULL, NULL}};
	_cleanup_template_ struct template *tmpl = NULL;
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r;

	if (!rows)
		return err_errno(e, ENOMEM, "top");
	r = template_parse(a->format, &tmpl, e);
	for (size_t i = 0; i < t->n && r == 0; i++)
		if (json_append(rows, top_row_texts(t, i)) < 0)
			r = err_errno(e, ENOMEM, "top");
	for (size_t j = 0; j < t->columns.n; j++)
		headings[j] = (struct template_heading){t->columns.items[j]->name, t->columns.items[j]->header};
	if (r == 0)
		r = template_print(tmpl, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0), &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

/* ---- together ---- */

static bool is_template(const struct top_args *a)
{
	return a->format && strcmp(a->format, "table") != 0 && strcmp(a->format, "json") != 0;
}

/* A template without descriptors may use any of them. */
static int choose_columns(const struct work *w, char *const *words, size_t n, const struct top_args *a,
			  struct top_columns *cols, struct err *e)
{
	if (is_template(a) && n == 0) {
		for (const struct top_column *c = top_column_table; c->name && cols->n < TOP_COLUMNS_MAX; c++)
			cols->items[cols->n++] = c;
		return 0;
	}
	if (w->all || w->n > 1)
		cols->items[cols->n++] = top_column_find("ctr");
	return top_columns_parse(words, n, cols, e);
}

/* Where processes are not told by a pid namespace of their own, say by what. */
static void print_notes(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->targets[i].n_processes && w->targets[i].found != TOP_BY_PIDNS)
			fprintf(stderr, "Note: %s has no PID namespace of its own: its processes are those of its %s%s\n",
				w->targets[i].name, top_found_word(w->targets[i].found),
				w->targets[i].found == TOP_BY_DESCENT ? ", which is no proof" : "");
}

static int run_columns(struct work *w, char *const *words, size_t n, const struct top_args *a, struct err *e)
{
	_cleanup_(top_table_done) struct top_table t = {0};
	struct top_columns cols = {0};
	struct top_request q = {
		.fs = &w->fs, .names = w->names, .columns = &cols, .targets = w->targets, .n_targets = w->n};
	int r;

	r = choose_columns(w, words, n, a, &cols, e);
	if (r == 0)
		r = top_collect(&q, &t, e);
	if (r == 0 && a->sort)
		r = top_sort(&t, a->sort, e);
	if (r < 0)
		return r;
	if (is_template(a))
		r = print_template(&t, a, e);
	else if (a->format && strcmp(a->format, "json") == 0)
		r = print_json(&t, e);
	else
		r = print_table(&t, a, e);
	if (r == 0 && !a->all_users)
		print_notes(w);
	return r;
}

static int list_descriptors(struct err *e)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;

	for (const struct top_column *c = top_column_table; c->name; c++) {
		table_cell(&rows, c->name);
		table_cell(&rows, c->code ? c->code : "");
		table_cell(&rows, c->header);
		table_cell(&rows, c->help);
		table_end_row(&rows);
	}
	table_format(&rows, TABLE_TIGHT, &out);
	return screen_put(&out, e);
}

static int run_rest(struct work *w, char *const *rest, size_t n, const struct top_args *a, struct err *e)
{
	if (n > 0 && top_ps_wanted(*rest))
		return run_ps(w, rest, n, a, e);
	return run_columns(w, rest, n, a, e);
}

static int top_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {.fs = PROCFS_INIT};
	const struct top_args *a = call->args;
	int used, r;

	if (a->list_descriptors)
		return list_descriptors(e);
	r = work_open(call, &w, &used, e);
	if (r < 0)
		return r;
	return run_rest(&w, call->argv + used, (size_t)(call->argc - used), a, e);
}

const struct command command_top = {
	.name = "top",
	.aliases = "container top",
	.operands = "[OPTIONS] [CONTAINER...] [DESCRIPTOR...|PS OPTIONS]",
	.summary = "Show the processes of containers, as the kernel and the host see them",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.max_operands = -1,
	.rows = top_rows,
	.args_size = sizeof(struct top_args),
	.run = top_run,
};

/* ---- of a pod ---- */

static const struct option_row pod_top_rows[] = {
	{0, "format", OPT_STRING, offsetof(struct top_args, format), .arg = "FORMAT", .choices = "json|table",
	 .help = "table, json, or a Go template whose fields are descriptors ('{{.hpid}} {{.huser}}')"},
	{'l', "latest", OPT_FLAG, offsetof(struct top_args, latest), .help = "The newest pod; all operands are descriptors"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct top_args, no_trunc), .help = "Do not shorten commands to fit the terminal"},
	{0, "noheading", OPT_FLAG, offsetof(struct top_args, noheading), .help = "No line of headers"},
	{0, "sort", OPT_STRING, offsetof(struct top_args, sort), .arg = "DESCRIPTOR",
	 .help = "Order by a column that is shown; -DESCRIPTOR: from the greatest down"},
	OPTION_END,
};

static int pod_top_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {.fs = PROCFS_INIT};
	const struct top_args *a = call->args;
	int used = a->latest ? 0 : 1, r = open_pod(call, &w, e);

	return r < 0 ? r : run_rest(&w, call->argv + used, (size_t)(call->argc - used), a, e);
}

const struct command command_pod_top = {
	.name = "pod top",
	.operands = "[OPTIONS] POD [DESCRIPTOR...|PS OPTIONS]",
	.summary = "Show the processes of a pod, as the kernel and the host see them",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.max_operands = -1,
	.rows = pod_top_rows,
	.args_size = sizeof(struct top_args),
	.run = pod_top_run,
};
