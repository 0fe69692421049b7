/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * record - what a container's processes ask of the kernel: calls with the
 * classes of their arguments, files, ports, and the capabilities that they
 * seem to need. Written at the end as one file, ranby-profile(5).
 *
 *	r = record_begin(&rec, path, userns_fd);
 *	record_call(&rec, listener, &n);	// for each question, before it goes on
 *	r = record_write(&rec, container);
 *
 * A question comes before the call, so what is noted is what was asked for,
 * not what came of it; a file counts only when it is there or its directory
 * is, by the names that the kernel has for them.
 */
#ifndef RANBY_MONITOR_RECORD_H
#define RANBY_MONITOR_RECORD_H

#include "base/buf.h"
#include "monitor/tally.h"
#include "sys/memory.h"
#include "sys/procfs.h"

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>

#define RECORD_FILES_MAX 16384
#define RECORD_ITEMS_MAX 4096

enum record_file {
	RECORD_READ = 1 << 0,
	RECORD_WRITE = 1 << 1,
	RECORD_EXEC = 1 << 2,
	RECORD_LIST = 1 << 3,   /* a directory's names */
	RECORD_CREATE = 1 << 4, /* a name, whose directory is changed */
	RECORD_REMOVE = 1 << 5, /* likewise */
	RECORD_LOOK = 1 << 6,   /* at attributes or a link */
	RECORD_CHANGE = 1 << 7, /* attributes */
};
#define RECORD_FILE_LETTERS "rwxlcuts"

struct record {
	char *path;
	struct procfs fs;
	struct tally calls, args, foreign, files, caps, binds, connects;
	uint64_t asked;   /* questions */
	uint64_t unread;  /* of them, whose memory or files could not be looked at */
	bool begun;       /* the payload's own exec was asked for */
};

/* One question, while it is looked at. */
struct record_asker {
	struct record *rec;
	const struct seccomp_notif *n;
	struct memory memory;
	int dirfd, root;          /* /proc/TID and its root; -EBADF */
	bool has_status;          /* tried */
	bool status_failed;
	struct proc_status status; /* by asker_status() */
};

/* Joins the user namespace, when there is one, so that files of its ids can be looked at. */
int record_begin(struct record *r, const char *path, int userns_fd) _must_check_;
void record_call(struct record *r, const struct seccomp_notif *n);
int record_write(struct record *r, const char *container) _must_check_;

/* ---- parts, each its own file ---- */
const struct proc_status *asker_status(struct record_asker *a);
bool asker_has_cap(struct record_asker *a, int cap);
void record_need(struct record_asker *a, int cap, const char *why);
void record_args(struct record_asker *a);
void record_files(struct record_asker *a);
void record_caps(struct record_asker *a);
/* Whether the mode lets the asker have it, without a capability; `want` of 4, 2, 1. */
bool asker_may(const struct proc_status *st, uint32_t uid, uint32_t gid, uint32_t mode, uint32_t want);
/* Text of a path in the asker's memory. -EFAULT, -ENAMETOOLONG. */
int asker_text(struct record_asker *a, uint64_t at, char *out, size_t size) _must_check_;
int asker_root(struct record_asker *a);
/* The name in argument `path`, made absolute in the container by the directory in argument `dir` (RECORD_NO_ARG: the working directory). */
#define RECORD_NO_ARG (-1)
int asker_path(struct record_asker *a, int dir, int path, char out[static PATH_MAX]) _must_check_;

#endif
