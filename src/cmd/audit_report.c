/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit report: what a ledger shows of the controls of a compliance profile. */
#include "cmd/audit_commands.h"

static const struct option_row report_rows[] = {
	{0, "profile", OPT_CHOICE, offsetof(struct audit_report_args, profile), .arg = "PROFILE", .choices = "pci4|srg-ctr|800-53|800-190",
	 .help = "Whose controls: pci4, srg-ctr, 800-53 (the default) or 800-190"},
	{0, "since", OPT_STRING, offsetof(struct audit_report_args, since), .arg = "TIME", .help = "From then on: a time, or \"24h\" ago"},
	{0, "until", OPT_STRING, offsetof(struct audit_report_args, until), .arg = "TIME", .help = "Up to then"},
	{'u', "user", OPT_STRING, offsetof(struct audit_report_args, user), .arg = "NAME", .help = "Of this login user, a name or a uid"},
	{0, "format", OPT_CHOICE, offsetof(struct audit_report_args, format), .arg = "FORMAT", .choices = "text|json|html",
	 .help = "text (the default), json, or one HTML page"},
	{'o', "output", OPT_STRING, offsetof(struct audit_report_args, output), .arg = "FILE", .help = "Into this file, in place of standard output"},
	{0, "ledger", OPT_STRING, offsetof(struct audit_report_args, ledger), .arg = "PATH", .help = "Of this ledger"},
	{0, "system", OPT_STRING, offsetof(struct audit_report_args, system), .arg = "DIR",
	 .help = "Of the system ledger below DIR (/var/log/ranby)"},
	OPTION_END,
};

const struct command command_audit_report = {
	.name = "audit report",
	.operands = "[OPTIONS]",
	.summary = "Show what is proved of the controls of a compliance profile, by which records",
	.needs = NEED_ENGINE,
	.rows = report_rows,
	.args_size = sizeof(struct audit_report_args),
	.run = audit_forward,
};
