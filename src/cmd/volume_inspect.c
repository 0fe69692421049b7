/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby volume inspect, ranby volume exists. */
#include "cmd/commands.h"
#include "cmd/inspect.h"
#include "cmd/screen.h"
#include "engine/volume_list.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	bool all;
	const char *format;
};

static const struct option_row inspect_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct inspect_args, all), .help = "All volumes"},
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	OPTION_END,
};

static int add(struct engine *eng, const struct volume_note *n, bool whole, struct json_object *list, struct err *e)
{
	struct json_object *o = NULL;

	if (volume_json(eng, n, whole, &o) < 0 || json_append(list, o) < 0)
		return err_errno(e, ENOMEM, "volumes");
	return 0;
}

int inspect_add_volume(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	int r = volume_load(eng, name, &n, e);

	return r < 0 ? r : add(eng, &n, whole, list, e);
}

static bool is_template(const struct command_call *call)
{
	const struct inspect_args *a = call->args;

	return a->format && strcmp(a->format, "json") != 0;
}

static int add_all(const struct command_call *call, struct json_object *list, struct err *e)
{
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int r = volume_list(call->engine, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		r = add(call->engine, &l.items[i], is_template(call), list, e);
	return r;
}

static int add_named(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	(void)ctx;
	return inspect_add_volume(call->engine, name, is_template(call), list, e);
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	const struct inspect_args *a = call->args;
	int r;

	if (a->all == (call->argc > 0))
		return err_set(e, EINVAL, "provide one or more volume names or use --all");
	if (!a->all)
		return inspect_operands(call, add_named, NULL, a->format, e);
	if (!list)
		return err_errno(e, ENOMEM, "volumes");
	r = add_all(call, list, e);
	return r < 0 ? r : screen_objects(list, a->format, e);
}

const struct command command_volume_inspect = {
	.name = "volume inspect",
	.operands = "[OPTIONS] [VOLUME...]",
	.summary = "Show all that is known of volumes, as JSON",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	int r = volume_load(call->engine, call->argv[0], &n, e);

	return r == -ENOENT ? 1 : r;
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_volume_exists = {
	.name = "volume exists",
	.operands = "VOLUME",
	.summary = "Exit with 0 when there is such a volume, else with 1",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};
