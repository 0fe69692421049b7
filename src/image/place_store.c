/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The store as a place, and the docker-archive, which takes its way through
 * it: what is in one is plain tars that have to be hashed, and what goes into
 * one is made by save.
 */
#include "image/place.h"

#include "image/archive.h"
#include "image/save.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- from ---- */

static int open_source(struct place *p, struct err *e)
{
	struct platform want;
	int r;

	if (p->o->which != COPY_PLATFORM || p->o->only)
		return store_resolve_any(p->st, p->path, &p->image, e);
	platform_host(&want);
	r = p->o->platform && *p->o->platform ? platform_parse(p->o->platform, &want, e) : 0;
	return r < 0 ? r : store_resolve_for(p->st, p->path, &want, &p->image, e);
}

int place_image_read(struct place *p, const struct digest *d, struct buf *ret, struct err *e)
{
	return blob_read(p->st, d ? d : &p->image->digest, ret, e);
}

int place_image_blob(struct place *p, const struct descriptor *d, struct place_blob *ret, struct err *e)
{
	uint64_t bytes = 0;

	ret->file[0] = '\0';
	if (!blob_exists(p->st, &d->digest, &bytes))
		return err_set(e, ENOENT, "blob %s is not here", d->digest.text);
	if (bytes != d->size_bytes)
		return err_set(e, EBADMSG, "blob %s: its length has changed on the disk", d->digest.text);
	return blob_open(p->st, &d->digest, &ret->fd, e);
}

/* It was judged when it came. */
static int kept(struct place *p, const struct digest *manifest, const struct digest *index, char **ret, struct err *e)
{
	const char *text = p->image->trust ? json_text(p->image->trust, NULL) : NULL;

	(void)manifest;
	(void)index;
	*ret = text ? strdup(text) : NULL;
	return !p->image->trust || *ret ? 0 : err_errno(e, ENOMEM, "trust");
}

/* ---- to ---- */

static int open_target(struct place *p, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	int r = reference_parse(p->path, &p->ref, e);

	if (r < 0)
		return r;
	if (digest_is_set(&p->ref.digest))
		return err_set(e, EINVAL, "%s: a name to give cannot hold a digest", p->path);
	reference_set_default_tag(&p->ref);
	if (!p->ref.domain[0])
		r = reference_set_domain(&p->ref, "localhost", e);
	if (r < 0)
		return r;
	reference_text(&p->ref, text);
	p->made.name = strdup(text);
	return p->made.name ? 0 : err_errno(e, ENOMEM, "copy");
}

int place_store_have(struct place *p, const struct descriptor *d, const struct place *from, const char **ret_word, struct err *e)
{
	(void)from;
	(void)e;
	*ret_word = blob_usable(p->st, &d->digest, NULL) ? "skipped: already exists" : NULL;
	return 0;
}

int place_store_blob(struct place *p, const struct descriptor *d, const struct place_blob *b, struct err *e)
{
	if (!b->file[0])
		return 0;
	if (fsync(b->fd) < 0)
		return err_errno(e, errno, "sync blob %.12s", digest_hex(&d->digest));
	return blob_commit(p->st, p->staging, b->file, &d->digest, e);
}

int place_store_manifest(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	int r = blob_write(p->st, buf_str(text), text->len, NULL, e);

	if (r < 0 || !top)
		return r;
	p->made.digest = *d;
	p->made.is_index = media_kind_of(media_type) == MEDIA_INDEX;
	p->made.id = *d;
	if (!p->made.is_index) {
		r = manifest_parse(buf_str(text), text->len, NULL, &m, e);
		p->made.id = m.config.digest;
	}
	return r;
}

static int finish(struct place *p, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	int r = image_load(p->st, &p->made, NULL, -EBADF, &img, e);

	/* what a reference means is whole: an index alone is so by itself */
	return r < 0 ? r : ref_write(p->st, &p->made, e);
}

const struct place_ops place_store = {
	.open_source = open_source,
	.read = place_image_read,
	.gate = kept,
	.blob = place_image_blob,
	.open_target = open_target,
	.have = place_store_have,
	.put_blob = place_store_blob,
	.put_manifest = place_store_manifest,
	.finish = finish,
};

/* ---- the store, without a name ---- */

static int nothing(struct place *p, struct err *e)
{
	(void)p;
	(void)e;
	return 0;
}

const struct place_ops place_unnamed = {
	.open_target = nothing,
	.have = place_store_have,
	.put_blob = place_store_blob,
	.put_manifest = place_store_manifest,
	.finish = nothing,
};

/* ---- docker-archive: ---- */

static int open_archive(struct place *p, struct err *e)
{
	struct pull_options o = {.policy = PULL_ALWAYS, .no_unpack = true, .no_ref = true, .platform = p->o->platform, .progress = p->o->progress,
				 .access = *p->access, .signature_policy = p->o->signature_policy};
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "docker-archive:%s%s%s", p->path, p->name ? ":" : "", p->name ? p->name : "") < 0)
		return err_errno(e, ENOMEM, "copy");
	return archive_pull(p->st, text, &o, &p->image, e);
}

static int begin_archive(struct place *p, struct err *e)
{
	int r = 0;

	if (p->name) {
		r = reference_parse(p->name, &p->ref, e);
		if (r == 0 && digest_is_set(&p->ref.digest))
			r = err_set(e, EINVAL, "%s: a name in an archive cannot hold a digest", p->name);
		if (r < 0)
			return r;
		reference_set_default_tag(&p->ref);
		if (!p->ref.domain[0])
			r = reference_set_domain(&p->ref, "localhost", e);
		if (r < 0)
			return r;
	}
	p->made.name = strdup("@copy");
	/* as docker and skopeo: an archive that is there is not written over */
	p->out_fd = open(p->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	if (p->out_fd < 0)
		return err_errno(e, errno, "%s", p->path);
	return p->made.name ? 0 : err_errno(e, ENOMEM, "copy");
}

static int finish_archive(struct place *p, struct err *e)
{
	struct save_options o = {.format = SAVE_DOCKER_ARCHIVE, .out_fd = p->out_fd, .progress = p->o->progress};
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(strv_done) struct strv names = {0};
	struct save_item item = {.names = &names};
	char text[REFERENCE_TEXT_SIZE];
	int r = image_load(p->st, &p->made, NULL, -EBADF, &img, e);

	if (r < 0)
		return r;
	if (p->name) {
		reference_text(&p->ref, text);
		if (strv_add(&names, text) < 0)
			return err_errno(e, ENOMEM, "copy");
	}
	item.image = img;
	r = save_images(p->st, &item, 1, &o, e);
	if (r == 0 && fsync(p->out_fd) < 0 && errno != EINVAL && errno != EROFS)
		r = err_errno(e, errno, "%s", p->path);
	if (r == 0)
		fd_closep(&p->out_fd);
	return r;
}

/* Half an archive is none. */
static void drop_archive(struct place *p)
{
	if (p->out_fd >= 0)
		(void)unlinkat(AT_FDCWD, p->path, 0);
}

const struct place_ops place_docker_archive = {
	.open_source = open_archive,
	.read = place_image_read,
	.gate = kept,
	.blob = place_image_blob,
	.open_target = begin_archive,
	.have = place_store_have,
	.put_blob = place_store_blob,
	.put_manifest = place_store_manifest,
	.finish = finish_archive,
	.done = drop_archive,
	.one_only = true,
};
