/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pidfd - processes by descriptor, never by number.
 *
 * A number names a process only until it is reused. What is stored is
 * {pid, start time, boot id}; pidfd_open_identity() turns that into a pidfd
 * of the same process, or says that it is gone.
 */
#ifndef RANBY_SYS_PIDFD_H
#define RANBY_SYS_PIDFD_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* pidfd_open(2), Linux 5.3. -ESRCH when there is no such process. */
int pidfd_open_pid(pid_t pid, int *ret_pidfd) _must_check_;

/*
 * The process with that pid *and* start time (clock ticks since boot, field
 * 22 of /proc/PID/stat, read after the pidfd is held). -ESRCH when it is gone
 * or the number is someone else's now. A zombie still counts as there.
 */
int pidfd_open_identity(pid_t pid, uint64_t start_ticks, int *ret_pidfd) _must_check_;

/* pidfd_send_signal(2). -ESRCH when it has ended. */
int pidfd_signal(int pidfd, int sig) _must_check_;

/* True when the process has ended (a pidfd is then readable). */
bool pidfd_has_ended(int pidfd);

/* Waits until it has ended; -ETIMEDOUT. timeout_ms -1: for ever. */
int pidfd_wait(int pidfd, int timeout_ms) _must_check_;

/* The process's number here, from /proc/self/fdinfo. -ESRCH when it has been reaped. */
int pidfd_pid(int pidfd, pid_t *ret_pid) _must_check_;

/* Field 22 of /proc/PID/stat. comm may hold ')' and blanks: parsed from the last ')'. */
int pid_start_ticks(pid_t pid, uint64_t *ret_ticks) _must_check_;

/* Field 4: the number of its parent; 0 when that is in no pid namespace of ours. */
int pid_parent(pid_t pid, pid_t *ret_parent) _must_check_;

#endif
