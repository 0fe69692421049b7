/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * witness - ask ranby-witness (audit/request.h) for a record.
 *
 *	struct witness_request q = {0};
 *	struct witness_reply reply;
 *
 *	witness_request_init(&q, AUDIT_VERB_START);
 *	witness_text(q.vm, sizeof(q.vm), name);
 *	r = witness_ask(&q, &pidfd, 1, &reply, e);
 *
 * Level 0: where it is not installed with its privileges, the answer is
 * WITNESS_NO_PRIVILEGE after one look at a file, and nothing is started.
 */
#ifndef RANBY_AUDIT_WITNESS_H
#define RANBY_AUDIT_WITNESS_H

#include "audit/request.h"
#include "audit/verb.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

/* Zeroes it but for what every request has. */
void witness_request_init(struct witness_request *q, enum audit_verb verb);

/* Copies what fits, NUL-terminated. NULL is "". */
void witness_text(char *to, size_t size, const char *text);

/* Is one beside us that could write records? It is set-group-id and root's. */
bool witness_is_installed(void);

/*
 * Starts it, asks, waits for the answer: 0 with *ret filled, also when the
 * outcome is a refusal. -errno, with text, when there was no answer at all.
 */
int witness_ask(const struct witness_request *q, const int *fds, size_t n_fds, struct witness_reply *ret, struct err *e) _must_check_;

/* "audit is off, or a rule drops our records": for an error or a notice. */
const char *witness_outcome_text(enum witness_outcome o);

#endif
