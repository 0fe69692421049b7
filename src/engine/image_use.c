/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/image_use.h"

#include "engine/attest.h"
#include "engine/storage.h"
#include "image/store.h"

#include <stdio.h>
#include <string.h>

/* Once for each container, though it may mount the image that it was made of. */
static int add_use(struct strv *uses, const char *image, const char *container, struct err *e)
{
	_cleanup_free_ char *use = NULL;

	if (!*image)
		return 0;
	if (asprintf(&use, "%s=%s", image, container) < 0)
		return err_errno(e, ENOMEM, "containers");
	if (strv_find(uses, use) >= 0)
		return 0;
	return strv_consume(uses, TAKE_PTR(use)) < 0 ? err_errno(e, ENOMEM, "containers") : 0;
}

/* A container's image may be one that only an index leads to. */
static int add_indexes(struct engine *eng, struct strv *uses, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	int r = uses->n ? storage_open(eng, &st, e) : 0;

	return r < 0 || !st ? r : store_index_uses(st, uses, e);
}

int image_uses(void *ctx, struct strv *uses, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(ctx, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct json_object *mounts = json_at(l.items[i]->spec, "config.mounts");

		r = add_use(uses, json_str(l.items[i]->spec, "image.id"), l.items[i]->id, e);
		for (size_t k = 0; r == 0 && mounts && k < json_object_array_length(mounts); k++)
			r = add_use(uses, json_str(json_object_array_get_idx(mounts, k), "image"), l.items[i]->id, e);
	}
	return r < 0 ? r : add_indexes(ctx, uses, e);
}

int image_layers_used(void *ctx, struct strv *texts, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(ctx, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct json_object *layers = json_at(l.items[i]->spec, "image.layers"), *mounts = json_at(l.items[i]->spec, "config.mounts");

		if (layers && strv_add(texts, json_text(layers, NULL)) < 0)
			r = err_errno(e, ENOMEM, "containers");
		if (r == 0 && mounts && strv_add(texts, json_text(mounts, NULL)) < 0)
			r = err_errno(e, ENOMEM, "containers");
	}
	return r;
}

/* What names the image of `c` and nothing else of anybody's; NULL: nothing does. */
static const char *own_name(struct store *st, const struct container *c)
{
	_cleanup_(image_freep) struct image *by_name = NULL, *by_id = NULL;
	const char *id = json_str(c->spec, "image.id"), *name = json_str(c->spec, "image.reference");

	if (store_resolve(st, name, &by_name, NULL) == 0 && strcmp(by_name->id, id) == 0)
		return name;
	/* the name means another image by now; other names were given for other ends */
	if (store_resolve(st, id, &by_id, NULL) == 0 && by_id->names.n == 0 && by_id->repo_digests.n == 0)
		return id;
	return NULL;
}

int image_remove_unused(struct engine *eng, const struct container *c, struct err *e)
{
	_cleanup_(store_removed_done) struct store_removed removed = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(strv_done) struct strv uses = {0};
	const char *text;
	int r;

	if (!*json_str(c->spec, "image.id"))
		return 0;
	r = storage_open(eng, &st, e);
	if (r < 0)
		return r;
	text = own_name(st, c);
	if (!text)
		return 0;
	r = image_uses(eng, &uses, e);
	if (r == 0)
		r = store_remove(st, text, false, &uses, &removed, e);
	if (r == -EBUSY || r == -ENOENT || r == -EROFS) {
		err_clear(e);
		return 0;
	}
	return attest_image(eng, AUDIT_VERB_RMI, text, NULL, r, e);
}
