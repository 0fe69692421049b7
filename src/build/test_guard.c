/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A name tells whose container it is, and nothing else is taken for one. */
#include "build/guard.h"

#include "base/testing.h"

static void test_name(void **state)
{
	static const char *const none[] = {"", "build", "build-", "build-1", "build--5", "build-1-", "build-x-5", "build-1-x", "build-0-5",
					   "build-1-2-3", "build-2147483648-5", "built-1-5", "build-1-5 ", "build-99999999999999-5"};
	uint64_t ticks = 7;
	pid_t pid = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		if (guard_name_parse(none[i], &pid, &ticks))
			fail_msg("\"%s\" is taken for a builder's", none[i]);
		assert_int_equal(pid, 7);
		assert_int_equal(ticks, 7);
	}
	assert_true(guard_name_parse("build-4711-123456789012", &pid, &ticks));
	assert_int_equal(pid, 4711);
	assert_true(ticks == 123456789012);
}

TESTS("build/guard", cmocka_unit_test(test_name))
