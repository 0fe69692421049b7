/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * userns - user namespaces (user_namespaces(7)): maps, setgroups, owner, parent.
 *
 *	pid = clone(CLONE_NEWUSER | ...);
 *	r = userns_write_map(pid, &map, deny_setgroups, e);
 *
 * A map is written once, by a process with CAP_SETUID and CAP_SETGID in the
 * parent namespace, each line inside one extent of the parent's own map; or
 * without any capability, one line that maps the writer's own id, and then
 * setgroups(2) must be denied first (or a user could drop the groups that
 * deny him something: CVE-2014-8989).
 */
#ifndef RANBY_SYS_USERNS_H
#define RANBY_SYS_USERNS_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <sys/types.h>

/* Writes the maps of process `pid`, /proc of our pid namespace. */
int userns_write_map(pid_t pid, const struct id_map *map, bool deny_setgroups, struct err *e) _must_check_;

/* True when setgroups(2) is denied in the namespace of process `pid` (0: ours), and so in all below it. */
int userns_setgroups_denied(pid_t pid, bool *ret) _must_check_;

/* True when we hold all of CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID in our namespace. */
bool userns_is_privileged(void);

/*
 * True when we are in the first user namespace: its map is the whole of all ids. The one place that says whether
 * what we are shown are the host's ids; who has a struct procfs open finds the answer there.
 */
int userns_is_initial(bool *ret) _must_check_;
/* The same of an open /proc. */
int userns_is_initial_at(int proc_fd, bool *ret) _must_check_;

/* The uid that stands for all that our namespace has none for, the host's root or others; 0: there are none such. */
uid_t userns_nobody(void);

/* A new namespace for the calling (single-threaded) process, its own ids mapped to themselves; no others can be. */
int userns_enter_own(struct err *e) _must_check_;

/* A namespace with that map and nobody in it, for mount_idmap(). Needs the rights to write the map. The caller owns *ret_fd. */
int userns_of_map(const struct id_map *map, int *ret_fd, struct err *e) _must_check_;

/* ioctl_ns(2) on an open user namespace: its parent (-EPERM: out of our sight), its owner's uid. */
int userns_parent(int nsfd, int *ret_fd) _must_check_;
/* Enters the parent of the user namespace of process `pid`, which we must own: all capabilities there. */
int userns_enter_parent_of(pid_t pid, struct err *e) _must_check_;
int userns_owner(int nsfd, uid_t *ret_uid) _must_check_;

#endif
