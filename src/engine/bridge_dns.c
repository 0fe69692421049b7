/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table is only read: to try to bind the port could take it from the
 * server. It is asked for a name of its own domain alone, which it asks nobody else about,
 * and from the container's network namespace, because whom it answers what is by the address
 * that asks. Of an answer no more is read than its header: a container that runs already
 * (`network connect`) may send anything, and could fool itself alone.
 */
#include "engine/bridge_dns.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/subnet.h"
#include "engine/container.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DNS_PORT 53U
#define ASK_MS 10000
#define ANSWER_MS 200 /* what is waited for one answer: it may be lost with the socket that it was sent to */
#define REPLY_MAX 1232
#define STEP_MS 5
#define TRIES 2000 /* 10 s */
#define TABLE_MAX (4U << 20)

int bridge_dns_servers(struct json_object *request, struct strv *ret, struct err *e)
{
	struct json_object *all = json_at(request, "network_info");
	int r = 0;

	if (!all)
		return 0;
	json_object_object_foreach(all, name, info)
	{
		struct json_object *subnets = json_true(info, "dns_enabled") ? json_at(info, "subnets") : NULL;

		(void)name;
		for (size_t i = 0; r == 0 && subnets && i < json_object_array_length(subnets); i++) {
			const char *gateway = json_str(json_object_array_get_idx(subnets, i), "gateway");
			struct ip ip;

			if (ip_parse(gateway, &ip) == 0)
				r = strv_add(ret, gateway);
		}
	}
	return r < 0 ? err_errno(e, -r, "name servers") : 0;
}

/* A socket's address is there as the kernel holds it, in words of its own byte order: "01005A0A:0035". */
static bool is_bound(const char *table, const struct ip *server)
{
	char own[48] = " ", any[48] = " ";
	uint32_t word;

	for (size_t i = 0; i < (server->six ? 16U : 4U); i += sizeof(word)) {
		memcpy(&word, server->bytes + i, sizeof(word));
		snprintf(own + strlen(own), sizeof(own) - strlen(own), "%08X", word);
		snprintf(any + strlen(any), sizeof(any) - strlen(any), "%08X", 0U);
	}
	snprintf(own + strlen(own), sizeof(own) - strlen(own), ":%04X ", DNS_PORT);
	snprintf(any + strlen(any), sizeof(any) - strlen(any), ":%04X ", DNS_PORT);
	return strstr(table, own) || strstr(table, any);
}

static int read_table(const char *net, bool six, struct buf *b)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd = -EBADF;

	snprintf(path, sizeof(path), "%s/%s", net, six ? "udp6" : "udp");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* a kernel without IPv6 has no such table, and no such socket */
	if (fd < 0)
		return six && errno == ENOENT ? 0 : -errno;
	return fd_read_all(fd, TABLE_MAX, b);
}

static int all_bound(const char *net, const struct strv *servers)
{
	_cleanup_(buf_done) struct buf four = BUF_INIT, six = BUF_INIT;
	int r = read_table(net, false, &four);

	if (r == 0)
		r = read_table(net, true, &six);
	if (r < 0)
		return r;
	for (size_t i = 0; i < servers->n; i++) {
		struct ip ip;

		if (ip_parse(servers->items[i], &ip) == 0 && !is_bound(buf_str(ip.six ? &six : &four), &ip))
			return 0;
	}
	return 1;
}

int bridge_dns_await(const char *net, const struct strv *servers, struct err *e)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int r = servers->n > 0 ? 0 : 1;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		r = all_bound(net, servers);
		if (r == 0)
			(void)nanosleep(&step, NULL);
	}
	if (r < 0)
		return err_errno(e, -r, "%s", net);
	return r > 0 ? 0 : err_set(e, ETIMEDOUT, "aardvark-dns: it does not answer at %s", servers->items[0]);
}

/* ---- asking ---- */

static size_t add_label(const char *text, size_t len, uint8_t *at)
{
	at[0] = (uint8_t)len;
	memcpy(at + 1, text, len);
	return len + 1;
}

size_t bridge_dns_query(uint16_t number, const char *id, bool six, uint8_t ret[static BRIDGE_DNS_QUERY_SIZE])
{
	/* RFC 1035, 4.1: one question, recursion desired */
	const uint8_t header[12] = {(uint8_t)(number >> 8), (uint8_t)number, 1, 0, 0, 1};
	const uint8_t type[4] = {0, six ? 28 : 1, 0, 1};
	size_t n = sizeof(header);

	memcpy(ret, header, n);
	n += add_label(id, strnlen(id, CONTAINER_ID_SHORT), ret + n);
	n += add_label("dns", 3, ret + n);
	n += add_label("podman", 6, ret + n);
	ret[n++] = 0;
	memcpy(ret + n, type, sizeof(type));
	return n + sizeof(type);
}

bool bridge_dns_is_answer(uint16_t number, const uint8_t *reply, size_t len)
{
	return len >= 12 && reply[0] == (uint8_t)(number >> 8) && reply[1] == (uint8_t)number && (reply[2] & 0x80) && (reply[3] & 0x0f) == 0 &&
	       (reply[6] || reply[7]);
}

static int open_socket(const struct ip *server, int *ret_fd)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};
	_cleanup_close_ int fd = socket(server->six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(&four.sin_addr, server->bytes, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, server->bytes, sizeof(six.sin6_addr));
	if (fd < 0 || connect(fd, server->six ? (const struct sockaddr *)&six : (const struct sockaddr *)&four, server->six ? sizeof(six) : sizeof(four)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* One question. Refused, unanswered, an answer that knows no such name: all the same. */
static bool is_answered(const struct ip *server, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	uint8_t query[BRIDGE_DNS_QUERY_SIZE], reply[REPLY_MAX];
	struct pollfd p = {.events = POLLIN};
	uint16_t number;
	ssize_t n;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number) || open_socket(server, &fd) < 0 ||
	    send(fd, query, bridge_dns_query(number, id, server->six, query), MSG_NOSIGNAL) < 0)
		return false;
	p.fd = fd;
	n = poll(&p, 1, ANSWER_MS) > 0 ? recv(fd, reply, sizeof(reply), 0) : -1;
	return n > 0 && bridge_dns_is_answer(number, reply, (size_t)n);
}

static int ask(const char *server, const struct ip *ip, const char *id, struct err *e)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int64_t end = clock_monotonic_ms() + ASK_MS;

	while (!is_answered(ip, id)) {
		if (clock_monotonic_ms() >= end)
			return err_set(e, ETIMEDOUT, "aardvark-dns: it does not answer at %s", server);
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

static int enter(const char *netns, struct err *e)
{
	_cleanup_close_ int fd = open(netns, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNET) < 0 ? err_errno(e, errno, "%s", netns) : 0;
}

int bridge_dns_ask(const char *netns, const struct strv *servers, const char *id, struct err *e)
{
	bool has_four = false;
	struct ip ip;
	int r = servers->n > 0 ? enter(netns, e) : 0;

	for (size_t i = 0; i < servers->n; i++)
		has_four |= ip_parse(servers->items[i], &ip) == 0 && !ip.six;
	for (size_t i = 0; r == 0 && i < servers->n; i++)
		if (ip_parse(servers->items[i], &ip) == 0 && !(ip.six && has_four))
			r = ask(servers->items[i], &ip, id, e);
	return r;
}
