/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* netif - what the network namespace that we are in can reach directly. */
#ifndef RANBY_SYS_NETIF_H
#define RANBY_SYS_NETIF_H

#include "base/mem.h"
#include "base/subnet.h"

#include <stddef.h>

#define NETIF_SUBNETS_MAX 4096

struct netif_subnets {
	struct subnet *items;
	size_t n;
};
void netif_subnets_done(struct netif_subnets *l);

/* The subnets of all addresses of all interfaces (getifaddrs(3)), and those that IPv4 routes lead to, but for default routes. 0 or -errno. */
int netif_subnets_read(struct netif_subnets *ret) _must_check_;

#endif
