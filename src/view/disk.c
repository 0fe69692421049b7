/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What could be reclaimed is what the prune commands would take: images that
 * no container uses, containers that do not run, volumes that none mounts.
 * A layer of several images is counted once in the sum, and as shared in each.
 */
#include "view/disk.h"

#include "base/clock.h"
#include "base/size.h"
#include "oci/image_config.h"
#include "view/ps.h"

#include <stdio.h>
#include <string.h>

#define DIGITS 4

int disk_read(struct engine *eng, struct store *st, struct disk *ret, struct err *e)
{
	int r = store_list(st, &ret->images, NULL, e);

	ret->st = st;
	if (r == 0)
		r = container_list(eng, &ret->containers, e);
	if (r == 0)
		r = volume_list(eng, &ret->volumes, e);
	if (r == 0)
		r = store_copies(st, &ret->copies, e);
	for (size_t i = 0; r == 0 && i < ret->containers.n; i++)
		if (usage_add_container(&ret->usage, eng, ret->containers.items[i]) < 0)
			r = err_errno(e, ENOMEM, "sizes");
	for (size_t i = 0; r == 0 && i < ret->volumes.n; i++)
		if (usage_add_volume(&ret->usage, eng, ret->volumes.items[i].name) < 0)
			r = err_errno(e, ENOMEM, "sizes");
	if (r == 0 && (usage_add_dir(&ret->usage, eng, ENGINE_BUILD_CACHE) < 0 || usage_add_dir(&ret->usage, eng, ENGINE_BUILD_MOUNTS) < 0))
		r = err_errno(e, ENOMEM, "sizes");
	return r == 0 ? usage_measure(eng, &ret->usage, e) : r;
}

void disk_done(struct disk *d)
{
	image_list_done(&d->images);
	container_list_done(&d->containers);
	volume_list_done(&d->volumes);
	store_copies_done(&d->copies);
	usage_done(&d->usage);
}

/* ---- who uses what ---- */

static int users_of_image(const struct disk *d, const struct image *img)
{
	int n = 0;

	for (size_t i = 0; i < d->containers.n; i++)
		n += strcmp(json_str(d->containers.items[i]->spec, "image.id"), img->id) == 0;
	return n;
}

static int users_of_volume(const struct disk *d, const char *name)
{
	int n = 0;

	for (size_t i = 0; (i = volume_user(&d->containers, i, name)) < d->containers.n; i++)
		n++;
	return n;
}

static int volumes_of(const struct disk *d, const struct container *c)
{
	struct container *one = (struct container *)(uintptr_t)c;
	const struct container_list l = {.items = &one, .n = 1};
	int n = 0;

	for (size_t i = 0; i < d->volumes.n; i++)
		n += volume_user(&l, 0, d->volumes.items[i].name) < l.n;
	return n;
}

static bool has_layer(const struct image *img, const struct digest *chain)
{
	for (size_t i = 0; i < img->n_layers; i++)
		if (strcmp(img->layers[i].chain_id.text, chain->text) == 0)
			return true;
	return false;
}

/* Of the images before `end`, has one this layer? */
static bool is_seen(const struct disk *d, size_t end, size_t self, const struct digest *chain)
{
	for (size_t i = 0; i < end; i++)
		if (i != self && has_layer(d->images.items[i], chain))
			return true;
	return false;
}

static uint64_t shared_bytes(const struct disk *d, size_t which)
{
	const struct image *img = d->images.items[which];
	uint64_t sum = 0;

	for (size_t i = 0; i < img->n_layers; i++)
		if (is_seen(d, d->images.n, which, &img->layers[i].chain_id))
			sum += store_layer_bytes(d->st, &img->layers[i]);
	return sum;
}

/* What of it no image before it has. */
static uint64_t new_bytes(const struct disk *d, size_t which)
{
	const struct image *img = d->images.items[which];
	uint64_t sum = 0;

	for (size_t i = 0; i < img->n_layers; i++)
		if (!is_seen(d, which, which, &img->layers[i].chain_id))
			sum += store_layer_bytes(d->st, &img->layers[i]);
	return sum;
}

/* ---- the summary ---- */

struct sum {
	const char *type;
	int64_t total, active;
	uint64_t bytes, reclaimable;
};

static int add_sum(struct json_object *rows, const struct sum *s)
{
	struct json_object *o = json_object_new_object();
	char size[SIZE_TEXT_SIZE], text[SIZE_TEXT_SIZE + 16];
	uint64_t percent = s->bytes ? (s->reclaimable * 100 + s->bytes / 2) / s->bytes : 0;

	if (json_append(rows, o) < 0)
		return -ENOMEM;
	(void)size_text(s->reclaimable, DIGITS, "", size);
	snprintf(text, sizeof(text), "%s (%llu%%)", size, (unsigned long long)percent);
	if (json_add_str(o, "Type", s->type) < 0 || json_add_int(o, "Total", s->total) < 0 || json_add_int(o, "Active", s->active) < 0 ||
	    json_add_str(o, "Size", size_text(s->bytes, DIGITS, "", size)) < 0 || json_add_str(o, "Reclaimable", text) < 0 ||
	    json_add_u64(o, "RawSize", s->bytes) < 0 || json_add_u64(o, "RawReclaimable", s->reclaimable) < 0)
		return -ENOMEM;
	return 0;
}

static struct sum sum_images(const struct disk *d)
{
	struct sum s = {.type = "Images", .total = (int64_t)d->images.n};

	for (size_t i = 0; i < d->images.n; i++) {
		uint64_t bytes = new_bytes(d, i);
		bool used = users_of_image(d, d->images.items[i]) > 0;

		s.active += used;
		s.bytes += bytes;
		/* no prune takes a shared store's */
		s.reclaimable += used || d->images.items[i]->is_read_only ? 0 : d->images.items[i]->size_bytes - shared_bytes(d, i);
	}
	return s;
}

static struct sum sum_containers(const struct disk *d)
{
	struct sum s = {.type = "Containers", .total = (int64_t)d->containers.n};

	for (size_t i = 0; i < d->containers.n; i++) {
		bool runs = d->containers.items[i]->pid > 0;

		s.active += runs;
		s.bytes += d->usage.bytes[i];
		s.reclaimable += runs ? 0 : d->usage.bytes[i];
	}
	return s;
}

static struct sum sum_volumes(const struct disk *d)
{
	struct sum s = {.type = "Local Volumes", .total = (int64_t)d->volumes.n};

	for (size_t i = 0; i < d->volumes.n; i++) {
		uint64_t bytes = d->usage.bytes[d->containers.n + i];
		bool used = users_of_volume(d, d->volumes.items[i].name) > 0;

		s.active += used;
		s.bytes += bytes;
		s.reclaimable += used ? 0 : bytes;
	}
	return s;
}

static bool copy_is_used(const struct disk *d, const char *name)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		struct json_object *layers = json_at(d->containers.items[i]->spec, "image.layers");

		for (size_t k = 0; layers && k < json_object_array_length(layers); k++)
			if (strstr(json_object_get_string(json_object_array_get_idx(layers, k)), name))
				return true;
	}
	return false;
}

static struct sum sum_copies(const struct disk *d)
{
	struct sum s = {.type = "Owned Layers", .total = (int64_t)d->copies.n};

	for (size_t i = 0; i < d->copies.n; i++) {
		bool used = copy_is_used(d, d->copies.items[i].name);

		s.active += used;
		s.bytes += d->copies.items[i].bytes;
		s.reclaimable += used ? 0 : d->copies.items[i].bytes;
	}
	return s;
}

/* The layers that its steps made are images, and counted there. */
static struct sum sum_builds(const struct disk *d)
{
	const uint64_t entries = d->usage.bytes[d->usage.n - 2], mounts = d->usage.bytes[d->usage.n - 1];
	struct sum s = {.type = "Build Cache", .total = (entries > 0) + (mounts > 0), .bytes = entries + mounts};

	s.reclaimable = s.bytes;
	return s;
}

int disk_summary(const struct disk *d, struct json_object *rows)
{
	const struct sum sums[] = {sum_images(d), sum_containers(d), sum_volumes(d), sum_copies(d), sum_builds(d)};
	int r = 0;

	/* podman has three; the others are only there when there is any such */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sums); i++)
		if (i < 3 || sums[i].total)
			r = add_sum(rows, &sums[i]);
	return r;
}

/* ---- each of them ---- */

static int add_size(struct json_object *o, const char *key, uint64_t bytes)
{
	char text[SIZE_TEXT_SIZE];

	return json_add_str(o, key, size_text(bytes, DIGITS, "", text));
}

static int add_image(const struct disk *d, size_t which, const char *name, struct json_object *rows)
{
	const struct image *img = d->images.items[which];
	struct json_object *o = json_object_new_object();
	const char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');
	int len = colon && (!slash || colon > slash) ? (int)(colon - name) : (int)strlen(name);
	struct timespec created = CLOCK_NEVER, now = clock_now();
	char repository[512], id[16], ago[CLOCK_TEXT_SIZE];
	uint64_t shared = shared_bytes(d, which);

	if (json_append(rows, o) < 0)
		return -ENOMEM;
	snprintf(repository, sizeof(repository), "%.*s", len, name);
	snprintf(id, sizeof(id), "%.12s", img->id);
	if (img->config->created)
		(void)!clock_parse_rfc3339(img->config->created, &created);
	(void)clock_human(now.tv_sec - created.tv_sec, ago);
	if (json_add_str(o, "Repository", repository) < 0 || json_add_str(o, "Tag", name[len] ? name + len + 1 : "<none>") < 0 ||
	    json_add_str(o, "ImageID", id) < 0 || json_add_str(o, "Created", ago) < 0 || add_size(o, "Size", img->size_bytes) < 0 ||
	    add_size(o, "SharedSize", shared) < 0 || add_size(o, "UniqueSize", img->size_bytes - shared) < 0 ||
	    json_add_int(o, "Containers", users_of_image(d, img)) < 0)
		return -ENOMEM;
	return 0;
}

int disk_images(const struct disk *d, struct json_object *rows)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->images.n; i++) {
		const struct strv *names = &d->images.items[i]->names;

		for (size_t k = 0; r == 0 && k < names->n; k++)
			r = add_image(d, i, names->items[k], rows);
		if (r == 0 && names->n == 0)
			r = add_image(d, i, "<none>", rows);
	}
	return r;
}

int disk_containers(const struct disk *d, struct json_object *rows)
{
	struct timespec now = clock_now();
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->containers.n; i++) {
		const struct container *c = d->containers.items[i];
		struct json_object *o = NULL;
		char image[16], ago[CLOCK_TEXT_SIZE];

		r = ps_row(c, PS_ALL_FIELDS, false, &now, &o);
		if (r == 0 && json_append(rows, o) < 0)
			return -ENOMEM;
		snprintf(image, sizeof(image), "%.12s", json_str(c->spec, "image.id"));
		(void)clock_human(now.tv_sec - json_int(c->spec, "createdNs") / 1000000000, ago);
		if (r == 0 && (json_add_str(o, "ContainerID", json_str(o, "ID")) < 0 || json_add_str(o, "Image", image) < 0 ||
			       json_add_int(o, "LocalVolumes", volumes_of(d, c)) < 0 || add_size(o, "Size", d->usage.bytes[i]) < 0 ||
			       json_add_str(o, "Created", ago) < 0 || json_add_str(o, "Status", container_status_word(c->status)) < 0))
			r = -ENOMEM;
	}
	return r;
}

int disk_volumes(const struct disk *d, struct json_object *rows)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->volumes.n; i++) {
		struct json_object *o = json_object_new_object();
		const char *name = d->volumes.items[i].name;

		if (json_append(rows, o) < 0 || json_add_str(o, "VolumeName", name) < 0 ||
		    json_add_int(o, "Links", users_of_volume(d, name)) < 0 || add_size(o, "Size", d->usage.bytes[d->containers.n + i]) < 0)
			r = -ENOMEM;
	}
	return r;
}
