/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * path - the only place that opens names.
 *
 * Two kinds of name, never mixed:
 *
 *  - names inside a container's or image's tree, which an attacker chose.
 *    path_in_root_*() resolve them relative to a root fd as if chrooted:
 *    absolute symlinks and ".." stay inside, magic links are refused
 *    (openat2(2) RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, Linux 5.6);
 *  - names of our own below a directory that only the user writes.
 *    path_own_*() refuse every symlink and every step upwards
 *    (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS).
 *
 * No function outside this file may open a name of the first kind.
 * All fds are O_CLOEXEC. All return 0 or -errno.
 */
#ifndef RANBY_SYS_PATH_H
#define RANBY_SYS_PATH_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- names an attacker chose ---- */

/* Opens `path` inside `rootfd`; `flags` as open(2), never O_CREAT. */
int path_in_root_open(int rootfd, const char *path, int flags, int *ret_fd) _must_check_;

/*
 * Reads a regular file of at most `max` bytes inside `rootfd`, appending to
 * `b`. -EINVAL for anything that is not a regular file (opened O_NONBLOCK,
 * so that a FIFO cannot hang us), -EFBIG past `max`. Attack classes: an
 * image's /etc/passwd that is a FIFO, a device or a link to a host file.
 */
int path_in_root_read(int rootfd, const char *path, size_t max, struct buf *b) _must_check_;

/* The same, and -EXDEV when another mount than the root's lies on the way (RESOLVE_NO_XDEV): nothing of it is asked. */
int path_in_root_read_same_mount(int rootfd, const char *path, size_t max, struct buf *b) _must_check_;

/* Makes every missing directory of `path` inside `rootfd`, and opens the last one (O_PATH). */
int path_in_root_mkdirs(int rootfd, const char *path, mode_t mode, int *ret_fd) _must_check_;

/*
 * Makes sure that a mount point is there: the directories above it, then a
 * directory (`is_dir`) or an empty regular file. Opens it O_PATH. An existing
 * one of the other kind is -ENOTDIR or -EISDIR.
 */
int path_in_root_mountpoint(int rootfd, const char *path, bool is_dir, mode_t mode, int *ret_fd) _must_check_;

/* ---- names of the user's files ---- */

/*
 * After an open of the absolute `path` was ENOENT: true when it is really not
 * there, false when a link on its way leads nowhere. What must not vanish
 * because its link dangles asks this.
 */
bool path_is_missing(const char *path);

/* ---- names of our own ---- */

/* Opens below `dirfd`; `flags` may hold O_CREAT, `mode` then counts. */
int path_own_open(int dirfd, const char *path, int flags, mode_t mode, int *ret_fd) _must_check_;

/* Makes missing directories (0700) below `dirfd`; opens the last one when ret_fd is not NULL. */
int path_own_mkdirs(int dirfd, const char *path, int *ret_fd) _must_check_;

/* Makes an absolute directory of our own, parents and all (0700), from trusted configuration, not from users' data. */
int path_make_base(const char *abs_path, int *ret_fd) _must_check_;

/*
 * The same for a directory that may lie where others write (/tmp): its name is
 * no link, it is owned by the effective user, and nobody else may write in it.
 * -EPERM when not. Each directory of ours there must be checked, not the last
 * alone: whoever owns one in between can exchange what is below.
 */
int path_make_private(const char *abs_path, int *ret_fd) _must_check_;

/* Reads a file of at most `max` bytes, appending to `b`. */
int path_own_read(int dirfd, const char *path, size_t max, struct buf *b) _must_check_;

#define PATH_TEMP_PREFIX ".tmp." /* of the temporary files of the two below; one killed leaves one */
enum path_sync {
	PATH_SYNC_UNSEEN, /* in a directory that nobody reads yet: written in place; -EEXIST when it is there */
	PATH_SYNC_UNSEEN_DATA, /* the same, and the data is on the disk on return; the name is with the directory's next fsync */
	PATH_SYNC_NONE,   /* may be lost at power loss, never torn otherwise */
	PATH_SYNC_FULL,   /* data and the name are on the disk on return */
};
/* Writes through a temporary in the same directory, fsync, rename, fsync of the directory. `mode` holds whatever the umask is. */
int path_own_write(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync) _must_check_;

/* As path_own_write, but -EEXIST when the name is there already (linkat(2)). */
int path_own_write_new(int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum path_sync sync) _must_check_;

/*
 * The same for what may as well be missing: no reader sees a part of it, it is
 * not synced, and whoever is killed in between leaves the old one, the new
 * one, or none, but no temporary file (O_TMPFILE; -EOPNOTSUPP where there is
 * none). Of two at once one wins.
 */
int path_own_write_spare(int dirfd, const char *name, const void *data, size_t len, mode_t mode) _must_check_;

/* Takes away what writers left who were killed; for one that knows that nobody is writing there. */
void path_own_tidy(int dirfd);

/*
 * Removes a tree below `parent` without following a link or crossing a mount,
 * making unreadable directories readable on the way. Missing: 0. Needs no
 * free space. Depth is bounded by PATH_DEPTH_MAX (-ELOOP).
 */
#define PATH_DEPTH_MAX 4096
int path_own_remove_tree(int parent, const char *name) _must_check_;

#endif
