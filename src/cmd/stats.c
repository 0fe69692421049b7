/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby stats: takes no lock. Shown again and again until it is interrupted;
 * which containers run is asked anew each time, unless they were named.
 */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "base/template.h"
#include "engine/container.h"
#include "engine/pod.h"
#include "view/stats.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct stats_args {
	bool all, latest, no_reset, no_stream, no_trunc;
	uint32_t interval;
	const char *format;
};

static const struct option_row stats_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct stats_args, all), .help = "Also those that do not run"},
	{0, "format", OPT_STRING, offsetof(struct stats_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"},
	{'i', "interval", OPT_U32, offsetof(struct stats_args, interval), .arg = "SECONDS", .min = 1, .max = 86400,
	 .help = "Seconds from one to the next (5)"},
	{'l', "latest", OPT_FLAG, offsetof(struct stats_args, latest), .help = "The newest container"},
	{0, "no-reset", OPT_FLAG, offsetof(struct stats_args, no_reset), .help = "Do not clear the terminal in between"},
	{0, "no-stream", OPT_FLAG, offsetof(struct stats_args, no_stream), .help = "Once, and no more"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct stats_args, no_trunc), .help = "Do not shorten ids"},
	OPTION_END,
};

#define DEFAULT_FORMAT                                                                                                             \
	"table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDS}}\t{{.UpTime}}\t" \
	"{{.AvgCPU}}"
#define POD_FORMAT                                                                                                             \
	"table {{.Pod}}\t{{.CID}}\t{{.Name}}\t{{.CPU}}\t{{.MemUsage}}\t{{.Mem}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDS}}"
static const struct template_heading headings[] = {
	{"CPU", "CPU %"}, {"Mem", "MEM %"}, {"CPUPerc", "CPU %"}, {"MemUsage", "MEM USAGE / LIMIT"}, {"MemUsageBytes", "MEM USAGE / LIMIT"}, {"MemPerc", "MEM %"},
	{"NetIO", "NET IO"},  {"BlockIO", "BLOCK IO"},           {"UpTime", "CPU TIME"},               {"AvgCPU", "AVG CPU %"},
	{NULL, NULL},
};

/* What is shown, and what was shown before; rows of the same container are found by its id. */
struct frame {
	struct container_list list;
	struct stats *stats;
};

static void frame_done(struct frame *f)
{
	container_list_done(&f->list);
	free(f->stats);
	*f = (struct frame){0};
}

/* ---- which containers ---- */

static int add(struct container_list *l, struct container *c)
{
	struct container **grown = mem_regrow(l->items, l->n + 1, sizeof(struct container *));

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	l->items[l->n++] = c;
	return 0;
}

static int add_one(const struct command_call *call, const char *name, struct container_list *l, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = name ? container_find(call->engine, name, &c, e) : container_latest(call->engine, &c, e);

	if (r < 0)
		return r;
	r = add(l, c);
	if (r < 0)
		return err_errno(e, -r, "stats");
	c = NULL;
	return 0;
}

static int list_all(const struct command_call *call, bool all, struct container_list *l, struct err *e)
{
	int r = container_list(call->engine, l, e);
	size_t n = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (all || container_runs(l->items[i]))
			l->items[n++] = l->items[i];
		else
			container_free(l->items[i]);
	if (r == 0)
		l->n = n;
	return r;
}

static int add_members(struct pod *p, struct container_list *l, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->members.n; i++)
		if (container_runs(p->members.items[i])) {
			r = add(l, p->members.items[i]);
			if (r == 0)
				p->members.items[i] = NULL;
		}
	return r < 0 ? err_errno(e, -r, "stats") : 0;
}

/* The members that run of the pods that are named; of all without a name. */
static int add_pods(const struct command_call *call, const struct stats_args *a, struct container_list *l, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list pods = {0};
	_cleanup_(pod_freep) struct pod *one = NULL;
	int r = 0;

	if (a->latest || call->argc > 0) {
		r = a->latest ? pod_latest(call->engine, &one, e) : 0;
		if (r == 0 && one)
			r = add_members(one, l, e);
		for (int i = 0; r == 0 && i < call->argc; i++) {
			_cleanup_(pod_freep) struct pod *p = NULL;

			r = pod_find(call->engine, call->argv[i], &p, e);
			if (r == 0)
				r = add_members(p, l, e);
		}
		return r;
	}
	r = pod_list(call->engine, &pods, e);
	for (size_t i = 0; r == 0 && i < pods.n; i++)
		r = add_members(pods.items[i], l, e);
	return r;
}

static int look(const struct command_call *call, struct frame *f, struct err *e)
{
	const struct stats_args *a = call->args;
	int r = 0;

	if (call->command == &command_pod_stats)
		r = add_pods(call, a, &f->list, e);
	else if (a->latest)
		r = add_one(call, NULL, &f->list, e);
	else if (call->argc == 0)
		r = list_all(call, a->all, &f->list, e);
	for (int i = 0; r == 0 && call->command != &command_pod_stats && i < call->argc; i++)
		r = add_one(call, call->argv[i], &f->list, e);
	if (r < 0)
		return r;
	f->stats = mem_array(f->list.n, sizeof(*f->stats));
	return f->stats ? stats_collect(call->engine, f->list.items, f->list.n, f->stats, e) : err_errno(e, ENOMEM, "stats");
}

/* ---- shown ---- */

static const struct stats *earlier(const struct frame *f, const char *id)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (strcmp(f->list.items[i]->id, id) == 0)
			return &f->stats[i];
	return NULL;
}

/* podman has other names for them here. */
static int add_pod(const struct container *c, bool no_trunc, struct json_object *row)
{
	static const char *const names[][2] = {{"CID", "ID"}, {"CPU", "CPUPerc"}, {"Mem", "MemPerc"}};
	char pod[CONTAINER_ID_LEN + 1];
	int r;

	snprintf(pod, sizeof(pod), "%.*s", no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT, pod_id_of(c));
	r = json_add_str(row, "Pod", pod);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		if (json_at(row, names[i][1]))
			r = json_add_str(row, names[i][0], json_str(row, names[i][1]));
	return r;
}

static int make_rows(const struct stats_args *a, const struct frame *before, const struct frame *now, bool json, struct json_object **ret)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	int r = rows ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < now->list.n; i++) {
		const struct container *c = now->list.items[i];
		struct json_object *row = NULL;

		r = (json ? stats_json : stats_row)(c, earlier(before, c->id), &now->stats[i], a->no_trunc, &row);
		if (r == 0 && *pod_id_of(c))
			r = add_pod(c, a->no_trunc, row);
		if (r == 0)
			r = json_append(rows, row);
	}
	if (r == 0)
		*ret = TAKE_PTR(rows);
	return r;
}

static int print(const struct stats_args *a, bool of_pods, const struct frame *before, const struct frame *now, struct buf *out, struct err *e)
{
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : of_pods ? POD_FORMAT : DEFAULT_FORMAT;
	_cleanup_json_ struct json_object *rows = NULL;
	_cleanup_template_ struct template *t = NULL;
	bool json = strcmp(format, "json") == 0;
	int r = make_rows(a, before, now, json, &rows);

	if (r < 0)
		return err_errno(e, -r, "stats");
	if (json) {
		buf_addf(out, "%s\n", json_pretty(rows));
		return 0;
	}
	r = template_parse(format, &t, e);
	return r == 0 ? template_print(t, rows, headings, TEMPLATE_STRICT, out, e) : r;
}

static int stats_run(const struct command_call *call, struct err *e)
{
	const struct stats_args *a = call->args;
	const struct timespec pause = {.tv_sec = a->interval ? a->interval : 5};
	_cleanup_(frame_done) struct frame before = {0};
	bool reset = !a->no_reset && !a->no_stream && isatty(STDOUT_FILENO);
	int r;

	if (a->all + a->latest + (call->argc > 0) > 1)
		return err_set(e, EINVAL, "ranby %s: give %s, --all or --latest, not several of these", call->command->name,
			       call->command == &command_pod_stats ? "pods" : "containers");
	do {
		_cleanup_(frame_done) struct frame now = {0};
		_cleanup_(buf_done) struct buf out = BUF_INIT;

		if (reset)
			buf_adds(&out, "\033[H\033[2J");
		r = look(call, &now, e);
		if (r == 0)
			r = print(a, call->command == &command_pod_stats, &before, &now, &out, e);
		if (r == 0)
			r = screen_put(&out, e);
		frame_done(&before);
		before = now;
		now = (struct frame){0};
	} while (r == 0 && !a->no_stream && nanosleep(&pause, NULL) == 0);
	return r;
}

const struct command command_stats = {
	.name = "stats",
	.aliases = "container stats",
	.operands = "[OPTIONS] [CONTAINER...]",
	.summary = "Show what containers use of processors, memory, network and disks",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = stats_rows,
	.args_size = sizeof(struct stats_args),
	.run = stats_run,
};

static const struct option_row pod_stats_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct stats_args, all), .help = "All pods, as without any"},
	{0, "format", OPT_STRING, offsetof(struct stats_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct stats_args, latest), .help = "The newest pod"},
	{0, "no-reset", OPT_FLAG, offsetof(struct stats_args, no_reset), .help = "Do not clear the terminal in between"},
	{0, "no-stream", OPT_FLAG, offsetof(struct stats_args, no_stream), .help = "Once, and no more"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct stats_args, no_trunc), .help = "Do not shorten ids"},
	OPTION_END,
};

const struct command command_pod_stats = {
	.name = "pod stats",
	.operands = "[OPTIONS] [POD...]",
	.summary = "Show what the containers of pods use",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = pod_stats_rows,
	.args_size = sizeof(struct stats_args),
	.run = stats_run,
};
