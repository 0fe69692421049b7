/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby rename: another name for a container, running or not. */
#include "cmd/commands.h"
#include "engine/attest.h"
#include "engine/container.h"
#include "engine/remove.h"
#include "sys/fd.h"

#include <string.h>

static int rename_one(struct engine *eng, struct container *c, const char *name, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_RENAME);
	_cleanup_free_ char *old = strdup(c->name);
	_cleanup_close_ int lock = -EBADF;
	int r = old ? container_lock(c, CONTAINER_LOCK_MS, &lock, e) : err_errno(e, ENOMEM, "rename");

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0)
		r = container_rename(eng, c, name, e);
	/* by the name that it had, with the new one beside it */
	a.c = c;
	a.name = old;
	if (r == 0)
		a.claim[WITNESS_CLAIM_DETAIL] = name;
	return attest_result(eng, &a, r, e);
}

static int rename_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r;

	container_sweep(call->engine, remove_container_dir);
	r = container_find(call->engine, call->argv[0], &c, e);
	return r == 0 ? rename_one(call->engine, c, call->argv[1], e) : r;
}

static const struct option_row rename_rows[] = {OPTION_END};

const struct command command_rename = {
	.name = "rename",
	.aliases = "container rename",
	.operands = "CONTAINER NAME",
	.summary = "Give a container another name",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = rename_rows,
	.run = rename_run,
};
