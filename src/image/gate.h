/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* gate - trust_check() (trust/check.h) as pull and load ask it. Only image/ includes it. */
#ifndef RANBY_IMAGE_GATE_H
#define RANBY_IMAGE_GATE_H

#include "image/pull.h"
#include "oci/reference.h"
#include "registry/fetch.h"

/*
 * Of an image whose manifest, and index where there is one, have just come from
 * a registry; `fc` is idle. *ret, for the caller to free, is the decision as a
 * reference keeps it (struct ref). -EKEYREJECTED.
 */
int gate_registry(struct fetch_client *fc, const struct reference *ref, const struct digest *manifest, const struct digest *index,
		  const struct pull_options *o, char **ret, struct err *e) _must_check_;

/*
 * Of an image in a file or directory. `place`: where that really is (source.place),
 * NULL for what has no path; `name`: what the image is called in there, or NULL.
 * `manifest` and `index` may be NULL, where the whole is judged.
 */
int gate_archive(const char *transport, const char *place, const char *name, const struct digest *manifest, const struct digest *index,
		 const struct pull_options *o, char **ret, struct err *e) _must_check_;

#endif
