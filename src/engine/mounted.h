/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mounted - a container's files as a directory of the mount namespace that
 * the caller is in.
 *
 *	r = mounted_mount(eng, c, &path, e);	// ".../containers/ID/merged"
 *	r = mounted_path(eng, c, &path);		// MOUNTED_NO: it is not
 *	r = mounted_unmount(eng, c, false, e);
 *
 * Only root of the user namespace that it works in may mount: root itself,
 * and the user within `ranby unshare`, whose mount namespace keeps it until
 * the last process there ends. Nobody outside sees it. What is mounted is the
 * container's own files, without its volumes.
 *
 * The files of a container that runs are served to it by a mount of its own,
 * and two overlays on one upper directory disagree (overlayfs.rst): nothing
 * is mounted then, and the path is that of its root in /proc.
 */
#ifndef RANBY_ENGINE_MOUNTED_H
#define RANBY_ENGINE_MOUNTED_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

enum mounted_outcome {
	MOUNTED_YES = 0,
	MOUNTED_NO = 1,
};

/* -EPERM with podman's words, and what to do, where the caller cannot mount. `command`: "ranby mount". */
int mounted_check(const struct engine *eng, const char *command, struct err *e) _must_check_;

/* Whether something is mounted on that directory here. */
bool mounted_is(const char *path);

/* Unmounts it: -EBUSY, unless `force`. */
int mounted_end_at(const char *path, bool force) _must_check_;

/* Mounts it, unless it is. The caller frees *ret_path. Waits for the container's lock. */
int mounted_mount(struct engine *eng, struct container *c, char **ret_path, struct err *e) _must_check_;

/* Where it is mounted here; MOUNTED_NO. The caller frees *ret_path. */
int mounted_path(struct engine *eng, const struct container *c, char **ret_path) _must_check_;

/* -EBUSY: somebody works in it, unless `force`. One that is not mounted: MOUNTED_NO. */
int mounted_unmount(struct engine *eng, const struct container *c, bool force, struct err *e) _must_check_;

/* The container is going to be removed, or started: it is unmounted here, when it was mounted. */
int mounted_end(struct engine *eng, const struct container *c, struct err *e) _must_check_;

#endif
