/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * user_manager - asks a systemd manager for a scope (org.freedesktop.systemd1(5)),
 * over its own socket, by sd-bus.
 *
 *	struct user_manager_scope s = {.unit = "ranby-ID.scope", .slice = "user.slice", .description = ..., .pid = pid};
 *	if (user_manager_is_there(runtime_dir))
 *		r = user_manager_start_scope(runtime_dir, &s, e);
 *
 * The scope adopts a process that runs already: its parents, login session
 * and audit user id stay what they are, where a service would lose them. It
 * is delegated (Delegate=yes), so what is in it is ours, and it goes by
 * itself when it is empty.
 *
 * libsystemd is opened when it is needed, not linked: most starts need none.
 */
#ifndef RANBY_SYS_USER_MANAGER_H
#define RANBY_SYS_USER_MANAGER_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * One property of a unit. What `value` is for its `type`:
 *	b		"true", "false"
 *	t u i		a number; of t also "max", the manager's word for no limit
 *	s		a text
 *	as		texts with a blank between them, "" for none
 *	ay		bytes, each as two hexadecimal digits, "" for none
 *	a(ss) a(st)	one pair, with a blank between; "" for none
 */
struct unit_property {
	const char *name, *type, *value;
};

struct user_manager_scope {
	const char *unit;        /* "NAME.scope" */
	const char *slice;       /* "NAME.slice" */
	const char *description; /* for people */
	pid_t pid;               /* the caller's own process, anywhere */
	const struct unit_property *properties; /* further ones, in this order; a later one of the same name counts */
	size_t n_properties;
};

/* Is there a manager's socket? `runtime_dir` is /run/user/UID, or /run for the system's. */
bool user_manager_is_there(const char *runtime_dir);

/* On return the process is in its scope. -EEXIST: one of that name is there still. -ENOTSUP: no manager, or no libsystemd. */
int user_manager_start_scope(const char *runtime_dir, const struct user_manager_scope *s, struct err *e) _must_check_;

/* Other properties for a unit that is there, until it ends. */
int user_manager_set(const char *runtime_dir, const char *unit, const struct unit_property *properties, size_t n, struct err *e) _must_check_;

/* Stops a unit, and waits until it is. One that is not there: 0. */
int user_manager_stop(const char *runtime_dir, const char *unit, struct err *e) _must_check_;

/* Forgets that a unit of that name failed once. One that is not there: 0. */
int user_manager_reset(const char *runtime_dir, const char *unit, struct err *e) _must_check_;

/* Has the unit (NAME.scope, NAME.service) Delegate=? For managers that leave no mark on its cgroup (before systemd 254). */
bool user_manager_delegates(const char *runtime_dir, const char *unit);

/* Moves another process of the caller's into CGROUP below a scope that is there ("/supervisor"). */
int user_manager_attach(const char *runtime_dir, const char *unit, const char *cgroup, pid_t pid, struct err *e) _must_check_;

#endif
