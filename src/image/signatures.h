/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * signatures - what a registry, or a lookaside server beside it, keeps as signatures of an image.
 *
 * cosign's two shapes: the tag "sha256-HEX.sig", whose layers are payloads
 * with their signatures in annotations, and bundles that refer to the manifest.
 * Simple signing's files: LOOKASIDE/NAME@sha256=HEX/signature-N. All of it is a
 * stranger's word; trust_check() finds out what it is worth. Only image/ includes it.
 */
#ifndef RANBY_IMAGE_SIGNATURES_H
#define RANBY_IMAGE_SIGNATURES_H

#include "oci/descriptor.h"
#include "oci/reference.h"
#include "registry/access.h"
#include "registry/fetch.h"
#include "trust/check.h"
#include "trust/lookaside.h"

#define SIGNATURE_LAYER "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNATURE_ANNOTATION "dev.cosignproject.cosign/signature"

struct signatures_at {
	struct fetch_client *fc;             /* the repository's, idle */
	const struct registry_access *access;
	const struct reference *ref;         /* as asked for: lookaside servers know it by that */
	struct digest manifest, index;       /* index may not be set */
};

/* For struct trust_source: `ctx` is a struct signatures_at. */
int signatures_gather(void *ctx, unsigned wanted, struct trust_signatures *ret, struct err *e) _must_check_;

/* "sha256-HEX.sig" */
void signatures_tag(const struct digest *d, char ret[static DIGEST_TEXT_SIZE + 4]);

/* One layer of that tag's manifest into *ret, without its body, and the descriptor of that; 0: it is no signature. */
int signatures_read_layer(struct json_object *layer, struct trust_signature *ret, struct descriptor *ret_payload, struct err *e) _must_check_;

#endif
