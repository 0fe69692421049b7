/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * query - what the program ranby-audit does: one question to logs and ledgers per file.
 *
 * A question's name, rows and arguments are in `ranby` (cmd/audit_commands.h). To add
 * one: its row there, a declaration here, src/query/<name>.c, and a row in
 * query/main_ranby-audit.c. Like cmd, this room prints.
 */
#ifndef RANBY_QUERY_QUERY_H
#define RANBY_QUERY_QUERY_H

#include "cmd/audit_commands.h"

/*
 * `state`: the user's state directory, "" where there is none. 0, or an exit code
 * of the question's own (1: something was found), or a negative errno with words.
 */
typedef int query_run(const struct command_call *call, const char *state, struct err *e);

query_run query_attribute;
query_run query_events;
query_run query_report;
query_run query_rogue;
query_run query_trail;
query_run query_verify;
query_run query_who;

#endif
