/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod ps: takes no lock. */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "base/clock.h"
#include "view/pod.h"

#include <string.h>

struct ps_args {
	bool ctr_ids, ctr_names, ctr_status, latest, no_trunc, noheading, quiet;
	const char *format, *sort;
	struct strv filter;
};

static const struct option_row ps_rows[] = {
	{0, "ctr-ids", OPT_FLAG, offsetof(struct ps_args, ctr_ids), .help = "The members' ids"},
	{0, "ctr-names", OPT_FLAG, offsetof(struct ps_args, ctr_names), .help = "The members' names"},
	{0, "ctr-status", OPT_FLAG, offsetof(struct ps_args, ctr_status), .help = "What the members do"},
	{'f', "filter", OPT_LIST, offsetof(struct ps_args, filter), .arg = "KEY=VALUE", .choices = "ctr-ids=|ctr-names=|ctr-number=|ctr-status=|id=|label=|name=|network=NETWORK|status=|until=",
	 .help = "Only those that match: id, name, status, label, ctr-ids, ctr-names, ctr-number, ctr-status, network, until"},
	{0, "format", OPT_STRING, offsetof(struct ps_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct ps_args, latest), .help = "The newest"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct ps_args, no_trunc), .help = "Whole ids"},
	{0, "noheading", OPT_FLAG, offsetof(struct ps_args, noheading), .help = "No line of headers"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ps_args, quiet), .help = "Only ids"},
	{0, "sort", OPT_CHOICE, offsetof(struct ps_args, sort), .arg = "KEY", .choices = "created|id|name|number|status",
	 .help = "Order (default created)"},
	OPTION_END,
};

static void ps_args_done(void *args)
{
	strv_done(&((struct ps_args *)args)->filter);
}

static const struct template_heading headings[] = {
	{"ID", "POD ID"}, {"Id", "POD ID"}, {"InfraID", "INFRA ID"}, {"InfraId", "INFRA ID"}, {"NumberOfContainers", "# OF CONTAINERS"},
	{"ContainerIds", "IDS"}, {"ContainerNames", "NAMES"}, {"ContainerStatuses", "STATUS"}, {NULL, NULL},
};

/* By creation they come already. */
static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct pod *const *)a)->id, (*(struct pod *const *)b)->id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct pod *const *)a)->name, (*(struct pod *const *)b)->name);
}

static int by_number(const void *a, const void *b)
{
	size_t x = (*(struct pod *const *)a)->members.n, y = (*(struct pod *const *)b)->members.n;

	return x < y ? -1 : x > y;
}

static int by_status(const void *a, const void *b)
{
	return strcmp(pod_state_word(*(struct pod *const *)a), pod_state_word(*(struct pod *const *)b));
}

static void sort(struct pod_list *l, const char *key)
{
	static const struct {
		const char *key;
		int (*compare)(const void *, const void *);
	} orders[] = {{"id", by_id}, {"name", by_name}, {"number", by_number}, {"status", by_status}};

	for (size_t i = 0; l->n && key && i < ARRAY_SIZE(orders); i++)
		if (strcmp(key, orders[i].key) == 0)
			qsort(l->items, l->n, sizeof(l->items[0]), orders[i].compare);
}

static int read_rows(const struct command_call *call, bool json, struct json_object *rows, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	_cleanup_(strv_done) struct strv filter = {0};
	const struct ps_args *a = call->args;
	struct timespec now = clock_now();
	int r = pod_filter_parse(&a->filter, &filter, e);

	if (r == 0)
		r = pod_list(call->engine, &l, e);
	if (r < 0)
		return r;
	if (!a->latest)
		sort(&l, a->sort);
	for (size_t i = a->latest && l.n ? l.n - 1 : 0; i < l.n; i++) {
		struct json_object *o = NULL;

		if (!pod_filter_match(&filter, l.items[i]))
			continue;
		r = json ? pod_json(l.items[i], &o) : pod_row(l.items[i], a->no_trunc, &now, &o);
		if (r < 0 || json_append(rows, o) < 0)
			return err_errno(e, ENOMEM, "pods");
	}
	return 0;
}

/* podman has them in the place of their number. */
static void table_of(const struct ps_args *a, struct buf *b)
{
	buf_adds(b, "table {{.ID}}\t{{.Name}}\t{{.Status}}\t{{.Created}}\t{{.InfraID}}");
	if (!a->ctr_ids && !a->ctr_names && !a->ctr_status)
		buf_adds(b, "\t{{.NumberOfContainers}}");
	buf_adds(b, a->ctr_ids ? "\t{{.ContainerIds}}" : "");
	buf_adds(b, a->ctr_names ? "\t{{.ContainerNames}}" : "");
	buf_adds(b, a->ctr_status ? "\t{{.ContainerStatuses}}" : "");
}

static int ps_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(buf_done) struct buf table = BUF_INIT;
	const struct ps_args *a = call->args;
	bool json = a->format && strcmp(a->format, "json") == 0;
	int r;

	if (a->quiet && a->format)
		return err_set(e, EINVAL, "quiet and format cannot be used together");
	if (!rows)
		return err_errno(e, ENOMEM, "pods");
	r = read_rows(call, json, rows, e);
	if (r < 0)
		return r;
	table_of(a, &table);
	return screen_list(rows, a->quiet ? "{{.ID}}" : a->format, buf_str(&table), headings,
			   TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), e);
}

const struct command command_pod_ps = {
	.name = "pod ps",
	.aliases = "pod ls|pod list",
	.operands = "[OPTIONS]",
	.summary = "List pods",
	.needs = NEED_ENGINE,
	.rows = ps_rows,
	.args_size = sizeof(struct ps_args),
	.args_done = ps_args_done,
	.run = ps_run,
};
