/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pasta binds each port for IPv4 and IPv6 and is content with one of them: where
 * somebody else has a port in IPv4, a container would run, and its clients
 * would be another's. And it says of none why it could not be bound.
 */
#include "engine/port_try.h"

#include "sys/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int port_try(const char *host_ip, bool udp, unsigned port, int *ret_fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} a = {.four = {.sin_family = AF_INET}};
	socklen_t len = sizeof(a.four);
	_cleanup_close_ int fd = -EBADF;
	int on = 1;

	if (strchr(host_ip, ':')) {
		a.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
		len = sizeof(a.six);
		if (inet_pton(AF_INET6, host_ip, &a.six.sin6_addr) != 1)
			return -EINVAL;
	} else {
		a.four.sin_port = htons((uint16_t)port);
		if (*host_ip && inet_pton(AF_INET, host_ip, &a.four.sin_addr) != 1)
			return -EINVAL;
	}
	fd = socket(a.any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	/* connections of before that are not forgotten yet are in nobody's way; of UDP it would let two have one port */
	if (fd < 0 || (!udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) || bind(fd, &a.any, len) < 0 ||
	    getsockname(fd, &a.any, &len) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
}

static int cannot(const char *host_ip, const char *protocol, unsigned port, int r, struct err *e)
{
	bool six = strchr(host_ip, ':');

	err_errno(e, -r, "--publish %s%s%s%s%u/%s", six ? "[" : "", host_ip, six ? "]" : "", *host_ip ? ":" : "", port, protocol);
	if (r == -EACCES)
		err_hint(e, "a user's ports begin at the sysctl net.ipv4.ip_unprivileged_port_start, 1024 unless root has set it");
	return r;
}

int port_try_all(struct json_object *ports, struct err *e)
{
	for (size_t i = 0; ports && i < json_object_array_length(ports); i++) {
		struct json_object *p = json_object_array_get_idx(ports, i);
		const char *ip = json_str(p, "hostIp"), *protocol = json_str(p, "protocol");
		unsigned first = (unsigned)json_int(p, "hostPort"), count = (unsigned)json_int(p, "count");

		for (unsigned n = 0; n < count; n++) {
			_cleanup_close_ int fd = -EBADF;
			int r = port_try(ip, strcmp(protocol, "udp") == 0, first + n, &fd);

			if (r < 0)
				return cannot(ip, protocol, first + n, r, e);
		}
	}
	return 0;
}
