/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * State is files (DESIGN §8): no database, no daemon, no table of locks. The
 * only lock that a reader takes is the shared one on locks/store, and the only
 * one that ever takes it exclusively is a collection, which does not wait for
 * it: while anything is being pulled or started there is nothing to collect
 * that could not wait for the next command.
 */
#include "image/store.h"

#include "image/store_private.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK_STORE "store"

static int open_dir(int data_fd, const char *path, int *ret_fd)
{
	int r = path_own_open(data_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd);

	return r == -ENOENT ? path_own_mkdirs(data_fd, path, ret_fd) : r;
}

int store_open(int data_fd, struct store **ret, struct err *e)
{
	_cleanup_(store_closep) struct store *st = calloc(1, sizeof(*st));
	int r;

	if (!st)
		return err_errno(e, ENOMEM, "image store");
	st->blobs_fd = st->layers_fd = st->images_fd = st->staging_fd = st->locks_fd = st->keeper_fd = -EBADF;
	st->data_fd = fcntl(data_fd, F_DUPFD_CLOEXEC, 3);
	if (st->data_fd < 0)
		return err_errno(e, errno, "image store");
	const struct {
		const char *path;
		int *fd;
	} dirs[] = {
		{"blobs/sha256", &st->blobs_fd}, {"layers", &st->layers_fd}, {"images", &st->images_fd},
		{"staging", &st->staging_fd},    {"locks", &st->locks_fd},
	};
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		r = open_dir(data_fd, dirs[i].path, dirs[i].fd);
		if (r < 0)
			return err_errno(e, -r, "image store: %s", dirs[i].path);
	}
	*ret = TAKE_PTR(st);
	return 0;
}

struct store *store_close(struct store *st)
{
	if (!st)
		return NULL;
	fd_closep(&st->data_fd);
	fd_closep(&st->blobs_fd);
	fd_closep(&st->layers_fd);
	fd_closep(&st->images_fd);
	fd_closep(&st->staging_fd);
	fd_closep(&st->locks_fd);
	fd_closep(&st->keeper_fd);
	for (size_t i = 0; i < st->n_shared; i++) {
		free(st->shared[i].path);
		fd_closep(&st->shared[i].blobs_fd);
		fd_closep(&st->shared[i].images_fd);
	}
	free(st);
	return NULL;
}

void store_set_keeper(struct store *st, store_keeper_fn fn, void *ctx)
{
	st->keeper_fn = fn;
	st->keeper_ctx = ctx;
}

void store_set_layers_used(struct store *st, store_layers_used_fn fn, void *ctx)
{
	st->layers_used_fn = fn;
	st->layers_used_ctx = ctx;
}

int store_keeper(struct store *st, int *ret_fd, struct err *e)
{
	int r;

	if (!st->keeper_asked && st->keeper_fn) {
		r = st->keeper_fn(st->keeper_ctx, &st->keeper_fd, e);
		if (r < 0)
			return r;
		st->keeper_asked = true;
	}
	*ret_fd = st->keeper_fd;
	return 0;
}

mode_t store_file_mode(int dirfd)
{
	struct stat s;

	return fstat(dirfd, &s) < 0 ? 0600 : 0600 | (s.st_mode & 0044);
}

static int lock_store(struct store *st, short type, int command, int *ret_fd)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(st->locks_fd, LOCK_STORE, O_RDWR | O_CREAT, 0600, &fd);

	if (r < 0)
		return r;
	while (fcntl(fd, command, &whole) < 0)
		if (errno != EINTR)
			return errno == EACCES ? -EAGAIN : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int store_pin(struct store *st, int *ret_fd, struct err *e)
{
	int r = lock_store(st, F_RDLCK, F_OFD_SETLKW, ret_fd);

	return r < 0 ? err_errno(e, -r, "lock the image store") : 0;
}

int store_pin_alone(struct store *st, int *ret_fd)
{
	return lock_store(st, F_WRLCK, F_OFD_SETLK, ret_fd);
}

void store_removed_done(struct store_removed *r)
{
	strv_done(&r->lines);
}
