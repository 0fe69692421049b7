/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A blob's name is a promise about its content, which only hashing it again
 * can test. A damaged one is set aside before it is got again, since what is
 * there is not got twice; when that fails it goes back, for its layer may be
 * unpacked and in use.
 *
 * No record says what the files of an unpacked layer were: its blob does, so
 * that it is unpacked once more, beside it, and the two trees are compared.
 * A tree packed again need not give the same bytes as the archive that it came
 * from, and a list of hashes would be one more thing that can be damaged.
 */
#include "image/check.h"

#include "image/store_private.h"
#include "sys/path.h"
#include "sys/tree_same.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct checking {
	struct store *st;
	const struct check_options *o;
	struct check_result *result;
	struct strv seen; /* blobs */
	/* the image that is looked at */
	const struct ref *ref;
	const struct digest *manifest;
};

/* ---- repairing ---- */

static int get_again(struct checking *c, struct err *e)
{
	char repository[REFERENCE_TEXT_SIZE];
	_cleanup_free_ char *source = NULL;
	struct reference ref;
	struct digest got;

	if (ref_is_nameless(c->ref) || reference_parse(c->ref->name, &ref, NULL) < 0 || strcmp(ref.domain, "localhost") == 0)
		return err_set(e, ENOENT, "it is of no registry");
	reference_repository(&ref, repository);
	if (asprintf(&source, "docker://%s@%s", repository, c->manifest->text) < 0)
		return err_errno(e, ENOMEM, "check");
	return copy_image(c->st, source, NULL, c->o->copy, &got, e);
}

static bool repair(struct checking *c, const struct digest *d)
{
	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
	bool aside;

	if (!c->o->repair || staging_begin(c->st, &sg, NULL) < 0)
		return false;
	aside = renameat(c->st->blobs_fd, digest_hex(d), sg.dirfd, "damaged") == 0;
	if (get_again(c, NULL) == 0 && blob_exists(c->st, d, NULL))
		return true;
	if (aside)
		(void)renameat(sg.dirfd, "damaged", c->st->blobs_fd, digest_hex(d));
	return false;
}

static void fault(struct checking *c, const char *text, bool repaired)
{
	c->result->faults++;
	c->result->repaired += repaired;
	if (c->o->on_fault)
		c->o->on_fault(c->o->ctx, c->ref ? c->ref->name : "", text, repaired);
}

/* ---- blobs ---- */

static int look_at(struct checking *c, const struct digest *d, uint64_t size_bytes, struct err *e)
{
	uint64_t bytes = 0;

	if (!blob_exists(c->st, d, &bytes))
		return err_set(e, ENOENT, "blob %s is missing", d->text);
	if (size_bytes != UINT64_MAX && bytes != size_bytes)
		return err_set(e, EBADMSG, "blob %s: %llu bytes instead of %llu", d->text, (unsigned long long)bytes, (unsigned long long)size_bytes);
	return c->o->quick ? 0 : blob_hash(c->st, d, e);
}

/* False: it is damaged, and stays so. */
static bool check_blob(struct checking *c, const struct digest *d, uint64_t size_bytes)
{
	struct err own = {0};
	bool repaired;

	if (strv_find(&c->seen, digest_hex(d)) >= 0)
		return true;
	(void)!strv_add(&c->seen, digest_hex(d));
	c->result->blobs++;
	if (look_at(c, d, size_bytes, &own) == 0)
		return true;
	repaired = repair(c, d);
	fault(c, own.text, repaired);
	return repaired;
}

/* ---- unpacked layers ---- */

struct comparison {
	int want, have;
	bool owners;
};

static int compare_inside(void *ctx, struct err *e)
{
	const struct comparison *w = ctx;
	char difference[TREE_DIFFERENCE_SIZE];
	int r = tree_same(w->want, w->have, w->owners, difference);

	if (r < 0)
		return err_errno(e, -r, "compare");
	return r == TREE_DIFFERS ? err_set(e, EBADMSG, "%s has changed", difference) : 0;
}

static int compare(struct checking *c, int want, const char *name, struct err *e)
{
	_cleanup_close_ int have = -EBADF;
	char path[LAYER_NAME_SIZE + 8];
	struct comparison w;
	int r;

	snprintf(path, sizeof(path), "%s/diff", name);
	r = path_own_open(c->st->layers_fd, path, O_PATH | O_DIRECTORY, 0, &have);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	w = (struct comparison){.want = want, .have = have, .owners = strchr(name, '@') == NULL};
	return c->o->inside(c->o->inside_ctx, compare_inside, &w, e);
}

static int unpack_again(struct checking *c, const struct image_layer *layer, int dest, struct err *e)
{
	struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_close_ int blob = -EBADF;
	int keeper = -EBADF, r = blob_open(c->st, &layer->blob, &blob, e);

	if (r == 0)
		r = store_keeper(c->st, &keeper, e);
	if (r == 0)
		r = unpack_start_layer(&job, blob, dest, NULL, keeper, e);
	for (bool more = r == 0; more; more = r > 0)
		r = unpack_step(&job, e);
	if (r == 0 && !digest_equal(&job.done.digest, &layer->diff_id))
		r = err_set(e, EBADMSG, "its blob is not what the image config says");
	unpack_job_done(&job);
	return r;
}

static void layer_fault(struct checking *c, const char *name, const char *why)
{
	char told[LAYER_NAME_SIZE + ERR_TEXT_MAX + 16];

	snprintf(told, sizeof(told), "layer %s: %s", name, why);
	fault(c, told, false);
}

/* The layer and its copies that other containers have. Their owners are those of a map that only its hash is known of. */
static void compare_files(struct checking *c, const struct image_layer *layer, const struct store_copies *copies)
{
	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
	const char *hex = digest_hex(&layer->chain_id);
	_cleanup_close_ int dest = -EBADF;
	struct err own = {0};
	int r = staging_begin(c->st, &sg, &own);

	if (r == 0) {
		r = path_own_mkdirs(sg.dirfd, "diff", &dest);
		r = r < 0 ? err_errno(&own, -r, "make a directory") : unpack_again(c, layer, dest, &own);
	}
	if (r == 0)
		r = compare(c, dest, hex, &own);
	if (r < 0)
		layer_fault(c, hex, own.text);
	for (size_t i = 0; dest >= 0 && i < copies->n; i++)
		if (strncmp(copies->items[i].name, hex, DIGEST_HEX_LEN) == 0 && compare(c, dest, copies->items[i].name, &own) < 0)
			layer_fault(c, copies->items[i].name, own.text);
}

static void check_layer(struct checking *c, const struct image_layer *layer, bool whole)
{
	_cleanup_(store_copies_done) struct store_copies copies = {0};
	char name[LAYER_NAME_SIZE], path[LAYER_NAME_SIZE + 8];
	struct stat s;

	layer_name(&layer->chain_id, NULL, name);
	snprintf(path, sizeof(path), "layer-%s", name);
	/* it is unpacked when it is wanted */
	if (!layer_exists(c->st, name) || strv_find(&c->seen, path) >= 0)
		return;
	(void)!strv_add(&c->seen, path);
	c->result->layers++;
	snprintf(path, sizeof(path), "%s/diff", name);
	if (fstatat(c->st->layers_fd, path, &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(s.st_mode))
		layer_fault(c, name, "it has no files");
	else if (whole && !c->o->quick && c->o->inside) {
		(void)!store_copies(c->st, &copies, NULL);
		compare_files(c, layer, &copies);
	}
}

/* ---- images ---- */

static void check_layers(struct checking *c, const struct manifest *m, bool whole)
{
	_cleanup_(image_config_freep) struct image_config *config = NULL;
	_cleanup_free_ struct image_layer *layers = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	if (blob_read(c->st, &m->config.digest, &text, NULL) < 0 || image_config_parse(buf_str(&text), text.len, &config, NULL) < 0 ||
	    image_plan_layers(m, config, &layers, NULL) < 0)
		return;
	for (size_t i = 0; i < m->n_layers; i++)
		check_layer(c, &layers[i], whole);
}

static void check_manifest(struct checking *c, const struct digest *d, uint64_t size_bytes)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct err own = {0};
	bool whole = true;

	c->manifest = d;
	c->result->images++;
	if (!check_blob(c, d, size_bytes))
		return;
	if (blob_read(c->st, d, &text, &own) < 0 || manifest_parse(buf_str(&text), text.len, NULL, &m, &own) < 0) {
		fault(c, own.text, false);
		return;
	}
	check_blob(c, &m.config.digest, m.config.size_bytes);
	for (size_t i = 0; i < m.n_layers; i++)
		whole &= check_blob(c, &m.layers[i].digest, m.layers[i].size_bytes);
	check_layers(c, &m, whole);
}

/* What is missing of it is no fault. */
static void check_index(struct checking *c)
{
	_cleanup_(index_done) struct index ix = {0};
	struct err own = {0};

	c->manifest = &c->ref->digest;
	if (!check_blob(c, &c->ref->digest, UINT64_MAX))
		return;
	if (index_load(c->st, &c->ref->digest, &ix, &own) < 0) {
		fault(c, own.text, false);
		return;
	}
	for (size_t i = 0; i < ix.n; i++)
		if (blob_exists(c->st, &ix.entries[i].descriptor.digest, NULL))
			check_manifest(c, &ix.entries[i].descriptor.digest, ix.entries[i].descriptor.size_bytes);
}

int store_check(struct store *st, const struct check_options *o, struct check_result *ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_close_ int pin = -EBADF;
	struct check_result result = {0};
	struct checking c = {.st = st, .o = o, .result = &result};
	int r = store_pin(st, &pin, e);

	if (r == 0)
		r = refs_load(st, &all, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all.damaged; i++)
		fault(&c, "a reference cannot be read", false);
	for (size_t i = 0; i < all.n; i++) {
		c.ref = &all.items[i];
		/* its owner's */
		if (c.ref->shared)
			continue;
		if (c.ref->is_index)
			check_index(&c);
		else
			check_manifest(&c, &c.ref->digest, UINT64_MAX);
	}
	strv_done(&c.seen);
	*ret = result;
	return 0;
}
