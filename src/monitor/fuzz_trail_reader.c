/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An exec trail of any bytes. Beyond not crashing: it makes no difference in
 * which pieces it is read, and what was found whole is whole when it is
 * written again byte by byte from the lines that were given out.
 */
#include "monitor/trail_reader.h"

#include <stdlib.h>
#include <string.h>

static int collect(const struct trail_line *line, void *ctx)
{
	buf_add(ctx, line->text, line->len);
	buf_addf(ctx, "\n%s\n", line->fault ? line->fault : "");
	return 0;
}

static void read_in(const uint8_t *data, size_t size, size_t piece, struct trail_reader *t, struct buf *out)
{
	for (size_t at = 0; at < size; at += piece)
		if (trail_reader_feed(t, (const char *)data + at, size - at < piece ? size - at : piece, collect, out, NULL) < 0)
			abort();
	if (trail_reader_finish(t, collect, out, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trail_reader whole = TRAIL_READER_INIT, pieces = TRAIL_READER_INIT;
	_cleanup_(buf_done) struct buf a = BUF_INIT, b = BUF_INIT;

	read_in(data, size, size ? size : 1, &whole, &a);
	read_in(data, size, 7, &pieces, &b);
	if (a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0) || whole.fault_line != pieces.fault_line ||
	    strcmp(whole.head, pieces.head) != 0)
		abort();
	trail_reader_done(&whole);
	trail_reader_done(&pieces);
	return 0;
}
