/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * orders - the command line of a monitor that was started before there was one.
 *
 *	ranby-monitor --await 3 ................
 *
 * waits on the sync socket for one message with its words (options.h) and
 * descriptors. The start of a process takes as long as much of what its
 * starter has to find out before; so it happens meanwhile. When the socket
 * closes instead, it was not needed.
 */
#ifndef RANBY_MONITOR_ORDERS_H
#define RANBY_MONITOR_ORDERS_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/protocol.h"

#include <stdbool.h>
#include <stddef.h>

#define ORDERS_FIRST_FD 4       /* the first descriptor of a message has that number, and so on */
#define ORDERS_FDS_MAX (6 + 3 + MONITOR_PASSED_MAX)
#define ORDERS_MAX (128U << 10) /* bytes of all words with their ends */

/* True for such a command line: *ret_sock is its socket. */
bool orders_are_awaited(int argc, char **argv, int *ret_sock);

/* `words` ends with NULL. -E2BIG. */
int orders_send(int sock, char *const *words, const int *fds, size_t n_fds) _must_check_;

enum orders_outcome {
	ORDERS_CAME = 0,
	ORDERS_NEVER, /* the starter has gone, or changed its mind */
};

/*
 * Waits. *ret_argv ends with NULL and lies in one block of malloc(3), as do its
 * words. /proc/PID/cmdline shows them from then on, as far as there is room.
 */
int orders_receive(int sock, char **argv, int *ret_argc, char ***ret_argv, struct err *e) _must_check_;

/* The command line to wait with; the caller's `place` holds its words. */
struct orders_wait {
	char fd[12];
	char room[1024]; /* for the words to come */
	char *argv[5];
};
void orders_wait_argv(struct orders_wait *place, int sock);

#endif
