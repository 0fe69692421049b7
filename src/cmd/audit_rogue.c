/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit rogue: namespaces and mounts that no start record accounts for. */
#include "cmd/audit_commands.h"

static const struct option_row rogue_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct audit_rogue_args, all), .help = "Also what the engine itself made, and why it is left out otherwise"},
	{0, "anchor", OPT_LIST, offsetof(struct audit_rogue_args, anchors), .arg = "PID[@SERIAL]=NAME", .help = "As for audit attribute: such a container is known"},
	{0, "engine", OPT_LIST, offsetof(struct audit_rogue_args, engines), .arg = "DIR", .help = "Programs in this directory are the engine's too"},
	{0, "format", OPT_CHOICE, offsetof(struct audit_rogue_args, format), .arg = "FORMAT", .choices = "table|json", .help = "table, or json (one object a line)"},
	{0, "unclear", OPT_FLAG, offsetof(struct audit_rogue_args, unclear), .help = "Also programs that may have made namespaces by clone3, of which the log cannot show it"},
	OPTION_END,
};

static void rogue_done(void *args)
{
	strv_done(&((struct audit_rogue_args *)args)->anchors);
	strv_done(&((struct audit_rogue_args *)args)->engines);
}

const struct command command_audit_rogue = {
	.name = "audit rogue",
	.operands = "[OPTIONS] [LOG...]",
	.summary = "Find namespaces and mounts of users that no start record accounts for",
	.max_operands = -1,
	.rows = rogue_rows,
	.args_size = sizeof(struct audit_rogue_args),
	.args_done = rogue_done,
	.run = audit_forward,
};
