/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * clients - those attached to a monitor (protocol.h, "attach").
 */
#ifndef RANBY_MONITOR_CLIENTS_H
#define RANBY_MONITOR_CLIENTS_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/pollset.h"
#include "monitor/protocol.h"
#include "monitor/stdio.h"

#include <stdbool.h>

struct client {
	int fd; /* -EBADF: free */
	uint32_t flags;
	bool attached;
	bool owes[2]; /* by stream: it has not got that stream's piece */
	bool told;    /* EXITED is sent */
	int slot;
};

struct clients {
	int listen_fd;
	int listen_slot;
	struct client items[MONITOR_CLIENTS_MAX];
	char packet[sizeof(struct monitor_header) + MONITOR_DATA_MAX]; /* one, being handled */
};

/* A socket that listens on RUNDIR/NAME (an old one is replaced), and the next connection to it, of the same user: its fd or -errno. */
int clients_socket(int run_dirfd, const char *name, int *ret, struct err *e) _must_check_;
int clients_accept(int listen_fd) _must_check_;

/* Listens on RUNDIR/attach (an old socket is replaced). */
int clients_listen(struct clients *c, int run_dirfd, struct err *e) _must_check_;
void clients_unlisten(struct clients *c, int run_dirfd);

void clients_poll(struct clients *c, struct pollset *set, const struct input *in);
/* Takes what came: new clients, input (as long as there is room for it), output that now goes. */
void clients_dispatch(struct clients *c, const struct pollset *set, struct output out[static 2], struct input *in, bool has_stdin);

/* Offers the stream's new piece to all who want it. */
void clients_offer(struct clients *c, struct output *o);

/* Says EXITED to all who have had their last piece and were not told. Returns how many are still to be told. */
int clients_tell_exit(struct clients *c, const struct monitor_exit *x);

void clients_close_all(struct clients *c);

#endif
