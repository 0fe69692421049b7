/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * network - --network, -p and what connects the container.
 *
 *	r = network_plan_make(&options, exposed, &plan, e);
 *	r = network_plan_finish(&plan, e);
 *	plan.helper: argv for the monitor (monitor/launch.h), empty without one:
 *	helper.items[0] is the name for self_open_helper(); "{PID}" stands for the
 *	host pid of init, "{READY_FD}" for a pipe and "{RUN_FD}" for the run directory (filled in by the
 *	monitor), an item "{PIDFILE}" for the path of a file for the helper's
 *	pid (filled in by the engine: then the helper daemonises)
 *
 * none: a network namespace with nothing but lo. host: the host's. pasta (the
 * default) and slirp4netns: user-mode networking by a helper that the monitor
 * starts and ends. The host's loopback is not reachable through either.
 * container:NAME and ns:PATH join a namespace that there is already. Any other
 * word is the name of a bridge network; these alone may be more than one.
 */
#ifndef RANBY_ENGINE_NETWORK_H
#define RANBY_ENGINE_NETWORK_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/network_link.h"
#include "engine/options.h"

#include <stdbool.h>
#include <stdint.h>

struct engine; /* engine/engine.h */

enum network_kind {
	NETWORK_PASTA,
	NETWORK_SLIRP,
	NETWORK_NONE,
	NETWORK_HOST,
	NETWORK_PEER, /* another container's: container:NAME */
	NETWORK_PATH, /* one that there is: ns:PATH */
	NETWORK_BRIDGE, /* one or more that `network create` made (bridge.h) */
};

#define PORT_MAPS_MAX 256

/* -p [[IP:][HOST]:]CTR[/PROTO], each a range of equal length. */
struct port_map {
	char host_ip[46];           /* "" for all */
	uint16_t host_port;         /* 0: any free one */
	uint16_t container_port;
	uint16_t count;             /* ports in the range */
	bool udp;
};

struct network_plan {
	enum network_kind kind;
	size_t n_ports;
	struct port_map *ports;
	size_t n_exposed;   /* by --expose and by the image, published or not */
	struct port_map *exposed;
	struct strv helper; /* empty without one */
	size_t n_links;     /* of NETWORK_BRIDGE, at least one */
	struct network_link *links;
	const char *helper_options; /* network_helper.h; NULL: none; borrowed from the options */
	const char *other;  /* NAME of NETWORK_PEER, PATH of NETWORK_PATH; borrowed from the options */
};

/* One -p value ("80" alone: any free port of the host). -EINVAL with text. */
int port_spec_parse(const char *text, struct port_map *ret, struct err *e) _must_check_;

/* What the options say, the helper left out. `exposed` ("80/tcp", of the image) is what -P publishes besides --expose; may be NULL; without -P what is no port there is left out. */
int network_plan_make(const struct container_options *o, const struct strv *exposed, struct network_plan *ret, struct err *e) _must_check_;

/* Chooses the free ports that are left to be chosen, and writes the helper's command line. */
int network_plan_finish(struct network_plan *p, struct err *e) _must_check_;
void network_plan_done(struct network_plan *p);
/* Of NETWORK_BRIDGE, once it is known which network a name or the beginning of an ID means: it is called by its name, and the address asked for is in it. */
int network_plan_resolve(struct engine *eng, struct network_plan *p, struct err *e) _must_check_;

/*
 * For a command line of pasta: started by root it would become nobody, and could not enter the
 * namespaces of a container of root's. It gives up what root may do by itself, and sees no file.
 */
int network_pasta_user(struct strv *argv) _must_check_;

const char *network_kind_name(enum network_kind k);

/* NAME of a --network container:NAME, borrowed; NULL for all others. */
const char *network_peer_of(const char *value);

/* Whether the namespace is one that the container's user namespace does not own. */
bool network_is_foreign(enum network_kind k);

#endif
