/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit setup - what root has to do once, so that containers are witnessed and the system ledger is kept.
 *
 * A table of steps; each looks whether it is done, does it, or undoes it. So
 * --dry-run, --apply and --undo are one walk, and doing it twice does nothing.
 */
#include "cmd/audit_setup.h"

#include "cmd/commands.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row setup_rows[] = {
	{0, "dry-run", OPT_FLAG, offsetof(struct setup_args, dry_run), .help = "Say what there is to do, and do nothing"},
	{0, "apply", OPT_FLAG, offsetof(struct setup_args, apply), .help = "Do it"},
	{0, "undo", OPT_FLAG, offsetof(struct setup_args, undo), .help = "Take back what was made, and put back what was there before"},
	{0, "root", OPT_STRING, offsetof(struct setup_args, root), .arg = "DIR",
	 .help = "Write the files below DIR, and nothing else: for an image or a package"},
	{0, "witness", OPT_FLAG, offsetof(struct setup_args, witness), .help = "Only what ranby-witness needs: group, directory, capabilities"},
	OPTION_END,
};

static const struct step {
	int (*run)(struct setup *s, struct err *e);
	bool host, witness; /* not with --root; with --witness too */
} steps[] = {
	{setup_files_first, false, false}, {setup_accounts, true, true},    {setup_directories, true, true},
	{setup_privileges, true, true},    {setup_files_last, false, false},
};

static int find_witness(struct setup *s, struct err *e)
{
	_cleanup_close_ int path_fd = -EBADF;
	int r = self_open_program("ranby-witness", &path_fd, &s->witness, e);

	if (r < 0)
		return r;
	s->prefix = strdup(s->witness);
	if (!s->prefix)
		return err_errno(e, ENOMEM, "setup");
	for (int i = 0; i < 3; i++) /* PREFIX/libexec/ranby/ranby-witness */
		*strrchr(s->prefix, '/') = '\0';
	s->witness_fd = open(s->witness, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->witness_fd < 0 ? err_errno(e, errno, "%s", s->witness) : 0;
}

static int walk(struct setup *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++) {
		/* undone in the other direction */
		const struct step *step = &steps[s->a->undo ? ARRAY_SIZE(steps) - 1 - i : i];

		if ((!step->host || !s->a->root) && (step->witness || !s->a->witness))
			r = step->run(s, e);
	}
	if (r == 0 && s->a->undo)
		r = setup_remove_directories(s, e);
	if (r == 0 && s->a->apply && !s->a->root && !s->a->witness) {
		struct stat st;

		printf("next: augenrules --load && auditctl --signal HUP\n");
		if (stat("/sys/fs/selinux/enforce", &st) == 0)
			printf("next: semodule -i " RANBY_DATADIR "/policies/selinux/ranby.cil && "
			       "restorecon -R %s/bin/ranby %s/sbin/ranby-trail %s/libexec/ranby /etc/ranby " SETUP_LEDGER_DIR " " SETUP_STATE_DIR "\n",
			       s->prefix, s->prefix, s->prefix);
	}
	return r;
}

/* Of what was done before an error there is a note as well. */
static int walk_noted(struct setup *s, struct err *e)
{
	struct err why = {0};
	int r = setup_record_read(s, e), k;

	if (r < 0)
		return r;
	r = walk(s, e);
	if (s->a->dry_run)
		return r;
	k = setup_record_write(s, &why);
	if (k < 0 && r == 0)
		*e = why;
	return r < 0 ? r : k;
}

static int setup_run(const struct command_call *call, struct err *e)
{
	struct setup s = {.a = call->args, .witness_fd = -EBADF};
	int r;

	if (s.a->dry_run + s.a->apply + s.a->undo != 1)
		return err_set(e, EINVAL, "audit setup: one of --dry-run, --apply and --undo");
	if (s.a->witness && s.a->root)
		return err_set(e, EINVAL, "audit setup: --witness and --root exclude each other");
	if (!s.a->dry_run && !s.a->root && geteuid() != 0)
		return err_set(e, EPERM, "audit setup: only root can do that; --dry-run says what it would be");
	r = find_witness(&s, e);
	r = r < 0 ? r : walk_noted(&s, e);
	strv_done(&s.made);
	fd_closep(&s.witness_fd);
	free(s.witness);
	free(s.prefix);
	return r;
}

const struct command command_audit_setup = {
	.name = "audit setup",
	.operands = "--dry-run|--apply|--undo",
	.summary = "Install what witnesses containers and keeps the system ledger: accounts, capabilities, rules, plugin",
	.needs = NEED_NOTHING,
	.rows = setup_rows,
	.args_size = sizeof(struct setup_args),
	.run = setup_run,
};
