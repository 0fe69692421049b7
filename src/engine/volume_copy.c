/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Both trees hold names that an image chose, so every step is one name below
 * an open directory, without following a link, and the copy never leaves the
 * two directories it was given. Directories in progress are kept on a list of
 * our own and not on the stack: an image may nest deeply.
 *
 * Files go by copy_file_range(2), which shares blocks where the file system
 * can, else by sendfile(2).
 */
#include "engine/volume_copy.h"

#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define XATTR_LIST_MAX 65536
#define XATTR_VALUE_MAX 65536

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A stream over a directory that leaves `dirfd` as it is. */
static DIR *read_dir(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

bool volume_is_empty(int dirfd)
{
	_cleanup_(dir_closep) DIR *d = read_dir(dirfd);
	int r = 0;

	return d && !dir_next(d, &r) && r == 0;
}

/* Those that mean something to an overlay are the store's, not the content's. */
static bool xattr_is_wanted(const char *name)
{
	return strncmp(name, "user.overlay.", 13) != 0 && strncmp(name, "trusted.", 8) != 0 &&
	       strcmp(name, "security.selinux") != 0;
}

static int copy_xattrs(int from, int to)
{
	_cleanup_free_ char *list = NULL, *value = NULL;
	ssize_t n = flistxattr(from, NULL, 0);

	if (n <= 0)
		return n == 0 || errno == ENOTSUP ? 0 : -errno;
	list = malloc(XATTR_LIST_MAX);
	value = malloc(XATTR_VALUE_MAX);
	if (!list || !value)
		return -ENOMEM;
	n = flistxattr(from, list, XATTR_LIST_MAX);
	for (const char *p = list; n > 0 && p < list + n; p += strlen(p) + 1) {
		ssize_t len = xattr_is_wanted(p) ? fgetxattr(from, p, value, XATTR_VALUE_MAX) : -1;

		if (len >= 0 && fsetxattr(to, p, value, (size_t)len, 0) < 0 && errno != ENOTSUP)
			return -errno;
	}
	return 0;
}

/* Owner first: chown(2) clears set-id bits and file capabilities. */
static int copy_inode(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r;

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	return futimens(to, times) < 0 ? -errno : 0;
}

static int copy_bytes(int from, int to)
{
	bool by_range = true;

	for (;;) {
		ssize_t n = by_range ? copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0)
				     : sendfile(to, from, NULL, (size_t)1 << 30);

		if (n == 0)
			return 0;
		if (n > 0 || errno == EINTR)
			continue;
		/* between file systems (an overlay is one of its own) it does not go: Linux 5.19 */
		if (!by_range || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS))
			return -errno;
		by_range = false;
	}
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	struct stat st;
	int r;

	r = path_own_open(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &from);
	if (r < 0)
		return r;
	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = path_own_open(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &to);
	if (r == 0)
		r = copy_bytes(from, to);
	return r < 0 ? r : copy_inode(from, to, &st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0 || fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_fifo(int to_dir, const char *name, const struct stat *st)
{
	if (mkfifoat(to_dir, name, 0600) < 0 || fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

/* ---- trees ---- */

/* One directory in progress; its attributes are set when it is left, or writing into it would change them. */
struct level {
	int from, to;
	DIR *entries;
	struct stat st;
};

struct walk {
	struct level *levels;
	size_t n;
};

static void walk_done(struct walk *w)
{
	while (w->n-- > 0) {
		struct level *l = &w->levels[w->n];

		dir_closep(&l->entries);
		fd_closep(&l->from);
		fd_closep(&l->to);
	}
	free(w->levels);
}

/* Takes both fds, on failure too. */
static int push(struct walk *w, int from, int to)
{
	struct level *l = &w->levels[w->n];

	*l = (struct level){.from = from, .to = to};
	w->n++;
	if (w->n == VOLUME_DEPTH_MAX)
		return -ELOOP;
	if (fstat(from, &l->st) < 0)
		return -errno;
	l->entries = read_dir(from);
	return l->entries ? 0 : -errno;
}

static int push_child(struct walk *w, const char *name)
{
	const struct level *l = &w->levels[w->n - 1];
	int from = -EBADF, to = -EBADF, r;

	r = path_own_open(l->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &from);
	if (r < 0)
		return r;
	if (mkdirat(l->to, name, 0700) < 0) {
		r = -errno;
		close(from);
		return r;
	}
	r = path_own_open(l->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &to);
	if (r < 0) {
		close(from);
		return r;
	}
	return push(w, from, to);
}

static int copy_entry(struct walk *w, const char *name)
{
	const struct level *l = &w->levels[w->n - 1];
	struct stat st;

	if (fstatat(l->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return push_child(w, name);
	if (S_ISREG(st.st_mode))
		return copy_file(l->from, l->to, name);
	if (S_ISLNK(st.st_mode))
		return copy_link(l->from, l->to, name, &st);
	if (S_ISFIFO(st.st_mode))
		return copy_fifo(l->to, name, &st);
	return 0;
}

static int copy_tree(struct walk *w)
{
	while (w->n > 0) {
		struct level *l = &w->levels[w->n - 1];
		struct dirent *entry;
		int r = 0;

		errno = 0;
		entry = readdir(l->entries);
		if (entry) {
			r = is_dot(entry->d_name) ? 0 : copy_entry(w, entry->d_name);
		} else {
			r = errno ? -errno : copy_inode(l->from, l->to, &l->st);
			closedir(l->entries);
			fd_closep(&l->from);
			fd_closep(&l->to);
			w->n--;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int volume_copy(int from, int to, bool content, struct err *e)
{
	_cleanup_(walk_done) struct walk w = {0};
	struct stat st;
	int r;

	if (!content) {
		r = fstat(from, &st) < 0 ? -errno : copy_inode(from, to, &st);
		return r < 0 ? err_errno(e, -r, "copy from the image") : 0;
	}
	w.levels = mem_array(VOLUME_DEPTH_MAX, sizeof(*w.levels));
	if (!w.levels)
		return err_errno(e, ENOMEM, "copy from the image");
	from = fcntl(from, F_DUPFD_CLOEXEC, 3);
	to = fcntl(to, F_DUPFD_CLOEXEC, 3);
	r = push(&w, from, to);
	if (r == 0)
		r = copy_tree(&w);
	return r < 0 ? err_errno(e, -r, "copy from the image") : 0;
}

/* ---- chown ---- */

struct owner {
	uint32_t uid, gid;
};

static int chown_entry(void *ctx, int dirfd, const char *name)
{
	const struct owner *o = ctx;

	return fchownat(dirfd, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int volume_chown_tree(int dirfd, uint32_t uid, uint32_t gid, struct err *e)
{
	struct owner o = {uid, gid};
	int r;

	if (fchown(dirfd, uid, gid) < 0)
		return err_errno(e, errno, "chown");
	r = tree_each(fcntl(dirfd, F_DUPFD_CLOEXEC, 3), chown_entry, &o);
	return r < 0 ? err_errno(e, -r, "chown") : 0;
}
