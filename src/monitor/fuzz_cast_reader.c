/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A recording of any bytes. Beyond not crashing: times only go forward, and
 * it makes no difference in which pieces it is read. What comes out goes
 * through the filter of terminals, after which no control string is left.
 */
#include "monitor/cast_reader.h"

#include "base/terminal_filter.h"

#include <stdlib.h>
#include <string.h>

struct seen {
	int64_t last_us;
	struct buf text;
};

static int collect(const struct cast_event *ev, void *ctx)
{
	struct seen *s = ctx;

	if (ev->at_us < s->last_us || ev->at_us > CAST_TIME_MAX_US || (int)ev->kind > CAST_DROPPED)
		abort();
	s->last_us = ev->at_us;
	buf_addf(&s->text, "%d ", (int)ev->kind);
	buf_add(&s->text, ev->data, ev->len);
	return 0;
}

static int read_in(const uint8_t *data, size_t size, size_t piece, struct seen *s, uint64_t *ret_fault)
{
	struct cast_reader c = CAST_READER_INIT;
	struct err e = {0};
	int r = 0;

	for (size_t at = 0; r == 0 && at < size; at += piece)
		r = cast_reader_feed(&c, (const char *)data + at, size - at < piece ? size - at : piece, collect, s, &e);
	cast_reader_finish(&c);
	*ret_fault = c.fault_line;
	cast_reader_done(&c);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen a = {0}, b = {0};
	struct terminal_filter f = {0};
	_cleanup_(buf_done) struct buf picture = BUF_INIT;
	uint64_t fault_a, fault_b;
	int ra = read_in(data, size, size ? size : 1, &a, &fault_a), rb = read_in(data, size, 5, &b, &fault_b);

	if (ra != rb || fault_a != fault_b || a.text.len != b.text.len ||
	    (a.text.len > 0 && memcmp(a.text.data, b.text.data, a.text.len) != 0))
		abort();
	terminal_filter(&f, buf_str(&a.text), a.text.len, &picture);
	for (size_t i = 0; i + 1 < picture.len; i++)
		if (picture.data[i] == '\x1b' && memchr("]PX^_Z", picture.data[i + 1], 6))
			abort();
	buf_done(&a.text);
	buf_done(&b.text);
	return 0;
}
