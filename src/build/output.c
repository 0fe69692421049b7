/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A directory is written as `cp` writes one: a worker packs the target's root,
 * another unpacks it, and neither can reach more than its directory. Both are
 * children of the one that has mounted the root, since nobody else sees it. A
 * new directory has a name that nobody looks for until it is whole.
 *
 * The files become the user's own, without setuid and setgid: a foreign
 * program that others could run as the user is not what is asked for. A tar
 * has all as it is in the image.
 */
#include "build/output.h"

#include "build/layer.h"
#include "sys/fd.h"
#include "sys/output_file.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what was asked ---- */

void output_done(struct output *o)
{
	free(o->text);
	*o = (struct output){0};
}

static int set_type(struct output *o, const char *type, struct err *e)
{
	static const struct {
		const char *type, *hint;
	} others[] = {{"image", "leave it out: an image is always made"},
		      {"docker", "name the image with -t, then ranby save --format docker-archive"},
		      {"oci", "name the image with -t, then ranby save --format oci-archive"},
		      {"registry", "name the image with -t, then ranby push"},
		      {"cacheonly", "build without a name"}};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(type, others[i].type) != 0)
			continue;
		err_set(e, ENOTSUP, "--output type=%s: must be local or tar", type);
		err_hint(e, "%s", others[i].hint);
		return -ENOTSUP;
	}
	o->tar = strcmp(type, "tar") == 0;
	return o->tar || strcmp(type, "local") == 0 ? 0 : err_set(e, EINVAL, "--output type=%s: must be local or tar", type);
}

static int settle(struct output *o, const char *type, struct err *e)
{
	int r = type ? set_type(o, type, e) : err_set(e, EINVAL, "--output: no type=");

	if (r < 0)
		return r;
	if (o->dest && strcmp(o->dest, "-") == 0)
		o->dest = NULL;
	else if (!o->dest && !o->tar)
		return err_set(e, EINVAL, "--output type=local: no dest=");
	if (!o->dest && !o->tar)
		return err_set(e, EINVAL, "--output type=local,dest=-: a directory is not for standard output: type=tar");
	return 0;
}

int output_parse(const char *text, struct output *ret, struct err *e)
{
	struct output o = {.text = strdup(text)};
	const char *type = NULL;
	int r = o.text ? 0 : err_errno(e, ENOMEM, "--output");

	if (r == 0 && !strchr(text, '=')) {
		type = strcmp(text, "-") == 0 ? "tar" : "local";
		o.dest = o.text;
		r = *text ? 0 : err_set(e, EINVAL, "--output: no directory");
	} else {
		for (char *at = o.text, *next; r == 0 && at; at = next) {
			const char **slot;
			char *value;

			next = strchr(at, ',');
			if (next)
				*next++ = '\0';
			value = strchr(at, '=');
			if (value)
				*value++ = '\0';
			slot = strcmp(at, "type") == 0 ? &type : strcmp(at, "dest") == 0 ? &o.dest : NULL;
			if (!slot || *slot || !value || !*value)
				r = err_set(e, EINVAL, "--output: \"%s\": must be type= or dest=, once, with a value", at);
			else
				*slot = value;
		}
	}
	if (r == 0)
		r = settle(&o, type, e);
	if (r == 0)
		*ret = o;
	else
		output_done(&o);
	return r;
}

/* ---- a directory ---- */

#define TEMPORARY ".ranby-output-"
#define TEMPORARY_SIZE (sizeof(TEMPORARY) + 16)

/* One that is written to: what was there, or a new one that has another name until it is whole. */
struct place {
	const struct session *s;
	int fd, parent_fd;
	bool is_new;         /* what was made of its parents is to be taken back */
	char dest[PATH_MAX], path[PATH_MAX];
	const char *name;    /* the last part of path; NULL: nothing to take back */
	size_t there;        /* the length of that part of dest which was there */
};

/* How much of the first `len` bytes of p->dest is there. */
static size_t find_there(struct place *p, size_t len)
{
	size_t there = 0;

	for (size_t at = 1; at <= len; at++) {
		struct stat st;
		int r;

		if (p->dest[at] != '/')
			continue;
		p->dest[at] = '\0';
		r = stat(p->dest, &st);
		p->dest[at] = '/';
		if (r < 0)
			break;
		there = at;
	}
	return there;
}

/* As mkdir -p, for the first `len` bytes of p->dest. */
static int make_parents(struct place *p, size_t len)
{
	for (size_t at = 1; at <= len; at++) {
		char end = p->dest[at];
		int r;

		if (end != '/')
			continue;
		p->dest[at] = '\0';
		r = mkdir(p->dest, 0777) < 0 ? -errno : 0;
		p->dest[at] = end;
		if (r < 0 && r != -EEXIST)
			return r;
		if (r < 0)
			p->there = at;
	}
	return 0;
}

/* Whoever kills the build leaves it to the guard. `name` is in the parent directory, when that is there. */
static int tell_guard(const struct place *p, const char *name)
{
	struct guard_place g = {.parent_fd = p->parent_fd, .keeper_fd = p->s->q->keeper->userns_fd, .there = p->there};

	snprintf(g.name, sizeof(g.name), "%.*s", (int)sizeof(g.name) - 1, name);
	memcpy(g.dest, p->dest, sizeof(g.dest));
	return guard_place(p->s->q->guard, &g, NULL);
}

/* One that is nobody's yet. */
static int name_new(const struct place *p, char *at)
{
	uint64_t rnd;

	if (getrandom(&rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return -EIO;
	snprintf(at, TEMPORARY_SIZE, TEMPORARY "%016llx", (unsigned long long)rnd);
	return tell_guard(p, at);
}

static int open_new(struct place *p)
{
	const char *slash = strrchr(p->dest, '/');
	size_t len = slash ? (size_t)(slash - p->dest) + 1 : 0;
	char *name = p->path + (len ? len : 2);
	int r;

	p->there = find_there(p, len);
	p->is_new = true;
	r = tell_guard(p, "");
	if (r == 0)
		r = make_parents(p, len);
	if (r < 0)
		return r;
	if (len + TEMPORARY_SIZE + 2 > sizeof(p->path))
		return -ENAMETOOLONG;
	memcpy(p->path, len ? p->dest : "./", len ? len : 2);
	*name = '\0';
	p->parent_fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->parent_fd < 0)
		return -errno;
	r = name_new(p, name);
	if (r < 0)
		return r;
	if (mkdirat(p->parent_fd, name, 0777) < 0)
		return -errno;
	p->name = name;
	p->fd = openat(p->parent_fd, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return p->fd < 0 ? -errno : 0;
}

static int place_open(struct place *p, const char *dest, struct err *e)
{
	size_t len = strlen(dest);
	int r = 0;

	while (len > 1 && dest[len - 1] == '/')
		len--;
	if (len >= sizeof(p->dest))
		return err_errno(e, ENAMETOOLONG, "--output %s", dest);
	memcpy(p->dest, dest, len);
	p->dest[len] = '\0';
	p->fd = open(p->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0)
		r = errno == ENOENT ? open_new(p) : -errno;
	return r < 0 ? err_errno(e, -r, "--output %s", dest) : 0;
}

static int place_keep(struct place *p, struct err *e)
{
	int r = p->name ? renameat2(AT_FDCWD, p->path, AT_FDCWD, p->dest, RENAME_NOREPLACE) : 0;

	/* a file system that knows no flags: a directory replaces an empty one at most */
	if (r < 0 && errno == EINVAL)
		r = renameat(AT_FDCWD, p->path, AT_FDCWD, p->dest);
	if (r < 0)
		return err_errno(e, errno, "--output %s", p->dest);
	p->name = NULL;
	p->is_new = false;
	return 0;
}

/* With the keeper's rights: a directory of the image may be one that its owner cannot enter. */
static void place_done(struct place *p, int keeper_fd)
{
	fd_closep(&p->fd);
	if (p->name)
		(void)!unpack_remove(p->parent_fd, p->name, keeper_fd, NULL);
	if (p->is_new)
		guard_remove_parents(p->dest, p->there);
	fd_closep(&p->parent_fd);
	/* where it cannot be told it is not there any more */
	(void)!guard_place(p->s->q->guard, NULL, NULL);
}

/* ---- its content ---- */

struct writing {
	const struct output *o;
	const struct pack_times *times;
	int fd; /* of the directory, or of the tar */
};

static int write_tree(struct unpack_tree *from, const struct writing *w, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job writer = UNPACK_JOB_INIT, reader = UNPACK_JOB_INIT;
	/* root of the keeper is the user */
	const struct unpack_tree to = {.dir_fd = w->fd, .userns_fd = -EBADF, .own = true, .no_set_id = true};
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	r = unpack_start_pack(&writer, from, fds[1], e);
	close(fds[1]);
	if (r == 0)
		r = unpack_start_extract(&reader, &to, fds[0], e);
	close(fds[0]);
	return r == 0 ? unpack_wait_both(&writer, &reader, e) : r;
}

static int write_root(int root_fd, int source_fd, void *ctx, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	const struct writing *w = ctx;
	struct unpack_tree from = {.dir_fd = root_fd, .userns_fd = -EBADF, .times = w->times};
	int r;

	(void)source_fd;
	if (!w->o->tar)
		return write_tree(&from, w, e);
	r = unpack_start_pack(&job, &from, w->fd, e);
	return r == 0 ? unpack_wait(&job, e) : r;
}

/* The target is as it was: not one layer more. */
static int write_to(struct session *s, const struct output *o, int fd, struct err *e)
{
	struct writing w = {.o = o, .times = s->q->times, .fd = fd};
	struct stage *sg = s->target;
	bool had = sg->upper;
	int r = layer_work(s, sg, NULL, write_root, &w, e);

	if (!had)
		layer_forget(s, sg);
	return r < 0 ? err_wrap(e, r, "--output %s", o->dest ? o->dest : "-") : 0;
}

static int write_file(struct session *s, const struct output *o, struct err *e)
{
	_cleanup_(output_file_done) struct output_file f = OUTPUT_FILE_INIT;
	int r = output_file_open(o->dest, &f, e);

	if (r == 0)
		r = write_to(s, o, f.fd, e);
	return r == 0 ? output_file_keep(&f, e) : r;
}

static int write_directory(struct session *s, const struct output *o, struct err *e)
{
	struct place p = {.s = s, .fd = -EBADF, .parent_fd = -EBADF};
	int r = place_open(&p, o->dest, e);

	if (r == 0)
		r = write_to(s, o, p.fd, e);
	if (r == 0)
		r = place_keep(&p, e);
	place_done(&p, s->q->keeper->userns_fd);
	return r;
}

int output_write(struct session *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; s->q->outputs && r == 0 && i < s->q->outputs->n; i++) {
		struct output o = {0};

		r = output_parse(s->q->outputs->items[i], &o, e);
		if (r < 0)
			return r;
		if (!o.dest)
			r = write_to(s, &o, STDOUT_FILENO, e);
		else
			r = o.tar ? write_file(s, &o, e) : write_directory(s, &o, e);
		output_done(&o);
	}
	return r;
}
