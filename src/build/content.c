/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A bound directory of a context is copied as COPY would: what is ignored is
 * not in it, its digest is that of the very bytes that are seen, and what
 * becomes of the context's own name meanwhile does not matter. The copy costs
 * its time and room for as long as the RUN lasts.
 */
#include "build/content.h"

#include "base/clock.h"
#include "engine/in_keeper.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BOUND "x" /* what is bound, in the directory of its own that it is copied to */

struct digest *content_shared_digest(void)
{
	struct digest *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return d == MAP_FAILED ? NULL : d;
}

void content_shared_done(struct digest *shared)
{
	if (shared)
		(void)munmap(shared, sizeof(*shared));
}

/* ---- the digest ---- */

struct digesting {
	const struct add_request *q;
	struct digest *shared;
};

static int digest_in_child(void *ctx, struct err *e)
{
	const struct digesting *d = ctx;

	return add_digest(d->q, d->shared, e);
}

int content_digest(struct session *s, const struct add_request *q, struct digest *ret, struct err *e)
{
	struct digesting d = {.q = q};
	struct stat st;
	int r;

	if (fstat(q->source_fd, &st) == 0 && st.st_nlink == 0)
		return err_set(e, ENOENT, "the directory of the context was removed");
	r = add_digest(q, ret, e);
	if (r != -EACCES)
		return r;
	d.shared = content_shared_digest();
	if (!d.shared)
		return err_errno(e, ENOMEM, "context");
	r = in_keeper(s->q->keeper, digest_in_child, &d, e);
	*ret = *d.shared;
	content_shared_done(d.shared);
	return r;
}

/* ---- what is bound ---- */

/* COPY of the path alone: what would be a pattern in it is escaped. */
static int bind_instruction(const struct content_bind *b, struct instruction **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf path = BUF_INIT;
	int r = instruction_parse("COPY . /" BOUND, '\\', ret, e);

	if (r < 0)
		return r;
	for (const char *c = b->path && *b->path ? b->path : "."; *c; c++)
		buf_addf(&path, strchr("*?[\\", *c) ? "\\%c" : "%c", *c);
	free((*ret)->args.items[0]);
	(*ret)->args.items[0] = buf_bad(&path) ? NULL : strdup(buf_str(&path));
	return (*ret)->args.items[0] ? 0 : err_errno(e, ENOMEM, "--mount");
}

int content_bind_digest(struct session *s, const struct content_bind *b, struct digest *ret, struct err *e)
{
	_cleanup_instruction_ struct instruction *in = NULL;
	struct add_request q = {.what = "--mount type=bind", .source_fd = b->dir_fd, .ignore = b->ignore};
	int r = bind_instruction(b, &in, e);

	q.in = in;
	return r < 0 ? r : content_digest(s, &q, ret, e);
}

struct copying {
	struct add_request q;
	const char *to;
};

static int copy_in_child(void *ctx, struct err *e)
{
	const struct copying *c = ctx;
	_cleanup_close_ int to = open(c->to, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (to < 0)
		return err_errno(e, errno, "%s", c->to);
	umask(0);
	return add_apply(&c->q, to, e);
}

static void bind_name(size_t number, char ret[static 32])
{
	snprintf(ret, 32, "bind-%zu", number);
}

/* Makes the directory of the next one. */
static int bind_begin(struct session *s, int *ret_fd, char path[static PATH_MAX])
{
	char name[32];
	int r;

	bind_name(s->binds++, name);
	r = path_own_mkdirs(s->dir->dirfd, name, ret_fd);
	if (r == 0 && (size_t)snprintf(path, PATH_MAX, "%s/%s/%s", s->q->eng->data_path, s->dir->path, name) >= PATH_MAX - sizeof("/" BOUND))
		r = -ENAMETOOLONG;
	return r;
}

int content_bind_copy(struct session *s, const struct content_bind *b, char path[static PATH_MAX], struct digest *ret, struct err *e)
{
	_cleanup_instruction_ struct instruction *in = NULL;
	struct copying c = {.q = {.what = "--mount type=bind", .source_fd = b->dir_fd, .ignore = b->ignore, .now = clock_now()}, .to = path};
	int r = bind_instruction(b, &in, e);

	if (r < 0)
		return r;
	r = bind_begin(s, NULL, path);
	c.q.in = in;
	c.q.written = content_shared_digest();
	if (r == 0 && !c.q.written)
		r = -ENOMEM;
	r = r < 0 ? err_errno(e, -r, "--mount") : in_keeper(s->q->keeper, copy_in_child, &c, e);
	if (r == 0) {
		*ret = *c.q.written;
		memcpy(path + strlen(path), "/" BOUND, sizeof("/" BOUND));
	}
	content_shared_done(c.q.written);
	return r;
}

int content_bind_script(struct session *s, const char *text, char path[static PATH_MAX], struct err *e)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	int r = bind_begin(s, &dir, path);

	if (r == 0)
		r = path_own_open(dir, BOUND, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd);
	if (r == 0)
		r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && fchmod(fd, 0555) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "RUN: the here-document");
	memcpy(path + strlen(path), "/" BOUND, sizeof("/" BOUND));
	return 0;
}

void content_bind_remove(struct session *s, size_t first)
{
	char name[32];

	for (size_t i = first; i < s->binds; i++) {
		bind_name(i, name);
		(void)!assemble_remove(s->dir, name, NULL);
	}
}
