/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker's answers are read between the pieces that are written: it would
 * stop when nobody takes them. When it fails, the pipe breaks first, and its
 * own words are asked for then.
 *
 * Whether a file is a tar is told by the checksum of its first header, which
 * has no other meaning than this (POSIX pax, "ustar Interchange Format"). A
 * compressed file's first block comes from the worker too: no decompressor
 * runs in this process.
 */
#include "build/add_sink.h"

#include "sys/fd.h"
#include "tar/unpack_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#define OUT_MAX (256U * 1024)
#define PIPE_SIZE (256 * 1024) /* the two ends take fewer turns; where it may not be had, more */

void add_sink_init(struct add_sink *s, int root_fd)
{
	*s = (struct add_sink){.root_fd = root_fd, .pipe_fd = -EBADF, .job = UNPACK_JOB_INIT};
}

static void end_pipe(struct add_sink *s)
{
	if (s->pipe_fd >= 0)
		(void)sigaction(SIGPIPE, &s->old_pipe, NULL);
	fd_closep(&s->pipe_fd);
}

static void stop(struct add_sink *s)
{
	end_pipe(s);
	unpack_job_done(&s->job);
	s->job = (struct unpack_job)UNPACK_JOB_INIT;
}

void add_sink_done(struct add_sink *s)
{
	stop(s);
	buf_done(&s->out);
}

static int start_tree(struct add_sink *s, const struct unpack_tree *t, struct err *e)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	_cleanup_close_ int rd = -EBADF, wr = -EBADF;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	(void)fcntl(wr, F_SETPIPE_SZ, PIPE_SIZE);
	r = unpack_start_extract(&s->job, t, rd, e);
	if (r < 0)
		return r;
	(void)sigaction(SIGPIPE, &ignore, &s->old_pipe);
	s->pipe_fd = TAKE_FD(wr);
	return 0;
}

static int start(struct add_sink *s, struct err *e)
{
	const struct unpack_tree t = {.dir_fd = s->root_fd, .userns_fd = -EBADF};

	return s->pipe_fd >= 0 ? 0 : start_tree(s, &t, e);
}

/* Why it does not read any more. */
static int failed(struct add_sink *s, int r, struct err *e)
{
	int said;

	if (r != -EPIPE)
		return err_errno(e, -r, "copy");
	end_pipe(s);
	said = unpack_wait(&s->job, e);
	return said < 0 ? said : err_set(e, EIO, "the worker ended before all was copied");
}

static int drain(struct add_sink *s, struct err *e)
{
	struct pollfd p = {.fd = s->job.answer_fd, .events = POLLIN};

	while (poll(&p, 1, 0) > 0) {
		int r = unpack_step(&s->job, e);

		if (r <= 0)
			return r < 0 ? r : err_set(e, EIO, "the worker ended before all was copied");
	}
	return 0;
}

static int write_out(struct add_sink *s, const char *data, size_t len, struct err *e)
{
	int r = drain(s, e);

	if (r < 0)
		return r;
	r = fd_write_all(s->pipe_fd, data, len);
	return r < 0 ? failed(s, r, e) : 0;
}

static int flush(struct add_sink *s, struct err *e)
{
	int r;

	if (buf_bad(&s->out))
		return err_errno(e, buf_bad(&s->out), "copy");
	r = s->out.len ? write_out(s, s->out.data, s->out.len, e) : 0;
	buf_reset(&s->out);
	return r;
}

int add_sink_header(struct add_sink *s, const struct tar_entry *t, struct err *e)
{
	int r = start(s, e);

	if (r < 0)
		return r;
	tar_header(t, &s->out);
	return s->out.len > OUT_MAX ? flush(s, e) : 0;
}

struct reading {
	uint64_t left;
	struct sha256 *sum;
	add_sink_take take;
	void *ctx;
	struct err *e;
	int r;
};

static int read_piece(const char *data, size_t len, void *ctx)
{
	struct reading *c = ctx;

	if (len > c->left)
		len = (size_t)c->left;
	sha256_add(c->sum, data, len);
	c->r = c->take(data, len, c->ctx, c->e);
	c->left -= len;
	return c->r < 0 || c->left == 0;
}

int add_sink_read(int fd, const char *name, uint64_t size, struct sha256 *sum, add_sink_take take, void *ctx, struct err *e)
{
	static const char zeros[4096];
	struct reading c = {size, sum, take, ctx, e, 0};
	int r = size ? fd_read_each(fd, name, read_piece, &c, e) : 0;

	r = c.r < 0 ? c.r : r < 0 ? r : 0;
	while (r == 0 && c.left) {
		(void)read_piece(zeros, sizeof(zeros), &c);
		r = c.r;
	}
	return r;
}

static int take_piece(const char *data, size_t len, void *ctx, struct err *e)
{
	return write_out(ctx, data, len, e);
}

int add_sink_file(struct add_sink *s, const struct tar_entry *t, int fd, struct sha256 *sum, struct err *e)
{
	int r = add_sink_header(s, t, e);

	if (r == 0)
		r = flush(s, e);
	if (r == 0)
		r = add_sink_read(fd, t->name, t->size, sum, take_piece, s, e);
	tar_padding(t->size, &s->out);
	return r;
}

int add_sink_bytes(struct add_sink *s, const struct tar_entry *t, const char *data, size_t len, struct err *e)
{
	int r = add_sink_header(s, t, e);

	buf_add(&s->out, data, len);
	tar_padding(len, &s->out);
	return r < 0 ? r : flush(s, e);
}

int add_sink_end(struct add_sink *s, struct err *e)
{
	int r;

	if (s->pipe_fd < 0)
		return 0;
	tar_end(&s->out);
	r = flush(s, e);
	if (r == 0) {
		end_pipe(s);
		r = unpack_wait(&s->job, e);
	}
	stop(s);
	return r;
}

/* ---- archives ---- */

/* The first header's checksum is right: the sum of its bytes, those of the sum itself taken for blanks. */
static bool is_header(const unsigned char block[static TAR_BLOCK])
{
	unsigned sum = 0, said = 0;
	const unsigned char *p = block + 148, *end = p + 8;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : block[i];
	while (p < end && *p == ' ')
		p++;
	if (p == end || *p < '0' || *p > '7')
		return false;
	for (; p < end && *p >= '0' && *p <= '7'; p++)
		said = said * 8 + (*p - '0');
	return said == sum && block[0];
}

static bool is_packed(const unsigned char *b, size_t n)
{
	static const struct {
		const char *magic;
		size_t len;
	} kinds[] = {{"\x1f\x8b", 2}, {"\x28\xb5\x2f\xfd", 4}, {"BZh", 3}, {"\xfd" "7zXZ", 6}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (n >= kinds[i].len && memcmp(b, kinds[i].magic, kinds[i].len) == 0)
			return true;
	return false;
}

/* The first block of what the file unpacks to. */
static int first_block(int fd, unsigned char block[static TAR_BLOCK], struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	r = unpack_start_recompress(&job, fd, p[1], "none", 0, e);
	close(p[1]);
	if (r == 0)
		r = fd_read_exact(p[0], block, TAR_BLOCK);
	close(p[0]);
	/* too short, or damaged: whatever it is, it is no tar */
	return r;
}

int add_sink_is_tar(int fd, struct err *e)
{
	unsigned char block[TAR_BLOCK] = {0};
	ssize_t n = pread(fd, block, sizeof(block), 0);
	int r;

	if (n < 0)
		return err_errno(e, errno, "read");
	if (!is_packed(block, (size_t)n))
		return n == TAR_BLOCK && is_header(block);
	r = first_block(fd, block, e);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "seek");
	if (r == -ENODATA)
		return 0;
	return r < 0 ? r : is_header(block);
}

struct unpacking {
	struct add_sink s;
	bool ended;
};

/* What is behind the archive's end is not taken any more, and still summed. */
static int take_packed(const char *data, size_t len, void *ctx, struct err *e)
{
	struct unpacking *u = ctx;
	struct pollfd p = {.fd = u->s.job.answer_fd, .events = POLLIN};
	int r = 1;

	while (!u->ended && r > 0 && poll(&p, 1, 0) > 0)
		r = unpack_step(&u->s.job, e);
	if (r < 0)
		return r;
	u->ended = u->ended || r == 0;
	r = u->ended || u->s.pipe_fd < 0 ? 0 : fd_write_all(u->s.pipe_fd, data, len);
	if (r == -EPIPE) {
		end_pipe(&u->s);
		return 0;
	}
	return r < 0 ? err_errno(e, -r, "copy") : 0;
}

int add_sink_unpack(int root_fd, const char *path, int fd, uint64_t size, const struct add_owner *owner, struct sha256 *sum, struct err *e)
{
	const struct unpack_tree t = {.dir_fd = root_fd, .path = *path ? path : NULL, .userns_fd = -EBADF, .own = owner != NULL,
				      .uid = owner ? owner->uid : 0, .gid = owner ? owner->gid : 0};
	struct unpacking u = {.ended = false};
	int r;

	add_sink_init(&u.s, root_fd);
	r = start_tree(&u.s, &t, e);
	if (r == 0)
		r = add_sink_read(fd, path, size, sum, take_packed, &u, e);
	end_pipe(&u.s);
	if (r == 0 && !u.ended)
		r = unpack_wait(&u.s.job, e);
	add_sink_done(&u.s);
	return r;
}
