/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby system df: what images, containers and volumes take on the disk. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"
#include "view/disk.h"

#include <errno.h>
#include <stdio.h>

struct df_args {
	bool verbose;
	const char *format;
};

static const struct option_row df_rows[] = {
	{0, "format", OPT_STRING, offsetof(struct df_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"},
	{'v', "verbose", OPT_FLAG, offsetof(struct df_args, verbose), .help = "Each image, container and volume"},
	OPTION_END,
};

static const struct part {
	const char *title, *format;
	int (*rows)(const struct disk *d, struct json_object *rows);
} parts[] = {
	{"Images space usage:",
	 "table {{.Repository}}\t{{.Tag}}\t{{.ImageID}}\t{{.Created}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}", disk_images},
	{"\nContainers space usage:",
	 "table {{.ContainerID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.Created}}\t{{.Status}}\t{{.Names}}", disk_containers},
	{"\nLocal Volumes space usage:", "table {{.VolumeName}}\t{{.Links}}\t{{.Size}}", disk_volumes},
};

static int print(const struct disk *d, int (*rows)(const struct disk *, struct json_object *), const char *format, const char *table,
		 struct err *e)
{
	static const struct template_heading headings[] = {{"ImageID", "IMAGE ID"}, {"ContainerID", "CONTAINER ID"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *list = json_object_new_array();

	if (!list || rows(d, list) < 0)
		return err_errno(e, ENOMEM, "system df");
	return screen_list(list, format, table, headings, TEMPLATE_STRICT, e);
}

static int df_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(disk_done) struct disk d = {0};
	const struct df_args *a = call->args;
	int r;

	if (a->verbose && a->format)
		return err_set(e, EINVAL, "cannot combine --format and --verbose flags");
	r = image_store_open(call, &st, e);
	if (r == 0)
		r = disk_read(call->engine, st, &d, e);
	if (r == 0 && !a->verbose)
		r = print(&d, disk_summary, a->format, "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}", e);
	for (size_t i = 0; r == 0 && a->verbose && i < ARRAY_SIZE(parts); i++) {
		printf("%s\n\n", parts[i].title);
		r = print(&d, parts[i].rows, NULL, parts[i].format, e);
	}
	return r;
}

const struct command command_system_df = {
	.name = "system df",
	.operands = "[OPTIONS]",
	.summary = "Show what images, containers and volumes take on the disk",
	.needs = NEED_ENGINE,
	.rows = df_rows,
	.args_size = sizeof(struct df_args),
	.run = df_run,
};
