/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * children - the processes below a monitor: the runtime while it creates,
 * the payload's init, the network helper, and orphans of theirs that come to
 * us because we are the subreaper.
 *
 * A child's number is its own until we reap it, so numbers are safe here.
 */
#ifndef RANBY_MONITOR_CHILDREN_H
#define RANBY_MONITOR_CHILDREN_H

#include "base/mem.h"

#include <stdbool.h>
#include <sys/types.h>

/* Whether `pid` is a child of ours, zombie or not. */
bool child_is_ours(pid_t pid);

/*
 * Looks for an ended child: `pid`, or any (-1). Does not reap it. Returns 1
 * with *ret_pid and *ret_status (as waitpid(2) has it); 0: none has.
 */
int child_peek(pid_t pid, pid_t *ret_pid, int *ret_status);

void child_reap(pid_t pid);

/* 0, or -errno. */
int child_signal(pid_t pid, int sig);

/* Kills and reaps all there are, and those that come to us by that; `timeout_ms` at most. */
void children_kill_all(int timeout_ms);

/*
 * The pid in a file that a child of ours wrote: of a child of ours or, while
 * `maker` has not ended, of its own, which will be ours then. -errno
 * (-ENOENT, -EINVAL; -ECHILD: neither).
 */
int child_from_pid_file(const char *path, pid_t maker, pid_t *ret_pid) _must_check_;

#endif
