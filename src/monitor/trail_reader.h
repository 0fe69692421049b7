/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail_reader - an exec trail (ranby-trail(5)), read and checked.
 *
 *	_cleanup_(trail_reader_done) struct trail_reader t = TRAIL_READER_INIT;
 *	while ((n = read(fd, data, sizeof(data))) > 0)
 *		r = trail_reader_feed(&t, data, n, each_line, ctx, e);
 *	trail_reader_finish(&t, each_line, ctx, e);
 *	if (t.fault_line)
 *		... t.fault ...
 *
 * Foreign bytes: whoever owns the file can write anything into it. Every line
 * is given to the caller, with what is wrong with it; the first fault is kept.
 */
#ifndef RANBY_MONITOR_TRAIL_READER_H
#define RANBY_MONITOR_TRAIL_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/sha256.h"
#include "monitor/trail_file.h"

#include <stdbool.h>
#include <stdint.h>

struct trail_line {
	const char *text;      /* without its newline */
	size_t len;
	struct json_object *o; /* borrowed; NULL when it is no object */
	const char *fault;     /* NULL: it belongs to the chain */
};

/* 0, or what makes trail_reader_feed() stop and return it. */
typedef int (*trail_line_fn)(const struct trail_line *line, void *ctx);

struct trail_reader {
	struct buf part;             /* of a line whose end is to come */
	bool skipping;               /* of a line that is too long */
	bool begun;
	uint64_t lines;              /* read so far */
	uint64_t seq;                /* that the next line must have */
	char head[SHA256_HEX_SIZE];  /* hash of the last line: the prev of the next */
	bool ended;                  /* the last line was an "end" */
	uint64_t fault_line;         /* the first bad one, from 1 on; 0: none */
	char fault[96];
};
#define TRAIL_READER_INIT {.part = BUF_INIT_MAX(TRAIL_LINE_MAX)}

int trail_reader_feed(struct trail_reader *t, const char *data, size_t len, trail_line_fn fn, void *ctx, struct err *e) _must_check_;
/* The end of the file: what is left is a line that was torn off. */
int trail_reader_finish(struct trail_reader *t, trail_line_fn fn, void *ctx, struct err *e) _must_check_;
void trail_reader_done(struct trail_reader *t);

#endif
