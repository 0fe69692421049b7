/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby image mount, ranby image unmount: the files of images as directories,
 * to be read within `ranby unshare`. Without operands mount tells what is
 * mounted there.
 */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "engine/attest.h"
#include "engine/image_mounted.h"

#include <errno.h>
#include <stdio.h>

struct image_mount_args {
	bool all, force;
	const char *format;
};

static const struct option_row mount_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct image_mount_args, all), .help = "All images"},
	{0, "format", OPT_CHOICE, offsetof(struct image_mount_args, format), .arg = "FORMAT", .choices = "json", .help = "json: the list as JSON"},
	OPTION_END,
};

static const struct option_row unmount_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct image_mount_args, all), .help = "All that are mounted here"},
	{'f', "force", OPT_FLAG, offsetof(struct image_mount_args, force), .help = "Also while somebody works in it"},
	OPTION_END,
};

typedef int (*image_fn)(const struct command_call *call, struct store *st, const struct image *img, struct err *e);

static int mount_one(const struct command_call *call, struct store *st, const struct image *img, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r = image_mounted_mount(call->engine, st, img, &path, e);

	r = attest_image(call->engine, AUDIT_VERB_MOUNT, img->name ? img->name : img->id, img, r, e);
	if (r == 0)
		puts(path);
	return r;
}

static int unmount_one(const struct command_call *call, struct store *st, const struct image *img, struct err *e)
{
	const struct image_mount_args *a = call->args;
	int r = image_mounted_unmount(call->engine, img->id, a->force, e);

	(void)st;
	if (r == MOUNTED_NO)
		return a->all ? 0 : err_set(e, EINVAL, "image %.12s is not mounted here", img->id);
	r = attest_image(call->engine, AUDIT_VERB_UNMOUNT, img->name ? img->name : img->id, img, r, e);
	if (r == 0)
		puts(img->id);
	return r;
}

/* One that fails does not stop the others. */
static int each(const struct command_call *call, struct store *st, const struct image_list *all, image_fn fn)
{
	size_t n = all ? all->n : (size_t)call->argc;
	int code = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(image_freep) struct image *found = NULL;
		const struct image *img = all ? all->items[i] : NULL;
		struct err own = {0};
		int r = img ? 0 : store_resolve(st, call->argv[i], &found, &own);

		if (r == 0 && !(all && img->is_index))
			r = fn(call, st, img ? img : found, &own);
		if (r < 0) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	return code;
}

static int run(const struct command_call *call, image_fn fn, struct err *e)
{
	_cleanup_(image_list_done) struct image_list all = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct image_mount_args *a = call->args;
	int r;

	if (a->all == (call->argc > 0))
		return err_set(e, EINVAL, "either --all or images");
	r = image_store_open(call, &st, e);
	if (r == 0 && a->all)
		r = store_list(st, &all, NULL, e);
	return r < 0 ? r : each(call, st, a->all ? &all : NULL, fn);
}

/* podman's object (cmd/podman/images/mount.go). */
static int add_row(struct json_object *rows, const struct image *img, const char *path)
{
	_cleanup_json_ struct json_object *names = json_object_new_array();
	struct json_object *o = json_object_new_object();
	char shown[DIGEST_HEX_SIZE];

	snprintf(shown, sizeof(shown), "%.12s", img->id);
	if (json_append(rows, o) < 0 || !names || json_append_str(names, img->digest.text) < 0 || json_add_str(o, "id", img->id) < 0 ||
	    json_add(o, "Names", TAKE_PTR(names)) < 0 || json_add_strv(o, "Repositories", &img->names) < 0 ||
	    json_add_str(o, "mountpoint", path) < 0 || json_add_str(o, "name", img->names.n ? img->names.items[0] : shown) < 0)
		return -ENOMEM;
	return 0;
}

static int list_mounted(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(image_list_done) struct image_list all = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct image_mount_args *a = call->args;
	int r = rows ? image_store_open(call, &st, e) : err_errno(e, ENOMEM, "image mount");

	if (r == 0)
		r = store_list(st, &all, NULL, e);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		_cleanup_free_ char *path = NULL;

		r = image_mounted_path(call->engine, all.items[i]->id, &path);
		if (r == MOUNTED_YES)
			r = add_row(rows, all.items[i], path);
		else if (r == MOUNTED_NO)
			r = 0;
		if (r < 0)
			r = err_errno(e, -r, "image mount");
	}
	if (r < 0)
		return r;
	return screen_list(rows, a->format ? "json" : "{{.name}} {{.mountpoint}}", "", NULL, 0, e);
}

static int mount_run(const struct command_call *call, struct err *e)
{
	const struct image_mount_args *a = call->args;
	int r = mounted_check(call->engine, "ranby image mount", e);

	if (r < 0)
		return r;
	if (call->argc == 0 && !a->all)
		return list_mounted(call, e);
	if (a->format)
		return err_set(e, EINVAL, "ranby image mount: --format is for the list of all that is mounted");
	return run(call, mount_one, e);
}

static int unmount_run(const struct command_call *call, struct err *e)
{
	return run(call, unmount_one, e);
}

const struct command command_image_mount = {
	.name = "image mount",
	.operands = "[OPTIONS] [IMAGE...]",
	.summary = "Mount the files of images within ranby unshare, or list what is mounted",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = mount_rows,
	.args_size = sizeof(struct image_mount_args),
	.run = mount_run,
};

const struct command command_image_unmount = {
	.name = "image unmount",
	.aliases = "image umount",
	.operands = "[OPTIONS] [IMAGE...]",
	.summary = "Unmount the files of images",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = unmount_rows,
	.args_size = sizeof(struct image_mount_args),
	.run = unmount_run,
};
