/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby ps: takes no lock and waits for nobody. */
#include "cmd/all_engines.h"
#include "cmd/all_users.h"
#include "cmd/commands.h"
#include "cmd/option_rows.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "base/clock.h"
#include "base/table.h"
#include "base/template.h"
#include "engine/storage.h"
#include "engine/usage.h"
#include "image/store.h"
#include "view/ps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct ps_args {
	bool all, all_engines, all_users, external, latest, no_trunc, noheading, ns, pod, quiet, size, sync;
	int64_t last; /* 0: all of them */
	uint32_t watch;
	const char *format, *sort;
	struct strv filter, runtime_roots;
};

static const struct option_row ps_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct ps_args, all), .help = "Also those that do not run"},
	{0, "all-engines", OPT_FLAG, offsetof(struct ps_args, all_engines),
	 .help = "Also yours that other engines have ranby-runtime make, and those that only /proc shows"},
	{0, "all-users", OPT_FLAG, offsetof(struct ps_args, all_users),
	 .help = "Everybody's that run, and other engines' too, by /proc and the system ledger (root, group ranby-audit)"},
	{0, "external", OPT_FLAG, offsetof(struct ps_args, external), .help = "Those of a build that goes on too"},
	{'f', "filter", OPT_LIST, offsetof(struct ps_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Only those that match: id, name, label, status, ancestor, exited, before, since, volume, network, pod, auid, session, until"},
	{0, "format", OPT_STRING, offsetof(struct ps_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"},
	{'n', "last", OPT_I64, offsetof(struct ps_args, last), .arg = "N", .min = -1, .max = INT32_MAX,
	 .help = "The N newest, running or not (-1: as without it)"},
	{'l', "latest", OPT_FLAG, offsetof(struct ps_args, latest), .help = "The newest, running or not"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct ps_args, no_trunc), .help = "Do not shorten ids and commands"},
	{0, "noheading", OPT_FLAG, offsetof(struct ps_args, noheading), .help = "No line of headers"},
	{0, "ns", OPT_FLAG, offsetof(struct ps_args, ns), .help = "The namespaces of those that run"},
	{0, "namespace", OPT_FLAG, offsetof(struct ps_args, ns), .hidden = true, .help = "The same as --ns"},
	{'p', "pod", OPT_FLAG, offsetof(struct ps_args, pod), .help = "Also the id and the name of the pod that each is in"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ps_args, quiet), .help = "Only ids"},
	{0, "runtime-root", OPT_LIST, offsetof(struct ps_args, runtime_roots), .arg = "DIR",
	 .help = "With --all-engines: states are here too, where an engine gives ranby-runtime a --root of its own"},
	{'s', "size", OPT_FLAG, offsetof(struct ps_args, size), .help = "What each has changed, and the size with its image"},
	{0, "sort", OPT_CHOICE, offsetof(struct ps_args, sort), .arg = "KEY",
	 .choices = "command|created|id|image|names|runningfor|size|status", .help = "Order (default created)"},
	{0, "sync", OPT_FLAG, offsetof(struct ps_args, sync), .help = "Read the state from the kernel, and not from notes (always so)"},
	{'w', "watch", OPT_U32, offsetof(struct ps_args, watch), .arg = "SECONDS", .min = 1, .max = 86400,
	 .help = "Again and again, so many seconds apart, until interrupted"},
	OPTION_END,
};

static void ps_args_done(void *args)
{
	struct ps_args *a = args;

	strv_done(&a->filter);
	strv_done(&a->runtime_roots);
}

#define DEFAULT_FORMAT "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
#define POD_COLUMNS "\t{{.Pod}}\t{{.PodName}}"
#define SIZE_COLUMN "\t{{.Size}}"
#define NS_FORMAT \
	"table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}"
static const struct template_heading headings[] = {
	{"ID", "CONTAINER ID"},   {"ImageID", "IMAGE ID"}, {"ExitCode", "EXIT CODE"}, {"RunningFor", "CREATED"},
	{"CreatedHuman", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"LoginUID", "LOGINUID"},  {"LoginUser", "LOGINUSER"},
	{"Pod", "POD ID"}, {"PodName", "PODNAME"},
	{NULL, NULL},
};

/* What of each container is shown. */
struct wanted {
	struct template *t; /* NULL: JSON */
	uint64_t fields;    /* with what is sorted by */
	bool namespaces;    /* looked up for whoever asks for them only: seven links of /proc for each container */
};

static void wanted_done(struct wanted *w)
{
	template_free(w->t);
}

/* The field that a key of --sort goes by, or of which it is; NULL: none. */
static const char *sort_field(const char *key)
{
	static const struct {
		const char *key, *field;
	} fields[] = {{"command", "Command"}, {"id", "ID"},         {"image", "Image"},
		      {"names", "Names"},     {"status", "Status"}, {"runningfor", "StartedAt"}};

	for (size_t i = 0; key && i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].key, key) == 0)
			return fields[i].field;
	return NULL;
}

static int find_wanted(const struct ps_args *a, struct wanted *ret, struct err *e)
{
	static const char *const tables[] = {DEFAULT_FORMAT, DEFAULT_FORMAT SIZE_COLUMN, DEFAULT_FORMAT POD_COLUMNS, DEFAULT_FORMAT POD_COLUMNS SIZE_COLUMN};
	static const char *const namespaces[] = {"CGROUPNS", "IPC", "MNT", "NET", "PIDNS", "USERNS", "UTS"};
	const char *table = a->ns ? NS_FORMAT : tables[2 * a->pod + a->size];
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : a->quiet ? "{{.ID}}" : table;
	const char *sort = sort_field(a->sort);
	int r;

	ret->fields = PS_ALL_FIELDS;
	ret->namespaces = a->ns;
	if (strcmp(format, "json") == 0)
		return 0;
	r = template_parse(format, &ret->t, e);
	if (r < 0)
		return r;
	ret->fields = ps_fields_of(ret->t) | (sort ? ps_field(sort) : 0);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		ret->namespaces |= template_uses(ret->t, namespaces[i]);
	return 0;
}

static bool is_wanted(const struct ps_args *a, const struct ps_filter *f, const struct container *c, const struct container_list *l)
{
	bool all = a->all || a->latest || a->last || ps_filter_has(f, "status") || ps_filter_has(f, "exited");

	return (all || container_runs(c)) && (a->external || !json_true(c->spec, "isBuild")) && ps_filter_match(f, c, l);
}

/* What can be said of a container without the others is made while it is read. */
struct looking {
	const struct ps_args *a;
	const struct wanted *wanted;
	const struct ps_filter *f;
	struct timespec now;
};

static int look(struct container *c, void *ctx)
{
	const struct looking *l = ctx;

	return is_wanted(l->a, l->f, c, NULL) ? ps_row(c, l->wanted->fields, l->a->no_trunc, &l->now, &c->row) : 0;
}

static bool needs_more(const struct ps_args *a, const struct wanted *wanted, const struct ps_filter *f)
{
	return !wanted->t || wanted->namespaces || a->size || (a->sort && strcmp(a->sort, "runningfor") == 0) || ps_filter_has(f, "before") ||
	       ps_filter_has(f, "since");
}

/* Which of the list are wanted; those that are not are freed. `looked`: those that are have their row. */
static void select_rows(const struct ps_args *a, const struct ps_filter *f, bool looked, struct container_list *l)
{
	size_t last = a->latest ? 1 : (size_t)a->last, n = 0;
	bool *keep = mem_array(l->n, sizeof(bool));

	for (size_t i = 0; keep && i < l->n; i++)
		keep[i] = looked ? l->items[i]->row != NULL : is_wanted(a, f, l->items[i], l);
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

/* One container's row, and what it is sorted by. */
struct keyed {
	struct json_object *row;
	char *text;
	int64_t number;
	size_t at; /* as they come: equal ones stay in that order */
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int r = strcmp(x->text, y->text);

	if (r == 0)
		r = (x->number > y->number) - (x->number < y->number);
	return r ? r : (x->at > y->at) - (x->at < y->at);
}

static void keyed_done(struct keyed *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++) {
		json_object_put(list[i].row);
		free(list[i].text);
	}
	free(list);
}

/* `row`: as for templates. They come by creation, which is the default. */
static int set_key(struct keyed *k, const char *word, const struct container *c, struct json_object *row, uint64_t bytes)
{
	const char *field = sort_field(word);

	if (word && strcmp(word, "size") == 0)
		k->number = (int64_t)bytes;
	else if (word && strcmp(word, "runningfor") == 0)
		k->number = -(c->state ? json_int(c->state, "startedNs") : INT64_MIN / 2);
	k->text = strdup(field ? json_str(row, field) : "");
	return k->text ? 0 : -ENOMEM;
}

struct sizes {
	struct usage usage;
	struct image_list images;
};

static void sizes_done(struct sizes *s)
{
	usage_done(&s->usage);
	image_list_done(&s->images);
}

static int read_sizes(struct engine *eng, const struct container_list *l, struct sizes *ret, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	int r = storage_open(eng, &st, e);

	if (r == 0)
		r = store_list(st, &ret->images, NULL, e);
	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (usage_add_container(&ret->usage, eng, l->items[i]) < 0)
			r = err_errno(e, ENOMEM, "sizes");
	return r == 0 ? usage_measure(eng, &ret->usage, e) : r;
}

static uint64_t image_bytes_of(const struct sizes *s, const struct container *c)
{
	for (size_t i = 0; i < s->images.n; i++)
		if (strcmp(s->images.items[i]->id, json_str(c->spec, "image.id")) == 0)
			return s->images.items[i]->size_bytes;
	return 0;
}

static int make_row(const struct ps_args *a, const struct wanted *wanted, const struct container *c, const struct sizes *sizes,
		    uint64_t bytes, const struct timespec *now, struct keyed *ret)
{
	_cleanup_json_ struct json_object *row = json_object_get(c->row);
	int r = row ? 0 : ps_row(c, wanted->fields, a->no_trunc, now, &row);

	if (r == 0 && ret->at == 0)
		r = ps_add_other_keys(row, wanted->fields);
	if (r == 0)
		r = set_key(ret, a->sort, c, row, bytes);
	if (r == 0 && !wanted->t) {
		json_object_put(TAKE_PTR(row));
		r = ps_json(c, now, &row);
	}
	if (r == 0 && wanted->namespaces)
		r = ps_add_namespaces(c, row, wanted->t != NULL);
	if (r == 0 && a->size)
		r = ps_add_size(row, bytes, image_bytes_of(sizes, c), wanted->t != NULL);
	else if (r == 0 && wanted->t)
		r = json_add_str(row, "Size", "");
	ret->row = TAKE_PTR(row);
	return r;
}

static int make_rows(const struct ps_args *a, const struct wanted *wanted, const struct container_list *l, const struct sizes *sizes,
		     struct json_object **ret)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	struct keyed *list = mem_array(l->n + 1, sizeof(*list));
	struct timespec now = clock_now();
	int r = rows && list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		list[i].at = i;
		r = make_row(a, wanted, l->items[i], sizes, a->size ? sizes->usage.bytes[i] : 0, &now, &list[i]);
	}
	if (r == 0 && a->sort)
		qsort(list, l->n, sizeof(*list), by_key);
	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = json_append(rows, TAKE_PTR(list[i].row));
	keyed_done(list, l->n);
	if (r == 0)
		*ret = TAKE_PTR(rows);
	return r;
}

static int print(const struct ps_args *a, const struct wanted *wanted, const struct container_list *l, const struct sizes *sizes,
		 struct buf *out, struct err *e)
{
	_cleanup_json_ struct json_object *rows = NULL;
	int r = make_rows(a, wanted, l, sizes, &rows);

	if (r < 0)
		return err_errno(e, -r, "ps");
	if (!wanted->t) {
		buf_addf(out, "%s\n", json_pretty(rows));
		return 0;
	}
	return template_print(wanted->t, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), out, e);
}

/* By the kernel and the system ledger; nothing of the caller's own store, nor of anybody's. */
static int run_all_users(const struct ps_args *a, struct err *e)
{
	const struct all_users_ps q = {
		.format = a->format, .filter = &a->filter, .no_trunc = a->no_trunc, .noheading = a->noheading, .quiet = a->quiet};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r;

	if (a->watch || a->ns || a->size || a->pod || a->external)
		return err_set(e, EINVAL, "--all-users cannot be used with --watch, --ns, --size, --pod or --external");
	if (a->all || a->latest || a->last || a->sort)
		return err_set(e, EINVAL, "--all-users cannot be used with --all, --latest, --last or --sort");
	r = all_users_ps(&q, &out, e);
	return r == 0 ? screen_put(&out, e) : r;
}

static int run_all_engines(struct engine *eng, const struct ps_args *a, struct err *e)
{
	const struct all_engines_ps q = {.format = a->format, .filter = &a->filter, .roots = &a->runtime_roots, .all = a->all,
		.no_trunc = a->no_trunc, .noheading = a->noheading, .quiet = a->quiet};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r;

	if (a->all_users || a->watch || a->ns || a->size || a->pod || a->external || a->latest || a->last || a->sort)
		return err_set(e, EINVAL,
			       "--all-engines cannot be used with --all-users, --watch, --ns, --size, --pod, --external, --latest, --last or --sort");
	r = all_engines_ps(eng, &q, &out, e);
	return r == 0 ? screen_put(&out, e) : r;
}

/* Sizes are measured of whole containers. */
static int list(struct engine *eng, const struct ps_args *a, const struct wanted *wanted, const struct ps_filter *f,
		struct container_list *ret, struct err *e)
{
	struct looking looking = {.a = a, .wanted = wanted, .f = f, .now = clock_now()};
	_cleanup_(container_parts_done) struct container_parts parts = {.look = needs_more(a, wanted, f) ? NULL : look, .ctx = &looking};
	int r;

	if (a->size)
		return container_list(eng, ret, e);
	r = ps_parts(wanted->fields, f, &parts);
	return r < 0 ? err_errno(e, -r, "ps") : container_list_parts(eng, &parts, ret, e);
}

static int show(const struct command_call *call, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	_cleanup_(ps_filter_done) struct ps_filter f = {0};
	_cleanup_(wanted_done) struct wanted wanted = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct ps_args *a = call->args;
	struct sizes sizes = {0};
	int r = find_wanted(a, &wanted, e);

	for (size_t i = 0; r == 0 && i < a->filter.n; i++)
		r = ps_filter_add(&f, a->filter.items[i], e);
	if (r == 0)
		r = list(call->engine, a, &wanted, &f, &l, e);
	if (r == 0)
		r = ps_filter_check(&f, &l, e);
	if (r < 0)
		return r;
	select_rows(a, &f, !needs_more(a, &wanted, &f), &l);
	if (a->size)
		r = read_sizes(call->engine, &l, &sizes, e);
	if (r == 0)
		r = print(a, &wanted, &l, &sizes, &out, e);
	sizes_done(&sizes);
	return r == 0 ? screen_put(&out, e) : r;
}

static int ps_run(const struct command_call *call, struct err *e)
{
	struct ps_args *a = call->args;
	int r;

	if (a->last < 0) /* docker's default */
		a->last = 0;
	if (a->runtime_roots.n && !a->all_engines)
		return err_set(e, EINVAL, "--runtime-root needs --all-engines");
	if (a->all_engines)
		return run_all_engines(call->engine, a, e);
	if (a->format && strstr(a->format, ".Size") && !a->size)
		report_warning("--format .Size is empty without --size");
	if (a->sort && strcmp(a->sort, "size") == 0 && !a->size)
		return err_set(e, EINVAL, "--sort size needs --size");
	if (a->all_users)
		return run_all_users(a, e);
	if (a->last && a->latest)
		return err_set(e, EINVAL, "--last and --latest cannot be used together");
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
