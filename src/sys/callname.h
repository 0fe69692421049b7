/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* callname - the names of this architecture's system calls, as the kernel's headers of the build have them. */
#ifndef RANBY_SYS_CALLNAME_H
#define RANBY_SYS_CALLNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "openat"; NULL: none of that number. */
const char *callname_of(uint32_t nr);

/* True for a name of this architecture. */
bool callname_is_known(const char *name);

/*
 * Calls that every program makes and that a profile refuses to none: reading
 * and writing what is open, memory, signals, threads, time, exit. Whoever
 * records calls is not asked about them.
 */
extern const uint32_t callname_base[];
extern const size_t callname_base_n;

#endif
