/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby secret create: from a file, standard input, or a variable of the caller's. Never from the command line, which others can read. */
#include "cmd/commands.h"
#include "engine/attest.h"
#include "engine/labels.h"
#include "engine/secret_store.h"
#include "runtime/secrets.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct create_args {
	bool env, replace;
	const char *driver;
	struct strv label, driver_opts;
};

static const struct option_row create_rows[] = {
	{'d', "driver", OPT_STRING, offsetof(struct create_args, driver), .arg = "DRIVER", .choices = "file", .help = "Only \"file\""},
	{0, "driver-opts", OPT_LIST, offsetof(struct create_args, driver_opts), .arg = "KEY=VALUE", .help = "The driver has none", .hidden = true},
	{0, "env", OPT_FLAG, offsetof(struct create_args, env), .help = "The operand is the name of a variable that holds it"},
	{'l', "label", OPT_LIST, offsetof(struct create_args, label), .arg = "KEY=VALUE", .help = "Set a label"},
	{0, "replace", OPT_FLAG, offsetof(struct create_args, replace), .help = "In place of one that has the name"},
	OPTION_END,
};

static void create_args_done(void *args)
{
	struct create_args *a = args;

	strv_done(&a->label);
	strv_done(&a->driver_opts);
}

static int read_file(const char *path, struct buf *data, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(e, errno, "open %s", path);
	r = fd_read_all(fd, SECRET_DATA_MAX, data);
	if (r == -EFBIG)
		return err_set(e, EFBIG, "secret data must be larger than 0 and less than %d bytes", SECRET_DATA_MAX);
	return r < 0 ? err_errno(e, -r, "read %s", path) : 0;
}

static int read_variable(const char *name, struct buf *data, struct err *e)
{
	const char *value = getenv(name);

	if (!value)
		return err_set(e, ENOENT, "cannot create store secret data: environment variable %s is not set", name);
	buf_adds(data, value);
	return buf_bad(data) ? err_errno(e, buf_bad(data), "variable %s", name) : 0;
}

static int create(const struct command_call *call, char id[static SECRET_ID_SIZE], struct err *e)
{
	_cleanup_(secret_data_done) struct buf data = BUF_INIT_MAX(SECRET_DATA_MAX + 1);
	_cleanup_json_ struct json_object *labels = json_object_new_object();
	const struct create_args *a = call->args;
	int r = 0;

	if (a->driver && strcmp(a->driver, "file") != 0) {
		err_set(e, ENOTSUP, "driver %s: there is only \"file\"", a->driver);
		err_hint(e, "any program can hand it over: pass show NAME | ranby secret create NAME -");
		return -ENOTSUP;
	}
	if (a->driver_opts.n > 0)
		return err_set(e, ENOTSUP, "--driver-opts: the driver \"file\" has none; secrets are below the data directory (--root)");
	/* at once: what grows leaves pieces behind */
	if (!labels || !buf_reserve(&data, SECRET_DATA_MAX))
		return err_errno(e, ENOMEM, "secret");
	for (size_t i = 0; r == 0 && i < a->label.n; i++)
		r = label_add(labels, "label", a->label.items[i], e);
	if (r == 0)
		r = a->env ? read_variable(call->argv[1], &data, e) : read_file(call->argv[1], &data, e);
	return r < 0 ? r : secret_create(call->engine, call->argv[0], buf_str(&data), data.len, labels, a->replace, id, e);
}

static int create_run(const struct command_call *call, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_SECRET_CREATE);
	char id[SECRET_ID_SIZE] = "";
	int r;

	a.name = call->argv[0];
	r = attest_result(call->engine, &a, create(call, id, e), e);
	if (r == 0)
		puts(id);
	return r;
}

const struct command command_secret_create = {
	.name = "secret create",
	.operands = "[OPTIONS] NAME FILE|-",
	.summary = "Keep a secret for containers",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = create_rows,
	.args_size = sizeof(struct create_args),
	.args_done = create_args_done,
	.run = create_run,
};
