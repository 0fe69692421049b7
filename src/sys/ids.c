/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/ids.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* where there are two, the plain name is the one of 16 bits */
#ifdef SYS_setresuid32
#error "the calls of 32 bits are not named here"
#endif

int ids_set_groups(const gid_t *groups, size_t n)
{
	return syscall(SYS_setgroups, n, groups) < 0 ? -errno : 0;
}

int ids_set_group(gid_t gid)
{
	return syscall(SYS_setresgid, gid, gid, gid) < 0 ? -errno : 0;
}

int ids_set_user(uid_t uid)
{
	return syscall(SYS_setresuid, uid, uid, uid) < 0 ? -errno : 0;
}
