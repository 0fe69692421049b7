/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * canary - a Landlock domain made for one thing: that the kernel's audit log
 * names it (landlock(7), Linux 6.15).
 *
 *	if (canary_is_supported())
 *		r = canary_enter();	// no_new_privs, or CAP_SYS_ADMIN
 *
 * With audit on, and no rule loaded, the log then holds a LANDLOCK_DOMAIN
 * record, status=allocated, with pid, uid and exe of the calling process, in
 * one event with the SYSCALL record that has its auid and ses; and one with
 * status=deallocated when the last process of the domain has gone, whatever
 * became of us. A domain's number is never used twice in a boot. The process
 * itself is not told the number.
 */
#ifndef RANBY_SYS_CANARY_H
#define RANBY_SYS_CANARY_H

#include "base/mem.h"

#include <stdbool.h>

/* True where Landlock is enabled and logs (ABI 7). */
bool canary_is_supported(void);

/* Puts the calling thread into a new domain, and has it denied one thing. -ENOTSUP: not here. */
int canary_enter(void) _must_check_;

#endif
