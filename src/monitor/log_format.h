/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_format - one record of a log: its head, written and read. See log.h.
 *
 *	2026-01-02T03:04:05.000000006Z stdout F text\n
 *	`--------- stamp ------------´
 *	`------------- head ------------------´
 */
#ifndef RANBY_MONITOR_LOG_FORMAT_H
#define RANBY_MONITOR_LOG_FORMAT_H

#include "base/mem.h"
#include "monitor/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LOG_STAMP_LEN 30
#define LOG_HEAD_LEN (LOG_STAMP_LEN + 10) /* of those we write; both stream names are six long */
#define LOG_HEAD_MAX 48                   /* of those we read: a zone offset and any tags word */

/* The UTC time, LOG_STAMP_LEN bytes and no NUL. Years 1970 to 9999. */
void log_stamp(const struct timespec *t, char out[static LOG_STAMP_LEN]);

/* One of RFC 3339 that fills the `len` bytes at `s`: any zone, a fraction of 0 to 9 digits. -EBADMSG. */
int log_stamp_parse(const char *s, size_t len, struct timespec *ret) _must_check_;

/* The stamp, stream, "F" or "P" and the blanks: LOG_HEAD_LEN bytes and no NUL. */
void log_head(const struct timespec *t, enum log_stream stream, bool partial, char out[static LOG_HEAD_LEN]);

struct log_record {
	struct timespec time;
	enum log_stream stream;
	bool partial;
	size_t head_len; /* text begins there */
};

/*
 * Reads a head off the `len` bytes at `s`, which begin a line and may end
 * anywhere. 0; -EAGAIN: a head may still become of it (len < LOG_HEAD_MAX);
 * -EBADMSG: never. Zones other than Z are understood, fractions of 0 to 9 digits.
 */
int log_record_parse(const char *s, size_t len, struct log_record *ret) _must_check_;

#endif
