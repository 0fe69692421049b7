/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * root_end - a signal to one process when another's root filesystem is gone,
 * with nobody in between who could be killed.
 *
 *	root_end_watch(init, &fd);        // and the helper inherits fd
 *	root_end_signal(fd, helper, SIGTERM);
 *	close(fd);                        // the helper's copy is what counts
 */
#ifndef RANBY_SYS_ROOT_END_H
#define RANBY_SYS_ROOT_END_H

#include "base/mem.h"

#include <sys/types.h>

/*
 * An inotify descriptor that becomes readable when the filesystem that `pid`
 * has as its root, or its /dev where the root is a directory of the host, is
 * mounted nowhere any more. -errno; -EMFILE past the user's inotify
 * instances. Needs ptrace access to `pid` (proc_pid_root(5)).
 */
int root_end_watch(pid_t pid, int *ret_fd) _must_check_;

/*
 * From now on `helper` gets `sig` at that moment, as long as anybody has the
 * description of `fd` open (F_SETSIG, fcntl(2)). Nothing comes when the moment
 * was before. -ESRCH: no such process.
 */
int root_end_signal(int fd, pid_t helper, int sig) _must_check_;

#endif
