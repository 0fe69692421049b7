/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/bridge_dns.h"

#include "base/testing.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_servers(void **state)
{
	static const char text[] = "{\"network_info\":{"
				   "\"a\":{\"dns_enabled\":true,\"subnets\":[{\"gateway\":\"10.89.0.1\"},{\"gateway\":\"fd00::1\"}]},"
				   "\"b\":{\"dns_enabled\":false,\"subnets\":[{\"gateway\":\"10.89.1.1\"}]},"
				   "\"c\":{\"dns_enabled\":true},\"d\":{\"dns_enabled\":true,\"subnets\":[{}]}}}";
	_cleanup_json_ struct json_object *o = NULL, *none = json_object_new_object();
	_cleanup_(strv_done) struct strv got = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, "request", &o, &e), 0);
	assert_int_equal(bridge_dns_servers(o, &got, &e), 0);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.items[0], "10.89.0.1");
	assert_int_equal(bridge_dns_servers(none, &got, &e), 0);
	assert_int_equal(got.n, 1);
}

static void write_table(const char *path, const char *line)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "   sl  local_address rem_address   st tx_queue\n%s", line);
	assert_int_equal(fclose(f), 0);
}

static void test_await(void **state)
{
	char path[] = "/tmp/test-bridge-dns.XXXXXX", address[] = "10.89.0.1", *items[] = {address, NULL}, line[96];
	const struct strv servers = {.items = items, .n = 1}, nobody = {0};
	int fd = mkstemp(path);
	struct in_addr a;
	struct err e = {0};
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(inet_pton(AF_INET, address, &a), 1);
	assert_int_equal(bridge_dns_await("/nonexistent", &nobody, &e), 0);
	assert_true(bridge_dns_await("/nonexistent", &servers, &e) < 0);
	snprintf(line, sizeof(line), "  9: %08X:0035 00000000:0000 07\n", a.s_addr);
	write_table(path, line);
	assert_int_equal(bridge_dns_await(path, &servers, &e), 0);
	write_table(path, "  9: 00000000:0035 00000000:0000 07\n");
	assert_int_equal(bridge_dns_await(path, &servers, &e), 0);
	/* another port of it, and its port at another's, are not it: it comes while we wait */
	snprintf(line, sizeof(line), "  9: %08X:0036 00000000:0000 07\n 10: 0100007F:0035 00000000:0000 07\n", a.s_addr);
	write_table(path, line);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		snprintf(line, sizeof(line), "  9: %08X:0035 00000000:0000 07\n", a.s_addr);
		write_table(path, line);
		_exit(0);
	}
	assert_int_equal(bridge_dns_await(path, &servers, &e), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	unlink(path);
}

TESTS("engine/bridge_dns", cmocka_unit_test(test_servers), cmocka_unit_test(test_await))
