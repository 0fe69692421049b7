/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order is that of every writer here: blobs, then the manifests that lead
 * to them, then the index, then what names it.
 *
 *	1 read what the source means: a manifest, or an index
 *	2 of an index, take one image, or all
 *	3 each image: the blobs that the target has not, then its manifest,
 *	  rewritten where the target wants another kind
 *	4 the index, with the digests that its images have now
 *
 * A digest is kept wherever nothing forces another, so that what was signed
 * stays signed.
 */
#include "image/copy.h"

#include "image/place.h"
#include "oci/index_edit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct copy {
	struct store *st;
	const struct copy_options *o;
	struct staging staging;
	int pin_fd;
	struct place from, to;
};

static void copy_done(struct copy *c)
{
	place_done(&c->from);
	place_done(&c->to);
	staging_done(&c->staging);
	fd_closep(&c->pin_fd);
}

static enum manifest_family family_for(const struct copy *c, enum manifest_family now)
{
	if (c->o->format != OUTGOING_AS_IT_IS)
		return c->o->format == OUTGOING_DOCKER ? MANIFEST_DOCKER : MANIFEST_OCI;
	return c->to.ops->oci_only ? MANIFEST_OCI : now;
}

static int check_family(const struct copy *c, enum manifest_family now, bool *ret_changes, struct err *e)
{
	enum manifest_family then = family_for(c, now);

	if (c->to.ops->oci_only && then == MANIFEST_DOCKER)
		return err_set(e, EINVAL, "the destination holds OCI manifests only");
	*ret_changes = then != now;
	if (*ret_changes && c->o->preserve_digests)
		return err_set(e, EINVAL, "--preserve-digests: the manifest would have to be converted to %s", then == MANIFEST_OCI ? "OCI" : "docker's schema 2");
	return 0;
}

/* Before any blob of it comes. What is decided of the top is what its name will say. */
static int pass_gate(struct copy *c, const struct buf *text, const struct digest *index, bool top, struct err *e)
{
	_cleanup_free_ char *trust = NULL;
	struct digest d;
	int r;

	if (!c->from.ops->gate)
		return 0;
	digest_of(buf_str(text), text->len, &d);
	r = c->from.ops->gate(&c->from, &d, index, &trust, e);
	if (r == 0 && top) {
		free(c->to.made.trust);
		c->to.made.trust = TAKE_PTR(trust);
	}
	return r;
}

/* ---- blobs ---- */

static void say_skipped(const struct copy *c, const struct descriptor *d, const char *word)
{
	char label[PROGRESS_LABEL_SIZE];

	snprintf(label, sizeof(label), "Copying blob %.12s", digest_hex(&d->digest));
	progress_end(c->o->progress, progress_item(c->o->progress, label, d->size_bytes), word);
}

static int copy_blob(struct copy *c, const struct descriptor *d, struct err *e)
{
	struct place_blob b = {.fd = -EBADF};
	const char *word = NULL;
	int r = c->to.ops->have(&c->to, d, &c->from, &word, e);

	if (r < 0)
		return r;
	if (word) {
		say_skipped(c, d, word);
		return 0;
	}
	r = c->from.ops->blob(&c->from, d, &b, e);
	if (r == 0)
		r = c->to.ops->put_blob(&c->to, d, &b, e);
	/* room is needed for one at a time */
	if (b.file[0])
		(void)unlinkat(c->staging.dirfd, b.file, 0);
	fd_closep(&b.fd);
	return r;
}

static int copy_blobs(struct copy *c, const struct manifest *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->n_layers && r == 0; i++)
		r = copy_blob(c, &m->layers[i], e);
	return r < 0 ? r : copy_blob(c, &m->config, e);
}

/* ---- manifests ---- */

static const char *manifest_type(enum manifest_family family)
{
	return family == MANIFEST_DOCKER ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST;
}

static int convert(struct copy *c, struct buf *text, const struct manifest *m, enum manifest_family *ret_family, struct err *e)
{
	_cleanup_(buf_done) struct buf old = BUF_INIT;
	bool changes = false;
	int r;

	*ret_family = family_for(c, manifest_family(m));
	r = check_family(c, manifest_family(m), &changes, e);
	if (r < 0 || !changes)
		return r;
	old = *text;
	*text = (struct buf)BUF_INIT;
	return manifest_rewrite(buf_str(&old), old.len, *ret_family, m->layers, m->n_layers, text, e);
}

struct landed {
	struct digest digest;
	uint64_t bytes;
	const char *type;
};

static int copy_manifest(struct copy *c, struct buf *text, bool top, struct landed *ret, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	enum manifest_family family = MANIFEST_OCI;
	int r = manifest_parse(buf_str(text), text->len, NULL, &m, e);

	if (r == 0)
		r = copy_blobs(c, &m, e);
	if (r == 0)
		r = convert(c, text, &m, &family, e);
	if (r < 0)
		return r;
	digest_of(buf_str(text), text->len, &ret->digest);
	ret->bytes = text->len;
	ret->type = manifest_type(family);
	return c->to.ops->put_manifest(&c->to, text, ret->type, &ret->digest, top, e);
}

/* ---- indexes ---- */

static int copy_entry(struct copy *c, const struct index_entry *entry, const struct digest *index, struct json_object *edited, bool *ret_changed,
		      struct err *e)
{
	const struct digest *d = &entry->descriptor.digest;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	enum media_kind kind = MEDIA_OTHER;
	struct landed landed;
	int r = c->from.ops->read(&c->from, d, &text, e);

	if (r == 0)
		r = manifest_kind(buf_str(&text), text.len, NULL, &kind, e);
	if (r == 0 && kind != MEDIA_MANIFEST)
		r = err_set(e, EINVAL, "an index in an index");
	if (r == 0)
		r = pass_gate(c, &text, index, false, e);
	if (r == 0)
		r = copy_manifest(c, &text, false, &landed, e);
	if (r < 0)
		return err_wrap(e, r, "image %.19s", d->text);
	if (digest_equal(&landed.digest, d))
		return 0;
	*ret_changed = true;
	return index_replace(edited, d, landed.type, &landed.digest, landed.bytes, e);
}

static int edit_index(struct copy *c, struct json_object *edited, bool changed, struct buf *text, const char **ret_type, struct err *e)
{
	enum manifest_family family = family_for(c, index_family(edited));
	bool changes = false;
	const char *made;
	size_t len;
	int r = check_family(c, index_family(edited), &changes, e);

	*ret_type = family == MANIFEST_DOCKER ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX;
	if (r < 0 || (!changes && !changed))
		return r;
	r = index_set_family(edited, family, e);
	made = r == 0 ? json_text(edited, &len) : NULL;
	if (!made)
		return r < 0 ? r : err_errno(e, ENOMEM, "index");
	buf_reset(text);
	buf_add(text, made, len);
	return buf_bad(text) ? err_errno(e, ENOMEM, "index") : 0;
}

static int copy_index(struct copy *c, struct buf *text, struct digest *ret, struct err *e)
{
	_cleanup_json_ struct json_object *edited = NULL;
	_cleanup_(index_done) struct index ix = {0};
	const struct digest none = {0};
	const char *type = NULL;
	struct digest top;
	bool changed = false;
	int r = index_parse(buf_str(text), text->len, NULL, &ix, e);

	digest_of(buf_str(text), text->len, &top);
	if (r == 0)
		r = pass_gate(c, text, &none, true, e);
	if (r == 0 && c->to.ops->one_only)
		r = err_set(e, EINVAL, "the destination holds one image, not an index; leave --all out");
	if (r == 0)
		r = json_parse(buf_str(text), text->len, "index", &edited, e);
	for (size_t i = 0; i < ix.n && r == 0 && c->o->which == COPY_ALL; i++) {
		progress_say(c->o->progress, "Copying image %.19s (%zu/%zu)", ix.entries[i].descriptor.digest.text, i + 1, ix.n);
		r = copy_entry(c, &ix.entries[i], &top, edited, &changed, e);
	}
	if (r == 0)
		r = edit_index(c, edited, changed, text, &type, e);
	if (r < 0)
		return r;
	digest_of(buf_str(text), text->len, ret);
	return c->to.ops->put_manifest(&c->to, text, type, ret, true, e);
}

static int pick_platform(const struct index *ix, const char *platform, const struct index_entry **ret, struct err *e)
{
	struct platform want;
	int r = 0;

	platform_host(&want);
	if (platform && *platform)
		r = platform_parse(platform, &want, e);
	return r < 0 ? r : index_pick(ix, &want, ret, e);
}

/* The text becomes that of one image of the index that it is. */
static int pick_one(struct place *from, const struct copy_options *o, const char *platform, struct buf *text, struct err *e)
{
	_cleanup_(index_done) struct index ix = {0};
	const struct index_entry *entry = NULL;
	struct digest d;
	int r = index_parse(buf_str(text), text->len, NULL, &ix, e);

	/* a signature of the index speaks for what is in it */
	for (size_t i = 0; i < ix.n && r == 0 && o->only && !entry; i++)
		entry = digest_equal(&ix.entries[i].descriptor.digest, o->only) ? &ix.entries[i] : NULL;
	if (r == 0 && o->only && !entry)
		r = err_set(e, ENOENT, "%s: not in the index", o->only->text);
	else if (r == 0 && !o->only)
		r = pick_platform(&ix, platform, &entry, e);
	if (r < 0)
		return r;
	d = entry->descriptor.digest;
	buf_reset(text);
	return from->ops->read(from, &d, text, e);
}

/* ---- all of it ---- */

static int copy_top(struct copy *c, struct digest *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	enum media_kind kind = MEDIA_OTHER;
	struct digest index = {0};
	struct landed landed;
	int r = c->from.ops->read(&c->from, NULL, &text, e);

	if (r == 0)
		r = manifest_kind(buf_str(&text), text.len, NULL, &kind, e);
	if (r == 0 && kind == MEDIA_INDEX && (c->o->which == COPY_PLATFORM || c->o->only)) {
		digest_of(buf_str(&text), text.len, &index);
		r = pick_one(&c->from, c->o, c->o->platform, &text, e);
		kind = MEDIA_MANIFEST;
	}
	if (r < 0)
		return r;
	if (kind == MEDIA_INDEX)
		return copy_index(c, &text, ret, e);
	r = pass_gate(c, &text, &index, true, e);
	if (r == 0)
		r = copy_manifest(c, &text, true, &landed, e);
	if (r == 0)
		*ret = landed.digest;
	return r;
}

/* Only when both ends are one registry may blobs be mounted, which a token has to allow from the beginning. */
static int allow_mounts(struct copy *c, struct err *e)
{
	if (c->from.ops != &place_registry || c->to.ops != &place_registry)
		return 0;
	return strv_add(&c->to.mounts, c->from.at.at.path) < 0 ? err_errno(e, ENOMEM, "copy") : 0;
}

static int copy_begin(struct copy *c, const char *from, const char *to, struct err *e)
{
	int r = store_pin(c->st, &c->pin_fd, e);

	if (r == 0)
		r = staging_begin(c->st, &c->staging, e);
	if (r == 0)
		r = place_parse(&c->from, c->st, &c->staging, from, c->o, &c->o->from, e);
	if (r == 0 && to) {
		r = place_parse(&c->to, c->st, &c->staging, to, c->o, &c->o->to, e);
	} else {
		c->to.st = c->st;
		c->to.staging = &c->staging;
		c->to.o = c->o;
		c->to.ops = &place_unnamed;
	}
	return r < 0 ? r : c->from.ops->open_source(&c->from, e);
}

int copy_image(struct store *st, const char *from, const char *to, const struct copy_options *o, struct digest *ret, struct err *e)
{
	_cleanup_(copy_done) struct copy c = {.st = st, .o = o, .staging = STAGING_INIT, .pin_fd = -EBADF, .from = PLACE_INIT, .to = PLACE_INIT};
	struct digest digest = {0};
	int r = copy_begin(&c, from, to, e);

	if (r == 0)
		r = allow_mounts(&c, e);
	if (r == 0)
		r = c.to.ops->open_target(&c.to, e);
	if (r == 0)
		r = copy_top(&c, &digest, e);
	if (r == 0) {
		progress_say(o->progress, "Writing manifest to image destination");
		r = c.to.ops->finish(&c.to, e);
	}
	if (r < 0)
		return err_wrap(e, r, "copy %s", from);
	*ret = digest;
	return 0;
}

static int read_config(struct copy *c, const struct buf *manifest, struct buf *ret, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	struct place_blob b = {.fd = -EBADF};
	int r = manifest_parse(buf_str(manifest), manifest->len, NULL, &m, e);

	if (r == 0 && m.config.size_bytes > STORE_JSON_MAX)
		r = err_set(e, EFBIG, "config: larger than %u bytes", STORE_JSON_MAX);
	if (r == 0)
		r = c->from.ops->blob(&c->from, &m.config, &b, e);
	if (r == 0) {
		r = fd_read_all(b.fd, STORE_JSON_MAX, ret);
		if (r < 0)
			err_errno(e, -r, "config");
	}
	fd_closep(&b.fd);
	return r;
}

int copy_read(struct store *st, const char *from, const char *platform, const struct copy_options *o, struct buf *ret, struct buf *ret_config,
	      const char **ret_type, struct err *e)
{
	_cleanup_(copy_done) struct copy c = {.st = st, .o = o, .staging = STAGING_INIT, .pin_fd = -EBADF, .from = PLACE_INIT, .to = PLACE_INIT};
	enum media_kind kind = MEDIA_OTHER;
	int r = copy_begin(&c, from, NULL, e);

	if (r == 0)
		r = c.from.ops->read(&c.from, NULL, ret, e);
	if (r == 0)
		r = manifest_kind(buf_str(ret), ret->len, NULL, &kind, e);
	if (r == 0 && kind == MEDIA_INDEX && platform) {
		r = pick_one(&c.from, o, platform, ret, e);
		kind = MEDIA_MANIFEST;
	}
	if (r == 0 && ret_config)
		r = read_config(&c, ret, ret_config, e);
	if (r < 0)
		return err_wrap(e, r, "%s", from);
	if (ret_type)
		*ret_type = kind == MEDIA_INDEX ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
	return 0;
}
