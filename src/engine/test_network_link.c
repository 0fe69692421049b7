/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "engine/network_link.h"

#include <errno.h>
#include <string.h>

/* --network NAME[:OPTIONS], and its JSON; NULL: refused. */
static const struct {
	const char *value, *want;
} links[] = {
	{"web", "{\"name\":\"web\",\"aliases\":[]}"},
	{"bridge", "{\"name\":\"podman\",\"aliases\":[]}"},
	{"web:ip=10.0.0.7,mac=AA:bb-cc:DD:ee:FF,alias=a,alias=b,alias=a",
	 "{\"name\":\"web\",\"ip\":\"10.0.0.7\",\"mac\":\"aa:bb:cc:dd:ee:ff\",\"aliases\":[\"a\",\"b\"]}"},
	{"web:ip=FD00::0:7,interface_name=eth7", "{\"name\":\"web\",\"ip6\":\"fd00::7\",\"interface\":\"eth7\",\"aliases\":[]}"},
	{"web:", "{\"name\":\"web\",\"aliases\":[]}"},
	{"", NULL},
	{"a/b", NULL},
	{"none:ip=1.2.3.4", NULL},
	{"web:ip", NULL},
	{"web:ip=", NULL},
	{"web:ip=10.0.0", NULL},
	{"web:ip6=10.0.0.7", NULL},
	{"web:mac=02:42:0a:59:00", NULL},
	{"web:mac=02:42:0a:59:00:0g", NULL},
	{"web:mac=03:42:0a:59:00:02", NULL},
	{"web:mac=00:00:00:00:00:00", NULL},
	{"web:mac=02:42:0a:59:00:02:", NULL},
	{"web:alias=a b", NULL},
	{"web:alias=a\nb", NULL},
	{"web:interface_name=lo", NULL},
	{"web:interface_name=a/b", NULL},
	{"web:interface_name=averylonginterface", NULL},
	{"web:mode=x", NULL},
};

static void test_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_(network_link_done) struct network_link l = {0}, again = {0};
		_cleanup_json_ struct json_object *o = NULL, *o2 = NULL;
		struct err e = {0};
		int r = network_link_parse(links[i].value, &l, &e);

		if ((r < 0) != !links[i].want || (r < 0 && !e.text[0]))
			fail_msg("%s: %d %s", links[i].value, r, e.text);
		if (r < 0)
			continue;
		assert_int_equal(network_link_json(&l, &o), 0);
		assert_string_equal(json_text(o, NULL), links[i].want);
		assert_int_equal(network_link_from_json(o, &again, &e), 0);
		assert_int_equal(network_link_json(&again, &o2), 0);
		assert_string_equal(json_text(o2, NULL), links[i].want);
	}
}

static void test_check(void **state)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_(network_link_done) struct network_link l = {0};

	(void)state;
	assert_int_equal(network_note_default(&n), 0); /* 10.88.0.0/16 */
	assert_int_equal(network_link_check(&l, &n, NULL), 0);
	assert_int_equal(network_link_set(&l, "x", "ip", "10.88.3.4", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), 0);
	assert_int_equal(network_link_set(&l, "x", "ip", "10.88.0.1", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), -EADDRINUSE);
	/* neither end is a container's */
	assert_int_equal(network_link_set(&l, "x", "ip", "10.88.0.0", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), -EINVAL);
	assert_int_equal(network_link_set(&l, "x", "ip", "10.88.255.255", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), -EINVAL);
	assert_int_equal(network_link_set(&l, "x", "ip", "10.88.255.254", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), 0);
	assert_int_equal(network_link_set(&l, "x", "ip", "10.89.0.5", NULL), 0);
	assert_int_equal(network_link_check(&l, &n, NULL), -EINVAL);
}

TESTS("engine/network_link", cmocka_unit_test(test_links), cmocka_unit_test(test_check))
