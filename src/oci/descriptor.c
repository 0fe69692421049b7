/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Layers' media types say how they are compressed, but registries and
 * builders get that wrong often enough that the unpacker goes by the first
 * bytes of the blob; the type only says that it is a layer.
 */
#include "oci/descriptor.h"

#include <errno.h>
#include <string.h>

static const struct media_type media_types[] = {
	{MEDIA_OCI_MANIFEST, MEDIA_MANIFEST},
	{MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST},
	{MEDIA_OCI_INDEX, MEDIA_INDEX},
	{MEDIA_DOCKER_LIST, MEDIA_INDEX},
	{MEDIA_OCI_CONFIG, MEDIA_CONFIG},
	{MEDIA_DOCKER_CONFIG, MEDIA_CONFIG},
	{MEDIA_OCI_LAYER, MEDIA_LAYER},
	{MEDIA_OCI_LAYER_GZIP, MEDIA_LAYER},
	{MEDIA_OCI_LAYER_ZSTD, MEDIA_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+encrypted", MEDIA_LAYER_ENCRYPTED},
	{"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", MEDIA_LAYER_ENCRYPTED},
	{"application/vnd.oci.image.layer.v1.tar+zstd+encrypted", MEDIA_LAYER_ENCRYPTED},
	{"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1},
	{"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1},
};

const struct media_type *media_type_find(const char *text)
{
	size_t len = strcspn(text, "; \t");

	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
		if (strlen(media_types[i].text) == len && memcmp(media_types[i].text, text, len) == 0)
			return &media_types[i];
	return NULL;
}

enum media_kind media_kind_of(const char *text)
{
	const struct media_type *t = text ? media_type_find(text) : NULL;

	return t ? t->kind : MEDIA_OTHER;
}

int descriptor_parse(struct json_object *o, struct descriptor *ret, struct err *e)
{
	struct descriptor d = {0};
	const char *type = NULL, *digest = NULL;
	uint64_t size = UINT64_MAX;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "not an object");
	r = json_get_str(o, "mediaType", &type, e);
	if (r == 0)
		r = json_get_str(o, "digest", &digest, e);
	if (r == 0)
		r = json_get_u64(o, "size", 0, BLOB_BYTES_MAX, &size, e);
	if (r < 0)
		return r;
	if (!digest)
		return err_set(e, EINVAL, "no digest");
	if (size == UINT64_MAX)
		return err_set(e, EINVAL, "no size");
	r = digest_parse(digest, &d.digest, e);
	if (r < 0)
		return r;
	d.type = type ? media_type_find(type) : NULL;
	d.size_bytes = size;
	*ret = d;
	return 0;
}

struct json_object *descriptor_json(const char *media_type, const struct digest *digest, uint64_t size_bytes)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	if (json_add_str(o, "mediaType", media_type) < 0 || json_add_str(o, "digest", digest->text) < 0 ||
	    json_add_u64(o, "size", size_bytes) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}
