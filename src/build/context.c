/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What the user names on the command line (the operand, -f, --ignorefile) is
 * opened as he could open it himself, links and all. What is found in the context,
 * the default Containerfile too, is found from its descriptor alone: a
 * context may be somebody else's, and a link in it must not make a Containerfile of
 * the user's files.
 *
 * Standard input goes to a file first: whether it is a tar is told by its first
 * block, and a pipe cannot be read twice.
 */
#include "build/context.h"

#include "build/add_sink.h"
#include "build/address.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void context_done(struct context *c)
{
	fd_closep(&c->dir_fd);
	containerfile_done(&c->file);
	ignore_done(&c->ignore);
	*c = (struct context)CONTEXT_INIT;
}

/* ---- the tree ---- */

static int make_directory(int scratch_fd, int *ret_fd, struct err *e)
{
	if (mkdirat(scratch_fd, CONTEXT_DIRECTORY, 0700) < 0)
		return err_errno(e, errno, "context");
	int r = path_own_open(scratch_fd, CONTEXT_DIRECTORY, O_RDONLY | O_DIRECTORY, 0, ret_fd);

	return r < 0 ? err_errno(e, -r, "context") : 0;
}

/* All in it is ours: its owners mean nothing, since COPY gives them anew. */
static int unpack(const struct context_options *o, int tar_fd, int dir_fd, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	const struct unpack_tree t = {.dir_fd = dir_fd, .userns_fd = o->keeper_fd, .own = true,
				      .uid = o->keeper_fd >= 0 ? 0 : geteuid(), .gid = o->keeper_fd >= 0 ? 0 : getegid()};
	int r = unpack_start_extract(&job, &t, tar_fd, e);

	return r < 0 ? r : unpack_wait(&job, e);
}

static int save_piece(const char *data, size_t len, void *ctx)
{
	return fd_write_all(*(int *)ctx, data, len);
}

/* Standard input as a file without a name. */
static int save_stdin(const struct context_options *o, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = address_scratch_file(o->scratch_fd, "standard input", &fd, e);

	if (r < 0)
		return r;
	r = fd_read_each(STDIN_FILENO, "standard input", save_piece, &fd, e);
	if (r < 0)
		return e && e->code ? r : err_errno(e, -r, "standard input");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "standard input");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int read_file(int fd, const char *name, struct context *c, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(CONTAINERFILE_MAX + 1);
	int r = fd_read_all(fd, CONTAINERFILE_MAX, &b);

	if (r == -EFBIG)
		return err_set(e, E2BIG, "%s: larger than %zu bytes: not a Containerfile", name, CONTAINERFILE_MAX);
	return r < 0 ? err_errno(e, -r, "%s", name) : containerfile_parse(buf_str(&b), b.len, name, &c->file, e);
}

/* A tar, or with `may_be_file` a Containerfile. */
static int open_tar(const struct context_options *o, int fd, const char *name, bool may_be_file, struct context *c, struct err *e)
{
	int r = add_sink_is_tar(fd, e);

	if (r < 0)
		return err_wrap(e, r, "%s", name);
	if (r == 0 && !may_be_file)
		return err_set(e, ENOTDIR, "%s: neither a directory nor a tar", name);
	if (r == 0)
		r = read_file(fd, name, c, e);
	else
		r = 1;
	if (r < 0)
		return r;
	int made = make_directory(o->scratch_fd, &c->dir_fd, e);

	if (made < 0 || r == 0)
		return made;
	r = unpack(o, fd, c->dir_fd, e);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}

static int open_stdin(const struct context_options *o, struct context *c, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = save_stdin(o, &fd, e);

	return r < 0 ? r : open_tar(o, fd, "standard input", true, c, e);
}

/* A tar, or a Containerfile alone. */
static int open_url(const struct context_options *o, const char *url, struct context *c, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct download d;
	int r = address_get(url, NULL, o->access, o->scratch_fd, &fd, &d, e);

	return r < 0 ? r : open_tar(o, fd, url, true, c, e);
}

static int open_tree(const struct context_options *o, struct context *c, struct err *e)
{
	const char *operand = o->operand ?: ".";
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = strncmp(operand, "github.com/", 11) == 0 ? address_refuse_git(operand, e) : address_refuse(operand, e);

	if (r < 0)
		return r;
	if (strcmp(operand, "-") == 0)
		return open_stdin(o, c, e);
	if (address_kind(operand) == ADDRESS_HTTP)
		return open_url(o, operand, c, e);
	fd = open(operand, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "context %s", operand);
	if (S_ISREG(st.st_mode))
		return open_tar(o, fd, operand, false, c, e);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "context %s: neither a directory nor a tar", operand);
	c->dir_fd = TAKE_FD(fd);
	return 0;
}

/* ---- the Containerfile ---- */

/* In the context: -ENOENT without words. */
static int read_inside(struct context *c, const char *name, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(CONTAINERFILE_MAX + 1);
	int r = path_in_root_read(c->dir_fd, name, CONTAINERFILE_MAX, &b);

	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r == -EINVAL)
		return err_set(e, EINVAL, "%s: not a regular file", name);
	return r < 0 ? err_errno(e, -r, "%s", name) : containerfile_parse(buf_str(&b), b.len, name, &c->file, e);
}

static int read_default(struct context *c, struct err *e)
{
	static const char *const names[] = {"Containerfile", "Dockerfile"};
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(names); i++)
		r = read_inside(c, names[i], e);
	return r == -ENOENT ? err_set(e, ENOENT, "no Containerfile or Dockerfile in the context") : r;
}

/* -f: a path of the user's; one that is not there may be one in the context. */
static int read_named(const char *file, struct context *c, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	if (strcmp(file, "-") == 0)
		return read_file(STDIN_FILENO, "standard input", c, e);
	fd = open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && *file != '/') {
		r = read_inside(c, file, e);
		return r == -ENOENT ? err_errno(e, ENOENT, "%s", file) : r;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", file);
	if (S_ISDIR(st.st_mode))
		return err_errno(e, EISDIR, "%s", file);
	return read_file(fd, file, c, e);
}

static int read_containerfile(const struct context_options *o, struct context *c, struct err *e)
{
	const struct strv *files = o->files;
	bool is_context = o->operand && strcmp(o->operand, "-") == 0;
	unsigned stdin_uses = is_context;
	int r = 0;

	if (c->file.n > 0 && files->n > 0)
		return err_set(e, EINVAL, "-f %s: %s is the Containerfile already", files->items[0], is_context ? "standard input" : o->operand);
	for (size_t i = 0; i < files->n; i++)
		stdin_uses += strcmp(files->items[i], "-") == 0;
	if (stdin_uses > 1)
		return err_set(e, EINVAL, "standard input cannot be %s", is_context ? "both the context and the Containerfile" : "two Containerfiles");
	if (files->n == 0)
		return c->file.n > 0 ? 0 : read_default(c, e);
	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = read_named(files->items[i], c, e);
	return r;
}

/* ---- what is ignored ---- */

static int parse_ignore(const struct buf *b, const char *name, struct context *c, struct err *e)
{
	return ignore_parse(buf_str(b), b->len, name, &c->ignore, e);
}

/* A file of the user's. 1: it is not there. */
static int ignore_outside(const char *path, struct context *c, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(IGNORE_FILE_MAX + 1);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 1 : err_errno(e, errno, "%s", path);
	r = fd_read_all(fd, IGNORE_FILE_MAX, &b);
	return r < 0 ? err_errno(e, -r, "%s", path) : parse_ignore(&b, path, c, e);
}

static int ignore_inside(const char *path, struct context *c, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(IGNORE_FILE_MAX + 1);
	int r = path_in_root_read(c->dir_fd, path, IGNORE_FILE_MAX, &b);

	if (r == -ENOENT || r == -ENOTDIR)
		return 1;
	return r < 0 ? err_errno(e, -r, "%s", path) : parse_ignore(&b, path, c, e);
}

static int read_ignore(const struct context_options *o, struct context *c, struct err *e)
{
	static const char *const ends[] = {".containerignore", ".dockerignore"};
	char path[PATH_MAX];
	int r = 1;

	if (o->ignore_file) {
		r = ignore_outside(o->ignore_file, c, e);
		return r > 0 ? err_errno(e, ENOENT, "%s", o->ignore_file) : r;
	}
	for (size_t i = 0; r > 0 && o->files->n > 0 && i < ARRAY_SIZE(ends); i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s", o->files->items[0], ends[i]) < sizeof(path))
			r = ignore_outside(path, c, e);
	}
	for (size_t i = 0; r > 0 && i < ARRAY_SIZE(ends); i++)
		r = ignore_inside(ends[i], c, e);
	return r < 0 ? r : 0;
}

int context_open(const struct context_options *o, struct context *ret, struct err *e)
{
	_cleanup_(context_done) struct context c = CONTEXT_INIT;
	int r = open_tree(o, &c, e);

	if (r == 0)
		r = read_containerfile(o, &c, e);
	if (r == 0)
		r = read_ignore(o, &c, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct context)CONTEXT_INIT;
	return 0;
}

/* ---- --build-context ---- */

void build_context_done(struct build_context *c)
{
	free(c->name);
	free(c->value);
	*c = (struct build_context){0};
}

static const struct scheme {
	const char *begins;
	enum build_context_kind kind;
} schemes[] = {
	{"docker-image://", BUILD_CONTEXT_IMAGE},
	{"container-image://", BUILD_CONTEXT_IMAGE},
	{"container-image:", BUILD_CONTEXT_IMAGE},
	{"docker://", BUILD_CONTEXT_IMAGE},
	{"oci-layout://", BUILD_CONTEXT_OCI_LAYOUT},
	{"oci-layout:", BUILD_CONTEXT_OCI_LAYOUT},
};

static int refuse_url(const char *value, struct err *e)
{
	if (address_kind(value) != ADDRESS_HTTP)
		return address_refuse(value, e);
	err_set(e, ENOTSUP, "%s: no address can be a further context", value);
	err_hint(e, "get the archive and unpack it, and give the directory; or ADD the address");
	return -ENOTSUP;
}

int build_context_parse(const char *text, struct build_context *ret, struct err *e)
{
	_cleanup_(build_context_done) struct build_context c = {.kind = BUILD_CONTEXT_DIRECTORY};
	const char *eq = strchr(text, '='), *value = eq ? eq + 1 : "";
	int r;

	if (!eq || eq == text || !*value)
		return err_set(e, EINVAL, "--build-context %s: NAME=VALUE is wanted", text);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (strncasecmp(value, schemes[i].begins, strlen(schemes[i].begins)) == 0) {
			c.kind = schemes[i].kind;
			value += strlen(schemes[i].begins);
			break;
		}
	}
	r = c.kind == BUILD_CONTEXT_DIRECTORY ? refuse_url(value, e) : 0;
	if (r < 0)
		return err_wrap(e, r, "--build-context");
	if (!*value)
		return err_set(e, EINVAL, "--build-context %s: nothing after its kind", text);
	c.name = strndup(text, (size_t)(eq - text));
	c.value = strdup(value);
	if (!c.name || !c.value)
		return err_errno(e, ENOMEM, "--build-context");
	*ret = c;
	c = (struct build_context){0};
	return 0;
}
