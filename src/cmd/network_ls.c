/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby network ls. */
#include "cmd/commands.h"
#include "cmd/list.h"
#include "cmd/option_rows.h"
#include "engine/network_use.h"
#include "engine/networks.h"

#include <errno.h>
#include <string.h>

static const struct option_row ls_rows[] = {
	LIST_ROWS("dangling, driver, id, label, name, until", NETWORK_FILTER_CHOICES, "Only names"),
	{0, "no-trunc", OPT_FLAG, offsetof(struct list_args, no_trunc), .help = "Whole IDs"},
	OPTION_END,
};

static int read_rows(const struct command_call *call, bool json, struct json_object *rows, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	_cleanup_(strv_done) struct strv filter = {0};
	const struct list_args *a = call->args;
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
	const struct list_args *a = call->args;
	bool json = list_is_json(a);
	int r = rows ? list_check(a, e) : err_errno(e, ENOMEM, "networks");

	if (r == 0)
		r = read_rows(call, json, rows, e);
	if (r < 0)
		return r;
	return list_print(a, rows, &(struct list_look){"{{.Name}}", "table {{.ID}}\t{{.Name}}\t{{.Driver}}", headings}, e);
}

const struct command command_network_ls = {
	.name = "network ls",
	.aliases = "network list",
	.operands = "[OPTIONS]",
	.summary = "List the networks",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct list_args),
	.args_done = list_args_done,
	.run = ls_run,
};
