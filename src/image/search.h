/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * search - images of registries whose names hold a term.
 *
 * A registry that has docker's /v1/search is asked that; of others the list of
 * all repositories is read, and looked through here, as podman does.
 */
#ifndef RANBY_IMAGE_SEARCH_H
#define RANBY_IMAGE_SEARCH_H

#include "base/err.h"
#include "base/json.h"
#include "registry/access.h"

#include <stdint.h>

/*
 * `term`: "WORD", for which the registries of unqualified-search-registries are
 * asked, or "REGISTRY/WORD"; an empty WORD is all. *ret: objects with podman's
 * keys (Index, Name, Description, Stars, Official), at most `limit` of a registry; the caller frees.
 */
int search_images(const char *term, uint32_t limit, const struct registry_access *access, struct json_object **ret, struct err *e) _must_check_;

#endif
