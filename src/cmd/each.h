/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * each - a verb on every container that its operands, --all or --latest name.
 *
 *	const struct each w = {.all = a->all, .latest = a->latest, .running_only = true};
 *	return each_container(call, &w, stop_one, a, e);
 *
 * One that fails does not stop the others: its error is printed, and the
 * exit code at the end is that of the last failure.
 */
#ifndef RANBY_CMD_EACH_H
#define RANBY_CMD_EACH_H

#include "base/err.h"
#include "cmd/command.h"
#include "engine/container.h"

#include <stdbool.h>

struct each {
	bool all, latest;
	bool running_only; /* --all: those that do not run, and will not by themselves, are passed over */
	bool newest_first; /* --all: who needs another before that one (engine/requires.h) */
	bool ignore;       /* an operand that names none is no error */
	int missing_exit;  /* the exit code when an operand names none; 0: that of other errors */
	const struct strv *cidfiles; /* --cidfile: files with an id each, or NULL */
	const struct strv *filter;   /* --filter: those that match instead of operands (view/ps.h), or NULL */
};

typedef int (*each_fn)(const struct command_call *call, struct container *c, void *ctx, struct err *e);

/* Returns what run() is to return. -EINVAL: no operand, --all or --latest, or two of these. */
int each_container(const struct command_call *call, const struct each *w, each_fn fn, void *ctx, struct err *e) _must_check_;

/* The first line of a file that the caller named, which is an id. An error begins with `what`. */
int read_id_file(const char *path, const char *what, char ret_id[static CONTAINER_ID_LEN + 1], struct err *e) _must_check_;

/* One container: the first operand, or with `latest` the newest. */
int one_container(const struct command_call *call, bool latest, struct container **ret, struct err *e) _must_check_;

#endif
