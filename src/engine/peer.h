/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * peer - namespaces of another container that runs: --network container:NAME,
 * and what the members of a pod share with its infra container (pod.h).
 *
 *	r = peer_network_id(eng, "web", id, e);		// when it is made
 *	r = peer_begin(eng, c, &p, e);			// at each start: config.json gets the paths,
 *							// and p.keeper is the one to start it in
 *	... the runtime makes init ...
 *	r = peer_check(&p, pid, start_ticks, e);	// before the payload is let go
 *	peer_done(&p);
 */
#ifndef RANBY_ENGINE_PEER_H
#define RANBY_ENGINE_PEER_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper; /* engine/keeper.h */

enum peer_ns { PEER_NET, PEER_IPC, PEER_UTS, PEER_PID, PEER_CGROUP, PEER_USER, PEER_N };
#define PEER_BIT(ns) (1U << (ns))

/* What others have at /dev/shm, in the run directory of a container that they can share it with: an infra container, and --ipc shareable. */
#define PEER_SHM "shm"
bool peer_has_shm(const struct container *c);

/* "net", as podman's --share and /proc/PID/ns have it; "network", as config.json has it. */
const char *peer_word(enum peer_ns ns);
const char *peer_oci_word(enum peer_ns ns);

struct peer {
	int ns_fd[PEER_N];     /* -EBADF: not another's */
	struct keeper *keeper; /* the one to start it in; NULL: nothing is another's; owned */
};
#define PEER_INIT {.ns_fd = {-EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF}}

/* The path in config.json until a start has written the right one: nothing is there. A text of static storage. */
const char *peer_nowhere(enum peer_ns ns);

/* What of it container.json records ("joined" of "config"): PEER_BIT()s of `id`, the network's left out. NULL without memory. */
struct json_object *peer_json(const char *id, unsigned set) _must_check_;

/* The other container, running or not. -EINVAL for one that is in a third one's network itself, or in the host's. */
int peer_network_id(struct engine *eng, const char *name, char id[static CONTAINER_ID_LEN + 1], struct err *e) _must_check_;

/* Nothing for a container that is in namespaces of its own. -ESRCH: the other one does not run. */
int peer_begin(struct engine *eng, const struct container *c, struct peer *ret, struct err *e) _must_check_;

/* That process {pid, start time} is in the namespaces which peer_begin() opened: a number may have become a stranger's. */
int peer_check(const struct peer *p, pid_t pid, uint64_t start_ticks, struct err *e) _must_check_;

void peer_done(struct peer *p);

#endif
