/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit who: who was it, and in which container? */
#include "cmd/audit_commands.h"

static const struct option_row who_rows[] = {
	{0, "anchor", OPT_LIST, offsetof(struct audit_who_args, anchors), .arg = "PID[@SERIAL]=NAME", .help = "As for audit attribute"},
	{0, "container", OPT_FLAG, offsetof(struct audit_who_args, container), .help = "It is a container, whatever it looks like"},
	{0, "file", OPT_FLAG, offsetof(struct audit_who_args, file), .help = "It is a file's name, whatever it looks like"},
	{0, "format", OPT_CHOICE, offsetof(struct audit_who_args, format), .arg = "FORMAT", .choices = "table|json", .help = "table, or json (one object a line)"},
	{'l', "log", OPT_LIST, offsetof(struct audit_who_args, logs), .arg = "FILE", .help = "This log (/var/log/audit/audit.log and what was rotated)"},
	{0, "pid", OPT_FLAG, offsetof(struct audit_who_args, pid), .help = "The number is a process id, and no serial"},
	{0, "serial", OPT_FLAG, offsetof(struct audit_who_args, serial), .help = "The number is a serial or a receipt, and no process id"},
	{0, "time", OPT_FLAG, offsetof(struct audit_who_args, time), .help = "It is a time, also seconds since 1970, or a duration that counts back from now"},
	OPTION_END,
};

static void who_done(void *args)
{
	strv_done(&((struct audit_who_args *)args)->anchors);
	strv_done(&((struct audit_who_args *)args)->logs);
}

const struct command command_audit_who = {
	.name = "audit who",
	.operands = "[OPTIONS] PID|SERIAL|TIME|FILE|CONTAINER",
	.summary = "Say who did something, in which container, and from where",
	.min_operands = 1,
	.max_operands = 1,
	.rows = who_rows,
	.args_size = sizeof(struct audit_who_args),
	.args_done = who_done,
	.run = audit_forward,
};
