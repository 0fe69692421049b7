/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Of most calls the name says enough. Of those in the table one argument
 * says which of many calls it is; a filter can compare it, since it is no
 * pointer. Ports are behind one: they are for Landlock, which has them from
 * the kernel itself.
 */
#include "monitor/record.h"

#include "sys/callname.h"

#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define CLONE_NAMESPACES 0x7e020000U

static const struct {
	int nr;
	unsigned arg;
	uint32_t mask;
} classes[] = {
	{SYS_socket, 0, ~0U},     {SYS_socketpair, 0, ~0U}, {SYS_clone, 0, CLONE_NAMESPACES}, {SYS_unshare, 0, ~0U},
	{SYS_prctl, 0, ~0U},      {SYS_ioctl, 1, ~0U},      {SYS_personality, 0, ~0U},        {SYS_fcntl, 1, ~0U},
	{SYS_setns, 1, ~0U},
};

static void add_port(struct tally *t, uint16_t port)
{
	char key[8];

	snprintf(key, sizeof(key), "%u", ntohs(port));
	(void)tally_add(t, key, 0);
}

static void add_address(struct record_asker *a, struct tally *t)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address = {.any.sa_family = AF_UNSPEC};
	size_t len = (size_t)a->n->data.args[2];
	ssize_t n = memory_read(&a->memory, a->n->data.args[1], &address, len < sizeof(address) ? len : sizeof(address));
	bool binds = t == &a->rec->binds;
	uint16_t port;

	if (n < (ssize_t)sizeof(address.in) || (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6))
		return;
	port = address.in.sin_port; /* at the same place in both */
	add_port(t, port);
	if (binds && port != 0 && ntohs(port) < 1024)
		record_need(a, CAP_NET_BIND_SERVICE, "port below 1024");
}

void record_args(struct record_asker *a)
{
	const struct seccomp_data *d = &a->n->data;
	char key[64];

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (classes[i].nr != d->nr)
			continue;
		snprintf(key, sizeof(key), "%s:%u", callname_of((uint32_t)d->nr), (uint32_t)d->args[classes[i].arg] & classes[i].mask);
		(void)tally_add(&a->rec->args, key, 0);
	}
	if (d->nr == SYS_bind)
		add_address(a, &a->rec->binds);
	else if (d->nr == SYS_connect)
		add_address(a, &a->rec->connects);
}
