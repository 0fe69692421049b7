/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * witness - one request, one answer.
 */
#ifndef RANBY_WITNESS_WITNESS_H
#define RANBY_WITNESS_WITNESS_H

#include "audit/request.h"
#include "audit/verb.h"
#include "base/mem.h"

#include <stdbool.h>

#define WITNESS_EXIT_ANSWERED 0 /* the answer is on descriptor 0, whatever it says */
#define WITNESS_EXIT_MUTE 2     /* nobody could be answered */

/* The whole program. Returns its exit status. */
int witness_main(void) _must_check_;

/* Is every field of it in its range? */
bool witness_request_is_sound(const struct witness_request *q);

/* A verb's claims about who is there: how many pidfds may come with it. */
bool witness_fds_are_right(const struct audit_verb_row *row, const struct witness_request *q, size_t n_fds);

#endif
