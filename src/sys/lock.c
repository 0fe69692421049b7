/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Waiting is polling with a growing pause: F_OFD_SETLKW cannot time out
 * without a signal, and a signal handler in an engine that forks is worse
 * than a wait that is up to 20 ms too long.
 *
 * A lock file may be removed by its holder as the last thing it does (a
 * container's directory goes with its lock). One who waited then holds a lock
 * on a file without a name, that excludes nobody; so after the lock, the
 * name is looked up again and must still be the same file. A directory has no
 * other name, and says itself that it has been removed.
 */
#include "sys/lock.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define PAUSE_FIRST_MS 1
#define PAUSE_MAX_MS 20

static void pause_ms(int ms)
{
	struct timespec t = {.tv_nsec = (long)ms * 1000000};

	(void)nanosleep(&t, NULL);
}

static int try_whole(int fd, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

static int try_file(int fd)
{
	return try_whole(fd, F_WRLCK);
}

static int try_shared(int fd)
{
	return try_whole(fd, F_RDLCK);
}

static int try_dir(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EINTR ? -EAGAIN : -errno;
}

static int take(int fd, int (*try)(int fd), int timeout_ms)
{
	int waited = 0, step = PAUSE_FIRST_MS;

	for (;;) {
		int r = try(fd);

		if (r != -EAGAIN)
			return r;
		if (timeout_ms >= 0 && waited >= timeout_ms)
			return -EAGAIN;
		pause_ms(step);
		waited += step;
		step = step * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : step * 2;
	}
}

int lock_take_fd(int fd, int timeout_ms)
{
	return take(fd, try_file, timeout_ms);
}

static bool same_file(int fd, int dirfd, const char *name)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int take_named(int dirfd, const char *name, int (*try)(int fd), int timeout_ms, int *ret_fd)
{
	int r;

	for (;;) {
		_cleanup_close_ int fd = -EBADF;

		r = path_own_open(dirfd, name, O_RDWR | O_CREAT, 0600, &fd);
		if (r < 0)
			return r;
		r = take(fd, try, timeout_ms);
		if (r < 0)
			return r;
		if (same_file(fd, dirfd, name)) {
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
	}
}

int lock_take(int dirfd, const char *name, int timeout_ms, int *ret_fd)
{
	return take_named(dirfd, name, try_file, timeout_ms, ret_fd);
}

int lock_share(int dirfd, const char *name, int timeout_ms, int *ret_fd)
{
	return take_named(dirfd, name, try_shared, timeout_ms, ret_fd);
}

int lock_take_dir(int dirfd, int timeout_ms, int *ret_fd)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = take(fd, try_dir, timeout_ms);
	if (r == -EBADF || r == -EOPNOTSUPP || r == -ENOLCK)
		return lock_take(dirfd, ".lock", timeout_ms, ret_fd);
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0 && st.st_nlink == 0)
		r = -ENOENT;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}
