/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * sign - sign an image in its registry, in both of sigstore's shapes.
 *
 *	const struct sign_options o = {.key_file = "mine.key"};
 *	r = sign_image("registry.example/ns/image:1", &o, &digest, e);
 *
 * Of an index, the index and each manifest in it are signed: some look for
 * the one, some for the other. Earlier signatures stay.
 */
#ifndef RANBY_IMAGE_SIGN_H
#define RANBY_IMAGE_SIGN_H

#include "base/err.h"
#include "base/mem.h"
#include "image/progress.h"
#include "oci/digest.h"
#include "registry/access.h"

struct sign_options {
	struct registry_access access;
	const char *key_file;        /* trust/sign.h says of what kinds */
	const char *passphrase_file; /* its first line; NULL: none */
	const char *identity;        /* what the signature calls the image; NULL: its reference */
	const struct digest *expect; /* the manifest that is meant, whatever the tag leads to by now; NULL: what the reference does */
	struct progress *progress;
};

int sign_image(const char *reference, const struct sign_options *o, struct digest *ret, struct err *e) _must_check_;

#endif
