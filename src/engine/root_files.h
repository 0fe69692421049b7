/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * root_files - /etc/passwd and /etc/group out of a running container's root
 * that fuse-overlayfs serves.
 *
 *	_cleanup_(user_files_done) struct user_files f = {0};
 *	r = root_files_read(&init, root_fd, ROOT_FILES_PATIENCE_MS, &f);
 *
 * Two things are special: only who is in the mount's user namespace, or one
 * below it, may look in (FUSE, allow_other); and a server that hangs would
 * let its reader hang too, beyond every signal. So a child enters the
 * container's user namespace and reads, and we wait for it only so long.
 */
#ifndef RANBY_ENGINE_ROOT_FILES_H
#define RANBY_ENGINE_ROOT_FILES_H

#include "engine/user.h"
#include "sys/procfs.h"

#define ROOT_FILES_PATIENCE_MS 1000

/* `root_fd` is the root of `init`, O_PATH. A missing file is an empty one. -ETIMEDOUT: no answer; -errno. */
int root_files_read(const struct proc *init, int root_fd, int timeout_ms, struct user_files *ret) _must_check_;

#endif
