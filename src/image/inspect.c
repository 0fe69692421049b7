/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * podman's object of `image inspect`, key by key and in its order, so that
 * templates written for it go on working. "Ranby" holds what is ours.
 */
#include "image/store_private.h"
#include "sys/path.h"

#include <string.h>

/* A counted copy of a reference that the object then owns. */
static struct json_object *borrow(struct json_object *o)
{
	return o ? json_object_get(o) : NULL;
}

static int add_names(struct store *st, const struct image *img, struct json_object *o)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_(image_freep) struct image *full = NULL;
	int r = 0;

	/* an image found by its exact name was not asked for its others */
	if (refs_load(st, &all, NULL) == 0)
		for (size_t i = 0; i < all.n && !full; i++)
			if (strcmp(digest_hex(&all.items[i].id), img->id) == 0)
				(void)!image_load(st, &all.items[i], &all, -EBADF, &full, NULL);
	r |= json_add_strv(o, "RepoTags", full ? &full->names : &img->names);
	r |= json_add_strv(o, "RepoDigests", full ? &full->repo_digests : &img->repo_digests);
	return r;
}

static int add_history(const struct image *img, struct json_object *o)
{
	struct json_object *list = img->config->history;

	return json_add(o, "History", list ? borrow(list) : json_object_new_array());
}

static const char *last_comment(const struct image *img)
{
	struct json_object *list = img->config->history;
	size_t n = list ? json_object_array_length(list) : 0;

	return n ? json_str(json_object_array_get_idx(list, n - 1), "comment") : "";
}

static int add_rootfs(const struct image *img, struct json_object *o)
{
	struct json_object *rootfs = json_object_new_object(), *layers = json_object_new_array();
	int r = rootfs && layers ? 0 : -ENOMEM;

	for (size_t i = 0; i < img->n_layers && r == 0; i++)
		r = json_append_str(layers, img->layers[i].diff_id.text);
	if (r == 0)
		r = json_add_str(rootfs, "Type", "layers");
	r |= json_add(rootfs, "Layers", layers);
	r |= json_add(o, "RootFS", rootfs);
	return r;
}

static int add_driver(const struct image *img, struct json_object *o)
{
	struct json_object *driver = json_object_new_object(), *layers = json_object_new_array();
	char name[LAYER_NAME_SIZE];
	int r = driver && layers ? 0 : -ENOMEM;

	for (size_t i = 0; i < img->n_layers && r == 0; i++) {
		layer_name(&img->layers[i].chain_id, NULL, name);
		r = json_append_str(layers, name);
	}
	if (r == 0)
		r = json_add_str(driver, "Name", "overlay");
	r |= json_add(driver, "Data", json_object_new_object());
	r |= json_add(o, "GraphDriver", driver);
	/* the directories below layers/, lowest first */
	r |= json_add(o, "Ranby", json_object_new_object());
	r |= json_add(json_at(o, "Ranby"), "LayerDirs", layers);
	return r;
}

static const char *manifest_type(struct store *st, const struct image *img, struct manifest *m)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (blob_read(st, &img->digest, &b, NULL) == 0 && manifest_parse(buf_str(&b), b.len, NULL, m, NULL) == 0 && m->type)
		return m->type->text;
	return MEDIA_OCI_MANIFEST;
}

static int add_all(struct store *st, const struct image *img, struct json_object *o)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	const struct image_config *c = img->config;
	struct json_object *config = json_at(c->json, "config");
	int r = 0;

	r |= json_add_str(o, "Id", img->id);
	r |= json_add_str(o, "Digest", img->digest.text);
	r |= add_names(st, img, o);
	r |= json_add_str(o, "Parent", "");
	r |= json_add_str(o, "Comment", last_comment(img));
	r |= json_add_time_text(o, "Created", c->created ? c->created : "0001-01-01T00:00:00Z");
	r |= json_add(o, "Config", config ? borrow(config) : json_object_new_object());
	r |= json_add_str(o, "Version", json_str(c->json, "docker_version"));
	r |= json_add_str(o, "Author", c->author ? c->author : "");
	r |= json_add_str(o, "Architecture", c->platform.arch);
	r |= json_add_str(o, "Os", c->platform.os);
	if (c->platform.variant[0])
		r |= json_add_str(o, "Variant", c->platform.variant);
	r |= json_add_u64(o, "Size", image_bytes(st, img));
	r |= json_add_u64(o, "VirtualSize", image_bytes(st, img));
	r |= add_driver(img, o);
	r |= add_rootfs(img, o);
	r |= json_add(o, "Labels", c->labels ? borrow(c->labels) : json_object_new_object());
	r |= json_add(o, "Annotations", json_object_new_object());
	r |= json_add_str(o, "ManifestType", manifest_type(st, img, &m));
	r |= json_add_str(o, "User", c->user);
	r |= add_history(img, o);
	r |= json_add_strv(o, "NamesHistory", &img->names);
	if (img->trust)
		r |= json_add(o, "Trust", borrow(img->trust));
	return r;
}

int image_inspect(struct store *st, const struct image *img, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || add_all(st, img, o) != 0)
		return err_errno(e, ENOMEM, "image inspect");
	*ret = TAKE_PTR(o);
	return 0;
}
