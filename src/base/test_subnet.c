/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/subnet.h"

#include "base/testing.h"

#include <string.h>

/* Text, how it is written again ("" : refused), first and last address, the next one of its size. */
static const struct {
	const char *text, *again, *first, *last, *next;
} subnets[] = {
	{"10.89.0.0/24", "10.89.0.0/24", "10.89.0.1", "10.89.0.255", "10.89.1.0/24"},
	{"10.89.255.7/24", "10.89.255.0/24", "10.89.255.1", "10.89.255.255", "10.90.0.0/24"},
	{"10.0.0.0/31", "10.0.0.0/31", "10.0.0.1", "10.0.0.1", "10.0.0.2/31"},
	{"10.1.2.3/32", "10.1.2.3/32", "10.1.2.4", "10.1.2.3", "10.1.2.4/32"},
	{"172.31.129.1/20", "172.31.128.0/20", "172.31.128.1", "172.31.143.255", "172.31.144.0/20"},
	{"255.255.255.0/24", "255.255.255.0/24", "255.255.255.1", "255.255.255.255", ""},
	{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.1", "255.255.255.255", ""},
	{"fd00:1::9/64", "fd00:1::/64", "fd00:1::1", "fd00:1::ffff:ffff:ffff:ffff", "fd00:1:0:1::/64"},
	{"::/0", "::/0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
	{"10.0.0.0", "", "", "", ""},
	{"10.0.0.0/33", "", "", "", ""},
	{"10.0.0/8", "", "", "", ""},
	{"10.0.0.0/ 8", "", "", "", ""},
	{"10.0.0.0/", "", "", "", ""},
	{"/8", "", "", "", ""},
	{"fd00::/129", "", "", "", ""},
	{"fd00::1%lo/64", "", "", "", ""},
	{"::ffff:1.2.3.4:5/8", "", "", "", ""},
};

static void test_subnet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(subnets); i++) {
		char text[SUBNET_TEXT_SIZE];
		struct subnet s;
		struct ip ip;

		if (subnet_parse(subnets[i].text, &s) < 0) {
			assert_string_equal(subnets[i].again, "");
			continue;
		}
		assert_string_equal(subnet_text(&s, text), subnets[i].again);
		ip = subnet_first(&s);
		assert_string_equal(ip_text(&ip, text), subnets[i].first);
		ip = subnet_last(&s);
		assert_string_equal(ip_text(&ip, text), subnets[i].last);
		assert_true(subnet_contains(&s, &ip));
		assert_int_equal(subnet_next(&s), *subnets[i].next != '\0');
		if (*subnets[i].next)
			assert_string_equal(subnet_text(&s, text), subnets[i].next);
	}
}

static const struct {
	const char *a, *b;
	bool overlap;
} pairs[] = {
	{"10.0.0.0/8", "10.89.0.0/24", true},     {"10.89.0.0/24", "10.89.1.0/24", false},
	{"10.89.0.0/23", "10.89.1.0/24", true},   {"0.0.0.0/0", "192.168.1.1/32", true},
	{"0.0.0.0/0", "fd00::/8", false},         {"fd00::/8", "fdff:1::/64", true},
	{"fd00::/64", "fd00:0:0:1::/64", false},  {"10.0.0.4/30", "10.0.0.7/32", true},
	{"10.0.0.4/30", "10.0.0.8/32", false},    {"::/0", "::/128", true},
};

static void test_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct subnet a, b;

		assert_int_equal(subnet_parse(pairs[i].a, &a), 0);
		assert_int_equal(subnet_parse(pairs[i].b, &b), 0);
		assert_int_equal(subnet_overlap(&a, &b), pairs[i].overlap);
		assert_int_equal(subnet_overlap(&b, &a), pairs[i].overlap);
	}
}

static void test_add(void **state)
{
	char text[IP_TEXT_SIZE];
	struct ip a, b;

	(void)state;
	assert_int_equal(ip_parse("10.0.255.250", &a), 0);
	assert_true(ip_add(&a, 10));
	assert_string_equal(ip_text(&a, text), "10.1.0.4");
	assert_int_equal(ip_parse("255.255.255.250", &a), 0);
	assert_false(ip_add(&a, 10));
	assert_string_equal(ip_text(&a, text), "255.255.255.250");
	assert_int_equal(ip_parse("fd00::ffff:fff0", &b), 0);
	assert_true(ip_compare(&a, &b) < 0 && ip_compare(&b, &a) > 0 && ip_compare(&b, &b) == 0);
	assert_true(ip_add(&b, 0x20));
	assert_string_equal(ip_text(&b, text), "fd00::1:0:10");
	assert_int_equal(ip_parse("10.0.0.256", &a), -EINVAL);
	assert_int_equal(ip_parse("", &a), -EINVAL);
}

TESTS("base/subnet", cmocka_unit_test(test_subnet), cmocka_unit_test(test_overlap), cmocka_unit_test(test_add))
