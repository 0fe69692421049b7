/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "query/marks.h"

#include "base/testing.h"

static void test_each_its_own(void **state)
{
	_cleanup_(marks_done) struct marks m = {0};

	(void)state;
	assert_int_equal(marks_get(&m, 0, 1, 2), 0);
	*marks_of(&m, 0, 1, 2) = 5;
	assert_int_equal(marks_get(&m, 0, 1, 2), 5);
	assert_int_equal(marks_get(&m, 1, 1, 2), 0);
	assert_int_equal(marks_get(&m, 0, 2, 1), 0);
	assert_int_equal(marks_get(&m, 0, 1, 3), 0);
	*marks_of(&m, 0, 1, 2) = 0;
	assert_int_equal(marks_get(&m, 0, 1, 2), 0);
}

static void test_many(void **state)
{
	_cleanup_(marks_done) struct marks m = {0};
	uint32_t n = 100000;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		*marks_of(&m, i / 50000, i % 40000, i % 7) = (uint8_t)(i % 251 + 1);
	/* the later of two of the same key counts */
	for (uint32_t i = n; i-- > n - 40000;)
		assert_int_equal(marks_get(&m, i / 50000, i % 40000, i % 7), i % 251 + 1);
	assert_true(m.n * 4 <= m.size * 3);
}

TESTS("query/marks", cmocka_unit_test(test_each_its_own), cmocka_unit_test(test_many))
