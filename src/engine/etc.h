/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * etc - the files of its /etc that a container has of its own, and that speak
 * of its IDs: whom they belong to, and the lines that keep-id's user gets in copies of the
 * image's passwd and group. The layers are never written to.
 *
 *	etc_add_user(&files, 1000, 1000, "/work", &added);	// before names are resolved
 *	r = etc_write_user(dirfd, &files, &added, e);
 *	r = etc_give(dirfd, keeper, uid, gid, e);		// after each writing
 */
#ifndef RANBY_ENGINE_ETC_H
#define RANBY_ENGINE_ETC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "engine/keeper.h"
#include "engine/user.h"
#include "sys/path.h"

#include <stdbool.h>
#include <stdint.h>

struct etc_added {
	bool passwd, group; /* the copy differs from the image's file: it is to be mounted over it */
};

/*
 * Adds "name:*:uid:gid::home:/bin/sh" and "group:*:gid:name" to the texts, as podman does: the host's
 * names of `host_uid` and `host_gid`, only when the ID and the name are not there yet and the
 * image has the file at all. What a line cannot hold (a colon, a control
 * character) is never written: such a home is "/", such a name the number.
 */
int etc_add_user(struct user_files *f, uint32_t host_uid, uint32_t host_gid, uint32_t uid, uint32_t gid, const char *home,
		 struct etc_added *ret) _must_check_;

/* The names that these files may have there, and NULL. */
extern const char *const etc_names[];

/* One of these files, in the container's directory, for all the container's users to read. `sync`: path.h's, as it is to outlive a power loss or not. */
int etc_write(int container_dirfd, const char *name, const struct buf *text, enum path_sync sync, struct err *e) _must_check_;

/* The same for one that a running container has mounted: it stays the same file. */
int etc_rewrite(int container_dirfd, const char *name, const struct buf *text, enum path_sync sync, struct err *e) _must_check_;

/* passwd and group, those that were added to. */
int etc_write_user(int container_dirfd, const struct user_files *f, const struct etc_added *added, enum path_sync sync,
		   struct err *e) _must_check_;

/* Makes all of these files the container's root's; `uid` and `gid` are its keeper IDs. */
int etc_give(int container_dirfd, struct keeper *k, uint32_t uid, uint32_t gid, struct err *e) _must_check_;

#endif
