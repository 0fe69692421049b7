/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An image leaves as it came wherever that is possible. Where its layers were
 * packed anew, or another family's manifest is wanted, it gets one that says
 * so; its config, and with it the image's id, stays the same in both families,
 * since docker's config is OCI's with further keys.
 */
#include "oci/manifest.h"

#include <errno.h>
#include <string.h>

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

static const char *const layer_types[][3] = {
	[MANIFEST_OCI] = {MEDIA_OCI_LAYER, MEDIA_OCI_LAYER_GZIP, MEDIA_OCI_LAYER_ZSTD},
	[MANIFEST_DOCKER] = {MEDIA_DOCKER_LAYER, MEDIA_DOCKER_LAYER_GZIP, NULL},
};

static const struct {
	const char *manifest, *config;
} family_types[] = {
	[MANIFEST_OCI] = {MEDIA_OCI_MANIFEST, MEDIA_OCI_CONFIG},
	[MANIFEST_DOCKER] = {MEDIA_DOCKER_MANIFEST, MEDIA_DOCKER_CONFIG},
};

enum manifest_family manifest_family(const struct manifest *m)
{
	const struct media_type *t = m->type ? m->type : m->config.type;

	return t && (strcmp(t->text, MEDIA_DOCKER_MANIFEST) == 0 || strcmp(t->text, MEDIA_DOCKER_CONFIG) == 0) ? MANIFEST_DOCKER :
														MANIFEST_OCI;
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static enum packing packing_of(const struct descriptor *d)
{
	const char *type = d->type ? d->type->text : "";

	return ends_in(type, "gzip") ? PACKED_GZIP : ends_in(type, "zstd") ? PACKED_ZSTD : PACKED_NOT;
}

/* One layer's descriptor: what it was, with the new type, digest and size. */
static int put_layer(struct json_object *o, enum manifest_family family, const struct descriptor *d, struct err *e)
{
	const char *type = layer_types[family][packing_of(d)];

	if (!type)
		return err_set(e, EINVAL, "docker's manifests have no layers packed with zstd");
	/* what speaks of the old bytes: tables of contents of chunked layers, and the bytes themselves */
	if (strcmp(json_str(o, "digest"), d->digest.text) != 0) {
		json_object_object_del(o, "annotations");
		json_object_object_del(o, "data");
	}
	json_object_object_del(o, "urls"); /* it goes with the image now */
	if (json_add_str(o, "mediaType", type) < 0 || json_add_u64(o, "size", d->size_bytes) < 0 ||
	    json_add_str(o, "digest", d->digest.text) < 0)
		return err_errno(e, ENOMEM, "manifest");
	return 0;
}

static int put_layers(struct json_object *o, enum manifest_family family, const struct descriptor *layers, size_t n, bool keep,
		      struct err *e)
{
	struct json_object *old = json_at(o, "layers"), *list = json_object_new_array();
	int r = list ? 0 : err_errno(e, ENOMEM, "manifest");

	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_object *one = keep ? json_object_get(json_object_array_get_idx(old, i)) : json_object_new_object();

		if (!one)
			r = err_errno(e, ENOMEM, "manifest");
		else
			r = put_layer(one, family, &layers[i], e);
		if (r == 0 && json_append(list, one) < 0)
			r = err_errno(e, ENOMEM, "manifest");
		else if (r < 0)
			json_object_put(one);
	}
	if (r < 0)
		json_object_put(list);
	else if (json_add(o, "layers", list) < 0)
		r = err_errno(e, ENOMEM, "manifest");
	return r;
}

static int put_head(struct json_object *o, enum manifest_family family, const struct descriptor *config)
{
	int r = json_add(o, "schemaVersion", json_object_new_int(2));

	r |= json_add_str(o, "mediaType", family_types[family].manifest);
	r |= json_add(o, "config", descriptor_json(family_types[family].config, &config->digest, config->size_bytes));
	return r;
}

int manifest_rewrite(const char *text, size_t len, enum manifest_family family, const struct descriptor *layers, size_t n_layers,
		     struct buf *ret, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_json_ struct json_object *old = NULL, *o = NULL;
	const char *made;
	size_t made_len;
	bool keep;
	int r = manifest_parse(text, len, NULL, &m, e);

	if (r == 0)
		r = json_parse(text, len, "manifest", &old, e);
	if (r < 0)
		return r;
	keep = manifest_family(&m) == family && m.n_layers == n_layers;
	o = keep ? json_object_get(old) : json_object_new_object();
	if (!o || (!keep && put_head(o, family, &m.config) != 0))
		return err_errno(e, ENOMEM, "manifest");
	r = put_layers(o, family, layers, n_layers, keep, e);
	if (r < 0)
		return r;
	made = json_text(o, &made_len);
	if (made)
		buf_add(ret, made, made_len);
	return !made || buf_bad(ret) ? err_errno(e, ENOMEM, "manifest") : 0;
}
