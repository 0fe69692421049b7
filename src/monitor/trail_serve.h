/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail_serve - the process that writes an exec trail, or records all calls
 * (record.h), and the few words between it and its monitor.
 *
 * control, a SOCK_SEQPACKET pair: the monitor says END (one byte) when the
 * payload has ended; the writer answers with a struct trail_end and exits. A
 * monitor that dies says nothing: the trail then goes on as long as there is
 * a process to write about.
 *
 * join, the SOCK_SEQPACKET socket "trail" in the container's run directory:
 * whoever connects (the same user, SO_PEERCRED) may send one listener, as
 * init does over the socket that it inherits: one byte ('K': asked about
 * once, 'k': perhaps twice, see sys/seccomp.h) with the descriptor.
 */
#ifndef RANBY_MONITOR_TRAIL_SERVE_H
#define RANBY_MONITOR_TRAIL_SERVE_H

#include "base/err.h"
#include "base/sha256.h"
#include "monitor/record.h"
#include "monitor/trail_file.h"

#include <stdint.h>

#define TRAIL_SOCKET "trail"
#define TRAIL_LISTENERS_MAX 128 /* of a container and its exec sessions at once; more are refused */

struct trail_end {
	uint64_t execs;             /* "exec" lines of this run */
	uint64_t lines;             /* of the file: the number of the last one, and one */
	char head[SHA256_HEX_SIZE]; /* of its last line */
};

struct trail_server {
	const char *container;  /* id, for the first line */
	int control_fd, first_fd, join_fd; /* `first_fd`: the other end of what init inherits */
	struct trail_file file; /* open; not in use with `record` */
	const char *record_path;
	int userns_fd;          /* joined for a record; -EBADF: none */
	struct record *record;  /* begun: all calls are noted there instead, and written at the end; NULL: execs alone */
};

/* Serves to the end. All descriptors of `q` are taken over. */
_Noreturn void trail_serve(struct trail_server *q);

#endif
