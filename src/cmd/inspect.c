/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby inspect: a JSON array, or a template on each object. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/screen.h"
#include "base/template.h"
#include "engine/inspect.h"

#include <string.h>

struct inspect_args {
	bool latest;
	const char *format, *type;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .help = "json, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct inspect_args, latest), .help = "The newest container"},
	{'t', "type", OPT_CHOICE, offsetof(struct inspect_args, type), .arg = "TYPE", .choices = "all|container",
	 .help = "What to look for (default all)"},
	OPTION_END,
};

static int add(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	struct json_object *o;
	int r = inspect_container(call->engine, c, &o, e);

	if (r == 0 && json_append(ctx, o) < 0)
		r = err_errno(e, ENOMEM, "inspect");
	return r;
}

/* A template prints one line for each. */
static int print_format(struct json_object *list, const char *format, struct buf *out, struct err *e)
{
	_cleanup_template_ struct template *t = NULL;
	int r = template_parse(format, &t, e);

	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		r = template_exec(t, json_object_array_get_idx(list, i), TEMPLATE_STRICT, out, e);
		buf_addc(out, '\n');
	}
	return r;
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct inspect_args *a = call->args;
	const struct each w = {.latest = a->latest};
	int code, r = 0;

	if (!list)
		return err_errno(e, ENOMEM, "inspect");
	code = each_container(call, &w, add, list, e);
	if (code < 0)
		return code;
	if (json_object_array_length(list) == 0 && code)
		return code;
	if (!a->format || strcmp(a->format, "json") == 0)
		buf_addf(&out, "%s\n", json_pretty(list));
	else
		r = print_format(list, a->format, &out, e);
	if (r == 0)
		r = screen_put(&out, e);
	return r < 0 ? r : code;
}

const struct command command_inspect = {
	.name = "inspect",
	.aliases = "container inspect",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Show all that is known of containers, as JSON",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};
