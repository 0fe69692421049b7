/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * unpack_copy - trees and tars by the worker, with somebody else's IDs: what
 * `cp`, `export` and `commit` are made of.
 *
 *	struct unpack_job out = UNPACK_JOB_INIT, in = UNPACK_JOB_INIT;
 *	r = unpack_start_pack(&out, &(struct unpack_tree){.dir_fd = root, .path = "etc", .top = "etc"}, pipe_w, e);
 *	r = unpack_start_extract(&in, &(struct unpack_tree){.dir_fd = dest}, pipe_r, e);
 *	r = unpack_wait_both(&out, &in, e);
 */
#ifndef RANBY_TAR_UNPACK_COPY_H
#define RANBY_TAR_UNPACK_COPY_H

#include "sys/idmap.h"
#include "tar/unpack.h"

struct unpack_tree {
	int dir_fd;               /* the root of names, O_PATH will do; nothing outside of it is touched */
	const char *path;         /* in it: what is packed, or where is extracted to; NULL: itself */
	int userns_fd;            /* whose IDs the files have; -EBADF: as we are */
	const struct id_map *map; /* IDs in the tar to IDs there; NULL: the same */
	/* pack (tar/pack.h) */
	const char *top;
	bool layer, one_mount;
	const struct pack_times *times;
	/* extract (tar/untar.h) */
	bool own, overwrite, no_set_id;
	uint32_t uid, gid;
};

/* The fds are borrowed, and may be closed once started. */
int unpack_start_pack(struct unpack_job *job, const struct unpack_tree *t, int out_fd, struct err *e) _must_check_;
int unpack_start_extract(struct unpack_job *job, const struct unpack_tree *t, int in_fd, struct err *e) _must_check_;

/* Until one has ended. */
int unpack_wait(struct unpack_job *job, struct err *e) _must_check_;

/* Both, of which the first writes what the second reads. The error is that of whoever did not only notice the other's. */
int unpack_wait_both(struct unpack_job *writer, struct unpack_job *reader, struct err *e) _must_check_;

#endif
