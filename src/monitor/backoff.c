/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A file of its own, because two programs have to come to the same number. */
#include "monitor/backoff.h"

uint64_t backoff_ms(uint64_t previous_ms, int64_t ran_ms)
{
	if (previous_ms == 0 || ran_ms >= BACKOFF_HEALED_MS)
		return BACKOFF_FIRST_MS;
	return previous_ms >= BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : 2 * previous_ms;
}
