/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_view - LOG and the older ones, LOG.1, LOG.2 and so on, as one file by
 * virtual offset; also while the writer rotates.
 */
#ifndef RANBY_MONITOR_LOG_VIEW_H
#define RANBY_MONITOR_LOG_VIEW_H

#include "base/mem.h"
#include "monitor/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_WINDOW 65536

struct log_view_file {
	int fd;
	uint64_t base; /* virtual offset of its first byte */
};

struct log_view {
	int dirfd;        /* borrowed */
	const char *name; /* borrowed */
	struct log_view_file files[LOG_FILES_MAX]; /* oldest first; the last one still grows */
	size_t n;
	bool gap; /* files have come and gone between two looks */
	/* what log_view_line_before() has read last */
	uint64_t window_at;
	size_t window_len;
	char window[LOG_WINDOW];
};

/* A missing log is an empty one. -errno; -EINVAL: not a regular file. */
int log_view_open(struct log_view *v, int dirfd, const char *name) _must_check_;
void log_view_close(struct log_view *v);

uint64_t log_view_size(const struct log_view *v);

/* Up to `len` bytes at `at`: 0 at the end, -errno. */
ssize_t log_view_read(const struct log_view *v, uint64_t at, char *out, size_t len) _must_check_;

/*
 * Goes backwards: the line that ends at `end`, which lies behind a newline or
 * at the end of all. `*ret_begin` is where it begins; its first bytes, at most
 * `room`, come in `head`. Returns their number, or -errno. `end` is not 0.
 */
ssize_t log_view_line_before(struct log_view *v, uint64_t end, uint64_t *ret_begin, char *head, size_t room) _must_check_;

/* At the end: has the log been rotated away, or come into being? 1: there is more to read at the same offset; 0: no; -errno. */
int log_view_advance(struct log_view *v) _must_check_;

#endif
