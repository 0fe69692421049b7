/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * clone - another container like one that is there, as `create` makes one.
 *
 *	_cleanup_(made_done) struct made m = MADE_INIT;
 *	r = clone_make(call, c, &(struct clone_wanted){.change = &limits}, &m, e);
 */
#ifndef RANBY_CMD_CLONE_H
#define RANBY_CMD_CLONE_H

#include "base/err.h"
#include "cmd/command.h"
#include "cmd/make.h"
#include "engine/container.h"
#include "engine/options.h"

struct clone_wanted {
	const char *name;  /* NULL: the other's and "-clone" */
	const char *image; /* NULL: the other's */
	const char *pod;   /* by name or id; NULL: the other's, if it is in one */
	const struct strv *requires; /* ids of containers; NULL: the other's */
	const struct container_options *change; /* limits over the other's; NULL: none */
};

#define CLONE_NAME_SIZE 160

/* NAME-clone, or NAME-clone1 and so on: one that `is_taken` does not know. -EEXIST. */
typedef bool (*clone_taken_fn)(struct engine *eng, const char *name);
int clone_name(struct engine *eng, const char *of, clone_taken_fn is_taken, char out[static CLONE_NAME_SIZE], struct err *e) _must_check_;

int clone_make(const struct command_call *call, const struct container *c, const struct clone_wanted *w, struct made *m,
	       struct err *e) _must_check_;

#endif
