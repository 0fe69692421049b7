/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby network ls. */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/network_use.h"
#include "engine/networks.h"

#include <errno.h>
#include <string.h>

struct ls_args {
	bool noheading, no_trunc, quiet;
	const char *format;
	struct strv filter;
};

static const struct option_row ls_rows[] = {
	{'f', "filter", OPT_LIST, offsetof(struct ls_args, filter), .arg = "KEY=VALUE",
	 .help = "Only those that match: dangling, driver, id, label, name, until"},
	{0, "format", OPT_STRING, offsetof(struct ls_args, format), .arg = "FORMAT", .help = "json, table, or a Go template"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct ls_args, no_trunc), .help = "Whole IDs"},
	{'n', "noheading", OPT_FLAG, offsetof(struct ls_args, noheading), .help = "No line of headings"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ls_args, quiet), .help = "Only names"},
	OPTION_END,
};

static void ls_args_done(void *args)
{
	strv_done(&((struct ls_args *)args)->filter);
}

static int read_rows(const struct command_call *call, bool json, struct json_object *rows, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	_cleanup_(strv_done) struct strv filter = {0};
	const struct ls_args *a = call->args;
	int r = network_filter_parse(&a->filter, &filter, e);

	if (r == 0)
		r = network_list(call->engine, &l, e);
	if (r == 0 && filter.n > 0)
		r = network_use_mark(call->engine, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct json_object *o = NULL;

		if (!network_filter_match(&filter, &l.items[i]))
			continue;
		r = json ? network_note_json(&l.items[i], &o) : network_fields(&l.items[i], true, a->no_trunc, &o);
		if (r < 0 || json_append(rows, o) < 0)
			r = err_errno(e, ENOMEM, "networks");
	}
	return r;
}

static int ls_run(const struct command_call *call, struct err *e)
{
	static const struct template_heading headings[] = {{"ID", "NETWORK ID"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	const struct ls_args *a = call->args;
	bool json = a->format && strcmp(a->format, "json") == 0;
	int r;

	if (a->quiet && a->format)
		return err_set(e, EINVAL, "--quiet and --format exclude each other");
	if (!rows)
		return err_errno(e, ENOMEM, "networks");
	r = read_rows(call, json, rows, e);
	if (r < 0)
		return r;
	return screen_list(rows, a->quiet ? "{{.Name}}" : a->format, "table {{.ID}}\t{{.Name}}\t{{.Driver}}", headings,
			   TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), e);
}

const struct command command_network_ls = {
	.name = "network ls",
	.aliases = "network list",
	.operands = "[OPTIONS]",
	.summary = "List the networks",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct ls_args),
	.args_done = ls_args_done,
	.run = ls_run,
};
