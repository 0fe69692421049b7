/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby profile record: `run`, with a writer that is asked at nearly every
 * call. With --verify what it saw is compared with the profile instead of
 * being added to it.
 */
#include "cmd/commands.h"
#include "cmd/container_options.h"
#include "cmd/report.h"
#include "engine/recorded_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OUTSIDE_CODE 1

/* What is outside of the profile, a line each on stderr, where the payload's own output does not get among it. */
static int report_outside(struct engine *eng, const char *name, int code, struct err *e)
{
	_cleanup_(recorded_done) struct recorded known = {0}, seen = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = recorded_take_verified(eng, name, &seen, e);

	if (r == 0)
		r = recorded_load(eng, name, &known, e);
	if (r == 0)
		r = recorded_diff(&known, &seen, true, &out, e);
	if (r < 0)
		return r;
	if (r == 0)
		return code;
	report_warning("profile %s: %d outside of it", name, r);
	for (char *save = NULL, *line = strtok_r(out.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		report_warning("%s", line + 1);
	return code ? code : OUTSIDE_CODE;
}

static int record_run(const struct command_call *call, struct err *e)
{
	struct container_options *o = call->args;
	struct command_call run = *call;
	_cleanup_(recorded_done) struct recorded known = {0};
	_cleanup_free_ char *name = NULL;
	int code, r;

	run.argc--;
	run.argv++;
	if (!container_name_is_valid(call->argv[0]))
		return err_set(e, EINVAL, "profile %.130s: not a name (letters, digits, _ . -)", call->argv[0]);
	if (o->verify && o->detach)
		return err_set(e, EINVAL, "--verify and --detach exclude each other");
	r = o->verify ? recorded_load(call->engine, call->argv[0], &known, e) : 0;
	if (r < 0)
		return r;
	if (asprintf(&name, "%s%s", o->verify ? RECORDED_VERIFY_PREFIX : "", call->argv[0]) < 0)
		return err_errno(e, ENOMEM, "profile");
	o->record_profile = name;
	code = command_run.run(&run, e);
	if (code < 0 || !o->verify)
		return code;
	return report_outside(call->engine, call->argv[0], code, e);
}

const struct command command_profile_record = {
	.name = "profile record",
	.operands = "[OPTIONS] PROFILE IMAGE [COMMAND [ARG...]]",
	.summary = "Run a container and record what it needs",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.min_operands = 2,
	.max_operands = -1,
	.rows = container_rows,
	.args_size = sizeof(struct container_options),
	.args_done = container_options_args_done,
	.run = record_run,
};
