/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby volume create. */
#include "cmd/commands.h"
#include "engine/attest.h"
#include "engine/labels.h"
#include "engine/name_words.h"
#include "engine/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct create_args {
	bool ignore;
	const char *driver;
	struct strv label, opt;
};

static const struct option_row create_rows[] = {
	{'d', "driver", OPT_STRING, offsetof(struct create_args, driver), .arg = "DRIVER", .choices = "local", .help = "Only \"local\": a directory"},
	{0, "ignore", OPT_FLAG, offsetof(struct create_args, ignore), .help = "No error when it is there"},
	{'l', "label", OPT_LIST, offsetof(struct create_args, label), .arg = "KEY=VALUE", .help = "Set a label"},
	{'o', "opt", OPT_LIST, offsetof(struct create_args, opt), .arg = "KEY=VALUE",
	 .help = "type=tmpfs|none, device=DIRECTORY, o=OPTION[,OPTION...]"},
	OPTION_END,
};

static void create_args_done(void *args)
{
	struct create_args *a = args;

	strv_done(&a->label);
	strv_done(&a->opt);
}

static int make(const struct command_call *call, const char *name, struct err *e)
{
	_cleanup_json_ struct json_object *labels = NULL, *options = NULL;
	const struct create_args *a = call->args;
	int r = 0;

	if (a->driver && *a->driver && strcmp(a->driver, "local") != 0) {
		err_set(e, ENOTSUP, "volume %s: driver %s: there is only \"local\"", name, a->driver);
		return -ENOTSUP;
	}
	if (!container_name_is_valid(name) || strlen(name) >= VOLUME_NAME_SIZE)
		r = err_set(e, EINVAL, "%s: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*, and have at most %d characters", name,
			    VOLUME_NAME_SIZE - 1);
	if (r == 0)
		r = labels_make("label", &a->label, &labels, e);
	if (r == 0)
		r = labels_make("opt", &a->opt, &options, e);
	return r < 0 ? r : volume_create(call->engine->data_fd, name, labels, options, e);
}

static int create_run(const struct command_call *call, struct err *e)
{
	const struct create_args *a = call->args;
	char random_name[VOLUME_NAME_SIZE];
	const char *name = call->argc ? call->argv[0] : random_name;
	int r = volume_random_name(random_name);

	if (r < 0)
		return err_errno(e, -r, "random name");
	r = make(call, name, e);
	if (r != -EEXIST || !a->ignore)
		r = attest_volume(call->engine, AUDIT_VERB_VOLUME_CREATE, name, NULL, NULL, false, r, e);
	else
		r = 0;
	if (r == 0)
		puts(name);
	return r;
}

const struct command command_volume_create = {
	.name = "volume create",
	.operands = "[OPTIONS] [NAME]",
	.summary = "Make a volume",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = create_rows,
	.args_size = sizeof(struct create_args),
	.args_done = create_args_done,
	.run = create_run,
};
