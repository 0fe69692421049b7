/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exit - how a payload ended: the exit file, and what is known without one.
 *
 *	r = exit_find(dirfd, "exit.json", pid, start_ticks, -EBADF, &x);
 *	switch (r) {
 *	case EXIT_STILL_RUNNING: ...
 *	case EXIT_FROM_FILE: case EXIT_FROM_ZOMBIE: case EXIT_FROM_PIDFD: ... x.exit_code
 *	case EXIT_LOST: ...
 *	}
 *
 * The exit file is one JSON object and a newline:
 *	{"pid":42,"startTicks":1234,"exitCode":137,"signal":9,
 *	 "finishedAt":"2026-01-02T03:04:05.000000006Z","reason":"signal"}
 * and, when output could not be logged, "logLostBytes":N, and when the end was
 * witnessed, "receipt":"SEC.MILLI:SERIAL". It is renamed into
 * place before the payload's zombie is reaped, so at no moment neither is
 * there, while the monitor lives. It is on the disk shortly after.
 *
 * A monitor killed with SIGKILL: the container survives. Its init is handed
 * to the next subreaper or to pid 1. What is true then:
 *	- writes to stdout and stderr fail with EPIPE (SIGPIPE kills whoever is
 *	  not pid 1 of its namespace), reads from stdin see the end of file, a
 *	  terminal hangs up (SIGHUP); what was written before is in the log;
 *	- attach is refused (ECONNREFUSED), stop, kill, exec, top go on to work;
 *	- nobody writes an exit file. After the end, the code is known while the
 *	  zombie is there (pid 1 not having reaped it), or to whoever held a
 *	  pidfd before (Linux 6.15, PIDFD_INFO_EXIT); else it is lost, and said so.
 */
#ifndef RANBY_MONITOR_EXIT_H
#define RANBY_MONITOR_EXIT_H

#include "base/mem.h"
#include "monitor/protocol.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EXIT_TEXT_MAX 320 /* bytes of an exit file, at most */

/* "exited", "signal", "oom", "starter-died", "timeout", "lost". */
const char *exit_reason_name(enum monitor_exit_reason reason);

/* Fills exit_code, signal and reason from a wait status (waitpid(2)). */
void exit_from_status(int status, struct monitor_exit *x);

/* The exit file's text with its newline, without a NUL counted; returns its length, less than EXIT_TEXT_MAX. */
size_t exit_text(const struct monitor_exit *x, char out[static EXIT_TEXT_MAX]);

/* Reads exit_text() back, and nothing else: -EBADMSG otherwise. `*ret` is untouched on failure. */
int exit_parse(const char *text, size_t len, struct monitor_exit *ret) _must_check_;

enum exit_source {
	EXIT_STILL_RUNNING = 1,
	EXIT_FROM_FILE,
	EXIT_FROM_ZOMBIE, /* finished_* are 0: the kernel does not keep the time */
	EXIT_FROM_PIDFD,  /* likewise */
	EXIT_LOST,        /* reason MONITOR_REASON_LOST, exit_code -1 */
};

/*
 * What is known of the payload {pid, start_ticks} of *this* boot (of an
 * earlier boot, only the file can tell: give pid and ticks all the same and
 * `pidfd` -EBADF; no process will match). The file counts only if it is about
 * the same pid and start time. `pidfd`: one of it that was opened while it
 * was there, or -EBADF. A zombie whose monitor is about to write the file
 * gives EXIT_FROM_ZOMBIE: who wants the file waits for EXITED or retries.
 * Returns enum exit_source, or -errno.
 */
int exit_find(int dirfd, const char *name, pid_t pid, uint64_t start_ticks, int pidfd, struct monitor_exit *ret) _must_check_;

#endif
