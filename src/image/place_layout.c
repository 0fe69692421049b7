/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Files by digest, in three shapes: the OCI image layout in a directory and in
 * a tar, and skopeo's "dir:". What is read is copied into the store's blobs
 * first, hashed on the way (archive_source.h); what is written is put beside
 * what is there, index.json last and by a rename.
 */
#include "image/place.h"

#include "base/sha256.h"
#include "base/tar_writer.h"
#include "oci/index_edit.h"
#include "sys/dir.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 128
#define REF_NAME "org.opencontainers.image.ref.name"
#define COPY_SIZE (128 * 1024)
#define PART_FILE "copy.part" /* of who has the lock */
#define FLAT_VERSION "Directory Transport Version: "
#define LOCK_MS (60 * 60 * 1000) /* another copy into the same directory may have much to do */

static void blob_name(const struct place *p, const struct digest *d, char ret[static NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "%s%s", p->flat ? "" : "blobs/sha256/", digest_hex(d));
}

/* ---- from ---- */

static int open_layout(struct place *p, struct err *e)
{
	int r = source_open(&p->src, p->st, p->path, p->o->progress, e);

	if (r == 0 && (!source_has(&p->src, "oci-layout") || !source_has(&p->src, "index.json")))
		r = err_set(e, EINVAL, "%s: no OCI image layout, it has no oci-layout with index.json", p->path);
	return r;
}

static int open_flat(struct place *p, struct err *e)
{
	int r = source_open(&p->src, p->st, p->path, p->o->progress, e);

	p->flat = true;
	if (r == 0 && !source_has(&p->src, "manifest.json"))
		r = err_set(e, EINVAL, "%s: it has no manifest.json", p->path);
	return r;
}

static int read_checked(struct place *p, const char *name, const struct digest *d, struct buf *ret, struct err *e)
{
	struct digest found;
	int r = source_read(&p->src, name, ret, e);

	if (r < 0 || !d)
		return r;
	digest_of(buf_str(ret), ret->len, &found);
	return digest_equal(&found, d) ? 0 : err_set(e, EBADMSG, "%s: its content is %s", name, found.text);
}

/* The image that is meant: the one of that name, or the only one. */
static int pick(struct place *p, struct digest *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(index_done) struct index ix = {0};
	int r = source_read(&p->src, "index.json", &text, e);

	if (r == 0)
		r = index_parse(buf_str(&text), text.len, NULL, &ix, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ix.n; i++)
		if (p->name ? ix.entries[i].ref_name && strcmp(ix.entries[i].ref_name, p->name) == 0 : ix.n == 1) {
			*ret = ix.entries[i].descriptor.digest;
			free(p->called);
			p->called = ix.entries[i].ref_name ? strdup(ix.entries[i].ref_name) : NULL;
			return !ix.entries[i].ref_name || p->called ? 0 : err_errno(e, ENOMEM, "copy");
		}
	if (p->name)
		return err_set(e, ENOENT, "%s: no image named %s in it", p->path, p->name);
	return err_set(e, EINVAL, "%s: %zu images in it; which? %s:NAME", p->path, ix.n, p->path);
}

static int read_layout(struct place *p, const struct digest *d, struct buf *ret, struct err *e)
{
	struct digest top;
	char name[NAME_SIZE];
	int r = d ? 0 : pick(p, &top, e);

	if (r < 0)
		return r;
	blob_name(p, d ? d : &top, name);
	return read_checked(p, name, d ? d : &top, ret, e);
}

static int read_flat(struct place *p, const struct digest *d, struct buf *ret, struct err *e)
{
	char name[NAME_SIZE] = "manifest.json";

	if (d)
		snprintf(name, sizeof(name), "%s.manifest.json", digest_hex(d));
	return read_checked(p, name, d, ret, e);
}

static int get_blob(struct place *p, const struct descriptor *d, struct place_blob *ret, struct err *e)
{
	struct digest digest = d->digest;
	char name[NAME_SIZE];
	uint64_t bytes = 0;
	int r;

	blob_name(p, &d->digest, name);
	r = source_commit(&p->src, name, &digest, &bytes, e);
	return r < 0 ? r : place_image_blob(p, d, ret, e);
}

static int gate(struct place *p, const struct digest *manifest, const struct digest *index, char **ret, struct err *e)
{
	const struct pull_options o = place_gate_options(p);

	return gate_archive(p->flat ? "dir" : p->src.dirfd < 0 ? "oci-archive" : "oci", p->src.place, p->called, manifest, index, &o, ret, e);
}

/* ---- to ---- */

static int write_out(struct place *p, int fd, const void *data, size_t len, struct err *e)
{
	int r = fd_write_all(fd, data, len);

	return r < 0 ? err_errno(e, -r, "write %s", p->path) : 0;
}

static int write_tar(struct place *p, const struct buf *b, struct err *e)
{
	return buf_bad(b) ? err_errno(e, ENOMEM, "archive") : write_out(p, p->out_fd, buf_str(b), b->len, e);
}

static int begin_file(struct place *p, const char *name, uint64_t size, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf head = BUF_INIT;
	int r;

	if (p->tar) {
		tar_header(&(struct tar_entry){.name = name, .type = TAR_FILE, .mode = 0644, .size = size}, &head);
		return write_tar(p, &head, e);
	}
	/* a file that another copy left half written is no blob; with the lock, that one has gone */
	(void)unlinkat(p->out_fd, PART_FILE, 0);
	r = path_own_open(p->out_fd, PART_FILE, O_WRONLY | O_CREAT | O_EXCL, 0644, ret_fd);
	return r < 0 ? err_errno(e, -r, "write %s/%s", p->path, name) : 0;
}

static int end_file(struct place *p, const char *name, uint64_t size, int fd, struct err *e)
{
	_cleanup_(buf_done) struct buf rest = BUF_INIT;

	if (strv_add(&p->written, name) < 0)
		return err_errno(e, ENOMEM, "copy");
	if (p->tar) {
		tar_padding(size, &rest);
		return write_tar(p, &rest, e);
	}
	if (fsync(fd) < 0 || renameat(p->out_fd, PART_FILE, p->out_fd, name) < 0)
		return err_errno(e, errno, "write %s/%s", p->path, name);
	return 0;
}

static int put_text(struct place *p, const char *name, const char *text, size_t len, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (strv_find(&p->written, name) >= 0)
		return 0;
	r = begin_file(p, name, len, &fd, e);
	if (r == 0)
		r = write_out(p, p->tar ? p->out_fd : fd, text, len, e);
	return r < 0 ? r : end_file(p, name, len, fd, e);
}

static int open_output_dir(struct place *p, struct err *e)
{
	int r;

	if (mkdir(p->path, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "%s", p->path);
	p->out_fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->out_fd < 0)
		return err_errno(e, errno, "%s", p->path);
	/* what is in it is added to: one copy at a time, to its end */
	r = lock_take_dir(p->out_fd, LOCK_MS, &p->lock_fd);
	return r < 0 ? err_errno(e, -r, "lock %s", p->path) : 0;
}

/* index.json as it is, or a new one. */
static int load_index(struct place *p, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = p->tar ? -ENOENT : path_own_read(p->out_fd, "index.json", STORE_JSON_MAX, &text);

	if (r == -ENOENT)
		p->index = index_new(MANIFEST_OCI);
	else if (r < 0)
		return err_errno(e, -r, "%s/index.json", p->path);
	else if ((r = json_parse(buf_str(&text), text.len, "index.json", &p->index, e)) < 0)
		return err_wrap(e, r, "%s", p->path);
	if (!p->index)
		return err_errno(e, ENOMEM, "copy");
	if (!json_object_is_type(json_at(p->index, "manifests"), json_type_array))
		return err_set(e, EINVAL, "%s/index.json: it has no list of manifests", p->path);
	return 0;
}

static int begin_oci(struct place *p, struct err *e)
{
	int r = open_output_dir(p, e);

	/* one that cannot be added to leaves the directory as it was */
	if (r == 0 && (r = load_index(p, e)) < 0)
		fd_closep(&p->lock_fd);
	if (r < 0)
		return r;
	r = path_own_mkdirs(p->out_fd, "blobs/sha256", NULL);
	return r < 0 ? err_errno(e, -r, "%s/blobs", p->path) : 0;
}

static int begin_oci_archive(struct place *p, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r;

	p->tar = true;
	p->out_fd = open(p->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	if (p->out_fd < 0)
		return err_errno(e, errno, "%s", p->path);
	tar_header(&(struct tar_entry){.name = "blobs", .type = TAR_DIRECTORY, .mode = 0755}, &b);
	tar_header(&(struct tar_entry){.name = "blobs/sha256", .type = TAR_DIRECTORY, .mode = 0755}, &b);
	r = write_tar(p, &b, e);
	if (r == 0)
		r = put_text(p, "oci-layout", layout, strlen(layout), e);
	return r < 0 ? r : load_index(p, e);
}

/*
 * manifest.json and version take the place of others of that name: a directory
 * that is none of an image is somebody's own, unless a copy that was killed has
 * left it.
 */
static int check_flat(const struct place *p, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	char **names = NULL;
	size_t n = 0;
	bool empty;
	int r;

	if (path_own_read(p->out_fd, "version", STORE_JSON_MAX, &text) == 0 &&
	    strncmp(buf_str(&text), FLAT_VERSION, strlen(FLAT_VERSION)) == 0)
		return 0;
	r = dir_sorted(p->out_fd, 1, &names, &n);
	if (r < 0 && r != -E2BIG)
		return err_errno(e, -r, "%s", p->path);
	empty = r == 0 && (n == 0 || strcmp(names[0], PART_FILE) == 0);
	dir_names_free(names, n);
	return empty ? 0 : err_set(e, ENOTEMPTY, "%s: it is not empty, and no directory of an image", p->path);
}

static int begin_flat(struct place *p, struct err *e)
{
	static const char version[] = FLAT_VERSION "1.1\n";
	int r = open_output_dir(p, e);

	p->flat = true;
	if (r == 0 && (r = check_flat(p, e)) < 0)
		fd_closep(&p->lock_fd); /* nothing in it is ours to tidy */
	return r < 0 ? r : put_text(p, "version", version, strlen(version), e);
}

/* A file of that length, and of that content. */
static bool is_blob(const struct place *p, const char *name, const struct descriptor *d)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *piece = malloc(COPY_SIZE);
	struct sha256 hash;
	char hex[SHA256_HEX_SIZE];
	struct stat s;
	ssize_t n;

	if (!piece || path_own_open(p->out_fd, name, O_RDONLY | O_NONBLOCK, 0, &fd) < 0)
		return false;
	if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode) || (uint64_t)s.st_size != d->size_bytes)
		return false;
	sha256_init(&hash);
	while ((n = read(fd, piece, COPY_SIZE)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			sha256_add(&hash, piece, (size_t)n);
	sha256_end_hex(&hash, hex);
	return n == 0 && strcmp(hex, digest_hex(&d->digest)) == 0;
}

static int have(struct place *p, const struct descriptor *d, const struct place *from, const char **ret_word, struct err *e)
{
	char name[NAME_SIZE];
	bool there;

	(void)from;
	(void)e;
	blob_name(p, &d->digest, name);
	there = strv_find(&p->written, name) >= 0;
	if (!there && !p->tar && !p->flat)
		there = is_blob(p, name, d);
	*ret_word = there ? "skipped: already exists" : NULL;
	return 0;
}

static int put_blob(struct place *p, const struct descriptor *d, const struct place_blob *b, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *piece = malloc(COPY_SIZE);
	struct sha256 hash;
	char name[NAME_SIZE], hex[SHA256_HEX_SIZE];
	uint64_t left = d->size_bytes;
	int r;

	if (!piece)
		return err_errno(e, ENOMEM, "copy");
	blob_name(p, &d->digest, name);
	r = begin_file(p, name, d->size_bytes, &fd, e);
	sha256_init(&hash);
	while (r == 0 && left > 0) {
		ssize_t n = read(b->fd, piece, left < COPY_SIZE ? (size_t)left : COPY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, EBADMSG, "blob %s: its length has changed on the disk", d->digest.text);
		sha256_add(&hash, piece, (size_t)n);
		left -= (uint64_t)n;
		r = write_out(p, p->tar ? p->out_fd : fd, piece, (size_t)n, e);
	}
	sha256_end_hex(&hash, hex);
	if (r == 0 && strcmp(hex, digest_hex(&d->digest)) != 0)
		r = err_set(e, EBADMSG, "blob %s: its content has changed on the disk", d->digest.text);
	return r < 0 ? r : end_file(p, name, d->size_bytes, fd, e);
}

/* One image has a name, and a name one image. */
static int index_top(struct place *p, const char *media_type, const struct digest *d, uint64_t size, struct err *e)
{
	struct json_object *list = json_at(p->index, "manifests"), *o, *notes;
	int r;

	for (size_t i = json_object_array_length(list); i-- > 0;) {
		struct json_object *v = NULL, *one = json_object_array_get_idx(list, i);
		const char *name = NULL;

		if (json_object_is_type(json_at(one, "annotations"), json_type_object) &&
		    json_object_object_get_ex(json_at(one, "annotations"), REF_NAME, &v))
			name = json_object_get_string(v);
		if (p->name ? name && strcmp(name, p->name) == 0 : !name && strcmp(json_str(one, "digest"), d->text) == 0)
			json_object_array_del_idx(list, i, 1);
	}
	o = descriptor_json(media_type, d, size);
	r = o ? 0 : -ENOMEM;
	if (r == 0 && p->name) {
		notes = json_object_new_object();
		r = json_add_str(notes, REF_NAME, p->name);
		r |= json_add(o, "annotations", notes);
	}
	if (r == 0)
		r = json_append(list, o);
	else
		json_object_put(o);
	return r ? err_errno(e, ENOMEM, "copy") : 0;
}

static int put_oci_manifest(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e)
{
	char name[NAME_SIZE];
	int r;

	blob_name(p, d, name);
	r = put_text(p, name, buf_str(text), text->len, e);
	return r < 0 || !top ? r : index_top(p, media_type, d, text->len, e);
}

static int put_flat_manifest(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e)
{
	char name[NAME_SIZE] = "manifest.json";

	(void)media_type;
	if (!top)
		snprintf(name, sizeof(name), "%s.manifest.json", digest_hex(d));
	return put_text(p, name, buf_str(text), text->len, e);
}

static int finish_oci(struct place *p, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	_cleanup_(buf_done) struct buf end = BUF_INIT;
	size_t len = 0;
	const char *text = json_text(p->index, &len);
	int r = text ? 0 : err_errno(e, ENOMEM, "copy");

	if (r == 0)
		r = put_text(p, "oci-layout", layout, strlen(layout), e);
	if (r == 0)
		r = put_text(p, "index.json", text, len, e);
	if (r == 0 && p->tar) {
		tar_end(&end);
		r = write_tar(p, &end, e);
	}
	if (r == 0 && fsync(p->out_fd) < 0 && errno != EINVAL)
		r = err_errno(e, errno, "%s", p->path);
	if (r == 0)
		fd_closep(&p->out_fd);
	return r;
}

static int finish_flat(struct place *p, struct err *e)
{
	return fsync(p->out_fd) < 0 ? err_errno(e, errno, "%s", p->path) : 0;
}

/* Half an archive is none. */
static void drop_tar(struct place *p)
{
	if (p->tar && p->out_fd >= 0)
		(void)unlinkat(AT_FDCWD, p->path, 0);
	else if (p->out_fd >= 0 && p->lock_fd >= 0)
		(void)unlinkat(p->out_fd, PART_FILE, 0);
}

/* What the three have in common; the two of OCI are written alike but for where they begin. */
#define LAYOUT .gate = gate, .blob = get_blob, .have = have, .put_blob = put_blob, .done = drop_tar
#define OCI_LAYOUT \
	LAYOUT, .open_source = open_layout, .read = read_layout, .put_manifest = put_oci_manifest, .finish = finish_oci, .oci_only = true

const struct place_ops place_oci = {OCI_LAYOUT, .open_target = begin_oci};
const struct place_ops place_oci_archive = {OCI_LAYOUT, .open_target = begin_oci_archive};
const struct place_ops place_dir = {
	LAYOUT, .open_source = open_flat, .read = read_flat, .open_target = begin_flat, .put_manifest = put_flat_manifest, .finish = finish_flat,
};
