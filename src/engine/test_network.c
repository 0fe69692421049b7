/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/network.h"
#include "base/testing.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	const char *ip;
	unsigned host, ctr, count;
	bool udp;
} ports[] = {
	{"80", "", 0, 80, 1, false},
	{"8080:80", "", 8080, 80, 1, false},
	{"8080:80/tcp", "", 8080, 80, 1, false},
	{"53:53/udp", "", 53, 53, 1, true},
	{"127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1, false},
	{"127.0.0.1::80", "127.0.0.1", 0, 80, 1, false},
	{"[::1]:8080:80", "::1", 8080, 80, 1, false},
	{"[0:0::1]::80", "::1", 0, 80, 1, false},
	{":80", "", 0, 80, 1, false},
	{"::80", "", 0, 80, 1, false},
	{"8000-8010:80-90", "", 8000, 80, 11, false},
	{"1-65535:1-65535", "", 1, 1, 65535, false},
};
static const char *const bad_ports[] = {
	"", "0", "65536", "-1", "80-", "-80", "90-80", "a", "80:", "80/", "80/sctp", "80/TCP", "8080:80/tcp/udp",
	"1-2:1-3", "1.2.3:80:80", "1.2.3.4.5:80:80", "::1:80:80", "[::1]:80", "[::1:80:80", "1.2.3.4:80:80:80",
	"08:80", "+80:80", " 80:80", "80 :80", "8080:80\n", "localhost:80:80", "1.2.3.4;x:80:80", "1.2.3.4/24:80:80",
};

static void test_ports(void **state)
{
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct port_map p = {.count = 9};

		err_clear(&e);
		if (port_spec_parse(ports[i].text, &p, &e) < 0)
			fail_msg("%s: %s", ports[i].text, e.text);
		if (strcmp(p.host_ip, ports[i].ip) != 0 || p.host_port != ports[i].host ||
		    p.container_port != ports[i].ctr || p.count != ports[i].count || p.udp != ports[i].udp)
			fail_msg("%s: %s %u %u %u %d", ports[i].text, p.host_ip, p.host_port, p.container_port, p.count, p.udp);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_ports); i++) {
		struct port_map p = {.count = 9};

		err_clear(&e);
		if (port_spec_parse(bad_ports[i], &p, &e) != -EINVAL || !e.text[0] || p.count != 9)
			fail_msg("%s: taken", bad_ports[i]);
	}
}

static void joined(const struct strv *v, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->n; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", v->items[i]);
}

static void test_plan(void **state)
{
	static struct container_options o;
	static struct network_plan p;
	struct err e = {0};
	char got[1024];

	(void)state;
	container_options_defaults(&o);
	assert_int_equal(strv_add(&o.publish, "127.0.0.1:8080:80"), 0);
	assert_int_equal(strv_add(&o.publish, "5000-5001:53-54/udp"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(p.kind, NETWORK_PASTA);
	assert_int_equal(network_plan_finish(&p, &e), 0);
	joined(&p.helper, got, sizeof(got));
	assert_string_equal(got, "pasta --config-net --quiet --dns-forward 169.254.1.53 --pid {PIDFILE} "
				 "--no-map-gw -T none -U none -t 127.0.0.1/8080:80 -u 5000-5001:53-54 {PID}");
	network_plan_done(&p);
	/* nothing is forwarded that was not asked for */
	strv_done(&o.publish);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(network_plan_finish(&p, &e), 0);
	joined(&p.helper, got, sizeof(got));
	assert_string_equal(got, "pasta --config-net --quiet --dns-forward 169.254.1.53 --pid {PIDFILE} "
				 "--no-map-gw -T none -U none -t none -u none {PID}");
	network_plan_done(&p);
	assert_int_equal(strv_add(&o.publish, "80"), 0);
	assert_int_equal(strv_add(&o.network, "none"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	strv_done(&o.publish);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(network_plan_finish(&p, &e), 0);
	assert_int_equal(p.helper.n, 0);
	strv_done(&o.network);
}

/* slirp4netns has the socket when there are ports to ask for, and no address of IPv6. */
static void test_slirp_ports(void **state)
{
	static struct container_options o;
	struct err e = {0};

	(void)state;
	for (int with = 0; with < 2; with++) {
		static struct network_plan p;
		bool has = false;

		container_options_defaults(&o);
		assert_int_equal(strv_add(&o.network, "slirp4netns"), 0);
		if (with)
			assert_int_equal(strv_add(&o.publish, "127.0.0.1:8080-8081:80-81/udp"), 0);
		assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
		assert_int_equal(network_plan_finish(&p, &e), 0);
		for (size_t i = 0; i < p.helper.n; i++)
			has |= strncmp(p.helper.items[i], "--api-socket=", 13) == 0;
		assert_int_equal(has, with);
		network_plan_done(&p);
		assert_int_equal(strv_add(&o.publish, "[::1]:80:80"), 0);
		assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
		assert_non_null(strstr(e.text, "IPv4 alone"));
		strv_done(&o.publish);
		strv_done(&o.network);
	}
}

/* --network, and what comes of it: kind and the other's name; NULL: refused. */
static const struct {
	const char *value, *want;
} modes[] = {
	{"none", "none -"},         {"private", "pasta -"},   {"container:web", "container web"}, {"container:a:b", "container a:b"},
	{"ns:/run/x", "ns /run/x"}, {"container:", NULL},     {"ns:", NULL},                      {"ns:x", NULL},
	{"bridge", "bridge -"},     {"pasta:--pcap,/x", NULL}, {"pasta:--mtu,1500", "pasta -"}, {"pasta:--mtu", NULL}, {"slirp4netns:mtu=1500", "slirp4netns -"},
	{"slirp4netns:mtu=x", NULL}, {"slirp4netns:foo=x", NULL}, {"slirp4netns:mtu", NULL}, {"slirp4netns:port_handler=slirp4netns", "slirp4netns -"}, {"slirp4netns:port_handler=rootlesskit", NULL}, {"slirp4netns:cidr=fd00::/64", NULL},    {"web", "bridge -"},              {"Container:x", NULL},
	{"web:ip=1.2.3.4", "bridge -"}, {"../x", NULL},       {"host:ip=1.2.3.4", NULL},
};

static void test_modes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		static struct container_options o;
		static struct network_plan p;
		struct err e = {0};
		char got[64];
		int r;

		container_options_defaults(&o);
		assert_int_equal(strv_add(&o.network, modes[i].value), 0);
		r = network_plan_make(&o, NULL, &p, &e);
		if (r == 0)
			snprintf(got, sizeof(got), "%s %s", network_kind_name(p.kind), p.other ? p.other : "-");
		if ((r < 0) != !modes[i].want || (r == 0 && strcmp(got, modes[i].want) != 0) || (r < 0 && !e.text[0]))
			fail_msg("%s: %d %s", modes[i].value, r, r < 0 ? e.text : got);
		strv_done(&o.network);
		if (r == 0)
			network_plan_done(&p);
	}
}

/* What belongs to the other container is refused, and a second network too. */
static void test_joined_alone(void **state)
{
	static struct container_options o;
	static struct network_plan p;
	struct err e = {0};

	(void)state;
	container_options_defaults(&o);
	assert_int_equal(strv_add(&o.network, "container:web"), 0);
	assert_int_equal(strv_add(&o.add_host, "a:1.2.3.4"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	strv_done(&o.add_host);
	assert_int_equal(strv_add(&o.publish, "80:80"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	strv_done(&o.publish);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(strv_add(&o.network, "none"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	strv_done(&o.network);
}

/* Bridges alone may be several; an address is of one of them, an alias of all. */
static void test_bridges(void **state)
{
	static struct container_options o;
	static struct network_plan p;
	struct err e = {0};

	(void)state;
	container_options_defaults(&o);
	o.ip = "10.1.0.9";
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	assert_int_equal(strv_add(&o.network, "a:alias=x"), 0);
	assert_int_equal(strv_add(&o.network_alias, "y"), 0);
	o.mac_address = "02-42-0A-59-00-02";
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(p.n_links, 1);
	assert_string_equal(p.links[0].ip, "10.1.0.9");
	assert_string_equal(p.links[0].mac, "02:42:0a:59:00:02");
	assert_int_equal(p.links[0].aliases.n, 2);
	network_plan_done(&p);
	assert_int_equal(strv_add(&o.network, "b:interface_name=lan0"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	o.ip = o.mac_address = NULL;
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), 0);
	assert_int_equal(p.n_links, 2);
	assert_string_equal(p.links[1].aliases.items[0], "y");
	assert_string_equal(p.links[1].interface, "lan0");
	network_plan_done(&p);
	assert_int_equal(strv_add(&o.network, "a"), 0);
	assert_int_equal(network_plan_make(&o, NULL, &p, &e), -EINVAL);
	strv_done(&o.network);
	strv_done(&o.network_alias);
}

/* The same twice is once; one port of the host cannot be in two places. */
static void test_ports_twice(void **state)
{
	static const struct {
		const char *first, *second;
		int want; /* ports, or the error */
	} cases[] = {
		{"8080:80", "8080:80", 1},
		{"8080:80", "8080:80/udp", 2},
		{"8080:80", "8080:81", -EINVAL},
		{"127.0.0.1:8080:80", "[::1]:8080:80", -EINVAL},
		{"8080-8090:80-90", "8085:80", -EINVAL},
		{"8085:80", "8080-8090:80-90", -EINVAL},
		{"8080:80", "8081:80", 2},
		{"80", "80", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct container_options o;
		static struct network_plan p;
		struct err e = {0};
		int r;

		container_options_defaults(&o);
		assert_int_equal(strv_add(&o.publish, cases[i].first), 0);
		assert_int_equal(strv_add(&o.publish, cases[i].second), 0);
		r = network_plan_make(&o, NULL, &p, &e);
		if ((r < 0 ? r : (int)p.n_ports) != cases[i].want || (r < 0 && !strstr(e.text, "is given twice")))
			fail_msg("%s and %s: %d %s", cases[i].first, cases[i].second, r, e.text);
		strv_done(&o.publish);
		if (r == 0)
			network_plan_done(&p);
	}
}

static void test_free_ports(void **state)
{
	static struct container_options o;
	static struct network_plan p;
	struct strv exposed = {0};
	struct err e = {0};

	(void)state;
	container_options_defaults(&o);
	o.publish_all = true;
	assert_int_equal(strv_add(&exposed, "80/tcp"), 0);
	assert_int_equal(strv_add(&exposed, "53-54/udp"), 0);
	assert_int_equal(network_plan_make(&o, &exposed, &p, &e), 0);
	assert_int_equal(network_plan_finish(&p, &e), 0);
	assert_int_equal(p.n_ports, 2);
	assert_true(p.ports[0].host_port > 0 && p.ports[1].host_port > 0 && p.ports[1].udp);
	network_plan_done(&p);
	strv_done(&exposed);
	/* a stranger's words */
	assert_int_equal(strv_add(&exposed, "1.2.3.4:1:80"), 0);
	assert_int_equal(network_plan_make(&o, &exposed, &p, &e), -EINVAL);
	strv_done(&exposed);
}

TESTS("engine/network", cmocka_unit_test(test_ports), cmocka_unit_test(test_plan), cmocka_unit_test(test_modes), cmocka_unit_test(test_joined_alone),
      cmocka_unit_test(test_bridges), cmocka_unit_test(test_ports_twice), cmocka_unit_test(test_slirp_ports),
      cmocka_unit_test(test_free_ports))
