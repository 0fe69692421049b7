/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_writer - the monitor's end of a log: every piece of output becomes
 * records (log_format.h) at once, so that nothing waits in memory for a
 * newline and a killed monitor has lost nothing.
 *
 * A write that fails is counted, never fatal: a full disk must not stop a
 * container. What did not fit is taken back to the last whole record.
 */
#ifndef RANBY_MONITOR_LOG_WRITER_H
#define RANBY_MONITOR_LOG_WRITER_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/log.h"

#include <stdint.h>

struct log_writer {
	int fd;              /* -EBADF: there is no log, all is dropped and nothing counted */
	const char *path;    /* borrowed */
	uint64_t size;
	uint64_t max;        /* 0: no limit */
	uint64_t lost_bytes; /* of the payload's, not of the records */
};
#define LOG_WRITER_INIT {.fd = -EBADF}

/* Opens or makes the log (0600) and ends a line that an earlier monitor left torn. `path` NULL: no log. */
int log_writer_open(struct log_writer *w, const char *path, uint64_t max_bytes, struct err *e) _must_check_;

/* One piece of output, as it was read. */
void log_writer_put(struct log_writer *w, enum log_stream stream, const char *data, size_t len);

void log_writer_done(struct log_writer *w);

#endif
