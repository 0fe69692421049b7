/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The rename comes before the fsync here, unlike elsewhere: an fsync takes
 * milliseconds, for which everybody who waits for the container would wait.
 * A power cut in between leaves no file or an empty one; either reads as
 * "lost", which after a power cut is the truth.
 */
#include "monitor/exit_file.h"

#include "monitor/exit.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int temporary(const struct exit_file *f, char out[static NAME_MAX + 1])
{
	size_t len = strlen(f->name);

	if (len == 0 || len + sizeof(EXIT_FILE_UNFINISHED) > NAME_MAX + 1)
		return -ENAMETOOLONG;
	memcpy(out, f->name, len);
	memcpy(out + len, EXIT_FILE_UNFINISHED, sizeof(EXIT_FILE_UNFINISHED));
	return 0;
}

static int open_dir(struct exit_file *f, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || len >= sizeof(dir))
		return -EINVAL;
	memcpy(dir, path, len);
	memcpy(dir + len, "/", 2);
	f->name = slash + 1;
	f->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->dirfd < 0 ? -errno : 0;
}

int exit_file_prepare(struct exit_file *f, const char *path, struct err *e)
{
	char name[NAME_MAX + 1], blank[EXIT_TEXT_MAX];
	int r;

	memset(blank, ' ', sizeof(blank));
	r = open_dir(f, path);
	if (r == 0)
		r = temporary(f, name);
	if (r == 0)
		r = path_own_open(f->dirfd, name, O_RDWR | O_CREAT | O_TRUNC, 0600, &f->fd);
	if (r == 0)
		r = fd_write_all(f->fd, blank, sizeof(blank));
	return r < 0 ? err_errno(e, -r, "exit file %s", path) : 0;
}

int exit_file_write(struct exit_file *f, const struct monitor_exit *x)
{
	char name[NAME_MAX + 1], text[EXIT_TEXT_MAX];
	size_t len = exit_text(x, text);
	int r;

	if (f->fd < 0)
		return -EBADF;
	r = temporary(f, name);
	if (r < 0)
		return r;
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return -errno;
	r = fd_write_all(f->fd, text, len);
	if (r < 0)
		return r;
	if (ftruncate(f->fd, (off_t)len) < 0 || renameat(f->dirfd, name, f->dirfd, f->name) < 0)
		return -errno;
	f->name = NULL;
	return 0;
}

void exit_file_sync(struct exit_file *f)
{
	if (f->fd >= 0 && fsync(f->fd) == 0)
		(void)fsync(f->dirfd);
}

void exit_file_done(struct exit_file *f)
{
	char name[NAME_MAX + 1];

	if (f->dirfd >= 0 && f->name && temporary(f, name) == 0)
		(void)unlinkat(f->dirfd, name, 0);
	fd_closep(&f->fd);
	fd_closep(&f->dirfd);
}
