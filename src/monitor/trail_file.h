/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail_file - the file of an exec trail, as it is written: one JSON object
 * per line, each with the SHA-256 of the line before it.
 *
 *	b = trail_file_begin(&f, "exec");	// seq, type and times are in
 *	buf_addf(b, ",\"pid\":%d", pid);
 *	trail_file_end(&f);
 *
 * The format is in ranby-trail(5). Lines are whole or not there: what does
 * not fit on the disk is taken back, counted, and told by the next line that
 * does. trail_reader.h reads it.
 */
#ifndef RANBY_MONITOR_TRAIL_FILE_H
#define RANBY_MONITOR_TRAIL_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdint.h>

#define TRAIL_LINE_MAX ((size_t)64 << 10) /* with its newline */

struct trail_file {
	int fd;
	uint64_t size;
	uint64_t seq;  /* of the next line */
	uint64_t lost; /* lines since the last one written */
	char prev[SHA256_HEX_SIZE];
	struct buf line;
};
#define TRAIL_FILE_INIT {.fd = -EBADF, .line = BUF_INIT_MAX(TRAIL_LINE_MAX)}

/* Opens or makes it (0600), and goes on where an earlier run stopped. */
int trail_file_open(struct trail_file *f, const char *path, struct err *e) _must_check_;

/* Begins a line; what is added to the result are more ,"key":value. */
struct buf *trail_file_begin(struct trail_file *f, const char *type);
/* Ends and writes it. Returns its number. */
uint64_t trail_file_end(struct trail_file *f);
/* Forgets what was begun. */
void trail_file_drop(struct trail_file *f);

void trail_file_done(struct trail_file *f);

#endif
