/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_doubles(void **state)
{
	static const uint64_t wanted[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 60000};
	uint64_t ms = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ms = backoff_ms(ms, 50);
		assert_int_equal(ms, wanted[i]);
	}
}

static void test_single(void **state)
{
	static const struct {
		uint64_t previous;
		int64_t ran;
		uint64_t wanted;
	} cases[] = {
		{0, 0, 100},           {0, 3600000, 100},     {51200, 9999, 60000}, {51200, 10000, 100}, {60000, 86400000, 100},
		{29999, 0, 59998},     {30000, 0, 60000},     {UINT64_MAX, 0, 60000},
		/* a clock that was set back says nothing */
		{800, -1, 1600},       {1, 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(backoff_ms(cases[i].previous, cases[i].ran), cases[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubles), cmocka_unit_test(test_single)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
