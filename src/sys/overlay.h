/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * overlay - one overlay mount out of layer directories (kernel
 * Documentation/filesystems/overlayfs.rst), by descriptor.
 *
 *	struct overlay o = {.lower = fds, .n_lower = n, .upper = up, .work = wk, .userxattr = true};
 *	r = overlay_mount(&o, &mount_fd, e);
 *	if (r == OVERLAY_UNSUPPORTED) ... fuse-overlayfs ...
 */
#ifndef RANBY_SYS_OVERLAY_H
#define RANBY_SYS_OVERLAY_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define OVERLAY_LOWER_MAX 500 /* the kernel's OVL_MAX_STACK */

struct overlay {
	const int *lower;  /* topmost first, O_PATH directories opened in this mount namespace */
	size_t n_lower;
	int upper, work;   /* -EBADF: a read-only overlay */
	bool userxattr;    /* "user.overlay." instead of "trusted.overlay.": what layers are marked with, and all that a mounter without CAP_SYS_ADMIN on the host may use */
	bool is_volatile;  /* no sync of upper ("volatile") */
	const char *context; /* SELinux mount label, or NULL */
};

enum overlay_outcome {
	OVERLAY_MOUNTED = 0,
	OVERLAY_UNSUPPORTED = 1, /* this kernel or filesystem cannot, text in `e`: another way may */
};

/* A detached mount in *ret_fd, which the caller owns. enum overlay_outcome or -errno. */
int overlay_mount(const struct overlay *o, int *ret_fd, struct err *e) _must_check_;

#endif
