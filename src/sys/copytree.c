/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A stack of open pairs instead of recursion: the depth is the input's.
 * Names come from readdir, one component each, and are opened with
 * O_NOFOLLOW: what is swapped in between is another file of the same
 * container, or an error.
 */
#include "sys/copytree.h"

#include "sys/fd.h"
#include "sys/mountns.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

struct level {
	DIR *from;
	int to;
};

struct stack {
	struct level levels[COPYTREE_DEPTH_MAX];
	size_t n;
	uint64_t mount; /* of the first; the device does not tell: in an overlay files may have another than directories */
};

static void stack_done(struct stack *s)
{
	while (s->n > 0) {
		s->n--;
		closedir(s->levels[s->n].from);
		close(s->levels[s->n].to);
	}
}

/* Owner first: a change of owner clears the setuid bit that the mode may have. An owner that is not mapped stays ours. */
static int give(int fd, const struct stat *st)
{
	if (fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	return fchmod(fd, st->st_mode & 07777) < 0 ? -errno : 0;
}

static int push(struct stack *s, int from_parent, const char *from_name, int to_parent, const char *to_name)
{
	_cleanup_close_ int from = openat(from_parent, from_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int to = -EBADF;
	struct stat st;
	DIR *dir;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (s->n == COPYTREE_DEPTH_MAX)
		return -ELOOP;
	if (s->n == 0) {
		r = mount_id(from, &s->mount);
		if (r < 0)
			return r;
	}
	to = openat(to_parent, to_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = give(to, &st);
	if (r < 0)
		return r;
	dir = fdopendir(from);
	if (!dir)
		return -errno;
	(void)TAKE_FD(from);
	s->levels[s->n++] = (struct level){dir, TAKE_FD(to)};
	return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	_cleanup_close_ int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), to = -EBADF;
	struct stat st;
	ssize_t n;

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EAGAIN;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	do
		n = sendfile(to, from, NULL, 1U << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : give(to, &st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0)
		return -errno;
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	return 0;
}

static int copy_entry(struct stack *s, struct level l, const char *name)
{
	int from = dirfd(l.from);
	struct statx id;
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || statx(from, name, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &id) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (id.stx_mnt_id != s->mount)
		return 0;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		if (mkdirat(l.to, name, 0700) < 0)
			return -errno;
		return push(s, from, name, l.to, name);
	case S_IFREG:
		return copy_file(from, l.to, name);
	case S_IFLNK:
		return copy_link(from, l.to, name, &st);
	case S_IFIFO:
		return mknodat(l.to, name, S_IFIFO | (st.st_mode & 07777), 0) < 0 ? -errno : 0;
	default:
		return 0;
	}
}

int copytree(int from, int to)
{
	_cleanup_(stack_done) struct stack s = {.n = 0};
	int r = push(&s, from, ".", to, ".");

	while (r == 0 && s.n > 0) {
		struct level l = s.levels[s.n - 1];
		struct dirent *d;

		errno = 0;
		d = readdir(l.from);
		if (!d && errno != 0)
			return -errno;
		if (!d) {
			closedir(l.from);
			close(l.to);
			s.n--;
		} else if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
			r = copy_entry(&s, l, d->d_name);
		}
	}
	return r;
}
