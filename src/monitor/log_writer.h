/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_writer - the monitor's end of a log: every piece of output becomes
 * records (log_format.h, log_json.h, or entries of the journal) at once, so
 * that nothing waits in memory for a newline and a killed monitor has lost
 * nothing, but for the begun character of a json-file.
 *
 * A write that fails is counted, never fatal: a full disk must not stop a
 * container. What did not fit is taken back to the last whole record.
 */
#ifndef RANBY_MONITOR_LOG_WRITER_H
#define RANBY_MONITOR_LOG_WRITER_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/log.h"
#include "sys/journal.h"

#include <stdint.h>

struct log_target {
	enum log_driver driver;
	const char *path;    /* of a file; NULL, and no driver that needs none: there is no log, all is dropped and nothing counted */
	uint64_t max;        /* bytes of it; 0: no limit */
	uint64_t files;      /* that are kept, the one that is written with them; 0: two */
	const char *attrs;   /* LOG_JSON_FILE: of each record, an object as JSON; NULL: none */
	char *const *fields; /* LOG_JOURNALD: of each entry, "NAME=value"; ends with NULL */
};

struct log_writer {
	struct log_target to; /* what it points to is borrowed */
	int fd;               /* of the file */
	uint64_t size;
	uint64_t in_file;     /* of the payload's bytes, written to this file */
	uint64_t lost_bytes;  /* of the payload's, not of the records */
	char *text;           /* LOG_JSON_FILE: records on their way; LOG_JOURNALD: the fields of each entry */
	size_t text_len;
	struct log_begun {    /* LOG_JSON_FILE, by stream: a character whose rest is to come */
		char bytes[4];
		size_t len;
	} begun[2];
	struct journal journal;
	bool is_ended;        /* LOG_JOURNALD: it was said, and nothing came since */
};
#define LOG_WRITER_INIT {.fd = -EBADF, .journal = JOURNAL_INIT}

/* Opens or makes the log (0600) and ends a line that an earlier monitor left torn. */
int log_writer_open(struct log_writer *w, const struct log_target *to, struct err *e) _must_check_;

/* One piece of output, as it was read: MONITOR_DATA_MAX bytes at most. */
void log_writer_put(struct log_writer *w, enum log_stream stream, const char *data, size_t len);

/* No more will come of either stream. */
void log_writer_end(struct log_writer *w);

void log_writer_done(struct log_writer *w);

#endif
