/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A bad line is a fault and is passed over: who watches a recording sees the
 * rest of it, and is told. Only a first line that is no head ends it all.
 */
#include "monitor/cast_reader.h"

#include "base/json.h"
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void note(struct cast_reader *c, const char *fault)
{
	if (c->fault_line)
		return;
	c->fault_line = c->lines;
	snprintf(c->fault, sizeof(c->fault), "%s", fault);
}

static uint32_t small(struct json_object *o, const char *key)
{
	int64_t v = json_int(o, key);

	return v > 0 && v <= 10000 ? (uint32_t)v : 0;
}

static int take_head(struct cast_reader *c, struct json_object *o, struct cast_event *ev, struct err *e)
{
	if (!json_object_is_type(o, json_type_object) || json_int(o, "version") != 2)
		return err_set(e, EBADMSG, "not a recording in the format asciicast v2");
	c->started = true;
	c->chained = json_at(o, "ranby") != NULL;
	ev->kind = CAST_HEAD;
	ev->cols = small(o, "width");
	ev->rows = small(o, "height");
	return 1;
}

static int unhex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void take_raw(struct cast_reader *c, const char *hex, size_t len)
{
	buf_reset(&c->raw);
	c->has_raw = false;
	for (size_t i = 0; i + 1 < len; i += 2) {
		int high = unhex(hex[i]), low = unhex(hex[i + 1]);

		if (high < 0 || low < 0) {
			note(c, "raw bytes that are no hex digits");
			return;
		}
		buf_addc(&c->raw, (char)(high << 4 | low));
	}
	c->has_raw = buf_bad(&c->raw) == 0;
}

/* `before`: of all lines before. The line itself counts up to its last word, the hash in its quotes. */
static void check_chain(struct cast_reader *c, const struct sha256 *before)
{
	const size_t tail = SHA256_HEX_SIZE - 1 + strlen("\"\"]");
	struct sha256 sum = *before;
	char hex[SHA256_HEX_SIZE], want[SHA256_HEX_SIZE + 4];

	c->chained = true;
	if (c->part.len < tail) {
		note(c, "a hash that is none");
		return;
	}
	sha256_add(&sum, c->part.data, c->part.len - tail);
	sha256_end_hex(&sum, hex);
	snprintf(want, sizeof(want), "\"%s\"]", hex);
	if (memcmp(c->part.data + c->part.len - tail, want, tail) != 0)
		note(c, "what stands before is not what was recorded");
}

static bool take_size(const char *text, struct cast_event *ev)
{
	const char *x = strchr(text, 'x');
	char cols[8];

	if (!x || (size_t)(x - text) >= sizeof(cols))
		return false;
	memcpy(cols, text, (size_t)(x - text));
	cols[x - text] = '\0';
	return parse_u32(cols, 1, 10000, &ev->cols) == 0 && parse_u32(x + 1, 1, 10000, &ev->rows) == 0;
}

/* 1: `ev` is one for the caller; 0: not. */
static int take_code(struct cast_reader *c, const char *code, struct json_object *text, const struct sha256 *before,
		     struct cast_event *ev)
{
	const char *data = json_object_get_string(text);

	ev->data = data;
	ev->len = (size_t)json_object_get_string_len(text);
	if (strcmp(code, "o") == 0 || strcmp(code, "i") == 0) {
		ev->kind = code[0] == 'o' ? CAST_OUTPUT : CAST_INPUT;
		if (c->has_raw) {
			ev->data = c->raw.data ? c->raw.data : "";
			ev->len = c->raw.len;
		}
		c->has_raw = false;
		return 1;
	}
	if (strcmp(code, "r") == 0) {
		ev->kind = CAST_RESIZE;
		if (!take_size(data, ev))
			note(c, "a size that is none");
		return ev->cols && ev->rows;
	}
	if (strcmp(code, "ranby-dropped") == 0) {
		ev->kind = CAST_DROPPED;
		if (parse_u64(data, 1, UINT64_MAX / 2, &ev->dropped) < 0)
			note(c, "a number of bytes that is none");
		c->dropped += ev->dropped;
		return ev->dropped > 0;
	}
	if (strcmp(code, "ranby-raw") == 0)
		take_raw(c, data, ev->len);
	else if (strcmp(code, "ranby-chain") == 0 || strcmp(code, "ranby-end") == 0)
		check_chain(c, before);
	c->ended = strcmp(code, "ranby-end") == 0;
	return 0; /* also of codes that are others' */
}

static int take_event(struct cast_reader *c, struct json_object *o, const struct sha256 *before, struct cast_event *ev)
{
	struct json_object *at = json_object_array_get_idx(o, 0), *code = json_object_array_get_idx(o, 1);
	struct json_object *text = json_object_array_get_idx(o, 2);
	double seconds = at ? json_object_get_double(at) : -1;

	if (!(seconds >= 0 && seconds <= (double)CAST_TIME_MAX_US / 1e6) || !json_object_is_type(code, json_type_string) ||
	    !json_object_is_type(text, json_type_string)) {
		note(c, "not an event");
		return 0;
	}
	ev->at_us = (int64_t)(seconds * 1e6);
	if (ev->at_us < c->last_us)
		ev->at_us = c->last_us; /* input and output may cross by a little */
	c->last_us = ev->at_us;
	return take_code(c, json_object_get_string(code), text, before, ev);
}

static int take_line(struct cast_reader *c, cast_event_fn fn, void *ctx, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct sha256 before = c->sum;
	struct cast_event ev = {.data = ""};
	int r;

	c->lines++;
	sha256_add(&c->sum, c->part.data, c->part.len);
	sha256_add(&c->sum, "\n", 1);
	if (c->ended)
		note(c, "something stands behind the end");
	c->ended = false;
	r = buf_bad(&c->part) ? -EFBIG : json_parse(buf_str(&c->part), c->part.len, "line", &o, NULL);
	if (!c->started)
		r = take_head(c, r < 0 ? NULL : o, &ev, e);
	else if (r == 0 && json_object_is_type(o, json_type_array))
		r = take_event(c, o, &before, &ev);
	else {
		note(c, "not JSON, or too long");
		r = 0;
	}
	return r > 0 ? fn(&ev, ctx) : r;
}

int cast_reader_feed(struct cast_reader *c, const char *data, size_t len, cast_event_fn fn, void *ctx, struct err *e)
{
	int r = 0;

	if (c->lines == 0 && c->part.len == 0)
		sha256_init(&c->sum);
	while (r == 0 && len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		buf_add(&c->part, data, n);
		if (buf_bad(&c->part) == ENOMEM)
			return err_errno(e, ENOMEM, "recording");
		if (end) {
			r = take_line(c, fn, ctx, e);
			buf_reset(&c->part);
		}
		data += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
	return r;
}

void cast_reader_finish(struct cast_reader *c)
{
	if (c->part.len == 0)
		return;
	c->lines++;
	note(c, "it is torn off");
	c->ended = false;
}

void cast_reader_done(struct cast_reader *c)
{
	buf_done(&c->part);
	buf_done(&c->raw);
}
