/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "engine/bridge_note.h"
#include "engine/bridge_ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OF(id, slot, ips, ports)                                                                                               \
	"{\"id\":\"" id "\",\"slot\":" slot ",\"request\":{\"networks\":{\"n.1\":{\"static_ips\":[" ips "]}},\"port_mappings\":[" ports "]}}"

static struct json_object *parsed(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), "test", &o, NULL), 0);
	return o;
}

static void read_notes(struct bridge_notes *l)
{
	static struct json_object *items[2];

	items[0] = parsed(OF("a", "1", "\"10.1.0.2\"", "{\"host_port\":80,\"range\":3,\"protocol\":\"tcp\"}"));
	items[1] = parsed(OF("b", "0", "\"10.1.0.3\",\"fd00::2\"", ""));
	*l = (struct bridge_notes){items, 2};
}

static void note_done(struct bridge_notes *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_object_put(l->items[i]);
}

static void test_leases(void **state)
{
	static const char text[] = "{\"name\":\"n.1\",\"id\":\"%064d\",\"driver\":\"bridge\",\"network_interface\":\"p1\",\"created\":"
				   "\"2026-01-01T00:00:00Z\",\"subnets\":[{\"subnet\":\"%s\",\"gateway\":\"%s\"%s}],\"ipv6_enabled\":false,"
				   "\"internal\":false,\"dns_enabled\":true}";
	static const struct {
		const char *subnet, *gateway, *range, *ip, *want; /* NULL: none */
	} cases[] = {
		{"10.1.0.0/24", "10.1.0.1", "", NULL, "[\"10.1.0.4\"]"},
		{"10.1.0.0/24", "10.1.0.4", "", NULL, "[\"10.1.0.1\"]"},
		{"10.1.0.0/24", "10.1.0.1", "", "10.1.0.9", "[\"10.1.0.9\"]"},
		{"10.1.0.0/24", "10.1.0.1", "", "10.1.0.3", NULL},
		{"10.1.0.0/24", "10.1.0.1", "", "10.1.0.1", NULL},
		{"10.1.0.0/24", "10.1.0.1", "", "10.2.0.1", NULL},
		{"10.1.0.0/29", "10.1.0.1", ",\"lease_range\":{\"start_ip\":\"10.1.0.2\",\"end_ip\":\"10.1.0.3\"}", NULL, NULL},
		{"10.1.0.4/30", "10.1.0.5", "", NULL, "[\"10.1.0.6\"]"},
		{"fd00::/64", "fd00::1", "", NULL, "[\"fd00::3\"]"},
	};
	struct bridge_notes l;

	(void)state;
	read_notes(&l);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(network_note_done) struct network_note n = {0};
		_cleanup_(network_link_done) struct network_link link = {0};
		_cleanup_json_ struct json_object *ips = json_object_new_array();
		struct err e = {0};
		char json[1024];
		int r;

		snprintf(json, sizeof(json), text, 0, cases[i].subnet, cases[i].gateway, cases[i].range);
		if (network_note_parse(json, strlen(json), "test", &n, &e) < 0)
			fail_msg("%zu: %s", i, e.text);
		if (cases[i].ip)
			assert_int_equal(network_link_set(&link, "x", "ip", cases[i].ip, NULL), 0);
		r = bridge_lease(&l, &n, &link, ips, &e);
		if ((r < 0) != !cases[i].want || (r == 0 && strcmp(json_text(ips, NULL), cases[i].want) != 0))
			fail_msg("%zu: %d %s %s", i, r, e.text, json_text(ips, NULL));
	}
	note_done(&l);
}

static void test_ports(void **state)
{
	_cleanup_json_ struct json_object *free_ports =
		parsed("[{\"hostIp\":\"127.0.0.1\",\"hostPort\":83,\"containerPort\":8,\"count\":1,\"protocol\":\"tcp\"},"
		       "{\"hostIp\":\"\",\"hostPort\":80,\"containerPort\":9,\"count\":2,\"protocol\":\"udp\"}]");
	_cleanup_json_ struct json_object *taken = parsed("[{\"hostPort\":82,\"containerPort\":8,\"count\":1,\"protocol\":\"tcp\"}]"), *map = NULL;
	_cleanup_(strv_done) struct strv argv = {0};
	struct bridge_holder h = BRIDGE_HOLDER_INIT;
	struct bridge_notes l;

	(void)state;
	h.pid = 7;
	read_notes(&l);
	assert_int_equal(bridge_ports_slot(&l), 2);
	assert_int_equal(bridge_ports_map(&l, "b", taken, &map, NULL), -EADDRINUSE);
	assert_int_equal(bridge_ports_map(&l, "a", taken, &map, NULL), 0); /* its own */
	json_object_put(map);
	assert_int_equal(bridge_ports_map(&l, "b", free_ports, &map, NULL), 0);
	assert_string_equal(json_text(map, NULL),
			    "[{\"host_ip\":\"\",\"container_port\":8,\"host_port\":83,\"range\":1,\"protocol\":\"tcp\"},"
			    "{\"host_ip\":\"\",\"container_port\":9,\"host_port\":80,\"range\":2,\"protocol\":\"udp\"}]");
	assert_int_equal(bridge_ports_argv(65, BRIDGE_FOUR, &h, free_ports, &argv), 0);
	assert_true(strv_find(&argv, "127.0.0.1/83-83:83-83") > 0 && strv_find(&argv, "80-81:80-81") > 0);
	assert_true(strv_find(&argv, "169.254.129.6") > 0 && strv_find(&argv, "tap65") > 0 && strv_find(&argv, "/proc/7/ns/net") > 0);
	assert_true(strv_find(&argv, "-4") > 0 && strv_find(&argv, "fd72:616e:6279:41::2") < 0);
	strv_done(&argv);
	assert_int_equal(bridge_ports_argv(65, BRIDGE_FOUR | BRIDGE_SIX, &h, free_ports, &argv), 0);
	assert_true(strv_find(&argv, "169.254.129.6") > 0 && strv_find(&argv, "fd72:616e:6279:41::2") > 0 && strv_find(&argv, "-4") < 0);
	strv_done(&argv);
	assert_int_equal(bridge_ports_argv(65, BRIDGE_SIX, &h, free_ports, &argv), 0);
	assert_true(strv_find(&argv, "169.254.129.6") < 0 && strv_find(&argv, "-6") > 0);
	/* root's is in no user namespace that could be entered */
	assert_true(strv_find(&argv, "--netns-only") > 0 && strv_find(&argv, "--userns") < 0);
	note_done(&l);
}

/* A port on an address of a family is of use only to a container that has one of it. */
static void test_families(void **state)
{
	static const struct {
		const char *ips, *port;
		unsigned families;
		int r;
	} cases[] = {
		{"[\"10.0.0.2\"]", "", BRIDGE_FOUR, 0},
		{"[\"10.0.0.2\"]", "127.0.0.1", BRIDGE_FOUR, 0},
		{"[\"10.0.0.2\"]", "::1", BRIDGE_FOUR, -EINVAL},
		{"[\"10.0.0.2\",\"fd00::2\"]", "::1", BRIDGE_FOUR | BRIDGE_SIX, 0},
		{"[\"fd00::2\"]", "127.0.0.1", BRIDGE_SIX, -EINVAL},
		{"[\"fd00::2\"]", "", BRIDGE_SIX, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *request = NULL, *ports = NULL;
		struct err e = {0};
		char text[256];

		snprintf(text, sizeof(text), "{\"networks\":{\"n.1\":{\"static_ips\":%s}}}", cases[i].ips);
		request = json_tokener_parse(text);
		snprintf(text, sizeof(text), "[{\"hostIp\":\"%s\"}]", cases[i].port);
		ports = json_tokener_parse(text);
		assert_int_equal(bridge_ports_families(request), cases[i].families);
		if (bridge_ports_check(cases[i].families, ports, &e) != cases[i].r)
			fail_msg("%s on %s: %s", cases[i].ips, cases[i].port, e.text);
	}
}

TESTS("engine/bridge_note", cmocka_unit_test(test_leases), cmocka_unit_test(test_ports), cmocka_unit_test(test_families))
