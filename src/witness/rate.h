/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * rate - how many records a login may have written.
 *
 * A bucket of tokens per auid, one per record, in /run/ranby-witness/AUID, a
 * directory that users can neither read nor write (2770 root:ranby). When it
 * is empty, nothing of that login is recorded until it is full again: so a flood
 * costs one record that says so, and the first one after it says how many
 * were not written.
 */
#ifndef RANBY_WITNESS_RATE_H
#define RANBY_WITNESS_RATE_H

#include "base/mem.h"

#include <stdint.h>

#define RATE_DIR "/run/ranby-witness"
#define RATE_BURST 3000U    /* tokens of a full bucket */
#define RATE_PER_SECOND 30U

struct rate_state {
	uint64_t magic;
	uint64_t at_ms;      /* CLOCK_BOOTTIME of the last look */
	uint64_t tokens_m;   /* thousandths of a token */
	uint64_t suppressed; /* requests since it was empty; 0: it flows */
};

enum rate_answer {
	RATE_GO,
	RATE_FIRST, /* the first one that is suppressed: say so */
	RATE_STOP,
};

/* Takes `n` tokens at time `now_ms`. *ret_suppressed (RATE_GO) is how many requests were not written before. Pure. */
enum rate_answer rate_step(struct rate_state *s, uint64_t now_ms, uint32_t n, uint64_t *ret_suppressed) _must_check_;

/* Opens the state of `auid`, for which the group is needed. -errno: no state can be kept, so nothing may be written. */
int rate_open(uint32_t auid, int *ret_fd) _must_check_;

/* rate_step() on that state, which is written before anything is sent. An enum rate_answer, or -errno. */
int rate_take(int fd, uint32_t n, uint64_t *ret_suppressed) _must_check_;

#endif
