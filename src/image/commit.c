/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The layer is made by assemble.h. From there all is as for any image that is
 * brought in (add.h): the layer is unpacked from the blob, and checked, before
 * the name is written.
 */
#include "image/commit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "image/add.h"
#include "image/assemble.h"
#include "image/change.h"
#include "image/pull.h"
#include "oci/index.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <string.h>

/* The array at `key` of `o`, made where it is not there. */
static struct json_object *array_at(struct json_object *o, const char *key)
{
	struct json_object *a = json_at(o, key);

	if (a && json_object_is_type(a, json_type_array))
		return a;
	a = json_object_new_array();
	return a && json_add(o, key, a) == 0 ? a : NULL;
}

static int add_history(struct json_object *o, const char *created, const struct commit_options *c)
{
	struct json_object *list = array_at(o, "history"), *one = json_object_new_object();

	if (!list || !one || json_append(list, one) < 0 || json_add_str(one, "created", created) < 0 ||
	    (c->created_by && json_add_str(one, "created_by", c->created_by) < 0) ||
	    (c->author && json_add_str(one, "author", c->author) < 0) ||
	    (c->message && json_add_str(one, "comment", c->message) < 0))
		return -ENOMEM;
	return 0;
}

static int make_config(const struct digest *diff_id, const struct commit_options *c, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const struct timespec now = clock_now();
	struct json_object *rootfs, *ids;
	char created[CLOCK_TEXT_SIZE];
	size_t len;
	int r = change_apply_all(c->config, c->changes, e);

	if (r < 0)
		return r;
	if (json_object_deep_copy(c->base->json, &o, NULL) < 0)
		return err_errno(e, ENOMEM, "image config");
	clock_rfc3339(&now, CLOCK_UTC, created);
	/* docker's words about how the base was made */
	json_object_object_del(o, "container_config");
	json_object_object_del(o, "container");
	rootfs = json_at(o, "rootfs");
	ids = rootfs ? array_at(rootfs, "diff_ids") : NULL;
	if (!ids || json_add_str(o, "created", created) < 0 || (c->author && json_add_str(o, "author", c->author) < 0) ||
	    json_add(o, "config", json_object_get(c->config)) < 0 || json_append_str(ids, diff_id->text) < 0 ||
	    add_history(o, created, c) < 0)
		return err_errno(e, ENOMEM, "image config");
	buf_adds(ret, json_text(o, &len));
	return buf_bad(ret) ? err_errno(e, ENOMEM, "image config") : 0;
}

int commit_image(struct store *st, commit_pack_fn pack, void *ctx, const char *name, const struct commit_options *o, struct image **ret,
		 struct err *e)
{
	size_t n = o->base->n_layers;
	_cleanup_free_ struct descriptor *layers = NULL;
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_(buf_done) struct buf config = BUF_INIT;
	_cleanup_close_ int pin = -EBADF;
	struct add a = {.config = &config, .n_layers = n + 1, .names = &names};
	int r = name ? import_full_name(name, &names, e) : 0;

	if (r == 0)
		r = assemble_layers_of(o->base, 1, &layers, e);
	if (r < 0)
		return r;
	a.layers = layers;
	r = store_pin(st, &pin, e);
	if (r == 0)
		r = assemble_layer(st, pack, ctx, &layers[n], e);
	if (r == 0)
		r = make_config(&layers[n].digest, o, &config, e);
	if (r < 0)
		return r;
	return add_image(st, &a, &pin, ret, e);
}
