/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby volume mount, ranby volume unmount. A volume is a directory of the
 * user's, so that nothing needs to be mounted: the one says where it is, the
 * other that it is there.
 */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "engine/volume_tar.h"

#include <stdio.h>

static int tell(const struct command_call *call, bool path)
{
	int code = 0;

	for (int i = 0; i < call->argc; i++) {
		_cleanup_free_ char *dir = NULL;
		struct err e = {0};

		if (volume_directory(call->engine, call->argv[i], &dir, &e) < 0) {
			report_error(&e);
			code = report_code(&e);
		} else {
			puts(path ? dir : call->argv[i]);
		}
	}
	return code;
}

static int mount_run(const struct command_call *call, struct err *e)
{
	(void)e;
	return tell(call, true);
}

static int unmount_run(const struct command_call *call, struct err *e)
{
	(void)e;
	return tell(call, false);
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_volume_mount = {
	.name = "volume mount",
	.operands = "VOLUME [VOLUME...]",
	.summary = "Print the directory of a volume",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = no_rows,
	.run = mount_run,
};

const struct command command_volume_unmount = {
	.name = "volume unmount",
	.aliases = "volume umount",
	.operands = "VOLUME [VOLUME...]",
	.summary = "Print the name of a volume: nothing is mounted",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = no_rows,
	.run = unmount_run,
};
