/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* members - the processes of a container. */
#ifndef RANBY_RUNTIME_MEMBERS_H
#define RANBY_RUNTIME_MEMBERS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <sys/types.h>

/* Appends the numbers of everything in init's pid namespace, as our /proc counts. */
int members_list(pid_t init, struct json_object *pids, struct err *e) _must_check_;

/*
 * Sends a signal to all of them: of init's pid namespace when that is not
 * ours, else of the cgroup `cgroup_fd` (-EBADF: there is none, so init alone
 * is known). `init` 0: it has ended, and only the cgroup can tell who is left.
 * Whoever ends meanwhile is no error; who is born meanwhile may be missed, but
 * by SIGKILL, which takes a whole pid namespace, or a whole cgroup.
 */
int members_signal(pid_t init, int init_pidfd, int cgroup_fd, int sig, struct err *e) _must_check_;

#endif
