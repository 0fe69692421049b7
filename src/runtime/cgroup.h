/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cgroup - the container's control group (cgroups(7), version 2): made below a
 * subtree that was delegated to us, or not at all.
 *
 * Without a subtree that we can write to, a container simply stays where its
 * caller is; a limit that was asked for is then an error, never dropped.
 */
#ifndef RANBY_RUNTIME_CGROUP_H
#define RANBY_RUNTIME_CGROUP_H

#include "base/err.h"
#include "base/json.h"

#include <errno.h>
#include <sys/types.h>

struct cgroup {
	int dir;    /* our group's directory, -EBADF: none */
	char *path; /* absolute, NULL: none */
};
#define CGROUP_INIT {.dir = -EBADF}

void cgroup_done(struct cgroup *g);

/* `path` and `resources` are linux.cgroupsPath and linux.resources, each may be NULL. */
int cgroup_prepare(const char *path, struct json_object *resources, const char *id, struct cgroup *ret,
		   struct err *e) _must_check_;

/* Moves a process into it; nothing to do without one. */
int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *e) _must_check_;

/* Removes an empty group, as far as it goes. */
void cgroup_remove(const struct cgroup *g);

#endif
