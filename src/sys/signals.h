/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* signals - what a program that we execute finds. */
#ifndef RANBY_SYS_SIGNALS_H
#define RANBY_SYS_SIGNALS_H

#include "base/mem.h"

/* Default dispositions for all signals, those that libc keeps to itself too, and an empty mask. Between fork and exec. */
int signals_reset(void) _must_check_;

/*
 * The same for a program that was just executed, and has set no handler: only
 * what was ignored lives on, which /proc/self/status tells in one read instead
 * of a call for each signal. Without a /proc: all.
 */
int signals_reset_ignored(void) _must_check_;

#endif
