/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * start - release a container's init, which `ranby-runtime create` (or
 * `exec --start-socket`) left blocked before its confinement.
 *
 *	ptrace(PTRACE_SEIZE, pid, ...);			// whoever wants the exec stop
 *	r = runtime_start_connect(rroot, id, &sock, e);
 *	r = runtime_start_send(sock, e);
 *	r = runtime_start_ready(sock, e);		// at once, unless it was created with --early
 *	r = runtime_start_result(sock, e);		// 0: the payload's exec has happened
 *
 * The socket is RROOT/ID/start, SOCK_SEQPACKET; init listens on it and takes
 * one connection of the user who created it (SO_PEERCRED). The messages and
 * who may send which are the table in runtime/message.h. A container is
 * started once: runtime_start_connect() removes the name, and init ends when
 * its connection closes before START came.
 */
#ifndef RANBY_RUNTIME_START_H
#define RANBY_RUNTIME_START_H

#include "base/err.h"
#include "base/mem.h"

/* Connects to the init of container `id` below the runtime's state directory. -ENOENT, -ECONNREFUSED: not waiting (any more). The caller owns *ret_sock. */
int runtime_start_connect(int rroot_dirfd, const char *id, int *ret_sock, struct err *e) _must_check_;

/* The same for a socket made by `exec --start-socket PATH`: its directory and name. */
int runtime_start_connect_at(int dirfd, const char *name, int *ret_sock, struct err *e) _must_check_;

/* Says START. May be said before init is ready to take it. */
int runtime_start_send(int sock, struct err *e) _must_check_;

/* Waits until all is built, before or after START; a failure to build comes in init's own words. */
int runtime_start_ready(int sock, struct err *e) _must_check_;

/*
 * Waits until init has executed the payload (0), or failed: then its own
 * words are in `e`, with exit_code 126 or 127 where the command is at fault.
 * The socket closes during the exec, before a tracer's exec stop is reported,
 * so this returns while a traced payload is still stopped.
 */
int runtime_start_result(int sock, struct err *e) _must_check_;

#endif
