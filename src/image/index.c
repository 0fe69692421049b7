/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An index in the store: one name for several images. Any of its images may
 * be missing, since a pull takes one of them, and `manifest create` none; what
 * is missing is no damage. What is here is reached by a collection through the
 * index, so that its images need no references of their own, and go with it.
 */
#include "base/clock.h"
#include "image/store_private.h"

#include <stdio.h>
#include <string.h>

int index_load(struct store *st, const struct digest *d, struct index *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = blob_read(st, d, &text, e);

	return r < 0 ? r : index_parse(buf_str(&text), text.len, NULL, ret, e);
}

static int visit(struct store *st, const struct index_entry *entry, instance_fn fn, void *ctx, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	enum media_kind kind = MEDIA_OTHER;
	int r;

	if (!blob_exists(st, &entry->descriptor.digest, NULL))
		return 0;
	r = blob_read(st, &entry->descriptor.digest, &text, e);
	if (r == 0)
		r = manifest_kind(buf_str(&text), text.len, NULL, &kind, e);
	/* an index in an index has no platform to be picked by */
	if (r < 0 || kind != MEDIA_MANIFEST)
		return r;
	r = manifest_parse(buf_str(&text), text.len, NULL, &m, e);
	return r < 0 ? r : fn(ctx, &(struct instance){.entry = entry, .manifest = &m}, e);
}

int index_each_instance(struct store *st, const struct digest *d, instance_fn fn, void *ctx, struct err *e)
{
	_cleanup_(index_done) struct index ix = {0};
	int r = index_load(st, d, &ix, e);

	for (size_t i = 0; i < ix.n && r == 0; i++)
		r = visit(st, &ix.entries[i], fn, ctx, e);
	return r;
}

/* ---- one image of it ---- */

static int instance_ref(const struct ref *index, const struct instance *in, struct ref *ret, struct err *e)
{
	struct ref ref = {.id = in->manifest->config.digest, .digest = in->entry->descriptor.digest, .index = index->digest,
			  .tagged_ns = index->tagged_ns, .shared = index->shared};

	ref.name = strdup(index->name);
	ref.trust = index->trust ? strdup(index->trust) : NULL;
	if (!ref.name || (index->trust && !ref.trust)) {
		ref_done(&ref);
		return err_errno(e, ENOMEM, "image");
	}
	*ret = ref;
	return 0;
}

struct picking {
	const struct ref *index;
	const struct platform *want;
	unsigned score;
	struct ref best;
};

static int pick(void *ctx, const struct instance *in, struct err *e)
{
	struct picking *p = ctx;
	unsigned score = in->entry->has_platform ? platform_match(p->want, &in->entry->platform) : 1;

	if (score <= p->score)
		return 0;
	p->score = score;
	ref_done(&p->best);
	return instance_ref(p->index, in, &p->best, e);
}

int index_pick_ref(struct store *st, const struct ref *index, const struct platform *want, struct ref *ret, struct err *e)
{
	struct platform host;
	struct picking p = {.index = index, .want = want ? want : &host};
	char text[PLATFORM_TEXT_SIZE];
	int r;

	platform_host(&host);
	r = index_each_instance(st, &index->digest, pick, &p, e);
	if (r == 0 && p.score == 0) {
		platform_text(p.want, text);
		r = err_set(e, ENOENT, "%s: an index, and none of its images that are here is for %s",
			    ref_is_nameless(index) ? index->digest.text : index->name, text);
	}
	if (r < 0) {
		ref_done(&p.best);
		return r;
	}
	*ret = p.best;
	return 0;
}

struct finding {
	const struct ref *index;
	const char *hex;
	struct ref found;
};

static int find(void *ctx, const struct instance *in, struct err *e)
{
	struct finding *f = ctx;

	if (strncmp(digest_hex(&in->manifest->config.digest), f->hex, strlen(f->hex)) != 0)
		return 0;
	if (f->found.name)
		return digest_equal(&f->found.id, &in->manifest->config.digest) ? 0 : err_set(e, EEXIST, "%s: several image ids begin so", f->hex);
	return instance_ref(f->index, in, &f->found, e);
}

int index_find_instance(struct store *st, const struct ref_list *all, const char *hex, struct ref *ret, struct err *e)
{
	struct finding f = {.hex = hex};
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		struct err ignored = {0};

		f.index = &all->items[i];
		if (f.index->is_index)
			r = index_each_instance(st, &f.index->digest, find, &f, &ignored);
		if (r == -EEXIST && e)
			*e = ignored;
		r = r == -EEXIST || r == -ENOMEM ? r : 0;
	}
	if (r == 0 && !f.found.name)
		r = -ENOENT;
	if (r < 0) {
		ref_done(&f.found);
		return r;
	}
	*ret = f.found;
	return 0;
}

/* ---- it as an image ---- */

int index_load_image(struct store *st, const struct ref *r, struct image *img, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT, config = BUF_INIT;
	_cleanup_(index_done) struct index ix = {0};
	const struct timespec tagged = clock_from_ns(r->tagged_ns);
	char when[CLOCK_TEXT_SIZE];
	int res = blob_read(st, &r->digest, &text, e);

	if (res == 0)
		res = index_parse(buf_str(&text), text.len, NULL, &ix, e);
	if (res < 0)
		return res;
	buf_addf(&config, "{\"created\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}", clock_rfc3339(&tagged, CLOCK_UTC, when));
	res = buf_bad(&config) ? err_errno(e, ENOMEM, "image") : image_config_parse(buf_str(&config), config.len, &img->config, e);
	if (res < 0)
		return res;
	img->json = img->config->json;
	img->size_bytes = text.len;
	return 0;
}

/* ---- who uses it ---- */

struct using {
	const struct ref_list *all;
	const struct ref *index;
	struct strv *uses, found;
};

static bool has_own_ref(const struct ref_list *all, const struct digest *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->items[i].is_index && digest_equal(&all->items[i].id, id))
			return true;
	return false;
}

static int add_uses(void *ctx, const struct instance *in, struct err *e)
{
	const struct digest *id = &in->manifest->config.digest;
	struct using *u = ctx;
	int r = 0;

	if (has_own_ref(u->all, id))
		return 0;
	for (size_t i = 0; i < u->uses->n && r == 0; i++) {
		const char *use = u->uses->items[i];

		if (strncmp(use, digest_hex(id), DIGEST_HEX_LEN) == 0 && use[DIGEST_HEX_LEN] == '=')
			r = strv_addf(&u->found, "%s%s", digest_hex(&u->index->id), use + DIGEST_HEX_LEN);
	}
	return r < 0 ? err_errno(e, ENOMEM, "images") : 0;
}

int store_index_uses(struct store *st, struct strv *uses, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	struct using u = {.all = &all, .uses = uses};
	int r;

	if (uses->n == 0)
		return 0;
	r = refs_load(st, &all, e);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		u.index = &all.items[i];
		/* a damaged one uses nothing */
		if (u.index->is_index && index_each_instance(st, &u.index->digest, add_uses, &u, NULL) == -ENOMEM)
			r = err_errno(e, ENOMEM, "images");
	}
	for (size_t i = 0; i < u.found.n && r == 0; i++)
		if (strv_find(uses, u.found.items[i]) < 0 && strv_add(uses, u.found.items[i]) < 0)
			r = err_errno(e, ENOMEM, "images");
	strv_done(&u.found);
	return r;
}
