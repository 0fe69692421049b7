/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * content - what a step takes from a directory that others may change meanwhile: a digest of it, and a copy.
 *
 *	r = content_digest(s, &request, &digest, e);		// for the key: before
 *	r = content_bind_copy(s, &bind, path, &digest, e);	// what RUN --mount=type=bind sees, and its digest
 *	... path is mounted ...
 *	content_bind_remove(s, first);
 *
 * A directory is given by a descriptor and never becomes a name again: a name
 * could mean another directory by then.
 */
#ifndef RANBY_BUILD_CONTENT_H
#define RANBY_BUILD_CONTENT_H

#include "build/add.h"
#include "build/session.h"

#include <limits.h>

/* add_digest() as the user; where modes of an unpacked context do not allow that, as root of the keeper. -ENOENT too: the directory was removed. */
int content_digest(struct session *s, const struct add_request *q, struct digest *ret, struct err *e) _must_check_;

/* A digest that a child's add_apply() can write too; NULL: no memory. */
struct digest *content_shared_digest(void);
void content_shared_done(struct digest *shared);

struct content_bind {
	int dir_fd;
	const char *path;            /* as it is, no pattern; NULL: all of it */
	const struct ignore *ignore; /* NULL: none */
};

int content_bind_digest(struct session *s, const struct content_bind *b, struct digest *ret, struct err *e) _must_check_;

/* `path`: absolute, in the build's own directory; a file or a directory, as what was copied is. */
int content_bind_copy(struct session *s, const struct content_bind *b, char path[static PATH_MAX], struct digest *ret, struct err *e) _must_check_;

/* The same of a program's text: on the disk, since from the run directory, as root's /run, nothing may be executed. */
int content_bind_script(struct session *s, const char *text, char path[static PATH_MAX], struct err *e) _must_check_;

/* Removes the copies that were made from number `first` on; session.binds tells the next. */
void content_bind_remove(struct session *s, size_t first);

#endif
