/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby profile diff: what one recorded profile has and the other has not. 0: nothing, 1: something, as diff(1). */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/recorded_store.h"

static const struct option_row diff_rows[] = {OPTION_END};

static int diff_run(const struct command_call *call, struct err *e)
{
	_cleanup_(recorded_done) struct recorded a = {0}, b = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int found, r = recorded_load(call->engine, call->argv[0], &a, e);

	if (r == 0)
		r = recorded_load(call->engine, call->argv[1], &b, e);
	if (r < 0)
		return r;
	found = recorded_diff(&a, &b, false, &out, e);
	if (found < 0)
		return found;
	r = screen_put(&out, e);
	return r < 0 ? r : found > 0;
}

const struct command command_profile_diff = {
	.name = "profile diff",
	.operands = "PROFILE OTHER-PROFILE",
	.summary = "Compare two recorded profiles",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = diff_rows,
	.run = diff_run,
};
