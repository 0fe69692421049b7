/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * rootfs - work with a container's files, whether it runs or not.
 *
 *	static int look(const struct rootfs *t, void *ctx, struct err *e)
 *	{
 *		return path_in_root_open(t->root_fd, "etc/passwd", O_RDONLY, &fd);
 *	}
 *	r = rootfs_with(eng, c, look, &args, e);
 *
 * The function runs in a child that is root of the keeper, so that it may
 * read and write what belongs to any of the container's IDs; nothing that it
 * changes in memory comes back but its result and the words of its error.
 *
 * Of a container that runs, root_fd is the root that its first process has,
 * with all that is mounted there. Of one that does not, its root is put
 * together in the child's own mount namespace, which goes with the child.
 * Names in it are resolved by path_in_root_*() alone: what is in the container,
 * and who runs in it, can lead them to nothing outside (attack class A13). The
 * child never enters the container's namespaces, and nothing of the container is executed
 * or loaded (A14).
 */
#ifndef RANBY_ENGINE_ROOTFS_H
#define RANBY_ENGINE_ROOTFS_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "oci/runtime_config.h"
#include "sys/idmap.h"

struct rootfs {
	int root_fd;              /* O_PATH */
	const struct id_map *map; /* the container's IDs to those of the child; NULL: the same */
};

/* A negative errno, or >= 0: an outcome of its own. */
typedef int (*rootfs_fn)(const struct rootfs *t, void *ctx, struct err *e);

/* Takes the container's lock meanwhile when it does not run. `c` is refreshed. */
int rootfs_with(struct engine *eng, struct container *c, rootfs_fn fn, void *ctx, struct err *e) _must_check_;

/* The map of the container's user namespace, to the keeper's IDs; empty lists where it has none of its own. */
int rootfs_id_map(const struct container *c, struct id_map *ret, struct err *e) _must_check_;

/* config.json of a container's directory. */
int rootfs_read_config(int bundle, struct runtime_config *ret, struct err *e) _must_check_;

#endif
