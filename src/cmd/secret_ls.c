/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby secret ls: what secrets there are, and no word of what they hold. */
#include "base/clock.h"
#include "cmd/commands.h"
#include "cmd/list.h"
#include "engine/filter.h"
#include "engine/secret_store.h"

#include <errno.h>
#include <string.h>

static const struct option_row ls_rows[] = {
	LIST_ROWS("id, name", "id=|label=|name=", "Only ids"),
	OPTION_END,
};

static bool match_name(const void *subject, const char *value)
{
	return filter_is_like(((const struct secret_note *)subject)->name, value);
}

static bool match_id(const void *subject, const char *value)
{
	return strncmp(((const struct secret_note *)subject)->id, value, strlen(value)) == 0;
}

static bool match_label(const void *subject, const char *value)
{
	return filter_has_word(((const struct secret_note *)subject)->labels, value);
}

static const struct filter_key keys[] = {
	{"name", match_name, NULL, false}, {"id", match_id, NULL, false}, {"label", match_label, NULL, true}, {.key = NULL},
};

static const char *ago(const char *time, const struct timespec *now, char text[static CLOCK_TEXT_SIZE])
{
	struct timespec t = CLOCK_NEVER;

	(void)!clock_parse_rfc3339(time, &t);
	return clock_ago(&t, now, text);
}

static int add_row(struct json_object *rows, const struct secret_note *n, const struct timespec *now)
{
	struct json_object *o = json_object_new_object();
	char text[CLOCK_TEXT_SIZE];

	return json_append(rows, o) < 0 || json_add_str(o, "ID", n->id) < 0 || json_add_str(o, "Name", n->name) < 0 ||
			       json_add_str(o, "Driver", "file") < 0 || json_add_str(o, "CreatedAt", ago(n->created, now, text)) < 0 ||
			       json_add_str(o, "UpdatedAt", ago(n->updated, now, text)) < 0
		       ? -ENOMEM
		       : 0;
}

static int ls_run(const struct command_call *call, struct err *e)
{
	static const struct template_heading headings[] = {{"CreatedAt", "CREATED"}, {"UpdatedAt", "UPDATED"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(secret_list_done) struct secret_list l = {0};
	_cleanup_(strv_done) struct strv filters = {0};
	const struct timespec now = clock_now();
	const struct list_args *a = call->args;
	int r = filter_parse(keys, "secret", &a->filter, &filters, e);

	if (r == 0)
		r = secret_list(call->engine, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (!rows || (filter_match(keys, &filters, &l.items[i]) && add_row(rows, &l.items[i], &now) < 0))
			r = err_errno(e, ENOMEM, "secrets");
	if (r < 0)
		return r;
	return list_print(a, rows, &(struct list_look){"{{.ID}}", "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}", headings}, e);
}

const struct command command_secret_ls = {
	.name = "secret ls",
	.aliases = "secret list",
	.operands = "[OPTIONS]",
	.summary = "List the secrets",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct list_args),
	.args_done = list_args_done,
	.run = ls_run,
};
