/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tree - a function for each entry of a tree, by descriptors.
 *
 *	r = tree_each(fd, give, &owner);	// give(&owner, dirfd, name)
 *
 * No link is followed, no other file system entered; what somebody exchanges
 * meanwhile is another entry of the same directories, never one outside.
 */
#ifndef RANBY_SYS_TREE_H
#define RANBY_SYS_TREE_H

#include "base/mem.h"

#define TREE_DEPTH_MAX 1024 /* deeper is an error: -ELOOP */

typedef int (*tree_fn)(void *ctx, int dirfd, const char *name);

/* Below `consume_fd`, a directory, not it itself: an entry before what is in it. The first failure of `fn` ends it. */
int tree_each(int consume_fd, tree_fn fn, void *ctx) _must_check_;

#endif
