/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * descriptor - a typed, sized, hashed pointer to content; and the media types.
 *
 * Source: OCI image-spec descriptor.md and media-types.md; docker's
 * "Image Manifest V 2, Schema 2".
 */
#ifndef RANBY_OCI_DESCRIPTOR_H
#define RANBY_OCI_DESCRIPTOR_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stdint.h>

enum media_kind {
	MEDIA_OTHER = 0,
	MEDIA_MANIFEST, /* of one image */
	MEDIA_INDEX,    /* of several */
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_LAYER_ENCRYPTED,
	MEDIA_SCHEMA1, /* docker's first, refused */
};

struct media_type {
	const char *text;
	enum media_kind kind;
};

#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP MEDIA_OCI_LAYER "+gzip"
#define MEDIA_OCI_LAYER_ZSTD MEDIA_OCI_LAYER "+zstd"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define MEDIA_DOCKER_LAYER_GZIP MEDIA_DOCKER_LAYER ".gzip"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

/* The row of that text, parameters ("; charset=…") ignored; NULL when it is not in the table. */
const struct media_type *media_type_find(const char *text);

/* The kind, MEDIA_OTHER when unknown or NULL. */
enum media_kind media_kind_of(const char *text);

#define BLOB_BYTES_MAX ((uint64_t)1 << 40) /* of one blob: 1 TiB */

struct descriptor {
	const struct media_type *type; /* NULL: absent or not known */
	struct digest digest;
	uint64_t size_bytes;
};

/* digest and size must be there; mediaType may be absent. -EINVAL with the place. */
int descriptor_parse(struct json_object *o, struct descriptor *ret, struct err *e) _must_check_;

/* A new object {"mediaType","digest","size"}; NULL: no memory. */
struct json_object *descriptor_json(const char *media_type, const struct digest *digest, uint64_t size_bytes) _must_check_;

#endif
