/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * rootfs - the mounts that need the parent's rights: the container's root, and
 * whatever of the host is bound into it. All detached, none attached here.
 *
 * Process: create, in a mount namespace of its own (mountns_unshare()), root
 * of the user namespace around the container's. It can read the user's files
 * where the container's own root may not (--userns=auto).
 */
#ifndef RANBY_RUNTIME_ROOTFS_H
#define RANBY_RUNTIME_ROOTFS_H

#include "base/err.h"
#include "oci/runtime_config.h"
#include "runtime/plan.h"
#include "sys/fuse_overlay.h"

#define ROOTFS_FDS_MAX 1024
#define ROOTFS_SERVERS_MAX 32
#define ROOTFS_LATE_MAX 4

/* Descriptors that init inherits. */
struct kept_fds {
	int fds[ROOTFS_FDS_MAX];
	size_t n;
};

/* What serves those of the mounts that the kernel did not want to make. */
struct rootfs_servers {
	int fuse_fd; /* the program, borrowed, or -EBADF */
	struct fuse_server items[ROOTFS_SERVERS_MAX];
	size_t n;
};

/* Closes all; for _cleanup_(). */
void kept_fds_done(struct kept_fds *k);
/* Takes `fd`; -E2BIG (then it is closed) past ROOTFS_FDS_MAX. */
int kept_fds_consume_fd(struct kept_fds *k, int fd) _must_check_;

/* A mount namespace for this process alone, receiving what the host mounts and giving nothing back. */
int rootfs_unshare(struct err *e) _must_check_;

/*
 * sysfs shows the interfaces of the network namespace that it is mounted in. In another container's the init of this one may not mount
 * it: it does not own that. So it is mounted here, as soon as that namespace is joined (rootfs_mount_late()).
 */
struct rootfs_late {
	struct {
		int fd; /* borrowed from kept_fds; a placeholder till then */
		const struct config_mount *m;
	} items[ROOTFS_LATE_MAX];
	size_t n;
};

/* Without one the program of rootfs_servers is never asked for. */
bool rootfs_has_overlay(const struct runtime_config *c);

struct secrets; /* runtime/secrets.h */

struct rootfs_input {
	const struct runtime_config *c;
	int bundle_fd;
	const struct secrets *secrets; /* whose files go on top of the config's mounts */
	struct rootfs_late *late;
};

/*
 * Makes the root and all mounts of the config, and plans them:
 * w->head.rootfs_fd and .mounts. A server in `servers` ends by itself when
 * `k` is closed and init has ended, or was never made.
 */
int rootfs_prepare(const struct rootfs_input *in, struct plan_writer *w, struct kept_fds *k, struct rootfs_servers *servers,
		   struct err *e) _must_check_;

/* In the network namespace that the config names, with the rights of the user namespace around the container. */
int rootfs_mount_late(const struct rootfs_late *late, struct err *e) _must_check_;

/*
 * The root of a container that does not run, attached to the directory
 * `at_fd` of a mount namespace of the caller's own, and in it what the
 * config binds of the host's files, and its overlays (nothing below /dev, /proc and /sys). Its
 * root in *ret_fd. For who works with its files; see engine/rootfs.h.
 */
int rootfs_assemble(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int at_fd, int *ret_fd,
		    struct err *e) _must_check_;

/* That root alone, without what the config mounts in it; detached. */
int rootfs_root(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int *ret_fd, struct err *e) _must_check_;

#endif
