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
	return fd_read_sized(fd, (size_t)st.st_size, max, b);
}

/*
 * Looks (O_PATH) before it opens: the open alone of a FIFO or a device is
 * felt at its other end. One that is swapped in between the two is opened
 * without blocking, and refused all the same.
 */
static int read_looking_first(int dirfd, const char *path, uint64_t resolve, size_t max, struct buf *b)
{
	_cleanup_close_ int look = -EBADF, fd = -EBADF;
	struct stat st;
	int r;

	r = open_how(dirfd, path, O_PATH, 0, resolve, &look);
	if (r < 0)
		return r;
	if (fstat(look, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = open_how(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, resolve, &fd);
	return r < 0 ? r : read_regular(fd, max, b);
}

int path_in_root_read(int rootfd, const char *path, size_t max, struct buf *b)
{
	return read_looking_first(rootfd, path, IN_ROOT, max, b);
}

int path_in_root_read_same_mount(int rootfd, const char *path, size_t max, struct buf *b)
{
	return read_looking_first(rootfd, path, IN_ROOT | RESOLVE_NO_XDEV, max, b);
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
 * Where the symlink `part`, the last of `so_far`, leads: a path from the
 * root. Its ".." parts stay, since only the kernel can resolve them.
 */
static int link_target(int parent, const char *so_far, const char *part, char out[static PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(parent, part, target, sizeof(target) - 1);
	int len;

	if (n < 0)
		return errno == EINVAL ? -ENOENT : -errno;
	target[n] = '\0';
	if (target[0] == '/')
		len = snprintf(out, PATH_MAX, "%s", target);
	else
		len = snprintf(out, PATH_MAX, "%.*s%s", (int)(part - so_far), so_far, target);
	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_dirs(int rootfd, char *p, mode_t mode, unsigned links, int *ret_fd);

/*
 * The directory `part` in `parent`, made when it is missing. A symlink is
 * resolved from the root as far as it leads, which is why the path so far
 * is what gets opened and not the part. One that leads nowhere (an image's
 * /var/run, /etc/resolv.conf) gets its target made.
 */
static int enter_or_make(int rootfd, int parent, const char *so_far, const char *part, mode_t mode, unsigned links,
			 int *ret_fd)
{
	char target[PATH_MAX];
	int r = path_in_root_open(rootfd, so_far, O_PATH | O_DIRECTORY, ret_fd);

	if (r != -ENOENT)
		return r;
	if (mkdirat(parent, part, mode) == 0)
		return path_in_root_open(rootfd, so_far, O_PATH | O_DIRECTORY, ret_fd);
	if (errno != EEXIST)
		return -errno;
	r = link_target(parent, so_far, part, target);
	if (r < 0)
		return r;
	return links == 0 ? -ELOOP : make_dirs(rootfd, target, mode, links - 1, ret_fd);
}

/* `p` is written to, and whole again at the end. */
static int make_dirs(int rootfd, char *p, mode_t mode, unsigned links, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF; /* none yet: the root */
	char *at = p;
	int r = 0;

	for (;;) {
		char *slash;
		int next = -EBADF;

		at += strspn(at, "/");
		if (r < 0 || !*at)
			break;
		slash = strchr(at, '/');
		if (slash)
			*slash = '\0';
		r = enter_or_make(rootfd, dir < 0 ? rootfd : dir, p, at, mode, links, &next);
		if (r == 0) {
			fd_closep(&dir);
			dir = next;
		}
		at += strlen(at);
		if (slash)
			*slash = '/';
	}
	if (r == 0 && dir < 0)
		r = path_in_root_open(rootfd, ".", O_PATH | O_DIRECTORY, &dir);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(dir);
	return 0;
}

#define LINKS_MAX 8 /* dangling symlinks followed; path_resolution(7) has 40 for all */

int path_in_root_mkdirs(int rootfd, const char *path, mode_t mode, int *ret_fd)
{
	char p[PATH_MAX];
	int r = clean(path, p);

	return r < 0 ? r : make_dirs(rootfd, p, mode, LINKS_MAX, ret_fd);
}

static int make_file(int dirfd, const char *name, mode_t mode)
{
	int fd = openat(dirfd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

static int check_no_dir(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

/* The file at `p`, made when it is missing, and so is the target of a symlink that leads nowhere. */
static int open_or_make_file(int rootfd, char *p, mode_t mode, unsigned links, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF;
	char target[PATH_MAX];
	char *name = strrchr(p, '/');
	int r = path_in_root_open(rootfd, p, O_PATH, ret_fd), in;

	if (r != -ENOENT)
		return r;
	if (name) {
		*name = '\0';
		r = make_dirs(rootfd, p, 0755, LINKS_MAX, &dir);
		*name++ = '/';
		if (r < 0)
			return r;
	} else {
		name = p;
	}
	in = dir < 0 ? rootfd : dir;
	r = make_file(in, name, mode);
	if (r == 0)
		r = path_in_root_open(rootfd, p, O_PATH, ret_fd);
	if (r != -ENOENT)
		return r;
	r = link_target(in, p, name, target);
	if (r < 0)
		return r;
	return links == 0 ? -ELOOP : open_or_make_file(rootfd, target, mode, links - 1, ret_fd);
}

int path_in_root_mountpoint(int rootfd, const char *path, bool is_dir, mode_t mode, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	char p[PATH_MAX];
	int r = clean(path, p);

	if (r < 0)
		return r;
	r = is_dir ? make_dirs(rootfd, p, mode, LINKS_MAX, &fd) : open_or_make_file(rootfd, p, mode, LINKS_MAX, &fd);
	if (r == 0 && !is_dir)
		r = check_no_dir(fd);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int path_own_open(int dirfd, const char *path, int flags, mode_t mode, int *ret_fd)
{
	return open_how(dirfd, path, flags, makes_file(flags) ? mode : 0, OWN, ret_fd);
}

static int make_part(int dirfd, const char *name, int flags, int *ret_fd)
{
	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return path_own_open(dirfd, name, flags | O_DIRECTORY, 0, ret_fd);
}

/* All parts of `p`, which is written to, from the first on. */
static int make_parts(int dirfd, char *p, int flags, int *ret_fd)
{
	_cleanup_close_ int dir = -EBADF;
	int r = 0;

	for (;;) {
		size_t len = strcspn(p, "/");
		bool more = p[len] == '/';
		int next = -EBADF;

		p[len] = '\0';
		r = make_part(dir < 0 ? dirfd : dir, p, more ? O_PATH : flags, &next);
		if (r < 0)
			return r;
		fd_closep(&dir);
		dir = next;
		if (!more)
			break;
		p += len + 1;
	}
	*ret_fd = TAKE_FD(dir);
	return 0;
}

int path_own_mkdirs(int dirfd, const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	int flags = ret_fd ? O_RDONLY : O_PATH;
	char p[PATH_MAX];
	int r = clean(path, p);

	if (r < 0)
		return r;
	/* mostly it is there */
	r = path_own_open(dirfd, *p ? p : ".", flags | O_DIRECTORY, 0, &fd);
	if (r == -ENOENT)
		r = make_parts(dirfd, p, flags, &fd);
	if (r == 0 && ret_fd)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* All of `p` that is missing; `p` is changed and put back. */
static int make_missing(char *p)
{
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			return -errno;
		*s = '/';
	}
	return mkdir(p, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int path_make_base(const char *abs_path, int *ret_fd)
{
	char p[PATH_MAX];
	int fd, r;

	if (abs_path[0] != '/')
		return -EINVAL;
	if ((size_t)snprintf(p, sizeof(p), "%s", abs_path) >= sizeof(p))
		return -ENAMETOOLONG;
	/* the user may have made ~/.local a symlink to a larger disk: followed, it is the user's own */
	fd = open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = make_missing(p);
		if (r < 0)
			return r;
		fd = open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int path_make_private(const char *abs_path, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat is, named;
	int r = path_make_base(abs_path, &fd);

	if (r < 0)
		return r;
	/* the name must be the directory's own: a link could lead to another one that is ours just as well */
	if (fstat(fd, &is) < 0 || lstat(abs_path, &named) < 0)
		return -errno;
	if (!S_ISDIR(named.st_mode) || named.st_dev != is.st_dev || named.st_ino != is.st_ino)
		return -EPERM;
	if (is.st_uid != geteuid() || (is.st_mode & 022) != 0)
		return -EPERM;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* In a tree of our own the open of a FIFO is felt by nobody else: it does not block, and is refused. */
int path_own_read(int dirfd, const char *path, size_t max, struct buf *b)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);

	return r < 0 ? r : read_regular(fd, max, b);
}

/* A name that nobody has: ".tmp." and 16 random digits. */
static int temp_name(char out[static 32])
{
	uint64_t rnd;

	if (getrandom(&rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return -EIO;
	snprintf(out, 32, PATH_TEMP_PREFIX "%016llx", (unsigned long long)rnd);
	return 0;
}

static int write_fresh(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = path_own_open(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, mode, &fd);
	if (r < 0)
		return r;
	/* the caller's umask is not asked: what others are to read, they can */
	if ((mode & 077) != 0 && fchmod(fd, mode) < 0)
		return -errno;
	r = fd_write_all(fd, data, len);
	if (r == 0 && (sync == PATH_SYNC_FULL || sync == PATH_SYNC_UNSEEN_DATA) && fsync(fd) < 0)
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
	r = write_fresh(dirfd, temp, data, len, mode, sync);
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
	if (sync == PATH_SYNC_UNSEEN || sync == PATH_SYNC_UNSEEN_DATA)
		return write_fresh(dirfd, name, data, len, mode, sync);
	return write_name(dirfd, name, data, len, mode, sync, false);
}

int path_own_write_new(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync)
{
	return write_name(dirfd, name, data, len, mode, sync, true);
}

int path_own_write_spare(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	char path[40];
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, data, len);
	if (r < 0)
		return r;
	/* a link never replaces; AT_EMPTY_PATH would want a capability before Linux 6.10 */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST ? -errno : 0;
}

void path_own_tidy(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return;
	}
	while ((d = readdir(dir)))
		if (strncmp(d->d_name, PATH_TEMP_PREFIX, strlen(PATH_TEMP_PREFIX)) == 0)
			(void)unlinkat(dirfd, d->d_name, 0);
	closedir(dir);
}

bool path_is_missing(const char *path)
{
	_cleanup_free_ char *part = strdup(path);
	bool is_whole = true;
	struct stat s;
	char *slash;

	if (!part)
		return false;
	/* from the end: of what is not there the most is there */
	for (; fstatat(AT_FDCWD, part, &s, AT_SYMLINK_NOFOLLOW) < 0; is_whole = false) {
		if (errno != ENOENT)
			return false;
		slash = strrchr(part, '/');
		if (!slash || slash == part)
			return true;
		*slash = '\0';
	}
	return !is_whole && (!S_ISLNK(s.st_mode) || fstatat(AT_FDCWD, part, &s, 0) == 0);
}
