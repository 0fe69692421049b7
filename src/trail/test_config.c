/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "trail/config.h"

#include "base/testing.h"

static void test_presets(void **state)
{
	_cleanup_(trail_config_done) struct trail_config c = {.queue = 0};
	struct err e = {0};

	(void)state;
	assert_int_equal(trail_config_read("/nowhere/trail.conf", &c, &e), 0);
	assert_string_equal(c.directory, "/var/log/ranby");
	assert_string_equal(c.user, "ranby-trail");
	assert_string_equal(c.group, "ranby-audit");
	assert_string_equal(c.exports, "none");
	assert_int_equal(c.queue, 20000);
	assert_int_equal(c.heads_seconds, 60);
	assert_true(c.index);
}

static void test_said(void **state)
{
	_cleanup_(trail_config_done) struct trail_config c = {.queue = 0};
	struct err e = {0};

	(void)state;
	assert_int_equal(trail_config_parse("# all of it\n\n  directory=/srv/ledger  # here\nkeys = /srv/keys\nuser=u\ngroup =g\n"
					    "audit-log = none\nexports = json ecs\nqueue = 16\nheads-seconds = 1\nheads-entries = 7\nindex = no\nqueue = 17",
					    "test", &c, &e),
			 0);
	assert_string_equal(c.directory, "/srv/ledger");
	assert_string_equal(c.keys, "/srv/keys");
	assert_string_equal(c.user, "u");
	assert_string_equal(c.group, "g");
	assert_string_equal(c.log, "none");
	assert_string_equal(c.exports, "json ecs");
	assert_int_equal(c.queue, 17);
	assert_int_equal(c.heads_seconds, 1);
	assert_int_equal(c.heads_entries, 7);
	assert_false(c.index);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"\nqueues = 17\n", "test, line 2: there is no such key"},
		{"queue\n", "line 1: \"key = value\" was expected"},
		{"queue = 15\n", "queue: a value"},
		{"queue = 1000001\n", "queue: a value"},
		{"queue = 0x20\n", "queue: a value"},
		{"heads-seconds = 0\n", "heads-seconds: a value"},
		{"directory = log\n", "directory: a value"},
		{"directory =\n", "directory: a value"},
		{"user =   # nobody\n", "user: a value"},
		{"index = maybe\n", "index: a value"},
		{"= 1\n", "no such key"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trail_config c = {.queue = 4711};
		struct err e = {0};

		if (trail_config_parse(cases[i].text, "test", &c, &e) >= 0)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(e.text, cases[i].words))
			fail_msg("%s: says \"%s\"", cases[i].text, e.text);
		assert_int_equal(c.queue, 4711);
	}
}

TESTS("trail/config", cmocka_unit_test(test_presets), cmocka_unit_test(test_said), cmocka_unit_test(test_refused))
