/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * acl - who besides its owner may write a file, by acl(5): of one that has an ACL the group bits
 * of the mode are the mask, which says that somebody may and not who.
 *
 *	r = acl_writers(fd, &w);	// -ENODATA: the mode says all
 */
#ifndef RANBY_SYS_ACL_H
#define RANBY_SYS_ACL_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ACL_WRITERS_MAX 64

struct acl_writers {
	bool group; /* the file's own */
	size_t n;
	struct {
		bool is_group;
		id_t id; /* as our user namespace has it */
	} named[ACL_WRITERS_MAX];
};

/*
 * Of the group class, after the mask; an fd of O_PATH too. -ENODATA: there is no ACL. -E2BIG: there are more
 * entries than that; -EINVAL: of another version than 2; -errno of getxattr(2).
 */
int acl_writers(int fd, struct acl_writers *ret) _must_check_;

#endif
