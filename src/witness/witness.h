/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * witness - one request, one answer.
 */
#ifndef RANBY_WITNESS_WITNESS_H
#define RANBY_WITNESS_WITNESS_H

#include "audit/verb.h"
#include "witness/facts.h"
#include "audit/readback.h"

#define WITNESS_EXIT_ANSWERED 0 /* the answer is on descriptor 0, whatever it says */
#define WITNESS_EXIT_MUTE 2     /* nobody could be answered */

struct witness {
	struct witness_request q;
	struct witness_reply reply;
	const struct audit_verb_row *row;
	int fds[WITNESS_FDS_MAX];
	size_t n_fds;
	struct facts self, target, init_facts;
	const struct facts *init; /* of the container; the target but for exec. NULL: no target */
	enum audit_trust trust;   /* the row's with a target; without one it is the caller's word */
	char boot_id[FACTS_TEXT];
	uint64_t nonce;
	uint64_t suppressed;      /* requests of this user that were not written before this one */
	int rate_fd;
	struct readback back;
	struct record record;
	char scratch[FACTS_SCRATCH], scratch2[FACTS_SCRATCH];
};

/* The whole program. Returns its exit status. */
int witness_main(void) _must_check_;

/* Is every field of it in its range, and are `n_fds` pidfds what its verb comes with? */
bool witness_request_is_sound(const struct witness_request *q, size_t n_fds);

#endif
