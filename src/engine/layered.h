/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * layered - looks into a stack of layer directories as overlayfs would merge
 * them, without mounting anything.
 *
 *	_cleanup_(layered_done) struct layered l = LAYERED_INIT;
 *	r = layered_open(&dirs, &l, e);		// lowest first
 *	r = layered_read(&l, "etc/passwd", 1 << 20, &buf);
 *
 * Read-only. Each name is opened below one layer's fd, one component's link
 * at a time: links are followed here, as text, from the top of the stack,
 * so that they can lead into another layer but never out of the stack.
 */
#ifndef RANBY_ENGINE_LAYERED_H
#define RANBY_ENGINE_LAYERED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stddef.h>
#include <sys/types.h>

#define LAYERED_MAX 512      /* layers at most */
#define LAYERED_STEPS_MAX 256 /* components and links that one name may take */

struct layered {
	size_t n;
	int *fds; /* O_PATH, lowest first */
};
#define LAYERED_INIT {0}

int layered_open(const struct strv *dirs, struct layered *ret, struct err *e) _must_check_;
void layered_done(struct layered *l);

/*
 * Reads a regular file of at most `max` bytes, appending to `b`. -ENOENT: not
 * there (or whited out); -EINVAL: not a regular file; -EFBIG; -ELOOP: too many
 * steps.
 */
int layered_read(const struct layered *l, const char *path, size_t max, struct buf *b) _must_check_;

/* The type bits (S_IFMT) of what is there, links followed; same errors. */
int layered_type(const struct layered *l, const char *path, mode_t *ret_type) _must_check_;

/* The same of the name itself: what it leads to is not looked for, and no link on the way is followed (-ENOENT). */
int layered_own_type(const struct layered *l, const char *path, mode_t *ret_type) _must_check_;

#endif
