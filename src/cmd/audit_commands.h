/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit_commands - the commands of `ranby audit` that the program ranby-audit carries out.
 *
 * Their rows are in `ranby` (help, completion, the check of the man pages), and
 * what they do in ranby-audit, which links what `ranby` must not load at each
 * start. `ranby audit X ARG...` executes `ranby-audit X ARG...`, where the same rows
 * parse the arguments again. Per command: a `const struct command` whose run is
 * audit_forward, and a row in cmd/main_ranby-audit.c with the function that does it.
 */
#ifndef RANBY_CMD_AUDIT_COMMANDS_H
#define RANBY_CMD_AUDIT_COMMANDS_H

#include "base/strv.h"
#include "cmd/commands.h"

/* run() of such a command in `ranby`: does not return when it succeeds. */
int audit_forward(const struct command_call *call, struct err *e);

/* What does the work gets, beside the call, the user's state directory ("" where there is none). */
typedef int audit_run(const struct command_call *call, const char *state, struct err *e);

struct audit_verify_args {
	const char *ledger, *system, *key, *format;
	struct strv logs, heads;
	uint32_t owner;
};
audit_run audit_verify_run;

struct audit_trail_args {
	const char *ledger, *system, *since, *until, *user, *container, *image, *format;
	uint64_t last;
	bool no_trunc;
};
audit_run audit_trail_run;

struct audit_report_args {
	const char *profile, *since, *until, *user, *format, *output, *ledger, *system;
};
audit_run audit_report_run;
struct audit_attribute_args {
	struct strv anchors;
	const char *container, *format;
	bool summary;
};
audit_run audit_attribute_run;

struct audit_who_args {
	struct strv anchors, logs;
	const char *format;
	bool pid, serial;
};
audit_run audit_who_run;

struct audit_rogue_args {
	struct strv anchors, engines;
	const char *format;
	bool all;
};
audit_run audit_rogue_run;

#endif
