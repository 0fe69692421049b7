/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* wait - stand in for a child: pass signals on, end as it ends. */
#ifndef RANBY_RUNTIME_WAIT_H
#define RANBY_RUNTIME_WAIT_H

#include "base/err.h"
#include "base/mem.h"

#include <sys/types.h>

/* Blocks all signals, so that none is lost between the fork and wait_child(). Before the child is made. */
void wait_prepare(void);

/* Forwards signals until the child has ended; it stays a zombie. */
int wait_end(pid_t pid, struct err *e) _must_check_;

/* The same, and reaps it; *ret_code is its exit code, or 128 + signal. */
int wait_child(pid_t pid, int *ret_code, struct err *e) _must_check_;

#endif
