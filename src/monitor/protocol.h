/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * protocol - what the monitor and its two kinds of client say to each other.
 *
 * One monitor per container and per exec session. Its starter holds one end
 * of a SOCK_SEQPACKET pair, the *sync* socket (fd given by --sync-fd); any
 * number of *attach* clients (MONITOR_CLIENTS_MAX at once) connect to the
 * SOCK_SEQPACKET unix socket "attach" in the session's run directory (0700).
 * A message is one packet: a struct monitor_header, then `len` bytes.
 * Anything that the tables below do not allow is fatal for that connection.
 * Both ends are the same user's (SO_PEERCRED is checked), and the same
 * build's: no byte order, no version. launch.h and attach.h are the two
 * clients; nothing else needs this file.
 *
 * sync, monitor to starter, in this order:
 *	CREATED    the runtime's create (or exec) is done and the network helper
 *	           is up; the payload's init waits on the start socket;
 *	           payload: struct monitor_created
 *	or FAILED  it failed; payload: struct err (base/err.h); the monitor exits
 *	EXITED     the payload has ended and its exit file is there; payload:
 *	           struct monitor_exit; its output is in the log
 * sync, starter to monitor, after CREATED:
 *	STARTED    init has been released: the container lives on without the
 *	           starter from here on; payload: nothing, or the struct
 *	           witness_request (audit/request.h) that the witness is to be
 *	           asked with init's zombie. When the sync socket closes before, init
 *	           is killed and nothing is left but an exit file that says so
 *	KEEP       instead of STARTED: init shall wait on without the starter.
 *	           The answer is CREATED once more, and the sync socket closes;
 *	           who connects to the socket "release" in the run directory is the
 *	           starter from then on, and hears CREATED first. One whose init
 *	           ends before any STARTED has no exit file, and is not restarted
 *	CLEANED    the starter does what on-exit would do: it shall not run
 * The starter closes its end whenever it likes; the monitor then goes on alone.
 *
 * attach, monitor to client:
 *	ATTACHED   the answer to ATTACH: output from here on reaches this client;
 *	           payload: struct monitor_attached
 *	OUTPUT_STDOUT, OUTPUT_STDERR   raw bytes
 *	EXITED     struct monitor_exit; after the last output; then it closes
 * attach, client to monitor:
 *	ATTACH     struct monitor_attach; must come first
 *	INPUT      bytes for the payload's standard input (WANT_STDIN only)
 *	INPUT_EOF  no more input from anybody: a pipe is closed, a terminal gets
 *	           its end-of-file character (WANT_STDIN only)
 *	RESIZE     struct monitor_winsize; ignored without a terminal
 *
 * Output is never dropped: a client that does not read stops the payload's
 * writes, as a pipe would, and costs the monitor no memory. Once the payload
 * has ended, the log and the exit file wait no longer than a grace for it.
 */
#ifndef RANBY_MONITOR_PROTOCOL_H
#define RANBY_MONITOR_PROTOCOL_H

#include "audit/receipt.h"

#include <stdint.h>

#define MONITOR_PASSED_MAX 48 /* descriptors of the caller that a payload gets */
#define MONITOR_DATA_MAX 16384 /* bytes after the header, at most */
#define MONITOR_CLIENTS_MAX 32
#define MONITOR_RESTART "restart" /* a file in the run directory, which says which ends the payload comes back from: "no", "always", "on-failure" */
#define MONITOR_RELEASE "release" /* the socket of KEEP */

enum monitor_type {
	MONITOR_CREATED = 1,
	MONITOR_FAILED,
	MONITOR_EXITED,
	MONITOR_STARTED,
	MONITOR_CLEANED,
	MONITOR_ATTACHED,
	MONITOR_OUTPUT_STDOUT,
	MONITOR_OUTPUT_STDERR,
	MONITOR_ATTACH,
	MONITOR_INPUT,
	MONITOR_INPUT_EOF,
	MONITOR_RESIZE,
	MONITOR_KEEP,
};

struct monitor_header {
	uint32_t type; /* enum monitor_type */
	uint32_t len;  /* bytes that follow */
};

struct monitor_created {
	int32_t pid;          /* payload's init, in the host's pid namespace */
	int32_t monitor_pid;
	uint64_t start_ticks; /* init's start time, /proc/PID/stat field 22 */
	uint64_t monitor_start_ticks;
};

/* Why a payload ended, as the monitor saw it; in the exit file under the words of exit_reason_name() (exit.h). */
enum monitor_exit_reason {
	MONITOR_REASON_EXITED,       /* "exited": by itself */
	MONITOR_REASON_SIGNAL,       /* "signal" */
	MONITOR_REASON_OOM,          /* "oom": killed in a cgroup that ran out of memory */
	MONITOR_REASON_STARTER_DIED, /* "starter-died": killed, because nobody was left to start it */
	MONITOR_REASON_TIMEOUT,      /* "timeout": killed, because its time was over */
	MONITOR_REASON_LOST,         /* "lost": the monitor is gone and the kernel does not tell any more; never in a file */
};

struct monitor_exit {
	int32_t pid;
	int32_t exit_code; /* the payload's, or 128+signal */
	int32_t signal;    /* 0 when it exited by itself */
	int32_t reason;    /* enum monitor_exit_reason */
	uint64_t start_ticks;
	int64_t finished_sec; /* CLOCK_REALTIME */
	int64_t finished_nsec;
	uint64_t log_lost_bytes; /* output that could not be written to the log (disk full, ...) */
	struct audit_receipt receipt; /* of the record of the end; serial 0: none */
};

enum monitor_attach_flags {
	MONITOR_WANT_STDIN = 1U << 0,
	MONITOR_WANT_STDOUT = 1U << 1,
	MONITOR_WANT_STDERR = 1U << 2,
	MONITOR_STDIN_ONCE = 1U << 3, /* when this client goes, that is the end of the input, too; not with a terminal */
};
struct monitor_attach {
	uint32_t flags;
};

struct monitor_attached {
	uint32_t has_tty; /* 1: the payload's output is a terminal's, all of it on stdout */
	uint32_t has_stdin;
};

struct monitor_winsize {
	uint16_t rows, cols;
};

#endif
