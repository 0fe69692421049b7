/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * landlock - rules that a process puts on itself, and on all that it starts
 * (landlock(7), Linux 5.13).
 *
 *	const struct landlock_rights r = {.fs = LANDLOCK_FS_ALL, .net = LANDLOCK_NET_BIND};
 *	r = landlock_ruleset_make(&r, &ruleset);
 *	r = landlock_allow_path(ruleset, dirfd, LANDLOCK_FS_READ);
 *	r = landlock_enter(ruleset);		// no_new_privs, or CAP_SYS_ADMIN in its user namespace
 *
 * What a ruleset handles is refused but where a rule allows it; what it does
 * not handle is left alone. Nothing here narrows a wish to what the kernel
 * has: landlock_abi_of() says what a wish needs, landlock_abi() what there is.
 */
#ifndef RANBY_SYS_LANDLOCK_H
#define RANBY_SYS_LANDLOCK_H

#include "base/mem.h"

#include <stdint.h>

/* linux/landlock.h; that of Debian 12 (Linux 6.1) ends before REFER's successors */
#define LANDLOCK_FS_EXECUTE (1ULL << 0)
#define LANDLOCK_FS_WRITE_FILE (1ULL << 1)
#define LANDLOCK_FS_READ_FILE (1ULL << 2)
#define LANDLOCK_FS_READ_DIR (1ULL << 3)
#define LANDLOCK_FS_MAKE_SOCK (1ULL << 9)
#define LANDLOCK_FS_MAKE_BLOCK (1ULL << 11)
#define LANDLOCK_FS_REFER (1ULL << 13)     /* Linux 5.19, ABI 2 */
#define LANDLOCK_FS_TRUNCATE (1ULL << 14)  /* Linux 6.2, ABI 3 */
#define LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* Linux 6.10, ABI 5 */
#define LANDLOCK_NET_BIND (1ULL << 0)      /* TCP; Linux 6.7, ABI 4 */
#define LANDLOCK_NET_CONNECT (1ULL << 1)
#define LANDLOCK_SCOPE_ABSTRACT_UNIX (1ULL << 0) /* Linux 6.12, ABI 6 */
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)

#define LANDLOCK_FS_READ (LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR)
#define LANDLOCK_FS_ABI_1 ((1ULL << 13) - 1)
#define LANDLOCK_FS_ALL (LANDLOCK_FS_ABI_1 | LANDLOCK_FS_REFER | LANDLOCK_FS_TRUNCATE) /* but devices' ioctl */
#define LANDLOCK_FS_WRITE (LANDLOCK_FS_ALL & ~(LANDLOCK_FS_EXECUTE | LANDLOCK_FS_READ)) /* and make, remove, rename */
#define LANDLOCK_FS_OF_FILE \
	(LANDLOCK_FS_EXECUTE | LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_READ_FILE | LANDLOCK_FS_TRUNCATE | LANDLOCK_FS_IOCTL_DEV)

#define LANDLOCK_ABI_LOGS 7 /* its denials are in the audit log (Linux 6.15) */

struct landlock_rights {
	uint64_t fs, net, scoped;
};

/* What this kernel has; 0: none, or not enabled. */
int landlock_abi(void);

/* What a ruleset that handles these needs; 0 for none at all. */
int landlock_abi_of(const struct landlock_rights *handled);

/* -EINVAL, -E2BIG: the kernel does not know one of them. The caller owns *ret_fd. */
int landlock_ruleset_make(const struct landlock_rights *handled, int *ret_fd) _must_check_;

/* This file, or this directory and all below it; rights that a file cannot have are left out for one. */
int landlock_allow_path(int ruleset, int fd, uint64_t access) _must_check_;

int landlock_allow_port(int ruleset, uint16_t port, uint64_t access) _must_check_;

/* For the calling thread, for good. -EPERM: neither no_new_privs nor CAP_SYS_ADMIN. */
int landlock_enter(int ruleset) _must_check_;

#endif
