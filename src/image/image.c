/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * From a reference to a struct image: read the manifest and the config by
 * their digests (which are checked again), and compute the chain ids. It is
 * some ten microseconds of hashing, less than reading a cache of it would be.
 */
#include "image/store_private.h"

#include <stdio.h>
#include <string.h>

struct image *image_free(struct image *img)
{
	if (!img)
		return NULL;
	free(img->name);
	strv_done(&img->names);
	strv_done(&img->repo_digests);
	image_config_free(img->config);
	json_object_put(img->trust);
	free(img->layers);
	fd_closep(&img->pin_fd);
	free(img);
	return NULL;
}

int image_plan_layers(const struct manifest *m, const struct image_config *c, struct image_layer **ret_layers, struct err *e)
{
	struct image_layer *layers;

	if (m->n_layers != c->n_diff_ids)
		return err_set(e, EINVAL, "the manifest has %zu layers, the image config %zu", m->n_layers, c->n_diff_ids);
	layers = mem_array(m->n_layers, sizeof(*layers));
	if (!layers)
		return err_errno(e, ENOMEM, "layers");
	for (size_t i = 0; i < m->n_layers; i++) {
		layers[i].blob = m->layers[i].digest;
		layers[i].blob_bytes = m->layers[i].size_bytes;
		layers[i].media_type = m->layers[i].type->text;
		layers[i].diff_id = c->diff_ids[i];
		image_chain_id(i ? &layers[i - 1].chain_id : NULL, &c->diff_ids[i], &layers[i].chain_id);
	}
	*ret_layers = layers;
	return 0;
}

static int add_repo_digest(struct image *img, const char *repository, const struct digest *d)
{
	_cleanup_free_ char *text = NULL;
	size_t len = strlen(repository) + 1 + sizeof(d->text);

	text = malloc(len);
	if (!text)
		return -ENOMEM;
	snprintf(text, len, "%s@%s", repository, d->text);
	return strv_find(&img->repo_digests, text) >= 0 ? 0 : strv_consume(&img->repo_digests, TAKE_PTR(text));
}

static int add_name(struct image *img, const struct ref *r)
{
	char repository[REFERENCE_TEXT_SIZE];
	struct reference ref;
	int res = 0;

	if (ref_is_nameless(r) || reference_parse(r->name, &ref, NULL) < 0)
		return 0;
	if (!digest_is_set(&ref.digest))
		res = strv_add(&img->names, r->name);
	reference_repository(&ref, repository);
	if (res == 0)
		res = add_repo_digest(img, repository, &r->digest);
	if (res == 0 && digest_is_set(&r->index))
		res = add_repo_digest(img, repository, &r->index);
	return res;
}

static int add_names(struct image *img, const struct ref *r, const struct ref_list *all)
{
	int res = 0;

	img->is_read_only = r->shared;
	if (!all)
		return add_name(img, r);
	for (size_t i = 0; i < all->n && res == 0; i++)
		if (digest_equal(&all->items[i].id, &r->id)) {
			img->is_read_only &= all->items[i].shared;
			res = add_name(img, &all->items[i]);
		}
	return res;
}

static int load_content(struct store *st, const struct ref *r, struct image *img, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int res;

	res = blob_read(st, &r->digest, &b, e);
	if (res == 0)
		res = manifest_parse(buf_str(&b), b.len, NULL, &m, e);
	if (res == 0 && !digest_equal(&m.config.digest, &r->id))
		res = err_set(e, EINVAL, "its manifest is of another image");
	buf_reset(&b);
	if (res == 0)
		res = blob_read(st, &m.config.digest, &b, e);
	if (res == 0)
		res = image_config_parse(buf_str(&b), b.len, &img->config, e);
	if (res == 0)
		res = image_plan_layers(&m, img->config, &img->layers, e);
	if (res < 0)
		return res;
	img->json = img->config->json;
	img->n_layers = m.n_layers;
	return 0;
}

uint64_t image_bytes(struct store *st, const struct image *img)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < img->n_layers; i++)
		sum += store_layer_bytes(st, &img->layers[i]);
	return sum;
}

int image_load(struct store *st, const struct ref *r, const struct ref_list *all, int pin_fd, struct image **ret,
	       struct err *e)
{
	_cleanup_(image_freep) struct image *img = calloc(1, sizeof(*img));
	int res;

	if (!img)
		return err_errno(e, ENOMEM, "image");
	img->pin_fd = -EBADF;
	memcpy(img->id, digest_hex(&r->id), DIGEST_HEX_LEN);
	img->digest = r->digest;
	if (!ref_is_nameless(r)) {
		img->name = strdup(r->name);
		if (!img->name)
			return err_errno(e, ENOMEM, "image");
	}
	if (r->trust && json_parse(r->trust, strlen(r->trust), "trust", &img->trust, NULL) < 0)
		img->trust = NULL;
	if (add_names(img, r, all) < 0)
		return err_errno(e, ENOMEM, "image");
	img->is_index = r->is_index;
	res = r->is_index ? index_load_image(st, r, img, e) : load_content(st, r, img, e);
	if (res < 0)
		return err_wrap(e, res, "image %s", ref_is_nameless(r) ? img->id : r->name);
	/* a file to read per layer, which `run` need not */
	if (all && !img->is_index)
		img->size_bytes = image_bytes(st, img);
	img->pin_fd = pin_fd;
	*ret = TAKE_PTR(img);
	return 0;
}
