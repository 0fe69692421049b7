/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table is only read: to ask the server would make it ask others, and to
 * try to bind its port could take it from it.
 */
#include "engine/bridge_dns.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
			struct in_addr address;

			if (inet_pton(AF_INET, gateway, &address) == 1)
				r = strv_add(ret, gateway);
		}
	}
	return r < 0 ? err_errno(e, -r, "name servers") : 0;
}

/* A socket's address is there as the kernel holds it: "01005A0A:0035". */
static bool is_bound(const char *table, const char *server)
{
	char own[32], any[] = " 00000000:0035 ";
	struct in_addr address;

	if (inet_pton(AF_INET, server, &address) != 1)
		return true;
	snprintf(own, sizeof(own), " %08X:0035 ", address.s_addr);
	return strstr(table, own) || strstr(table, any);
}

static int all_bound(const char *table, const struct strv *servers)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open(table, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, TABLE_MAX, &b);

	if (r < 0)
		return r;
	for (size_t i = 0; i < servers->n; i++)
		if (!is_bound(buf_str(&b), servers->items[i]))
			return 0;
	return 1;
}

int bridge_dns_await(const char *table, const struct strv *servers, struct err *e)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int r = servers->n > 0 ? 0 : 1;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		r = all_bound(table, servers);
		if (r == 0)
			(void)nanosleep(&step, NULL);
	}
	if (r < 0)
		return err_errno(e, -r, "%s", table);
	return r > 0 ? 0 : err_set(e, ETIMEDOUT, "aardvark-dns: it does not answer at %s", servers->items[0]);
}
