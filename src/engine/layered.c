/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why not mount and look: at create time the engine is in the host's
 * namespaces, and a mount would cost a fork, a user namespace to enter and an
 * overlay, more than a millisecond, to read two small files. Why not look in
 * the topmost layer that has the file: a link in it (etc/passwd ->
 * ../usr/lib/passwd) is to be followed in the whole stack, and a whiteout
 * above hides what is below.
 *
 * The rules are those of Documentation/filesystems/overlayfs.rst. A walk
 * knows, for the directory it has reached, the lowest layer that still takes
 * part in it (`floor`): an opaque directory, a whiteout, or anything that is
 * not a directory ends the merge at its layer.
 *
 * An attacker made the content, so nothing here trusts it: every name is
 * opened O_PATH | O_NOFOLLOW below a layer's fd with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS (path_own_open), links are only ever read as text, and
 * all loops are bounded. The layers themselves do not change: the store is
 * the user's own and is never written once unpacked.
 */
#include "engine/layered.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

void layered_done(struct layered *l)
{
	for (size_t i = 0; i < l->n; i++)
		fd_closep(&l->fds[i]);
	free(l->fds);
	*l = (struct layered)LAYERED_INIT;
}

int layered_open(const struct strv *dirs, struct layered *ret, struct err *e)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;

	if (dirs->n > LAYERED_MAX)
		return err_set(e, E2BIG, "more than %d layers", LAYERED_MAX);
	l.fds = mem_array(dirs->n, sizeof(*l.fds));
	if (!l.fds)
		return err_errno(e, ENOMEM, "layers");
	for (; l.n < dirs->n; l.n++) {
		l.fds[l.n] = open(dirs->items[l.n], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (l.fds[l.n] < 0)
			return err_errno(e, errno, "layer %s", dirs->items[l.n]);
	}
	*ret = l;
	l = (struct layered)LAYERED_INIT;
	return 0;
}

enum entry {
	ABSENT,
	WHITEOUT,
	DIRECTORY,
	OPAQUE,
	OTHER, /* file, link, device */
};

static bool has_mark(int layer, const char *path, const char *const names[2])
{
	_cleanup_close_ int fd = -EBADF;
	char value[2];

	if (path_own_open(layer, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0, &fd) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		if (fgetxattr(fd, names[i], value, sizeof(value)) >= 0)
			return true;
	return false;
}

/* What `path` is in one layer. 0 and *ret, or -errno for trouble other than its absence. */
static int look(int layer, const char *path, enum entry *ret, struct stat *st)
{
	static const char *const opaque[2] = {"user.overlay.opaque", "trusted.overlay.opaque"};
	static const char *const whiteout[2] = {"user.overlay.whiteout", "trusted.overlay.whiteout"};
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(layer, path, O_PATH | O_NOFOLLOW, 0, &fd);

	*ret = ABSENT;
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return 0;
	if (r < 0)
		return r;
	if (fstat(fd, st) < 0)
		return -errno;
	if (S_ISDIR(st->st_mode))
		*ret = has_mark(layer, path, opaque) ? OPAQUE : DIRECTORY;
	else if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
		*ret = WHITEOUT;
	else if (S_ISREG(st->st_mode) && st->st_size == 0 && has_mark(layer, path, whiteout))
		*ret = WHITEOUT;
	else
		*ret = OTHER;
	return 0;
}

/* What was reached. */
struct place {
	char path[PATH_MAX]; /* no leading slash, no link in it; "" is the root */
	size_t layer;        /* topmost layer that has it */
	size_t floor;        /* lowest layer that takes part (directories) */
	mode_t type;
};

/* `path` as the stack shows it, its parent's floor known. */
static int merge(const struct layered *l, const char *path, size_t floor, struct place *at)
{
	bool found = false;

	for (size_t i = l->n; i-- > floor;) {
		enum entry kind;
		struct stat st;
		int r = look(l->fds[i], path, &kind, &st);

		if (r < 0)
			return r;
		if (kind == WHITEOUT || (kind == OTHER && found))
			break;
		if (kind == ABSENT)
			continue;
		if (!found) {
			at->layer = i;
			at->type = st.st_mode & S_IFMT;
			found = true;
		}
		at->floor = i;
		if (kind != DIRECTORY)
			break;
	}
	return found ? 0 : -ENOENT;
}

static int read_link(const struct layered *l, const struct place *at, char out[static PATH_MAX])
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(l->fds[at->layer], at->path, O_PATH | O_NOFOLLOW, 0, &fd);
	ssize_t n;

	if (r < 0)
		return r;
	n = readlinkat(fd, "", out, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

/* rest = a + "/" + b, in a buffer of its own so that the parts may come from it. */
static int join(char rest[static PATH_MAX], const char *a, const char *b)
{
	char tmp[PATH_MAX];
	int n = snprintf(tmp, sizeof(tmp), "%s%s%s", a, *a && *b ? "/" : "", b);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(rest, tmp, (size_t)n + 1);
	return 0;
}

static void start_at_root(const struct layered *l, struct place *at)
{
	at->path[0] = '\0';
	at->floor = 0;
	at->layer = l->n - 1;
	at->type = S_IFDIR;
}

/* ".." : the walk starts again at the top, with the parent's path before the rest. */
static int step_up(const struct layered *l, struct place *at, char rest[static PATH_MAX])
{
	char *slash = strrchr(at->path, '/');
	int r;

	if (slash)
		*slash = '\0';
	r = join(rest, slash ? at->path : "", rest);
	start_at_root(l, at);
	return r;
}

/* Goes one component down from *at; a link is put before `rest` and the walk starts again where it says. */
static int step_down(const struct layered *l, struct place *at, const char *name, char rest[static PATH_MAX])
{
	struct place next = {0};
	char target[PATH_MAX], parent[PATH_MAX];
	int r;

	r = join(next.path, at->path, name);
	if (r == 0)
		r = merge(l, next.path, at->floor, &next);
	if (r < 0)
		return r;
	if (!S_ISLNK(next.type)) {
		*at = next;
		return 0;
	}
	r = read_link(l, &next, target);
	if (r == 0)
		r = join(rest, target, rest);
	/* a relative target: below the directory that the link is in, which holds no link and is walked again */
	if (r == 0 && target[0] != '/') {
		memcpy(parent, at->path, sizeof(parent));
		r = join(rest, parent, rest);
	}
	start_at_root(l, at);
	return r;
}

static int walk(const struct layered *l, const char *path, struct place *at)
{
	char rest[PATH_MAX], name[NAME_MAX + 1];

	if (l->n == 0)
		return -ENOENT;
	if (strlen(path) >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(rest, path, strlen(path) + 1);
	start_at_root(l, at);
	for (int steps = 0; steps < LAYERED_STEPS_MAX; steps++) {
		size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/");
		int r;

		if (len == 0)
			return 0;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		if (!S_ISDIR(at->type))
			return -ENOTDIR;
		memcpy(name, rest + skip, len);
		name[len] = '\0';
		memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
		if (strcmp(name, ".") == 0)
			r = 0;
		else if (strcmp(name, "..") == 0)
			r = step_up(l, at, rest);
		else
			r = step_down(l, at, name, rest);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

int layered_type(const struct layered *l, const char *path, mode_t *ret_type)
{
	struct place at;
	int r = walk(l, path, &at);

	if (r == 0)
		*ret_type = at.type;
	return r;
}

int layered_read(const struct layered *l, const char *path, size_t max, struct buf *b)
{
	struct place at;
	int r = walk(l, path, &at);

	if (r < 0)
		return r;
	return S_ISREG(at.type) ? path_own_read(l->fds[at.layer], at.path, max, b) : -EINVAL;
}

int layered_own_type(const struct layered *l, const char *path, mode_t *ret_type)
{
	struct place at = {.type = S_IFDIR};
	size_t len = strlen(path), end = 0;
	char so_far[PATH_MAX];

	if (len >= sizeof(so_far))
		return -ENAMETOOLONG;
	memcpy(so_far, path, len + 1);
	while (end < len) {
		int r;

		if (!S_ISDIR(at.type))
			return -ENOENT;
		end += strcspn(path + end, "/");
		so_far[end] = '\0';
		r = merge(l, so_far, at.floor, &at);
		if (r < 0)
			return r;
		so_far[end] = path[end];
		end++;
	}
	*ret_type = at.type;
	return 0;
}
