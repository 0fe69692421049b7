/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby update: other limits and another restart policy, at once and for the next starts. */
#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/option_rows.h"
#include "engine/attest.h"
#include "engine/limits.h"
#include "engine/update.h"

#include <stdio.h>

struct update_args {
	bool latest;
	struct container_options change;
};

#define O(member) offsetof(struct update_args, change.member)

static const struct option_row update_rows[] = {
	{'l', "latest", OPT_FLAG, offsetof(struct update_args, latest), .help = "The newest container"},
	LIMIT_ROWS(O),
	{0, "restart", OPT_STRING, O(restart), .arg = "POLICY", .choices = RESTART_CHOICES, .help = "What to do when it ends: no, always, on-failure[:N], unless-stopped"},
	LIMIT_REFUSED_ROWS,
	OPTION_END,
};

static void update_args_done(void *args)
{
	container_options_done(&((struct update_args *)args)->change);
}

static int update_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct update_args *a = ctx;
	_cleanup_(buf_done) struct buf what = BUF_INIT;
	struct attest who = ATTEST_INIT(AUDIT_VERB_UPDATE);
	int r = update_container(call->engine, c, &a->change, &what, e);

	who.c = c;
	who.claim[WITNESS_CLAIM_DETAIL] = r == 0 && what.len ? buf_str(&what) : NULL;
	r = attest_result(call->engine, &who, r, e);
	if (r == 0)
		puts(c->id);
	return r;
}

static int update_run(const struct command_call *call, struct err *e)
{
	struct update_args *a = call->args;
	const struct each w = {.latest = a->latest};

	if (!limits_is_given(&a->change) && !a->change.restart) {
		(void)err_set(e, EINVAL, "ranby update: nothing to change");
		err_hint(e, "give a limit, like --memory 1g; ranby update --help lists them");
		return -EINVAL;
	}
	return each_container(call, &w, update_one, a, e);
}

const struct command command_update = {
	.name = "update",
	.aliases = "container update",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Change the limits and the restart policy of containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = update_rows,
	.args_size = sizeof(struct update_args),
	.args_done = update_args_done,
	.run = update_run,
};
