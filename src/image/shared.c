/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Stores of others that are read only (store_share()). What is there decides
 * what runs here under a name, so that it must be of somebody who decides that
 * anyway: root, or the user. The descriptors are what was looked at, whatever
 * the path leads to later.
 *
 * Inside a user namespace root's files seem to be nobody's, as do all others'
 * that it has no ids for, and the two cannot be told apart: such a store is
 * not shared there.
 */
#include "image/store_private.h"

#include "sys/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const parts[] = {"", "/blobs", "/blobs/sha256", "/images"};
enum { PART_BLOBS = 2, PART_IMAGES = 3, PARTS = 4 };

static int check_stat(const struct stat *s, const char *path, struct err *e)
{
	uid_t nobody;

	if (s->st_uid != 0 && s->st_uid != geteuid()) {
		nobody = userns_nobody();
		if (nobody && s->st_uid == nobody)
			return STORE_NOT_SHARED;
		return err_set(e, EPERM, "shared image store %s: belongs to uid %u, neither to root nor to you", path, s->st_uid);
	}
	if (s->st_mode & 0022) {
		err_set(e, EPERM, "shared image store %s: others may write there (mode %04o)", path, s->st_mode & 07777);
		err_hint(e, "chmod go-w %s, or take it out of storage.conf", path);
		return -EPERM;
	}
	return 0;
}

static int check_owner(int fd, const char *path, struct err *e)
{
	struct stat s;

	return fstat(fd, &s) < 0 ? err_errno(e, errno, "shared image store %s", path) : check_stat(&s, path, e);
}

int shared_check_file(const struct store_shared *from, const char *file, struct err *e)
{
	char whole[PATH_MAX];
	struct stat s;
	int r;

	/* what is no file is not read either */
	if (fstatat(from->images_fd, file, &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(s.st_mode))
		return -ENOENT;
	snprintf(whole, sizeof(whole), "%s/images/%s", from->path, file);
	r = check_stat(&s, whole, e);
	return r == STORE_NOT_SHARED ? -ENOENT : r;
}

static int open_part(int dirfd, const char *path, const char *part, int *ret_fd, struct err *e)
{
	char whole[PATH_MAX];
	int fd;

	snprintf(whole, sizeof(whole), "%s%s", path, part);
	/* the first may be a link of whoever wrote the configuration */
	fd = *part ? openat(dirfd, part + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) :
		     open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? STORE_NOT_SHARED : err_errno(e, errno, "shared image store %s", whole);
	*ret_fd = fd;
	return check_owner(fd, whole, e);
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Whether it is our own store, or there already: the same images, which would be shown as not to be removed. */
static bool is_known(const struct store *st, int images_fd)
{
	for (size_t i = 0; i < st->n_shared; i++)
		if (is_same(st->shared[i].images_fd, images_fd))
			return true;
	return is_same(st->images_fd, images_fd);
}

int store_share(struct store *st, const char *path, struct err *e)
{
	int fds[PARTS] = {-EBADF, -EBADF, -EBADF, -EBADF}, r = 0;
	struct store_shared *to = &st->shared[st->n_shared];

	if (st->n_shared == STORE_SHARED_MAX)
		return err_set(e, E2BIG, "more than %d shared image stores", STORE_SHARED_MAX);
	for (size_t i = 0; i < PARTS && r == 0; i++)
		r = open_part(fds[0], path, parts[i], &fds[i], e);
	if (r == 0 && !is_known(st, fds[PART_IMAGES])) {
		*to = (struct store_shared){.path = strdup(path), .blobs_fd = fds[PART_BLOBS], .images_fd = fds[PART_IMAGES]};
		fds[PART_BLOBS] = fds[PART_IMAGES] = -EBADF;
		st->n_shared++;
		r = to->path ? 0 : err_errno(e, ENOMEM, "image store");
	}
	for (size_t i = 0; i < PARTS; i++)
		fd_closep(&fds[i]);
	return r;
}

bool store_shares(const struct store *st, const char *path)
{
	for (size_t i = 0; i < st->n_shared; i++)
		if (strcmp(st->shared[i].path, path) == 0)
			return true;
	return false;
}
