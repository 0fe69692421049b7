/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * user_name - the host's name and home of a uid, at start-up speed.
 *
 * /etc/passwd is read first; only a uid that it lacks is asked of NSS, which
 * may load libraries and wait for a directory server.
 */
#ifndef RANBY_SYS_USER_NAME_H
#define RANBY_SYS_USER_NAME_H

#include "base/mem.h"

#include <sys/types.h>

#define USER_NAME_SIZE 257

/* -ENOENT when it has none. */
int user_name_of(uid_t uid, char ret[static USER_NAME_SIZE]) _must_check_;

/* Its home, an absolute path, malloc'ed. -ENOENT when it has none. */
int user_home_of(uid_t uid, char **ret) _must_check_;

/*
 * Where our user's files are, malloc'ed: `named` (of $HOME, NULL for none)
 * when it is the absolute path of a directory that we may enter, else what the
 * user database says. A `su` or a service that left another's HOME, or none,
 * must not make a user's settings vanish. -ENOENT when there is neither.
 */
int user_home(const char *named, char **ret) _must_check_;

/*
 * What a variable (XDG_CONFIG_HOME) says of where our user's files are: `value` when it is an absolute path, else
 * NULL. "If an implementation encounters a relative path in any of these variables it should consider the
 * path invalid and ignore it" (XDG Base Directory Specification); so is one too long to have files below it.
 */
const char *user_dir_named(const char *value);

#endif
