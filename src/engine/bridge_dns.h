/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_dns - waits for the name server of bridge networks.
 *
 *	r = bridge_dns_servers(request, &servers, e);
 *	... netavark setup ...
 *	r = bridge_dns_await("/proc/self/net", &servers, e);	// in the holder
 *
 * netavark starts aardvark-dns, or tells it of another network by a signal,
 * and does not wait for it: a payload that asked for a name at once was refused.
 */
#ifndef RANBY_ENGINE_BRIDGE_DNS_H
#define RANBY_ENGINE_BRIDGE_DNS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

/* The addresses that are to answer for the networks of what netavark is told. Appends. */
int bridge_dns_servers(struct json_object *request, struct strv *ret, struct err *e) _must_check_;

/*
 * Until a socket is bound to port 53 of each, or of all addresses. `net`
 * has the network namespace's tables of UDP sockets, udp and udp6 (proc_pid_net(5)). -ETIMEDOUT after 10 s.
 */
int bridge_dns_await(const char *net, const struct strv *servers, struct err *e) _must_check_;

#endif
