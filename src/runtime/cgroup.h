/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cgroup - the container's control group (cgroups(7), version 2): "ranby-ID"
 * below the group that we are in, where that was delegated to us, or none. In
 * a group that has the ID in its name already it is "container".
 *
 *	r = cgroup_prepare(dir, path, resources, id, &g, e);	// made, limits set
 *	r = cgroup_enter(&g, init, e);
 *	cgroup_done(&g);
 *	...
 *	r = cgroup_remove(rroot, id, e);
 *
 * With a `path` of "ranby/ranby-pod-NAME" it is below a group of that name,
 * which all of a pod have in common; whoever leaves it last removes it.
 *
 * An absolute path is another engine's plan, and taken as it is: the group is
 * made there, below the cgroup mount, where that is allowed; one that others
 * are in is refused. Such a path is noted with a '=' before it.
 *
 * Without limits and without a wish for a group (`path`) that can be granted
 * a container stays where its caller is. A limit that cannot be set is an
 * error, never dropped; the words name the controller.
 */
#ifndef RANBY_RUNTIME_CGROUP_H
#define RANBY_RUNTIME_CGROUP_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

struct cgroup {
	int dir;    /* our group's directory, -EBADF: none */
	char *path; /* as /proc/PID/cgroup shows it to us; NULL: none */
};
#define CGROUP_INIT {.dir = -EBADF}

#define CGROUP_NAME_PREFIX "ranby-"
#define CGROUP_NAME_ALONE "container"
#define CGROUP_POD_PREFIX "ranby-pod-"

void cgroup_done(struct cgroup *g);

/*
 * `path` and `resources` are linux.cgroupsPath and linux.resources, each may
 * be NULL. Where the group goes is noted in `dir` (RROOT/ID) before it is made.
 */
int cgroup_prepare(int dir, const char *path, struct json_object *resources, const char *id, struct cgroup *ret,
		   struct err *e) _must_check_;

/* There is to be none: limits are an error. */
int cgroup_none(struct json_object *resources, struct err *e) _must_check_;

/*
 * For a group that somebody else has made (scope.h): can it have limits here, by its note it is found, and they are set.
 * The note has the inode of `fd`, too: one of that path which comes later is another container's.
 */
struct cgroup_limits;
int cgroup_can_limit(const struct cgroup_limits *l, struct err *e) _must_check_;
int cgroup_note_given(int dir, const char *path, int fd, struct err *e) _must_check_;
int cgroup_limit(const struct cgroup *g, const struct cgroup_limits *l, struct err *e) _must_check_;

/* Moves a process into it; nothing to do without one. */
int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *e) _must_check_;

/*
 * Gives it to the container, as delegated groups are given away (runtime-spec, "Cgroup ownership"): its directory, and
 * the files that /sys/kernel/cgroup/delegate names. The limits in it stay whose they are. Nothing to do without a group.
 */
int cgroup_give(const struct cgroup *g, uid_t uid, gid_t gid, struct err *e) _must_check_;

/*
 * As cgroup_enter(), for a process beside others: where the group has but groups below it (what the container's own
 * manager makes of it), to the one that `init` is in.
 */
int cgroup_enter_beside(const struct cgroup *g, pid_t init, pid_t pid, struct err *e) _must_check_;

/* The group of a container that runs, by the path in its state (NULL: none), for another process to enter. */
int cgroup_find(const char *path, struct cgroup *ret, struct err *e) _must_check_;

/* Other limits for a group that is there; `path` is for words. */
int cgroup_update(int fd, const char *path, struct json_object *resources, struct err *e) _must_check_;

/* The group of its own that is noted in RROOT/ID, by its directory. -ENOENT: it has none. */
int cgroup_own(int rroot, const char *id, int *ret_fd) _must_check_;

/* Limits of the group of a pod that ID's own group is in. -ENOTSUP: it is in none. */
int cgroup_limit_pod(int rroot, const char *id, struct json_object *resources, struct err *e) _must_check_;

/* Are both in one pod's group? */
bool cgroup_same_pod(int rroot, const char *id, const char *other);

/* Removes the group that is noted in RROOT/ID, with whatever is still in it. None: 0. */
int cgroup_remove(int rroot, const char *id, struct err *e) _must_check_;

#endif
