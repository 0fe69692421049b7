/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An array in order of arrival, and open addressing over its indexes, never more than half full. */
#include "monitor/tally.h"

#include <string.h>

static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}

/* The slot of the key, or the free one where it would be. */
static uint32_t *slot_of(const struct tally *t, const char *key)
{
	size_t at = hash(key) % t->n_slots;

	while (t->slots[at] && strcmp(t->items[t->slots[at] - 1].key, key) != 0)
		at = (at + 1) % t->n_slots;
	return &t->slots[at];
}

static int grow(struct tally *t)
{
	size_t n = t->n_slots ? 2 * t->n_slots : 64;
	struct tally_item *items = mem_regrow(t->items, n / 2, sizeof(*items));
	uint32_t *slots;

	if (!items)
		return -1;
	t->items = items;
	slots = mem_array(n, sizeof(*slots));
	if (!slots)
		return -1;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, t->items[i].key) = (uint32_t)i + 1;
	return 0;
}

struct tally_item *tally_add(struct tally *t, const char *key, uint32_t bits)
{
	struct tally_item *item = NULL;
	uint32_t *slot;

	if (2 * (t->n + 1) > t->n_slots && grow(t) < 0)
		return NULL;
	slot = slot_of(t, key);
	if (*slot) {
		item = &t->items[*slot - 1];
	} else if (t->n < t->max) {
		item = &t->items[t->n];
		*item = (struct tally_item){.key = strdup(key)};
		if (!item->key)
			return NULL;
		*slot = (uint32_t)++t->n;
	}
	if (!item) {
		t->lost++;
		return NULL;
	}
	item->bits |= bits;
	item->n++;
	return item;
}

void tally_done(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].key);
		free(t->items[i].note);
	}
	free(t->items);
	free(t->slots);
	*t = (struct tally){.max = t->max};
}
