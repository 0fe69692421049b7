/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A staging directory belongs to the process that holds its lock. Whoever
 * gets that while the directory stands has found the remains of one that died,
 * and removes them: kill -9 at any moment leaves nothing that the next command
 * does not clean.
 *
 * The race at birth (made, not locked yet) is won by whoever locks first: the
 * maker that finds its new directory taken, or gone, makes another. So what is
 * locked is the directory itself: of a file in it the sweep would remove the
 * name before the directory's, and the maker could lock a new one in between.
 *
 * The images that the owner uses are the names of the files of "uses" in it,
 * which mean nothing once it is dead. Who removes an image looks there under a
 * lock that excludes whoever adds to it: either the use is seen, or the image
 * is gone before the one who wants to use it looks for it.
 */
#include "image/store_private.h"
#include "sys/dir.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "tar/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define TRIES 16
#define USES "uses"

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
		r = lock_take_dir(sg->dirfd, 0, &sg->lock_fd);
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
	if (lock_take_dir(dir, 0, &lock) == 0)
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

/* ---- what their owners use ---- */

/* No file of its own: where nothing can be written any more, something can be removed. */
int staging_lock_uses(struct store *st, int *ret_fd, struct err *e)
{
	int r = lock_take_dir(st->staging_fd, -1, ret_fd);

	return r < 0 ? err_errno(e, -r, "lock the image store") : 0;
}

int staging_use(const struct staging *sg, const char *id, struct err *e)
{
	_cleanup_close_ int lock = -EBADF, dir = -EBADF, fd = -EBADF;
	int r = staging_lock_uses(sg->st, &lock, e);

	if (r < 0)
		return r;
	r = path_own_mkdirs(sg->dirfd, USES, &dir);
	if (r == 0)
		r = path_own_open(dir, id, O_WRONLY | O_CREAT, 0600, &fd);
	return r < 0 ? err_errno(e, -r, "image %.12s", id) : 0;
}

static bool is_owned(int dirfd)
{
	_cleanup_close_ int lock = -EBADF;

	return lock_take_dir(dirfd, 0, &lock) == -EAGAIN;
}

static int add_uses(struct store *st, const char *name, struct strv *ret)
{
	_cleanup_close_ int dir = -EBADF, uses = -EBADF;
	DIR *list = NULL;
	struct dirent *d;
	int r = 0;

	/* most have none, and some go meanwhile */
	if (path_own_open(st->staging_fd, name, O_RDONLY | O_DIRECTORY, 0, &dir) < 0 ||
	    path_own_open(dir, USES, O_RDONLY | O_DIRECTORY, 0, &uses) < 0 || !is_owned(dir))
		return 0;
	list = fdopendir(uses);
	if (!list)
		return -errno;
	uses = -EBADF;
	while (r == 0 && (d = dir_next(list, &r)))
		if (d->d_name[0] != '.')
			r = strv_addf(ret, "%s=", d->d_name);
	closedir(list);
	return r;
}

int staging_uses(struct store *st, struct strv *ret, struct err *e)
{
	int copy = openat(st->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "images that are used");
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		if (d->d_name[0] != '.')
			r = add_uses(st, d->d_name, ret);
	closedir(dir);
	return r < 0 ? err_errno(e, -r, "images that are used") : 0;
}
