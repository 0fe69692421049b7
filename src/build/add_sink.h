/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * add_sink - a tar on its way into a root: entries in, and the confined worker at the other end.
 *
 *	add_sink_init(&s, root_fd);
 *	r = add_sink_header(&s, &entry, e);		// the worker starts with the first
 *	r = add_sink_file(&s, &entry, fd, e);
 *	r = add_sink_end(&s, e);			// all is there, or the worker's error
 *	add_sink_done(&s);				// ends what still runs
 *
 * Names are from the root, without a slash in front. After add_sink_end() it can
 * be used anew.
 */
#ifndef RANBY_BUILD_ADD_SINK_H
#define RANBY_BUILD_ADD_SINK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/tar_writer.h"
#include "tar/unpack.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct add_sink {
	int root_fd; /* borrowed */
	int pipe_fd; /* -EBADF: no worker runs */
	struct unpack_job job;
	struct buf out;
	struct sigaction old_pipe; /* while it runs, a worker that dies is an error and no signal */
};

void add_sink_init(struct add_sink *s, int root_fd);
void add_sink_done(struct add_sink *s);

int add_sink_header(struct add_sink *s, const struct tar_entry *t, struct err *e) _must_check_;

/* Exactly `size` bytes of `fd`, which are added to `sum`: what is cut off meanwhile is zeros, what is added is left out. */
typedef int (*add_sink_take)(const char *data, size_t len, void *ctx, struct err *e);
int add_sink_read(int fd, const char *name, uint64_t size, struct sha256 *sum, add_sink_take take, void *ctx, struct err *e) _must_check_;

/* So t->size bytes. */
int add_sink_file(struct add_sink *s, const struct tar_entry *t, int fd, struct sha256 *sum, struct err *e) _must_check_;
int add_sink_bytes(struct add_sink *s, const struct tar_entry *t, const char *data, size_t len, struct err *e) _must_check_;

int add_sink_end(struct add_sink *s, struct err *e) _must_check_;

struct add_owner {
	uint32_t uid, gid;
};

/* 1: the file is a tar, as it is or packed (gzip, bzip2, xz, zstd); 0: it is none. Reads from its beginning, and leaves it there. */
int add_sink_is_tar(int fd, struct err *e) _must_check_;

/* Unpacks such a file into the directory `path` of the root. `owner`: of all in it; NULL: as the tar says. */
int add_sink_unpack(int root_fd, const char *path, int fd, uint64_t size, const struct add_owner *owner, struct sha256 *sum,
		    struct err *e) _must_check_;

#endif
