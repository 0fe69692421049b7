/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The text of a k8s-file is never copied: heads and slices of the piece go
 * out by writev(2), in batches; what is escaped for a json-file goes the same
 * way. All records of a piece share one stamp, the time at which it was read:
 * that is all that can be known of a pipe's content.
 *
 * Rotation is between records: LOG.1 becomes LOG.2 and so on, the last one
 * goes, LOG becomes LOG.1 by rename, a new LOG begins. A record is never
 * divided between files; a line of several records can be.
 *
 * The journal does its own rotation. An entry that it does not take is lost
 * and counted, as one for which the disk had no room.
 */
#include "monitor/log_writer.h"

#include "base/json_text.h"
#include "monitor/log_format.h"
#include "monitor/log_journal.h"
#include "monitor/log_json.h"
#include "monitor/protocol.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define BATCH 192 /* iovecs: 64 records and more */
#define FILES_DEFAULT 2
#define TEXT_ROOM (LOG_JSON_ROOM(MONITOR_DATA_MAX + 4) + 32768)

struct batch {
	struct iovec iov[BATCH];
	int n;
	size_t bytes;
	size_t payload; /* of them */
	char full[LOG_HEAD_LEN], part[LOG_HEAD_LEN]; /* what lines of k8s-file begin with; iov points to them */
};

/* What became of a torn end: cut off it would be lost text, so the line is ended. */
static int end_torn_line(struct log_writer *w)
{
	struct stat st;
	char last;

	if (fstat(w->fd, &st) < 0)
		return -errno;
	w->size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size == 0 || pread(w->fd, &last, 1, st.st_size - 1) != 1 || last == '\n')
		return 0;
	if (write(w->fd, "\n", 1) == 1)
		w->size++;
	return 0;
}

static int open_log(struct log_writer *w)
{
	w->fd = open(w->to.path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	return w->fd < 0 ? -errno : 0;
}

/* "NAME=value" of each, as the journal wants them: once, for all entries. */
static int fill_fields(struct log_writer *w)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (char *const *f = w->to.fields; f && *f; f++) {
		const char *eq = strchr(*f, '=');
		char name[64];

		if (!eq || (size_t)(eq - *f) >= sizeof(name))
			return -EINVAL;
		memcpy(name, *f, (size_t)(eq - *f));
		name[eq - *f] = '\0';
		journal_field(&b, name, eq + 1, strlen(eq + 1));
	}
	if (buf_bad(&b))
		return -buf_bad(&b);
	w->text_len = b.len;
	w->text = b.len > 0 ? buf_take(&b) : NULL;
	return 0;
}

int log_writer_open(struct log_writer *w, const struct log_target *to, struct err *e)
{
	int r;

	w->to = *to;
	if (w->to.files == 0)
		w->to.files = FILES_DEFAULT;
	if (to->driver == LOG_JOURNALD) {
		r = fill_fields(w);
		return r < 0 ? err_errno(e, -r, "fields of the log") : 0;
	}
	if (!to->path)
		return 0;
	if (to->driver == LOG_JSON_FILE) {
		/* only what is used of it costs memory */
		w->text = malloc(TEXT_ROOM);
		if (!w->text)
			return err_errno(e, ENOMEM, "log");
	}
	r = open_log(w);
	if (r == 0)
		r = end_torn_line(w);
	return r < 0 ? err_errno(e, -r, "log %s", to->path) : 0;
}

void log_writer_done(struct log_writer *w)
{
	log_writer_end(w);
	fd_closep(&w->fd);
	journal_done(&w->journal);
	free(w->text);
	w->text = NULL;
}

static bool name_of(const struct log_writer *w, uint64_t index, char ret[static PATH_MAX])
{
	int n = index == 0 ? snprintf(ret, PATH_MAX, "%s", w->to.path) : snprintf(ret, PATH_MAX, "%s.%u", w->to.path, (unsigned)index);

	return n > 0 && n < PATH_MAX;
}

/* Somebody has removed the file that was written to: nobody will read it. What rotation removes has been kept as long as was asked for. */
static void count_removed(struct log_writer *w, int fd)
{
	struct stat st;

	if (w->to.files > 1 && fstat(fd, &st) == 0 && st.st_nlink == 0)
		w->lost_bytes += w->in_file;
}

/* Failing anywhere here costs the limit, not the text. */
static void rotate(struct log_writer *w)
{
	char from[PATH_MAX], to[PATH_MAX];
	int fd = w->fd;

	if (w->to.files == 1) {
		/* who follows it holds it, and reads it to its end */
		if (unlink(w->to.path) < 0)
			return;
	}
	for (uint64_t i = w->to.files - 1; i > 0; i--) {
		if (!name_of(w, i - 1, from) || !name_of(w, i, to))
			return;
		if (rename(from, to) < 0 && (i == 1 || errno != ENOENT))
			return;
	}
	if (open_log(w) < 0) {
		w->fd = fd;
		return;
	}
	count_removed(w, fd);
	close(fd);
	w->size = 0;
	w->in_file = 0;
}

/* All of the batch or nothing. */
static void flush(struct log_writer *w, struct batch *b)
{
	struct iovec *iov = b->iov;
	int n = b->n;
	size_t left = b->bytes;

	while (left > 0) {
		ssize_t done = writev(w->fd, iov, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		left -= (size_t)done;
		for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	if (left == 0) {
		w->size += b->bytes;
		w->in_file += b->payload;
	} else {
		w->lost_bytes += b->payload;
		/* where even that fails, the next record begins in the middle of a line, and the reader skips it */
		if (left < b->bytes && ftruncate(w->fd, (off_t)w->size) < 0)
			(void)end_torn_line(w);
	}
	b->n = 0;
	b->bytes = 0;
	b->payload = 0;
}

static void add(struct batch *b, const char *data, size_t len)
{
	b->iov[b->n++] = (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	b->bytes += len;
}

/* Room for a record of so many bytes: per record, as one read may hold many times the limit. */
static void make_room(struct log_writer *w, struct batch *b, size_t len)
{
	if (w->to.max > 0 && w->size + b->bytes > 0 && w->size + b->bytes + len > w->to.max) {
		flush(w, b);
		if (w->size > 0)
			rotate(w);
	}
	if (b->n + 3 > BATCH)
		flush(w, b);
}

/* Up to behind the newline, or all; whether there is one. */
static bool next_line(const char *data, size_t len, size_t *ret_line)
{
	const char *end = memchr(data, '\n', len);

	*ret_line = end ? (size_t)(end - data) + 1 : len;
	return end;
}

/* ---- k8s-file ---- */

static void put_k8s(struct log_writer *w, struct batch *b, enum log_stream stream, const struct timespec *now, const char *data, size_t len)
{
	size_t line;

	log_head(now, stream, false, b->full);
	log_head(now, stream, true, b->part);
	for (; len > 0; data += line, len -= line) {
		bool whole = next_line(data, len, &line);

		make_room(w, b, LOG_HEAD_LEN + line + 1);
		add(b, whole ? b->full : b->part, LOG_HEAD_LEN);
		add(b, data, line);
		if (!whole)
			add(b, "\n", 1);
		b->payload += line;
	}
	flush(w, b);
}

/* ---- json-file ---- */

static bool is_continued(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Takes of the data what belongs to the character that was begun; true when that is whole, or nothing can make it so. */
static bool finish_character(struct log_begun *h, const char **data, size_t *len)
{
	while (h->len > 0 && *len > 0 && json_text_whole(h->bytes, h->len) < h->len && is_continued(**data)) {
		h->bytes[h->len++] = **data;
		++*data;
		--*len;
	}
	return h->len == 0 || *len > 0 || json_text_whole(h->bytes, h->len) == h->len;
}

/* A record: what is held of a character, and `len` bytes. */
static void add_json(struct log_writer *w, struct batch *b, enum log_stream stream, const struct timespec *now, const char *data, size_t len)
{
	struct log_begun *h = &w->begun[stream];
	char *from, *to;

	if (w->text_len + LOG_JSON_ROOM(len + h->len) > TEXT_ROOM) {
		flush(w, b);
		w->text_len = 0;
	}
	from = w->text + w->text_len;
	to = log_json_text(log_json_begin(from), h->bytes, h->len);
	to = log_json_end(log_json_text(to, data, len), stream, w->to.attrs, now);
	make_room(w, b, (size_t)(to - from));
	add(b, from, (size_t)(to - from));
	w->text_len += (size_t)(to - from);
	b->payload += len + h->len;
	h->len = 0;
}

static void put_json(struct log_writer *w, struct batch *b, enum log_stream stream, const struct timespec *now, const char *data, size_t len)
{
	struct log_begun *h = &w->begun[stream];
	size_t line;

	w->text_len = 0;
	if (!finish_character(h, &data, &len))
		return;
	while (len > 0 || h->len > 0) {
		bool whole = next_line(data, len, &line);
		size_t taken = whole ? line : json_text_whole(data, line);

		if (taken + h->len > 0)
			add_json(w, b, stream, now, data, taken);
		if (taken < line) {
			memcpy(h->bytes, data + taken, line - taken);
			h->len = line - taken;
			break;
		}
		data += line;
		len -= line;
	}
	flush(w, b);
}

/* ---- journald ---- */

static void put_journal(struct log_writer *w, enum log_stream stream, const char *data, size_t len)
{
	static const char info[] = "PRIORITY=6\n", error[] = "PRIORITY=3\n";
	static const char message[] = "MESSAGE=", partial[] = "CONTAINER_PARTIAL_MESSAGE=true\n";
	size_t line;

	for (; len > 0; data += line, len -= line) {
		bool whole = next_line(data, len, &line);
		const struct iovec iov[] = {
			{w->text, w->text_len},
			{(void *)(uintptr_t)(stream == LOG_STDERR ? error : info), sizeof(info) - 1},
			{(void *)(uintptr_t)partial, whole ? 0 : sizeof(partial) - 1},
			{(void *)(uintptr_t)message, sizeof(message) - 1},
			/* with its newline, which ends the field too */
			{(void *)(uintptr_t)data, line},
			{(void *)(uintptr_t)"\n", whole ? 0 : 1},
		};

		if (journal_send(&w->journal, iov, ARRAY_SIZE(iov)) < 0)
			w->lost_bytes += line;
	}
}

/* An entry of its own, by which a reader knows that it has all: those of one sender are taken in their order. */
static void end_journal(struct log_writer *w)
{
	static const char of[] = LOG_JOURNAL_ID "=", name[] = LOG_JOURNAL_END "=";

	for (char *const *f = w->to.fields; !w->is_ended && f && *f; f++) {
		if (strncmp(*f, of, sizeof(of) - 1) == 0) {
			char *id = *f + sizeof(of) - 1;
			const struct iovec iov[] = {
				{(void *)(uintptr_t)name, sizeof(name) - 1}, {id, strlen(id)}, {(void *)(uintptr_t)"\n", 1},
			};

			w->is_ended = journal_send(&w->journal, iov, ARRAY_SIZE(iov)) == 0;
		}
	}
}

void log_writer_put(struct log_writer *w, enum log_stream stream, const char *data, size_t len)
{
	struct timespec now;
	struct batch b;

	if (w->to.driver == LOG_JOURNALD) {
		w->is_ended = false;
		put_journal(w, stream, data, len);
		return;
	}
	if (w->fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	b.n = 0;
	b.bytes = 0;
	b.payload = 0;
	if (w->to.driver == LOG_JSON_FILE)
		put_json(w, &b, stream, &now, data, len);
	else
		put_k8s(w, &b, stream, &now, data, len);
}

void log_writer_end(struct log_writer *w)
{
	struct timespec now;
	struct batch b;

	if (w->to.driver == LOG_JOURNALD) {
		end_journal(w);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	b.n = 0;
	b.bytes = 0;
	b.payload = 0;
	w->text_len = w->to.driver == LOG_JSON_FILE ? 0 : w->text_len;
	for (unsigned s = 0; w->fd >= 0 && s < 2; s++)
		if (w->begun[s].len > 0)
			add_json(w, &b, (enum log_stream)s, &now, "", 0);
	if (b.n > 0)
		flush(w, &b);
	if (w->fd >= 0)
		count_removed(w, w->fd);
	w->in_file = 0;
}
