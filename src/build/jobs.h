/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * jobs - the stages of a build, several at once.
 *
 *	r = jobs_make(s, s->n_stages, e);	// all that are needed before that number
 *
 * A stage begins when all that it waits for are made. While there is only one
 * that can be made, it is made here; else each is a worker's (worker.h), at
 * most build_request.jobs of them. The first that fails ends the others.
 */
#ifndef RANBY_BUILD_JOBS_H
#define RANBY_BUILD_JOBS_H

#include "build/session.h"

int jobs_make(struct session *s, size_t end, struct err *e) _must_check_;

#endif
