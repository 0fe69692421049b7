/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pasta binds each port for IPv4 and IPv6 and is content with one of them: where
 * somebody else has a port in the other, a container would run, and its clients
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
	if (fd < 0 || (a.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
		return -errno;
	if ((!udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) || bind(fd, &a.any, len) < 0 ||
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

static bool has_any(const struct strv *argv, const char *letter, const char *name)
{
	return strv_find(argv, letter) >= 0 || strv_find(argv, name) >= 0;
}

/* Where a port without an address is tried: "" is IPv4. A host without IPv6 has nobody there. */
static int try_anywhere(const struct strv *helper, bool udp, const char *protocol, unsigned port, struct err *e)
{
	bool pasta = helper->n > 0 && strcmp(helper->items[0], "pasta") == 0;
	bool four = !pasta || !has_any(helper, "-6", "--ipv6-only"), six = pasta && !has_any(helper, "-4", "--ipv4-only");
	_cleanup_close_ int fd = -EBADF, fd6 = -EBADF;
	int r = four ? port_try("", udp, port, &fd) : 0;

	if (r < 0)
		return cannot("", protocol, port, r, e);
	r = six ? port_try("::", udp, port, &fd6) : 0;
	if (r >= 0 || r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)
		return 0;
	cannot("::", protocol, port, r, e);
	if (r == -EADDRINUSE)
		err_hint(e, "only IPv4: -p 0.0.0.0:%u:PORT", port);
	return r;
}

int port_try_all(struct json_object *ports, const struct strv *helper, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && ports && i < json_object_array_length(ports); i++) {
		struct json_object *p = json_object_array_get_idx(ports, i);
		const char *ip = json_str(p, "hostIp"), *protocol = json_str(p, "protocol");
		unsigned first = (unsigned)json_int(p, "hostPort"), count = (unsigned)json_int(p, "count");
		bool udp = strcmp(protocol, "udp") == 0;

		for (unsigned n = 0; r >= 0 && n < count; n++) {
			_cleanup_close_ int fd = -EBADF;

			if (!*ip) {
				r = try_anywhere(helper, udp, protocol, first + n, e);
				continue;
			}
			r = port_try(ip, udp, first + n, &fd);
			if (r < 0)
				r = cannot(ip, protocol, first + n, r, e);
		}
	}
	return r < 0 ? r : 0;
}
