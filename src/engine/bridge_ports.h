/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_ports - -p of a container on a bridge.
 *
 *	slot = bridge_ports_slot(&notes);
 *	families = bridge_ports_families(request);
 *	r = bridge_ports_check(families, config_network_ports, e);
 *	r = bridge_ports_argv(slot, families, &holder, config_network_ports, &argv);	// the container's own pasta
 *	r = bridge_ports_apply(&b, true, &programs, e);		// in the holder, when it runs
 *	r = bridge_ports_apply(&b, false, &programs, e);		// at the end
 */
#ifndef RANBY_ENGINE_BRIDGE_PORTS_H
#define RANBY_ENGINE_BRIDGE_PORTS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/bridge_holder.h"
#include "engine/bridge_note.h"

#include <stdbool.h>

#define BRIDGE_SLOTS_MAX 1000

/* The lowest that no note has; 0: all are taken. */
unsigned bridge_ports_slot(const struct bridge_notes *l);

/* Of which a container has addresses: what else comes to a port could not be sent on to it. */
#define BRIDGE_FOUR 1U
#define BRIDGE_SIX 2U
unsigned bridge_ports_families(struct json_object *request);

/* `ports` is config.network.ports. -EINVAL: one is on an address of a family that the container is not of. */
int bridge_ports_check(unsigned families, struct json_object *ports, struct err *e) _must_check_;

/* What runs in the host's network and leads into the holder's. */
int bridge_ports_argv(unsigned slot, unsigned families, const struct bridge_holder *h, struct json_object *ports, struct strv *argv) _must_check_;

/* netavark's "port_mappings". -EADDRINUSE when a note has one of them: in the holder there is one network for all. */
int bridge_ports_map(const struct bridge_notes *l, const char *id, struct json_object *ports, struct json_object **ret, struct err *e) _must_check_;

struct bridge_ports_programs {
	int ip_fd, restore_fd, restore6_fd; /* ip(8), iptables-restore(8), ip6tables-restore(8) */
};
#define BRIDGE_PORTS_PROGRAMS_INIT {.ip_fd = -EBADF, .restore_fd = -EBADF, .restore6_fd = -EBADF}
int bridge_ports_programs_open(struct bridge_ports_programs *ret, struct err *e) _must_check_;
void bridge_ports_programs_done(struct bridge_ports_programs *p);

/* The bridges of a request that have IPv6. Appends. */
int bridge_ports_six_bridges(struct json_object *request, struct strv *ret) _must_check_;

struct bridge_ports {
	unsigned slot, families;
	const struct strv *six_bridges; /* NULL: none, as when it ends */
};

/* In the holder (bridge_holder_do()): lets the answers to what came in by that pasta leave by it, or no longer. */
int bridge_ports_apply(const struct bridge_ports *b, bool on, const struct bridge_ports_programs *p, struct err *e) _must_check_;

#endif
