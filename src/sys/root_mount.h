/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * root_mount - what a process has mounted as its root, as the kernel says it
 * (proc_pid_mountinfo(5)), without asking the filesystem: one that is FUSE
 * may never answer.
 */
#ifndef RANBY_SYS_ROOT_MOUNT_H
#define RANBY_SYS_ROOT_MOUNT_H

#include "base/mem.h"
#include "sys/procfs.h"

#include <stdint.h>

struct root_mount {
	uint64_t id;
	char device[24]; /* "0:57" */
	char type[64];   /* "overlay", "fuse.fuse-overlayfs" */
};

/* `root_fd` is its "root", O_PATH. -ENOENT: the mount is not in its list; -errno. */
int root_mount_read(const struct proc *p, int root_fd, struct root_mount *ret) _must_check_;

/* The same on a list that was read. */
int root_mount_find(const char *mountinfo, int root_fd, struct root_mount *ret) _must_check_;

#endif
