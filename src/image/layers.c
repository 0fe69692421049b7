/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A layer is made in a staging directory ("layer/diff" and "layer/layer.json"),
 * by a worker that also syncs it, and appears under its chain id by one
 * rename: layers/HEX is complete or not there. Its lock lies in locks/ and is
 * removed by the one who made the layer.
 *
 * Layers do not depend on each other (overlayfs stacks them later), so as many
 * are unpacked at once as there are processors, up to LAYER_SLOTS_MAX.
 *
 * No deadlock: a busy lock is waited for only when nothing of our own runs.
 */
#include "image/layers.h"

#include "sys/idmap.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LAYER_JSON "layer.json"
#define LAYER_JSON_MAX 4096
#define OPAQUE_ROOT "opaque-root" /* a file beside "diff": no layer below is stacked */

void layer_name(const struct digest *chain_id, const struct id_map *map, char ret[static LAYER_NAME_SIZE])
{
	char hash[ID_MAP_HASH_LEN + 1] = "";

	if (map)
		id_map_hash(map, hash);
	snprintf(ret, LAYER_NAME_SIZE, "%s%s%s", digest_hex(chain_id), map ? "@" : "", hash);
}

bool layer_exists(struct store *st, const char *name)
{
	struct stat s;

	return fstatat(st->layers_fd, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(s.st_mode);
}

/* What was noted when it was made, for the caller to put; NULL: nothing. */
static struct json_object *read_layer_json(struct store *st, const char *name)
{
	char path[LAYER_NAME_SIZE + sizeof("/" LAYER_JSON)];
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *o = NULL;

	snprintf(path, sizeof(path), "%s/" LAYER_JSON, name);
	if (path_own_read(st->layers_fd, path, LAYER_JSON_MAX, &b) < 0 || json_parse(buf_str(&b), b.len, "layer", &o, NULL) < 0)
		return NULL;
	return o;
}

uint64_t layer_bytes(struct store *st, const struct digest *chain_id)
{
	_cleanup_json_ struct json_object *o = read_layer_json(st, digest_hex(chain_id));
	int64_t n = o ? json_int(o, "bytes") : 0;

	return n > 0 ? (uint64_t)n : 0;
}

bool layer_is_made_from(struct store *st, const char *name, const struct digest *blob)
{
	_cleanup_json_ struct json_object *o = read_layer_json(st, name);

	return o && strcmp(json_str(o, "blob"), blob->text) == 0;
}

int layer_queue_begin(struct layer_queue *q, struct store *st, const struct image_layer *layers, size_t n,
		      const struct id_map *map, struct progress *progress, struct err *e)
{
	cpu_set_t cpus;
	int count = 1;

	*q = (struct layer_queue){.st = st, .layers = layers, .n = n, .map = map, .progress = progress};
	for (size_t i = 0; i < LAYER_SLOTS_MAX; i++)
		q->slots[i] = (struct layer_slot){.staging = STAGING_INIT, .lock_fd = -EBADF, .job = UNPACK_JOB_INIT};
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = CPU_COUNT(&cpus);
	q->n_slots = count < 1 ? 1 : count > LAYER_SLOTS_MAX ? LAYER_SLOTS_MAX : (size_t)count;
	q->states = mem_array(n, sizeof(*q->states));
	q->items = mem_array(n, sizeof(*q->items));
	if (!q->states || !q->items) {
		layer_queue_end(q);
		return err_errno(e, ENOMEM, "layers");
	}
	return 0;
}

void layer_queue_ready(struct layer_queue *q, size_t index, int item)
{
	q->items[index] = item;
	q->states[index] = LAYER_READY;
}

static void slot_clear(struct layer_slot *s)
{
	unpack_job_done(&s->job);
	staging_done(&s->staging);
	fd_closep(&s->lock_fd);
	s->used = s->compare = false;
}

void layer_queue_end(struct layer_queue *q)
{
	for (size_t i = 0; i < LAYER_SLOTS_MAX; i++)
		if (q->slots[i].used)
			slot_clear(&q->slots[i]);
	free(q->states);
	free(q->items);
	q->states = NULL;
	q->items = NULL;
}

static void show_start(struct layer_queue *q, const char *what, size_t i)
{
	char label[PROGRESS_LABEL_SIZE];

	snprintf(label, sizeof(label), "%s layer %.12s", what, digest_hex(&q->layers[i].blob));
	if (q->items[i] >= 0)
		progress_phase(q->progress, q->items[i], label, q->layers[i].blob_bytes);
	else
		q->items[i] = progress_item(q->progress, label, q->layers[i].blob_bytes);
}

static int start_worker(struct layer_queue *q, struct layer_slot *s, struct err *e)
{
	const struct image_layer *layer = &q->layers[s->index];
	_cleanup_close_ int blob = -EBADF, diff = -EBADF;
	int keeper = -EBADF, r;

	r = blob_open(q->st, &layer->blob, &blob, e);
	if (r == 0)
		r = store_keeper(q->st, &keeper, e);
	if (r == 0)
		r = staging_begin(q->st, &s->staging, e);
	if (r < 0)
		return r;
	r = path_own_mkdirs(s->staging.dirfd, "layer/diff", &diff);
	if (r < 0)
		return err_errno(e, -r, "make the layer's directory");
	return unpack_start_layer(&s->job, blob, diff, q->map, keeper, e);
}

/* The layer is there. */
static int start_compare(struct layer_queue *q, struct layer_slot *s, struct err *e)
{
	const struct digest *blob = &q->layers[s->index].blob;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (layer_is_made_from(q->st, s->name, blob)) {
		q->states[s->index] = LAYER_MADE;
		return 0;
	}
	s->used = s->compare = true;
	show_start(q, "Comparing", s->index);
	r = blob_open(q->st, blob, &fd, e);
	if (r == 0)
		r = unpack_start_digest(&s->job, fd, e);
	if (r < 0)
		slot_clear(s);
	else
		q->states[s->index] = LAYER_RUNNING;
	return r < 0 ? err_wrap(e, r, "layer %.12s", digest_hex(blob)) : 0;
}

/* Takes the layer's lock and starts its worker. 0 also when another command has the lock (LAYER_BUSY) or has made it. */
static int start_layer(struct layer_queue *q, struct layer_slot *s, size_t i, int timeout_ms, struct err *e)
{
	char lock[LAYER_NAME_SIZE + 8];
	int r;

	s->index = i;
	layer_name(&q->layers[i].chain_id, q->map, s->name);
	if (layer_exists(q->st, s->name))
		return start_compare(q, s, e);
	snprintf(lock, sizeof(lock), "layer-%s", s->name);
	r = lock_take(q->st->locks_fd, lock, timeout_ms, &s->lock_fd);
	if (r == -EAGAIN) {
		q->states[i] = LAYER_BUSY;
		return 0;
	}
	if (r < 0)
		return err_errno(e, -r, "lock layer %s", s->name);
	if (layer_exists(q->st, s->name)) {
		fd_closep(&s->lock_fd);
		return start_compare(q, s, e);
	}
	s->used = true;
	show_start(q, "Unpacking", i);
	r = start_worker(q, s, e);
	if (r < 0)
		slot_clear(s);
	else
		q->states[i] = LAYER_RUNNING;
	return r < 0 ? err_wrap(e, r, "layer %.12s", digest_hex(&q->layers[i].blob)) : 0;
}

static int write_layer_json(const struct layer_slot *s, const struct image_layer *layer, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_close_ int dir = -EBADF;
	const char *text;
	size_t len;
	int r = 0;

	if (!o)
		return err_errno(e, ENOMEM, LAYER_JSON);
	r |= json_add_str(o, "diffId", layer->diff_id.text);
	r |= json_add_str(o, "blob", layer->blob.text);
	r |= json_add_u64(o, "bytes", s->job.done.file_bytes);
	r |= json_add_u64(o, "entries", s->job.done.entries);
	r |= json_add_u64(o, "devicesSkipped", s->job.done.devices_skipped);
	r |= json_add_u64(o, "xattrsDropped", s->job.done.xattrs_dropped);
	r |= json_add_u64(o, "ownersSquashed", s->job.done.owners_squashed);
	text = r == 0 ? json_text(o, &len) : NULL;
	if (!text)
		return err_errno(e, ENOMEM, LAYER_JSON);
	r = path_own_open(s->staging.dirfd, "layer", O_RDONLY | O_DIRECTORY, 0, &dir);
	if (r == 0 && s->job.done.opaque_root)
		r = path_own_write(dir, OPAQUE_ROOT, "", 0, 0600, PATH_SYNC_FULL);
	if (r == 0)
		r = path_own_write(dir, LAYER_JSON, text, len, 0600, PATH_SYNC_FULL);
	return r < 0 ? err_errno(e, -r, "write " LAYER_JSON) : 0;
}

static int put_layer(struct layer_queue *q, struct layer_slot *s, struct err *e)
{
	const struct image_layer *layer = &q->layers[s->index];
	char lock[LAYER_NAME_SIZE + 8];
	int r;

	r = write_layer_json(s, layer, e);
	if (r < 0)
		return r;
	if (renameat(s->staging.dirfd, "layer", q->st->layers_fd, s->name) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return err_errno(e, errno, "put it in place");
	if (fsync(q->st->layers_fd) < 0)
		return err_errno(e, errno, "sync");
	snprintf(lock, sizeof(lock), "layer-%s", s->name);
	(void)unlinkat(q->st->locks_fd, lock, 0);
	q->squashed += s->job.done.owners_squashed;
	q->devices += s->job.done.devices_skipped;
	return 0;
}

static int commit_layer(struct layer_queue *q, struct layer_slot *s, struct err *e)
{
	const struct image_layer *layer = &q->layers[s->index];
	int r = 0;

	if (!digest_equal(&s->job.done.digest, &layer->diff_id))
		return err_set(e, EBADMSG, "its content is %s, the image config says %s", s->job.done.digest.text,
			       layer->diff_id.text);
	if (!s->compare)
		r = put_layer(q, s, e);
	if (r < 0)
		return r;
	q->states[s->index] = LAYER_MADE;
	progress_end(q->progress, q->items[s->index], "done");
	return 0;
}

/* One answer of a running worker. */
static int step_slot(struct layer_queue *q, struct layer_slot *s, struct err *e)
{
	int r = unpack_step(&s->job, e);

	if (r > 0) {
		progress_update(q->progress, q->items[s->index], s->job.in_bytes);
		return 0;
	}
	if (r == 0)
		r = commit_layer(q, s, e);
	slot_clear(s);
	return r < 0 ? err_wrap(e, r, "layer %.12s", digest_hex(&q->layers[s->index].blob)) : 0;
}

static struct layer_slot *free_slot(struct layer_queue *q)
{
	for (size_t i = 0; i < q->n_slots; i++)
		if (!q->slots[i].used)
			return &q->slots[i];
	return NULL;
}

static int start_ready(struct layer_queue *q, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < q->n && r == 0; i++) {
		struct layer_slot *s;

		if (q->states[i] != LAYER_READY)
			continue;
		s = free_slot(q);
		if (!s)
			break;
		r = start_layer(q, s, i, 0, e);
		if (r == 0 && q->states[i] == LAYER_MADE)
			progress_end(q->progress, q->items[i], "done");
	}
	return r;
}

size_t layer_queue_fds(const struct layer_queue *q, struct pollfd fds[static LAYER_SLOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < LAYER_SLOTS_MAX; i++)
		if (q->slots[i].used)
			fds[n++] = (struct pollfd){.fd = q->slots[i].job.answer_fd, .events = POLLIN};
	return n;
}

static int step_slots(struct layer_queue *q, int timeout_ms, struct err *e)
{
	struct pollfd fds[LAYER_SLOTS_MAX];
	size_t n = layer_queue_fds(q, fds);
	int r = 0;

	if (n == 0)
		return 0;
	if (poll(fds, n, timeout_ms) < 0)
		return errno == EINTR ? 0 : err_errno(e, errno, "poll");
	for (size_t i = 0; i < LAYER_SLOTS_MAX && r == 0; i++)
		for (size_t k = 0; k < n && r == 0; k++)
			if (q->slots[i].used && fds[k].revents && fds[k].fd == q->slots[i].job.answer_fd) {
				fds[k].revents = 0;
				r = step_slot(q, &q->slots[i], e);
			}
	return r;
}

int layer_queue_step(struct layer_queue *q, struct err *e)
{
	int r = step_slots(q, 0, e);

	return r < 0 ? r : start_ready(q, e);
}

static bool any(const struct layer_queue *q, enum layer_state state, size_t *ret_index)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->states[i] == state) {
			*ret_index = i;
			return true;
		}
	return false;
}

int layer_queue_finish(struct layer_queue *q, struct err *e)
{
	size_t i;
	int r = 0;

	for (;;) {
		r = start_ready(q, e);
		if (r < 0)
			return r;
		if (any(q, LAYER_RUNNING, &i)) {
			r = step_slots(q, -1, e);
		} else if (any(q, LAYER_BUSY, &i)) {
			progress_say(q->progress, "Waiting for another command that unpacks layer %.12s",
				     digest_hex(&q->layers[i].blob));
			r = start_layer(q, &q->slots[0], i, -1, e);
		} else {
			break;
		}
		if (r < 0)
			return r;
	}
	if (q->squashed)
		progress_say(q->progress,
			     "Notice: %llu files have other owners than root in the image; this user has no subordinate ids, "
			     "so all of them are root's here",
			     (unsigned long long)q->squashed);
	return 0;
}

static bool has_opaque_root(struct store *st, const char *name)
{
	char path[LAYER_NAME_SIZE + sizeof("/" OPAQUE_ROOT)];
	struct stat s;

	snprintf(path, sizeof(path), "%s/" OPAQUE_ROOT, name);
	return fstatat(st->layers_fd, path, &s, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Index of the lowest layer to stack. */
static size_t first_layer(struct store *st, const struct image *img, const struct id_map *map)
{
	char name[LAYER_NAME_SIZE];

	for (size_t i = img->n_layers; i-- > 1;) {
		layer_name(&img->layers[i].chain_id, map, name);
		if (has_opaque_root(st, name))
			return i;
	}
	return 0;
}

int store_layers(struct store *st, const struct image *img, const struct id_map *map, struct progress *progress,
		 struct strv *ret, struct err *e)
{
	char name[LAYER_NAME_SIZE];
	struct layer_queue q;
	bool missing = false;
	int r = 0;

	for (size_t i = 0; i < img->n_layers && !missing; i++) {
		layer_name(&img->layers[i].chain_id, map, name);
		missing = !layer_exists(st, name);
	}
	if (missing) {
		staging_sweep(st);
		r = layer_queue_begin(&q, st, img->layers, img->n_layers, map, progress, e);
		if (r < 0)
			return r;
		for (size_t i = 0; i < img->n_layers; i++)
			layer_queue_ready(&q, i, -1);
		r = layer_queue_finish(&q, e);
		layer_queue_end(&q);
	}
	for (size_t i = r == 0 ? first_layer(st, img, map) : 0; i < img->n_layers && r == 0; i++) {
		layer_name(&img->layers[i].chain_id, map, name);
		if (strv_addf(ret, "layers/%s/diff", name) < 0)
			r = err_errno(e, ENOMEM, "layers");
	}
	return r;
}
