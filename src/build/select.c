/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A directory that is ignored is looked into only when there are exceptions,
 * and is told of only when something in it is: what docker sends of a context.
 *
 * A link that a source names is followed, so that it could lead to what is
 * ignored under its own name. The path where it ends is therefore asked of the
 * kernel, and must not be ignored either.
 */
#include "build/select.h"

#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool ignored(const struct ignore *ig, const char *path)
{
	return ig && *path && ignore_has(ig, path);
}

/* ---- patterns ---- */

struct glob {
	int root_fd;
	const struct ignore *ignore;
	struct strv *found;
	size_t dropped; /* that were ignored */
	struct err *e;
};

/* Whether the path is there, and a directory. */
static int kind_at(int root_fd, const char *path, bool *ret_dir)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_in_root_open(root_fd, *path ? path : ".", O_PATH, &fd);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0)
		*ret_dir = S_ISDIR(st.st_mode);
	return r;
}

static int found(struct glob *g, const char *path, bool is_dir)
{
	/* exceptions may be below */
	if (ignored(g->ignore, path) && !(is_dir && g->ignore->has_exceptions)) {
		g->dropped++;
		return 0;
	}
	return strv_find(g->found, path) < 0 ? strv_add(g->found, path) : 0;
}

static int glob_in(struct glob *g, const char *dir, const char *rest, unsigned depth);

/* dir/name, and what is left of the pattern below it. */
static int glob_below(struct glob *g, const char *dir, const char *name, const char *rest, unsigned depth)
{
	char path[PATH_MAX];
	bool is_dir = false;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", dir, *dir && *name ? "/" : "", name) >= sizeof(path))
		return -ENAMETOOLONG;
	r = kind_at(g->root_fd, path, &is_dir);
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return 0;
	if (r < 0)
		return r;
	if (*rest)
		return is_dir ? glob_in(g, path, rest, depth + 1) : 0;
	return found(g, path, is_dir);
}

/* All names of the directory that match one part. */
static int glob_names(struct glob *g, const char *dir, struct pattern *part, bool deep, const char *rest, const char *again, unsigned depth)
{
	_cleanup_close_ int fd = -EBADF;
	char **names = NULL;
	size_t n = 0;
	int r = path_in_root_open(g->root_fd, *dir ? dir : ".", O_RDONLY | O_DIRECTORY, &fd);

	if (r == 0)
		r = dir_sorted(fd, SELECT_DIRECTORY_MAX, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct stat st;

		if (!deep)
			r = pattern_is(part, names[i]) > 0 ? glob_below(g, dir, names[i], rest, depth) : 0;
		/* any number of directories, links not among them */
		else if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			r = glob_below(g, dir, names[i], again, depth);
	}
	dir_names_free(names, n);
	return r;
}

/* The first part of `rest` in `dir`. */
static int glob_in(struct glob *g, const char *dir, const char *rest, unsigned depth)
{
	size_t n = strcspn(rest, "/");
	const char *next = rest + n + (rest[n] == '/');
	_cleanup_free_ char *part = strndup(rest, n);
	struct pattern p;
	int r;

	if (!part)
		return -ENOMEM;
	if (depth == SELECT_DEPTH_MAX)
		return -ELOOP;
	if (pattern_is_plain(part))
		return glob_below(g, dir, part, next, depth);
	if (strcmp(part, "**") == 0) {
		r = *next ? glob_in(g, dir, next, depth + 1) : found(g, dir, true);
		return r < 0 || !*next ? r : glob_names(g, dir, NULL, true, next, rest, depth);
	}
	r = pattern_compile(part, PATTERN_PATH, &p);
	return r < 0 ? r : glob_names(g, dir, &p, false, next, rest, depth);
}

/* Clean, without leading "..": the root's parent is the root. NULL: no memory. */
static char *clean(const char *pattern)
{
	char *out = malloc(strlen(pattern) + 1);
	size_t n = 0;

	for (const char *p = pattern; out && *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && strncmp(p, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len && !(len == 1 && *p == '.')) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len + (p[len] == '/');
	}
	if (out)
		out[n] = '\0';
	return out;
}

int select_glob(int root_fd, const char *pattern, const struct ignore *ignore, struct strv *ret, struct err *e)
{
	_cleanup_free_ char *text = clean(pattern);
	struct glob g = {root_fd, ignore, ret, 0, e};
	size_t before = ret->n;
	int r = !text ? -ENOMEM : *text ? glob_in(&g, "", text, 0) : found(&g, "", true);

	if (r == -EINVAL)
		return err_set(e, EINVAL, "\"%s\": syntax error in pattern", pattern);
	if (r < 0)
		return err_errno(e, -r, "\"%s\"", pattern);
	if (ret->n > before)
		return 0;
	if (g.dropped)
		return err_set(e, ENOENT, "\"%s\": no such file or directory, but for %zu that .containerignore or .dockerignore leaves out", pattern, g.dropped);
	return err_set(e, ENOENT, "\"%s\": no such file or directory", pattern);
}

/* ---- what is below ---- */

/* A directory on the way. */
struct level {
	struct level *up;
	int fd;
	const char *path, *rel; /* from the root, from what was selected */
	struct stat st;
	bool told;
};

struct walk {
	const struct selection *s;
	struct err *e;
};

static bool excluded(const struct walk *w, const char *rel)
{
	return w->s->exclude && *rel && ignore_has(w->s->exclude, rel);
}

/* The directories above first, those that are ignored but for something in them. */
static int tell_levels(struct walk *w, struct level *l)
{
	struct select_entry entry = {.rel = l->rel, .fd = l->fd, .st = l->st};
	int r = 0;

	if (l->told)
		return 0;
	if (l->up)
		r = tell_levels(w, l->up);
	l->told = true;
	return r < 0 ? r : w->s->each(w->s->ctx, &entry, w->e);
}

static int tell(struct walk *w, struct level *up, const struct select_entry *entry)
{
	int r = up ? tell_levels(w, up) : 0;

	return r < 0 ? r : w->s->each(w->s->ctx, entry, w->e);
}

static int walk_dir(struct walk *w, struct level *l, unsigned depth);

static int walk_link(struct walk *w, struct level *l, const char *name, struct select_entry *entry)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(l->fd, name, target, sizeof(target) - 1);
	int r;

	if (n < 0)
		return err_errno(w->e, errno, "%s", entry->rel);
	target[n] = '\0';
	entry->link = target;
	r = tell(w, l, entry);
	entry->link = NULL;
	return r;
}

/* A file or a directory: opened by its name, then looked at. */
static int walk_opened(struct walk *w, struct level *l, const char *name, const char *path, struct select_entry *entry, bool left_out, unsigned depth)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (S_ISDIR(entry->st.st_mode) ? O_DIRECTORY : 0);
	_cleanup_close_ int fd = openat(l->fd, name, flags);
	struct level next = {.up = l, .fd = fd, .path = path, .rel = entry->rel};
	int r;

	if (fd < 0 || fstat(fd, &entry->st) < 0)
		return err_errno(w->e, errno, "%s", path);
	entry->fd = fd;
	if (S_ISREG(entry->st.st_mode))
		return tell(w, l, entry);
	if (!S_ISDIR(entry->st.st_mode))
		return 0;
	next.st = entry->st;
	r = left_out ? 0 : tell_levels(w, &next);
	return r < 0 ? r : walk_dir(w, &next, depth + 1);
}

static bool may_be_below(const struct ignore *ig)
{
	return !ig || ig->has_exceptions;
}

static int walk_name(struct walk *w, struct level *l, const char *name, unsigned depth)
{
	_cleanup_free_ char *path = NULL, *rel = NULL;
	struct select_entry entry = {.fd = -EBADF};
	bool by_ignore, by_exclude;

	if (asprintf(&path, "%s%s%s", l->path, *l->path ? "/" : "", name) < 0 || asprintf(&rel, "%s%s%s", l->rel, *l->rel ? "/" : "", name) < 0)
		return err_errno(w->e, ENOMEM, "%s", name);
	if (fstatat(l->fd, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(w->e, errno, "%s", path);
	entry.rel = rel;
	by_ignore = ignored(w->s->ignore, path);
	by_exclude = excluded(w, rel);
	if ((by_ignore && !(S_ISDIR(entry.st.st_mode) && may_be_below(w->s->ignore))) ||
	    (by_exclude && !(S_ISDIR(entry.st.st_mode) && may_be_below(w->s->exclude))))
		return 0;
	switch (entry.st.st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return walk_opened(w, l, name, path, &entry, by_ignore || by_exclude, depth);
	case S_IFLNK:
		return walk_link(w, l, name, &entry);
	case S_IFIFO:
		return tell(w, l, &entry);
	default:
		return 0;
	}
}

static int walk_dir(struct walk *w, struct level *l, unsigned depth)
{
	char **names;
	size_t n;
	int r;

	if (depth == SELECT_DEPTH_MAX)
		return err_set(w->e, ELOOP, "%.200s: more than %d directories in each other", l->path, SELECT_DEPTH_MAX);
	r = dir_sorted(l->fd, SELECT_DIRECTORY_MAX, &names, &n);
	if (r < 0)
		return err_errno(w->e, -r, "%s", l->path);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = walk_name(w, l, names[i], depth);
	dir_names_free(names, n);
	return r;
}

/* Where `fd` is below the root, as the kernel names both. */
static int real_path(int root_fd, int fd, char out[static PATH_MAX])
{
	char link[32], root[PATH_MAX], path[PATH_MAX];
	ssize_t n, m;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", root_fd);
	n = readlinkat(AT_FDCWD, link, root, sizeof(root) - 1);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	m = readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
	if (n < 0 || m < 0)
		return -errno;
	if (n == 1 && root[0] == '/')
		n = 0;
	if (m < n || memcmp(root, path, (size_t)n) != 0 || (m > n && path[n] != '/'))
		return -EXDEV;
	path[m] = '\0';
	snprintf(out, PATH_MAX, "%s", m > n ? path + n + 1 : "");
	return 0;
}

/* Opens what a source names, through links, and says where it truly is. */
static int open_selected(const struct selection *s, const char *path, int *ret_fd, struct stat *ret_st, char real[static PATH_MAX], struct err *e)
{
	_cleanup_close_ int look = -EBADF, fd = -EBADF;
	struct stat st;
	int r = path_in_root_open(s->root_fd, *path ? path : ".", O_PATH, &look);

	snprintf(real, PATH_MAX, "%s", path);
	if (r == 0 && fstat(look, &st) < 0)
		r = -errno;
	if (r == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is neither a file nor a directory", path);
	if (r == 0)
		r = path_in_root_open(s->root_fd, *path ? path : ".", O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0 && s->ignore)
		r = real_path(s->root_fd, fd, real);
	if (r < 0)
		return err_errno(e, -r, "\"%s\"", path);
	*ret_st = st;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int select_walk(const struct selection *s, const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct walk w = {s, e};
	struct select_entry entry = {.rel = "", .fd = -EBADF};
	const char *slash = strrchr(path, '/');
	char real[PATH_MAX];
	struct level top;
	int r = open_selected(s, path, &fd, &entry.st, real, e);

	if (r < 0)
		return r;
	entry.fd = fd;
	if (S_ISREG(entry.st.st_mode)) {
		if (excluded(&w, slash ? slash + 1 : path))
			return 0;
		if (ignored(s->ignore, real))
			return err_set(e, ENOENT, "\"%s\": no such file or directory: .containerignore or .dockerignore leaves out where it leads", path);
		return tell(&w, NULL, &entry);
	}
	if (!S_ISDIR(entry.st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is neither a file nor a directory", path);
	top = (struct level){.fd = fd, .path = real, .rel = "", .st = entry.st};
	/* of an ignored directory only what an exception names */
	r = ignored(s->ignore, real) ? 0 : tell_levels(&w, &top);
	return r < 0 ? r : walk_dir(&w, &top, 0);
}
