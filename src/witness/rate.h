/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * rate - how many records a user may have written.
 *
 * A bucket of tokens per real user id, one per record, in
 * /run/ranby-witness/UID, a directory that users can neither read nor write
 * (2770 root:ranby). When it is empty, nothing of that user is recorded
 * until it is full again: so a flood costs one record that says so, and the
 * first one after it says how many were not written.
 */
#ifndef RANBY_WITNESS_RATE_H
#define RANBY_WITNESS_RATE_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define RATE_DIR "/run/ranby-witness"
#define RATE_BURST 3000U /* tokens of a full bucket */
#define RATE_TOKEN_MS 33U /* in which one comes back */

struct rate_state {
	uint64_t full_ms;    /* CLOCK_BOOTTIME at which the bucket will be full again */
	uint64_t suppressed; /* requests since it was empty; 0: it flows */
};

/* Takes `n` tokens at time `now_ms`; false: there are none, and one more is suppressed. Pure. */
bool rate_step(struct rate_state *s, uint64_t now_ms, uint32_t n) _must_check_;

/* Opens our caller's state, for which the group is needed. -1: no state can be kept, so nothing may be written. */
int rate_open(void) _must_check_;

/*
 * rate_step() on that state, which is written before anything is sent: 1, 0, or
 * -1: it cannot be kept. *ret_suppressed is how many were not written, this one among them for 0.
 */
int rate_take(int fd, uint32_t n, uint64_t *ret_suppressed) _must_check_;

#endif
