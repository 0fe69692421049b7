/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mcs - a pair of categories of its own for each container that runs, of
 * whichever user.
 *
 *	r = mcs_claim(&pair, &fd);		// MCS_CLAIMED: it is ours as long as `fd` is open
 *	r = mcs_claim_any(&range, &pair, &fd, e);
 *
 * The monitor keeps the descriptor until the container has ended.
 */
#ifndef RANBY_ENGINE_MCS_H
#define RANBY_ENGINE_MCS_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/lsm_selinux.h"

struct mcs_pair {
	unsigned a, b; /* a < b */
};

#define MCS_PAIR_SIZE 16
/* "c1,c2", as the kernel writes it. */
void mcs_pair_text(const struct mcs_pair *p, char out[static MCS_PAIR_SIZE]);
/* Of a level with two categories ("s0:c1,c2"); -ENOENT: another number of them, -EINVAL. */
int mcs_pair_of(const char *level, struct mcs_pair *ret) _must_check_;

/* A random one of a range. -ENOENT: there are less than two categories in it. */
int mcs_pick(const struct selinux_categories *range, struct mcs_pair *ret) _must_check_;

enum mcs_claim {
	MCS_CLAIMED,
	MCS_TAKEN,
};
/* enum mcs_claim, or -errno. */
int mcs_claim(const struct mcs_pair *p, int *ret_fd) _must_check_;

/* Tries them all, from a random one on. -EBUSY with text when none is free. */
int mcs_claim_any(const struct selinux_categories *range, struct mcs_pair *ret, int *ret_fd, struct err *e) _must_check_;

#endif
