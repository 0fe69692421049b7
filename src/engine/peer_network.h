/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * peer_network - --network container:NAME: the network namespace of another
 * container that runs.
 *
 *	r = peer_network_id(eng, "web", id, e);			// when it is made
 *	r = peer_network_begin(eng, c, &p, e);			// at each start: config.json gets the path,
 *								// and p.keeper is the one to start it in
 *	... the runtime makes init ...
 *	r = peer_network_check(&p, pid, start_ticks, e);	// before the payload is let go
 *	peer_network_done(&p);
 */
#ifndef RANBY_ENGINE_PEER_NETWORK_H
#define RANBY_ENGINE_PEER_NETWORK_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper; /* engine/keeper.h */

struct peer_network {
	int ns_fd;             /* -EBADF: a container with a network of its own */
	struct keeper *keeper; /* with ns_fd: the keeper to start it in; owned */
};
#define PEER_NETWORK_INIT {.ns_fd = -EBADF}

/* The path in config.json until a start has written the right one: nothing is there. */
#define PEER_NETWORK_NOWHERE "/proc/0/ns/net"

/* The other container, running or not. -EINVAL for one that is in a third one's network itself, or in the host's. */
int peer_network_id(struct engine *eng, const char *name, char id[static CONTAINER_ID_LEN + 1], struct err *e) _must_check_;

/* Nothing for a container whose network is not another's. -ESRCH: the other one does not run. */
int peer_network_begin(struct engine *eng, const struct container *c, struct peer_network *ret, struct err *e) _must_check_;

/* That process {pid, start time} is in the namespace which peer_network_begin() opened: a number may have become a stranger's. */
int peer_network_check(const struct peer_network *p, pid_t pid, uint64_t start_ticks, struct err *e) _must_check_;

void peer_network_done(struct peer_network *p);

#endif
