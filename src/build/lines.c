/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Pipes keep what one process has written together only up to PIPE_BUF, and nothing keeps a line that comes in two pieces. */
#include "build/lines.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>

#define PIECE 16384

int lines_open(struct lines *l, int to_fd, int *ret_writer_fd)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* of this end alone: each has flags of its own */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	l->from_fd = fds[0];
	l->to_fd = to_fd;
	*ret_writer_fd = fds[1];
	return 0;
}

void lines_done(struct lines *l)
{
	fd_closep(&l->from_fd);
	buf_done(&l->rest);
}

/* Whoever else has a terminal or a pipe open may have told it not to wait: we do. */
static int write_waiting(int fd, const char *data, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN)
			(void)poll(&p, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int write_rest(struct lines *l, size_t len)
{
	int r = len ? write_waiting(l->to_fd, l->rest.data, len) : 0;

	if (r == 0 && len) {
		memmove(l->rest.data, l->rest.data + len, l->rest.len - len);
		l->rest.len -= len;
	}
	return r;
}

static int end_line(struct lines *l)
{
	buf_addc(&l->rest, '\n');
	return buf_bad(&l->rest) ? -ENOMEM : write_rest(l, l->rest.len);
}

static int take(struct lines *l, const char *data, size_t len)
{
	const char *last = memrchr(data, '\n', len);
	size_t whole = last ? l->rest.len + (size_t)(last - data) + 1 : 0;
	int r;

	buf_add(&l->rest, data, len);
	if (buf_bad(&l->rest))
		return -ENOMEM;
	r = write_rest(l, whole);
	return r == 0 && l->rest.len >= LINES_LONG ? end_line(l) : r;
}

static int pass(struct lines *l, size_t most)
{
	char piece[PIECE];
	size_t got = 0;
	int r = 0;

	while (r == 0 && l->from_fd >= 0 && got < most) {
		ssize_t n = read(l->from_fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			fd_closep(&l->from_fd);
		else
			r = take(l, piece, (size_t)n);
		got += (size_t)n;
	}
	return r;
}

/* One that writes faster than we do would have us for itself, and the others' end unseen. */
int lines_pass(struct lines *l)
{
	return pass(l, LINES_LONG);
}

int lines_end(struct lines *l)
{
	int r = pass(l, SIZE_MAX);

	fd_closep(&l->from_fd);
	return r == 0 && l->rest.len ? end_line(l) : r;
}
