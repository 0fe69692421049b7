/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * confine - what the witness takes from itself, in this order:
 *
 *	confine_inheritance()	// of the caller: descriptors, environment, signals, umask, directory
 *	confine_privileges()	// all capabilities but two; WITNESS_NO_PRIVILEGE when these are not there
 *	confine_calls()		// seccomp: what is listed, or death
 *	... request, our own facts, the rate limit's file ...
 *	confine_group()		// the group was for that file alone
 *	... facts, rate limit, sockets ...
 *	confine_files()		// Landlock: nothing can be opened any more
 */
#ifndef RANBY_WITNESS_CONFINE_H
#define RANBY_WITNESS_CONFINE_H

#include "base/mem.h"

#include <stdbool.h>

/* 0 or -1: what cannot be undone is a reason not to go on. */
int confine_inheritance(void) _must_check_;

/* True when CAP_AUDIT_WRITE and CAP_AUDIT_READ are ours, and no others any more. False: lost on the way. */
bool confine_privileges(void) _must_check_;

int confine_calls(void) _must_check_;

int confine_group(void) _must_check_;

/* Landlock where the kernel has it (5.13); its absence is no error. */
int confine_files(void) _must_check_;

#endif
