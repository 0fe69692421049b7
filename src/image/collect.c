/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Mark and sweep, with the references as roots: their manifests, configs and
 * blobs, and the unpacked layers by chain id, for whatever id map. It runs
 * only when nobody pins, so nothing can be half made meanwhile; and when one
 * reference cannot be read, nothing is removed, for it might have led there.
 * References of shared stores are roots too, of the layers that are unpacked
 * here, and so are containers, whose shared image may have been taken away.
 */
#include "base/sha256.h"
#include "image/store_private.h"
#include "sys/dir.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A sorted set of hex digests. */
struct marks {
	char (*hex)[DIGEST_HEX_SIZE];
	size_t n, room;
};

static int compare_hex(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int mark(struct marks *m, const struct digest *d)
{
	if (!digest_is_set(d))
		return 0;
	if (m->n == m->room) {
		size_t more = m->room ? 2 * m->room : 64;
		void *grown = mem_regrow(m->hex, more, sizeof(*m->hex));

		if (!grown)
			return -ENOMEM;
		m->hex = grown;
		m->room = more;
	}
	memcpy(m->hex[m->n++], digest_hex(d), DIGEST_HEX_SIZE);
	return 0;
}

static bool is_marked(const struct marks *m, const char *hex)
{
	return m->n && bsearch(hex, m->hex, m->n, sizeof(*m->hex), compare_hex);
}

struct roots {
	struct marks blobs, layers;
	bool only_layers; /* of a shared store, which has the blobs */
};

static int mark_blob(struct roots *roots, const struct digest *d)
{
	return roots->only_layers ? 0 : mark(&roots->blobs, d);
}

static void roots_done(struct roots *r)
{
	free(r->blobs.hex);
	free(r->layers.hex);
}

struct sweep {
	struct store *st;
	struct roots roots;
	struct marks used; /* layers of containers, asked for when there is one to remove */
	bool used_known;
};

/* The layers' chain ids are in the config; one that is not here has no layers unpacked. */
static int mark_chains(struct store *st, const struct manifest *m, struct roots *roots, struct err *e)
{
	_cleanup_(image_config_freep) struct image_config *config = NULL;
	_cleanup_free_ struct image_layer *layers = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r, bad = 0;

	if (!blob_exists(st, &m->config.digest, NULL))
		return 0;
	r = blob_read(st, &m->config.digest, &text, e);
	if (r == 0)
		r = image_config_parse(buf_str(&text), text.len, &config, e);
	if (r == 0)
		r = image_plan_layers(m, config, &layers, e);
	for (size_t i = 0; r == 0 && i < m->n_layers; i++)
		bad |= mark(&roots->layers, &layers[i].chain_id);
	return r < 0 ? r : bad ? err_errno(e, ENOMEM, "collect") : 0;
}

static int mark_instance(void *ctx, const struct instance *in, struct err *e)
{
	struct sweep *s = ctx;
	struct roots *roots = &s->roots;
	const struct manifest *m = in->manifest;
	int bad = mark_blob(roots, &in->entry->descriptor.digest) | mark_blob(roots, &m->config.digest);

	for (size_t i = 0; i < m->n_layers; i++)
		bad |= mark_blob(roots, &m->layers[i].digest);
	return bad ? err_errno(e, ENOMEM, "collect") : mark_chains(s->st, m, roots, e);
}

static int mark_index(struct sweep *s, const struct ref *ref, struct err *e)
{
	if (mark_blob(&s->roots, &ref->digest) < 0)
		return err_errno(e, ENOMEM, "collect");
	return index_each_instance(s->st, &ref->digest, mark_instance, s, e);
}

static int mark_image(struct store *st, const struct ref *ref, struct roots *roots, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	int r, bad;

	r = image_load(st, ref, NULL, -EBADF, &img, e);
	if (r < 0)
		return r;
	bad = mark_blob(roots, &ref->digest) | mark_blob(roots, &ref->id) | mark_blob(roots, &ref->index);
	for (size_t i = 0; i < img->n_layers; i++)
		bad |= mark_blob(roots, &img->layers[i].blob) | mark(&roots->layers, &img->layers[i].chain_id);
	return bad ? err_errno(e, ENOMEM, "collect") : 0;
}

/* Calls `fn` for each name in the directory that does not begin with a dot. */
static int each_name(int dirfd, int (*fn)(void *ctx, const char *name, struct err *e), void *ctx, struct err *e)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;
	int r = 0;

	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "collect");
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		r = fn(ctx, d->d_name, e);
	closedir(dir);
	return r < 0 && e && !e->code ? err_errno(e, -r, "collect") : r;
}

static int sweep_blob(void *ctx, const char *name, struct err *e)
{
	struct sweep *s = ctx;

	if (is_marked(&s->roots.blobs, name))
		return 0;
	if (unlinkat(s->st->blobs_fd, name, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove blob %s", name);
	return 0;
}

/* Each layer that is named in the text. */
static int mark_named(struct marks *m, const char *text)
{
	static const char before[] = "/layers/";
	char hex[DIGEST_HEX_SIZE] = "";
	struct digest d;
	int r = 0;

	for (const char *at = strstr(text, before); at && r == 0; at = strstr(at, before)) {
		at += strlen(before);
		if (strlen(at) < DIGEST_HEX_LEN)
			break;
		memcpy(hex, at, DIGEST_HEX_LEN);
		if (!digest_is_hex_prefix(hex))
			continue;
		digest_from_hex(hex, &d);
		r = mark(m, &d);
	}
	return r;
}

/* 1: a container has it. */
static int is_used(struct sweep *s, const char *hex, struct err *e)
{
	_cleanup_(strv_done) struct strv texts = {0};
	int r = 0;

	if (!s->used_known && s->st->layers_used_fn) {
		r = s->st->layers_used_fn(s->st->layers_used_ctx, &texts, e);
		for (size_t i = 0; i < texts.n && r == 0; i++)
			if (mark_named(&s->used, texts.items[i]) < 0)
				r = err_errno(e, ENOMEM, "collect");
		if (r == 0 && s->used.n)
			qsort(s->used.hex, s->used.n, sizeof(*s->used.hex), compare_hex);
	}
	s->used_known |= r == 0;
	return r < 0 ? r : is_marked(&s->used, hex);
}

/* "HEX" or "HEX@MAP"; moved to staging first, so that a layer is there whole or not at all. */
static int sweep_layer(void *ctx, const char *name, struct err *e)
{
	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
	struct sweep *s = ctx;
	char hex[DIGEST_HEX_SIZE] = "";
	int r;

	if (strlen(name) >= DIGEST_HEX_LEN)
		memcpy(hex, name, DIGEST_HEX_LEN);
	if (is_marked(&s->roots.layers, hex))
		return 0;
	r = is_used(s, hex, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = staging_begin(s->st, &sg, e);
	if (r < 0)
		return r;
	if (renameat(s->st->layers_fd, name, sg.dirfd, "layer") < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove layer %s", name);
	return 0;
}

/* Temporaries of writers that died: nobody writes while we are alone. */
static int sweep_temporary(void *ctx, const char *name, struct err *e)
{
	struct sweep *s = ctx;

	(void)e;
	if (strncmp(name, ".tmp.", 5) == 0)
		(void)unlinkat(s->st->images_fd, name, 0);
	return 0;
}

/* Locks of layers and blobs that nobody is making: whoever makes one pins. */
static int sweep_lock(void *ctx, const char *name, struct err *e)
{
	struct sweep *s = ctx;

	(void)e;
	if (strncmp(name, "layer-", 6) == 0 || strncmp(name, "blob-", 5) == 0)
		(void)unlinkat(s->st->locks_fd, name, 0);
	return 0;
}

static int mark_all(struct sweep *s, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	struct roots *roots = &s->roots;
	int r = refs_load(s->st, &all, e);

	if (r == 0 && all.damaged)
		return 1;
	for (size_t i = 0; i < all.n && r == 0; i++) {
		roots->only_layers = all.items[i].shared;
		r = all.items[i].is_index ? mark_index(s, &all.items[i], e) : mark_image(s->st, &all.items[i], roots, e);
		/* what is damaged in a shared store leads to nothing of ours that could not be unpacked again */
		if (r < 0 && r != -ENOMEM && all.items[i].shared)
			r = 0;
	}
	if (r < 0)
		return r == -ENOMEM ? r : 1;
	if (roots->blobs.n)
		qsort(roots->blobs.hex, roots->blobs.n, sizeof(*roots->blobs.hex), compare_hex);
	if (roots->layers.n)
		qsort(roots->layers.hex, roots->layers.n, sizeof(*roots->layers.hex), compare_hex);
	return 0;
}

int store_sweep(struct store *st, struct err *e)
{
	_cleanup_close_ int alone = -EBADF;
	struct sweep s = {.st = st};
	int r;

	staging_sweep(st);
	r = store_pin_alone(st, &alone);
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return err_errno(e, -r, "lock the image store");
	r = mark_all(&s, e);
	if (r == 0)
		r = each_name(st->blobs_fd, sweep_blob, &s, e);
	if (r == 0)
		r = each_name(st->layers_fd, sweep_layer, &s, e);
	if (r == 0)
		r = each_name(st->images_fd, sweep_temporary, &s, e);
	if (r == 0)
		r = each_name(st->locks_fd, sweep_lock, &s, e);
	roots_done(&s.roots);
	free(s.used.hex);
	if (r > 0)
		err_clear(e);
	return r < 0 ? r : 0;
}
