/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A fault does not end the check: the hash goes on from the line as it is, so
 * that one changed line is one fault and not all that follow.
 */
#include "monitor/trail_reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *check_line(const struct trail_reader *t, struct json_object *o, uint64_t *ret_seq)
{
	uint64_t seq = UINT64_MAX, lost = 0;
	const char *prev = json_str(o, "prev");

	if (json_get_u64(o, "seq", 0, UINT64_MAX - 1, &seq, NULL) < 0 || seq == UINT64_MAX || !*json_str(o, "type"))
		return "it has no number or no type";
	*ret_seq = seq;
	if (json_get_u64(o, "lost", 1, UINT64_MAX - 1, &lost, NULL) < 0)
		return "lost is no number";
	if (t->begun ? seq < t->seq || seq - t->seq != lost : seq != lost)
		return "its number does not follow";
	if (t->begun ? strcmp(prev, t->head) != 0 : strspn(prev, "0") != SHA256_HEX_SIZE - 1 || strlen(prev) != SHA256_HEX_SIZE - 1)
		return "the line before is not the one that was there";
	return NULL;
}

static void note(struct trail_reader *t, const char *fault)
{
	if (!fault || t->fault_line)
		return;
	t->fault_line = t->lines;
	snprintf(t->fault, sizeof(t->fault), "%s", fault);
}

static int take_line(struct trail_reader *t, const char *text, size_t len, const char *fault, trail_line_fn fn, void *ctx)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct trail_line line = {.text = text, .len = len, .fault = fault};
	uint64_t seq = t->seq;

	t->lines++;
	if (!fault && (json_parse(text, len, "line", &o, NULL) < 0 || !json_object_is_type(o, json_type_object))) {
		json_putp(&o);
		line.fault = "it is no JSON object";
	}
	if (!line.fault)
		line.fault = check_line(t, o, &seq);
	line.o = o;
	note(t, line.fault);
	sha256_hex(text, len, t->head);
	t->begun = true;
	t->seq = seq + (o ? 1 : 0);
	t->ended = o && strcmp(json_str(o, "type"), "end") == 0;
	return fn ? fn(&line, ctx) : 0;
}

/* Adds to the line that is begun. Its end is never seen when it is too long. */
static int keep(struct trail_reader *t, const char *data, size_t len, trail_line_fn fn, void *ctx)
{
	if (t->skipping)
		return 0;
	if (t->part.len + len < TRAIL_LINE_MAX) {
		buf_add(&t->part, data, len);
		return -buf_bad(&t->part);
	}
	t->skipping = true;
	buf_reset(&t->part);
	return take_line(t, "", 0, "it is too long", fn, ctx);
}

int trail_reader_feed(struct trail_reader *t, const char *data, size_t len, trail_line_fn fn, void *ctx, struct err *e)
{
	int r = 0;

	while (r == 0 && len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		r = keep(t, data, n, fn, ctx);
		if (r == 0 && end) {
			if (!t->skipping)
				r = take_line(t, buf_str(&t->part), t->part.len, NULL, fn, ctx);
			t->skipping = false;
			buf_reset(&t->part);
		}
		data += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
	return r < 0 && e && !e->code ? err_errno(e, -r, "exec trail") : r;
}

int trail_reader_finish(struct trail_reader *t, trail_line_fn fn, void *ctx, struct err *e)
{
	int r = 0;

	if (t->part.len > 0)
		r = take_line(t, buf_str(&t->part), t->part.len, "it is torn off", fn, ctx);
	buf_reset(&t->part);
	return r < 0 && e && !e->code ? err_errno(e, -r, "exec trail") : r;
}

void trail_reader_done(struct trail_reader *t)
{
	buf_done(&t->part);
}
