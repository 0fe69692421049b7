/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge - a container that runs, on the bridge networks of its container.json.
 *
 *	_cleanup_(bridge_done) struct bridge b = BRIDGE_INIT;
 *	r = bridge_begin(eng, c, keeper, &b, e);	// addresses, holder; b.keeper is the one to start it in
 *	... the runtime makes init, the monitor its pasta (b.helper) ...
 *	r = bridge_attach(&b, pid, start_ticks, e);	// before the payload is let go
 *	...
 *	r = bridge_detach(eng, c, e);			// it has ended, or never came so far
 *
 * All of them do nothing for a container that is on none. Each clears up what
 * others left who were killed, and ends the holder when nobody is on a bridge.
 */
#ifndef RANBY_ENGINE_BRIDGE_H
#define RANBY_ENGINE_BRIDGE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/hosts.h"
#include "engine/keeper.h"
#include "engine/network_link.h"

#include <stdint.h>
#include <sys/types.h>

#define ENGINE_BRIDGE "bridge" /* below the run directory */

struct bridge {
	struct engine *eng;       /* NULL: it is on no bridge */
	const struct container *c;
	struct keeper keeper;     /* of the holder */
	struct hosts_bridge hosts; /* for /etc/hosts and resolv.conf */
	struct strv helper;       /* the container's own pasta, for what it publishes; empty: nothing */
};
#define BRIDGE_INIT {.keeper = KEEPER_INIT}
void bridge_done(struct bridge *b);

bool bridge_is_on(const struct container *c);

int bridge_begin(struct engine *eng, const struct container *c, struct keeper *k, struct bridge *ret, struct err *e) _must_check_;
int bridge_attach(const struct bridge *b, pid_t pid, uint64_t start_ticks, struct err *e) _must_check_;
int bridge_detach(struct engine *eng, const struct container *c, struct err *e) _must_check_;

/* One network more or less of a container that runs; *ret is what its files in /etc are to say. The note is what counts then, container.json is the caller's. */
int bridge_connect(struct engine *eng, const struct container *c, const struct network_link *link, struct hosts_bridge *ret,
		   struct err *e) _must_check_;
int bridge_disconnect(struct engine *eng, const struct container *c, const char *network, struct hosts_bridge *ret, struct err *e) _must_check_;

/* Only the clearing up. */
int bridge_sweep(struct engine *eng, struct err *e) _must_check_;

/* What netavark said of the container (bridge_note.h), as it is now; NULL: nothing. The caller owns *ret. */
int bridge_status(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e) _must_check_;

#endif
