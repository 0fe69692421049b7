/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * manifest - one image: its config and its layers, lowest first.
 *
 *	_cleanup_(manifest_done) struct manifest m = {0};
 *	r = manifest_parse(text, len, content_type, &m, e);
 *
 * Source: OCI image-spec manifest.md; docker "Image Manifest V 2, Schema 2".
 */
#ifndef RANBY_OCI_MANIFEST_H
#define RANBY_OCI_MANIFEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "oci/descriptor.h"

#include <stddef.h>

#define MANIFEST_LAYERS_MAX 500

struct manifest {
	const struct media_type *type;
	struct descriptor config;
	struct descriptor *layers; /* lowest first */
	size_t n_layers;
};

void manifest_done(struct manifest *m);

/*
 * `content_type`: what the registry said that this is, or NULL. -EINVAL for
 * whatever two readers could understand differently: both "layers" and
 * "manifests", a mediaType that is not the content type (CVE-2021-41190),
 * duplicate keys; for what is no container image (artifacts), and for
 * docker's schema 1.
 */
int manifest_parse(const char *text, size_t len, const char *content_type, struct manifest *ret, struct err *e)
	_must_check_;

/*
 * What kind of text this is, MEDIA_MANIFEST or MEDIA_INDEX, by its own
 * mediaType, else the content type, else its shape. The same refusals.
 */
int manifest_kind(const char *text, size_t len, const char *content_type, enum media_kind *ret, struct err *e)
	_must_check_;

/* An OCI manifest of these; the caller frees the text. */
int manifest_write(const struct descriptor *config, const struct descriptor *layers, size_t n_layers, char **ret_text,
		   size_t *ret_len, struct err *e) _must_check_;

enum manifest_family { MANIFEST_OCI, MANIFEST_DOCKER };

/* Of its own mediaType, or of its config's; OCI where it says nothing. */
enum manifest_family manifest_family(const struct manifest *m);

/*
 * The same image's manifest in that family, with these layers in place of its
 * own, appended to `ret`. Within a family all else stays as it was written,
 * annotations too; docker's has none. -EINVAL: docker's has no type for a
 * layer packed with zstd.
 */
int manifest_rewrite(const char *text, size_t len, enum manifest_family family, const struct descriptor *layers, size_t n_layers,
		     struct buf *ret, struct err *e) _must_check_;

#endif
