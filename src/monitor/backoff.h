/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * backoff - how long to wait before a container that has ended is started again.
 *
 * As docker does it: 100 ms, twice as long each time, a minute at most; and
 * from the beginning again after a run of ten seconds. Asked by the monitor,
 * which waits, and by the engine, which writes down that it did.
 */
#ifndef RANBY_MONITOR_BACKOFF_H
#define RANBY_MONITOR_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 60000
#define BACKOFF_HEALED_MS 10000 /* a run of that length has not failed at once */

/* `previous_ms`: what was waited before the run that has ended (0: it was no restart), which took `ran_ms`. */
uint64_t backoff_ms(uint64_t previous_ms, int64_t ran_ms);

#endif
