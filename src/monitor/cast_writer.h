/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cast_writer - what a terminal showed, as it came: asciicast v2, with a hash
 * chain that players pass over. The format is in ranby-cast(5).
 *
 *	r = cast_open(&c, path, id, false, e);
 *	cast_output(&c, data, len);
 *	cast_resize(&c, cols, rows);
 *	cast_close(&c);
 *
 * Nothing waits in memory but the beginning of a character. What could not be
 * written (a full disk) is counted, and the recording says how much is
 * missing once there is room again: it never stops the payload.
 */
#ifndef RANBY_MONITOR_CAST_WRITER_H
#define RANBY_MONITOR_CAST_WRITER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

#define CAST_PIECE_MAX 4096 /* bytes of one event, before they are escaped */

struct cast_writer {
	int fd;          /* -EBADF: nothing is recorded */
	const char *id;  /* the container's, for the head */
	bool with_input; /* what is typed is recorded too */
	bool begun;      /* the head is written */
	bool is_tty;
	uint16_t cols, rows;
	int64_t start_us, chained_us; /* on the monotonic clock */
	uint64_t size, chained_size;
	uint64_t lost; /* bytes of output since the last that was written */
	struct sha256 sum;
	char rest[2][4]; /* of output, of input: a character's beginning */
	size_t rest_len[2];
	struct buf line;
};
#define CAST_WRITER_INIT {.fd = -EBADF, .cols = 80, .rows = 24}

/* Opens a file that is there, and empty. `path` NULL: nothing is recorded. */
int cast_open(struct cast_writer *c, const char *path, const char *id, bool with_input, struct err *e) _must_check_;

/* The size that the head tells; until there is an event. */
void cast_terminal(struct cast_writer *c, uint16_t cols, uint16_t rows);

void cast_output(struct cast_writer *c, const char *data, size_t len);
/* Only what `with_input` asks for. */
void cast_input(struct cast_writer *c, const char *data, size_t len);
void cast_resize(struct cast_writer *c, uint16_t cols, uint16_t rows);

/* Writes the end, without which a recording counts as cut off. */
void cast_close(struct cast_writer *c);

#endif
