/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * guard - a process that outlives a build which is killed, and ends the
 * container that its RUN was at.
 *
 *	_cleanup_(guard_done) struct guard g = GUARD_INIT;
 *	r = guard_start(eng, &g, e);
 *	... containers are called g.name, one after another ...
 */
#ifndef RANBY_BUILD_GUARD_H
#define RANBY_BUILD_GUARD_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <errno.h>
#include <sys/types.h>

struct guard {
	pid_t pid;
	int pipe_fd;
	char name[40]; /* of the containers that it ends */
};
#define GUARD_INIT {.pipe_fd = -EBADF}

#define GUARD_FILES_MAX 64

/* Removes NAME below the run directory, with the files "0", "1", ... in it: secrets of a RUN. */
void guard_remove_files(int run_fd, const char *name);

/* Nothing when it is there already. */
int guard_start(struct engine *eng, struct guard *g, struct err *e) _must_check_;
/* All is well: it goes without a deed. */
void guard_done(struct guard *g);

#endif
