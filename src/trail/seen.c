/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An event may come twice: from the log that is caught up with after a
 * restart and from auditd. Its serial is the key, but not every serial of the
 * past can be kept: a ring of bits over the newest ones is, and what is older
 * counts as met, because to write an entry twice is worse than to leave a gap
 * that the serials show.
 */
#include "trail/seen.h"

#include <string.h>

static uint64_t *word_of(struct seen *s, uint64_t serial)
{
	return &s->bits[serial % SEEN_WINDOW / 64];
}

bool seen_add(struct seen *s, uint64_t serial)
{
	uint64_t bit = (uint64_t)1 << serial % 64;
	bool was;

	if (serial + SEEN_WINDOW <= s->newest)
		return true;
	if (serial >= s->newest + SEEN_WINDOW)
		memset(s->bits, 0, sizeof(s->bits));
	else
		for (uint64_t i = s->newest + 1; i <= serial; i++)
			*word_of(s, i) &= ~((uint64_t)1 << i % 64);
	if (serial > s->newest)
		s->newest = serial;
	was = (*word_of(s, serial) & bit) != 0;
	*word_of(s, serial) |= bit;
	return was;
}

bool seen_has(const struct seen *s, uint64_t serial)
{
	if (serial + SEEN_WINDOW <= s->newest)
		return true;
	return serial <= s->newest && (s->bits[serial % SEEN_WINDOW / 64] & (uint64_t)1 << serial % 64) != 0;
}
