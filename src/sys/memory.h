/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * memory - what lies in another process's memory, as it is now.
 *
 * The number names the thread only as long as it cannot have been given away:
 * while it waits for our answer (sys/notify.h), which is asked afterwards.
 */
#ifndef RANBY_SYS_MEMORY_H
#define RANBY_SYS_MEMORY_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct memory {
	pid_t tid;
	bool narrow; /* pointers of 32 bits */
};

/* Bytes read, also fewer than asked for where the memory ends; -errno. */
ssize_t memory_read(const struct memory *m, uint64_t at, void *to, size_t len) _must_check_;

/* Bytes of a string, at most `max`, without its NUL. -EFAULT. *ret_cut: it goes on. */
ssize_t memory_read_string(const struct memory *m, uint64_t at, char *out, size_t max, bool *ret_cut) _must_check_;

#endif
