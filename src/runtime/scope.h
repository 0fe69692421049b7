/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * scope - a container's cgroup as a scope of systemd's (--systemd-cgroup):
 * made, joined, changed and stopped by the program ranby-scope.
 *
 *	struct scope s = SCOPE_INIT;
 *	r = scope_begin(x, dir, &config, id, &s, e);	// where we are still outside
 *	r = scope_start(&s, dir, pid, &cgroup, e);	// init is in it, its limits are set
 *	scope_done(&s);
 *	...
 *	r = scope_update(rroot, id, &limits, e);
 *	scope_end(rroot, id);
 *
 * RROOT/ID/scope says whose manager and which unit, and is there before the
 * unit is. Whoever is killed in between leaves none behind: a scope without a
 * process ends by itself.
 */
#ifndef RANBY_RUNTIME_SCOPE_H
#define RANBY_RUNTIME_SCOPE_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/cgroup_limits.h"
#include "oci/runtime_config.h"
#include "oci/scope.h"
#include "runtime/cgroup.h"
#include "runtime/context.h"

#include <errno.h>
#include <sys/types.h>

struct scope {
	int sock;   /* to ranby-scope, which waits there; -EBADF: there is none */
	pid_t pid;  /* of it; 0: none */
	struct scope_plan plan;
	struct cgroup_limits limits;
};
#define SCOPE_INIT {.sock = -EBADF}

/*
 * Plans it and starts ranby-scope, in the namespaces and with the credentials
 * that we have now. `dir` is RROOT/ID. -ENOTSUP: no service manager here.
 */
int scope_begin(const struct runtime_context *x, int dir, const struct runtime_config *c, const char *id, struct scope *s,
		struct err *e) _must_check_;

/* Into the scope, which is made by it. *ret stays without a directory where this host has not cgroup v2 alone. */
int scope_start(struct scope *s, int dir, pid_t pid, struct cgroup *ret, struct err *e) _must_check_;

/* Waits for the program, too. */
void scope_done(struct scope *s);

/* Has the container ID one? */
bool scope_is_noted(int rroot, const char *id);

/* Another process into it, where we may not do that by ourselves (cgroup_enter()): begun while we are outside. */
int scope_attach_begin(int rroot, const char *id, struct scope *s, struct err *e) _must_check_;
int scope_attach(struct scope *s, pid_t pid, struct err *e) _must_check_;

/* Tells the manager of limits that cgroup_update() has written, so that it keeps them. */
int scope_update(int rroot, const char *id, struct json_object *resources, struct err *e) _must_check_;

/* Ends whoever is in it still, and the unit. None: nothing. What stays of the group is cgroup_remove()'s. */
void scope_end(int rroot, const char *id);

#endif
