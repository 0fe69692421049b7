/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * container_index - what lists want of the files of many containers, kept in one file, so that they need not be opened.
 *
 *	_cleanup_(container_index_close) struct container_index x;
 *	container_index_open(eng, &parts, n, &x);
 *	for each id: r = container_index_load(&x, id, &seen[i], &c, e);		// several threads at once
 *	container_index_keep(&x, items, seen, n);
 *
 * It is no state. Who finds none, or one that is damaged, reads the containers' own
 * files; so does who finds a container in it whose files are not the very
 * ones that were read then (inode, size, both times, to the nanosecond). What runs
 * is in no file anyway: the kernel is asked about each, each time.
 */
#ifndef RANBY_ENGINE_CONTAINER_INDEX_H
#define RANBY_ENGINE_CONTAINER_INDEX_H

#include "engine/container.h"

#include <sys/stat.h>

#define CONTAINER_INDEX "list" /* its name, in the run directory */
#define CONTAINER_INDEX_FEW 64 /* for so many it is neither written nor read */

/* Which file that is, and since when as it is. All 0: there is none. */
struct container_stamp {
	uint64_t ino, size;
	int64_t mtime_sec, mtime_nsec, ctime_sec, ctime_nsec;
};

/* One container's in the file. */
struct container_noted {
	char id[CONTAINER_ID_LEN];
	struct container_stamp spec, state;
	uint64_t at, len; /* its values, from the beginning of the file */
};

struct container_index {
	struct engine *eng;
	const struct container_parts *asked;
	struct container_parts parts;         /* that are kept: empty when those asked for are not all among them */
	uint64_t wanted;                      /* of those, by number, spec before state: what holds what is asked for */
	struct buf text;                      /* the file */
	const struct container_noted *noted;  /* in it, by id */
	size_t n;
	struct timespec begun;                /* as the kernel stamps files */
};

/* What was found of a container. */
struct container_seen {
	struct container_stamp spec, state;
	const struct container_noted *noted; /* it was taken from there */
};

/* Reads the index, if it is there, and of use for `n` containers and `asked` (borrowed); else it is an empty one. For few it is removed. */
void container_index_open(struct engine *eng, const struct container_parts *asked, size_t n, struct container_index *ret);
void container_index_close(struct container_index *x);

/* As container_load_as() with what was asked for, or more. Of one that is in the index its files are not opened. */
int container_index_load(const struct container_index *x, const char *id, struct container_seen *seen, struct container **ret,
			 struct err *e) _must_check_;

/*
 * Writes a new index when so many were not in the old one that it is worth it. `items` are those that were loaded, by
 * seen[] in the same order, NULL where there is none any more. It may as well fail: the next one will see.
 */
void container_index_keep(const struct container_index *x, struct container *const *items, const struct container_seen *seen, size_t n);

#endif
