/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * seen - which of the newest million serials of this boot were met already.
 *
 *	if (seen_add(&s, serial))
 *		return 0;	// met before, or older than we remember
 */
#ifndef RANBY_TRAIL_SEEN_H
#define RANBY_TRAIL_SEEN_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEN_WINDOW ((uint64_t)1 << 20)

struct seen {
	uint64_t newest;
	uint64_t bits[SEEN_WINDOW / 64];
};

/* True when it was added before, or lies SEEN_WINDOW or more behind the newest. */
bool seen_add(struct seen *s, uint64_t serial);

/* The same, and adds nothing. */
bool seen_has(const struct seen *s, uint64_t serial);

#endif
