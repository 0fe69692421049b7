/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Directories wait in a list by their paths instead of being open one in the
 * other, so that a deep tree takes no more descriptors than a flat one. Each
 * is opened without following a link. What is read is compared at once:
 * nothing is kept but the names of two directories.
 */
#include "sys/tree_same.h"

#include "base/strv.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ENTRIES_MAX 1000000 /* of one directory */
#define XATTRS_MAX 65536    /* bytes of a list, or of a value (XATTR_SIZE_MAX) */
#define PIECE 65536

struct pair {
	bool owners;
	struct strv directories; /* still to be compared */
	char *difference;
	const char *path; /* of the directory that is looked at; "" for the top */
};

static int differs(const struct pair *p, const char *name, const char *what)
{
	snprintf(p->difference, TREE_DIFFERENCE_SIZE, "%s%s%s%.200s: %s", *p->path ? "/" : "", p->path, *name ? "/" : "", name, what);
	return TREE_DIFFERS;
}

/* Fills up to PIECE bytes; their number, or -errno. */
static ssize_t read_piece(int fd, char *to)
{
	size_t n = 0;

	while (n < PIECE) {
		ssize_t got = read(fd, to + n, PIECE - n);

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static int same_content(int a, int b)
{
	char x[PIECE], y[PIECE];

	for (;;) {
		ssize_t n = read_piece(a, x), m = read_piece(b, y);

		if (n < 0 || m < 0)
			return n < 0 ? (int)n : (int)m;
		if (n != m || memcmp(x, y, (size_t)n) != 0)
			return TREE_DIFFERS;
		if (n == 0)
			return TREE_SAME;
	}
}

static bool is_label(const char *name)
{
	return strcmp(name, "security.selinux") == 0;
}

/* Whether each attribute of `a` is one of `b` with the same value; *ret_n: how many. */
static int has_xattrs(int a, int b, size_t *ret_n)
{
	_cleanup_free_ char *names = malloc(XATTRS_MAX), *x = malloc(XATTRS_MAX), *y = malloc(XATTRS_MAX);
	ssize_t len = names && x && y ? flistxattr(a, names, XATTRS_MAX) : -1;
	size_t n = 0;

	if (len < 0)
		return !names || !x || !y ? -ENOMEM : errno == ENOTSUP ? TREE_SAME : -errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t had, has;

		if (is_label(name))
			continue;
		n++;
		had = fgetxattr(a, name, x, XATTRS_MAX);
		has = fgetxattr(b, name, y, XATTRS_MAX);
		if (had < 0)
			return -errno;
		if (had != has || memcmp(x, y, (size_t)had) != 0)
			return TREE_DIFFERS;
	}
	*ret_n = n;
	return TREE_SAME;
}

static int same_xattrs(int a, int b)
{
	size_t n = 0, m = 0;
	int r = has_xattrs(a, b, &n);

	if (r == TREE_SAME)
		r = has_xattrs(b, a, &m);
	return r == TREE_SAME && n != m ? TREE_DIFFERS : r;
}

/* What can be opened: a file or a directory. */
static int same_inside(const struct pair *p, int want, int have, const char *name, bool file)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	_cleanup_close_ int a = openat(want, *name ? name : ".", flags), b = openat(have, *name ? name : ".", flags);
	int r;

	if (a < 0 || b < 0)
		return -errno;
	r = same_xattrs(a, b);
	if (r == TREE_DIFFERS)
		return differs(p, name, "its extended attributes");
	if (r == TREE_SAME && file)
		r = same_content(a, b);
	return r == TREE_DIFFERS ? differs(p, name, "its content") : r;
}

static int same_link(const struct pair *p, int want, int have, const char *name)
{
	char x[4096], y[4096];
	ssize_t n = readlinkat(want, name, x, sizeof(x)), m = readlinkat(have, name, y, sizeof(y));

	if (n < 0 || m < 0)
		return -errno;
	return n == m && memcmp(x, y, (size_t)n) == 0 ? TREE_SAME : differs(p, name, "where it leads to");
}

static const char *different_stat(const struct pair *p, const struct stat *a, const struct stat *b)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
		return "its type";
	if (a->st_mode != b->st_mode)
		return "its mode";
	if (p->owners && (a->st_uid != b->st_uid || a->st_gid != b->st_gid))
		return "its owner";
	if ((S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) && a->st_rdev != b->st_rdev)
		return "its device";
	if (S_ISREG(a->st_mode) && a->st_size != b->st_size)
		return "its size";
	if ((S_ISREG(a->st_mode) || S_ISLNK(a->st_mode)) && (a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec))
		return "its time";
	return NULL;
}

static int wait_for_it(struct pair *p, const char *name)
{
	return *p->path ? strv_addf(&p->directories, "%s/%s", p->path, name) : strv_add(&p->directories, name);
}

static int same_entry(struct pair *p, int want, int have, const char *name)
{
	const char *what;
	struct stat a, b;

	if (fstatat(want, name, &a, AT_SYMLINK_NOFOLLOW) < 0 || fstatat(have, name, &b, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	what = different_stat(p, &a, &b);
	if (what)
		return differs(p, name, what);
	if (S_ISDIR(a.st_mode))
		return wait_for_it(p, name);
	if (S_ISLNK(a.st_mode))
		return same_link(p, want, have, name);
	return S_ISREG(a.st_mode) ? same_inside(p, want, have, name, true) : TREE_SAME;
}

struct names {
	char **items;
	size_t n;
};
static void names_done(struct names *l)
{
	dir_names_free(l->items, l->n);
}

static int same_directory(struct pair *p, int want, int have)
{
	_cleanup_(names_done) struct names a = {0}, b = {0};
	int r = dir_sorted(want, ENTRIES_MAX, &a.items, &a.n);

	if (r == 0)
		r = dir_sorted(have, ENTRIES_MAX, &b.items, &b.n);
	if (r == 0)
		r = same_inside(p, want, have, "", false);
	for (size_t i = 0; r == 0 && (i < a.n || i < b.n); i++) {
		int order = i >= a.n ? 1 : i >= b.n ? -1 : strcmp(a.items[i], b.items[i]);

		if (order)
			r = order < 0 ? differs(p, a.items[i], "it is missing") : differs(p, b.items[i], "it is no file of the layer");
		else
			r = same_entry(p, want, have, a.items[i]);
	}
	return r;
}

int tree_same(int want, int have, bool owners, char ret_difference[static TREE_DIFFERENCE_SIZE])
{
	struct pair p = {.owners = owners, .difference = ret_difference};
	int r = strv_add(&p.directories, "");

	for (size_t i = 0; r == 0 && i < p.directories.n; i++) {
		_cleanup_close_ int a = -EBADF, b = -EBADF;

		p.path = p.directories.items[i];
		r = path_own_open(want, *p.path ? p.path : ".", O_RDONLY | O_DIRECTORY, 0, &a);
		if (r == 0)
			r = path_own_open(have, *p.path ? p.path : ".", O_RDONLY | O_DIRECTORY, 0, &b);
		if (r == 0)
			r = same_directory(&p, a, b);
	}
	strv_done(&p.directories);
	return r;
}
