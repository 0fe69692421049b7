/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * overlayfs keeps what was changed in one directory: a name there is new, or
 * in place of one below it, or a mark that hides one. Directories that only
 * lead to a change are there too, and count as changed, as in docker.
 *
 * The child that may look into it gives its answer by a file in memory.
 */
#include "engine/changes.h"

#include "base/buf.h"
#include "engine/in_keeper.h"
#include "engine/layered.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct search {
	const struct strv *lower;
	const char *upper;
	int out_fd;
	struct layered l;
	int upper_fd;
	struct strv directories; /* still to be read */
	struct buf out;
	size_t n;
};

/* As podman (libpod/diff.go): what an engine puts into every container. */
static bool is_engines(const char *path)
{
	static const char *const names[] = {"dev", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", "proc", "run",
					    "run/.containerenv", "run/secrets", "run/ranby-init", "sys"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

static int look_at(struct search *s, int dir, const char *name, const char *path)
{
	struct stat st;
	mode_t below;
	char kind;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = layered_own_type(&s->l, path, &below);
	if (r < 0 && r != -ENOENT)
		return r;
	kind = S_ISCHR(st.st_mode) && st.st_rdev == 0 ? 'D' : r == 0 ? 'C' : 'A';
	if (!is_engines(path) && !(kind == 'D' && r < 0)) {
		if (++s->n > CHANGES_MAX)
			return -E2BIG;
		buf_addf(&s->out, "%c/%s", kind, path);
		buf_addc(&s->out, '\0');
	}
	return S_ISDIR(st.st_mode) ? strv_add(&s->directories, path) : -buf_bad(&s->out);
}

static int read_directory(struct search *s, const char *path)
{
	int fd = -EBADF, r = path_own_open(s->upper_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	struct dirent *d;
	DIR *dir;

	/* gone meanwhile */
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return 0;
	dir = r == 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		fd_closep(&fd);
		return r < 0 ? r : -ENOMEM;
	}
	while (r == 0 && (d = dir_next(dir, &r))) {
		_cleanup_(buf_done) struct buf child = BUF_INIT;

		buf_addf(&child, "%s%s%s", path, *path ? "/" : "", d->d_name);
		r = buf_bad(&child) ? -buf_bad(&child) : look_at(s, dirfd(dir), d->d_name, buf_str(&child));
	}
	closedir(dir);
	return r;
}

/* As root of the keeper. */
static int search(void *ctx, struct err *e)
{
	struct search *s = ctx;
	int r = layered_open(s->lower, &s->l, e);

	if (r < 0)
		return r;
	s->upper_fd = open(s->upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = s->upper_fd < 0 ? -errno : strv_add(&s->directories, "");
	for (size_t i = 0; r == 0 && i < s->directories.n; i++)
		r = read_directory(s, s->directories.items[i]);
	if (r == 0)
		r = fd_write_all(s->out_fd, s->out.data, s->out.len);
	return r < 0 ? err_errno(e, -r, "%s", s->upper) : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

static int take(int fd, struct strv *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, BUF_LIMIT_DEFAULT, &b);

	for (const char *p = b.data; r == 0 && p && p < b.data + b.len; p += strlen(p) + 1)
		r = strv_add(ret, p);
	if (r == 0 && ret->n)
		qsort(ret->items, ret->n, sizeof(char *), by_path);
	return r;
}

int changes_find(struct engine *eng, const struct strv *lower, const char *upper, struct strv *ret, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("changes", MFD_CLOEXEC);
	struct search s = {.lower = lower, .upper = upper, .out_fd = fd, .out = BUF_INIT};
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	int r = fd < 0 ? err_errno(e, errno, "memfd") : keeper_open(eng, &k, e);

	if (r == 0)
		r = in_keeper(&k, search, &s, e);
	if (r < 0)
		return r;
	r = take(fd, ret);
	return r < 0 ? err_errno(e, -r, "changes") : 0;
}

int changes_of(struct engine *eng, const struct container *c, struct strv *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv lower = {0};
	_cleanup_free_ char *upper = NULL;
	int r = json_get_strv(c->spec, "image.layers", &lower, e);

	if (r < 0)
		return r;
	if (lower.n == 0)
		return err_set(e, ENOTSUP, "container %s was made with --rootfs: there is no image to compare it with", c->name);
	if (asprintf(&upper, "%s/" ENGINE_CONTAINERS "/%s/upper", eng->data_path, c->id) < 0)
		return err_errno(e, ENOMEM, "changes");
	return changes_find(eng, &lower, upper, ret, e);
}
