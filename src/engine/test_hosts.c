/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/hosts.h"
#include "base/testing.h"

static const struct {
	const char *host;
	enum network_kind kind;
	const char *want;
	bool forward;
} resolv_cases[] = {
	{"nameserver 10.0.0.1\n", NETWORK_PASTA, "nameserver 10.0.0.1\n", false},
	{"nameserver 10.0.0.1", NETWORK_PASTA, "nameserver 10.0.0.1\n", false},
	{"# c\n; c\nnameserver\t10.0.0.1 # x\n", NETWORK_PASTA, "nameserver 10.0.0.1\n", false},
	{"search a.example b.example\noptions ndots:2 edns0\n", NETWORK_PASTA, "search a.example b.example\noptions ndots:2 edns0\n", false},
	{"domain x.example\n", NETWORK_HOST, "search x.example\n", false},
	{"nameserver 127.0.0.1\nnameserver ::1\nnameserver 10.0.0.2\n", NETWORK_PASTA,
	 "nameserver " HOSTS_DNS_FORWARD "\nnameserver 10.0.0.2\n", true},
	{"nameserver 127.0.0.1\n", NETWORK_HOST, "nameserver 127.0.0.1\n", false},
	{"nameserver 127.0.0.1\n", NETWORK_SLIRP, "nameserver 10.0.2.3\n", true},
	{"nameserver 10.0.0.1\n", NETWORK_NONE, "", false},
	{"nameserver evil; rm\nnameserver 1.2.3.4.5\nnameserver \x1b[31m\n", NETWORK_PASTA, "", false},
	{"search a\x01" "b ok.example\n", NETWORK_PASTA, "search ok.example\n", false},
	{"search \x01\n", NETWORK_PASTA, "", false},
	{"nameserver fe80::1%eth0\n", NETWORK_PASTA, "", false},
	{"nameserver 2001:DB8:0::1\n", NETWORK_PASTA, "nameserver 2001:db8::1\n", false},
	{"nameserver\n", NETWORK_PASTA, "", false},
	{"", NETWORK_PASTA, "", false},
};

static void test_resolv(void **state)
{
	struct container_options o = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(resolv_cases); i++) {
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		bool forward = !resolv_cases[i].forward;

		assert_int_equal(hosts_resolv_conf(&o, resolv_cases[i].kind, NULL, resolv_cases[i].host, &got, &forward, NULL), 0);
		if (strcmp(buf_str(&got), resolv_cases[i].want) != 0 || forward != resolv_cases[i].forward)
			fail_msg("%s: %d\n%s", resolv_cases[i].host, forward, buf_str(&got));
	}
}

/* What the user may say, and what would add a line. */
static const struct {
	const char *value;
	bool hostname, add_host, dns, search, option;
} cases[] = {
	{"web", true, false, false, true, true},
	{"web-1.example.org", true, false, false, true, true},
	{"a_b", true, false, false, true, true},
	{"10.0.0.1", true, false, true, true, true},
	{"db:10.0.0.1", false, true, false, false, true},
	{"db:[::1]", false, true, false, false, true},
	{"a;b:1.2.3.4", false, true, false, false, false},
	{"::1", false, false, true, false, true},
	{"db:", false, false, false, false, true},
	{":1.2.3.4", false, false, false, false, true},
	{"db:1.2.3", false, false, false, false, true},
	{"db:host-gateway", false, false, false, false, true},
	{"d b:1.2.3.4", false, false, false, false, false},
	{"db\n6.6.6.6 evil:1.2.3.4", false, false, false, false, false},
	{"db:1.2.3.4\n6.6.6.6 evil", false, false, false, false, false},
	{"web\nevil", false, false, false, false, false},
	{"web\r", false, false, false, false, false},
	{"-web", false, false, false, false, true},
	{".web", false, false, false, false, true},
	{"\x1b[31m", false, false, false, false, false},
	{"w\xc3\xa9" "b", false, false, false, false, false},
	{"a#b", false, false, false, false, false},
	{"ndots:3", false, false, false, false, true},
};

static bool takes(struct container_options *o, struct strv *list, const char *value)
{
	int r;

	if (list)
		assert_int_equal(strv_add(list, value), 0);
	else
		o->hostname = value;
	r = hosts_check(o, NULL);
	if (list)
		strv_done(list);
	o->hostname = NULL;
	return r == 0;
}

static void test_check(void **state)
{
	struct container_options o = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *v = cases[i].value;

		if (takes(&o, NULL, v) != cases[i].hostname || takes(&o, &o.add_host, v) != cases[i].add_host ||
		    takes(&o, &o.dns, v) != cases[i].dns || takes(&o, &o.dns_search, v) != cases[i].search ||
		    takes(&o, &o.dns_option, v) != cases[i].option)
			fail_msg("%zu: %s", i, v);
	}
	assert_false(takes(&o, NULL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")); /* 65 */
}

static void test_hosts(void **state)
{
	_cleanup_(buf_done) struct buf got = BUF_INIT;
	struct container_options o = {0};
	unsigned lines = 0;

	(void)state;
	assert_int_equal(strv_add(&o.add_host, "a;b:0:0::1"), 0);
	assert_int_equal(strv_add(&o.add_host, "c:1.2.3.4"), 0);
	assert_int_equal(hosts_make(&o, "web", NULL, &got, NULL), 0);
	assert_true(strncmp(buf_str(&got), "::1\ta b\n1.2.3.4\tc\n127.0.0.1\tlocalhost\n", 38) == 0);
	assert_non_null(strstr(buf_str(&got), "127.0.1.1\tweb\n"));
	for (const char *p = buf_str(&got); *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 7);
	strv_done(&o.add_host);
}

static void test_hostname(void **state)
{
	struct container_options o = {0};
	char name[HOSTNAME_LEN_MAX + 1];

	(void)state;
	hosts_hostname(&o, "0123456789abcdef", name);
	assert_string_equal(name, "0123456789ab");
	o.hostname = "web";
	hosts_hostname(&o, "0123456789abcdef", name);
	assert_string_equal(name, "web");
	o.hostname = NULL;
	o.uts = "host";
	hosts_hostname(&o, "0123456789abcdef", name);
	assert_string_equal(name, "");
}

/* On bridges aardvark-dns answers, whatever the host has; the host's own domains come after its domain. */
static void test_bridge(void **state)
{
	struct container_options o = {0};
	char address[] = "10.89.0.2", name[] = "web", server[] = "10.89.0.1", given[] = "9.9.9.9";
	char *addresses[] = {address, NULL}, *names[] = {name, NULL}, *servers[] = {server, NULL}, *dns[] = {given, NULL};
	struct hosts_bridge b = {{.items = addresses, .n = 1}, {.items = names, .n = 1}, {.items = servers, .n = 1}};
	struct buf got = BUF_INIT;
	bool forward;

	(void)state;
	assert_int_equal(hosts_make(&o, "box", &b, &got, NULL), 0);
	assert_non_null(strstr(buf_str(&got), "\n10.89.0.2\tbox web\n"));
	assert_null(strstr(buf_str(&got), "127.0.1.1"));
	buf_reset(&got);
	assert_int_equal(hosts_resolv_conf(&o, NETWORK_BRIDGE, &b, "nameserver 1.1.1.1\nsearch a b\noptions ndots:2\n", &got, &forward, NULL), 0);
	assert_string_equal(buf_str(&got), "nameserver 10.89.0.1\nsearch dns.podman a b\noptions ndots:2\n");
	buf_reset(&got);
	o.dns.items = dns;
	o.dns.n = 1;
	assert_int_equal(hosts_resolv_conf(&o, NETWORK_BRIDGE, &b, "nameserver 127.0.0.53\n", &got, &forward, NULL), 0);
	assert_string_equal(buf_str(&got), "nameserver 10.89.0.1\nsearch dns.podman\n");
	buf_reset(&got);
	/* a network without names */
	b.servers.n = 0;
	assert_int_equal(hosts_resolv_conf(&o, NETWORK_BRIDGE, &b, "nameserver 1.1.1.1\n", &got, &forward, NULL), 0);
	assert_string_equal(buf_str(&got), "nameserver 9.9.9.9\n");
	buf_done(&got);
}

TESTS("engine/hosts", cmocka_unit_test(test_bridge), cmocka_unit_test(test_resolv), cmocka_unit_test(test_check), cmocka_unit_test(test_hosts),
      cmocka_unit_test(test_hostname))
