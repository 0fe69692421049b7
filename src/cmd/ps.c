/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby ps: takes no lock and waits for nobody. */
#include "cmd/all_users.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "base/clock.h"
#include "base/table.h"
#include "base/template.h"
#include "view/ps.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct ps_args {
	bool all, all_users, latest, no_trunc, noheading, ns, pod, quiet;
	uint32_t last, watch;
	const char *format, *sort;
	struct strv filter;
};

static const struct option_row ps_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct ps_args, all), .help = "Also those that do not run"},
	{0, "all-users", OPT_FLAG, offsetof(struct ps_args, all_users),
	 .help = "Everybody's that run, and other engines' too, by /proc and the system ledger (root, group ranby-audit)"},
	{'f', "filter", OPT_LIST, offsetof(struct ps_args, filter), .arg = "KEY=VALUE",
	 .help = "Only those that match: id, name, label, status, ancestor, exited, before, since, volume, network, pod, auid, session"},
	{0, "format", OPT_STRING, offsetof(struct ps_args, format), .arg = "FORMAT", .help = "json, table, or a Go template"},
	{'n', "last", OPT_U32, offsetof(struct ps_args, last), .arg = "N", .help = "The N newest, running or not"},
	{'l', "latest", OPT_FLAG, offsetof(struct ps_args, latest), .help = "The newest, running or not"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct ps_args, no_trunc), .help = "Do not shorten ids and commands"},
	{0, "noheading", OPT_FLAG, offsetof(struct ps_args, noheading), .help = "No line of headers"},
	{0, "ns", OPT_FLAG, offsetof(struct ps_args, ns), .help = "The namespaces of those that run"},
	{0, "namespace", OPT_FLAG, offsetof(struct ps_args, ns), .hidden = true, .help = "The same as --ns"},
	{'p', "pod", OPT_FLAG, offsetof(struct ps_args, pod), .help = "Also the id and the name of the pod that each is in"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ps_args, quiet), .help = "Only ids"},
	{0, "sort", OPT_CHOICE, offsetof(struct ps_args, sort), .arg = "KEY",
	 .choices = "command|created|id|image|names|runningfor|status", .help = "Order (default created)"},
	{'w', "watch", OPT_U32, offsetof(struct ps_args, watch), .arg = "SECONDS", .min = 1, .max = 86400,
	 .help = "Again and again, so many seconds apart, until interrupted"},
	OPTION_END,
};

static void ps_args_done(void *args)
{
	strv_done(&((struct ps_args *)args)->filter);
}

#define DEFAULT_FORMAT "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Created}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
#define POD_FORMAT DEFAULT_FORMAT "\t{{.Pod}}\t{{.PodName}}"
#define NS_FORMAT \
	"table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}"
static const struct template_heading headings[] = {
	{"ID", "CONTAINER ID"},   {"ImageID", "IMAGE ID"}, {"ExitCode", "EXIT CODE"}, {"RunningFor", "CREATED"},
	{"CreatedHuman", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"LoginUID", "LOGINUID"},  {"LoginUser", "LOGINUSER"},
	{"Pod", "POD ID"}, {"PodName", "PODNAME"},
	{NULL, NULL},
};

/* Which of the list are wanted; those that are not are freed. */
static void select_rows(const struct ps_args *a, const struct ps_filter *f, struct container_list *l)
{
	bool all = a->all || a->latest || a->last || ps_filter_has(f, "status") || ps_filter_has(f, "exited");
	size_t last = a->latest ? 1 : a->last, n = 0;
	bool *keep = mem_array(l->n, sizeof(bool));

	for (size_t i = 0; keep && i < l->n; i++)
		keep[i] = (all || l->items[i]->pid > 0) && ps_filter_match(f, l->items[i], l);
	for (size_t i = 0; keep && i < l->n; i++)
		if (keep[i])
			l->items[n++] = l->items[i];
		else
			container_free(l->items[i]);
	free(keep);
	if (!keep)
		return;
	l->n = n;
	while (last && l->n > last) {
		container_free(l->items[0]);
		l->n--;
		memmove(l->items, l->items + 1, l->n * sizeof(struct container *));
	}
}

struct keyed {
	struct json_object *row;
	const char *key;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Rows by a text column; they come by creation already. */
static int sort_rows(struct json_object **rows, const char *key)
{
	static const struct {
		const char *word, *field;
	} fields[] = {{"command", "Command"}, {"id", "ID"}, {"image", "Image"}, {"names", "Names"}, {"status", "Status"}};
	size_t n = json_object_array_length(*rows), k = 0;
	struct json_object *sorted;
	struct keyed *list;

	while (k < ARRAY_SIZE(fields) && (!key || strcmp(fields[k].word, key) != 0))
		k++;
	if (k == ARRAY_SIZE(fields) || n == 0)
		return 0;
	list = mem_array(n, sizeof(*list));
	sorted = json_object_new_array();
	for (size_t i = 0; list && i < n; i++) {
		list[i].row = json_object_array_get_idx(*rows, i);
		list[i].key = json_str(list[i].row, fields[k].field);
	}
	if (list)
		qsort(list, n, sizeof(*list), by_key);
	for (size_t i = 0; list && sorted && i < n; i++)
		if (json_append(sorted, json_object_get(list[i].row)) < 0) {
			json_object_put(sorted);
			sorted = NULL;
		}
	free(list);
	if (!sorted)
		return -ENOMEM;
	json_object_put(*rows);
	*rows = sorted;
	return 0;
}

/* Looked up for whoever asks for them only: seven links of /proc for each container. */
static bool wants_namespaces(const struct ps_args *a)
{
	static const char *const words[] = {"NS", "IPC", "MNT", "NET", "UTS"};

	for (size_t i = 0; a->format && i < ARRAY_SIZE(words); i++)
		if (strstr(a->format, words[i]))
			return true;
	return a->ns;
}

static int make_rows(const struct ps_args *a, const struct container_list *l, bool json, struct json_object **ret)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	struct timespec now = clock_now();
	int r = rows ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		struct json_object *row = NULL;

		r = json ? ps_json(l->items[i], &now, &row) : ps_row(l->items[i], a->no_trunc, &now, &row);
		if (r == 0 && wants_namespaces(a))
			r = ps_add_namespaces(l->items[i], row);
		if (r == 0)
			r = json_append(rows, row);
	}
	if (r == 0 && !json)
		r = sort_rows(&rows, a->sort);
	if (r == 0)
		*ret = TAKE_PTR(rows);
	return r;
}

static int print(const struct ps_args *a, const struct container_list *l, struct buf *out, struct err *e)
{
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : a->quiet ? "{{.ID}}" : a->ns ? NS_FORMAT : a->pod ? POD_FORMAT : DEFAULT_FORMAT;
	_cleanup_json_ struct json_object *rows = NULL;
	_cleanup_template_ struct template *t = NULL;
	bool json = strcmp(format, "json") == 0;
	int r = make_rows(a, l, json, &rows);

	if (r < 0)
		return err_errno(e, -r, "ps");
	if (json) {
		buf_addf(out, "%s\n", json_pretty(rows));
		return 0;
	}
	r = template_parse(format, &t, e);
	if (r == 0)
		r = template_print(t, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), out, e);
	return r;
}

/* By the kernel and the system ledger; nothing of the caller's own store, nor of anybody's. */
static int run_all_users(const struct ps_args *a, struct err *e)
{
	const struct all_users_ps q = {
		.format = a->format, .filter = &a->filter, .no_trunc = a->no_trunc, .noheading = a->noheading, .quiet = a->quiet};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r;

	if (a->all || a->latest || a->last || a->sort)
		return err_set(e, EINVAL, "--all-users cannot be used with --all, --latest, --last or --sort");
	r = all_users_ps(&q, &out, e);
	return r == 0 ? screen_put(&out, e) : r;
}

static int show(const struct command_call *call, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	_cleanup_(ps_filter_done) struct ps_filter f = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct ps_args *a = call->args;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->filter.n; i++)
		r = ps_filter_add(&f, a->filter.items[i], e);
	if (r == 0)
		r = container_list(call->engine, &l, e);
	if (r < 0)
		return r;
	select_rows(a, &f, &l);
	r = print(a, &l, &out, e);
	return r == 0 ? screen_put(&out, e) : r;
}

static int ps_run(const struct command_call *call, struct err *e)
{
	const struct ps_args *a = call->args;
	int r;

	if (a->all_users && (a->watch || a->ns))
		return err_set(e, EINVAL, "--all-users cannot be used with --watch or --ns");
	if (a->all_users)
		return run_all_users(a, e);
	if (a->watch && a->latest)
		return err_set(e, EINVAL, "--watch and --latest cannot be used together");
	r = show(call, e);
	while (r == 0 && a->watch) {
		(void)nanosleep(&(struct timespec){.tv_sec = a->watch}, NULL);
		/* only a screen is cleared */
		if (isatty(STDOUT_FILENO) && fputs("\033[H\033[2J", stdout) == EOF)
			return 0;
		r = show(call, e);
	}
	return r;
}

const struct command command_ps = {
	.name = "ps",
	.aliases = "container ps|container ls|container list",
	.operands = "[OPTIONS]",
	.summary = "List containers",
	.needs = NEED_ENGINE,
	.rows = ps_rows,
	.args_size = sizeof(struct ps_args),
	.args_done = ps_args_done,
	.run = ps_run,
};
