/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Of a tar, the names are kept in a table and the contents in files "0", "1"…
 * of a staging directory; a link is followed in the table, by text, a few
 * steps at most. Of a directory, names are opened as if it were the root
 * (sys/path.h), and contents are copied and hashed.
 */
#include "image/archive_source.h"

#include "oci/descriptor.h"
#include "sys/path.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8

static const char *without_dot(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		for (name += 2; *name == '/'; name++)
			;
	while (*name == '/')
		name++;
	return name;
}

static int grow(struct source *src)
{
	size_t more = src->room ? 2 * src->room : 64;
	struct source_member *grown;

	if (src->n < src->room)
		return 0;
	grown = mem_regrow(src->members, more, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	src->members = grown;
	src->room = more;
	return 0;
}

static int take_member(void *ctx, const struct unpack_member *m, const char *name, const char *link, struct err *e)
{
	struct source *src = ctx;
	struct source_member *to;

	if (grow(src) < 0)
		return err_errno(e, ENOMEM, "archive");
	if (*link == '\0' && digest_parse(m->digest.text, &(struct digest){0}, e) < 0)
		return -EPROTO;
	to = &src->members[src->n];
	*to = (struct source_member){.index = m->index, .size_bytes = m->size_bytes, .digest = m->digest};
	to->name = strdup(without_dot(name));
	to->link = *link ? strdup(link) : NULL;
	src->n++;
	return !to->name || (*link && !to->link) ? err_errno(e, ENOMEM, "archive") : 0;
}

int source_open_tar(struct source *src, struct store *st, int fd, struct progress *progress, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	int r, item;

	src->st = st;
	staging_sweep(st);
	r = staging_begin(st, &src->staging, e);
	if (r == 0)
		r = unpack_start_archive(&job, fd, src->staging.dirfd, e);
	if (r < 0)
		return r;
	job.on_member = take_member;
	job.ctx = src;
	item = progress_item(progress, "Reading archive", 0);
	while ((r = unpack_step(&job, e)) > 0)
		progress_update(progress, item, job.in_bytes);
	if (r == 0)
		progress_end(progress, item, "done");
	return r;
}

int source_open_dir(struct source *src, struct store *st, int consume_dirfd, struct err *e)
{
	src->st = st;
	src->dirfd = consume_dirfd;
	staging_sweep(st);
	return staging_begin(st, &src->staging, e);
}

/*
 * Of the descriptor that is read from, so that what is judged by its path is
 * what is read. A policy that names a directory does not mean links into it.
 */
static int find_place(struct source *src, int fd, const struct stat *s, struct err *e)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (!S_ISDIR(s->st_mode) && (!S_ISREG(s->st_mode) || s->st_nlink == 0))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return err_errno(e, errno, "%s", link);
	if (n == sizeof(path))
		return err_errno(e, ENAMETOOLONG, "%s", link);
	if (path[0] != '/')
		return 0;
	src->place = strndup(path, (size_t)n);
	return src->place ? 0 : err_errno(e, ENOMEM, "archive");
}

int source_open(struct source *src, struct store *st, const char *path, struct progress *progress, struct err *e)
{
	/* the user's own word, on the user's own file system */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat s;
	int r;

	if (fd < 0 || fstat(fd, &s) < 0)
		return err_errno(e, errno, "open %s", path);
	r = find_place(src, fd, &s, e);
	if (r < 0)
		return r;
	if (S_ISDIR(s.st_mode))
		return source_open_dir(src, st, TAKE_FD(fd), e);
	return source_open_tar(src, st, fd, progress, e);
}

void source_done(struct source *src)
{
	for (size_t i = 0; i < src->n; i++) {
		free(src->members[i].name);
		free(src->members[i].link);
	}
	free(src->members);
	src->members = NULL;
	src->n = 0;
	fd_closep(&src->dirfd);
	free(src->place);
	src->place = NULL;
	staging_done(&src->staging);
}

/* The last member of that name: a tar that was appended to means that one. */
static const struct source_member *find_exact(const struct source *src, const char *name)
{
	for (size_t i = src->n; i-- > 0;)
		if (strcmp(src->members[i].name, name) == 0)
			return &src->members[i];
	return NULL;
}

/* Resolves "../x/layer.tar" against the directory of `from`, by text. */
static int join(const char *from, const char *link, char *out, size_t size)
{
	const char *slash = strrchr(from, '/');
	size_t n = slash ? (size_t)(slash - from) : 0;

	if (n + strlen(link) + 2 > size)
		return -ENAMETOOLONG;
	memcpy(out, from, n);
	out[n] = '\0';
	while (*link) {
		size_t len = strcspn(link, "/");

		if (len == 2 && link[0] == '.' && link[1] == '.') {
			char *up = strrchr(out, '/');

			*(up ? up : out) = '\0';
		} else if (len > 0 && !(len == 1 && link[0] == '.')) {
			n = strlen(out);
			snprintf(out + n, size - n, "%s%.*s", n ? "/" : "", (int)len, link);
		}
		link += len + (link[len] == '/');
	}
	return 0;
}

static const struct source_member *find(const struct source *src, const char *name)
{
	const struct source_member *m = find_exact(src, without_dot(name));
	char path[2 * UNPACK_NAME_MAX + 2];

	for (int i = 0; m && m->link && i < LINKS_MAX; i++) {
		const struct source_member *next = NULL;

		if (join(m->name, m->link, path, sizeof(path)) == 0)
			next = find_exact(src, path);
		/* a hard link is written from the archive's root */
		m = next ? next : find_exact(src, without_dot(m->link));
	}
	return m && !m->link ? m : NULL;
}

bool source_has(const struct source *src, const char *name)
{
	_cleanup_close_ int fd = -EBADF;

	return src->dirfd < 0 ? find(src, name) != NULL : path_in_root_open(src->dirfd, name, O_PATH, &fd) == 0;
}

int source_read(struct source *src, const char *name, struct buf *text, struct err *e)
{
	const struct source_member *m;
	char number[16];
	int r = -ENOENT;

	if (src->dirfd >= 0) {
		r = path_in_root_read(src->dirfd, name, STORE_JSON_MAX, text);
	} else if ((m = find(src, name))) {
		snprintf(number, sizeof(number), "%u", m->index);
		r = path_own_read(src->staging.dirfd, number, STORE_JSON_MAX, text);
		if (r == -ENOENT && blob_exists(src->st, &m->digest, NULL))
			r = blob_read(src->st, &m->digest, text, NULL);
	}
	return r < 0 ? err_errno(e, -r, "%.200s", name) : 0;
}

static int check_digest(const char *name, struct digest *want, const struct digest *found, struct err *e)
{
	if (digest_is_set(want) && !digest_equal(want, found))
		return err_set(e, EBADMSG, "%.200s: its content is %s", name, found->text);
	*want = *found;
	return 0;
}

static int commit_copy(struct source *src, const char *name, struct digest *digest, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct digest found;
	char number[16];
	int r;

	if (digest_is_set(digest) && blob_usable(src->st, digest, ret_bytes))
		return 0;
	r = path_in_root_open(src->dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
	if (r < 0)
		return err_errno(e, -r, "%.200s", name);
	snprintf(number, sizeof(number), "%u", src->copies++);
	r = blob_copy(&src->staging, number, fd, BLOB_BYTES_MAX, &found, ret_bytes, e);
	if (r == 0)
		r = check_digest(name, digest, &found, e);
	return r < 0 ? r : blob_commit(src->st, &src->staging, number, &found, e);
}

/* The worker left that to who takes it: data first, then the name. */
static int commit_member(struct source *src, const struct source_member *m, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char number[16];
	int r;

	snprintf(number, sizeof(number), "%u", m->index);
	r = path_own_open(src->staging.dirfd, number, O_RDONLY, 0, &fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "sync blob %.12s", digest_hex(&m->digest));
	return blob_commit(src->st, &src->staging, number, &m->digest, e);
}

int source_commit(struct source *src, const char *name, struct digest *digest, uint64_t *ret_bytes, struct err *e)
{
	const struct source_member *m;
	int r;

	if (src->dirfd >= 0)
		return commit_copy(src, name, digest, ret_bytes, e);
	m = find(src, name);
	if (!m)
		return err_set(e, ENOENT, "%.200s: not in the archive", name);
	r = check_digest(name, digest, &m->digest, e);
	if (r < 0)
		return r;
	*ret_bytes = m->size_bytes;
	return blob_usable(src->st, &m->digest, NULL) ? 0 : commit_member(src, m, e);
}
