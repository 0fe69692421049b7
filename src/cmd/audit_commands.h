/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit_commands - the commands that the program ranby-audit carries out: those of `ranby audit`, and `events`.
 *
 * Their rows are in `ranby` (help, completion, the check of the man pages), and
 * what they do in ranby-audit, which links what `ranby` must not load at each
 * start. `ranby audit X ARG...` executes `ranby-audit X ARG...`, where the same rows
 * parse the arguments again. Per command: a `const struct command` whose run is
 * audit_forward, and a file in the room query with the function that does it.
 */
#ifndef RANBY_CMD_AUDIT_COMMANDS_H
#define RANBY_CMD_AUDIT_COMMANDS_H

#include "base/strv.h"
#include "cmd/commands.h"

#include <string.h>

/* A command's name to ranby-audit: "trail" of "audit trail". */
static inline const char *audit_word(const struct command *c)
{
	const char *space = strchr(c->name, ' ');

	return space ? space + 1 : c->name;
}

/* run() of such a command in `ranby`: does not return when it succeeds. */
int audit_forward(const struct command_call *call, struct err *e);

struct events_args {
	const char *since, *until, *format, *system;
	struct strv filters;
	bool all_users, stream, no_trunc, journal;
};

struct audit_verify_args {
	const char *ledger, *system, *key, *format;
	struct strv logs, heads;
	uint32_t owner;
};

struct audit_trail_args {
	const char *ledger, *system, *since, *until, *user, *container, *image, *format;
	uint64_t last;
	bool no_trunc;
};

struct audit_report_args {
	const char *profile, *since, *until, *user, *format, *output, *ledger, *system;
};

struct audit_attribute_args {
	struct strv anchors;
	const char *container, *format;
	bool summary;
};

struct audit_who_args {
	struct strv anchors, logs;
	const char *format;
	bool pid, serial, time, file, container;
};

struct audit_rogue_args {
	struct strv anchors, engines;
	const char *format;
	bool all, unclear;
};

#endif
