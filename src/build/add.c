/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * First it is decided where each source goes, with a look at what is there
 * (links in the destination's own path are followed inside the root), then
 * the selected files become the entries of a tar, which build/add_sink.c gives to
 * the worker. The worker resolves all names itself: what was looked at here
 * decides where files go, never what they may reach.
 *
 * A directory that is already there, be it by a link, is kept, with its owner
 * and mode when the copy only goes through it. Other than docker, all parts of
 * one COPY are written in the order in which they are given.
 */
#include "build/add.h"

#include "base/escape.h"
#include "base/sha256.h"
#include "base/tar_writer.h"
#include "build/add_sink.h"
#include "build/address.h"
#include "build/mode.h"
#include "build/select.h"
#include "engine/user.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "tar/pack_xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct add {
	const struct add_request *q;
	int root_fd;
	struct ignore exclude;
	bool own; /* all is owned by: */
	uint32_t uid, gid;
	char dest[PATH_MAX]; /* clean, from the root, without a slash in front */
	bool dest_is_dir;
	char base[PATH_MAX]; /* where the source at hand goes: its own name there */
	struct strv made;    /* directories that the tar has already */
	struct sha256 sum;   /* of what is read: see sum_head() */
	struct add_sink sink;
};

/* ---- the digest ---- */

/* Each entry ends in what cannot be in a name, and a file is as long as said here, so that no two lists are one text. */
static int sum_head(struct sha256 *h, const struct add_request *q, const struct select_entry *entry, const struct buf *pax, struct err *e)
{
	_cleanup_(buf_done) struct buf head = BUF_INIT;
	const struct stat *st = &entry->st;

	buf_addf(&head, "%o %u %u %llu %zu %s", st->st_mode, q->keep_owners ? st->st_uid : 0, q->keep_owners ? st->st_gid : 0,
		 S_ISREG(st->st_mode) ? (unsigned long long)st->st_size : 0, pax->len, entry->rel);
	buf_addc(&head, '\0');
	buf_adds(&head, entry->link ?: "");
	buf_addc(&head, '\0');
	buf_add(&head, pax->data, pax->len);
	if (buf_bad(&head) || buf_bad(pax))
		return err_errno(e, ENOMEM, "digest");
	sha256_add(h, head.data, head.len);
	return 0;
}

static void sum_text(struct sha256 *h, const char *text, size_t len)
{
	char n[32];
	int digits = snprintf(n, sizeof(n), "%zu:", len);

	sha256_add(h, n, (size_t)digits);
	sha256_add(h, text, len);
}

static void sum_end(struct sha256 *h, struct digest *ret)
{
	char hex[SHA256_HEX_SIZE];

	sha256_end_hex(h, hex);
	digest_from_hex(hex, ret);
}

/* ---- what goes out ---- */

static mode_t mode_of(const struct add *a, mode_t mode)
{
	const char *text = a->q->in->flags.chmod;

	return text ? mode_change(text, mode) : mode & 07777;
}

static void describe(const struct add *a, const struct stat *st, struct tar_entry *t)
{
	t->mode = mode_of(a, st->st_mode);
	t->uid = a->own || !a->q->keep_owners ? a->uid : st->st_uid;
	t->gid = a->own || !a->q->keep_owners ? a->gid : st->st_gid;
	t->mtime_sec = st->st_mtim.tv_sec;
	t->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
}

/* FOUND: links followed, in the root. */
enum found { FOUND_NOTHING, FOUND_DIRECTORY, FOUND_LINKED_DIRECTORY, FOUND_OTHER };

static int look(const struct add *a, const char *path, enum found *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, itself = -EBADF;
	struct stat st;
	int r = path_in_root_open(a->root_fd, *path ? path : ".", O_PATH, &fd);

	if (r == -ENOENT) {
		*ret = FOUND_NOTHING;
		return 0;
	}
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "/%s", path);
	*ret = S_ISDIR(st.st_mode) ? FOUND_DIRECTORY : FOUND_OTHER;
	if (*ret != FOUND_DIRECTORY || !*path)
		return 0;
	r = path_in_root_open(a->root_fd, path, O_PATH | O_NOFOLLOW, &itself);
	if (r < 0 || fstat(itself, &st) < 0)
		return err_errno(e, r < 0 ? -r : errno, "/%s", path);
	if (S_ISLNK(st.st_mode))
		*ret = FOUND_LINKED_DIRECTORY;
	return 0;
}

/* A directory without a model: 0755, --chown's, now. */
static int make_directory(struct add *a, const char *path, struct err *e)
{
	struct tar_entry t = {.name = path, .type = TAR_DIRECTORY, .mode = 0755, .uid = a->own ? a->uid : 0, .gid = a->own ? a->gid : 0,
			      .mtime_sec = a->q->now.tv_sec, .mtime_nsec = (uint32_t)a->q->now.tv_nsec};
	int r = strv_add(&a->made, path);

	return r < 0 ? err_errno(e, -r, "/%s", path) : add_sink_header(&a->sink, &t, e);
}

/* All directories of `path` that are not there; it itself too when `whole`. */
static int make_missing(struct add *a, const char *path, bool whole, struct err *e)
{
	char part[PATH_MAX];
	int r = 0;

	for (const char *p = path; r == 0 && *p;) {
		enum found what = FOUND_NOTHING;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		if (!*p && !whole)
			break;
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (strv_find(&a->made, part) >= 0)
			continue;
		r = look(a, part, &what, e);
		if (r == 0 && what == FOUND_OTHER)
			r = err_set(e, ENOTDIR, "/%s is not a directory", part);
		if (r == 0 && what == FOUND_NOTHING)
			r = make_directory(a, part, e);
	}
	return r;
}

/* One that is there by a link stays what it is: it is gone through. */
static int put_directory(struct add *a, const char *name, struct tar_entry *t, struct err *e)
{
	enum found what;
	int r = look(a, name, &what, e);

	if (r < 0)
		return r;
	if (what == FOUND_OTHER)
		return err_set(e, EEXIST, "cannot copy a directory over /%s, which is none", name);
	if (what == FOUND_LINKED_DIRECTORY)
		return 0;
	r = strv_find(&a->made, name) < 0 ? strv_add(&a->made, name) : 0;
	return r < 0 ? err_errno(e, -r, "/%s", name) : add_sink_header(&a->sink, t, e);
}

static int put_entry(void *ctx, const struct select_entry *entry, struct err *e)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	struct add *a = ctx;
	char name[PATH_MAX];
	struct tar_entry t = {.name = name, .pax = &pax, .link = entry->link};
	int r;

	if ((size_t)snprintf(name, sizeof(name), "%s%s%s", a->base, *a->base && *entry->rel ? "/" : "", entry->rel) >= sizeof(name))
		return err_errno(e, ENAMETOOLONG, "%s", entry->rel);
	describe(a, &entry->st, &t);
	if (entry->fd >= 0)
		pack_xattrs(entry->fd, &pax);
	r = sum_head(&a->sum, a->q, entry, &pax, e);
	if (r < 0)
		return r;
	switch (entry->st.st_mode & S_IFMT) {
	case S_IFDIR:
		t.type = TAR_DIRECTORY;
		/* what is copied to is there already */
		return *entry->rel ? put_directory(a, name, &t, e) : 0;
	case S_IFREG:
		t.type = TAR_FILE;
		t.size = (uint64_t)entry->st.st_size;
		return add_sink_file(&a->sink, &t, entry->fd, &a->sum, e);
	case S_IFLNK:
		t.type = TAR_SYMLINK;
		t.mode = 0777;
		return add_sink_header(&a->sink, &t, e);
	default:
		t.type = TAR_FIFO;
		return add_sink_header(&a->sink, &t, e);
	}
}

/* ---- where it goes ---- */

/* `to` below `from` without ".", ".." and doubled slashes. -ENAMETOOLONG. */
static int join(const char *from, const char *to, char out[static PATH_MAX])
{
	char both[2 * PATH_MAX];
	size_t n = 0;

	if ((size_t)snprintf(both, sizeof(both), "%s/%s", *to == '/' ? "" : from, to) >= sizeof(both))
		return -ENAMETOOLONG;
	for (const char *p = both; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && strncmp(p, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len && !(len == 1 && *p == '.')) {
			if (n + len + 2 > PATH_MAX)
				return -ENAMETOOLONG;
			if (n)
				out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len + (p[len] == '/');
	}
	out[n] = '\0';
	return 0;
}

static bool says_directory(const char *dest)
{
	size_t n = strlen(dest);
	const char *last = strrchr(dest, '/') ? strrchr(dest, '/') + 1 : dest;

	return n == 0 || dest[n - 1] == '/' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

static int find_destination(struct add *a, struct err *e)
{
	const struct strv *args = &a->q->in->args;
	const char *dest = args->items[args->n - 1];
	enum found what;
	int r = join(a->q->workdir ?: "/", dest, a->dest);

	if (r < 0)
		return err_errno(e, -r, "%s", dest);
	a->dest_is_dir = args->n > 2 || says_directory(dest) || !*a->dest;
	r = look(a, a->dest, &what, e);
	if (r < 0)
		return r;
	if (what == FOUND_OTHER && a->dest_is_dir)
		return err_set(e, ENOTDIR, "/%s is not a directory", a->dest);
	a->dest_is_dir = a->dest_is_dir || what == FOUND_DIRECTORY || what == FOUND_LINKED_DIRECTORY;
	return 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --parents: what of the path is kept, from "/./" of the pattern on. */
static const char *kept_path(const char *pattern, const char *path)
{
	const char *pivot = strstr(pattern, "/./");
	size_t parts = 0;

	for (const char *p = pattern; pivot && p < pivot; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		parts += p < pivot && strncmp(p, "./", 2) != 0;
	}
	for (; parts && *path; parts--) {
		path += strcspn(path, "/");
		path += *path == '/';
	}
	return path;
}

/* a->base for one source, and the directories above it. */
static int find_base(struct add *a, const char *pattern, const char *path, bool is_dir, struct err *e)
{
	const char *name = a->q->in->flags.parents ? kept_path(pattern, path) : is_dir ? "" : a->dest_is_dir ? last_part(path) : "";

	if ((size_t)snprintf(a->base, sizeof(a->base), "%s%s%s", a->dest, *a->dest && *name ? "/" : "", name) >= sizeof(a->base))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	return make_missing(a, a->base, is_dir, e);
}

/* ---- sources ---- */

static bool wants_unpacking(const struct add *a)
{
	return a->q->in->kind == INSTRUCTION_ADD && !a->q->in->flags.no_unpack;
}

static int unpack_from(struct add *a, int fd, uint64_t size, struct sha256 *sum, struct err *e)
{
	const struct add_owner owner = {a->uid, a->gid};
	int r = make_missing(a, a->dest, true, e);

	if (r == 0)
		r = add_sink_end(&a->sink, e);
	return r < 0 ? r : add_sink_unpack(a->root_fd, a->dest, fd, size, a->q->in->flags.chown ? &owner : NULL, sum, e);
}

static int unpack(void *ctx, const struct select_entry *entry, struct err *e)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	struct add *a = ctx;
	int r;

	pack_xattrs(entry->fd, &pax);
	r = sum_head(&a->sum, a->q, entry, &pax, e);
	return r < 0 ? r : unpack_from(a, entry->fd, (uint64_t)entry->st.st_size, &a->sum, e);
}

/* An archive: below the destination, which is a directory then. 1: it was one, and is done. */
static int try_archive(struct add *a, const char *path, struct err *e)
{
	const struct selection s = {a->q->source_fd, a->q->ignore, a->exclude.n ? &a->exclude : NULL, unpack, a};
	_cleanup_close_ int fd = -EBADF;
	int r = path_in_root_open(a->q->source_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);

	if (r < 0)
		return err_errno(e, -r, "\"%s\"", path);
	r = add_sink_is_tar(fd, e);
	if (r <= 0)
		return r;
	r = select_walk(&s, path, e);
	return r < 0 ? err_wrap(e, r, "unpack \"%s\"", path) : 1;
}

static int source_kind(const struct add *a, const char *path, bool *ret_dir, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_in_root_open(a->q->source_fd, *path ? path : ".", O_PATH, &fd);

	if (r < 0 || fstat(fd, &st) < 0)
		return err_errno(e, r < 0 ? -r : errno, "\"%s\"", path);
	*ret_dir = S_ISDIR(st.st_mode);
	return 0;
}

static int put_path(struct add *a, const char *pattern, const char *path, struct err *e)
{
	const struct selection s = {a->q->source_fd, a->q->ignore, a->exclude.n ? &a->exclude : NULL, put_entry, a};
	bool is_dir = false;
	int r = source_kind(a, path, &is_dir, e);

	if (r == 0 && !is_dir && wants_unpacking(a)) {
		r = try_archive(a, path, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (r == 0)
		r = find_base(a, pattern, path, is_dir, e);
	return r < 0 ? r : select_walk(&s, path, e);
}

static int put_heredoc(struct add *a, const struct heredoc *h, struct err *e)
{
	struct tar_entry t = {.type = TAR_FILE, .size = h->len};
	struct stat st = {.st_mode = S_IFREG | 0644, .st_mtim = a->q->now};
	int r;

	if (strchr(h->name, '/') || strcmp(h->name, "..") == 0 || strcmp(h->name, ".") == 0)
		return err_set(e, EINVAL, "a here-document's name is a file's: %s is none", h->name);
	r = find_base(a, h->name, h->name, false, e);
	describe(a, &st, &t);
	t.name = a->base;
	return r < 0 ? r : add_sink_bytes(&a->sink, &t, h->content, h->len, e);
}

static const struct add_download *download_of(const struct add_request *q, size_t i)
{
	return q->downloads && q->downloads[i].fd >= 0 ? &q->downloads[i] : NULL;
}

/* Without the password: the sum is in the image's history, where it could be guessed from. */
static void sum_download(struct sha256 *h, const char *url, const struct add_download *d)
{
	size_t len;
	const char *at = escape_find_userinfo(url, &len), *rest = at ? at + len : url;

	sum_text(h, url, at ? (size_t)(at - url) : 0);
	sum_text(h, rest, strlen(rest));
	sum_text(h, d->is.digest.text, strlen(d->is.digest.text));
}

/* The bytes are the worker's own by now: their digest is known, and no sum is made of them again. */
static int put_file(struct add *a, const char *url, const struct add_download *d, struct err *e)
{
	struct tar_entry t = {.type = TAR_FILE, .size = d->is.bytes};
	struct stat st = {.st_mode = S_IFREG | 0600, .st_mtim = {.tv_sec = d->is.mtime_sec}};
	_cleanup_free_ char *name = NULL;
	struct sha256 unused;
	int r = a->dest_is_dir ? address_file_name(url, &name, e) : 0;

	sha256_init(&unused);
	if (r == 0)
		r = find_base(a, url, name ?: "", false, e);
	describe(a, &st, &t);
	t.name = a->base;
	return r < 0 ? r : add_sink_file(&a->sink, &t, d->fd, &unused, e);
}

static int put_download(struct add *a, const char *url, const struct add_download *d, struct err *e)
{
	struct sha256 unused;
	int r;

	sum_download(&a->sum, url, d);
	r = lseek(d->fd, 0, SEEK_SET) < 0 ? err_errno(e, errno, "%s", url) : 0;
	if (r < 0 || !a->q->in->flags.unpack)
		return r < 0 ? r : put_file(a, url, d, e);
	r = add_sink_is_tar(d->fd, e);
	if (r <= 0)
		return r < 0 ? r : put_file(a, url, d, e);
	sha256_init(&unused);
	r = unpack_from(a, d->fd, d->is.bytes, &unused, e);
	return r < 0 ? err_wrap(e, r, "unpack \"%s\"", url) : 0;
}

static int put_source(struct add *a, size_t i, struct err *e)
{
	const char *arg = a->q->in->args.items[i];
	const struct heredoc *h = instruction_heredoc(a->q->in, arg);
	const struct add_download *d = download_of(a->q, i);
	_cleanup_(strv_done) struct strv paths = {0};
	int r;

	if (h) {
		sum_text(&a->sum, h->name, strlen(h->name));
		sum_text(&a->sum, h->content, h->len);
		return put_heredoc(a, h, e);
	}
	if (d)
		return put_download(a, arg, d, e);
	r = select_glob(a->q->source_fd, arg, a->q->ignore, &paths, e);
	/* of several the destination is a directory */
	a->dest_is_dir = a->dest_is_dir || paths.n > 1;
	for (i = 0; r == 0 && i < paths.n; i++) {
		sum_text(&a->sum, paths.items[i], strlen(paths.items[i]));
		r = put_path(a, arg, paths.items[i], e);
	}
	return r;
}

/* ---- the instruction ---- */

static int check(const struct add_request *q, struct err *e)
{
	const struct instruction_flags *f = &q->in->flags;

	return f->chmod ? mode_check(f->chmod, e) : 0;
}

static int find_owner(struct add *a, struct err *e)
{
	_cleanup_(user_files_done) struct user_files files = {0};
	const char *chown = a->q->in->flags.chown;
	struct user_id who = {0};
	int r;

	if (!chown)
		return 0;
	r = user_files_from_root(a->root_fd, &files, e);
	if (r == 0)
		r = user_resolve(chown, &files, NULL, &who, e);
	if (r < 0)
		return err_wrap(e, r, "--chown=%s", chown);
	a->own = true;
	a->uid = who.uid;
	/* a number alone is the group's too (Dockerfile reference, "COPY --chown"); a name's group is that of passwd */
	a->gid = strspn(chown, "0123456789") == strlen(chown) ? who.uid : who.gid;
	return 0;
}

static int read_excludes(struct add *a, struct err *e)
{
	const struct strv *v = &a->q->in->flags.exclude;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = ignore_add(&a->exclude, v->items[i], e);
	return r;
}

static void add_done(struct add *a)
{
	ignore_done(&a->exclude);
	strv_done(&a->made);
	add_sink_done(&a->sink);
}

int add_apply(const struct add_request *q, int root_fd, struct err *e)
{
	_cleanup_(add_done) struct add a = {.q = q, .root_fd = root_fd};
	int r = check(q, e);

	add_sink_init(&a.sink, root_fd);
	sha256_init(&a.sum);
	if (r == 0)
		r = find_owner(&a, e);
	if (r == 0)
		r = read_excludes(&a, e);
	if (r == 0)
		r = find_destination(&a, e);
	for (size_t i = 0; r == 0 && i + 1 < q->in->args.n; i++)
		r = put_source(&a, i, e);
	if (r == 0)
		r = add_sink_end(&a.sink, e);
	if (r == 0 && q->written)
		sum_end(&a.sum, q->written);
	return r < 0 ? err_wrap(e, r, "%s", q->what ? q->what : instruction_name(q->in->kind)) : 0;
}

/* ---- the digest alone ---- */

struct summing {
	const struct add_request *q;
	struct sha256 h;
};

static int no_piece(const char *data, size_t len, void *ctx, struct err *e)
{
	(void)data;
	(void)len;
	(void)ctx;
	(void)e;
	return 0;
}

static int sum_entry(void *ctx, const struct select_entry *entry, struct err *e)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	struct summing *s = ctx;
	int r;

	if (entry->fd >= 0)
		pack_xattrs(entry->fd, &pax);
	r = sum_head(&s->h, s->q, entry, &pax, e);
	if (r < 0 || !S_ISREG(entry->st.st_mode))
		return r;
	return add_sink_read(entry->fd, entry->rel, (uint64_t)entry->st.st_size, &s->h, no_piece, NULL, e);
}

static int sum_source(struct summing *s, const struct ignore *exclude, size_t i, struct err *e)
{
	const char *arg = s->q->in->args.items[i];
	const struct add_download *d = download_of(s->q, i);
	const struct heredoc *h = instruction_heredoc(s->q->in, arg);
	const struct selection sel = {s->q->source_fd, s->q->ignore, exclude->n ? exclude : NULL, sum_entry, s};
	_cleanup_(strv_done) struct strv paths = {0};
	int r;

	if (h) {
		sum_text(&s->h, h->name, strlen(h->name));
		sum_text(&s->h, h->content, h->len);
		return 0;
	}
	if (d) {
		sum_download(&s->h, arg, d);
		return 0;
	}
	r = select_glob(s->q->source_fd, arg, s->q->ignore, &paths, e);
	for (i = 0; r == 0 && i < paths.n; i++) {
		sum_text(&s->h, paths.items[i], strlen(paths.items[i]));
		r = select_walk(&sel, paths.items[i], e);
	}
	return r;
}

int add_digest(const struct add_request *q, struct digest *ret, struct err *e)
{
	_cleanup_(add_done) struct add a = {.q = q, .root_fd = -EBADF};
	struct summing s = {.q = q};
	int r = check(q, e);

	add_sink_init(&a.sink, -EBADF);
	sha256_init(&s.h);
	if (r == 0)
		r = read_excludes(&a, e);
	for (size_t i = 0; r == 0 && i + 1 < q->in->args.n; i++)
		r = sum_source(&s, &a.exclude, i, e);
	if (r < 0)
		return err_wrap(e, r, "%s", q->what ? q->what : instruction_name(q->in->kind));
	sum_end(&s.h, ret);
	return 0;
}
