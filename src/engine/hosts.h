/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * hosts - the three generated files of /etc: hosts, hostname, resolv.conf.
 *
 *	r = hosts_make(&options, hostname, kind, &buf, e);
 *
 * Whatever goes into one of them has been parsed first: a host name is letters,
 * digits, '-', '_' and '.', an address is one that inet_pton(3) takes and is
 * printed by inet_ntop(3), a resolver option is printable without blanks. What
 * is anything else is refused when the user gave it, and left out when it
 * comes from the host's own resolv.conf; so nothing can add a line.
 */
#ifndef RANBY_ENGINE_HOSTS_H
#define RANBY_ENGINE_HOSTS_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/network.h"
#include "engine/options.h"

#include <stdbool.h>

#define HOSTNAME_LEN_MAX 64  /* HOST_NAME_MAX of the kernel */
#define HOST_NAME_LEN_MAX 253 /* a name in /etc/hosts */

/* Where the DNS of the host is answered inside when its resolver is on the host's loopback. */
#define HOSTS_DNS_FORWARD "169.254.1.53"

/* --hostname, --add-host, --dns*: grammar. */
int hosts_check(const struct container_options *o, struct err *e) _must_check_;

/* True for [A-Za-z0-9_.-]+ of at most `max` bytes, not starting with '-' or '.'. */
bool host_name_is_valid(const char *s, size_t max);

/* --hostname, else the id's first 12 digits; "" with --uts host. The result has HOSTNAME_LEN_MAX + 1 bytes. */
void hosts_hostname(const struct container_options *o, const char *id, char ret[static HOSTNAME_LEN_MAX + 1]);

/* What a container that is on bridge networks has there. */
struct hosts_bridge {
	struct strv addresses; /* its own */
	struct strv names;     /* for them, besides its host name */
	struct strv servers;   /* who answers DNS there; none: the host's resolvers */
};
void hosts_bridge_done(struct hosts_bridge *b);

/* /etc/hosts. `bridge` may be NULL, as below. */
int hosts_make(const struct container_options *o, const char *hostname, const struct hosts_bridge *bridge, struct buf *out,
	       struct err *e) _must_check_;

/*
 * /etc/resolv.conf, from the text of the host's. *ret_forward says that the
 * helper must forward HOSTS_DNS_FORWARD to the host's resolver.
 */
int hosts_resolv_conf(const struct container_options *o, enum network_kind kind, const struct hosts_bridge *bridge, const char *host_text,
		      struct buf *out, bool *ret_forward, struct err *e) _must_check_;

/* The host's /etc/resolv.conf (or systemd-resolved's real one when that is a stub); "" when there is none. */
int hosts_read_resolv_conf(struct buf *out, struct err *e) _must_check_;

#endif
