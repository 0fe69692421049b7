/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * "<ADDRESS>; rel=next, <ADDRESS>; …": of the parameters only rel matters.
 */
#include "registry/link.h"

#include <string.h>

bool link_next(const char *value, char *ret, size_t size)
{
	for (const char *at = value; (at = strchr(at, '<'));) {
		const char *end = strchr(++at, '>'), *stop, *rel;

		if (!end)
			return false;
		stop = end + strcspn(end, ",");
		rel = strstr(end, "rel=");
		if (rel && rel < stop && (strncmp(rel + 4, "\"next\"", 6) == 0 || strncmp(rel + 4, "next", 4) == 0)) {
			if ((size_t)(end - at) >= size)
				return false;
			memcpy(ret, at, (size_t)(end - at));
			ret[end - at] = '\0';
			return true;
		}
		at = stop;
	}
	return false;
}
