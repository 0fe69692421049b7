/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * port_try - whether ports of the host can be had.
 *
 *	r = port_try("127.0.0.1", false, 8080, &fd);		// is bound until fd is closed
 *	r = port_try_all(json_at(spec, "config.network.ports"), &helper_argv, e);
 */
#ifndef RANBY_ENGINE_PORT_TRY_H
#define RANBY_ENGINE_PORT_TRY_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

/* Binds a socket like the one that the helper will bind ("": all addresses of IPv4); port 0 takes any. The port, or -errno. */
int port_try(const char *host_ip, bool udp, unsigned port, int *ret_fd) _must_check_;

/*
 * All of "ports" (NULL: none) are free now; else an error that names the first that is not. One without an address is
 * tried for the families that `helper`, the command line that will bind it, binds: pasta that of IPv6 too.
 */
int port_try_all(struct json_object *ports, const struct strv *helper, struct err *e) _must_check_;

#endif
