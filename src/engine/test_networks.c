/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/network_note.h"
#include "engine/networks.h"

#include "base/testing.h"

#define ID "9b2d0a1586e5365ff22ed61946b0263ad6127cfc78d7bd63e98ebf5e33588b22"
#define HEAD "{\"name\":\"n2\",\"id\":\"" ID "\",\"driver\":\"bridge\",\"network_interface\":\"podman3\","
#define TAIL "\"ipam_options\":{\"driver\":\"host-local\"}}"
#define NET "\"subnets\":[{\"subnet\":\"10.5.0.0/24\"}],"

/* A file, and a part of what is said of it; NULL: it is taken. */
static const struct {
	const char *text, *error;
} files[] = {
	{HEAD NET TAIL, NULL},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"gateway\":\"10.5.0.7\",\"lease_range\":{\"start_ip\":\"10.5.0.129\","
	      "\"end_ip\":\"10.5.0.255\"}}],\"ipv6_enabled\":false,\"internal\":true,\"dns_enabled\":false,\"labels\":{\"a.b\":\"c\"},"
	      "\"options\":{\"mtu\":\"1400\",\"isolate\":\"true\"}," TAIL, NULL},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\"},{\"subnet\":\"fd00::/64\"}]," TAIL, NULL},
	{"{}", "names must match"},
	{"[]", "not an object"},
	{"nonsense", "n2.json"},
	{HEAD TAIL, "no subnet"},
	{HEAD "\"subnets\":[]," TAIL, "no subnet"},
	{HEAD "\"subnets\":[{}]," TAIL, "not ADDRESS/BITS"},
	{HEAD "\"subnets\":[7]," TAIL, "not an object"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"gateway\":\"10.6.0.1\"}]," TAIL, "gateway 10.6.0.1 not in subnet 10.5.0.0/24"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"lease_range\":{\"start_ip\":\"10.6.0.1\"}}]," TAIL,
	 "lease range start ip 10.6.0.1 not in subnet 10.5.0.0/24"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"lease_range\":{\"end_ip\":\"10.6.0.1\"}}]," TAIL, "lease range end ip"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"lease_range\":{\"start_ip\":\"10.5.0.9\",\"end_ip\":\"10.5.0.8\"}}]," TAIL,
	 "ends before it starts"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\"},{\"subnet\":\"10.5.0.128/25\"}]," TAIL, "overlaps"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.1/32\"}]," TAIL, "gateway 10.5.0.2 not in subnet"},
	{HEAD "\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"route\":1}]," TAIL, "ranby does not know \"route\""},
	{HEAD NET "\"network_dns_servers\":[\"1.1.1.1\"]," TAIL, "ranby does not know \"network_dns_servers\""},
	{HEAD NET "\"options\":{\"mtu\":\"x\"}," TAIL, "mtu=x: not a number"},
	{HEAD NET "\"options\":{\"vlan\":\"7\"}," TAIL, "reach no VLAN"},
	{HEAD NET "\"options\":{\"com.docker.network.bridge.name\":\"x\"}," TAIL, "unsupported bridge network option"},
	{"{\"name\":\"n2\",\"id\":\"" ID "\",\"network_interface\":\"tap0\"," NET TAIL, "not the name of a device"},
	{"{\"name\":\"n2\",\"id\":\"" ID "\",\"network_interface\":\"lo\"," NET TAIL, "not the name of a device"},
	{HEAD NET "\"options\":{\"mtu\":1400}," TAIL, "is not a string"},
	{HEAD NET "\"labels\":{\"a\":\"b\\u0000c\"}," TAIL, "is not a string"},
	{HEAD NET "\"internal\":1," TAIL, "internal"},
	{HEAD NET "\"created\":\"yesterday\"," TAIL, "created: not a time"},
	{HEAD NET "\"ipam_options\":{\"driver\":\"dhcp\"}}", "there is only bridge with host-local"},
	{"{\"name\":\"n2\",\"id\":\"" ID "\",\"driver\":\"macvlan\",\"network_interface\":\"eth0\"," NET TAIL, "driver macvlan"},
	{"{\"name\":\"n2\",\"id\":\"12\",\"driver\":\"bridge\",\"network_interface\":\"podman3\"," NET TAIL, "id: not 64"},
	{"{\"name\":\"n2\",\"id\":\"" ID "\",\"network_interface\":\"../etc\"," NET TAIL, "not the name of a device"},
	{"{\"name\":\"n2\",\"id\":\"" ID "\",\"network_interface\":\"sixteen_letters_\"," NET TAIL, "not the name of a device"},
	{"{\"name\":\"../n2\",\"id\":\"" ID "\",\"network_interface\":\"podman3\"," NET TAIL, "names must match"},
	{"{\"name\":\"host\",\"id\":\"" ID "\",\"network_interface\":\"podman3\"," NET TAIL, "valid network mode"},
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(network_note_done) struct network_note n = {0};
		struct err e = {0};
		int r = network_note_parse(files[i].text, strlen(files[i].text), "n2.json", &n, &e);

		if ((r < 0) != (files[i].error != NULL) || (r < 0 && !strstr(e.text, files[i].error)))
			fail_msg("%s: %d %s", files[i].text, r, e.text);
	}
}

static void test_round_trip(void **state)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};
	size_t len;

	(void)state;
	assert_int_equal(network_note_parse(files[1].text, strlen(files[1].text), "n2.json", &n, &e), 0);
	assert_int_equal(network_note_json(&n, &o), 0);
	assert_string_equal(json_text(o, &len),
			    HEAD "\"created\":\"1970-01-01T00:00:00Z\",\"subnets\":[{\"subnet\":\"10.5.0.0/24\",\"gateway\":\"10.5.0.7\","
				 "\"lease_range\":{\"start_ip\":\"10.5.0.129\",\"end_ip\":\"10.5.0.255\"}}],\"ipv6_enabled\":false,"
				 "\"internal\":true,\"dns_enabled\":false,\"labels\":{\"a.b\":\"c\"},"
				 "\"options\":{\"mtu\":\"1400\",\"isolate\":\"true\"}," TAIL);
}

/* Its id is the one that podman gives it. */
static void test_default(void **state)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	char text[SUBNET_TEXT_SIZE];

	(void)state;
	assert_int_equal(network_note_default(&n), 0);
	assert_string_equal(n.id, "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9");
	assert_string_equal(subnet_text(&n.subnets[0].subnet, text), "10.88.0.0/16");
	assert_false(n.dns);
}

static void test_filters(void **state)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	static const struct {
		const char *filter;
		bool match;
	} cases[] = {
		{"name=n", true},      {"name=^2", false},   {"id=9b2d", true},      {"id=b2d", false},    {"driver=bridge", true},
		{"driver=x", false},   {"label=a.b", true},  {"label=a.b=c", true},  {"label=a.b=d", false}, {"label!=a.b", false},
		{"until=1h", true},    {"until=1960-01-01T00:00:00Z", false},
	};

	(void)state;
	assert_int_equal(network_note_parse(files[1].text, strlen(files[1].text), "n2.json", &n, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv given = {0}, items = {0};

		assert_int_equal(strv_add(&given, cases[i].filter), 0);
		assert_int_equal(network_filter_parse(&given, &items, NULL), 0);
		if (network_filter_match(&items, &n) != cases[i].match)
			fail_msg("%s", cases[i].filter);
	}
}

TESTS("engine/networks", cmocka_unit_test(test_files), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_default),
      cmocka_unit_test(test_filters))
