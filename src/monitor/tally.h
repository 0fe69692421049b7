/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tally - texts that were seen, each once, with how often and a set of bits.
 *
 *	struct tally t = {.max = 4096};
 *	struct tally_item *i = tally_add(&t, "openat", 0);
 */
#ifndef RANBY_MONITOR_TALLY_H
#define RANBY_MONITOR_TALLY_H

#include "base/mem.h"

#include <stdint.h>

struct tally_item {
	char *key;
	char *note; /* of whoever added it first, or NULL */
	uint32_t bits;
	uint64_t n;
};

struct tally {
	size_t max;    /* items; more are lost, and counted */
	size_t n;
	uint64_t lost;
	struct tally_item *items; /* in the order in which they came */
	uint32_t *slots;          /* hash -> index + 1 */
	size_t n_slots;
};

/* NULL: there is no more room. The item is good until the next call. */
struct tally_item *tally_add(struct tally *t, const char *key, uint32_t bits);

void tally_done(struct tally *t);

#endif
