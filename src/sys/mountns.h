/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mountns - mounts by descriptor (fsopen(2), open_tree(2), move_mount(2),
 * mount_setattr(2); Linux 5.2, the last 5.12).
 *
 * A mount is made detached, given its flags while nobody can see it, and then
 * attached to a place that was opened before: no name is looked up twice, and
 * mount(2) is never called on a name.
 *
 *	r = mount_new("tmpfs", opts, n, MOUNT_ATTR_NOSUID, &m, e);
 *	r = mount_clone(AT_FDCWD, "/srv", true, &m, e);
 *	r = mount_set(m, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, true);
 *	r = mount_attach(m, target_fd);
 */
#ifndef RANBY_SYS_MOUNTNS_H
#define RANBY_SYS_MOUNTNS_H

#include "base/err.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>

struct mount_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

/*
 * A new filesystem, detached. `attr` is of MOUNT_ATTR_*. Errors name the
 * option that the kernel refused, with its own words (fsopen's log).
 * The caller owns *ret_fd.
 */
int mount_new(const char *fstype, const struct mount_option *opts, size_t n, uint64_t attr, int *ret_fd,
	      struct err *e) _must_check_;

/* The steps of mount_new() for who sets options by descriptor. mount_finish() keeps `fsfd` open. */
int mount_begin(const char *fstype, int *ret_fsfd, struct err *e) _must_check_;
int mount_config(int fsfd, const struct mount_option *o, struct err *e) _must_check_;
int mount_finish(int fsfd, uint64_t attr, int *ret_fd, struct err *e) _must_check_;
/* Kernel's last message about `fsfd`, or "" (warnings too). */
void mount_log(int fsfd, char *text, size_t size);

/* A detached copy of what is mounted at `path` (or the fd itself when ""), with what is below it when `recursive`. */
int mount_clone(int dirfd, const char *path, bool recursive, int *ret_fd) _must_check_;

/* mount_setattr(2) on the mount `fd` is the root of. `propagation` MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE or 0. */
int mount_set(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive) _must_check_;

/* Shows a detached mount through the map of the user namespace `userns_fd` (Linux 5.12); -EPERM: not ours to do, -EINVAL: not this filesystem. */
int mount_idmap(int fd, int userns_fd, bool recursive) _must_check_;

/* Of `wanted` (MOUNT_ATTR_*), those that the mount has now. */
int mount_has(int fd, uint64_t wanted, uint64_t *ret) _must_check_;

/* Attaches a detached mount on top of the file or directory `target_fd` (O_PATH). */
int mount_attach(int fd, int target_fd) _must_check_;
/* Takes the attached mount off whose root `fd` is: what was cloned of it stays. */
int mount_take_off(int fd) _must_check_;

/* Makes `fd`, a mount's root, the root of this mount namespace and the process; the old one is gone. */
int mount_pivot(int fd) _must_check_;

/* fstatfs(2) type of an fd (PROC_SUPER_MAGIC...); 0 or -errno. */
int mount_magic(int fd, unsigned long *ret) _must_check_;

/* The mount's id (statx STATX_MNT_ID, Linux 5.8). */
int mount_id(int fd, uint64_t *ret) _must_check_;

#endif
