/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit trail: who did what, and in which container. */
#include "cmd/audit_commands.h"

static const struct option_row trail_rows[] = {
	{0, "since", OPT_STRING, offsetof(struct audit_trail_args, since), .arg = "TIME", .help = "From then on: a time, or \"10m\" ago"},
	{0, "until", OPT_STRING, offsetof(struct audit_trail_args, until), .arg = "TIME", .help = "Up to then"},
	{'u', "user", OPT_STRING, offsetof(struct audit_trail_args, user), .arg = "NAME", .help = "Of this login user, a name or a uid"},
	{'c', "container", OPT_STRING, offsetof(struct audit_trail_args, container), .arg = "NAME", .help = "In this container: a name, \"host\", \"unknown\", or the beginning of an id"},
	{0, "image", OPT_STRING, offsetof(struct audit_trail_args, image), .arg = "REFERENCE", .help = "In containers that were started from this image"},
	{'n', "last", OPT_U64, offsetof(struct audit_trail_args, last), .arg = "N", .help = "The newest N only"},
	{0, "ledger", OPT_STRING, offsetof(struct audit_trail_args, ledger), .arg = "PATH", .help = "Of this ledger"},
	{0, "system", OPT_STRING, offsetof(struct audit_trail_args, system), .arg = "DIR", .help = "Of the system ledger below DIR (/var/log/ranby)"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct audit_trail_args, no_trunc), .help = "Do not shorten the table's cells"},
	{0, "format", OPT_CHOICE, offsetof(struct audit_trail_args, format), .arg = "FORMAT", .choices = "table|json|csv", .help = "table, json (one object a line) or csv"},
	OPTION_END,
};

const struct command command_audit_trail = {
	.name = "audit trail",
	.operands = "[OPTIONS]",
	.summary = "List what was started and executed, by whom and in which container",
	.needs = NEED_ENGINE,
	.rows = trail_rows,
	.args_size = sizeof(struct audit_trail_args),
	.run = audit_forward,
};
