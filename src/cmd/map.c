/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby map [CONTAINER...]: the ID maps, drawn. Without a container, the
 * user's own: what any container of theirs is made of.
 */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/container.h"
#include "view/map.h"

#include <string.h>

struct map_args {
	const char *format;
	bool latest;
};

static const struct option_row map_rows[] = {
	{0, "format", OPT_CHOICE, offsetof(struct map_args, format), .arg = "FORMAT", .choices = "ruler|json", .help = "ruler (default) or json"},
	{'l', "latest", OPT_FLAG, offsetof(struct map_args, latest), .help = "The newest container"},
	OPTION_END,
};

/* One view, drawn or appended to the array. */
static int add_view(struct map_view *v, struct json_object *array, struct buf *out, struct err *e)
{
	struct map_style style = {.width = screen_width(), .unicode = screen_unicode(), .color = screen_color()};

	if (array) {
		struct json_object *o = map_json(v);

		return o && json_append(array, o) == 0 ? 0 : err_errno(e, ENOMEM, "map");
	}
	if (out->len)
		buf_addc(out, '\n');
	map_draw(v, &style, out);
	return 0;
}

static int add_container(const struct command_call *call, const char *name, struct names *names, struct json_object *array,
			 struct buf *out, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(map_view_done) struct map_view v = {0};
	int r;

	r = name ? container_find(call->engine, name, &c, e) : container_latest(call->engine, &c, e);
	if (r == 0)
		r = map_of_container(call->engine, c, names, &v, e);
	return r < 0 ? r : add_view(&v, array, out, e);
}

static int add_keeper(const struct command_call *call, struct names *names, struct json_object *array, struct buf *out, struct err *e)
{
	_cleanup_(map_view_done) struct map_view v = {0};
	int r = map_of_keeper(call->engine, names, &v, e);

	return r < 0 ? r : add_view(&v, array, out, e);
}

static int map_run(const struct command_call *call, struct err *e)
{
	const struct map_args *a = call->args;
	_cleanup_(names_freep) struct names *names = names_new();
	_cleanup_json_ struct json_object *array = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = 0;

	if (a->format && strcmp(a->format, "json") == 0)
		array = json_object_new_array();
	if (!names || (a->format && strcmp(a->format, "json") == 0 && !array))
		return err_errno(e, ENOMEM, "map");
	if (a->latest && call->argc)
		return err_set(e, EINVAL, "--latest and a container's name cannot be used together");
	if (a->latest)
		r = add_container(call, NULL, names, array, &out, e);
	else if (call->argc == 0)
		r = add_keeper(call, names, array, &out, e);
	for (int i = 0; i < call->argc && r == 0; i++)
		r = add_container(call, call->argv[i], names, array, &out, e);
	if (r < 0)
		return r;
	if (array)
		buf_addf(&out, "%s\n", json_pretty(array));
	return screen_put(&out, e);
}

const struct command command_map = {
	.name = "map",
	.aliases = "container map",
	.operands = "[OPTIONS] [CONTAINER...]",
	.summary = "Draw the ID maps: container, keeper, host, and whose the IDs are",
	.needs = NEED_ENGINE,
	.mode = OPTION_PERMUTE,
	.max_operands = -1,
	.rows = map_rows,
	.args_size = sizeof(struct map_args),
	.run = map_run,
};
