/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cgroup - control groups of version 2 (cgroups(7)): their paths and files.
 *
 *	r = cgroup_mount_open(&mount);			// -ENOTSUP: version 1, or both
 *	r = cgroup_of(0, own);				// "/user.slice/..."
 *	r = cgroup_open(mount, own, &fd);
 *	if (cgroup_is_ours(fd))
 *		r = cgroup_enable(fd, CGROUP_MEMORY, CGROUP_ALL);
 *
 * A path is as /proc/PID/cgroup shows it to us, from our cgroup namespace's
 * root, which is what is mounted on /sys/fs/cgroup.
 */
#ifndef RANBY_SYS_CGROUP_H
#define RANBY_SYS_CGROUP_H

#include "base/buf.h"
#include "base/mem.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum cgroup_controller {
	CGROUP_CPU = 1U << 0,
	CGROUP_CPUSET = 1U << 1,
	CGROUP_IO = 1U << 2,
	CGROUP_MEMORY = 1U << 3,
	CGROUP_PIDS = 1U << 4,
	CGROUP_HUGETLB = 1U << 5,
	CGROUP_RDMA = 1U << 6,
	CGROUP_ALL = CGROUP_CPU | CGROUP_CPUSET | CGROUP_IO | CGROUP_MEMORY | CGROUP_PIDS,
};

/* Where the processes of a group go whose controllers are wanted below it: a group has processes or enables them. */
#define CGROUP_SUPERVISOR "supervisor"

/* "cpu memory": the names of a set, in the kernel's order; each with `before` in front ("+cpu +memory"). */
void cgroup_names(unsigned set, const char *before, struct buf *out);

/* The controller that a file belongs to ("memory.max"); 0: none that we know. */
unsigned cgroup_controller_of(const char *file);

/* /sys/fs/cgroup. -ENOTSUP where it is not version 2 alone. */
int cgroup_mount_open(int *ret_fd) _must_check_;

/*
 * Does the root of a cgroup namespace end what can be changed from inside (mount option nsdelegate)? If not, whoever
 * owns that group and sees it writable can also lift the limits that are set on it. False where it cannot be told.
 */
bool cgroup_is_bounded_by_namespace(void);

/* The path of a process's group (0: our own), "/..." . -ENOENT: none of version 2, or one out of our sight. */
int cgroup_of(pid_t pid, char ret[static PATH_MAX]) _must_check_;

/* Opens a group by its path. */
int cgroup_open(int mount_fd, const char *path, int *ret_fd) _must_check_;

/* May we make groups in it and move processes? */
bool cgroup_is_ours(int fd);

/* Did the service manager give it away (Delegate=; systemd 254 and newer say so in an attribute)? */
bool cgroup_is_delegated(int fd);

/* What is available in it ("cgroup.controllers"), or for groups below it ("cgroup.subtree_control"). */
int cgroup_controllers(int fd, unsigned *ret) _must_check_;
int cgroup_enabled(int fd, unsigned *ret) _must_check_;

/*
 * Enables what is wanted for the groups below, as far as it is available; what
 * is needed must be. Processes in it are moved to CGROUP_SUPERVISOR below it
 * where the kernel demands that. -ENODEV: something needed is not available.
 */
int cgroup_enable(int fd, unsigned needed, unsigned wanted) _must_check_;

/* The same, moving nobody: -EBUSY where the kernel demands it. For groups that others may be in. */
int cgroup_enable_in_place(int fd, unsigned needed, unsigned wanted) _must_check_;

/* One value into one of its files; a text out of one, without the newline. */
int cgroup_write(int fd, const char *file, const char *value) _must_check_;
int cgroup_read(int fd, const char *file, struct buf *out) _must_check_;

/* May we move processes from the group `from` to `to`? The kernel asks who may write to the nearest group that is above both. */
bool cgroup_may_move(int mount_fd, const char *from, const char *to);

/* Moves a process into it. */
int cgroup_add(int fd, pid_t pid) _must_check_;

/* Stops all processes in it and below, or lets them go on, and waits until that is so. -ETIMEDOUT: the wish is taken back. */
int cgroup_freeze(int fd, bool frozen, int timeout_ms) _must_check_;

/* Is it asked to be frozen? */
bool cgroup_is_frozen(int fd);

/* Kills what is in the group `name` and below, and removes them. Missing: 0. -EBUSY: something does not end. */
int cgroup_remove_tree(int parent, const char *name) _must_check_;

#endif
