/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* signame - "SIGTERM", "term", "15", "RTMIN+3" to a signal and back (signal(7)). */
#ifndef RANBY_BASE_SIGNAME_H
#define RANBY_BASE_SIGNAME_H

#include "base/mem.h"

#define SIGNAME_MAX 16

/* A number from 1 to 64, or a name with or without "SIG", in any case. -EINVAL. */
int signal_parse(const char *text, int *ret_signal) _must_check_;

/* "SIGTERM", "SIGRTMIN+3"; "SIG0" and the like for what has no name. */
void signal_name(int signal, char ret[static SIGNAME_MAX]);

#endif
