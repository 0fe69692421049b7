/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby profile apply: the options of `run` that hold a container to a recorded profile, and the files that they name. */
#include "base/escape.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/recorded_store.h"

struct apply_args {
	bool log;
};

static const struct option_row apply_rows[] = {
	{0, "log", OPT_FLAG, offsetof(struct apply_args, log),
	 .help = "Refuse nothing: calls outside of it go to the kernel's audit log"},
	OPTION_END,
};

static int apply_run(const struct command_call *call, struct err *e)
{
	const struct apply_args *a = call->args;
	_cleanup_(strv_done) struct strv words = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = recorded_apply(call->engine, call->argv[0], a->log, &words, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < words.n; i++) {
		buf_adds(&out, i ? " " : "");
		escape_shell(words.items[i], &out);
	}
	buf_addc(&out, '\n');
	return screen_put(&out, e);
}

const struct command command_profile_apply = {
	.name = "profile apply",
	.operands = "[OPTIONS] PROFILE",
	.summary = "Print the options of run that enforce a recorded profile",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = apply_rows,
	.args_size = sizeof(struct apply_args),
	.run = apply_run,
};
