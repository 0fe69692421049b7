/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit attribute: each exec of an audit log with its container, the host, or "unknown". */
#include "cmd/audit_commands.h"

static const struct option_row attribute_rows[] = {
	{0, "anchor", OPT_LIST, offsetof(struct audit_attribute_args, anchors), .arg = "PID[@SERIAL]=NAME", .help = "That process was NAME's init, or on the host (NAME \"host\"), from that serial on; without one, in the whole log"},
	{'c', "container", OPT_STRING, offsetof(struct audit_attribute_args, container), .arg = "NAME", .help = "Only execs in this container, on the \"host\", or \"unknown\""},
	{0, "format", OPT_CHOICE, offsetof(struct audit_attribute_args, format), .arg = "FORMAT", .choices = "table|json|csv", .help = "table, json (one object a line) or csv"},
	{0, "summary", OPT_FLAG, offsetof(struct audit_attribute_args, summary), .help = "Only how many execs there were where"},
	OPTION_END,
};

static void attribute_done(void *args)
{
	strv_done(&((struct audit_attribute_args *)args)->anchors);
}

const struct command command_audit_attribute = {
	.name = "audit attribute",
	.operands = "[OPTIONS] [LOG...]",
	.summary = "Say in which container each exec of an audit log was",
	.max_operands = -1,
	.rows = attribute_rows,
	.args_size = sizeof(struct audit_attribute_args),
	.args_done = attribute_done,
	.run = audit_forward,
};
