/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * In the keeper, where the files of the container's users are ours too: to
 * label a file one must own it, or have CAP_FOWNER over its owner.
 *
 * The attribute is set through the directory's descriptor and never through a
 * link ("/proc/self/fd/N/name" with lsetxattr(2): there is no fsetxattrat before
 * Linux 6.13, and a file need not be openable to be labelled). So one that is
 * exchanged meanwhile is another entry of the same directory. What this cannot
 * see is a hard link: a file has one label under all its names.
 */
#include "engine/relabel.h"

#include "engine/in_keeper.h"
#include "sys/fd.h"
#include "sys/lsm_selinux.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define ATTRIBUTE "security.selinux"

/* ---- what must not be ---- */

/* These themselves, and (`deep`) what is below them. */
static const struct {
	const char *path;
	bool deep;
} refused[] = {
	{"/", false},     {"/bin", true},   {"/boot", true}, {"/dev", true},      {"/etc", true},     {"/home", false},
	{"/lib", true},   {"/lib64", true}, {"/media", false}, {"/mnt", false},   {"/opt", false},    {"/proc", true},
	{"/root", false}, {"/run", false},  {"/run/user", false}, {"/sbin", true}, {"/srv", false},   {"/sys", true},
	{"/tmp", false},  {"/usr", true},   {"/var", false}, {"/var/cache", false}, {"/var/lib", false}, {"/var/log", false},
	{"/var/tmp", false},
};

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The caller's home, and what it lies in: /home, /, wherever they are mounted. */
static int is_home(const struct stat *st)
{
	char text[4096];
	struct passwd pw, *found = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (getpwuid_r(getuid(), &pw, text, sizeof(text), &found) != 0 || !found)
		return 0;
	fd = open(pw.pw_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < 64; i++) {
		struct stat here, above;
		int up;

		if (fstat(fd, &here) < 0)
			return -errno;
		if (same(&here, st))
			return 1;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || fstat(up, &above) < 0 || same(&here, &above)) {
			fd_closep(&up);
			return 0;
		}
		close(fd);
		fd = up;
	}
	return 0;
}

int relabel_check(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	char link[32], real[4096];
	struct stat st, other;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return err_errno(e, errno, "%s", path);
	real[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		size_t len = strlen(refused[i].path);

		if ((stat(refused[i].path, &other) == 0 && same(&st, &other)) ||
		    (refused[i].deep && strncmp(real, refused[i].path, len) == 0 && real[len] == '/'))
			return err_set(e, EPERM, "%s: the host's own, it is not relabelled", path);
	}
	if (is_home(&st) > 0)
		return err_set(e, EPERM, "%s: your home, or what it lies in, is not relabelled; use a directory in it", path);
	return 0;
}

/* ---- labels ---- */

static int label_at(const char *path, const char *label)
{
	char now[SELINUX_CONTEXT_SIZE];
	ssize_t n = lgetxattr(path, ATTRIBUTE, now, sizeof(now) - 1);

	if (n > 0) {
		now[n] = '\0';
		if (strcmp(now, label) == 0)
			return 0;
	}
	return lsetxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0) < 0 ? -errno : 0;
}

static int label_entry(void *ctx, int dirfd, const char *name)
{
	char path[NAME_MAX + 32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	r = label_at(path, ctx);
	return r == -ENOENT ? 0 : r; /* removed meanwhile */
}

static int label_tree(const char *path, const char *label, bool top_last)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC), dir = -EBADF;
	char self[40];
	struct stat st;
	int r = 0, below;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		/* through the magic link to the file itself */
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		return setxattr(self, ATTRIBUTE, label, strlen(label) + 1, 0) < 0 ? -errno : 0;
	}
	dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	below = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (!top_last)
		r = selinux_label_fd(dir, label);
	if (r == 0)
		r = tree_each(TAKE_FD(below), label_entry, (void *)(uintptr_t)label);
	fd_closep(&below);
	return r == 0 && top_last ? selinux_label_fd(dir, label) : r;
}

struct work {
	const struct strv *paths, *labels;
	bool top_last;
};

static int work(void *ctx, struct err *e)
{
	const struct work *w = ctx;

	for (size_t i = 0; i < w->paths->n; i++) {
		int r = label_tree(w->paths->items[i], w->labels->items[i], w->top_last);

		if (r < 0)
			return err_errno(e, -r, "relabel %s as %s", w->paths->items[i], w->labels->items[i]);
	}
	return 0;
}

int relabel(const struct strv *paths, const struct strv *labels, struct keeper *keeper, struct err *e)
{
	struct work w = {paths, labels, false};

	return paths->n == 0 ? 0 : in_keeper(keeper, work, &w, e);
}

static bool has_label(const char *path, const struct selinux_context *want)
{
	char now[SELINUX_CONTEXT_SIZE];
	ssize_t n = lgetxattr(path, ATTRIBUTE, now, sizeof(now) - 1);
	struct selinux_context c;

	if (n < 0)
		return false;
	now[n] = '\0';
	return selinux_context_parse(now, &c) == 0 && strcmp(c.type, want->type) == 0 && strcmp(c.range, want->range) == 0;
}

int relabel_layers(const struct strv *dirs, const char *label, struct keeper *keeper, struct err *e)
{
	_cleanup_(strv_done) struct strv paths = {0}, labels = {0};
	struct work w = {&paths, &labels, true};
	struct selinux_context want;
	int r = selinux_context_parse(label, &want);

	for (size_t i = 0; r == 0 && i < dirs->n; i++)
		if (!has_label(dirs->items[i], &want) && (strv_add(&paths, dirs->items[i]) < 0 || strv_add(&labels, label) < 0))
			r = -ENOMEM;
	if (r < 0)
		return err_errno(e, -r, "SELinux label of the layers");
	return paths.n == 0 ? 0 : in_keeper(keeper, work, &w, e);
}
