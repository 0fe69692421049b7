/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* volume_copy - copies and chowns trees by descriptor, following no link. */
#ifndef RANBY_ENGINE_VOLUME_COPY_H
#define RANBY_ENGINE_VOLUME_COPY_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define VOLUME_DEPTH_MAX 1024 /* directories in each other */

/* True when a directory has no entry. */
bool volume_is_empty(int dirfd);

/*
 * Makes `to` (an empty directory) like `from`: owner and mode, and with
 * `content` all that is below, with owners, modes, times, extended attributes
 * and hard links within one directory broken up. Sockets are left out.
 */
int volume_copy(int from, int to, bool content, struct err *e) _must_check_;

/* lchown of the directory and all that is below, within one file system. */
int volume_chown_tree(int dirfd, uint32_t uid, uint32_t gid, struct err *e) _must_check_;

#endif
