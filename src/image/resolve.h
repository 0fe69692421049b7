/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* resolve - which reference a user's word means. Only image/ includes it. */
#ifndef RANBY_IMAGE_RESOLVE_H
#define RANBY_IMAGE_RESOLVE_H

#include "image/store_private.h"

enum resolve_by { RESOLVE_NAME, RESOLVE_ID };

/* As store_resolve(), among `all`; *ret is borrowed from it. */
int resolve_ref(const struct ref_list *all, const char *text, const struct ref **ret, enum resolve_by *ret_by,
		struct err *e) _must_check_;

#endif
