/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby volume ls. Nothing is printed of no volume, not even headings, as in podman. */
#include "cmd/commands.h"
#include "cmd/list.h"
#include "cmd/option_rows.h"
#include "engine/volume_list.h"

#include <errno.h>
#include <string.h>

static const struct option_row ls_rows[] = {
	LIST_ROWS("dangling, driver, label, name, opt, scope, since, until", VOLUME_FILTER_CHOICES, "Only names"),
	OPTION_END,
};

static int read_rows(const struct command_call *call, bool whole, struct json_object *rows, struct err *e)
{
	_cleanup_(container_list_done) struct container_list containers = {0};
	_cleanup_(volume_filter_done) struct volume_filter f = {0};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	const struct list_args *a = call->args;
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
		if (volume_json(call->engine, &l.items[i], whole, &o) < 0 || json_append(rows, o) < 0 ||
		    (whole && json_add(o, "Label", json_object_get(json_at(o, "Labels"))) < 0)) /* {{.Label "key"}} */
			r = err_errno(e, ENOMEM, "volumes");
	}
	return r;
}

static int ls_run(const struct command_call *call, struct err *e)
{
	static const struct template_heading headings[] = {{"Name", "VOLUME NAME"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	const struct list_args *a = call->args;
	bool json = list_is_json(a);
	int r = rows ? list_check(a, e) : err_errno(e, ENOMEM, "volumes");

	if (r == 0)
		r = read_rows(call, !json, rows, e);
	if (r < 0 || (json_object_array_length(rows) == 0 && !json))
		return r;
	return list_print(a, rows, &(struct list_look){"{{.Name}}", "table {{.Driver}}\t{{.Name}}", headings}, e);
}

const struct command command_volume_ls = {
	.name = "volume ls",
	.aliases = "volume list",
	.operands = "[OPTIONS]",
	.summary = "List the volumes",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct list_args),
	.args_done = list_args_done,
	.run = ls_run,
};
