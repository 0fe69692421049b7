/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Half an archive looks like one to whoever finds it later. So a new file has
 * no name until it is whole (open(2), O_TMPFILE), and whatever ends us leaves
 * none. Where the file system has no such files, and where there is one of that
 * name, whose owner, mode and links are kept, a failure takes back what it can.
 */
#include "sys/output_file.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool open_nameless(const char *path, struct output_file *ret)
{
	const char *name = last_part(path);
	_cleanup_free_ char *parent = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
	_cleanup_close_ int dir_fd = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	struct stat st;
	int fd;

	if (!*name || dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return false;
	fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	*ret = (struct output_file){.fd = fd, .dir_fd = TAKE_FD(dir_fd), .path = path};
	return true;
}

int output_file_open(const char *path, struct output_file *ret, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
	bool is_new;
	int fd;

	if (open_nameless(path, ret))
		return 0;
	fd = open(path, flags | O_EXCL, 0644);
	is_new = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags | O_TRUNC, 0644);
	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	*ret = (struct output_file){.fd = fd, .dir_fd = -EBADF, .path = path, .is_new = is_new};
	return 0;
}

static int give_name(const struct output_file *f)
{
	_cleanup_close_ int dir_fd = openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
	if (linkat(AT_FDCWD, link, f->dir_fd, last_part(f->path), AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	/* a directory that cannot be read can be written all the same */
	if (dir_fd >= 0)
		(void)!fsync(dir_fd);
	return 0;
}

int output_file_keep(struct output_file *f, struct err *e)
{
	/* a pipe, or a file system that cannot */
	int r = fsync(f->fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;

	if (r == 0 && f->dir_fd >= 0)
		r = give_name(f);
	if (r < 0)
		return err_errno(e, -r, "%s", f->path);
	f->path = NULL;
	return 0;
}

void output_file_done(struct output_file *f)
{
	struct stat st;

	/* fails for what is no regular file, which keeps what it got */
	if (f->path && f->dir_fd < 0 && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		(void)!ftruncate(f->fd, 0);
		if (f->is_new)
			(void)unlink(f->path);
	}
	fd_closep(&f->fd);
	fd_closep(&f->dir_fd);
}
