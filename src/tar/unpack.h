/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * unpack - drive ranby-unpack, the confined worker.
 *
 *	struct unpack_job job = UNPACK_JOB_INIT;
 *	r = unpack_start_layer(&job, blob_fd, dest_fd, map, keeper_fd, e);
 *	poll(job.answer_fd) ...
 *	while ((r = unpack_step(&job, e)) > 0)		// blocks on the pipe: one answer each
 *		job.in_bytes
 *	r == 0: job.done is right
 *	unpack_job_done(&job);				// ends it if it still runs
 */
#ifndef RANBY_TAR_UNPACK_H
#define RANBY_TAR_UNPACK_H

#include "base/err.h"
#include "base/mem.h"
#include "tar/unpack_protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct id_map;

struct unpack_job {
	pid_t pid;      /* 0: none */
	int pidfd;
	int answer_fd;
	uint64_t in_bytes; /* of the blob, so far */
	struct unpack_done done;
	/* archive: called for each member; name and link end in NUL, link is "" for a file */
	int (*on_member)(void *ctx, const struct unpack_member *m, const char *name, const char *link, struct err *e);
	void *ctx;
};
#define UNPACK_JOB_INIT {.pidfd = -EBADF, .answer_fd = -EBADF}

/* The fds are borrowed, and may be closed once started. keeper_fd -EBADF: as we are. map NULL: the same ids. */
int unpack_start_layer(struct unpack_job *job, int blob_fd, int dest_fd, const struct id_map *map, int keeper_fd,
		       struct err *e) _must_check_;
/* Only hashes what it unpacks to: done.digest. */
int unpack_start_digest(struct unpack_job *job, int blob_fd, struct err *e) _must_check_;
/* Writes the blob's content to out_fd, packed as one of "none", "gzip", "zstd" at that level (0: the usual): done.digest, done.packed. */
int unpack_start_recompress(struct unpack_job *job, int blob_fd, int out_fd, const char *format, uint32_t level, struct err *e) _must_check_;
int unpack_start_archive(struct unpack_job *job, int tar_fd, int dest_fd, struct err *e) _must_check_;

/* Reads one answer. 1: more will come; 0: done and ended well; else its error. */
int unpack_step(struct unpack_job *job, struct err *e) _must_check_;

/* Kills it if it runs, and reaps it. */
void unpack_job_done(struct unpack_job *job);

/* Removes a tree below dirfd with the keeper's rights. */
int unpack_remove(int dirfd, const char *name, int keeper_fd, struct err *e) _must_check_;

#endif
