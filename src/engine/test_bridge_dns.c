/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/bridge_dns.h"

#include "base/testing.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
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
	assert_int_equal(got.n, 2);
	assert_string_equal(got.items[0], "10.89.0.1");
	assert_string_equal(got.items[1], "fd00::1");
	assert_int_equal(bridge_dns_servers(none, &got, &e), 0);
	assert_int_equal(got.n, 2);
}

static void test_query(void **state)
{
	static const uint8_t want[] = "\xab\xcd\x01\0\0\x01\0\0\0\0\0\0\x0c" "0123456789ab\x03" "dns\x06podman\0\0\x01\0\x01";
	uint8_t got[BRIDGE_DNS_QUERY_SIZE];
	size_t n = bridge_dns_query(0xabcd, "0123456789abcdef", false, got);

	(void)state;
	assert_int_equal(n, sizeof(want) - 1);
	assert_memory_equal(got, want, n);
	assert_int_equal(bridge_dns_query(0xabcd, "0123456789abcdef", true, got), n);
	assert_int_equal(got[n - 3], 28);
}

static void test_answer(void **state)
{
	static const struct {
		const char *reply;
		size_t len;
		bool is;
	} cases[] = {
		{"\xab\xcd\x81\x80\0\x01\0\x01\0\0\0\0", 12, true},
		{"\xab\xcd\x81\x80\0\x01\x01\0\0\0\0\0rest", 16, true},
		{"\xab\xcd\x81\x80\0\x01\0\x01\0\0\0\0", 11, false}, /* cut */
		{"\xab\xce\x81\x80\0\x01\0\x01\0\0\0\0", 12, false}, /* another's */
		{"\xab\xcd\x01\x80\0\x01\0\x01\0\0\0\0", 12, false}, /* a question */
		{"\xab\xcd\x81\x83\0\x01\0\x01\0\0\0\0", 12, false}, /* no such name */
		{"\xab\xcd\x81\x80\0\x01\0\0\0\0\0\0", 12, false}, /* no address */
		{"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(bridge_dns_is_answer(0xabcd, (const uint8_t *)cases[i].reply, cases[i].len), cases[i].is);
}

static void write_table(const char *dir, const char *name, const char *line)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "   sl  local_address rem_address   st tx_queue\n%s", line);
	assert_int_equal(fclose(f), 0);
}

static void remove_table(const char *dir, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

/* A line of udp6 with a socket of fd00::1 */
static void six_line(unsigned port, char *out, size_t size)
{
	uint32_t words[4];

	assert_int_equal(inet_pton(AF_INET6, "fd00::1", words), 1);
	snprintf(out, size, "  9: %08X%08X%08X%08X:%04X %032X:0000 07\n", words[0], words[1], words[2], words[3], port, 0U);
}

static void test_await(void **state)
{
	char dir[] = "/tmp/test-bridge-dns.XXXXXX", address[] = "10.89.0.1", *items[] = {address, NULL}, line[160];
	const struct strv servers = {.items = items, .n = 1}, nobody = {0};
	struct in_addr a;
	struct err e = {0};
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(inet_pton(AF_INET, address, &a), 1);
	assert_int_equal(bridge_dns_await("/nonexistent", &nobody, &e), 0);
	assert_true(bridge_dns_await("/nonexistent", &servers, &e) < 0);
	snprintf(line, sizeof(line), "  9: %08X:0035 00000000:0000 07\n", a.s_addr);
	write_table(dir, "udp", line);
	assert_int_equal(bridge_dns_await(dir, &servers, &e), 0);
	write_table(dir, "udp", "  9: 00000000:0035 00000000:0000 07\n");
	assert_int_equal(bridge_dns_await(dir, &servers, &e), 0);
	/* another port of it, and its port at another's, are not it: it comes while we wait */
	snprintf(line, sizeof(line), "  9: %08X:0036 00000000:0000 07\n 10: 0100007F:0035 00000000:0000 07\n", a.s_addr);
	write_table(dir, "udp", line);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		snprintf(line, sizeof(line), "  9: %08X:0035 00000000:0000 07\n", a.s_addr);
		write_table(dir, "udp", line);
		_exit(0);
	}
	assert_int_equal(bridge_dns_await(dir, &servers, &e), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	remove_table(dir, "udp");
	assert_int_equal(rmdir(dir), 0);
}

/* Its socket of IPv6 is waited for as well. */
static void test_await_six(void **state)
{
	char dir[] = "/tmp/test-bridge-dns.XXXXXX", address[] = "fd00::1", *items[] = {address, NULL}, line[160];
	const struct strv servers = {.items = items, .n = 1};
	struct timespec before, after;
	struct err e = {0};
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_table(dir, "udp", "  9: 00000000:0035 00000000:0000 07\n");
	six_line(54, line, sizeof(line));
	write_table(dir, "udp6", line);
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		six_line(53, line, sizeof(line));
		write_table(dir, "udp6", line);
		_exit(0);
	}
	assert_int_equal(bridge_dns_await(dir, &servers, &e), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 90);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	remove_table(dir, "udp");
	remove_table(dir, "udp6");
	assert_int_equal(rmdir(dir), 0);
}

TESTS("engine/bridge_dns", cmocka_unit_test(test_servers), cmocka_unit_test(test_query), cmocka_unit_test(test_answer), cmocka_unit_test(test_await), cmocka_unit_test(test_await_six))
