/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A stack of open directories instead of recursion: the depth is somebody
 * else's choice. `fn` comes first, because a directory may be one that only its new
 * owner or label lets us read.
 */
#include "sys/tree.h"

#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

struct walk {
	DIR *levels[TREE_DEPTH_MAX];
	size_t n;
	dev_t dev;
};

static void walk_done(struct walk **w)
{
	while (*w && (*w)->n > 0)
		closedir((*w)->levels[--(*w)->n]);
	free(*w);
}

static int push(struct walk *w, int consume_fd)
{
	_cleanup_close_ int fd = consume_fd;

	if (w->n == TREE_DEPTH_MAX)
		return -ELOOP;
	w->levels[w->n] = fdopendir(fd);
	if (!w->levels[w->n])
		return -errno;
	w->n++;
	(void)TAKE_FD(fd);
	return 0;
}

static int visit(struct walk *w, const char *name, tree_fn fn, void *ctx)
{
	int dir = dirfd(w->levels[w->n - 1]), fd, r = fn(ctx, dir, name);
	struct stat st;

	if (r < 0)
		return r;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_dev != w->dev)
		return 0;
	r = path_own_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	return r < 0 ? r : push(w, fd);
}

int tree_each(int consume_fd, tree_fn fn, void *ctx)
{
	_cleanup_close_ int fd = consume_fd;
	_cleanup_(walk_done) struct walk *w = calloc(1, sizeof(*w));
	struct stat st;
	int r;

	if (!w)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	w->dev = st.st_dev;
	r = push(w, TAKE_FD(fd));
	while (r == 0 && w->n > 0) {
		struct dirent *entry = dir_next(w->levels[w->n - 1], &r);

		if (entry)
			r = visit(w, entry->d_name, fn, ctx);
		else if (r == 0)
			closedir(w->levels[--w->n]);
	}
	return r;
}
