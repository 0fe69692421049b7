/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby cp: between the host and a container, two containers, or a tar stream. */
#include "cmd/commands.h"
#include "engine/attest.h"
#include "engine/copy.h"

#include <stdio.h>
#include <unistd.h>

struct cp_args {
	bool archive, follow_link, overwrite, quiet;
};

static const struct option_row cp_rows[] = {
	{'a', "archive", OPT_FLAG, offsetof(struct cp_args, archive), .help = "Keep owners, instead of the container's root or the user"},
	{'L', "follow-link", OPT_FLAG, offsetof(struct cp_args, follow_link),
	 .help = "A link as the source means what it leads to (always so; those below it stay links)"},
	{0, "overwrite", OPT_FLAG, offsetof(struct cp_args, overwrite),
	 .help = "Let a directory be replaced by something else, and something else by a directory"},
	{'q', "quiet", OPT_FLAG, offsetof(struct cp_args, quiet), .help = "Print no progress (none is printed)"},
	OPTION_END,
};

static int attest_side(const struct command_call *call, const struct copy_side *s, const char *way, int r, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_CP);
	_cleanup_free_ char *what = NULL;

	if (!s->c)
		return r;
	a.c = s->c;
	if (r == 0 && asprintf(&what, "%s %s", way, s->path) > 0)
		a.claim[WITNESS_CLAIM_DETAIL] = what;
	return attest_result(call->engine, &a, r, e);
}

static int cp_run(const struct command_call *call, struct err *e)
{
	_cleanup_(copy_side_done) struct copy_side from = {.c = NULL}, to = {.c = NULL};
	const struct cp_args *a = call->args;
	const struct copy_options o = {.archive = a->archive, .overwrite = a->overwrite};
	int r = copy_side_parse(call->engine, call->argv[0], &from, e);

	if (r == 0)
		r = copy_side_parse(call->engine, call->argv[1], &to, e);
	if (r < 0)
		return r;
	if (!to.path && isatty(STDOUT_FILENO))
		r = err_set(e, EINVAL, "a tar is not for a terminal: redirect it");
	else if (!from.path && isatty(STDIN_FILENO))
		r = err_set(e, EINVAL, "a tar does not come from a terminal: redirect it");
	else
		r = copy_files(call->engine, &from, &to, &o, e);
	r = attest_side(call, &from, "from", r, e);
	return attest_side(call, &to, "to", r, e);
}

const struct command command_cp = {
	.name = "cp",
	.aliases = "container cp",
	.operands = "[OPTIONS] [CONTAINER:]SRC|- [CONTAINER:]DEST|-",
	.summary = "Copy files between a container and the host",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = cp_rows,
	.args_size = sizeof(struct cp_args),
	.run = cp_run,
};
