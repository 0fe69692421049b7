/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The steps of a pull:
 *
 *	1 pin the store, take a staging directory, start ranby-fetch
 *	2 manifest by tag or digest; of an index, the manifest of our platform
 *	3 what the policy says of it; config, which names the DiffIDs
 *	4 blobs that are not here, several at once; each is put in place when it
 *	  is complete and synced, and its layer is unpacked while others arrive
 *	5 manifest and index, then the reference, last
 *
 * What a mirror lacks or breaks is left to the next place, and what else it has
 * is got from it: the next place is asked for the rest alone.
 *
 * A blob that another command is getting is not got twice: its lock is busy,
 * so it is left for later; when nothing else is to be done we wait for it,
 * and find it there (or get it, if that command died).
 */
#include "image/registry_pull.h"

#include "image/gate.h"
#include "image/layers.h"
#include "registry/listing.h"
#include "registry/session.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ACTIVE_MAX 6
#define LATER_POLL_MS 50

enum part_state { PART_WANTED, PART_LATER, PART_ACTIVE, PART_HERE, PART_LACKING };

struct part {
	enum part_state state;
	int fd, lock_fd;
	int item; /* progress */
};

struct pull {
	struct store *st;
	const struct reference *ref;
	const struct pull_options *o;
	bool has_next; /* there is another place to be asked after this one */
	int lacking;   /* what the first blob that this place lacks failed with; 0: none */
	struct err lack;
	int pin_fd;
	struct staging staging;
	struct fetch_client fetch;
	struct platform want;
	/* what was found */
	struct buf manifest_text, index_text;
	struct digest manifest_digest, index_digest;
	struct manifest manifest;
	struct image_config *config;
	struct image_layer *layers;
	struct part *parts; /* of manifest.layers */
	struct layer_queue queue;
	bool queue_begun;
	char *trust; /* what the policy said of it */
};

static void pull_done(struct pull *p)
{
	if (p->queue_begun)
		layer_queue_end(&p->queue);
	fetch_stop(&p->fetch);
	for (size_t i = 0; p->parts && i < p->manifest.n_layers; i++) {
		fd_closep(&p->parts[i].fd);
		fd_closep(&p->parts[i].lock_fd);
	}
	free(p->trust);
	free(p->parts);
	free(p->layers);
	image_config_free(p->config);
	manifest_done(&p->manifest);
	buf_done(&p->manifest_text);
	buf_done(&p->index_text);
	staging_done(&p->staging);
	fd_closep(&p->pin_fd);
}

/* ---- 1 ---- */

static int begin(struct pull *p, const struct registry_place *place, struct err *e)
{
	const struct registry_need need = {.has_next = p->has_next};
	int r;

	platform_host(&p->want);
	r = p->o->platform ? platform_parse(p->o->platform, &p->want, e) : 0;
	if (r < 0)
		return r;
	staging_sweep(p->st);
	r = store_pin(p->st, &p->pin_fd, e);
	if (r == 0)
		r = staging_begin(p->st, &p->staging, e);
	return r < 0 ? r : registry_connect(place, &need, &p->o->access, &p->fetch, e);
}

/* ---- 2, 3: small things, one at a time ---- */

static int new_file(struct pull *p, const char *name, int *ret_fd, struct err *e)
{
	int r = path_own_open(p->staging.dirfd, name, O_RDWR | O_CREAT | O_TRUNC, 0600, ret_fd);

	return r < 0 ? err_errno(e, -r, "write %s", name) : 0;
}

/* Takes the text as the index that it is, keeps it, and names the manifest to get. */
static int pick_from_index(struct pull *p, const char *content_type, struct descriptor *ret, struct err *e)
{
	_cleanup_(index_done) struct index ix = {0};
	const struct index_entry *entry = NULL;
	int r;

	r = index_parse(buf_str(&p->manifest_text), p->manifest_text.len, content_type, &ix, e);
	if (r == 0)
		r = index_pick(&ix, &p->want, &entry, e);
	if (r < 0)
		return r;
	*ret = entry->descriptor;
	/* it is written when the policy has let the image in */
	p->index_text = p->manifest_text;
	p->manifest_text = (struct buf)BUF_INIT;
	return 0;
}

static int get_manifest(struct pull *p, struct err *e)
{
	const char *what = digest_is_set(&p->ref->digest) ? p->ref->digest.text : p->ref->tag;
	struct fetch_answer a;
	struct descriptor picked;
	enum media_kind kind = MEDIA_OTHER;
	int r;

	r = registry_small(&p->fetch, FETCH_MANIFEST, what, UINT64_MAX, &p->ref->digest, &p->manifest_text, &a, e);
	if (r == 0)
		r = manifest_kind(buf_str(&p->manifest_text), p->manifest_text.len, a.content_type, &kind, e);
	if (r == 0 && kind == MEDIA_INDEX) {
		p->index_digest = a.digest;
		r = pick_from_index(p, a.content_type, &picked, e);
		if (r == 0)
			r = registry_small(&p->fetch, FETCH_MANIFEST, picked.digest.text, picked.size_bytes, &picked.digest,
				      &p->manifest_text, &a, e);
	}
	if (r < 0)
		return r;
	p->manifest_digest = a.digest;
	return manifest_parse(buf_str(&p->manifest_text), p->manifest_text.len, a.content_type, &p->manifest, e);
}

static int get_config(struct pull *p, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	const struct descriptor *d = &p->manifest.config;
	char label[PROGRESS_LABEL_SIZE];
	struct fetch_answer a;
	int r, item;

	if (blob_exists(p->st, &d->digest, NULL) && blob_read(p->st, &d->digest, &text, NULL) == 0) {
		r = 0;
	} else {
		buf_reset(&text);
		r = registry_small(&p->fetch, FETCH_BLOB, d->digest.text, d->size_bytes, &d->digest, &text, &a, e);
		if (r == 0)
			r = blob_write(p->st, buf_str(&text), text.len, NULL, e);
		snprintf(label, sizeof(label), "Copying config %.12s", digest_hex(&d->digest));
		item = r == 0 ? progress_item(p->o->progress, label, d->size_bytes) : -1;
		progress_end(p->o->progress, item, "done");
	}
	if (r == 0)
		r = image_config_parse(buf_str(&text), text.len, &p->config, e);
	return r < 0 ? r : image_plan_layers(&p->manifest, p->config, &p->layers, e);
}

/* ---- 4 ---- */

static void blob_file(const struct pull *p, size_t i, char ret[static 32])
{
	(void)p;
	snprintf(ret, 32, "blob%zu", i);
}

/* Every layer of that blob can be unpacked now. */
static void part_here(struct pull *p, size_t i)
{
	struct part *part = &p->parts[i];

	part->state = PART_HERE;
	fd_closep(&part->fd);
	fd_closep(&part->lock_fd);
	if (p->queue_begun)
		layer_queue_ready(&p->queue, i, part->item);
	else
		progress_end(p->o->progress, part->item, "done");
}

static int part_ask(struct pull *p, size_t i, struct err *e)
{
	const struct descriptor *d = &p->manifest.layers[i];
	struct part *part = &p->parts[i];
	char name[32], label[PROGRESS_LABEL_SIZE];
	int r;

	blob_file(p, i, name);
	r = new_file(p, name, &part->fd, e);
	if (r == 0)
		r = fetch_ask(&p->fetch, FETCH_BLOB, (uint32_t)i, d->digest.text, d->size_bytes, part->fd, e);
	if (r < 0)
		return r;
	part->state = PART_ACTIVE;
	snprintf(label, sizeof(label), "Copying blob %.12s", digest_hex(&d->digest));
	part->item = progress_item(p->o->progress, label, d->size_bytes);
	return 0;
}

static bool is_wanted(const struct part *part)
{
	return part->state == PART_WANTED || part->state == PART_LATER;
}

/* One that no layer is unpacked from is hashed: damaged, it would be refused when it is, today and always. */
static bool is_here(struct pull *p, size_t i)
{
	const struct digest *d = &p->manifest.layers[i].digest;
	char name[LAYER_NAME_SIZE];

	layer_name(&p->layers[i].chain_id, NULL, name);
	if (!blob_usable(p->st, d, NULL))
		return false;
	return !p->queue_begun || layer_is_made_from(p->st, name, d) || blob_hash(p->st, d, NULL) == 0;
}

/* Gets it, unless it is here or another command is getting it. */
static int part_start(struct pull *p, size_t i, struct err *e)
{
	const struct digest *d = &p->manifest.layers[i].digest;
	struct part *part = &p->parts[i];
	char lock[DIGEST_HEX_SIZE + 8];
	int r;

	if (is_here(p, i)) {
		part_here(p, i);
		return 0;
	}
	snprintf(lock, sizeof(lock), "blob-%s", digest_hex(d));
	r = lock_take(p->st->locks_fd, lock, 0, &part->lock_fd);
	if (r == -EAGAIN) {
		part->state = PART_LATER;
		return 0;
	}
	if (r < 0)
		return err_errno(e, -r, "lock blob %.12s", digest_hex(d));
	if (is_here(p, i)) {
		part_here(p, i);
		return 0;
	}
	return part_ask(p, i, e);
}

static int part_complete(struct pull *p, size_t i, const struct fetch_answer *a, struct err *e)
{
	const struct descriptor *d = &p->manifest.layers[i];
	char name[32], lock[DIGEST_HEX_SIZE + 8];
	struct stat st;
	int r;

	if (!digest_equal(&a->digest, &d->digest) || fstat(p->parts[i].fd, &st) < 0 || (uint64_t)st.st_size != d->size_bytes)
		return err_set(e, EBADMSG, "not the content of %s", d->digest.text);
	if (fsync(p->parts[i].fd) < 0)
		return err_errno(e, errno, "sync blob %.12s", digest_hex(&d->digest));
	blob_file(p, i, name);
	r = blob_commit(p->st, &p->staging, name, &d->digest, e);
	if (r < 0)
		return r;
	snprintf(lock, sizeof(lock), "blob-%s", digest_hex(&d->digest));
	(void)unlinkat(p->st->locks_fd, lock, 0);
	part_here(p, i);
	return 0;
}

static int part_failed(struct pull *p, size_t i, const struct fetch_answer *a, struct err *e)
{
	struct part *part = &p->parts[i];
	struct err own = a->err;
	int r = err_wrap(&own, -a->err.code, "blob %.12s", digest_hex(&p->manifest.layers[i].digest));

	if (!p->has_next) {
		if (e)
			*e = own;
		return r;
	}
	part->state = PART_LACKING;
	fd_closep(&part->fd);
	fd_closep(&part->lock_fd);
	progress_end(p->o->progress, part->item, "not there");
	if (!p->lacking) {
		p->lacking = r;
		p->lack = own;
	}
	/* one that stalls is not waited for again with each of them */
	for (size_t n = 0; r == -ETIMEDOUT && n < p->manifest.n_layers; n++)
		if (is_wanted(&p->parts[n]))
			p->parts[n].state = PART_LACKING;
	return 0;
}

static int take_answer(struct pull *p, struct err *e)
{
	struct fetch_answer a;
	int r = fetch_answer(&p->fetch, &a, e);

	if (r < 0)
		return r;
	if (a.id >= p->manifest.n_layers || p->parts[a.id].state != PART_ACTIVE)
		return err_set(e, EPROTO, "ranby-fetch gave a bad answer");
	switch (a.type) {
	case FETCH_PROGRESS:
		progress_update(p->o->progress, p->parts[a.id].item, a.bytes);
		return 0;
	case FETCH_DONE:
		return part_complete(p, a.id, &a, e);
	default:
		return part_failed(p, a.id, &a, e);
	}
}

static size_t count_active(const struct pull *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->manifest.n_layers; i++)
		n += p->parts[i].state == PART_ACTIVE;
	return n;
}

/* Starts what there is room for. *ret_left: parts that are not here yet. */
static int start_parts(struct pull *p, size_t *ret_left, struct err *e)
{
	size_t active = count_active(p), left = 0;
	int r = 0;

	for (size_t i = 0; i < p->manifest.n_layers && r == 0; i++) {
		struct part *part = &p->parts[i];

		if (is_wanted(part) && active < ACTIVE_MAX) {
			r = part_start(p, i, e);
			active += part->state == PART_ACTIVE;
		}
		left += part->state != PART_HERE && part->state != PART_LACKING;
	}
	*ret_left = left;
	return r;
}

static int wait_for_something(struct pull *p, struct err *e)
{
	struct pollfd fds[1 + LAYER_SLOTS_MAX];
	size_t n = 1;
	bool later = false;

	fds[0] = (struct pollfd){.fd = p->fetch.sock, .events = POLLIN};
	if (p->queue_begun)
		n += layer_queue_fds(&p->queue, fds + 1);
	for (size_t i = 0; i < p->manifest.n_layers; i++)
		later |= p->parts[i].state == PART_LATER;
	if (poll(fds, n, later ? LATER_POLL_MS : -1) < 0 && errno != EINTR)
		return err_errno(e, errno, "poll");
	return fds[0].revents ? take_answer(p, e) : 0;
}

static int get_layers(struct pull *p, struct err *e)
{
	size_t left = 0;
	int r = 0;

	p->parts = mem_array(p->manifest.n_layers, sizeof(*p->parts));
	if (!p->parts)
		return err_errno(e, ENOMEM, "pull");
	for (size_t i = 0; i < p->manifest.n_layers; i++)
		p->parts[i] = (struct part){.fd = -EBADF, .lock_fd = -EBADF, .item = -1};
	if (!p->o->no_unpack) {
		r = layer_queue_begin(&p->queue, p->st, p->layers, p->manifest.n_layers, NULL, p->o->progress, e);
		p->queue_begun = r == 0;
	}
	while (r == 0) {
		r = start_parts(p, &left, e);
		if (r == 0 && p->queue_begun)
			r = layer_queue_step(&p->queue, e);
		if (r < 0 || left == 0)
			break;
		r = wait_for_something(p, e);
	}
	if (r == 0 && p->queue_begun)
		r = layer_queue_finish(&p->queue, e);
	if (r == 0 && p->lacking) {
		if (e)
			*e = p->lack;
		r = p->lacking;
	}
	return r;
}

/* ---- 5 ---- */

static int commit(struct pull *p, struct image **ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	char name[REFERENCE_TEXT_SIZE];
	struct reference called = *p->ref;
	struct ref ref = {.name = name, .id = p->manifest.config.digest, .digest = p->manifest_digest,
			  .index = p->index_digest, .trust = p->trust};
	int r;

	/* the policy judged the digest, and the tag beside it is nobody's word */
	if (digest_is_set(&called.digest))
		called.tag[0] = '\0';
	reference_text(&called, name);
	r = blob_write(p->st, buf_str(&p->manifest_text), p->manifest_text.len, NULL, e);
	if (r == 0 && p->index_text.len)
		r = blob_write(p->st, buf_str(&p->index_text), p->index_text.len, NULL, e);
	if (r == 0)
		r = ref_write(p->st, &ref, e);
	if (r == 0)
		r = refs_load(p->st, &all, e);
	if (r == 0)
		r = image_load(p->st, &ref, &all, p->pin_fd, ret, e);
	if (r == 0)
		(void)TAKE_FD(p->pin_fd);
	return r;
}

static int pull_from(struct store *st, const struct reference *ref, const struct registry_place *place, bool has_next,
		     const struct pull_options *o, struct image **ret, struct err *e)
{
	_cleanup_(pull_done) struct pull p = {.st = st, .ref = ref, .o = o, .has_next = has_next, .pin_fd = -EBADF, .staging = STAGING_INIT,
					      .fetch = FETCH_CLIENT_INIT};
	int r;

	r = begin(&p, place, e);
	if (r == 0)
		r = get_manifest(&p, e);
	if (r == 0)
		r = gate_registry(&p.fetch, ref, &p.manifest_digest, &p.index_digest, o, &p.trust, e);
	if (r == 0)
		r = get_config(&p, e);
	if (r == 0)
		r = get_layers(&p, e);
	return r < 0 ? r : commit(&p, ret, e);
}

/* Whatever a mirror fails at, the next one may have it; what the last place says is the answer. */
int registry_pull(struct store *st, const struct reference *ref, const struct registries *conf,
		  const struct pull_options *o, struct image **ret, struct err *e)
{
	_cleanup_free_ struct registry_place *places = mem_array(REGISTRY_PLACES_MAX, sizeof(*places));
	_cleanup_close_ int pin = -EBADF;
	size_t n = 0;
	int r;

	if (!places)
		return err_errno(e, ENOMEM, "pull");
	r = registry_places(ref, conf, true, places, &n, e);
	/* what one place had stays until the next one has been asked for the rest */
	if (r == 0)
		r = store_pin(st, &pin, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct err own = {0};

		r = pull_from(st, ref, &places[i], i + 1 < n, o, ret, &own);
		if (r == 0)
			break;
		if (i + 1 == n) {
			if (e)
				*e = own;
			return r;
		}
		progress_say(o->progress, "Mirror %s: %s", places[i].at.domain, own.text);
		r = 0;
	}
	return r;
}
