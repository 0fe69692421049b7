/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* exec_head - which other file the kernel executes with a file, by its beginning: "#!" or the loader of an ELF program. */
#ifndef RANBY_MONITOR_EXEC_HEAD_H
#define RANBY_MONITOR_EXEC_HEAD_H

#include "base/mem.h"

#include <stddef.h>

#define EXEC_HEAD_SIZE 4096
#define EXEC_HEAD_PATH 256 /* what the kernel reads of a "#!" line (BINPRM_BUF_SIZE) */

/* -ENOENT: none. Anything may stand in `head`. ELF of this machine's word size and byte order. */
int exec_head_interpreter(const char *head, size_t len, char ret[static EXEC_HEAD_PATH]) _must_check_;

#endif
