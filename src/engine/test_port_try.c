/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/port_try.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* One port, as config.network.ports has it. */
static struct json_object *ports(const char *ip, const char *protocol, int first, int count)
{
	struct json_object *o = NULL;
	struct err e = {0};
	char text[160];

	snprintf(text, sizeof(text), "[{\"hostIp\":\"%s\",\"protocol\":\"%s\",\"hostPort\":%d,\"count\":%d}]", ip, protocol, first, count);
	assert_int_equal(json_parse(text, strlen(text), "ports", &o, &e), 0);
	return o;
}

static void test_try(void **state)
{
	_cleanup_close_ int tcp = -EBADF, udp = -EBADF;
	int port, other, fd = -EBADF;

	(void)state;
	port = port_try("127.0.0.1", false, 0, &tcp);
	assert_true(port > 0);
	assert_int_equal(listen(tcp, 1), 0);
	assert_int_equal(port_try("127.0.0.1", false, (unsigned)port, &fd), -EADDRINUSE);
	assert_int_equal(port_try("", false, (unsigned)port, &fd), -EADDRINUSE);
	other = port_try("", true, 0, &udp);
	assert_true(other > 0);
	assert_int_equal(port_try("127.0.0.1", true, (unsigned)other, &fd), -EADDRINUSE);
	assert_int_equal(port_try("192.0.2.1", true, 0, &fd), -EADDRNOTAVAIL);
	assert_int_equal(port_try("192.0.2", true, 0, &fd), -EINVAL);
	assert_int_equal(port_try("::x", true, 0, &fd), -EINVAL);
	assert_int_equal(fd, -EBADF);
}

static void test_all(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	char want[64];
	char *words[] = {"slirp4netns"};
	const struct strv slirp = {.items = words, .n = 1};
	int port = port_try("127.0.0.1", true, 0, &fd);
	_cleanup_json_ struct json_object *taken = ports("127.0.0.1", "udp", port - 1, 3), *free_one = ports("127.0.0.1", "tcp", 0, 1),
					  *nowhere = ports("192.0.2.1", "tcp", 8080, 1), *six = ports("2001:db8::1", "tcp", 8080, 1);
	struct err e = {0};

	(void)state;
	assert_int_equal(port_try_all(NULL, &slirp, &e), 0);
	assert_int_equal(port_try_all(free_one, &slirp, &e), 0);
	assert_true(port_try_all(taken, &slirp, &e) < 0);
	snprintf(want, sizeof(want), "--publish 127.0.0.1:%d/udp: Address already in use", port);
	assert_string_equal(e.text, want);
	assert_true(port_try_all(nowhere, &slirp, &e) < 0);
	assert_string_equal(e.text, "--publish 192.0.2.1:8080/tcp: Cannot assign requested address");
	assert_true(port_try_all(six, &slirp, &e) < 0);
	assert_memory_equal(e.text, "--publish [2001:db8::1]:8080/tcp: ", 34);
}

/* One that is taken in IPv6 alone: it counts where the helper would bind it there. */
static void test_six(void **state)
{
	char *both[] = {"pasta"}, *one[] = {"pasta", "-4"}, *six[] = {"pasta", "--ipv6-only"}, *other[] = {"slirp4netns"};
	const struct {
		struct strv helper;
		int r;
	} cases[] = {
		{{.items = both, .n = 1}, -EADDRINUSE}, {{.items = one, .n = 2}, 0},   {{.items = six, .n = 2}, -EADDRINUSE},
		{{.items = other, .n = 1}, 0},          {{.items = NULL, .n = 0}, 0},
	};
	_cleanup_close_ int fd = -EBADF;
	_cleanup_json_ struct json_object *taken = NULL;
	char want[64];
	int port = port_try("::1", false, 0, &fd);

	(void)state;
	if (port < 0) {
		print_message("no IPv6 here\n");
		skip();
	}
	assert_int_equal(listen(fd, 1), 0);
	taken = ports("", "tcp", port, 1);
	snprintf(want, sizeof(want), "--publish [::]:%d/tcp: Address already in use", port);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = {0};

		assert_int_equal(port_try_all(taken, &cases[i].helper, &e), cases[i].r);
		assert_string_equal(e.text, cases[i].r ? want : "");
		assert_int_equal(strstr(e.hint, "-p 0.0.0.0:") != NULL, cases[i].r != 0);
	}
}

TESTS("engine/port_try", cmocka_unit_test(test_try), cmocka_unit_test(test_all), cmocka_unit_test(test_six))
