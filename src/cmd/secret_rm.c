/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby secret rm. One that cannot be removed does not keep the others. */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "engine/attest.h"
#include "engine/secret_store.h"

#include <errno.h>
#include <stdio.h>

struct rm_args {
	bool all, ignore;
};

static const struct option_row rm_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct rm_args, all), .help = "All secrets"},
	{'i', "ignore", OPT_FLAG, offsetof(struct rm_args, ignore), .help = "No error for a secret that is not there"},
	OPTION_END,
};

/* Returns the exit code for it. */
static int remove_one(struct engine *eng, const char *name, bool ignore)
{
	_cleanup_(secret_note_done) struct secret_note n = {0};
	struct attest a = ATTEST_INIT(AUDIT_VERB_SECRET_RM);
	struct err e = {0};
	int r = secret_find(eng, name, &n, &e);

	if (r == -ENOENT && ignore)
		return 0;
	a.name = n.name ? n.name : name;
	if (r == 0)
		r = secret_remove(eng, n.name, &e);
	r = attest_result(eng, &a, r, &e);
	if (r == 0) {
		puts(n.id);
		return 0;
	}
	report_error(&e);
	return report_code(&e);
}

static int rm_run(const struct command_call *call, struct err *e)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};
	const struct rm_args *a = call->args;
	int code = 0, k, r = 0;

	if (a->all == (call->argc > 0))
		return err_set(e, EINVAL, "ranby secret rm requires one argument, or the --all flag");
	if (a->all)
		r = secret_list(call->engine, &l, e);
	for (size_t i = 0; i < l.n; i++)
		code = (k = remove_one(call->engine, l.items[i].name, true)) ? k : code;
	for (int i = 0; i < call->argc; i++)
		code = (k = remove_one(call->engine, call->argv[i], a->ignore)) ? k : code;
	return r < 0 ? r : code;
}

const struct command command_secret_rm = {
	.name = "secret rm",
	.aliases = "secret remove",
	.operands = "[OPTIONS] [SECRET...]",
	.summary = "Remove secrets",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};
