/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby import: a root file system's tar becomes an image of one layer. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "engine/attest.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct import_args {
	struct strv changes;
	const char *message, *os, *arch, *variant;
	bool quiet;
};

static const struct option_row import_rows[] = {
	{0, "arch", OPT_STRING, offsetof(struct import_args, arch), .arg = "ARCH", .help = "Architecture instead of this host's"},
	{'c', "change", OPT_LIST, offsetof(struct import_args, changes), .arg = "LINE",
	 .help = "A Dockerfile line for the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR"},
	{'m', "message", OPT_STRING, offsetof(struct import_args, message), .arg = "TEXT", .help = "Comment in the history"},
	{0, "os", OPT_STRING, offsetof(struct import_args, os), .arg = "OS", .help = "Operating system instead of linux"},
	{'q', "quiet", OPT_FLAG, offsetof(struct import_args, quiet), .help = "Show no progress"},
	{0, "variant", OPT_STRING, offsetof(struct import_args, variant), .arg = "VARIANT", .help = "Variant of the architecture"},
	OPTION_END,
};

static void import_args_done(void *args)
{
	strv_done(&((struct import_args *)args)->changes);
}

/* The input: "-" or nothing is standard input. Borrowed or owned by *owned. */
static int open_input(const char *path, int *owned, int *ret_fd, struct err *e)
{
	if (strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0)
		return err_set(e, EOPNOTSUPP, "%s: download it first, and import the file", path);
	if (strcmp(path, "-") == 0) {
		*ret_fd = STDIN_FILENO;
		return 0;
	}
	*owned = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*owned < 0)
		return err_errno(e, errno, "open %s", path);
	*ret_fd = *owned;
	return 0;
}

static int import_run(const struct command_call *call, struct err *e)
{
	const struct import_args *a = call->args;
	const struct image_source_args platform = {.os = a->os, .arch = a->arch, .variant = a->variant, .quiet = a->quiet};
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_close_ int owned = -EBADF;
	struct import_options o = {.message = a->message, .changes = &a->changes};
	int r, fd = -EBADF;

	r = image_source_open(call, &platform, &source, e);
	if (r == 0)
		r = open_input(call->argv[0], &owned, &fd, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	o.platform = source.options.platform;
	o.progress = source.progress;
	if (r == 0)
		r = import_rootfs(st, fd, call->argc > 1 ? call->argv[1] : NULL, &o, &img, e);
	r = attest_image(call->engine, AUDIT_VERB_IMPORT, call->argc > 1 ? call->argv[1] : call->argv[0], img, r, e);
	if (r == 0)
		printf("sha256:%s\n", img->id);
	if (r < 0 && st)
		(void)!store_sweep(st, NULL);
	return r < 0 ? err_wrap(e, r, "import") : 0;
}

const struct command command_import = {
	.name = "import",
	.aliases = "image import",
	.operands = "[OPTIONS] PATH|- [NAME]",
	.summary = "Make an image of a root file system's tar",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = import_rows,
	.args_size = sizeof(struct import_args),
	.args_done = import_args_done,
	.run = import_run,
};
