/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table is only read: to ask the server would make it ask others, and to
 * try to bind its port could take it from it.
 */
#include "engine/bridge_dns.h"

#include "base/buf.h"
#include "base/subnet.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DNS_PORT 53U
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
