/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pack - a tree, or one file, becomes a tar: the other direction of untar.
 *
 *	struct pack_options o = {.root_fd = root, .path = "etc", .top = "etc", .out_fd = pipe};
 *	r = pack(&o, &counts, e);
 *
 * The names below a directory are sorted, and links to one file that are both
 * in it stay links, so that the same tree gives the same tar. `path` is
 * resolved inside the root, links too; below it nothing is followed. Devices
 * and sockets are left out: nobody could unpack them. A file that changes
 * meanwhile has the length that it had at first.
 *
 * Only ranby-unpack links this.
 */
#ifndef RANBY_TAR_PACK_H
#define RANBY_TAR_PACK_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/idmap.h"
#include "tar/unpack_protocol.h"

#include <stdbool.h>
#include <stdint.h>

#define PACK_DEPTH_MAX 400        /* directories in each other: each is an open descriptor */
#define PACK_ENTRIES_MAX 5000000
#define PACK_DIRECTORY_MAX 1000000 /* entries of one directory, which are sorted in memory */

struct pack_options {
	int root_fd;              /* borrowed */
	const char *path;         /* in it; "" or ".": itself */
	const char *top;          /* its name in the tar; NULL: only what is in it, with names from there */
	const struct id_map *map; /* ids in the tar to ids here; NULL: the same. One that has none there becomes ID_OVERFLOW */
	bool layer;               /* the upper directory of an overlay: whiteouts and opaque marks as image-spec writes them */
	const struct pack_times *times; /* NULL: as they are */
	bool one_mount;           /* what is mounted below is an empty directory or file */
	int out_fd;
};
#define PACK_ID_OVERFLOW 65534

struct pack_counts {
	uint64_t entries, file_bytes, skipped;
};

/* -ENOENT, -EINVAL: what `path` is is neither a directory nor a file. -EPIPE: nobody reads it any more. */
int pack(const struct pack_options *o, struct pack_counts *counts, struct err *e) _must_check_;

#endif
