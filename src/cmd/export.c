/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby export: all files of a container as a tar. */
#include "cmd/commands.h"
#include "sys/output_file.h"
#include "engine/attest.h"
#include "engine/copy.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct export_args {
	const char *output;
};

static const struct option_row export_rows[] = {
	{'o', "output", OPT_STRING, offsetof(struct export_args, output), .arg = "FILE", .help = "Write it there, not to standard output"},
	OPTION_END,
};

static int export_to(const struct command_call *call, struct container *c, const char *path, struct err *e)
{
	_cleanup_(output_file_done) struct output_file file = OUTPUT_FILE_INIT;
	int r;

	if (!path && isatty(STDOUT_FILENO)) {
		err_set(e, EINVAL, "refusing to export to terminal: use -o flag or redirect");
		return -EINVAL;
	}
	if (!path)
		return copy_export(call->engine, c, STDOUT_FILENO, e);
	r = output_file_open(path, &file, e);
	if (r == 0)
		r = copy_export(call->engine, c, file.fd, e);
	return r == 0 ? output_file_keep(&file, e) : r;
}

static int export_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const struct export_args *a = call->args;
	struct attest who = ATTEST_INIT(AUDIT_VERB_EXPORT);
	int r = container_find(call->engine, call->argv[0], &c, e);

	if (r < 0)
		return r;
	who.c = c;
	return attest_result(call->engine, &who, export_to(call, c, a->output, e), e);
}

const struct command command_export = {
	.name = "export",
	.aliases = "container export",
	.operands = "[OPTIONS] CONTAINER",
	.summary = "Write a container's files as a tar",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = export_rows,
	.args_size = sizeof(struct export_args),
	.run = export_run,
};
