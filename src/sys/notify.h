/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * notify - the supervisor's end of a seccomp listener (seccomp_unotify(2)).
 *
 *	wakes = notify_prepare(fd);
 *	r = notify_receive(fd, &n);		// when fd is readable
 *	... look at the process n.pid: open what is of it ...
 *	if (notify_is_valid(fd, n.id))		// what was opened is that process's
 *		...
 *	r = notify_continue(fd, n.id);		// the call goes on as if nobody had asked
 *
 * "Go on" is the one answer here: what its pointers lead to can change after
 * we have read it, so nothing may be decided by that.
 */
#ifndef RANBY_SYS_NOTIFY_H
#define RANBY_SYS_NOTIFY_H

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* -ENOTTY or -EINVAL: not a listener, or of a kernel whose structures are larger than those known here. */
int notify_check(int fd) _must_check_;

/* Has the asker and the one who answers share a processor, which halves what a question costs (Linux 6.6). False: not here. */
bool notify_sync_wake_up(int fd);

/* -ENOENT: the process has been killed meanwhile. */
int notify_receive(int fd, struct seccomp_notif *ret) _must_check_;

/* Whether the process still waits for that answer. */
bool notify_is_valid(int fd, uint64_t id);

/* -ENOENT: it does not wait any more: killed, or interrupted and about to ask again. */
int notify_continue(int fd, uint64_t id) _must_check_;

#endif
