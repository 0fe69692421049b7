/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order is the durability rule: data, then the manifest and config that
 * lead to it, then the reference that leads to them.
 */
#include "image/add.h"

#include "image/layers.h"

#include <string.h>

static int manifest_text(const struct add *a, struct buf *ret, struct err *e)
{
	struct descriptor config = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r;

	if (a->manifest) {
		buf_add(ret, buf_str(a->manifest), a->manifest->len);
	} else {
		digest_of(buf_str(a->config), a->config->len, &config.digest);
		config.size_bytes = a->config->len;
		r = manifest_write(&config, a->layers, a->n_layers, &text, &len, e);
		if (r < 0)
			return r;
		buf_add(ret, text, len);
	}
	return buf_bad(ret) ? err_errno(e, ENOMEM, "manifest") : 0;
}

static int unpack_all(struct store *st, const struct image_layer *layers, size_t n, struct progress *progress, struct err *e)
{
	struct layer_queue q;
	int r = layer_queue_begin(&q, st, layers, n, NULL, progress, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		layer_queue_ready(&q, i, -1);
	r = layer_queue_finish(&q, e);
	layer_queue_end(&q);
	return r;
}

/* Everything that the reference will mean is checked before it is written. */
static int check_and_unpack(struct store *st, const struct add *a, const struct buf *manifest, struct err *e)
{
	_cleanup_(image_config_freep) struct image_config *config = NULL;
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_free_ struct image_layer *layers = NULL;
	struct digest id;
	int r;

	digest_of(buf_str(a->config), a->config->len, &id);
	r = image_config_parse(buf_str(a->config), a->config->len, &config, e);
	if (r == 0)
		r = manifest_parse(buf_str(manifest), manifest->len, NULL, &m, e);
	if (r == 0 && !digest_equal(&m.config.digest, &id))
		r = err_set(e, EINVAL, "the manifest is of another image config");
	if (r == 0)
		r = image_plan_layers(&m, config, &layers, e);
	if (r == 0 && !a->no_unpack)
		r = unpack_all(st, layers, m.n_layers, a->progress, e);
	return r;
}

static int write_refs(struct store *st, const struct add *a, struct ref *ref, struct ref *ret_first, struct err *e)
{
	_cleanup_(ref_done) struct ref nameless = {0};
	int r = 0;

	if (a->no_ref)
		return ref_nameless(ref, ret_first, e);
	for (size_t i = 0; i < a->names->n && r == 0; i++) {
		ref->name = a->names->items[i];
		r = ref_write(st, ref, e);
	}
	if (r == 0 && a->names->n == 0) {
		r = ref_nameless(ref, &nameless, e);
		if (r == 0)
			r = ref_write(st, &nameless, e);
	}
	if (r < 0)
		return r;
	*ret_first = a->names->n ? *ref : nameless;
	ret_first->name = strdup(a->names->n ? a->names->items[0] : nameless.name);
	ret_first->trust = ref->trust ? strdup(ref->trust) : NULL;
	return ret_first->name && (ret_first->trust || !ref->trust) ? 0 : err_errno(e, ENOMEM, "image");
}

int add_image(struct store *st, const struct add *a, int *pin_fd, struct image **ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_(ref_done) struct ref first = {0};
	_cleanup_(buf_done) struct buf manifest = BUF_INIT;
	struct ref ref = {.trust = (char *)(uintptr_t)a->trust};
	int r;

	r = manifest_text(a, &manifest, e);
	if (r == 0)
		r = check_and_unpack(st, a, &manifest, e);
	if (r == 0)
		r = blob_write(st, buf_str(a->config), a->config->len, &ref.id, e);
	if (r == 0)
		r = blob_write(st, buf_str(&manifest), manifest.len, &ref.digest, e);
	if (r == 0)
		r = write_refs(st, a, &ref, &first, e);
	if (r == 0)
		r = refs_load(st, &all, e);
	if (r == 0)
		r = image_load(st, &first, &all, *pin_fd, ret, e);
	if (r == 0)
		*pin_fd = -EBADF;
	return r;
}
