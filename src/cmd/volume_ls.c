/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby volume ls. Nothing is printed of no volume, not even headings, as in podman. */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/volume_list.h"

#include <errno.h>
#include <string.h>

struct ls_args {
	bool noheading, quiet;
	const char *format;
	struct strv filter;
};

static const struct option_row ls_rows[] = {
	{'f', "filter", OPT_LIST, offsetof(struct ls_args, filter), .arg = "KEY=VALUE",
	 .help = "Only those that match: dangling, driver, label, name, opt, scope, since, until"},
	{0, "format", OPT_STRING, offsetof(struct ls_args, format), .arg = "FORMAT", .help = "json, table, or a Go template"},
	{'n', "noheading", OPT_FLAG, offsetof(struct ls_args, noheading), .help = "No line of headings"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ls_args, quiet), .help = "Only names"},
	OPTION_END,
};

static void ls_args_done(void *args)
{
	strv_done(&((struct ls_args *)args)->filter);
}

static int read_rows(const struct command_call *call, bool whole, struct json_object *rows, struct err *e)
{
	_cleanup_(container_list_done) struct container_list containers = {0};
	_cleanup_(volume_filter_done) struct volume_filter f = {0};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	const struct ls_args *a = call->args;
	int r = volume_filter_parse(&a->filter, &f, e);

	if (r == 0)
		r = volume_list(call->engine, &l, e);
	/* who mounts them matters to a filter alone */
	if (r == 0 && f.items.n)
		r = container_list(call->engine, &containers, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct json_object *o = NULL;

		if (!volume_filter_match(&f, &l.items[i], &containers))
			continue;
		if (volume_json(call->engine, &l.items[i], whole, &o) < 0 || json_append(rows, o) < 0)
			r = err_errno(e, ENOMEM, "volumes");
	}
	return r;
}

static int ls_run(const struct command_call *call, struct err *e)
{
	static const struct template_heading headings[] = {{"Name", "VOLUME NAME"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	const struct ls_args *a = call->args;
	bool json = a->format && strcmp(a->format, "json") == 0;
	int r;

	if (a->quiet && a->format)
		return err_set(e, EINVAL, "--quiet and --format exclude each other");
	if (!rows)
		return err_errno(e, ENOMEM, "volumes");
	r = read_rows(call, !json, rows, e);
	if (r < 0 || (json_object_array_length(rows) == 0 && !json))
		return r;
	return screen_list(rows, a->quiet ? "{{.Name}}" : a->format, "table {{.Driver}}\t{{.Name}}", headings,
			   TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), e);
}

const struct command command_volume_ls = {
	.name = "volume ls",
	.aliases = "volume list",
	.operands = "[OPTIONS]",
	.summary = "List the volumes",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct ls_args),
	.args_done = ls_args_done,
	.run = ls_run,
};
