/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/lsm_selinux.h"

#include "base/testing.h"

static const struct {
	const char *text;
	int r;
	const char *user, *role, *type, *range;
} contexts[] = {
	{"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", 0, "unconfined_u", "unconfined_r", "unconfined_t", "s0-s0:c0.c1023"},
	{"u:r:t:s0", 0, "u", "r", "t", "s0"},
	{"u:r:t", 0, "u", "r", "t", ""},
	{"u:object_r:t:s0:c1,c2", 0, "u", "object_r", "t", "s0:c1,c2"},
	{"", -EINVAL, "", "", "", ""},
	{"u", -EINVAL, "", "", "", ""},
	{"u:r", -EINVAL, "", "", "", ""},
	{"u:r:", -EINVAL, "", "", "", ""},
	{"u::t:s0", -EINVAL, "", "", "", ""},
	{":r:t:s0", -EINVAL, "", "", "", ""},
	{"u:r:t:", -EINVAL, "", "", "", ""},
	{"u:r:t:s0\n", -EINVAL, "", "", "", ""},
	{"u:r:t t:s0", -EINVAL, "", "", "", ""},
	{"u:r:t:s0,context=x", -EINVAL, "", "", "", ""},
	{"u:r:\xc3\xa4:s0", -EINVAL, "", "", "", ""},
	{"ranby-default (enforce)", -EINVAL, "", "", "", ""},
	{"unconfined", -EINVAL, "", "", "", ""},
};

static void test_contexts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contexts); i++) {
		char text[SELINUX_CONTEXT_SIZE];
		struct selinux_context c;
		int r = selinux_context_parse(contexts[i].text, &c);

		if (r != contexts[i].r)
			fail_msg("%s: %d", contexts[i].text, r);
		if (r < 0)
			continue;
		assert_string_equal(c.user, contexts[i].user);
		assert_string_equal(c.role, contexts[i].role);
		assert_string_equal(c.type, contexts[i].type);
		assert_string_equal(c.range, contexts[i].range);
		selinux_context_text(&c, text);
		assert_string_equal(text, contexts[i].text);
	}
}

static void test_too_long(void **state)
{
	char text[4 * SELINUX_PART_SIZE];
	struct selinux_context c;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + SELINUX_PART_SIZE, ":r:t:s0", 8);
	assert_int_equal(selinux_context_parse(text, &c), -EINVAL);
	text[SELINUX_PART_SIZE - 1] = ':';
	assert_int_equal(selinux_context_parse(text, &c), -EINVAL);
}

static const struct {
	const char *range, *sensitivity;
	int r;
	unsigned n, has[3];
} ranges[] = {
	{"s0-s0:c0.c1023", "s0", 0, 1024, {0, 512, 1023}},
	{"s0:c1,c2", "s0", 0, 2, {1, 2, 2}},
	{"s0", "s0", 0, 0, {0}},
	{"s0-s15:c0.c3,c9", "s15", 0, 5, {0, 3, 9}},
	{"s0:c5", "s0", 0, 1, {5, 5, 5}},
	{"s0:c1024", "", -EINVAL, 0, {0}},
	{"s0:c5.c1", "", -EINVAL, 0, {0}},
	{"s0:", "", -EINVAL, 0, {0}},
	{"s0:c", "", -EINVAL, 0, {0}},
	{"s0:c1,", "", -EINVAL, 0, {0}},
	{"s0:c1.c", "", -EINVAL, 0, {0}},
	{"s0:d1", "", -EINVAL, 0, {0}},
	{"s0:c-1", "", -EINVAL, 0, {0}},
	{"x0:c1", "", -EINVAL, 0, {0}},
	{"", "", -EINVAL, 0, {0}},
	{"s0-", "", -EINVAL, 0, {0}},
	{"s12345678901234567:c1", "", -EINVAL, 0, {0}},
	{"s0:c00000000000001", "", -EINVAL, 0, {0}},
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct selinux_categories c;
		char sensitivity[16];
		int r = selinux_high_level(ranges[i].range, sensitivity, &c);

		if (r != ranges[i].r)
			fail_msg("%s: %d", ranges[i].range, r);
		if (r < 0)
			continue;
		assert_string_equal(sensitivity, ranges[i].sensitivity);
		assert_int_equal(selinux_count_categories(&c), ranges[i].n);
		for (size_t k = 0; ranges[i].n > 0 && k < 3; k++)
			assert_true(selinux_has_category(&c, ranges[i].has[k]));
		assert_false(selinux_has_category(&c, SELINUX_CATEGORIES));
	}
}

static void test_container_contexts(void **state)
{
	struct selinux_container_contexts c;

	(void)state;
	assert_int_equal(selinux_container_contexts_parse(
				 "# x\nprocess = \"system_u:system_r:container_t:s0\"\ncontent = \"system_u:object_r:virt_var_lib_t:s0\"\n"
				 "file=\"system_u:object_r:container_file_t:s0\"\nro_file = system_u:object_r:container_ro_file_t:s0\n", &c), 0);
	assert_string_equal(c.process.type, "container_t");
	assert_string_equal(c.file.type, "container_file_t");
	assert_string_equal(c.read_only.type, "container_ro_file_t");
	assert_int_equal(selinux_container_contexts_parse("process = \"a:b:c:s0\"\nfile = \"a:b:d:s0\"", &c), 0);
	assert_string_equal(c.read_only.type, "d");
	assert_int_equal(selinux_container_contexts_parse("", &c), -ENOENT);
	assert_int_equal(selinux_container_contexts_parse("process = \"a:b:c:s0\"\n", &c), -ENOENT);
	assert_int_equal(selinux_container_contexts_parse("process = \"a\"\nfile = \"a:b:d:s0\"\n", &c), -EINVAL);
	assert_int_equal(selinux_container_contexts_parse("process\nfile\n", &c), -ENOENT);
}

TESTS("sys/lsm_selinux", cmocka_unit_test(test_contexts), cmocka_unit_test(test_too_long), cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_container_contexts))
