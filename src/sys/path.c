/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why openat2 and no fallback: every hand-written resolver of the last ten
 * years was raced (the runc, docker cp and buildah advisories). Where the
 * kernel has no openat2 (before 5.6) we refuse.
 *
 * Directories that must be made inside a root are made one component at a
 * time by mkdirat() on the fd of the one before, and each step resolves in
 * the same root again, so that a symlink swapped in between leads nowhere
 * but inside that root.
 */
#include "sys/path.h"

#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int open_how(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve, int *ret_fd)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};
	long fd;

	/* RESOLVE_IN_ROOT gives EAGAIN when a rename raced with "..": try again, a bounded number of times */
	for (int i = 0; i < 64; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0) {
			*ret_fd = (int)fd;
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/* O_TMPFILE holds the bit of O_DIRECTORY: a mask alone would take any directory for one */
static bool makes_file(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
#define OWN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

int path_in_root_open(int rootfd, const char *path, int flags, int *ret_fd)
{
	if (makes_file(flags))
		return -EINVAL;
	return open_how(rootfd, *path ? path : ".", flags, 0, IN_ROOT, ret_fd);
}

/* The fd's regular file, `max` bytes at most. */
static int read_regular(int fd, size_t max, struct buf *b)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return -EFBIG;
	return fd_read_all(fd, max, b);
}

int path_in_root_read(int rootfd, const char *path, size_t max, struct buf *b)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = path_in_root_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
	return r < 0 ? r : read_regular(fd, max, b);
}

int path_in_root_read_same_mount(int rootfd, const char *path, size_t max, struct buf *b)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = open_how(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, IN_ROOT | RESOLVE_NO_XDEV, &fd);
	return r < 0 ? r : read_regular(fd, max, b);
}

/* Copies the path without doubled slashes and "." parts; -EINVAL when one is "..", -ENAMETOOLONG. */
static int clean(const char *path, char out[static PATH_MAX])
{
	size_t n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (len > 0 && !(len == 1 && path[0] == '.')) {
			if (n + len + 2 > PATH_MAX)
				return -ENAMETOOLONG;
			if (n > 0)
				out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len + (path[len] == '/');
	}
	out[n] = '\0';
	return 0;
}

/*
 * The directory `part` in `parent`, made when it is missing. A symlink is
 * resolved from the root as far as it leads, which is why the path so far
 * is what gets opened and not the part.
 */
static int enter_or_make(int rootfd, int parent, const char *so_far, const char *part, mode_t mode, int *ret_fd)
{
	int r = path_in_root_open(rootfd, so_far, O_PATH | O_DIRECTORY, ret_fd);

	if (r != -ENOENT)
		return r;
	if (mkdirat(parent, part, mode) < 0 && errno != EEXIST)
		return -errno;
	return path_in_root_open(rootfd, so_far, O_PATH | O_DIRECTORY, ret_fd);
}

int path_in_root_mkdirs(int rootfd, const char *path, mode_t mode, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF;
	char p[PATH_MAX];
	char *at = p;
	int r;

	r = clean(path, p);
	if (r < 0)
		return r;
	r = path_in_root_open(rootfd, ".", O_PATH | O_DIRECTORY, &dir);
	while (r == 0 && *at) {
		char *slash = strchr(at, '/');
		int next = -EBADF;

		if (slash)
			*slash = '\0';
		r = enter_or_make(rootfd, dir, p, at, mode, &next);
		if (r < 0)
			break;
		close(dir);
		dir = next;
		at += strlen(at);
		if (slash) {
			*slash = '/';
			at++;
		}
	}
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(dir);
	return 0;
}

static int make_file(int dirfd, const char *name, mode_t mode)
{
	int fd = openat(dirfd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

static int check_kind(int fd, bool is_dir)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) == is_dir)
		return 0;
	return is_dir ? -ENOTDIR : -EISDIR;
}

int path_in_root_mountpoint(int rootfd, const char *path, bool is_dir, mode_t mode, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	char p[PATH_MAX];
	char *slash;
	int r;

	if (is_dir) {
		r = path_in_root_mkdirs(rootfd, path, mode, &fd);
	} else {
		r = clean(path, p);
		if (r == 0)
			r = path_in_root_open(rootfd, p, O_PATH, &fd);
		if (r == -ENOENT && *p) {
			slash = strrchr(p, '/');
			if (slash)
				*slash = '\0';
			r = path_in_root_mkdirs(rootfd, slash ? p : "", 0755, &dir);
			if (r == 0)
				r = make_file(dir, slash ? slash + 1 : p, mode);
			if (slash)
				*slash = '/';
			if (r == 0)
				r = path_in_root_open(rootfd, p, O_PATH, &fd);
		}
	}
	if (r == 0)
		r = check_kind(fd, is_dir);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int path_own_open(int dirfd, const char *path, int flags, mode_t mode, int *ret_fd)
{
	return open_how(dirfd, path, flags, makes_file(flags) ? mode : 0, OWN, ret_fd);
}

int path_own_mkdirs(int dirfd, const char *path, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF;
	char p[PATH_MAX];
	char *at = p;
	int r;

	r = clean(path, p);
	if (r < 0)
		return r;
	r = path_own_open(dirfd, ".", O_PATH | O_DIRECTORY, 0, &dir);
	while (r == 0 && *at) {
		size_t len = strcspn(at, "/");
		bool more = at[len] == '/';
		int next = -EBADF;

		at[len] = '\0';
		if (mkdirat(dir, at, 0700) < 0 && errno != EEXIST)
			return -errno;
		r = path_own_open(dir, at, O_PATH | O_DIRECTORY, 0, &next);
		if (r < 0)
			return r;
		close(dir);
		dir = next;
		at += len + more;
	}
	if (r == 0 && ret_fd)
		r = path_own_open(dir, ".", O_RDONLY | O_DIRECTORY, 0, ret_fd);
	return r;
}

int path_make_base(const char *abs_path, int *ret_fd)
{
	char p[PATH_MAX];
	int fd;

	if (abs_path[0] != '/')
		return -EINVAL;
	if ((size_t)snprintf(p, sizeof(p), "%s", abs_path) >= sizeof(p))
		return -ENAMETOOLONG;
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			return -errno;
		*s = '/';
	}
	if (mkdir(p, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* the user may have made ~/.local a symlink to a larger disk: followed, it is the user's own */
	fd = open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int path_own_read(int dirfd, const char *path, size_t max, struct buf *b)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = path_own_open(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	return r < 0 ? r : read_regular(fd, max, b);
}

/* A name that nobody has: ".tmp." and 16 random digits. */
static int temp_name(char out[static 32])
{
	uint64_t rnd;

	if (getrandom(&rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return -EIO;
	snprintf(out, 32, ".tmp.%016llx", (unsigned long long)rnd);
	return 0;
}

static int write_temp(int dirfd, const char *temp, const void *data, size_t len, mode_t mode, enum path_sync sync)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = path_own_open(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL, mode, &fd);
	if (r < 0)
		return r;
	r = fd_write_all(fd, data, len);
	if (r == 0 && sync == PATH_SYNC_FULL && fsync(fd) < 0)
		r = -errno;
	return r;
}

static int write_name(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync,
		      bool only_new)
{
	char temp[32];
	int r;

	r = temp_name(temp);
	if (r < 0)
		return r;
	r = write_temp(dirfd, temp, data, len, mode, sync);
	if (r == 0 && only_new && linkat(dirfd, temp, dirfd, name, 0) < 0)
		r = -errno;
	if (r == 0 && !only_new && renameat(dirfd, temp, dirfd, name) < 0)
		r = -errno;
	if (r < 0 || only_new)
		(void)unlinkat(dirfd, temp, 0);
	if (r == 0 && sync == PATH_SYNC_FULL && fsync(dirfd) < 0)
		r = -errno;
	return r;
}

int path_own_write(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync)
{
	return write_name(dirfd, name, data, len, mode, sync, false);
}

int path_own_write_new(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync)
{
	return write_name(dirfd, name, data, len, mode, sync, true);
}

/*
 * Removal keeps one open directory at a time and goes up through "..",
 * checked by (dev, ino), so that depth costs no descriptors and no stack.
 */
static int open_dir(int dirfd, const char *name, dev_t dev, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	r = path_own_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	if (r == -EACCES) {
		/* 0700 on a directory whose owner we are; not a link, openat2 said so */
		if (fchmodat(dirfd, name, 0700, 0) < 0)
			return -EACCES;
		r = path_own_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	}
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dev)
		return -EXDEV;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/*
 * Empties the directory of what is not a directory. Returns 0 when it is
 * empty, 1 with the name of a directory in it that must be emptied first.
 */
static int unlink_files(int dirfd, char ret_subdir[static NAME_MAX + 1])
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;
	DIR *dir;
	int r = 0;

	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return -ENOMEM;
	}
	while (r == 0 && (errno = 0, d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd, d->d_name, 0) == 0)
			continue;
		if ((errno == EISDIR || errno == EPERM) && unlinkat(dirfd, d->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno == EACCES && fchmod(dirfd, 0700) == 0 && unlinkat(dirfd, d->d_name, 0) == 0)
			continue;
		if (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR) {
			snprintf(ret_subdir, NAME_MAX + 1, "%s", d->d_name);
			r = 1;
		} else if (errno != ENOENT) {
			r = -errno;
		}
	}
	closedir(dir);
	return r;
}

/* Moves `*dir` one step down into `name`, or up again; checks that up is where we came from. */
static int step_up(int *dir, dev_t dev)
{
	struct stat st;
	int up = openat(*dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (up < 0)
		return -errno;
	close(*dir);
	*dir = up;
	if (fstat(up, &st) < 0)
		return -errno;
	return st.st_dev == dev ? 0 : -EXDEV;
}

static int empty_tree(int top, dev_t dev)
{
	_cleanup_close_ int dir = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned depth = 0;

	if (dir < 0)
		return -errno;
	for (;;) {
		char sub[NAME_MAX + 1];
		int next = -EBADF;
		int r = unlink_files(dir, sub);

		if (r < 0 || (r == 0 && depth == 0))
			return r;
		if (r == 0) {
			r = step_up(&dir, dev);
			depth--;
		} else if (++depth > PATH_DEPTH_MAX) {
			r = -ELOOP;
		} else {
			r = open_dir(dir, sub, dev, &next);
			if (r == 0) {
				close(dir);
				dir = next;
			}
		}
		if (r < 0)
			return r;
	}
}

int path_own_remove_tree(int dirfd, const char *name)
{
	_cleanup_close_ int top = -EBADF;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
	r = open_dir(dirfd, name, st.st_dev, &top);
	if (r == 0)
		r = empty_tree(top, st.st_dev);
	if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}
