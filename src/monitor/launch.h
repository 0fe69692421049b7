/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * launch - start a monitor, and hear from it.
 *
 *	struct monitor_launch l = MONITOR_LAUNCH_INIT;
 *	_cleanup_(monitor_handle_done) struct monitor_handle m = MONITOR_HANDLE_INIT;
 *
 *	l.id = id; l.run_dir = ...; l.exit_file = ...; l.pid_file = ...;
 *	l.runtime_argv = argv;			// "{ERROR_FD}", "{CONSOLE}" are filled in
 *	r = monitor_launch(&l, &m, e);
 *	r = monitor_wait_created(&m, 30000, &created, e);	// the runtime's own words on failure
 *	... attach_connect(), seize, runtime_start_send() ...
 *	r = monitor_say_started(&m, NULL, e);
 *	... foreground: attach_relay(), then monitor_wait_exited(), clean up ...
 *	r = monitor_say_cleaned(&m, e);
 *
 * monitor_await() before all that starts one that waits to hear what for; else
 * monitor_launch() does it first. Closing the handle before monitor_say_started() makes the monitor kill init
 * and go; afterwards it means no more than that nobody listens.
 *
 * The runtime's argv, for create:
 *	RUNTIME --root RROOT create --bundle B --pid-file P --error-fd {ERROR_FD} --lifeline-fd {ERROR_FD} \
 *		--console-socket {CONSOLE} ID
 * `P` is pid_file. An item that is exactly {ERROR_FD} becomes the number of a
 * pipe that takes one struct err when it fails; one that is {CONSOLE} becomes
 * the path of the socket to which the terminal's master is sent
 * (/proc/self/fd/N: no name in the file system, no limit of 108 bytes);
 * {INIT_FD} a socket on which a sealed copy of ranby-init comes. Any
 * OCI runtime can be driven so; without --error-fd its stderr is the error.
 * The pipe's other end is the monitor's until STARTED, so to a waiting init it
 * is a lifeline: when the monitor is killed, the kernel closes it, and init
 * ends (the runtime itself gets SIGKILL then). Nothing half-made is left even
 * so, but for files.
 * One that is {RUNTIME_FD} becomes the number that runtime_fd has there, {SECRETS_FD} that of secrets_fd.
 * The runtime inherits the payload's stdio, and no other descriptor.
 */
#ifndef RANBY_MONITOR_LAUNCH_H
#define RANBY_MONITOR_LAUNCH_H

#include "audit/request.h"
#include "base/err.h"
#include "base/mem.h"
#include "monitor/protocol.h"
#include "monitor/stdio_labels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

struct monitor_launch {
	const char *id;             /* for the eyes of ps(1) only */
	const char *run_dir;        /* absolute, exists, 0700: "attach" is made in it */
	const char *exit_file;      /* absolute; an older one stays until it is replaced: it names another pid */
	bool transient;             /* the exit file need not reach the disk: whoever reads it removes it (--rm, exec) */
	const char *trail_file;     /* absolute: {TRAIL_FD} in runtime_argv becomes a socket that takes init's listener; NULL: none */
	const char *record_calls;   /* absolute: likewise, for a record of all calls, written there at the end; NULL: none */
	const char *trail_of;       /* an exec session: its container's run directory, whose trail it joins instead; NULL: none */
	const char *record_file;    /* absolute, there and empty: what the session shows goes there; NULL: nowhere */
	bool record_input;          /* and what is typed */
	bool own_session;           /* through ranby-session: a login session of its own, where that can be had */
	const char *log_file;       /* absolute; NULL: no log */
	bool log_json;              /* a json-file */
	const char *log_attrs;      /* of its records (log_json.h); NULL: none */
	uint64_t log_max_bytes;     /* then LOG becomes LOG.1 and so on; 0: no limit */
	uint64_t log_files;         /* that are kept; 0: LOG and LOG.1 */
	char *const *log_journal;   /* instead of a file: "NAME=value" of each entry of the journal; NULL: no journal */
	struct stdio_labels labels; /* SELinux labels of the payload's standard streams (stdio.h) */
	bool tty;                   /* a terminal, over the console socket */
	bool stdin_open;            /* false: /dev/null. Without a tty only */
	int userns_fd;              /* the runtime enters it first, with all capabilities there; -EBADF: stay */
	int runtime_fd;             /* one more descriptor for the runtime, "{RUNTIME_FD}" in its argv; -EBADF: none */
	int secrets_fd;             /* likewise, "{SECRETS_FD}" (runtime/secrets.h): the monitor does not keep it; -EBADF: none */
	int claim_fd;               /* kept open until the monitor ends, and no longer by anybody (mcs.h); -EBADF: none */
	const int *stdio_fds;       /* three: the payload's standard streams, past the monitor; NULL: the monitor has their other ends */
	const int *passed_fds;      /* become the payload's 3, 4, ...; -EBADF: a number that it has not. The runtime is to be told too */
	size_t n_passed_fds;        /* MONITOR_PASSED_MAX at most */
	const char *pid_file;       /* absolute; where runtime_argv makes the runtime write the pid */
	char *const *runtime_argv;  /* argv[0] is an absolute path */
	/*
	 * Network helper, after create and before CREATED. In its argv, "{PID}"
	 * anywhere becomes init's pid. With helper_pid_file it daemonises: it is
	 * ready when its first process exits 0, and the file names the one that
	 * stays. Without, it stays itself, and is ready when it writes a byte to
	 * the fd whose number "{READY_FD}" becomes (slirp4netns --ready-fd), and
	 * "{RUN_FD}" becomes that of the run directory.
	 * It gets SIGTERM when the payload has ended (SIGKILL 2 s later).
	 */
	int helper_fd;              /* the program (self_open_helper()), or -EBADF: none */
	char *const *helper_argv;
	const char *helper_pid_file; /* absolute, or NULL */
	char *const *on_exit_argv;  /* argv[0] absolute; started last of all, then the monitor is gone; NULL: nothing */
	bool on_exit_always;        /* also after CLEANED */
	/*
	 * The same again after a while (backoff.h), to start the payload anew; not
	 * after CLEANED, nor when nobody was left to start it, nor once the monitor
	 * was asked to end (SIGTERM, SIGINT, SIGQUIT), which also ends the wait.
	 */
	char *const *restart_argv;  /* NULL: nothing */
	bool restart_never;         /* unless RUNDIR/restart says otherwise by the time of the end (MONITOR_RESTART) */
	bool restart_failed;        /* only after an exit code other than 0 */
	uint64_t restart_previous_ms; /* what was waited before this run; 0: it is no restart */
	char *const *check_argv;    /* started every so often while the payload runs, one at a time; NULL: nothing */
	uint64_t check_interval_ms; /* from the end of one to the next; the first comes at once. 0: with check_startup_interval_ms alone */
	uint64_t check_startup_interval_ms; /* the same until one has exited with 0; 0: from the first on as above */
	uint64_t time_limit_ms;     /* the payload gets SIGKILL after so long; 0: never */
	char *const *envp;          /* of the monitor, and so of the runtime and on_exit_argv; NULL: the caller's */
	const char *program;        /* the monitor, absolute; NULL: the one beside us (self.h). For tests */
};
#define MONITOR_LAUNCH_INIT {.userns_fd = -EBADF, .runtime_fd = -EBADF, .secrets_fd = -EBADF, .helper_fd = -EBADF, .claim_fd = -EBADF}

struct monitor_handle {
	int sync_fd; /* readable when the monitor has something to say */
	int pidfd;   /* of the monitor */
	bool waits;  /* it was not told yet what for */
};
#define MONITOR_HANDLE_INIT {.sync_fd = -EBADF, .pidfd = -EBADF}

/* Closes both; for _cleanup_(). */
void monitor_handle_done(struct monitor_handle *m);

/*
 * Starts one in a session of its own that waits to be told what for: its start
 * takes as long as much of what its starter does before it knows. Of `l` only
 * own_session, envp and program count. `*ret` is untouched on failure.
 */
int monitor_await(const struct monitor_launch *l, struct monitor_handle *ret, struct err *e) _must_check_;

/* Tells it; `m` is one that waits, or none yet (MONITOR_HANDLE_INIT). */
int monitor_launch(const struct monitor_launch *l, struct monitor_handle *m, struct err *e) _must_check_;

/* Waits for CREATED. On FAILED: the runtime's errno, words, hint and exit code. -ETIMEDOUT (timeout_ms -1: for ever): close the handle, the monitor cleans up. */
int monitor_wait_created(struct monitor_handle *m, int timeout_ms, struct monitor_created *ret, struct err *e) _must_check_;

/* Waits for EXITED. -ETIMEDOUT; -ECONNRESET when the monitor died first: exit_find() says what is left to know. */
int monitor_wait_exited(struct monitor_handle *m, int timeout_ms, struct monitor_exit *ret, struct err *e) _must_check_;

/* `at_exit` (may be NULL) is what the witness is to be asked when the payload has ended. */
int monitor_say_started(struct monitor_handle *m, const struct witness_request *at_exit, struct err *e) _must_check_;
/* Instead of monitor_say_started(): init waits on without us, for who calls monitor_rejoin() with the same run directory. */
int monitor_say_keep(struct monitor_handle *m, int timeout_ms, struct err *e) _must_check_;

/* `*ret` becomes the handle that the one had who said that; monitor_wait_created() comes next. -ECONNREFUSED, -ENOENT: there is none. */
int monitor_rejoin(int run_dirfd, int monitor_pidfd_consume_fd, struct monitor_handle *ret, struct err *e) _must_check_;
int monitor_say_cleaned(struct monitor_handle *m, struct err *e) _must_check_;

#endif
