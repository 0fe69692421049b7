/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* registry_pull - one image from one registry. Only image/ includes it. */
#ifndef RANBY_IMAGE_REGISTRY_PULL_H
#define RANBY_IMAGE_REGISTRY_PULL_H

#include "image/pull.h"
#include "oci/reference.h"
#include "registry/registries.h"

/* Gets the image of a full reference (domain, and tag or digest) into the store and names it so. */
int registry_pull(struct store *st, const struct reference *ref, const struct registries *conf,
		  const struct pull_options *o, struct image **ret, struct err *e) _must_check_;

#endif
