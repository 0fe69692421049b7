/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One write(2) per event, whole or taken back. The chain is a running SHA-256
 * of all bytes of the file so far, written as an event of its own when a
 * second or 64 KiB have passed, and at the end; so it costs a terminal that
 * is typed at one line per second, and a verifier can tell between which two
 * of them something was changed.
 */
#include "monitor/cast_writer.h"

#include "base/json_text.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHAIN_US 1000000
#define CHAIN_BYTES 65536

enum { OUTPUT, INPUT };

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int cast_open(struct cast_writer *c, const char *path, const char *id, bool with_input, struct err *e)
{
	struct stat st;

	if (!path)
		return 0;
	c->fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return err_errno(e, errno, "recording %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size != 0)
		return err_set(e, EEXIST, "recording %s: not a new file", path);
	c->id = id;
	c->with_input = with_input;
	sha256_init(&c->sum);
	return 0;
}

void cast_terminal(struct cast_writer *c, uint16_t cols, uint16_t rows)
{
	c->is_tty = true;
	if (cols > 0 && rows > 0 && !c->begun) {
		c->cols = cols;
		c->rows = rows;
	}
}

/* Writes what is in `line`. False: it is not in the file. */
static bool put(struct cast_writer *c)
{
	ssize_t n;

	if (buf_bad(&c->line))
		return false;
	do
		n = write(c->fd, c->line.data, c->line.len);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)c->line.len) {
		if (n > 0)
			(void)!ftruncate(c->fd, (off_t)c->size);
		return false;
	}
	sha256_add(&c->sum, c->line.data, c->line.len);
	c->size += c->line.len;
	return true;
}

static void begin(struct cast_writer *c)
{
	struct timespec now;

	if (c->begun)
		return;
	c->begun = true;
	clock_gettime(CLOCK_REALTIME, &now);
	c->start_us = c->chained_us = now_us();
	buf_reset(&c->line);
	buf_addf(&c->line,
		 "{\"version\":2,\"width\":%u,\"height\":%u,\"timestamp\":%lld,\"env\":{\"TERM\":\"xterm\"},"
		 "\"ranby\":{\"container\":\"%s\",\"tty\":%s,\"input\":%s}}\n",
		 c->cols, c->rows, (long long)now.tv_sec, c->id, c->is_tty ? "true" : "false", c->with_input ? "true" : "false");
	(void)put(c);
}

/* [time, "code", of an event, up to its data. */
static void open_event(struct cast_writer *c, int64_t at_us, const char *code)
{
	buf_addf(&c->line, "[%lld.%06lld,\"%s\",", (long long)(at_us / 1000000), (long long)(at_us % 1000000), code);
}

/* The hash of all before it, the beginning of its own line too. */
static void put_chain(struct cast_writer *c, int64_t at_us, const char *code)
{
	char hex[SHA256_HEX_SIZE];
	struct sha256 sum = c->sum;

	buf_reset(&c->line);
	open_event(c, at_us, code);
	sha256_add(&sum, c->line.data, c->line.len);
	sha256_end_hex(&sum, hex);
	buf_addf(&c->line, "\"%s\"]\n", hex);
	(void)put(c);
	c->chained_us = now_us();
	c->chained_size = c->size;
}

static void add_lost(struct cast_writer *c, int64_t at_us)
{
	if (c->lost == 0)
		return;
	open_event(c, at_us, "ranby-dropped");
	buf_addf(&c->line, "\"%llu\"]\n", (unsigned long long)c->lost);
}

/* One event of text, and before it the bytes themselves where a string cannot hold them. */
static void put_text(struct cast_writer *c, const char *code, const char *data, size_t len)
{
	int64_t at_us = now_us() - c->start_us;
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	buf_reset(&c->line);
	add_lost(c, at_us);
	if (!json_text_string(&text, data, len)) {
		open_event(c, at_us, "ranby-raw");
		buf_addc(&c->line, '"');
		json_text_hex(&c->line, data, len);
		buf_adds(&c->line, "\"]\n");
	}
	open_event(c, at_us, code);
	buf_add(&c->line, text.data, text.len);
	buf_adds(&c->line, "]\n");
	if (put(c))
		c->lost = 0;
	else
		c->lost += len;
	if (now_us() - c->chained_us >= CHAIN_US || c->size - c->chained_size >= CHAIN_BYTES)
		put_chain(c, at_us, "ranby-chain");
}

/* Text in whole characters; what begins the next one waits. */
static void take(struct cast_writer *c, int which, const char *data, size_t len)
{
	const char *code = which == OUTPUT ? "o" : "i";
	char piece[CAST_PIECE_MAX];

	begin(c);
	while (len > 0) {
		size_t have = c->rest_len[which], n = sizeof(piece) - have, whole;

		memcpy(piece, c->rest[which], have);
		if (n > len)
			n = len;
		memcpy(piece + have, data, n);
		data += n;
		len -= n;
		have += n;
		whole = json_text_whole(piece, have);
		c->rest_len[which] = have - whole;
		memcpy(c->rest[which], piece + whole, have - whole);
		if (whole > 0)
			put_text(c, code, piece, whole);
	}
}

void cast_output(struct cast_writer *c, const char *data, size_t len)
{
	if (c->fd >= 0)
		take(c, OUTPUT, data, len);
}

void cast_input(struct cast_writer *c, const char *data, size_t len)
{
	if (c->fd >= 0 && c->with_input)
		take(c, INPUT, data, len);
}

void cast_resize(struct cast_writer *c, uint16_t cols, uint16_t rows)
{
	if (c->fd < 0)
		return;
	if (!c->begun) {
		cast_terminal(c, cols, rows);
		return;
	}
	buf_reset(&c->line);
	open_event(c, now_us() - c->start_us, "r");
	buf_addf(&c->line, "\"%ux%u\"]\n", cols, rows);
	(void)put(c);
}

void cast_close(struct cast_writer *c)
{
	if (c->fd < 0)
		return;
	begin(c);
	for (int which = OUTPUT; which <= INPUT; which++)
		if (c->rest_len[which] > 0)
			put_text(c, which == OUTPUT ? "o" : "i", c->rest[which], c->rest_len[which]);
	if (c->lost > 0) {
		buf_reset(&c->line);
		add_lost(c, now_us() - c->start_us);
		(void)put(c);
	}
	put_chain(c, now_us() - c->start_us, "ranby-end");
	fd_closep(&c->fd);
	buf_done(&c->line);
}
