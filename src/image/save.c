/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two kinds of sink, a tar and a directory, and three shapes of what goes in.
 * A blob that several images have is written once. Nothing of the clock is in
 * an archive: the same images give the same bytes.
 */
#include "image/save.h"

#include "base/sha256.h"
#include "base/tar_writer.h"
#include "image/outgoing.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE (256 * 1024)
#define NAME_SIZE 96

struct save {
	struct store *st;
	const struct save_options *o;
	bool tar;
	struct strv written; /* names that are there */
	struct json_object *list; /* of manifest.json, or index.json's manifests */
};

int save_format_parse(const char *word, enum save_format *ret, struct err *e)
{
	static const char *const words[] = {[SAVE_DOCKER_ARCHIVE] = "docker-archive", [SAVE_OCI_ARCHIVE] = "oci-archive",
					    [SAVE_OCI_DIR] = "oci-dir", [SAVE_DOCKER_DIR] = "docker-dir"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum save_format)i;
			return 0;
		}
	return err_set(e, EINVAL, "format \"%s\": not docker-archive, oci-archive, oci-dir or docker-dir", word);
}

/* ---- sinks ---- */

static int put_tar(struct save *s, const struct buf *b, struct err *e)
{
	int r = buf_bad(b) ? -buf_bad(b) : fd_write_all(s->o->out_fd, buf_str(b), b->len);

	return r < 0 ? err_errno(e, -r, "write the archive") : 0;
}

static int begin_file(struct save *s, const char *name, uint64_t size, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf head = BUF_INIT;
	int r;

	if (s->tar) {
		tar_header(&(struct tar_entry){.name = name, .type = TAR_FILE, .mode = 0644, .size = size}, &head);
		*ret_fd = -EBADF;
		return put_tar(s, &head, e);
	}
	r = path_own_open(s->o->out_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644, ret_fd);
	return r < 0 ? err_errno(e, -r, "write %s", name) : 0;
}

static int end_file(struct save *s, uint64_t size, int *fd, struct err *e)
{
	_cleanup_(buf_done) struct buf rest = BUF_INIT;

	if (s->tar) {
		tar_padding(size, &rest);
		return put_tar(s, &rest, e);
	}
	if (fsync(*fd) < 0)
		return err_errno(e, errno, "write");
	fd_closep(fd);
	return 0;
}

static int put_text(struct save *s, const char *name, const char *text, size_t len, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (strv_find(&s->written, name) >= 0)
		return 0;
	r = begin_file(s, name, len, &fd, e);
	if (r < 0)
		return r;
	r = fd_write_all(s->tar ? s->o->out_fd : fd, text, len);
	if (r < 0)
		return err_errno(e, -r, "write %s", name);
	r = end_file(s, len, &fd, e);
	return r < 0 ? r : strv_add(&s->written, name) < 0 ? err_errno(e, ENOMEM, "save") : 0;
}

struct copying {
	int fd, item;
	struct sha256 hash;
	uint64_t bytes, max;
	struct progress *progress;
};

static int copy_piece(const char *data, size_t len, void *ctx)
{
	struct copying *c = ctx;

	c->bytes += len;
	if (c->bytes > c->max)
		return -EFBIG;
	sha256_add(&c->hash, data, len);
	progress_update(c->progress, c->item, c->bytes);
	return fd_write_all(c->fd, data, len);
}

/* A blob of the image, under that name; what it is, is seen once more on the way. */
static int put_blob(struct save *s, struct outgoing *out, const char *name, const struct descriptor *d, struct err *e)
{
	_cleanup_close_ int in = -EBADF, to = -EBADF;
	struct copying c = {.max = d->size_bytes, .progress = s->o->progress};
	char hex[SHA256_HEX_SIZE], label[PROGRESS_LABEL_SIZE];
	int r;

	if (strv_find(&s->written, name) >= 0)
		return 0;
	r = outgoing_open_blob(out, &d->digest, &in, e);
	if (r == 0)
		r = begin_file(s, name, d->size_bytes, &to, e);
	if (r < 0)
		return r;
	c.fd = s->tar ? s->o->out_fd : to;
	snprintf(label, sizeof(label), "Copying blob %.12s", digest_hex(&d->digest));
	c.item = progress_item(s->o->progress, label, d->size_bytes);
	sha256_init(&c.hash);
	r = fd_read_each(in, name, copy_piece, &c, e);
	if (r == -EFBIG || (r == 0 && c.bytes != d->size_bytes))
		return err_set(e, EBADMSG, "blob %s: its length has changed on the disk", d->digest.text);
	if (r < 0)
		return e && e->code ? r : err_errno(e, -r, "write %s", name);
	sha256_end_hex(&c.hash, hex);
	if (strcmp(hex, digest_hex(&d->digest)) != 0)
		return err_set(e, EBADMSG, "blob %s: its content has changed on the disk", d->digest.text);
	progress_end(s->o->progress, c.item, "done");
	r = end_file(s, d->size_bytes, &to, e);
	return r < 0 ? r : strv_add(&s->written, name) < 0 ? err_errno(e, ENOMEM, "save") : 0;
}

/* ---- docker archive ---- */

static int add_docker_entry(struct save *s, const struct outgoing *out, const struct save_item *item, const char *config)
{
	struct json_object *o = json_object_new_object(), *layers = json_object_new_array();
	int r = 0;

	for (size_t i = 0; layers && i < out->n_layers; i++) {
		char name[NAME_SIZE];

		snprintf(name, sizeof(name), "%s.tar", digest_hex(&out->layers[i].descriptor.digest));
		r |= json_append_str(layers, name);
	}
	r |= json_add_str(o, "Config", config);
	r |= json_add_strv(o, "RepoTags", item->names);
	r |= json_add(o, "Layers", layers);
	return r ? (json_object_put(o), -ENOMEM) : json_append(s->list, o);
}

static int put_docker(struct save *s, struct outgoing *out, const struct save_item *item, struct err *e)
{
	char name[NAME_SIZE];
	int r = 0;

	for (size_t i = 0; i < out->n_layers && r == 0; i++) {
		snprintf(name, sizeof(name), "%s.tar", digest_hex(&out->layers[i].descriptor.digest));
		r = put_blob(s, out, name, &out->layers[i].descriptor, e);
	}
	snprintf(name, sizeof(name), "%s.json", digest_hex(&out->config.digest));
	if (r == 0)
		r = put_blob(s, out, name, &out->config, e);
	if (r < 0)
		return r;
	return add_docker_entry(s, out, item, name) < 0 ? err_errno(e, ENOMEM, "save") : 0;
}

/* ---- OCI layout ---- */

static int add_oci_entry(struct save *s, const struct outgoing *out, const char *name)
{
	struct json_object *o = descriptor_json(out->media_type, &out->digest, out->manifest.len), *notes;
	int r = o ? 0 : -ENOMEM;

	if (r == 0 && name) {
		notes = json_object_new_object();
		r = json_add_str(notes, "org.opencontainers.image.ref.name", name);
		r |= json_add(o, "annotations", notes);
	}
	return r ? (json_object_put(o), -ENOMEM) : json_append(s->list, o);
}

static int put_oci(struct save *s, struct outgoing *out, const struct save_item *item, struct err *e)
{
	char name[NAME_SIZE];
	int r = 0;

	for (size_t i = 0; i <= out->n_layers && r == 0; i++) {
		const struct descriptor *d = i < out->n_layers ? &out->layers[i].descriptor : &out->config;

		snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(&d->digest));
		r = put_blob(s, out, name, d, e);
	}
	snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(&out->digest));
	if (r == 0)
		r = put_text(s, name, buf_str(&out->manifest), out->manifest.len, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < item->names->n && r == 0; i++)
		r = add_oci_entry(s, out, item->names->items[i]);
	if (r == 0 && item->names->n == 0)
		r = add_oci_entry(s, out, NULL);
	return r < 0 ? err_errno(e, ENOMEM, "save") : 0;
}

/* ---- directory of one image ---- */

static int put_flat(struct save *s, struct outgoing *out, struct err *e)
{
	static const char version[] = "Directory Transport Version: 1.1\n";
	int r = put_text(s, "version", version, strlen(version), e);

	for (size_t i = 0; i <= out->n_layers && r == 0; i++) {
		const struct descriptor *d = i < out->n_layers ? &out->layers[i].descriptor : &out->config;

		r = put_blob(s, out, digest_hex(&d->digest), d, e);
	}
	return r < 0 ? r : put_text(s, "manifest.json", buf_str(&out->manifest), out->manifest.len, e);
}

/* ---- all of it ---- */

static int put_image(struct save *s, const struct save_item *item, struct err *e)
{
	struct outgoing_options want = {.packing = s->o->packing, .progress = s->o->progress};
	_cleanup_(outgoing_done) struct outgoing out = OUTGOING_INIT;
	int r;

	if (s->o->format == SAVE_DOCKER_ARCHIVE)
		want.packing = OUTGOING_UNPACKED;
	else if (s->o->format == SAVE_DOCKER_DIR)
		want.format = OUTGOING_DOCKER;
	r = outgoing_prepare(&out, s->st, item->image, &want, e);
	if (r < 0)
		return r;
	if (s->o->format == SAVE_DOCKER_ARCHIVE)
		return put_docker(s, &out, item, e);
	return s->o->format == SAVE_DOCKER_DIR ? put_flat(s, &out, e) : put_oci(s, &out, item, e);
}

static int put_list(struct save *s, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	_cleanup_json_ struct json_object *index = NULL;
	const char *text;
	size_t len;
	int r;

	if (s->o->format == SAVE_DOCKER_DIR)
		return 0;
	if (s->o->format == SAVE_DOCKER_ARCHIVE) {
		text = json_text(s->list, &len);
		return text ? put_text(s, "manifest.json", text, len, e) : err_errno(e, ENOMEM, "save");
	}
	index = json_object_new_object();
	if (!index || json_add(index, "schemaVersion", json_object_new_int(2)) < 0 ||
	    json_add_str(index, "mediaType", MEDIA_OCI_INDEX) < 0 || json_add(index, "manifests", json_object_get(s->list)) < 0)
		return err_errno(e, ENOMEM, "save");
	text = json_text(index, &len);
	if (!text)
		return err_errno(e, ENOMEM, "save");
	r = put_text(s, "oci-layout", layout, strlen(layout), e);
	return r < 0 ? r : put_text(s, "index.json", text, len, e);
}

static int put_end(struct save *s, struct err *e)
{
	_cleanup_(buf_done) struct buf end = BUF_INIT;

	if (!s->tar)
		return fsync(s->o->out_fd) < 0 ? err_errno(e, errno, "write the directory") : 0;
	tar_end(&end);
	return put_tar(s, &end, e);
}

/* Others who unpack it as a plain user make missing directories as root's, and fail. */
static int put_directories(struct save *s, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	tar_header(&(struct tar_entry){.name = "blobs", .type = TAR_DIRECTORY, .mode = 0755}, &b);
	tar_header(&(struct tar_entry){.name = "blobs/sha256", .type = TAR_DIRECTORY, .mode = 0755}, &b);
	return put_tar(s, &b, e);
}

int save_images(struct store *st, const struct save_item *items, size_t n, const struct save_options *o, struct err *e)
{
	struct save s = {.st = st, .o = o, .tar = o->format == SAVE_DOCKER_ARCHIVE || o->format == SAVE_OCI_ARCHIVE};
	int r = 0;

	if (o->format == SAVE_DOCKER_DIR && n != 1)
		return err_set(e, EINVAL, "a docker-dir holds one image");
	s.list = json_object_new_array();
	if (!s.list)
		return err_errno(e, ENOMEM, "save");
	if (o->format == SAVE_OCI_DIR)
		r = path_own_mkdirs(o->out_fd, "blobs/sha256", NULL);
	if (r < 0)
		err_errno(e, -r, "make blobs/sha256");
	if (r == 0 && o->format == SAVE_OCI_ARCHIVE)
		r = put_directories(&s, e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_image(&s, &items[i], e);
	if (r == 0)
		r = put_list(&s, e);
	if (r == 0)
		r = put_end(&s, e);
	json_object_put(s.list);
	strv_done(&s.written);
	return r;
}
