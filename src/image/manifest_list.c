/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The new index is written before any name moves, and the names move one by
 * one: a kill in between leaves some names with the old one, and both whole.
 */
#include "image/manifest_list.h"

#include "image/store_private.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <stdio.h>
#include <string.h>

#define LOCK_MS (60 * 60 * 1000) /* who changes one may have images to bring from far away */

void manifest_list_done(struct manifest_list *l)
{
	image_freep(&l->image);
	free(l->name);
	if (l->pin_fd > 0)
		fd_closep(&l->pin_fd);
	if (l->lock_fd > 0)
		fd_closep(&l->lock_fd);
	json_object_put(l->json);
	*l = (struct manifest_list){0};
}

static int load(struct store *st, struct manifest_list *l, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = blob_read(st, &l->image->digest, &text, e);

	return r < 0 ? r : json_parse(buf_str(&text), text.len, "index", &l->json, e);
}

static int lock_lists(struct store *st, int *ret_fd, struct err *e)
{
	int r = lock_take(st->locks_fd, "manifest-lists", LOCK_MS, ret_fd);

	return r < 0 ? err_errno(e, -r, "lock of manifest lists") : 0;
}

static int open_list(struct store *st, const char *name, bool change, struct manifest_list *ret, struct err *e)
{
	struct manifest_list l = {.pin_fd = -EBADF, .lock_fd = -EBADF};
	int r = change ? lock_lists(st, &l.lock_fd, e) : 0;

	if (r == 0)
		r = store_resolve_any(st, name, &l.image, e);
	if (r == 0 && !l.image->is_index)
		r = err_set(e, EINVAL, "%s: an image, not a manifest list", name);
	if (r == 0)
		r = load(st, &l, e);
	if (r < 0) {
		manifest_list_done(&l);
		return r;
	}
	*ret = l;
	return 0;
}

int manifest_list_open(struct store *st, const char *name, struct manifest_list *ret, struct err *e)
{
	return open_list(st, name, false, ret, e);
}

int manifest_list_open_to_change(struct store *st, const char *name, struct manifest_list *ret, struct err *e)
{
	return open_list(st, name, true, ret, e);
}

static int full_name(const char *name, char **ret, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	struct reference ref;
	int r = reference_parse(name, &ref, e);

	if (r == 0 && digest_is_set(&ref.digest))
		r = err_set(e, EINVAL, "%s: a name to give cannot hold a digest", name);
	if (r < 0)
		return r;
	reference_set_default_tag(&ref);
	if (!ref.domain[0])
		r = reference_set_domain(&ref, "localhost", e);
	if (r < 0)
		return r;
	reference_text(&ref, text);
	*ret = strdup(text);
	return *ret ? 0 : err_errno(e, ENOMEM, "index");
}

int manifest_list_create(struct store *st, const char *name, bool amend, struct manifest_list *ret, struct err *e)
{
	_cleanup_(ref_done) struct ref there = {0};
	struct manifest_list l = {.pin_fd = -EBADF, .lock_fd = -EBADF};
	int r = full_name(name, &l.name, e);

	if (r == 0)
		r = lock_lists(st, &l.lock_fd, e);
	if (r == 0 && ref_load(st, l.name, &there, NULL) == 0) {
		if (amend && there.is_index) {
			r = manifest_list_open(st, l.name, ret, e);
			if (r == 0)
				ret->lock_fd = TAKE_FD(l.lock_fd);
		} else {
			r = err_set(e, EEXIST, "image name \"%s\" is already associated with image \"%s\": that name is already in use", l.name, digest_hex(&there.id));
		}
		manifest_list_done(&l);
		return r;
	}
	if (r == 0)
		r = store_pin(st, &l.pin_fd, e);
	if (r == 0 && !(l.json = index_new(MANIFEST_OCI)))
		r = err_errno(e, ENOMEM, "index");
	if (r < 0) {
		manifest_list_done(&l);
		return r;
	}
	*ret = l;
	return 0;
}

/* ---- adding ---- */

static int platform_of(struct store *st, const struct manifest *m, struct platform *ret, struct err *e)
{
	_cleanup_(image_config_freep) struct image_config *config = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = blob_read(st, &m->config.digest, &text, e);

	if (r == 0)
		r = image_config_parse(buf_str(&text), text.len, &config, e);
	if (r == 0)
		*ret = config->platform;
	return r;
}

static int add_manifest(struct store *st, struct manifest_list *l, const struct digest *d, const struct platform *said, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct platform platform;
	int r = blob_read(st, d, &text, e);

	if (r == 0)
		r = manifest_parse(buf_str(&text), text.len, NULL, &m, e);
	if (r == 0 && !said)
		r = platform_of(st, &m, &platform, e);
	if (r < 0)
		return r;
	return index_put(l->json, manifest_family(&m) == MANIFEST_DOCKER ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST, d, text.len,
			 said ? said : &platform, e);
}

int manifest_list_add_image(struct store *st, struct manifest_list *l, const struct image *img, struct err *e)
{
	return add_manifest(st, l, &img->digest, NULL, e);
}

static int add_all(struct store *st, struct manifest_list *l, const struct digest *index, struct err *e)
{
	_cleanup_(index_done) struct index ix = {0};
	int r = index_load(st, index, &ix, e);

	for (size_t i = 0; i < ix.n && r == 0; i++)
		r = add_manifest(st, l, &ix.entries[i].descriptor.digest, ix.entries[i].has_platform ? &ix.entries[i].platform : NULL, e);
	return r;
}

/* What is to be added, brought here; *ret_pin keeps it. */
static int bring(struct store *st, const char *text, const struct copy_options *o, struct image **ret_pin, struct digest *ret, struct err *e)
{
	_cleanup_free_ char *source = NULL;
	struct platform want;
	int r = -ENOENT;

	platform_host(&want);
	if (o->platform)
		r = platform_parse(o->platform, &want, e);
	if (o->platform && r < 0)
		return r;
	if (!copy_has_transport(text))
		r = o->which == COPY_ALL ? store_resolve_any(st, text, ret_pin, e) : store_resolve_for(st, text, &want, ret_pin, e);
	else
		r = -ENOENT;
	if (r == 0)
		*ret = (*ret_pin)->digest;
	if (r != -ENOENT)
		return r;
	err_clear(e);
	if (asprintf(&source, "%s%s", copy_has_transport(text) ? "" : "docker://", text) < 0)
		return err_errno(e, ENOMEM, "index");
	return copy_image(st, source, NULL, o, ret, e);
}

int manifest_list_add(struct store *st, struct manifest_list *l, const char *image, const struct copy_options *o,
		      const struct index_notes *notes, struct digest *ret, struct err *e)
{
	_cleanup_(image_freep) struct image *pin = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	enum media_kind kind = MEDIA_OTHER;
	int r = bring(st, image, o, &pin, ret, e);

	if (r == 0)
		r = blob_read(st, ret, &text, e);
	if (r == 0)
		r = manifest_kind(buf_str(&text), text.len, NULL, &kind, e);
	if (r == 0)
		r = kind == MEDIA_INDEX ? add_all(st, l, ret, e) : add_manifest(st, l, ret, NULL, e);
	if (r == 0 && notes && kind == MEDIA_MANIFEST)
		r = index_annotate(l->json, ret, notes, e);
	return r;
}

int manifest_list_entry(struct store *st, const struct manifest_list *l, const char *text, struct digest *ret, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	const char *at = strrchr(text, '@');
	struct digest d;
	int r;

	if (digest_parse(at ? at + 1 : text, &d, NULL) < 0) {
		r = store_resolve(st, text, &img, e);
		if (r < 0)
			return r;
		d = img->digest;
	}
	if (!index_at(l->json, &d))
		return err_set(e, ENOENT, "%s: not in the list", text);
	*ret = d;
	return 0;
}

/* ---- the end ---- */

static int move_names(struct store *st, const struct digest *old, struct ref *to, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	int r = refs_load(st, &all, e);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		const struct ref *ref = &all.items[i];

		if (ref->shared || !digest_equal(&ref->id, old))
			continue;
		if (ref_is_nameless(ref)) {
			_cleanup_(ref_done) struct ref nameless = {0};

			r = ref_nameless(to, &nameless, e);
			if (r == 0)
				r = ref_write(st, &nameless, e);
		} else {
			to->name = ref->name;
			r = ref_replace(st, to, e);
		}
		if (r == 0 && ref_is_nameless(ref))
			r = ref_remove(st, ref->name, e);
	}
	to->name = NULL;
	return r;
}

int manifest_list_commit(struct store *st, struct manifest_list *l, struct err *e)
{
	struct ref to = {.is_index = true};
	size_t len = 0;
	const char *text = json_text(l->json, &len);
	int r;

	if (!text)
		return err_errno(e, ENOMEM, "index");
	if (l->image && l->image->is_read_only)
		return err_set(e, EROFS, "%s: a shared store's, which is read-only", l->image->id);
	if (len > STORE_JSON_MAX)
		return err_set(e, EFBIG, "a list of more than %u bytes", STORE_JSON_MAX);
	r = blob_write(st, text, len, &to.digest, e);
	if (r < 0)
		return r;
	to.id = to.digest;
	if (!l->image) {
		to.name = l->name;
		r = ref_write(st, &to, e);
	} else if (!digest_equal(&l->image->digest, &to.digest)) {
		r = move_names(st, &l->image->digest, &to, e);
	}
	if (r == 0)
		memcpy(l->id, digest_hex(&to.id), DIGEST_HEX_SIZE);
	return r;
}
