/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * user - the one parser of "whom does this run as": -u, exec -u, and the
 * image's USER.
 *
 *	_cleanup_(user_files_done) struct user_files f = {0};
 *	r = user_files_from_root(rootfd, &f, e);	// a running container
 *	r = user_files_from_layers(&layers, &f, e);	// none mounted
 *	r = user_resolve("www-data", &f, NULL, &who, e);
 *
 * Grammar: USER[:[GROUP]] or :GROUP, which is root's, each a decimal ID without sign, blanks or leading
 * zeros, up to 4294967294, or a name: [a-zA-Z_][a-zA-Z0-9_.-]*[$]?, up to 256
 * bytes. What consists of digits is a number and is never looked up as
 * a name; what begins with a digit and is not a number is refused. A name
 * that the container's own /etc/passwd or /etc/group lacks is an error. Nothing
 * ever falls back to root.
 *
 * Group rules (docker's and podman's): without GROUP, the gid of the passwd
 * line, or 0 when the ID has none; supplementary groups are those whose member
 * list names the user, only when no GROUP was given, plus --group-add.
 */
#ifndef RANBY_ENGINE_USER_H
#define RANBY_ENGINE_USER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define USER_FILE_MAX (1U << 20) /* bytes of /etc/passwd and /etc/group that are read */
#define USER_GROUPS_MAX 1024     /* supplementary groups at most */
#define USER_NAME_MAX 256

/* The container's own databases. A missing file is an empty one. */
struct user_files {
	struct buf passwd, group;
};

struct user_id {
	uint32_t uid, gid;
	size_t n_groups;
	uint32_t groups[USER_GROUPS_MAX]; /* sorted, unique, holding `gid` (CVE-2022-2989 ff.) */
	bool in_passwd;                   /* the uid has a line there */
	char name[USER_NAME_MAX + 1];     /* the name of that line, "" when none */
	char home[4096];                  /* its directory when absolute and clean, else "" */
};

/* For _cleanup_(). */
void user_files_done(struct user_files *f);

/*
 * Reads etc/passwd and etc/group inside `rootfd` (regular files, capped,
 * confined, never blocking). Links that lead out of the root stay in it.
 */
int user_files_from_root(int rootfd, struct user_files *ret, struct err *e) _must_check_;

/*
 * Reads them from a stack of layer directories, lowest first, as overlayfs
 * would merge them (whiteouts, opaque directories, links across layers),
 * without mounting anything.
 */
int user_files_from_layers(const struct strv *layers, struct user_files *ret, struct err *e) _must_check_;

/* The grammar alone. -EINVAL with text. NULL and "" are fine. */
int user_check(const char *text, struct err *e) _must_check_;

/*
 * Resolves. NULL or "" is root (0:0), with root's groups. `group_add` (may be
 * NULL) holds names or numbers. -EINVAL: grammar; -ENOENT: no such name; text
 * either way.
 */
int user_resolve(const char *text, const struct user_files *f, const struct strv *group_add, struct user_id *ret,
		 struct err *e) _must_check_;

struct id_map;

/*
 * -ERANGE with text where the map lacks the user or group. Of the others those that it lacks are left out of `u`, or, where any
 * were `asked` for, an error too.
 */
int user_keep_mapped(struct user_id *u, const struct id_map *map, bool asked, struct err *e) _must_check_;

/* The greatest ID + 1 that the files name, nobody and nogroup (65534) aside: the size that --userns=auto needs. */
uint32_t user_files_size(const struct user_files *f);

#endif
