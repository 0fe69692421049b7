/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby audit verify: is a ledger whole, and does the kernel's log agree with it? */
#include "cmd/audit_commands.h"

static const struct option_row verify_rows[] = {
	{0, "ledger", OPT_STRING, offsetof(struct audit_verify_args, ledger), .arg = "PATH", .help = "This ledger, a directory or one segment, instead of one's own"},
	{0, "system", OPT_STRING, offsetof(struct audit_verify_args, system), .arg = "DIR", .help = "The system ledger below DIR (/var/log/ranby), all shards"},
	{0, "log", OPT_LIST, offsetof(struct audit_verify_args, logs), .arg = "FILE", .help = "Compare with this audit log; again for more, the oldest first"},
	{0, "head", OPT_LIST, offsetof(struct audit_verify_args, heads), .arg = "FILE", .help = "Signed heads that were kept elsewhere: a file of lines, or a ledger"},
	{0, "key", OPT_STRING, offsetof(struct audit_verify_args, key), .arg = "FILE", .help = "Public key of the heads (/etc/ranby/trail.pub)"},
	{0, "owner", OPT_U32, offsetof(struct audit_verify_args, owner), .arg = "UID", .help = "Whose ledger it is, when it was copied"},
	{0, "format", OPT_CHOICE, offsetof(struct audit_verify_args, format), .arg = "FORMAT", .choices = "text|json", .help = "text or json"},
	OPTION_END,
};

static void verify_args_done(void *args)
{
	struct audit_verify_args *a = args;

	strv_done(&a->logs);
	strv_done(&a->heads);
}

const struct command command_audit_verify = {
	.name = "audit verify",
	.operands = "[OPTIONS]",
	.summary = "Check a ledger's chain, against signed heads and the audit log too",
	.needs = NEED_ENGINE,
	.rows = verify_rows,
	.args_size = sizeof(struct audit_verify_args),
	.args_done = verify_args_done,
	.run = audit_forward,
};
