/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An open table: at most three quarters full, a key's slot is at its hash or right after it. Nothing is ever taken out,
 * so that a search ends at the first slot that is free.
 */
#include "query/marks.h"

#include <stdlib.h>

#define MARKS_FIRST 1024

static size_t slot_of(const struct mark *slots, size_t size, uint32_t boot, uint32_t pid, uint32_t ses)
{
	uint64_t h = ((uint64_t)ses << 32 | pid) * UINT64_C(0x9e3779b97f4a7c15) + boot;
	size_t i = (h ^ h >> 29) & (size - 1);

	while (slots[i].used && (slots[i].pid != pid || slots[i].ses != ses || slots[i].boot != boot))
		i = (i + 1) & (size - 1);
	return i;
}

static int grow(struct marks *m)
{
	size_t size = m->size ? m->size * 2 : MARKS_FIRST;
	struct mark *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].used)
			slots[slot_of(slots, size, m->slots[i].boot, m->slots[i].pid, m->slots[i].ses)] = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->size = size;
	return 0;
}

uint8_t *marks_of(struct marks *m, uint32_t boot, uint32_t pid, uint32_t ses)
{
	struct mark *p;

	if (m->n * 4 >= m->size * 3 && (m->n >= MARKS_MAX || grow(m) < 0))
		return NULL;
	p = &m->slots[slot_of(m->slots, m->size, boot, pid, ses)];
	if (!p->used) {
		*p = (struct mark){.boot = boot, .pid = pid, .ses = ses, .used = 1};
		m->n++;
	}
	return &p->byte;
}

uint8_t marks_get(const struct marks *m, uint32_t boot, uint32_t pid, uint32_t ses)
{
	return m->size ? m->slots[slot_of(m->slots, m->size, boot, pid, ses)].byte : 0;
}

void marks_done(struct marks *m)
{
	free(m->slots);
	*m = (struct marks){0};
}
