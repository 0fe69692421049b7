/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * guard - a process that outlives a build which is killed, ends the
 * container that its RUN was at and removes the directory that it worked in.
 *
 *	_cleanup_(guard_done) struct guard g = GUARD_INIT;
 *	r = guard_start(eng, &g, e);
 *	... containers are called g.name, one after another ...
 *	r = guard_place(&g, &(struct guard_place){...}, e);	// a directory that is made elsewhere
 *	r = guard_place(&g, NULL, e);	// it is whole, or removed
 *
 * What a build leaves whose guard was killed with it, guard_sweep() of the
 * next build or prune takes.
 */
#ifndef RANBY_BUILD_GUARD_H
#define RANBY_BUILD_GUARD_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GUARD_NAME_SIZE 48

struct guard {
	pid_t pid;
	int sock_fd;
	int hold_fd; /* borrowed; it stays open until the guard has done all: who has the other end of that pipe sees it. -EBADF: none */
	char name[GUARD_NAME_SIZE]; /* of the containers that it ends */
};
#define GUARD_INIT {.sock_fd = -EBADF, .hold_fd = -EBADF}

#define GUARD_FILES_MAX 64

/* Removes NAME below the run directory, with the files "0", "1", ... in it: secrets of a RUN. */
void guard_remove_files(int run_fd, const char *name);

/* Nothing when it is there already. */
int guard_start(struct engine *eng, struct guard *g, struct err *e) _must_check_;
/* What it removes besides: `name` in a directory, and the empty directories that `dest` is in, as far as they are longer than `there`. */
struct guard_place {
	int parent_fd, keeper_fd; /* parent_fd -EBADF: there is none yet; keeper_fd -EBADF: as we are */
	char name[64];
	char dest[PATH_MAX]; /* from the directory where the build began */
	size_t there;
};
/* Before it is made; NULL: none any more. -EPIPE: the guard has been killed. */
int guard_place(const struct guard *g, const struct guard_place *p, struct err *e) _must_check_;

/* Removes such directories above dest, those that are there; cuts it. */
void guard_remove_parents(char *dest, size_t there);

/* All is well: it goes without a deed. */
void guard_done(struct guard *g);

/* Of guard.name: the process that builds. False when it is none. */
bool guard_name_parse(const char *name, pid_t *ret_pid, uint64_t *ret_ticks);

/* Ends and removes what builds have left that are no more: containers, files of secrets. What cannot go now is left for the next. */
void guard_sweep(struct engine *eng);

#endif
