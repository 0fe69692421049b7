/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * etc - the files of its /etc that a container has of its own, and that speak
 * of its IDs: whom they belong to, and the lines that users get in copies of the
 * image's passwd and group who are not in them. The layers are never written to.
 *
 *	etc_add_user(&files, 1000, 1000, 1000, 1000, "/work", &formats, &added);	// before names are resolved
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

/* --passwd-entry and --group-entry; NULL: our own lines. */
struct etc_formats {
	const char *passwd, *group;
};

/* One line, without control characters? `format` may be NULL. */
int etc_check_format(const char *option, const char *format, struct err *e) _must_check_;

/*
 * Each of these adds "name:*:uid:gid:full name:home:/bin/sh" and, but for a host's user, "group:*:gid:name" to the
 * texts, as podman does, and sets in *ret what it changed: only when the ID and the name are not there yet and the image has
 * the file at all. What a line cannot hold (a colon, a control character) is never written: such a home is "/", such a
 * name the number. 0 or -ENOMEM.
 */

/* keep-id's user, by the host's names of `host_uid` and `host_gid`. */
int etc_add_user(struct user_files *f, uint32_t host_uid, uint32_t host_gid, uint32_t uid, uint32_t gid, const char *home,
		 const struct etc_formats *formats, struct etc_added *ret) _must_check_;

/* --hostuser: a user of the host by name or number. -ENOENT with text: it has none. */
int etc_add_host_user(struct user_files *f, const char *who, const char *home, const struct etc_formats *formats, struct etc_added *ret,
		      struct err *e) _must_check_;

/* A user that is a number only (-u 1234), so that programs find a line of it. */
int etc_add_number(struct user_files *f, uint32_t uid, uint32_t gid, const char *home, const struct etc_formats *formats,
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
