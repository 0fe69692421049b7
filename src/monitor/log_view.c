/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The writer renames LOG to LOG.1 and then makes a new LOG. LOG is opened
 * first here, so that a rotation in between shows: LOG.1 is then the very
 * file we hold. A follower that sleeps through two rotations has missed what
 * was in the first; the limit on the log's size has then done its work.
 */
#include "monitor/log_view.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int open_regular(int dirfd, const char *name, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	r = path_own_open(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static uint64_t size_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

int log_view_open(struct log_view *v, int dirfd, const char *name)
{
	char old[NAME_MAX + 1];
	size_t len = strlen(name);
	int r = 0;

	v->dirfd = dirfd;
	v->name = name;
	v->fd = v->old_fd = -EBADF;
	v->window_len = 0;
	if (len + sizeof(".1") > sizeof(old))
		return -ENAMETOOLONG;
	memcpy(old, name, len);
	memcpy(old + len, ".1", sizeof(".1"));
	for (int i = 0; i < 8; i++) {
		log_view_close(v);
		r = open_regular(dirfd, name, &v->fd);
		if (r == 0 || r == -ENOENT)
			r = open_regular(dirfd, old, &v->old_fd);
		if ((r < 0 && r != -ENOENT) || !is_same(v->fd, v->old_fd))
			break;
	}
	v->old_base = 0;
	v->base = size_of(v->old_fd);
	return r == -ENOENT ? 0 : r;
}

void log_view_close(struct log_view *v)
{
	fd_closep(&v->fd);
	fd_closep(&v->old_fd);
}

uint64_t log_view_size(const struct log_view *v)
{
	return v->base + size_of(v->fd);
}

ssize_t log_view_read(const struct log_view *v, uint64_t at, char *out, size_t len)
{
	bool is_old = at < v->base;
	int fd = is_old ? v->old_fd : v->fd;
	ssize_t n;

	if (is_old && len > v->base - at)
		len = (size_t)(v->base - at);
	if (fd < 0)
		return 0;
	do
		n = pread(fd, out, len, (off_t)(is_old ? at - v->old_base : at - v->base));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* The window becomes the bytes before `end`. */
static int load_window(struct log_view *v, uint64_t end)
{
	size_t want = end < LOG_WINDOW ? (size_t)end : LOG_WINDOW;

	v->window_at = end - want;
	v->window_len = 0;
	while (v->window_len < want) {
		ssize_t n = log_view_read(v, v->window_at + v->window_len, v->window + v->window_len, want - v->window_len);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO; /* it has been truncated under us */
		v->window_len += (size_t)n;
	}
	return 0;
}

static int find_newline_before(struct log_view *v, uint64_t at, uint64_t *ret)
{
	while (at > 0) {
		const char *nl;

		if (at <= v->window_at || at > v->window_at + v->window_len) {
			int r = load_window(v, at);

			if (r < 0)
				return r;
		}
		nl = memrchr(v->window, '\n', (size_t)(at - v->window_at));
		if (nl) {
			*ret = v->window_at + (uint64_t)(nl - v->window) + 1;
			return 0;
		}
		at = v->window_at;
	}
	*ret = 0;
	return 0;
}

ssize_t log_view_line_before(struct log_view *v, uint64_t end, uint64_t *ret_begin, char *head, size_t room)
{
	size_t got = 0;
	int r;

	r = find_newline_before(v, end - 1, ret_begin);
	if (r < 0)
		return r;
	if (room > end - *ret_begin)
		room = (size_t)(end - *ret_begin);
	if (*ret_begin >= v->window_at && *ret_begin + room <= v->window_at + v->window_len) {
		memcpy(head, v->window + (*ret_begin - v->window_at), room);
		return (ssize_t)room;
	}
	while (got < room) {
		ssize_t n = log_view_read(v, *ret_begin + got, head + got, room - got);

		if (n <= 0)
			return n;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int log_view_advance(struct log_view *v)
{
	_cleanup_close_ int next = -EBADF;
	int r;

	r = open_regular(v->dirfd, v->name, &next);
	if (r == -ENOENT)
		return 0; /* between the writer's rename and its open */
	if (r < 0)
		return r;
	if (is_same(next, v->fd))
		return 0;
	/* what was written until the rename and not read yet is read through old_fd */
	v->old_base = v->base;
	v->base += size_of(v->fd);
	fd_closep(&v->old_fd);
	v->old_fd = TAKE_FD(v->fd);
	v->fd = TAKE_FD(next);
	v->window_len = 0;
	return 1;
}
