/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An address says what its interface reaches, a route what lies behind a
 * gateway (a VPN, say). Routes of IPv4 are in /proc/net/route in the byte order of
 * the host; those of IPv6 are not read: unique local prefixes are random.
 */
#include "sys/netif.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define ROUTES_MAX ((size_t)1 << 20) /* bytes of the table */

void netif_subnets_done(struct netif_subnets *l)
{
	free(l->items);
	*l = (struct netif_subnets){0};
}

static int add(struct netif_subnets *l, const struct subnet *s)
{
	struct subnet *grown;

	if (l->n == NETIF_SUBNETS_MAX)
		return -E2BIG;
	grown = mem_regrow(l->items, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->items = grown;
	l->items[l->n++] = *s;
	return 0;
}

static unsigned bits(const uint8_t *mask, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(mask[i]);
	return n;
}

static bool of_address(const struct ifaddrs *a, struct subnet *ret)
{
	struct sockaddr_in6 six, six_mask;
	struct sockaddr_in four, four_mask;
	struct ip ip = {0};

	if (!a->ifa_addr || !a->ifa_netmask)
		return false;
	if (a->ifa_addr->sa_family == AF_INET) {
		memcpy(&four, a->ifa_addr, sizeof(four));
		memcpy(&four_mask, a->ifa_netmask, sizeof(four_mask));
		memcpy(ip.bytes, &four.sin_addr, 4);
		*ret = subnet_of(&ip, bits((const uint8_t *)&four_mask.sin_addr, 4));
		return true;
	}
	if (a->ifa_addr->sa_family != AF_INET6)
		return false;
	memcpy(&six, a->ifa_addr, sizeof(six));
	memcpy(&six_mask, a->ifa_netmask, sizeof(six_mask));
	ip.six = true;
	memcpy(ip.bytes, &six.sin6_addr, 16);
	*ret = subnet_of(&ip, bits((const uint8_t *)&six_mask.sin6_addr, 16));
	return true;
}

static int add_addresses(struct netif_subnets *l)
{
	struct ifaddrs *all;
	struct subnet s;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *a = all; r == 0 && a; a = a->ifa_next)
		if (of_address(a, &s))
			r = add(l, &s);
	freeifaddrs(all);
	return r;
}

/* "eth0 0000590A 00000000 0001 0 0 0 00FFFFFF ...", of which the second and the eighth word count. */
static bool of_route(const char *line, struct subnet *ret)
{
	struct ip ip = {0};
	unsigned to, mask;

	if (sscanf(line, "%*s %8x %*x %*x %*d %*d %*d %8x", &to, &mask) != 2 || mask == 0)
		return false;
	memcpy(ip.bytes, &to, 4);
	*ret = subnet_of(&ip, bits((const uint8_t *)&mask, 4));
	return true;
}

static int add_routes(struct netif_subnets *l)
{
	_cleanup_close_ int fd = open("/proc/net/route", O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(ROUTES_MAX);
	struct subnet s;
	char *save = NULL, *text;
	int r = fd < 0 ? -errno : fd_read_all(fd, ROUTES_MAX, &b);

	if (r < 0)
		return r;
	text = buf_take(&b);
	if (!text)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); r == 0 && line; line = strtok_r(NULL, "\n", &save))
		if (of_route(line, &s))
			r = add(l, &s);
	free(text);
	return r;
}

int netif_subnets_read(struct netif_subnets *ret)
{
	_cleanup_(netif_subnets_done) struct netif_subnets l = {0};
	int r = add_addresses(&l);

	if (r == 0)
		r = add_routes(&l);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct netif_subnets){0};
	return 0;
}
