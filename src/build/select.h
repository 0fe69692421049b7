/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * select - what the sources of a COPY are: paths by pattern, and all that is below one.
 *
 *	r = select_glob(root_fd, "*.c", ignore, &paths, e);
 *	for each path:
 *		r = select_walk(&(struct selection){root_fd, ignore, exclude, each, ctx}, path, e);
 *
 * Names are sorted by their bytes, so that the same tree is always the same
 * list. All is found from root_fd as if it were the root, and below a
 * directory nothing is followed: what somebody exchanges meanwhile is another
 * file of the same tree, or an error.
 */
#ifndef RANBY_BUILD_SELECT_H
#define RANBY_BUILD_SELECT_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/ignore.h"

#include <stddef.h>
#include <sys/stat.h>

#define SELECT_DEPTH_MAX 256         /* directories in each other */
#define SELECT_DIRECTORY_MAX 1000000 /* entries of one */

struct select_entry {
	const char *rel;  /* from what was selected; "": it itself */
	int fd;           /* of a file or directory, for reading; else -EBADF. The walk's */
	const char *link; /* of a symbolic link */
	struct stat st;
};

struct selection {
	int root_fd;
	const struct ignore *ignore;  /* by the path from the root; NULL: none */
	const struct ignore *exclude; /* by the name from what was selected; of a file its last part. NULL: none */
	int (*each)(void *ctx, const struct select_entry *entry, struct err *e);
	void *ctx;
};

/* Clean relative paths ("" is the root itself) of all that the pattern matches, appended. -ENOENT: nothing, or ignored all. */
int select_glob(int root_fd, const char *pattern, const struct ignore *ignore, struct strv *ret, struct err *e) _must_check_;

/* The path itself, links in it followed, and what is below: a directory before its entries. Devices and sockets are left out, a fifo is told. */
int select_walk(const struct selection *s, const char *path, struct err *e) _must_check_;

#endif
