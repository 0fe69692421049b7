/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby image inspect, ranby image exists. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/inspect.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	const char *format;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .help = "json, or a Go template"},
	OPTION_END,
};

static int inspect_one(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	struct json_object *o = NULL;
	struct store *st = ctx;
	int r = store_resolve(st, name, &img, e);

	(void)call;
	if (r == 0)
		r = image_inspect(st, img, &o, e);
	if (r == 0 && json_append(list, o) < 0)
		r = err_errno(e, ENOMEM, "inspect");
	return r;
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	const struct inspect_args *a = call->args;
	int r = image_store_open(call, &st, e);

	return r < 0 ? r : inspect_operands(call, inspect_one, st, a->format, e);
}

const struct command command_image_inspect = {
	.name = "image inspect",
	.operands = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Show all that is known of images, as JSON",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	int r = image_store_open(call, &st, e);

	if (r < 0)
		return r;
	r = store_resolve(st, call->argv[0], &img, e);
	if (r == -ENOENT)
		return 1;
	return r;
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_image_exists = {
	.name = "image exists",
	.operands = "IMAGE",
	.summary = "Exit with 0 when the image is here, with 1 when it is not",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};
