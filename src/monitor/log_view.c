/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The writer renames the oldest file first (LOG.1 to LOG.2) and LOG last, and
 * then makes a new LOG. So the newest is opened first here: a file that is
 * renamed meanwhile is met again, which shows, and none is missed. When LOG
 * itself has become another one by the end, all that is done anew.
 *
 * A follower goes on with the file that came after the one it has read, as
 * long as that is kept.
 */
#include "monitor/log_view.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* LOG for 0, LOG.1 for 1. -ENOENT. */
static int open_nth(const struct log_view *v, size_t index, int *ret_fd)
{
	char name[NAME_MAX + 1];
	int n = index == 0 ? snprintf(name, sizeof(name), "%s", v->name) : snprintf(name, sizeof(name), "%s.%zu", v->name, index);

	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	return open_regular(v->dirfd, name, ret_fd);
}

/* Newest first. */
struct found {
	int fds[LOG_FILES_MAX];
	size_t n;
	bool met; /* the one before which to stop */
};

static void found_done(struct found *f)
{
	while (f->n > 0)
		close(f->fds[--f->n]);
}

/* All there are, or those that came after `until`. Where the writer is just renaming, a number is missing. */
static int find_files(const struct log_view *v, int until, struct found *f)
{
	bool hole = false;

	f->n = 0;
	f->met = false;
	for (size_t i = 0; i < LOG_FILES_MAX; i++) {
		_cleanup_close_ int fd = -EBADF;
		int r = open_nth(v, i, &fd);

		if (r == -ENOENT && (i == 0 || !hole)) {
			hole = i > 0;
			continue;
		}
		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
		hole = false;
		if (f->n > 0 && is_same(fd, f->fds[f->n - 1]))
			continue;
		f->met = is_same(fd, until);
		if (f->met)
			return 0;
		f->fds[f->n++] = TAKE_FD(fd);
	}
	return 0;
}

/* Whether LOG is still the one that was found first. */
static bool is_settled(const struct log_view *v, int until, const struct found *f)
{
	_cleanup_close_ int fd = -EBADF;
	int newest = f->n > 0 ? f->fds[0] : until;
	int r = open_nth(v, 0, &fd);

	/* none, or not to be looked at: there is nothing to wait for */
	return r < 0 || is_same(fd, newest);
}

static int find_settled(const struct log_view *v, int until, struct found *f)
{
	int r = 0;

	for (int i = 0; i < 16; i++) {
		found_done(f);
		r = find_files(v, until, f);
		if (r < 0 || is_settled(v, until, f))
			return r;
	}
	/* it is rotated faster than it can be looked at: the newest alone is certain */
	while (f->n > 1)
		close(f->fds[--f->n]);
	return r;
}

/* Behind those that are there. */
static void append(struct log_view *v, struct found *f)
{
	for (; f->n > 0 && v->n < ARRAY_SIZE(v->files); v->n++) {
		uint64_t base = v->n == 0 ? 0 : v->files[v->n - 1].base + size_of(v->files[v->n - 1].fd);

		v->files[v->n] = (struct log_view_file){.fd = f->fds[--f->n], .base = base};
	}
}

int log_view_open(struct log_view *v, int dirfd, const char *name)
{
	_cleanup_(found_done) struct found f = {.n = 0};
	int r;

	v->dirfd = dirfd;
	v->name = name;
	v->n = 0;
	v->gap = false;
	v->window_len = 0;
	r = find_settled(v, -EBADF, &f);
	if (r == 0)
		append(v, &f);
	return r;
}

void log_view_close(struct log_view *v)
{
	while (v->n > 0)
		close(v->files[--v->n].fd);
}

uint64_t log_view_size(const struct log_view *v)
{
	return v->n == 0 ? 0 : v->files[v->n - 1].base + size_of(v->files[v->n - 1].fd);
}

ssize_t log_view_read(const struct log_view *v, uint64_t at, char *out, size_t len)
{
	size_t i = v->n;
	ssize_t n;

	while (i > 0 && v->files[i - 1].base > at)
		i--;
	if (i == 0)
		return 0;
	if (i < v->n && len > v->files[i].base - at)
		len = (size_t)(v->files[i].base - at);
	do
		n = pread(v->files[i - 1].fd, out, len, (off_t)(at - v->files[i - 1].base));
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
	_cleanup_(found_done) struct found f = {.n = 0};
	int last = v->n > 0 ? v->files[v->n - 1].fd : -EBADF, r;

	/* the usual case first: nothing has changed, or the writer is between its rename and its open */
	if (last >= 0 && is_settled(v, last, &f))
		return 0;
	r = find_settled(v, last, &f);
	if (r < 0 || f.n == 0)
		return r;
	/* with one file alone there is no telling */
	v->gap |= last >= 0 && !f.met && f.n > 1;
	/* what was written until the rename and not read yet is read first; what is before it has been */
	for (size_t i = 0; i + 1 < v->n; i++)
		close(v->files[i].fd);
	if (v->n > 1)
		v->files[0] = v->files[v->n - 1];
	v->n = v->n > 0;
	append(v, &f);
	v->window_len = 0;
	return 1;
}
