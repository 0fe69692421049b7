/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/netif.h"

#include "base/testing.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static struct sockaddr address(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr out;

	assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
	memcpy(&out, &in, sizeof(out));
	return out;
}

static bool has(const struct netif_subnets *l, const char *want)
{
	char text[SUBNET_TEXT_SIZE];

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(subnet_text(&l->items[i], text), want) == 0)
			return true;
	return false;
}

/* 10.89.1.77/23 on lo, and a route to 10.77.0.0/16 behind it. */
static void configure(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq i = {.ifr_name = "lo"};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	assert_true(fd >= 0);
	i.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &i), 0);
	i.ifr_addr = address("10.89.1.77");
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &i), 0);
	i.ifr_netmask = address("255.255.254.0");
	assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &i), 0);
	route.rt_dst = address("10.77.0.0");
	route.rt_genmask = address("255.255.0.0");
	route.rt_gateway = address("10.89.1.2");
	(void)!ioctl(fd, SIOCADDRT, &route);
	close(fd);
}

static void test_read(void **state)
{
	_cleanup_(netif_subnets_done) struct netif_subnets l = {0};

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		skip();
	configure();
	assert_int_equal(netif_subnets_read(&l), 0);
	assert_true(has(&l, "10.89.0.0/23"));
	assert_true(has(&l, "10.77.0.0/16"));
	assert_false(has(&l, "0.0.0.0/0"));
}

TESTS("sys/netif", cmocka_unit_test(test_read))
