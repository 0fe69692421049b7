/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit_setup - the steps of `ranby audit setup`, and the note of what it made.
 *
 * Each step looks whether it is done, does it, or undoes it, as s->a says, and
 * prints what it found or did. What was made here and was not there before is
 * noted in RECORD, so that --undo takes back that and nothing else.
 */
#ifndef RANBY_CMD_AUDIT_SETUP_H
#define RANBY_CMD_AUDIT_SETUP_H

#include "audit/system_ledger.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <sys/types.h>

#define SETUP_RECORD_DIR "/etc/ranby"
#define SETUP_RECORD "setup.made"
#define SETUP_GROUP "ranby"
#define SETUP_AUDIT_GROUP "ranby-audit"
#define SETUP_USER "ranby-trail"
#define SETUP_STATE_DIR "/run/ranby-witness"
#define SETUP_LEDGER_DIR SYSTEM_LEDGER_DIR

struct setup_args {
	bool dry_run, apply, undo, witness;
	const char *root;
};

struct setup {
	const struct setup_args *a;
	char *witness; /* absolute path of ranby-witness */
	char *prefix;  /* PREFIX of the installation */
	int witness_fd;
	struct strv made; /* lines of the record: "KIND NAME[ VALUE]" */
	bool made_changed;
};

/* ---- the record ---- */

int setup_record_read(struct setup *s, struct err *e) _must_check_;
/* Removes the file when nothing is noted any more. */
int setup_record_write(struct setup *s, struct err *e) _must_check_;
/* VALUE ("" when there is none), or NULL: not made here. */
const char *setup_made(const struct setup *s, const char *kind, const char *name);
int setup_note(struct setup *s, const char *kind, const char *name, const char *value) _must_check_;
void setup_forget(struct setup *s, const char *kind, const char *name);

/* ---- steps ---- */

/* For who makes accounts and directories, and for what depends on these. */
int setup_files_first(struct setup *s, struct err *e) _must_check_;
int setup_files_last(struct setup *s, struct err *e) _must_check_;
int setup_accounts(struct setup *s, struct err *e) _must_check_;
int setup_directories(struct setup *s, struct err *e) _must_check_;
int setup_privileges(struct setup *s, struct err *e) _must_check_;
/* --undo, as the last: writes the record, and removes directories that were made here and are empty now. */
int setup_remove_directories(struct setup *s, struct err *e) _must_check_;

/* Opens the directory of an absolute path below --root; with `make`, what is missing is made (0755) and noted. -ENOENT. */
int setup_open_dir(struct setup *s, const char *path, bool make, const char **ret_name, int *ret_fd) _must_check_;

#endif
