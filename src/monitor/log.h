/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log - read a container's log back: `ranby logs`.
 *
 *	struct log_query q = LOG_QUERY_INIT;
 *	q.tail = 10; q.follow = true; q.ended_pidfd = init; q.is_over = ...;
 *	r = log_read(container_dirfd, "ctr.log", &q, write_out, NULL, e);
 *
 * The format is podman's k8s-file (that of the Kubernetes CRI): a record is
 *	2026-01-02T03:04:05.000000006Z stdout F text\n
 * where P for F says that the text goes on in this stream's next record. Text
 * is raw bytes without a newline, 16 KiB at most when the monitor wrote it;
 * as every newline of the payload ends a record, no text can look like the
 * beginning of one. Put together, the records of a stream are its bytes:
 * F adds the newline, P does not. Or it is docker's json-file (log_json.h).
 * LOG.1 and its elders, where there are any, come first.
 *
 * What is not a record (a torn write, another's file) is skipped and counted.
 * Memory is bounded whatever the file holds.
 */
#ifndef RANBY_MONITOR_LOG_H
#define RANBY_MONITOR_LOG_H

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define LOG_FILES_MAX 100 /* LOG and the older ones */

enum log_stream { LOG_STDOUT, LOG_STDERR };

enum log_driver { LOG_K8S_FILE, LOG_JSON_FILE, LOG_JOURNALD };

struct log_query {
	enum log_driver driver; /* of a file */
	int64_t tail;          /* the last so many lines; -1: all */
	struct timespec since; /* records of this time or later; {0}: all */
	struct timespec until; /* records before or at this time; {0}: all. With follow: ends there */
	bool timestamps;       /* each line begins with its record's time and a blank */
	bool follow;           /* goes on until the container has ended */
	pid_t writer;          /* the monitor of its newest run, on the host; 0: not known. Of the journal: who says that no more will come */
	int ended_pidfd;       /* follow: readable when the payload has ended; -EBADF: it has already */
	/* follow, asked every 50 ms once ended_pidfd is readable: is the log complete, i.e. is the exit file there or the monitor gone? NULL: yes */
	bool (*is_over)(void *data);
	void *data;
};
#define LOG_QUERY_INIT {.tail = -1, .ended_pidfd = -EBADF}

/* Takes some bytes of a line, never more than 64 KiB at once. Negative: stop, log_read() returns that (-EPIPE when the reader has gone). */
typedef int (*log_sink_fn)(enum log_stream stream, const char *data, size_t len, void *sink_data);

/* What is missing. */
struct log_loss {
	uint64_t skipped; /* lines that were no records */
	bool gap;         /* a follower was overtaken: files came and went that it has not seen */
	bool late;        /* a follower of the journal left before the entry came that ends the log */
};

/* A missing log is an empty one. `ret` may be NULL. */
int log_read(int dirfd, const char *name, const struct log_query *q, log_sink_fn sink, void *sink_data, struct log_loss *ret,
	     struct err *e) _must_check_;

#endif
