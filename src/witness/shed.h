/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * shed - what the witness takes from itself, in this order:
 *
 *	shed_inheritance()	// of the caller: descriptors, environment, signals, timer, umask, directory
 *	shed_privileges()	// all capabilities but two
 *	shed_calls()		// seccomp: what is listed, or death
 *	... request, our own facts, the rate limit's file ...
 *	shed_group()		// the group was for that file alone
 *	... facts, rate limit, sockets ...
 *	shed_files()		// Landlock: nothing can be opened any more
 *
 * Fifteen seconds after the first it is killed by its alarm.
 */
#ifndef RANBY_WITNESS_SHED_H
#define RANBY_WITNESS_SHED_H

#include "base/mem.h"

#include <stdbool.h>

/* 0 or -1: what cannot be undone is a reason not to go on. */
int shed_inheritance(void) _must_check_;

/* True when CAP_AUDIT_WRITE and CAP_AUDIT_READ are ours, and no others any more. False: lost on the way. */
bool shed_privileges(void) _must_check_;

int shed_calls(void) _must_check_;

int shed_group(void) _must_check_;

/* Landlock where the kernel has it (5.13); its absence is no error. */
int shed_files(void) _must_check_;

#endif
