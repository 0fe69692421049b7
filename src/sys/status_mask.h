/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * status_mask - one of the masks in /proc/PID/status, of who may not pay for
 * all of it (sys/procfs.h): a process before its exec, in a container.
 *
 *	n = read(fd, text, sizeof(text) - 1);	// then a NUL
 *	if (status_mask(text, "CapBnd", &mask)) ...
 */
#ifndef RANBY_SYS_STATUS_MASK_H
#define RANBY_SYS_STATUS_MASK_H

#include <stdbool.h>
#include <stdint.h>

#define STATUS_TEXT_SIZE 4096 /* all of it, but for one with hundreds of groups */

/* "SigIgn", "CapBnd", ...: sixteen hexadecimal digits as the kernel writes them. False: `text` has no such line, or not all of it. */
bool status_mask(const char *text, const char *name, uint64_t *ret);

#endif
