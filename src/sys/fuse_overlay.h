/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fuse_overlay - the same overlay mount as sys/overlay.h, served by the
 * program fuse-overlayfs, where the kernel refuses it.
 *
 *	struct fuse_program p = FUSE_PROGRAM_INIT;
 *	r = fuse_program_open(NULL, &p, e);		// on the host's side
 *	r = overlay_mount_any(&o, &p, &fd, &server, e);	// in the keeper
 *	... server.pid > 0: it is the server's mount ...
 *
 * Process: one that may mount in its user namespace, which is the server's
 * too. The server is a child of the caller and outlives it; it needs no end
 * of its own: the kernel tells it to go when the last copy of the mount does,
 * that is when the mount namespace of the container ends. Whoever wants to be
 * sure (a server that was stopped) ends it by its identity.
 */
#ifndef RANBY_SYS_FUSE_OVERLAY_H
#define RANBY_SYS_FUSE_OVERLAY_H

#include "base/err.h"
#include "sys/overlay.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FUSE_OVERLAY_PROGRAM "fuse-overlayfs"
/* The filesystem's type as mountinfo shows it. */
#define FUSE_OVERLAY_TYPE "fuse.fuse-overlayfs"

struct fuse_server {
	pid_t pid; /* 0: none */
	uint64_t start_ticks;
};

struct fuse_program {
	int exe_fd;   /* O_PATH, or -EBADF: not installed */
	bool forced;  /* take it even where the kernel can */
};
#define FUSE_PROGRAM_INIT {.exe_fd = -EBADF}

/*
 * Finds it where root alone can have put it (sys/self.h): only to be known
 * where root's id is mapped, so outside of the user namespace that it will
 * work in. `wanted` NULL: not installed is no error. Otherwise it is forced,
 * must be installed, and at that place. The caller closes ret->exe_fd.
 */
int fuse_program_open(const char *wanted, struct fuse_program *ret, struct err *e) _must_check_;

/*
 * Detached mount in *ret_fd, which the caller owns; it answers already. The
 * kernel's overlay, and where it refuses, or `p` says so, the program's.
 * -errno with the words of the kernel or of the server.
 */
int overlay_mount_any(const struct overlay *o, const struct fuse_program *p, int *ret_fd, struct fuse_server *ret,
		      struct err *e) _must_check_;

/* Waits until it has gone (with its mount it goes by itself), and ends it after a while. 0: it is gone. */
int fuse_server_end(const struct fuse_server *s) _must_check_;

#endif
