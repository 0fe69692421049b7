/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The text is never copied: heads and slices of the piece go out by
 * writev(2), in batches. All records of a piece share one stamp, the time at
 * which it was read: that is all that can be known of a pipe's content.
 *
 * Rotation is between pieces: LOG becomes LOG.1 by rename, a new LOG begins.
 * A record is never divided between files; a line of several records can be.
 */
#include "monitor/log_writer.h"

#include "monitor/log_format.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define BATCH 192 /* iovecs: 64 records and more */

struct batch {
	struct iovec iov[BATCH];
	int n;
	size_t bytes;
	size_t payload; /* of them */
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
	w->fd = open(w->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	return w->fd < 0 ? -errno : 0;
}

int log_writer_open(struct log_writer *w, const char *path, uint64_t max_bytes, struct err *e)
{
	int r;

	w->max = max_bytes;
	w->path = path;
	if (!path)
		return 0;
	r = open_log(w);
	if (r == 0)
		r = end_torn_line(w);
	return r < 0 ? err_errno(e, -r, "log %s", path) : 0;
}

void log_writer_done(struct log_writer *w)
{
	fd_closep(&w->fd);
}

static void rotate(struct log_writer *w)
{
	char old[PATH_MAX];
	size_t len = strlen(w->path);
	int fd = w->fd;

	if (len + 3 > sizeof(old))
		return;
	memcpy(old, w->path, len);
	memcpy(old + len, ".1", 3);
	/* failing here costs the limit, not the text */
	if (rename(w->path, old) < 0)
		return;
	if (open_log(w) < 0) {
		w->fd = fd;
		return;
	}
	close(fd);
	w->size = 0;
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

void log_writer_put(struct log_writer *w, enum log_stream stream, const char *data, size_t len)
{
	char full[LOG_HEAD_LEN], part[LOG_HEAD_LEN];
	struct timespec now;
	struct batch b;

	if (w->fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	log_head(&now, stream, false, full);
	log_head(&now, stream, true, part);
	b.n = 0;
	b.bytes = 0;
	b.payload = 0;
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t line = end ? (size_t)(end - data) + 1 : len;

		/* per record: one read may hold many times the limit */
		if (w->max > 0 && w->size + b.bytes > 0 && w->size + b.bytes + LOG_HEAD_LEN + line + 1 > w->max) {
			flush(w, &b);
			if (w->size > 0)
				rotate(w);
		}
		if (b.n + 3 > BATCH)
			flush(w, &b);
		add(&b, end ? full : part, LOG_HEAD_LEN);
		add(&b, data, line);
		if (!end)
			add(&b, "\n", 1);
		b.payload += line;
		data += line;
		len -= line;
	}
	flush(w, &b);
}
