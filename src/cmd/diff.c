/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby diff: what a container changed of its image, or an image's uppermost layer of those below. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"
#include "base/escape.h"
#include "engine/changes.h"

#include <stdio.h>
#include <string.h>

struct diff_args {
	bool latest;
	const char *format;
};

static const struct option_row diff_rows[] = {
	{0, "format", OPT_CHOICE, offsetof(struct diff_args, format), .arg = "FORMAT", .choices = "json", .help = "json: lists of paths"},
	{'l', "latest", OPT_FLAG, offsetof(struct diff_args, latest), .help = "The newest container"},
	OPTION_END,
};

static int image_changes(const struct command_call *call, const char *name, struct strv *ret, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(strv_done) struct strv dirs = {0}, lower = {0};
	_cleanup_free_ char *upper = NULL;
	int r = image_store_open(call, &st, e);

	if (r == 0)
		r = store_resolve(st, name, &img, e);
	if (r == 0)
		r = store_layers(st, img, NULL, NULL, &dirs, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i + 1 < dirs.n; i++)
		r = strv_addf(&lower, "%s/%s", call->engine->data_path, dirs.items[i]);
	if (r < 0 || asprintf(&upper, "%s/%s", call->engine->data_path, dirs.items[dirs.n - 1]) < 0)
		return err_errno(e, ENOMEM, "diff");
	return changes_find(call->engine, &lower, upper, ret, e);
}

static int find(const struct command_call *call, bool latest, struct strv *ret, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	struct err own = {0};
	int r = one_container(call, latest, &c, e);

	if (r == 0)
		return changes_of(call->engine, c, ret, e);
	if (r != -ENOENT || latest)
		return r;
	r = image_changes(call, call->argv[0], ret, &own);
	if (r == -ENOENT || r == -EINVAL)
		return err_set(e, ENOENT, "%s: no such container or image", call->argv[0]);
	if (r < 0 && e)
		*e = own;
	return r;
}

static int print_json(const struct strv *list, struct buf *out)
{
	static const struct {
		char kind;
		const char *key;
	} kinds[] = {{'C', "changed"}, {'A', "added"}, {'D', "deleted"}};
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t k = 0; o && k < ARRAY_SIZE(kinds); k++) {
		struct json_object *array = NULL;

		for (size_t i = 0; i < list->n; i++) {
			if (list->items[i][0] != kinds[k].kind)
				continue;
			if (!array && (!(array = json_object_new_array()) || json_add(o, kinds[k].key, array) < 0))
				return -ENOMEM;
			if (json_append_str(array, list->items[i] + 1) < 0)
				return -ENOMEM;
		}
	}
	if (!o)
		return -ENOMEM;
	buf_addf(out, "%s\n", json_pretty(o));
	return -buf_bad(out);
}

static int diff_run(const struct command_call *call, struct err *e)
{
	_cleanup_(strv_done) struct strv list = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct diff_args *a = call->args;
	int r = find(call, a->latest, &list, e);

	if (r < 0)
		return r;
	if (a->format)
		r = print_json(&list, &out);
	for (size_t i = 0; !a->format && i < list.n; i++)
		buf_addf(&out, "%c %s\n", list.items[i][0], list.items[i] + 1);
	if (r < 0 || buf_bad(&out))
		return err_errno(e, ENOMEM, "diff");
	return screen_put(&out, e);
}

const struct command command_diff = {
	.name = "diff",
	.aliases = "container diff|image diff",
	.operands = "[OPTIONS] CONTAINER|IMAGE",
	.summary = "Show how a container's or an image's files were changed",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = diff_rows,
	.args_size = sizeof(struct diff_args),
	.run = diff_run,
};
