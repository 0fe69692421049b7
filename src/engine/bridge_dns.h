/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_dns - waits for the name server of bridge networks.
 *
 *	r = bridge_dns_servers(request, &servers, e);
 *	... netavark setup ...
 *	r = bridge_dns_await("/proc/self/net", &servers, e);	// in the holder
 *	r = bridge_dns_ask(netns_path, &servers, id, e);	// the last thing that is done there
 *
 * netavark starts aardvark-dns, or tells it of another container by a signal,
 * and does not wait for it: a payload that asked for a name at once was refused. At
 * the signal it closes all its sockets and opens them anew, so that one that is bound
 * may be one that is about to go; when it knows the new container, it has done that.
 */
#ifndef RANBY_ENGINE_BRIDGE_DNS_H
#define RANBY_ENGINE_BRIDGE_DNS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The addresses that are to answer for the networks of what netavark is told. Appends. */
int bridge_dns_servers(struct json_object *request, struct strv *ret, struct err *e) _must_check_;

/*
 * Until a socket is bound to port 53 of each, or of all addresses. `net`
 * has the network namespace's tables of UDP sockets, udp and udp6 (proc_pid_net(5)). -ETIMEDOUT after 10 s.
 */
int bridge_dns_await(const char *net, const struct strv *servers, struct err *e) _must_check_;

/*
 * Until each server answers with an address for the container's own name, the first digits of its id, which all have as
 * an alias. Those of IPv6 are asked where there are no others. Enters the container's network namespace, of which `netns`
 * is the path, and stays there. -ETIMEDOUT after 10 s.
 */
int bridge_dns_ask(const char *netns, const struct strv *servers, const char *id, struct err *e) _must_check_;

/* A question for an address of ID.dns.podman; its length. And whether `reply` is its answer, with an address or more. */
#define BRIDGE_DNS_QUERY_SIZE 64
size_t bridge_dns_query(uint16_t number, const char *id, bool six, uint8_t ret[static BRIDGE_DNS_QUERY_SIZE]);
bool bridge_dns_is_answer(uint16_t number, const uint8_t *reply, size_t len);

#endif
