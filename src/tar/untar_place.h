/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * untar_place - where in the destination an entry of a tar belongs.
 *
 *	struct place p = PLACE_INIT(dest_fd);
 *	r = place_find(&p, "a/b/../c", &parent_fd, &base, e);	// parent of "a/c", made when missing
 *	r = place_clear(&p, parent_fd, base, false, &was, e);	// nothing there any more
 */
#ifndef RANBY_TAR_UNTAR_PLACE_H
#define RANBY_TAR_UNTAR_PLACE_H

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct place {
	int root_fd;             /* borrowed */
	const char *below;       /* names begin in this directory of it; NULL: in itself */
	uid_t uid;               /* of directories that no entry describes */
	gid_t gid;
	int parent_fd;           /* of the entry before, owned; -EBADF: none */
	char parent[PATH_MAX];   /* its cleaned path */
	char path[PATH_MAX];     /* the cleaned path of this entry, cut at its last slash */
};
#define PLACE_INIT(fd) {.root_fd = (fd), .parent_fd = -EBADF}

void place_done(struct place *p);

/*
 * Cleans the name lexically ("./a//b/../c" is "a/c") and opens its parent,
 * making what is missing. *ret_base points into `p` and is "" for the root
 * itself; *ret_parent is borrowed. Both live until the next call. -EINVAL:
 * the name leads out of the tree. Where this very layer has a whiteout on the
 * way, it becomes a directory (`revive`), or the result is 1.
 */
int place_find(struct place *p, const char *name, bool revive, int *ret_parent, const char **ret_base, struct err *e)
	_must_check_;

enum place_was {
	PLACE_NOTHING,
	PLACE_KEPT_DIR,  /* a directory is still there (keep_dir) */
	PLACE_WHITEOUT,  /* a whiteout was there; gone */
	PLACE_OTHER,     /* something else was there; gone */
};
/* Removes what has that name, a tree too; a directory stays when `keep_dir`. */
int place_clear(struct place *p, int parent, const char *base, bool keep_dir, enum place_was *ret, struct err *e)
	_must_check_;

/* Opens the parent of a hard link's target, as place_find() but nothing is made. */
int place_find_target(struct place *p, const char *name, int *ret_parent, char ret_base[static NAME_MAX + 1], struct err *e)
	_must_check_;

/* Marks an open directory as opaque for overlayfs mounted with "userxattr". */
int place_set_opaque(int dirfd) _must_check_;

/* Opens the directory `base` of `parent` for reading, not through a link. */
int place_open_dir(int parent, const char *base, int *ret_fd) _must_check_;

#endif
