/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* exec - another process into a container that runs. */
#ifndef RANBY_RUNTIME_EXEC_H
#define RANBY_RUNTIME_EXEC_H

#include "base/err.h"
#include "base/strv.h"
#include "runtime/context.h"
#include "runtime/process.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct exec_args {
	const char *id;
	const char *process;        /* file with a process object; NULL: the config's own, changed by what follows */
	char *const *argv;          /* without `process`: the command */
	const char *cwd, *user;     /* "UID[:GID]", NULL: the config's */
	struct strv env;            /* added to the config's */
	struct strv caps, groups;   /* likewise: capabilities ("CAP_KILL"), group IDs */
	const char *apparmor, *selinux; /* instead of the config's; NULL: the config's */
	bool no_new_privs;          /* in any case */
	bool tty;
	const char *pidfd_socket;   /* as create's */
	const char *pid_file, *console_socket;
	const char *start_socket;   /* it waits there for START before it is confined, as create does; NULL: runs at once */
	uint32_t preserve_fds;
	uint64_t preserve_holes;
	uint32_t error_fd;          /* as create's */
	uint32_t lifeline_fd;       /* as create's; counts with start_socket */
	uint32_t secrets_fd;    /* its variables (runtime/secrets.h); 0: none */
	struct process_watch watch;
	struct err *warning;        /* gets what is left out, and stops nothing; NULL: nobody asks */
};

/*
 * On return the process waits on the start socket, or has executed the
 * payload; *ret_pid is a child of the caller. Nothing is left on failure.
 * Process: single-threaded; the pid namespace of its later children is the
 * container's, so it should end soon.
 */
int runtime_exec(const struct runtime_context *x, const struct exec_args *a, pid_t *ret_pid, struct err *e) _must_check_;

#endif
