/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * front - what run, start -a, exec and attach do while they are attached.
 *
 *	struct front f = FRONT_INIT;
 *	r = front_check_tty(tty, stdin_wanted, e);
 *	r = front_connect(&f, run_dirfd, e);		// before the payload runs
 *	f.pid_fd = pidfd of the payload, for --sig-proxy
 *	r = front_relay(&f, &code, e);
 */
#ifndef RANBY_CMD_FRONT_H
#define RANBY_CMD_FRONT_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/start.h"
#include "monitor/attach.h"

#include <stdbool.h>

struct front {
	uint32_t flags;         /* MONITOR_WANT_*, MONITOR_STDIN_ONCE */
	const struct engine *engine;
	const char *detach_keys; /* NULL: those of containers.conf, or ctrl-p,ctrl-q */
	bool sig_proxy;
	int pid_fd;             /* the payload, or -EBADF; borrowed */
	struct attach attach;
	struct attach_options options;
};
#define FRONT_INIT {.pid_fd = -EBADF, .attach = ATTACH_INIT, .options = ATTACH_OPTIONS_INIT}

/* -i with -t, and standard input is no terminal: docker's error. */
int front_check_tty(bool tty, bool want_stdin, struct err *e) _must_check_;

/* The flags of -i and -a: without -a, output and, with -i, input. */
int front_flags(bool interactive, const struct strv *attach, uint32_t *ret, struct err *e) _must_check_;

int front_connect(struct front *f, int run_dirfd, struct err *e) _must_check_;

/* The same of a container whose start is prepared, before its release. *ret_pidfd is f->pid_fd, and the caller's. */
int front_join(struct front *f, const struct start *s, int *ret_pidfd, struct err *e) _must_check_;

#define FRONT_PIPE_CODE (128 + 13) /* what a local command that SIGPIPE ends gives its shell */

enum front_end {
	FRONT_EXITED,   /* `*ret_code` is the payload's */
	FRONT_DETACHED, /* by the keys */
	FRONT_LOST,     /* the monitor has gone; ask the container */
	FRONT_BROKEN,   /* nobody reads our output any more: end what is ours, and FRONT_PIPE_CODE */
};
/* Returns enum front_end, or -errno. */
int front_relay(struct front *f, int *ret_code, struct err *e) _must_check_;
void front_done(struct front *f);

#endif
