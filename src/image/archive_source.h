/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * archive_source - the files of an archive or of an OCI directory, by name.
 *
 *	_cleanup_(source_done) struct source src = SOURCE_INIT;
 *	r = source_open_tar(&src, st, fd, progress, e);	// or source_open_dir()
 *	r = source_read(&src, "index.json", &text, e);
 *	r = source_commit(&src, "blobs/sha256/…", &digest, &size, e);	// into the store
 */
#ifndef RANBY_IMAGE_ARCHIVE_SOURCE_H
#define RANBY_IMAGE_ARCHIVE_SOURCE_H

#include "image/progress.h"
#include "image/store_private.h"

struct source_member {
	char *name; /* as in the tar, without leading "./" */
	char *link; /* where a link leads, as written; NULL: a file */
	uint32_t index;
	uint64_t size_bytes;
	struct digest digest;
};

struct source {
	struct store *st;
	struct staging staging;
	int dirfd; /* of a directory; -EBADF: a tar */
	char *place; /* real path of the file or directory that was opened; NULL: it has none, as a pipe */
	struct source_member *members;
	size_t n, room;
	unsigned copies; /* names of copied files */
};
#define SOURCE_INIT {.staging = STAGING_INIT, .dirfd = -EBADF}

/* By path, whichever of both it is. */
int source_open(struct source *src, struct store *st, const char *path, struct progress *progress, struct err *e) _must_check_;
/* Unpacks the tar (plain or compressed) read from `fd` in the worker. */
int source_open_tar(struct source *src, struct store *st, int fd, struct progress *progress, struct err *e) _must_check_;
/* Takes over `dirfd`. */
int source_open_dir(struct source *src, struct store *st, int consume_dirfd, struct err *e) _must_check_;
void source_done(struct source *src);

bool source_has(const struct source *src, const char *name);

/* Reads a small file whole. -ENOENT. */
int source_read(struct source *src, const char *name, struct buf *text, struct err *e) _must_check_;

/*
 * Puts the file into the store as a blob, unless it is there. `digest`: what
 * it must be; when not set, it becomes what it is.
 */
int source_commit(struct source *src, const char *name, struct digest *digest, uint64_t *ret_bytes, struct err *e)
	_must_check_;

#endif
