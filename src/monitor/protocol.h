/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * protocol - what the monitor and its two kinds of client say to each other.
 *
 * One monitor per container and per exec session. Its starter holds one end
 * of a SOCK_SEQPACKET pair, the *sync* socket (fd given by --sync-fd); any
 * number of *attach* clients connect to the SOCK_SEQPACKET unix socket
 * "attach" in the session's run directory (0700). A message is one packet:
 * a struct monitor_header, then `len` bytes. Anything that the tables below
 * do not allow is fatal for that connection. Both ends are the same user's
 * (SO_PEERCRED is checked), and the same build's: no byte order, no version.
 *
 * sync, monitor to starter, in this order:
 *	CREATED    the runtime's create (or exec) is done; the payload's init
 *	           waits on the start socket; payload: struct monitor_created
 *	or FAILED  it failed; payload: struct err (base/err.h); the monitor exits
 *	EXITED     the payload has ended; payload: struct monitor_exit; only
 *	           after every byte of its output is in the log
 * The starter closes its end whenever it likes; the monitor then goes on alone.
 * If the starter closes before START was delivered to init, see monitor/main.
 *
 * attach, monitor to client:
 *	OUTPUT_STDOUT, OUTPUT_STDERR   raw bytes
 *	EXITED     struct monitor_exit; after the last output; then it closes
 * attach, client to monitor:
 *	ATTACH     struct monitor_attach; must come first
 *	INPUT      bytes for the payload's standard input
 *	INPUT_EOF  no more input from anybody (only with stdin open)
 *	RESIZE     struct monitor_winsize; ignored without a terminal
 *
 * Output is never dropped: a client that does not read stops the payload's
 * writes, as a pipe would.
 */
#ifndef RANBY_MONITOR_PROTOCOL_H
#define RANBY_MONITOR_PROTOCOL_H

#include <stdint.h>

#define MONITOR_DATA_MAX 16384 /* bytes after the header, at most */

enum monitor_type {
	MONITOR_CREATED = 1,
	MONITOR_FAILED,
	MONITOR_EXITED,
	MONITOR_OUTPUT_STDOUT,
	MONITOR_OUTPUT_STDERR,
	MONITOR_ATTACH,
	MONITOR_INPUT,
	MONITOR_INPUT_EOF,
	MONITOR_RESIZE,
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

/* Also the content of the "exit" file, there as JSON: {"pid":…,"startTicks":…,"exitCode":…,"signal":…,"finishedAt":"RFC 3339, ns"} */
struct monitor_exit {
	int32_t pid;
	int32_t exit_code; /* the payload's, or 128+signal */
	int32_t signal;    /* 0 when it exited by itself */
	int32_t pad;
	uint64_t start_ticks;
	int64_t finished_sec; /* CLOCK_REALTIME */
	int64_t finished_nsec;
};

enum monitor_attach_flags {
	MONITOR_WANT_STDIN = 1U << 0,
	MONITOR_WANT_STDOUT = 1U << 1,
	MONITOR_WANT_STDERR = 1U << 2,
};
struct monitor_attach {
	uint32_t flags;
};

struct monitor_winsize {
	uint16_t rows, cols;
};

#endif
