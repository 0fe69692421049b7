/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* untar_meta - owner, mode, extended attributes and times of what untar made. */
#ifndef RANBY_TAR_UNTAR_META_H
#define RANBY_TAR_UNTAR_META_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "tar/untar.h"

#include <time.h>

struct archive_entry;

struct meta {
	uid_t uid; /* here */
	gid_t gid;
	mode_t mode; /* permission bits, 07777 */
	struct timespec times[2];
};

/* Reads them off the entry, owners through the map. -ERANGE: an owner that has no id here. */
int meta_read(struct archive_entry *entry, const struct untar_options *o, struct untar_counts *counts, struct meta *ret,
	      struct err *e) _must_check_;

/* Owner, then attributes, then mode (a change of owner clears setuid bits and capabilities), then times; on an open file or directory. */
int meta_apply_fd(int fd, const struct meta *m, struct archive_entry *entry, const struct untar_options *o,
		  struct untar_counts *counts, struct err *e) _must_check_;

/* Owner, mode (not of links) and times by name, nothing followed. */
int meta_apply_name(int parent, const char *base, const struct meta *m, bool is_link, struct err *e) _must_check_;

/*
 * Times of directories, which are set last: whatever is made in a directory
 * changes its own. Bounded: when META_DIRS_BYTES_MAX of names are held, what
 * is held is set and forgotten.
 */
#define META_DIRS_BYTES_MAX ((size_t)16 << 20)
struct meta_dirs {
	struct buf names; /* struct timespec and NUL-terminated path, one after the other */
};
int meta_dirs_add(struct meta_dirs *d, int root_fd, const char *path, const struct timespec *mtime) _must_check_;
void meta_dirs_apply(struct meta_dirs *d, int root_fd);

#endif
