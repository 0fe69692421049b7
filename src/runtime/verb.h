/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * verb - the commands of ranby-runtime, as a table (verb_find(), verb_table.c).
 *
 * A verb prints nothing and does not exit: what it has to say is in
 * `struct verb_result`, which main() writes out.
 */
#ifndef RANBY_RUNTIME_VERB_H
#define RANBY_RUNTIME_VERB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/option.h"
#include "runtime/context.h"

struct verb_result {
	struct buf out;  /* to standard output */
	struct err warning; /* of what went wrong and stops nothing; code 0: none */
	int exit_code;   /* 0, or the payload's (run, exec) */
	/* Writes `out` at once and empties it: for a verb that goes on. 0 or -errno. */
	int (*flush)(struct buf *out);
	int error_fd;    /* --error-fd: takes the struct err of a failure; -1: none */
};

struct verb {
	const char *name;
	const char *operands; /* for --help */
	const char *summary;
	const struct option_row *rows;
	int min_operands, max_operands; /* max -1: any */
	bool needs_root;                /* RROOT is opened (and made) for it */
	int (*run)(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e);
};

const struct verb *verb_find(const char *name);

/* ---- the verbs, by file ---- */
extern const struct verb verb_create, verb_run, verb_start;   /* verb_create.c */
extern const struct verb verb_exec;                           /* verb_exec.c */
extern const struct verb verb_state, verb_list, verb_ps, verb_delete; /* verb_state.c */
extern const struct verb verb_kill; /* verb_kill.c */
extern const struct verb verb_pause, verb_resume, verb_update, verb_events, verb_checkpoint, verb_restore; /* verb_cgroup.c */
extern const struct verb verb_features, verb_spec;            /* verb_spec.c */

/* Parses the verb's options into `base`, and checks the number of operands; *ret_operand is the index of the first. */
int verb_parse(const struct verb *v, int argc, char **argv, void *base, int *ret_operand, struct err *e) _must_check_;

#endif
