/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ids - user, group and groups of the calling thread, by the system calls
 * themselves: a C library's change them in every thread, for which it blocks
 * all signals first. For processes of one thread between fork and exec.
 * As setgroups(2) and setresuid(2) otherwise; 0 or -errno.
 */
#ifndef RANBY_SYS_IDS_H
#define RANBY_SYS_IDS_H

#include "base/mem.h"

#include <stddef.h>
#include <sys/types.h>

int ids_set_groups(const gid_t *groups, size_t n) _must_check_;
/* Real, effective and saved. */
int ids_set_group(gid_t gid) _must_check_;
int ids_set_user(uid_t uid) _must_check_;

#endif
