/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * spawn - start another program, with exactly the descriptors it is given.
 *
 *	int fds[] = {sync, keeper};		// become 3 and 4
 *	struct spawn s = SPAWN_INIT;
 *	s.exe_fd = exe; s.argv = argv; s.fds = fds; s.n_fds = 2;
 *	r = spawn_start(&s, &pid, &pidfd, e);
 *	r = spawn_wait(pid, &status);
 *
 * The child: default signal dispositions and an empty mask, its own
 * environment only, no descriptor but 0..2 and those listed; optionally
 * inside another user namespace (which it enters with full capabilities,
 * user_namespaces(7)) before the exec. Failures up to the exec come back as
 * errors here, not as exit codes.
 */
#ifndef RANBY_SYS_SPAWN_H
#define RANBY_SYS_SPAWN_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_FDS_MAX 512

struct spawn {
	int exe_fd;          /* the program, an fd (O_PATH will do); -EBADF: use `path` */
	const char *path;    /* absolute; only for our own programs, see self.h and helper.h */
	char *const *argv;   /* NULL-terminated */
	char *const *envp;   /* NULL: the caller's environ */
	const int *fds;      /* become 3, 4, ... in this order */
	size_t n_fds;        /* at most SPAWN_FDS_MAX */
	int stdio[3];        /* become 0, 1, 2; -EBADF: /dev/null; SPAWN_KEEP: the caller's */
	int userns_fd;       /* user namespace to enter first, or -EBADF */
	bool new_session;    /* setsid(2): for a program that may outlive us */
	bool die_with_us;    /* SIGKILL when the caller dies first (PR_SET_PDEATHSIG); its own children live on */
};
#define SPAWN_KEEP (-1)
#define SPAWN_INIT {.exe_fd = -EBADF, .stdio = {SPAWN_KEEP, SPAWN_KEEP, SPAWN_KEEP}, .userns_fd = -EBADF}

/* 0, or -errno with text. ret_pid and ret_pidfd may be NULL. The caller owns *ret_pidfd. */
int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e) _must_check_;

/* Waits for a child of ours; *ret_status as waitpid(2) has it. */
int spawn_wait(pid_t pid, int *ret_status) _must_check_;

#endif
