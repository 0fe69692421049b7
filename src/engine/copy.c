/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * First both ends are looked at, then the copy is planned (what to pack, under
 * which name, and where to extract), then it is done. In between somebody may
 * exchange what was looked at: the workers resolve all names themselves, so
 * that the plan can be wrong then, and the copy an error or another file of the same
 * tree, and never one outside of it.
 */
#include "engine/copy.h"

#include "engine/in_keeper.h"
#include "engine/rootfs.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/spawn.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- sides ---- */

void copy_side_done(struct copy_side *s)
{
	s->c = container_free(s->c);
	free(s->path);
	s->path = NULL;
}

int copy_side_parse(struct engine *eng, const char *text, struct copy_side *ret, struct err *e)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *name = NULL;
	struct copy_side s = {.c = NULL};
	int r = 0;

	if (strcmp(text, "-") == 0) {
		*ret = s;
		return 0;
	}
	if (!*text)
		return err_set(e, EINVAL, "an empty path");
	if (colon && colon > text && text[0] != '.' && text[0] != '/') {
		if (!colon[1])
			return err_set(e, EINVAL, "%s: no path after the container", text);
		name = strndup(text, (size_t)(colon - text));
		r = name ? container_find(eng, name, &s.c, e) : err_errno(e, ENOMEM, "%s", text);
		text = colon + 1;
	}
	if (r < 0)
		return r;
	s.path = strdup(text);
	if (!s.path) {
		copy_side_done(&s);
		return err_errno(e, ENOMEM, "%s", text);
	}
	*ret = s;
	return 0;
}

/* ---- what is there ---- */

enum found { FOUND_NOTHING, FOUND_DIRECTORY, FOUND_FILE, FOUND_OTHER };

static enum found kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? FOUND_DIRECTORY : S_ISREG(mode) ? FOUND_FILE : FOUND_OTHER;
}

static int look_in(const struct rootfs *t, void *ctx, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_in_root_open(t->root_fd, ctx, O_PATH, &fd);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == -ENOENT || r == -ENOTDIR)
		return FOUND_NOTHING;
	return r < 0 ? err_errno(e, -r, "%s", (const char *)ctx) : (int)kind_of(st.st_mode);
}

/* enum found, links followed. */
static int look(struct engine *eng, const struct copy_side *s, const char *path, struct err *e)
{
	struct stat st;

	if (s->c) {
		char copy[PATH_MAX];

		if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
			return err_errno(e, ENAMETOOLONG, "%s", path);
		return rootfs_with(eng, s->c, look_in, copy, e);
	}
	if (fstatat(AT_FDCWD, path, &st, 0) == 0)
		return (int)kind_of(st.st_mode);
	return errno == ENOENT || errno == ENOTDIR ? FOUND_NOTHING : err_errno(e, errno, "%s", path);
}

/* ---- names ---- */

struct plan {
	char pack[PATH_MAX];    /* in the source */
	char top[NAME_MAX + 1]; /* "": only what is in it */
	char extract[PATH_MAX]; /* directory of the destination */
};

static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

/* "a/b/" is {"a", "b"}, "b" {".", "b"}, "/b" {"/", "b"}; "/", "." and what ends in ".." have no name. -ENAMETOOLONG. */
static int split(const char *path, char dir[static PATH_MAX], char base[static NAME_MAX + 1])
{
	size_t n = strlen(path), at;

	while (n > 1 && (path[n - 1] == '/' || (path[n - 1] == '.' && path[n - 2] == '/')))
		n--;
	for (at = n; at > 0 && path[at - 1] != '/'; at--)
		;
	if (n - at > NAME_MAX || n >= PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(base, NAME_MAX + 1, "%.*s", (int)(n - at), path + at);
	if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		base[0] = '\0';
	while (at > 1 && path[at - 1] == '/')
		at--;
	snprintf(dir, PATH_MAX, "%.*s", at ? (int)at : 1, at ? path : ".");
	return 0;
}

static int not_there(const struct copy_side *s, const char *path, struct err *e)
{
	if (s->c)
		return err_set(e, ENOENT, "\"%s\" could not be found on container %s: no such file or directory", path, s->c->name);
	return err_set(e, ENOENT, "\"%s\" could not be found on the host: no such file or directory", path);
}

static int plan_source(struct engine *eng, const struct copy_side *from, struct plan *p, struct err *e)
{
	char dir[PATH_MAX];
	int kind = look(eng, from, from->path, e);

	if (kind < 0)
		return kind;
	if (kind == FOUND_NOTHING)
		return not_there(from, from->path, e);
	if (kind == FOUND_OTHER)
		return err_set(e, EINVAL, "\"%s\" is neither a directory nor a regular file", from->path);
	if (kind == FOUND_FILE && (ends_in(from->path, "/") || ends_in(from->path, "/.")))
		return err_set(e, ENOTDIR, "\"%s\" is not a directory", from->path);
	if (split(from->path, dir, p->top) < 0)
		return err_errno(e, ENAMETOOLONG, "%s", from->path);
	snprintf(p->pack, sizeof(p->pack), "%s", from->path);
	if (ends_in(from->path, "/.") || strcmp(from->path, ".") == 0)
		p->top[0] = '\0';
	return kind;
}

/* `kind` is what the source is: FOUND_NOTHING for a tar that comes in, of which nobody knows. */
static int plan_destination(struct engine *eng, const struct copy_side *to, int kind, struct plan *p, struct err *e)
{
	char dir[PATH_MAX], base[NAME_MAX + 1];
	int there = look(eng, to, to->path, e);

	if (there < 0)
		return there;
	if (there == FOUND_DIRECTORY) {
		snprintf(p->extract, sizeof(p->extract), "%s", to->path);
		return 0;
	}
	if (kind == FOUND_NOTHING)
		return err_set(e, ENOTDIR, "destination must be a directory when copying from a tar: \"%s\" is none", to->path);
	if (there != FOUND_NOTHING && (kind == FOUND_DIRECTORY || ends_in(to->path, "/")))
		return err_set(e, ENOTDIR, "cannot copy a directory to a file: \"%s\" is no directory", to->path);
	if (kind == FOUND_FILE && ends_in(to->path, "/"))
		return err_set(e, ENOENT, "destination directory \"%s\" does not exist", to->path);
	if (split(to->path, dir, base) < 0 || strlen(to->path) >= sizeof(p->extract))
		return err_errno(e, ENAMETOOLONG, "%s", to->path);
	if (!base[0])
		return not_there(to, to->path, e);
	there = look(eng, to, dir, e);
	if (there < 0)
		return there;
	if (there != FOUND_DIRECTORY)
		return not_there(to, dir, e);
	snprintf(p->extract, sizeof(p->extract), "%s", dir);
	memcpy(p->top, base, sizeof(base));
	return 0;
}

/* ---- workers ---- */

/* One end of it: its worker reads from or writes to `fd`. */
struct end {
	const struct copy_side *side;
	const char *path, *top;
	int fd;
	bool packs, one_mount;
	const struct copy_options *o;
	const struct id_map *map; /* of the host's files: as they are in the other end's container, with --archive */
};

static int start_worker(const struct end *x, const struct unpack_tree *t, struct unpack_job *job, struct err *e)
{
	return x->packs ? unpack_start_pack(job, t, x->fd, e) : unpack_start_extract(job, t, x->fd, e);
}

/* The worker then has x->fd: whoever is at the other end shall see its end. */
static int start_in(const struct rootfs *t, const struct end *x, struct unpack_job *job, struct err *e)
{
	const struct unpack_tree tree = {
		.dir_fd = t->root_fd, .path = x->path, .userns_fd = -EBADF, .map = t->map, .top = x->top, .one_mount = x->one_mount,
		.own = !x->o->archive, .overwrite = x->o->overwrite,
	};
	int r = start_worker(x, &tree, job, e);

	close(x->fd);
	return r;
}

static int work_in(const struct rootfs *t, void *ctx, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	int r = start_in(t, ctx, &job, e);

	return r == 0 ? unpack_wait(&job, e) : r;
}

/* Both ends in one container: the writer is the first of the two. The pipe is made here, so that nobody else holds an end of it. */
static int work_within(const struct rootfs *t, void *ctx, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job writer = UNPACK_JOB_INIT, reader = UNPACK_JOB_INIT;
	struct end *const *ends = ctx;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	ends[1]->fd = fds[0];
	ends[0]->fd = fds[1];
	r = start_in(t, ends[0], &writer, e);
	if (r == 0)
		r = start_in(t, ends[1], &reader, e);
	return r == 0 ? unpack_wait_both(&writer, &reader, e) : r;
}

/* Of the host, as root of the keeper: its files are the user's and of his subordinate IDs. */
static int start_host(const struct end *x, const struct keeper *k, struct unpack_job *job, struct err *e)
{
	_cleanup_close_ int fd = open(x->path, O_PATH | O_CLOEXEC), dir = -EBADF;
	char real[PATH_MAX], link[32], parent[PATH_MAX], base[NAME_MAX + 1];
	struct unpack_tree tree = {.userns_fd = k->userns_fd, .map = x->map, .top = x->top, .own = !x->o->archive,
				   .overwrite = x->o->overwrite, .no_set_id = true};
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", x->path);
	tree.dir_fd = fd;
	if (!S_ISDIR(st.st_mode)) {
		/* a file is given by its directory; it is opened again there, as what it was found as */
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlinkat(AT_FDCWD, link, real, sizeof(real) - 1);
		if (n < 0)
			return err_errno(e, errno, "%s", x->path);
		real[n] = '\0';
		if (split(real, parent, base) < 0 || (dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
			return err_errno(e, errno, "%s", parent);
		tree.dir_fd = dir;
		tree.path = base;
	}
	return start_worker(x, &tree, job, e);
}

/* ---- two ends ---- */

struct answer {
	int r;
	struct err e;
};

/* A container's end in a process of its own, so that the other can be worked at meanwhile. */
static int fork_end(struct engine *eng, struct end *x, int other_fd, pid_t *ret_pid, int *ret_fd, struct err *e)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		struct answer a = {0};

		close(other_fd);
		close(fds[0]);
		a.r = rootfs_with(eng, x->side->c, work_in, x, &a.e);
		_exit(fd_write_all(fds[1], &a, sizeof(a)) < 0);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_errno(e, errno, "fork");
	}
	*ret_pid = pid;
	*ret_fd = fds[0];
	return 0;
}

static int join_end(pid_t pid, int fd, struct err *e)
{
	struct answer a;
	int r = fd_read_exact(fd, &a, sizeof(a));

	if (spawn_wait(pid, NULL) < 0 || r < 0)
		return err_set(e, EIO, "a child that copied died");
	if (a.r < 0 && e)
		*e = a.e;
	return a.r;
}

/* The one that has found out by itself, not by the other's end. */
static int blame(int writer, const struct err *we, int reader, const struct err *re, struct err *e)
{
	bool readers = reader < 0 && (writer == 0 || writer == -EPIPE || reader != -EBADMSG);

	if (e && (readers || writer < 0))
		*e = readers ? *re : *we;
	return readers ? reader : writer;
}

static int within_container(struct engine *eng, struct end *writer, struct end *reader, struct err *e)
{
	struct end *ends[2] = {writer, reader};

	return rootfs_with(eng, writer->side->c, work_within, ends, e);
}

static int both_containers(struct engine *eng, struct end *writer, struct end *reader, struct err *e)
{
	_cleanup_close_ int answer = -EBADF;
	struct err we = {0}, re = {0};
	pid_t pid;
	int w, r = fork_end(eng, writer, reader->fd, &pid, &answer, e);

	close(writer->fd);
	if (r < 0) {
		close(reader->fd);
		return r;
	}
	r = rootfs_with(eng, reader->side->c, work_in, reader, &re);
	close(reader->fd);
	w = join_end(pid, answer, &we);
	return blame(w, &we, r, &re, e);
}

static int host_and_container(struct engine *eng, struct end *host, struct end *other, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct err he = {0}, ce = {0};
	int h, c, r = keeper_open(eng, &k, e);

	if (r == 0)
		r = start_host(host, &k, &job, e);
	close(host->fd);
	if (r < 0) {
		close(other->fd);
		return r;
	}
	c = rootfs_with(eng, other->side->c, work_in, other, &ce);
	close(other->fd);
	h = unpack_wait(&job, &he);
	return host->packs ? blame(h, &he, c, &ce, e) : blame(c, &ce, h, &he, e);
}

static int run_plan(struct engine *eng, const struct copy_side *from, const struct copy_side *to, const struct copy_options *o,
		    const struct plan *p, struct err *e)
{
	struct end writer = {.side = from, .path = p->pack, .top = p->top[0] ? p->top : NULL, .packs = true, .o = o};
	struct end reader = {.side = to, .path = p->extract, .o = o};
	struct id_map map;
	int fds[2], r = 0;

	if (from->c && !to->c && o->archive) {
		r = rootfs_id_map(from->c, &map, e);
		reader.map = map.uid.n > 0 ? &map : NULL;
	}
	if (r < 0)
		return r;
	if (from->c && to->c && strcmp(from->c->id, to->c->id) == 0)
		return within_container(eng, &writer, &reader, e);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	reader.fd = fds[0];
	writer.fd = fds[1];
	if (from->c && to->c)
		return both_containers(eng, &writer, &reader, e);
	return from->c ? host_and_container(eng, &reader, &writer, e) : host_and_container(eng, &writer, &reader, e);
}

/* A tar from or to standard input or output, which is not ours to close. */
static int run_stream(struct engine *eng, struct end *x, int fd, struct err *e)
{
	int r;

	x->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (x->fd < 0)
		return err_errno(e, errno, "duplicate a descriptor");
	r = rootfs_with(eng, x->side->c, work_in, x, e);
	close(x->fd);
	return r;
}

int copy_files(struct engine *eng, struct copy_side *from, struct copy_side *to, const struct copy_options *o, struct err *e)
{
	struct plan p = {.pack = ""};
	int kind = FOUND_NOTHING, r;

	if (!from->c && !to->c)
		return err_set(e, EINVAL, "one of the two must be of a container: CONTAINER:PATH");
	if (from->path) {
		kind = plan_source(eng, from, &p, e);
		if (kind < 0)
			return kind;
	}
	r = to->path ? plan_destination(eng, to, kind, &p, e) : 0;
	if (r < 0)
		return r;
	if (!from->path)
		return run_stream(eng, &(struct end){.side = to, .path = p.extract, .o = o}, STDIN_FILENO, e);
	if (!to->path)
		return run_stream(eng, &(struct end){.side = from, .path = p.pack, .top = p.top[0] ? p.top : NULL, .packs = true, .o = o},
				  STDOUT_FILENO, e);
	return run_plan(eng, from, to, o, &p, e);
}

int copy_export(struct engine *eng, struct container *c, int out_fd, struct err *e)
{
	static const struct copy_options none = {.archive = true};
	const struct copy_side side = {.c = c};

	return run_stream(eng, &(struct end){.side = &side, .path = "", .packs = true, .one_mount = true, .o = &none}, out_fd, e);
}
