/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A staging directory belongs to the process that holds the lock on its file
 * "lock". Whoever gets that lock while the directory stands has found the
 * remains of one that died, and removes them: kill -9 at any moment leaves
 * nothing that the next command does not clean.
 *
 * The race at birth (made, not locked yet) is won by whoever locks first: the
 * maker that finds its new directory taken makes another.
 */
#include "image/store_private.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "tar/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define LOCK "lock"
#define TRIES 16

static int try_begin(struct store *st, struct staging *sg)
{
	uint64_t rnd[2];
	int r;

	if (getrandom(rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return -EIO;
	snprintf(sg->name, sizeof(sg->name), "%016llx%016llx", (unsigned long long)rnd[0], (unsigned long long)rnd[1]);
	if (mkdirat(st->staging_fd, sg->name, 0700) < 0)
		return -errno;
	r = path_own_open(st->staging_fd, sg->name, O_RDONLY | O_DIRECTORY, 0, &sg->dirfd);
	if (r == 0)
		r = lock_take(sg->dirfd, LOCK, 0, &sg->lock_fd);
	if (r < 0)
		fd_closep(&sg->dirfd);
	return r;
}

int staging_begin(struct store *st, struct staging *sg, struct err *e)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && (r == -EAGAIN || r == -ENOENT || r == -EEXIST); i++)
		r = try_begin(st, sg);
	if (r < 0)
		return err_errno(e, -r, "make a staging directory");
	sg->st = st;
	return 0;
}

int staging_remove_tree(struct store *st, int dirfd, const char *name, struct err *e)
{
	int keeper = -EBADF;
	int r = path_own_remove_tree(dirfd, name);

	if (r != -EACCES && r != -EPERM)
		return r < 0 ? err_errno(e, -r, "remove %s", name) : 0;
	r = store_keeper(st, &keeper, e);
	return r < 0 ? r : unpack_remove(dirfd, name, keeper, e);
}

void staging_done(struct staging *sg)
{
	if (sg->lock_fd < 0)
		return;
	/* what fails here the next sweep does */
	(void)!staging_remove_tree(sg->st, sg->st->staging_fd, sg->name, NULL);
	fd_closep(&sg->dirfd);
	fd_closep(&sg->lock_fd);
}

static void sweep_one(struct store *st, const char *name)
{
	_cleanup_close_ int dir = -EBADF, lock = -EBADF;

	if (path_own_open(st->staging_fd, name, O_RDONLY | O_DIRECTORY, 0, &dir) < 0)
		return;
	if (lock_take(dir, LOCK, 0, &lock) == 0)
		(void)!staging_remove_tree(st, st->staging_fd, name, NULL);
}

void staging_sweep(struct store *st)
{
	int copy = openat(st->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;
	DIR *dir;

	if (copy < 0)
		return;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return;
	}
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			sweep_one(st, d->d_name);
	closedir(dir);
}
