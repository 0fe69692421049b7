/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who can write the file decides for its reader, and so does who can write the
 * directory: taken away is a setting as well, and where there is none one is
 * put, in a sticky directory too. The group may write what is the
 * user's where nobody else is in it: many distributions give each user a group
 * of the same name, and make files under the umask 0002. Whom root lets
 * write its own files is root's choice. On a mount that is read-only a mode
 * says nothing: that is how a cluster hands out its settings, mode 0777.
 *
 * Root has another number inside a user namespace; the kernel's own files tell
 * it. Where it has none there, it has that of all others who have none, and is
 * believed to be root only where a host's root alone puts files.
 */
#include "sys/config_file.h"

#include "sys/acl.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/user_name.h"
#include "sys/userns.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define GROUP_TEXT_MAX (64U << 10)

/* Not all of /var: homes are there, and /var/tmp. */
static bool is_where_root_writes(int fd)
{
	static const char *const places[] = {"/etc/", "/usr/", "/var/cache/containers/"};
	char link[64], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 2);
	if (len <= 0)
		return false;
	memcpy(path + len, "/", 2); /* of a directory too */
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strncmp(path, places[i], strlen(places[i])) == 0)
			return true;
	return false;
}

static bool is_roots(int fd, uid_t uid)
{
	struct stat kernel;

	if (uid == 0)
		return true;
	if (stat("/proc/sys/kernel", &kernel) < 0 || uid != kernel.st_uid)
		return false;
	return uid != userns_nobody() || is_where_root_writes(fd);
}

/* getgrgid(3): what NSS modules say of a number that they do not have. */
static bool is_not_found(int r)
{
	return r == ENOENT || r == ESRCH || r == EBADF || r == EPERM;
}

/* Named as the user is, with no other member; without a name, of the user's number. */
static bool is_private_group(uid_t uid, gid_t gid)
{
	char user[USER_NAME_SIZE], text[GROUP_TEXT_MAX];
	struct group g, *found = NULL;
	int r;

	if (gid == 0)
		return true;
	r = getgrgid_r(gid, &g, text, sizeof(text), &found);
	/* one with more members than there is room for is not private */
	if (r != 0 && !is_not_found(r))
		return false;
	if (!found)
		return gid == uid;
	if (user_name_of(uid, user) < 0 || strcmp(g.gr_name, user) != 0)
		return false;
	for (char **member = g.gr_mem; *member; member++)
		if (strcmp(*member, user) != 0)
			return false;
	return true;
}

/* Whom the mode's group bits are about. */
static bool is_group_trusted(int fd, const struct stat *s)
{
	struct acl_writers w;
	bool is_trusted;
	int r;

	if (is_roots(fd, s->st_uid))
		return true;
	r = acl_writers(fd, &w);
	if (r < 0)
		return r == -ENODATA && is_private_group(s->st_uid, s->st_gid);
	is_trusted = !w.group || is_private_group(s->st_uid, s->st_gid);
	for (size_t i = 0; i < w.n && is_trusted; i++)
		is_trusted = w.named[i].is_group ? is_private_group(s->st_uid, w.named[i].id) :
						   w.named[i].id == s->st_uid || w.named[i].id == 0;
	return is_trusted;
}

static bool is_read_only(int fd)
{
	struct statvfs f;

	return fstatvfs(fd, &f) == 0 && (f.f_flag & ST_RDONLY);
}

static bool is_writable_by_others(int fd, const struct stat *s)
{
	if (!(s->st_mode & S_IWOTH) && (!(s->st_mode & S_IWGRP) || is_group_trusted(fd, s)))
		return false;
	return !is_read_only(fd);
}

static int check(int fd, mode_t type, const char *what, struct err *e)
{
	bool is_dir = type == S_IFDIR;
	struct stat s;

	if (fstat(fd, &s) < 0)
		return err_errno(e, errno, "%s", what);
	if ((s.st_mode & S_IFMT) != type)
		return err_set(e, EINVAL, "%s: not a regular file", what);
	if (s.st_uid != geteuid() && !is_roots(fd, s.st_uid)) {
		err_set(e, EPERM, "%s: belongs to uid %u, neither to root nor to you, so it is not read", what, s.st_uid);
		if (geteuid() == 0)
			err_hint(e, "under sudo, HOME is to be root's: sudo -H");
		return -EPERM;
	}
	if (!is_writable_by_others(fd, &s))
		return 0;
	err_set(e, EPERM, "%s: others may write %s (mode %04o), so %s not read", what, is_dir ? "there" : "it", s.st_mode & 07777,
		is_dir ? "what is in it is" : "it is");
	err_hint(e, "see that it says what you mean, then: chmod go-w %s", what);
	return -EPERM;
}

/* What an ENOENT means: a link that leads nowhere was to be a setting. */
static int not_there(const char *path, struct err *e)
{
	return path_is_missing(path) ? -ENOENT : err_set(e, EINVAL, "%s: a link on its way leads nowhere", path);
}

/* -ENOENT, without text. */
static int open_dir(const char *path, size_t len, int *ret_fd, struct err *e)
{
	char dir[PATH_MAX];

	if ((size_t)snprintf(dir, sizeof(dir), "%.*s/", (int)len, path) >= sizeof(dir))
		return err_errno(e, ENAMETOOLONG, "%.128s…", path);
	*ret_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (len > 0)
		dir[len] = '\0';
	if (*ret_fd < 0)
		return errno == ENOENT ? -ENOENT : err_errno(e, errno, "%s", dir);
	return check(*ret_fd, S_IFDIR, dir, e);
}

/* -ENOENT, without text. */
static int open_file(int dirfd, const char *name, const char *path, int *ret_fd, struct err *e)
{
	*ret_fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*ret_fd < 0)
		return errno == ENOENT ? not_there(path, e) : err_errno(e, errno, "%s", path);
	return 0;
}

static int read_all(int fd, const char *path, size_t max, struct buf *b, struct err *e)
{
	int r = fd_read_all(fd, max, b);

	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

int config_file_read(const char *path, size_t max, struct buf *b, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int dirfd = -EBADF, fd = -EBADF;
	int r;

	if (path[0] != '/' || !slash)
		return err_set(e, EINVAL, "%.128s: not an absolute path", path);
	r = open_dir(path, (size_t)(slash - path), &dirfd, e);
	if (r == -ENOENT)
		return not_there(path, e);
	if (r == 0)
		r = open_file(dirfd, slash + 1, path, &fd, e);
	if (r == 0)
		r = check(fd, S_IFREG, path, e);
	return r < 0 ? r : read_all(fd, path, max, b, e);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_listed(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && name[0] != '.' && strcmp(name + n - m, suffix) == 0;
}

static int list(int dirfd, const char *path, const char *suffix, struct strv *ret)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_cleanup_(strv_done) struct strv files = {0};
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		r = -errno;
		fd_closep(&copy);
		return r;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		if (is_listed(d->d_name, suffix))
			r = files.n == CONFIG_FILES_MAX ? -E2BIG : strv_addf(&files, "%s/%s", path, d->d_name);
	closedir(dir);
	if (files.n)
		qsort(files.items, files.n, sizeof(*files.items), compare);
	return r < 0 ? r : strv_add_all(ret, files.items);
}

int config_file_list(const char *path, const char *suffix, struct strv *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = open_dir(path, strlen(path), &fd, e);

	if (r == -ENOENT)
		return not_there(path, e);
	if (r < 0)
		return r;
	r = list(fd, path, suffix, ret);
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

int config_file_list_named(const char *path, const char *suffix, struct strv *ret, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : list(fd, path, suffix, ret);

	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

int config_file_read_named(const char *path, size_t max, struct buf *b, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = open_file(AT_FDCWD, path, path, &fd, e);

	return r < 0 ? r : read_all(fd, path, max, b, e);
}
