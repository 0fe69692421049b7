/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Packing is done by ranby-unpack, which also says what the content's digest
 * is: a blob of another content than the image's DiffID does not leave.
 */
#include "image/outgoing.h"

#include "sys/path.h"
#include "tar/deflate.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void outgoing_done(struct outgoing *o)
{
	free(o->layers);
	o->layers = NULL;
	buf_done(&o->manifest);
	staging_done(&o->staging);
}

static void file_of(size_t i, char ret[static 32])
{
	snprintf(ret, 32, "layer%zu", i);
}

/* How the blob is packed now, whatever its type says. */
static enum deflate_format packed_as(struct store *st, const struct digest *d)
{
	const char *type = blob_media_type(st, d);

	return strcmp(type, MEDIA_OCI_LAYER_GZIP) == 0 ? DEFLATE_GZIP : strcmp(type, MEDIA_OCI_LAYER_ZSTD) == 0 ? DEFLATE_ZSTD : DEFLATE_NONE;
}

/* How it is to be packed. */
static enum deflate_format packing_for(const struct outgoing_options *want, enum manifest_family family, enum deflate_format now)
{
	switch (want->packing) {
	case OUTGOING_PACKED_GZIP:
		return DEFLATE_GZIP;
	case OUTGOING_PACKED_ZSTD:
		return DEFLATE_ZSTD;
	case OUTGOING_UNPACKED:
		return DEFLATE_NONE;
	case OUTGOING_PACKED:
		if (now == DEFLATE_NONE)
			return DEFLATE_GZIP;
		break;
	default:
		break;
	}
	return now == DEFLATE_ZSTD && family == MANIFEST_DOCKER ? DEFLATE_GZIP : now;
}

static int wait_packed(struct unpack_job *job, struct progress *progress, const struct digest *blob, uint64_t bytes, struct err *e)
{
	char label[PROGRESS_LABEL_SIZE];
	int r, item;

	snprintf(label, sizeof(label), "Packing layer %.12s", digest_hex(blob));
	item = progress_item(progress, label, bytes);
	while ((r = unpack_step(job, e)) > 0)
		progress_update(progress, item, job->in_bytes);
	if (r == 0)
		progress_end(progress, item, "done");
	return r;
}

static int pack(struct outgoing *o, size_t i, enum deflate_format format, const struct outgoing_options *want, struct err *e)
{
	static const char *const words[] = {[DEFLATE_NONE] = "none", [DEFLATE_GZIP] = "gzip", [DEFLATE_ZSTD] = "zstd"};
	static const char *const types[] = {[DEFLATE_NONE] = MEDIA_OCI_LAYER, [DEFLATE_GZIP] = MEDIA_OCI_LAYER_GZIP,
					    [DEFLATE_ZSTD] = MEDIA_OCI_LAYER_ZSTD};
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	struct descriptor *d = &o->layers[i].descriptor;
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	char name[32];
	int r = 0;

	if (o->staging.lock_fd < 0)
		r = staging_begin(o->st, &o->staging, e);
	file_of(i, name);
	if (r == 0)
		r = blob_open(o->st, &d->digest, &in, e);
	if (r < 0)
		return r;
	r = path_own_open(o->staging.dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &out);
	if (r < 0)
		return err_errno(e, -r, "write %s", name);
	r = unpack_start_recompress(&job, in, out, words[format], want->level, e);
	if (r == 0)
		r = wait_packed(&job, want->progress, &d->digest, d->size_bytes, e);
	if (r == 0 && !digest_equal(&job.done.digest, &o->layers[i].diff_id))
		r = err_set(e, EBADMSG, "its content is not the %s that the image names", o->layers[i].diff_id.text);
	if (r == 0)
		r = digest_parse(job.done.packed.text, &d->digest, e);
	if (r < 0)
		return r;
	d->size_bytes = job.done.packed_bytes;
	d->type = media_type_find(types[format]);
	o->layers[i].made = true;
	return 0;
}

static int pack_layers(struct outgoing *o, enum manifest_family family, const struct outgoing_options *want, bool *ret_changed,
		       struct err *e)
{
	for (size_t i = 0; i < o->n_layers; i++) {
		enum deflate_format now = packed_as(o->st, &o->layers[i].descriptor.digest), then = packing_for(want, family, now);
		int r;

		/* a level that was asked for is a reason too */
		if (now == then && (want->level == 0 || then == DEFLATE_NONE))
			continue;
		r = pack(o, i, then, want, e);
		if (r < 0)
			return err_wrap(e, r, "layer %.12s", digest_hex(&o->layers[i].descriptor.digest));
		*ret_changed = true;
	}
	return 0;
}

/* What the blob is packed as counts in a new manifest, not what the old one says. */
static int rewrite(struct outgoing *o, enum manifest_family family, struct err *e)
{
	_cleanup_(buf_done) struct buf old = o->manifest;
	_cleanup_free_ struct descriptor *layers = mem_array(o->n_layers, sizeof(*layers));
	int r;

	o->manifest = (struct buf)BUF_INIT;
	if (!layers)
		return err_errno(e, ENOMEM, "layers");
	for (size_t i = 0; i < o->n_layers; i++) {
		layers[i] = o->layers[i].descriptor;
		if (!o->layers[i].made)
			layers[i].type = media_type_find(blob_media_type(o->st, &layers[i].digest));
	}
	r = manifest_rewrite(buf_str(&old), old.len, family, layers, o->n_layers, &o->manifest, e);
	for (size_t i = 0; i < o->n_layers; i++)
		o->layers[i].descriptor = layers[i];
	return r;
}

static int take_layers(struct outgoing *o, const struct image *img, const struct manifest *m, struct err *e)
{
	o->layers = mem_array(m->n_layers, sizeof(*o->layers));
	if (!o->layers)
		return err_errno(e, ENOMEM, "layers");
	o->n_layers = m->n_layers;
	for (size_t i = 0; i < m->n_layers; i++) {
		o->layers[i].descriptor = m->layers[i];
		o->layers[i].diff_id = img->layers[i].diff_id;
	}
	o->config = m->config;
	return 0;
}

int outgoing_prepare(struct outgoing *o, struct store *st, const struct image *img, const struct outgoing_options *want,
		     struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	enum manifest_family family;
	bool changed = false;
	int r;

	o->st = st;
	r = blob_read(st, &img->digest, &o->manifest, e);
	if (r == 0)
		r = manifest_parse(buf_str(&o->manifest), o->manifest.len, NULL, &m, e);
	if (r == 0 && m.n_layers != img->n_layers)
		r = err_set(e, EBADMSG, "image %s: its manifest has changed", img->id);
	if (r == 0)
		r = take_layers(o, img, &m, e);
	if (r < 0)
		return r;
	family = want->format == OUTGOING_OCI ? MANIFEST_OCI : want->format == OUTGOING_DOCKER ? MANIFEST_DOCKER : manifest_family(&m);
	r = pack_layers(o, family, want, &changed, e);
	if (r == 0 && (changed || family != manifest_family(&m)))
		r = rewrite(o, family, e);
	if (r < 0)
		return r;
	o->media_type = family == MANIFEST_DOCKER ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST;
	digest_of(buf_str(&o->manifest), o->manifest.len, &o->digest);
	return 0;
}

int outgoing_open_blob(struct outgoing *o, const struct digest *d, int *ret_fd, struct err *e)
{
	char name[32];
	int r;

	for (size_t i = 0; i < o->n_layers; i++) {
		if (!o->layers[i].made || !digest_equal(d, &o->layers[i].descriptor.digest))
			continue;
		file_of(i, name);
		r = path_own_open(o->staging.dirfd, name, O_RDONLY | O_NOFOLLOW, 0, ret_fd);
		return r < 0 ? err_errno(e, -r, "read %s", name) : 0;
	}
	return blob_open(o->st, d, ret_fd, e);
}
