/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby secret ls: what secrets there are, and no word of what they hold. */
#include "base/clock.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/filter.h"
#include "engine/secret_store.h"

#include <errno.h>
#include <string.h>

struct ls_args {
	bool noheading, quiet;
	const char *format;
	struct strv filter;
};

static const struct option_row ls_rows[] = {
	{'f', "filter", OPT_LIST, offsetof(struct ls_args, filter), .arg = "KEY=VALUE", .help = "Only those that match: id, name"},
	{0, "format", OPT_STRING, offsetof(struct ls_args, format), .arg = "FORMAT", .help = "json, table, or a Go template"},
	{'n', "noheading", OPT_FLAG, offsetof(struct ls_args, noheading), .help = "No line of headings"},
	{'q', "quiet", OPT_FLAG, offsetof(struct ls_args, quiet), .help = "Only ids"},
	OPTION_END,
};

static void ls_args_done(void *args)
{
	strv_done(&((struct ls_args *)args)->filter);
}

static int check_filters(const struct strv *filters, struct err *e)
{
	for (size_t i = 0; i < filters->n; i++)
		if (strncmp(filters->items[i], "name=", 5) != 0 && strncmp(filters->items[i], "id=", 3) != 0)
			return err_set(e, EINVAL, "invalid filter \"%.*s\": id= and name= are there", (int)strcspn(filters->items[i], "="),
				       filters->items[i]);
	return 0;
}

/* Of one key any of the values, both keys. */
static bool is_wanted(const struct strv *filters, const struct secret_note *n)
{
	bool by_name = false, by_id = false, name = false, id = false;

	for (size_t i = 0; i < filters->n; i++) {
		const char *value = strchr(filters->items[i], '=') + 1;

		if (filters->items[i][0] == 'n') {
			by_name = true;
			name |= filter_is_like(n->name, value);
		} else {
			by_id = true;
			id |= strncmp(n->id, value, strlen(value)) == 0;
		}
	}
	return (!by_name || name) && (!by_id || id);
}

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
	const struct timespec now = clock_now();
	const struct ls_args *a = call->args;
	int r = check_filters(&a->filter, e);

	if (r == 0)
		r = secret_list(call->engine, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (!rows || (is_wanted(&a->filter, &l.items[i]) && add_row(rows, &l.items[i], &now) < 0))
			r = err_errno(e, ENOMEM, "secrets");
	if (r < 0)
		return r;
	return screen_list(rows, a->quiet && !a->format ? "{{.ID}}" : a->format,
			   "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}", headings,
			   TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), e);
}

const struct command command_secret_ls = {
	.name = "secret ls",
	.aliases = "secret list",
	.operands = "[OPTIONS]",
	.summary = "List the secrets",
	.needs = NEED_ENGINE,
	.rows = ls_rows,
	.args_size = sizeof(struct ls_args),
	.args_done = ls_args_done,
	.run = ls_run,
};
