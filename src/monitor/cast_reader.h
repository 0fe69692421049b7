/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cast_reader - a recording (asciicast v2, ranby-cast(5)), read and checked.
 *
 *	_cleanup_(cast_reader_done) struct cast_reader c = CAST_READER_INIT;
 *	while ((n = read(fd, data, sizeof(data))) > 0)
 *		r = cast_reader_feed(&c, data, n, each_event, ctx, e);
 *	cast_reader_finish(&c);
 *	if (c.fault_line) ...
 *
 * Takes what other recorders write as well (then `chained` stays false).
 * Foreign bytes: lines have a maximum, times go forward only and are bounded.
 */
#ifndef RANBY_MONITOR_CAST_READER_H
#define RANBY_MONITOR_CAST_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

#define CAST_LINE_MAX ((size_t)1 << 20)
#define CAST_TIME_MAX_US ((int64_t)1000000 * 86400 * 366)

enum cast_kind { CAST_HEAD, CAST_OUTPUT, CAST_INPUT, CAST_RESIZE, CAST_DROPPED };

struct cast_event {
	enum cast_kind kind;
	int64_t at_us;     /* since the beginning; never less than the one before */
	const char *data;  /* of output and input: exact, also where the file had to hold them as hex */
	size_t len;
	uint32_t cols, rows; /* of the head and of a resize; 0: not told */
	uint64_t dropped;  /* bytes that were not recorded */
};

typedef int (*cast_event_fn)(const struct cast_event *ev, void *ctx);

struct cast_reader {
	struct buf part;       /* of a line whose end is to come */
	struct buf raw;        /* exact bytes of the next event */
	bool has_raw;
	uint64_t lines;
	int64_t last_us;
	struct sha256 sum;
	bool started, chained; /* `chained`: a hash was there, or the head promises them */
	bool ended;            /* the last line was the end, with its hash */
	uint64_t dropped;      /* bytes, together */
	uint64_t fault_line;   /* the first bad one, or the chain that does not fit; 0: none */
	char fault[96];
};
#define CAST_READER_INIT {.part = BUF_INIT_MAX(CAST_LINE_MAX), .raw = BUF_INIT_MAX(CAST_LINE_MAX)}

/* 0, what `fn` returned when that is not 0, or -EBADMSG: what comes first is no asciicast v2 (with text). */
int cast_reader_feed(struct cast_reader *c, const char *data, size_t len, cast_event_fn fn, void *ctx, struct err *e) _must_check_;
/* The end of the file. */
void cast_reader_finish(struct cast_reader *c);
void cast_reader_done(struct cast_reader *c);

#endif
