/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * slirp_ports - -p of a container on slirp4netns.
 *
 *	strv_add(&argv, SLIRP_PORTS_OPTION);	// of slirp4netns, when there are ports
 *	r = slirp_ports_open(run_dirfd, spec, e);	// init is there, and waits
 */
#ifndef RANBY_ENGINE_SLIRP_PORTS_H
#define RANBY_ENGINE_SLIRP_PORTS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

/* Its API socket, in the run directory; "{RUN_FD}" is the monitor's (monitor/launch.h): there is no limit of 108 bytes. */
#define SLIRP_PORTS_SOCKET "slirp4netns"
#define SLIRP_PORTS_OPTION "--api-socket=/proc/self/fd/{RUN_FD}/" SLIRP_PORTS_SOCKET

/*
 * Asks it for each port of config.network.ports, and removes the socket's
 * name; nothing, when the container's network is another. -errno with its
 * words when one cannot be had.
 */
int slirp_ports_open(int run_dirfd, struct json_object *spec, struct err *e) _must_check_;

/* One question: the reply's "return" must be there. `what` begins the error. For tests. */
int slirp_ports_ask(int run_dirfd, const char *what, const char *question, struct err *e) _must_check_;

#endif
