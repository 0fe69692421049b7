/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * link - the Link header of an answer, which says where a list goes on.
 *
 * Source: RFC 8288, as far as distribution-spec 1.1 needs it.
 */
#ifndef RANBY_REGISTRY_LINK_H
#define RANBY_REGISTRY_LINK_H

#include <stdbool.h>
#include <stddef.h>

/* The address whose rel is "next", into `ret` (size bytes). False: there is none, or it is too long. */
bool link_next(const char *value, char *ret, size_t size);

#endif
