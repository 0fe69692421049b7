/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * attach - a user's terminal, or pipes, joined to a payload's.
 *
 *	struct attach_options o = ATTACH_OPTIONS_INIT;
 *	struct attach a = ATTACH_INIT;
 *
 *	o.flags = MONITOR_WANT_STDIN | MONITOR_WANT_STDOUT | MONITOR_WANT_STDERR;
 *	r = attach_connect(run_dirfd, &o, &a, e);	// before START: no byte is missed
 *	...
 *	r = attach_relay(&a, &o, &x, e);
 *	attach_done(&a);
 *
 * While it relays: with a terminal on both sides the user's is in raw mode,
 * and put back on every way out, by signal too; its size follows; the detach
 * keys are looked for. SIGTSTP stops us with the terminal put back, SIGCONT
 * goes on. Signals that would end us are given to `on_signal`, or, without
 * one, end us after the terminal is put back. SIGPIPE is ignored throughout.
 */
#ifndef RANBY_MONITOR_ATTACH_H
#define RANBY_MONITOR_ATTACH_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/detach_keys.h"
#include "monitor/protocol.h"

#include <errno.h>
#include <stdbool.h>

struct attach_options {
	uint32_t flags;              /* enum monitor_attach_flags */
	int stdin_fd, stdout_fd, stderr_fd; /* the user's; not closed here, and never made non-blocking */
	struct detach_keys keys;     /* n 0: none. Looked for when both sides have a terminal */
	/* --sig-proxy: called outside of signal context for each of HUP INT QUIT TERM USR1 USR2 ALRM and the like. NULL: they end us. */
	void (*on_signal)(int sig, void *data);
	void *data;
};
#define ATTACH_OPTIONS_INIT {.stdin_fd = 0, .stdout_fd = 1, .stderr_fd = 2}

struct attach {
	int sock;
	bool has_tty; /* the payload has a terminal */
	bool has_stdin;
};
#define ATTACH_INIT {.sock = -EBADF}

/* Closes the connection; for _cleanup_(). */
void attach_done(struct attach *a);

/*
 * Connects to RUNDIR/attach and waits until the monitor has taken us up.
 * Sends the window size when both sides have a terminal. -ENOENT, -ECONNREFUSED:
 * no monitor is there. 5 s at most (-ETIMEDOUT).
 */
int attach_connect(int run_dirfd, const struct attach_options *o, struct attach *ret, struct err *e) _must_check_;

enum attach_outcome {
	ATTACH_EXITED = 1,     /* `*ret_exit` is filled in; every byte has been written out */
	ATTACH_DETACHED,       /* by the keys; the payload goes on */
	ATTACH_LOST,           /* the monitor has gone without a word (killed) */
	ATTACH_BROKEN_PIPE,    /* nobody reads our standard output any more: `run CMD | head`. A foreground run gives the payload SIGPIPE's fate and exits 141 */
};

/* Relays until one of the outcomes; returns it, or -errno. */
int attach_relay(struct attach *a, const struct attach_options *o, struct monitor_exit *ret_exit, struct err *e) _must_check_;

#endif
