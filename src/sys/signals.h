/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* signals - what a program that we execute finds. */
#ifndef RANBY_SYS_SIGNALS_H
#define RANBY_SYS_SIGNALS_H

#include "base/mem.h"

/* Default dispositions for all signals, those that libc keeps to itself too, and an empty mask. Between fork and exec. */
int signals_reset(void) _must_check_;

#endif
