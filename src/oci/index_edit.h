/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * index_edit - make an index, and change one.
 *
 *	_cleanup_json_ struct json_object *ix = index_new(MANIFEST_OCI);
 *	r = index_put(ix, MEDIA_OCI_MANIFEST, &digest, size, &platform, e);
 *	r = index_annotate(ix, &digest, &notes, e);
 *	text = json_text(ix, &len);
 *
 * What is not spoken of stays as it was written. Source: image-spec
 * image-index.md, docker's "Manifest List".
 */
#ifndef RANBY_OCI_INDEX_EDIT_H
#define RANBY_OCI_INDEX_EDIT_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "oci/index.h"
#include "oci/manifest.h"

#include <stdint.h>

/* What is said of one image, or (annotations alone) of the index. NULL or empty: not said. */
struct index_notes {
	const char *os, *arch, *variant, *os_version;
	const struct strv *features, *os_features;
	const struct strv *annotations; /* KEY=VALUE */
};

/* An empty one; NULL: no memory. */
struct json_object *index_new(enum manifest_family family) _must_check_;

/* Adds an image, or takes the place of the one of that digest, whose platform stays when `platform` is NULL. */
int index_put(struct json_object *ix, const char *media_type, const struct digest *digest, uint64_t size_bytes,
	      const struct platform *platform, struct err *e) _must_check_;

/* The entry of that digest, borrowed; NULL. */
struct json_object *index_at(struct json_object *ix, const struct digest *digest);

/* -ENOENT. */
int index_drop(struct json_object *ix, const struct digest *digest, struct err *e) _must_check_;

/* `digest` NULL: the index itself. -ENOENT; -EINVAL: an annotation without "=". */
int index_annotate(struct json_object *ix, const struct digest *digest, const struct index_notes *notes, struct err *e) _must_check_;

/* Of its own mediaType; OCI where it says nothing. */
enum manifest_family index_family(struct json_object *ix);

/* Says that it is of that family; its images' entries are the caller's. Docker's has no annotations. */
int index_set_family(struct json_object *ix, enum manifest_family family, struct err *e) _must_check_;

/* The entry of `old` is of a rewritten manifest now. -ENOENT. */
int index_replace(struct json_object *ix, const struct digest *old, const char *media_type, const struct digest *digest,
		  uint64_t size_bytes, struct err *e) _must_check_;

#endif
