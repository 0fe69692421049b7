/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby mount, ranby unmount: the files of containers as directories, within
 * `ranby unshare`. Without operands mount tells what is mounted there.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/screen.h"
#include "engine/attest.h"
#include "engine/mounted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct mount_args {
	bool all, latest, no_trunc;
	const char *format;
};

static const struct option_row mount_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct mount_args, all), .help = "All containers"},
	{0, "format", OPT_CHOICE, offsetof(struct mount_args, format), .arg = "FORMAT", .choices = "json", .help = "json: the list as JSON"},
	{'l', "latest", OPT_FLAG, offsetof(struct mount_args, latest), .help = "The newest container"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct mount_args, no_trunc), .help = "Whole ids in the list"},
	OPTION_END,
};

static int mount_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	struct attest who = ATTEST_INIT(AUDIT_VERB_MOUNT);
	_cleanup_free_ char *path = NULL;
	int r = mounted_mount(call->engine, c, &path, e);

	(void)ctx;
	who.c = c;
	r = attest_result(call->engine, &who, r, e);
	if (r == 0)
		puts(path);
	return r;
}

static int add_row(struct json_object *rows, const struct container *c, const char *path, bool whole)
{
	_cleanup_json_ struct json_object *names = json_object_new_array();
	struct json_object *o = json_object_new_object();
	char id[CONTAINER_ID_LEN + 1];

	snprintf(id, sizeof(id), "%.*s", whole ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT, c->id);
	if (json_append(rows, o) < 0 || !names || json_append_str(names, c->name) < 0 || json_add_str(o, "id", id) < 0 ||
	    json_add(o, "Names", TAKE_PTR(names)) < 0 || json_add_str(o, "mountpoint", path) < 0)
		return -ENOMEM;
	return 0;
}

static int list_mounted(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(container_list_done) struct container_list l = {0};
	const struct mount_args *a = call->args;
	int r = rows ? container_list(call->engine, &l, e) : err_errno(e, ENOMEM, "mount");

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		_cleanup_free_ char *path = NULL;

		r = mounted_path(call->engine, l.items[i], &path);
		if (r == MOUNTED_YES)
			r = add_row(rows, l.items[i], path, a->no_trunc || a->format);
		else if (r == MOUNTED_NO)
			r = 0;
		if (r < 0)
			r = err_errno(e, -r, "mount");
	}
	if (r < 0)
		return r;
	return screen_list(rows, a->format ? "json" : "{{.id}} {{.mountpoint}}", "", NULL, 0, e);
}

static int mount_run(const struct command_call *call, struct err *e)
{
	const struct mount_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest};
	bool lists = call->argc == 0 && !a->all && !a->latest;
	int r = mounted_check(call->engine, "ranby mount", e);

	if (r < 0)
		return r;
	if (a->format && !lists)
		return err_set(e, EINVAL, "ranby mount: --format is for the list of all that is mounted");
	return lists ? list_mounted(call, e) : each_container(call, &w, mount_one, NULL, e);
}

struct unmount_args {
	bool all, force, latest;
};

static const struct option_row unmount_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct unmount_args, all), .help = "All that are mounted here"},
	{'f', "force", OPT_FLAG, offsetof(struct unmount_args, force), .help = "Also while somebody works in it"},
	{'l', "latest", OPT_FLAG, offsetof(struct unmount_args, latest), .help = "The newest container"},
	OPTION_END,
};

static int unmount_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct unmount_args *a = ctx;
	struct attest who = ATTEST_INIT(AUDIT_VERB_UNMOUNT);
	int r = mounted_unmount(call->engine, c, a->force, e);

	/* nothing was done, and with --all nothing was asked for */
	if (r == MOUNTED_NO && !a->all)
		puts(c->name);
	if (r == MOUNTED_NO)
		return 0;
	who.c = c;
	r = attest_result(call->engine, &who, r, e);
	if (r == 0)
		puts(c->name);
	return r;
}

static int unmount_run(const struct command_call *call, struct err *e)
{
	struct unmount_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest};

	/* outside of ranby unshare none is mounted, which is no error */
	return each_container(call, &w, unmount_one, a, e);
}

const struct command command_mount = {
	.name = "mount",
	.aliases = "container mount",
	.operands = "[OPTIONS] [CONTAINER...]",
	.summary = "Mount the files of containers within ranby unshare, or list what is mounted",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = mount_rows,
	.args_size = sizeof(struct mount_args),
	.run = mount_run,
};

const struct command command_unmount = {
	.name = "unmount",
	.aliases = "umount|container unmount|container umount",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Unmount the files of containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = unmount_rows,
	.args_size = sizeof(struct unmount_args),
	.run = unmount_run,
};
