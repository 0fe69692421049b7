/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A tar lists a directory's files one after the other, so the last parent is
 * kept open; it is forgotten whenever something is removed, because it may be
 * what was removed. No more than one descriptor is held, whatever the depth.
 *
 * Resolution is sys/path.h's: inside the destination, links and ".." too. The
 * lexical cleaning before it is docker's and containerd's rule for the name
 * itself, so that "a/../b" needs no "a".
 */
#include "tar/untar_place.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

void place_done(struct place *p)
{
	fd_closep(&p->parent_fd);
}

/* Go's filepath.Clean() of a relative name, into `out`. -EINVAL: it begins with ".." then. */
static int clean_name(const char *name, char out[static PATH_MAX], struct err *e)
{
	size_t n = 0;

	while (*name) {
		size_t len = strcspn(name, "/");

		if (len == 2 && name[0] == '.' && name[1] == '.') {
			if (n == 0)
				return err_set(e, EINVAL, "a name that leads out of the tree");
			while (n > 0 && out[n - 1] != '/')
				n--;
			if (n > 0)
				n--;
		} else if (len > 0 && !(len == 1 && name[0] == '.')) {
			if (len > NAME_MAX || n + len + 2 > PATH_MAX)
				return err_set(e, ENAMETOOLONG, "a name that is too long");
			if (n > 0)
				out[n++] = '/';
			memcpy(out + n, name, len);
			n += len;
		}
		name += len + (name[len] == '/');
	}
	out[n] = '\0';
	return 0;
}

/* The cleaned path in the tree: below `below`, which no name can leave. "" stays "" even then. */
static int place_name(const struct place *p, const char *name, char out[static PATH_MAX], struct err *e)
{
	char below[PATH_MAX];
	size_t len, at = 0;
	int r = clean_name(name, out, e);

	if (r < 0 || !p->below || !*out)
		return r;
	r = clean_name(p->below, below, e);
	if (r < 0)
		return r;
	len = strlen(out);
	at = strlen(below);
	if (at == 0)
		return 0;
	if (at + len + 2 > PATH_MAX)
		return err_set(e, ENAMETOOLONG, "a name that is too long");
	memmove(out + at + 1, out, len + 1);
	memcpy(out, below, at);
	out[at] = '/';
	return 0;
}

int place_set_opaque(int dirfd)
{
	return fsetxattr(dirfd, "user.overlay.opaque", "y", 1, 0) < 0 ? -errno : 0;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

int place_open_dir(int parent, const char *base, int *ret_fd)
{
	int fd = openat(parent, *base ? base : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Makes the directory `base` that entries imply; over a whiteout it is opaque, or what that hid would come back. */
static int make_implied(struct place *p, int parent, const char *base, bool over_whiteout)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (over_whiteout && unlinkat(parent, base, 0) < 0)
		return -errno;
	if (mkdirat(parent, base, 0755) < 0)
		return -errno;
	r = place_open_dir(parent, base, &fd);
	if (r == 0 && fchown(fd, p->uid, p->gid) < 0)
		r = -errno;
	if (r == 0 && over_whiteout)
		r = place_set_opaque(fd);
	return r;
}

/* The directory at the cleaned path so far; made 1: whited out, and not to be revived. */
static int enter(struct place *p, int parent, const char *so_far, const char *base, bool revive, int *ret_fd)
{
	struct stat st;
	bool there;
	int r = path_in_root_open(p->root_fd, so_far, O_PATH | O_DIRECTORY, ret_fd);

	if (r != -ENOENT && r != -ENOTDIR)
		return r;
	there = fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && !is_whiteout(&st))
		return -ENOTDIR;
	if (there && !revive)
		return 1;
	r = make_implied(p, parent, base, there);
	return r < 0 ? r : path_in_root_open(p->root_fd, so_far, O_PATH | O_DIRECTORY, ret_fd);
}

static int walk(struct place *p, char *dir, bool revive, int *ret_fd)
{
	_cleanup_close_ int at_fd = -EBADF;
	char *at = dir;
	int r;

	r = path_in_root_open(p->root_fd, ".", O_PATH | O_DIRECTORY, &at_fd);
	while (r == 0 && *at) {
		size_t len = strcspn(at, "/");
		bool more = at[len] == '/';
		int next = -EBADF;

		at[len] = '\0';
		r = enter(p, at_fd, dir, at, revive, &next);
		if (more)
			at[len] = '/';
		if (r != 0)
			return r;
		close(at_fd);
		at_fd = next;
		at += len + more;
	}
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(at_fd);
	return 0;
}

/* Splits the cleaned path at its last slash: "a/b/c" into "a/b" and "c". Returns the last part. */
static const char *split(char *path, const char **ret_dir)
{
	char *slash = strrchr(path, '/');

	if (!slash) {
		*ret_dir = "";
		return path;
	}
	*slash = '\0';
	*ret_dir = path;
	return slash + 1;
}

int place_find(struct place *p, const char *name, bool revive, int *ret_parent, const char **ret_base, struct err *e)
{
	char dir_copy[PATH_MAX];
	const char *dir, *base;
	int fd = -EBADF, r;

	r = place_name(p, name, p->path, e);
	if (r < 0)
		return r;
	base = split(p->path, &dir);
	if (p->parent_fd < 0 || strcmp(dir, p->parent) != 0) {
		memcpy(dir_copy, dir, strlen(dir) + 1);
		r = path_in_root_open(p->root_fd, *dir ? dir : ".", O_PATH | O_DIRECTORY, &fd);
		if (r == -ENOENT || r == -ENOTDIR)
			r = walk(p, dir_copy, revive, &fd);
		if (r != 0)
			return r < 0 ? err_errno(e, -r, "its directory") : r;
		fd_closep(&p->parent_fd);
		p->parent_fd = fd;
		memcpy(p->parent, dir, strlen(dir) + 1);
	}
	*ret_parent = p->parent_fd;
	*ret_base = base;
	return 0;
}

int place_find_target(struct place *p, const char *name, int *ret_parent, char ret_base[static NAME_MAX + 1], struct err *e)
{
	char path[PATH_MAX];
	const char *dir, *base;
	int r;

	r = place_name(p, name, path, e);
	if (r < 0)
		return r;
	base = split(path, &dir);
	if (!*base)
		return err_set(e, EINVAL, "a hard link to the root");
	memcpy(ret_base, base, strlen(base) + 1); /* clean_name() keeps parts within NAME_MAX */
	r = path_in_root_open(p->root_fd, *dir ? dir : ".", O_PATH | O_DIRECTORY, ret_parent);
	return r < 0 ? err_errno(e, -r, "what it links to") : 0;
}

int place_clear(struct place *p, int parent, const char *base, bool keep_dir, enum place_was *ret, struct err *e)
{
	struct stat st;
	int r;

	*ret = PLACE_NOTHING;
	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "look it up");
	if (S_ISDIR(st.st_mode) && keep_dir) {
		*ret = PLACE_KEPT_DIR;
		return 0;
	}
	*ret = is_whiteout(&st) ? PLACE_WHITEOUT : PLACE_OTHER;
	r = S_ISDIR(st.st_mode) ? path_own_remove_tree(parent, base) : unlinkat(parent, base, 0) < 0 ? -errno : 0;
	if (r < 0)
		return err_errno(e, -r, "replace it");
	/* the cached parent may lie in what is gone, or be reached through it: no cleaned path begins with a slash */
	if (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		memcpy(p->parent, "/", sizeof("/"));
	return 0;
}
