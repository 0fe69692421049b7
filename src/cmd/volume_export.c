/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby volume export, ranby volume import. */
#include "cmd/commands.h"
#include "sys/output_file.h"
#include "engine/volume_tar.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct export_args {
	const char *output;
};

static const struct option_row export_rows[] = {
	{'o', "output", OPT_STRING, offsetof(struct export_args, output), .arg = "FILE", .help = "Write it there, not to standard output"},
	OPTION_END,
};

static int export_run(const struct command_call *call, struct err *e)
{
	const struct export_args *a = call->args;
	_cleanup_(output_file_done) struct output_file file = OUTPUT_FILE_INIT;
	int r;

	if (!a->output && isatty(STDOUT_FILENO))
		return err_set(e, EINVAL, "refusing to export to terminal: use -o flag or redirect");
	if (!a->output)
		return volume_export(call->engine, call->argv[0], STDOUT_FILENO, e);
	r = output_file_open(a->output, &file, e);
	if (r == 0)
		r = volume_export(call->engine, call->argv[0], file.fd, e);
	return r == 0 ? output_file_keep(&file, e) : r;
}

const struct command command_volume_export = {
	.name = "volume export",
	.operands = "[OPTIONS] VOLUME",
	.summary = "Write what is in a volume as a tar",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = export_rows,
	.args_size = sizeof(struct export_args),
	.run = export_run,
};

static int import_run(const struct command_call *call, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (strcmp(call->argv[1], "-") == 0)
		return volume_import(call->engine, call->argv[0], STDIN_FILENO, e);
	fd = open(call->argv[1], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(e, errno, "open %s", call->argv[1]);
	return volume_import(call->engine, call->argv[0], fd, e);
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_volume_import = {
	.name = "volume import",
	.operands = "VOLUME FILE|-",
	.summary = "Extract a tar into a volume",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = no_rows,
	.run = import_run,
};
