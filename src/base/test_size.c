/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Figures as podman 4.3.1 prints them. */
#include "base/size.h"

#include "base/testing.h"

static void test_size_text(void **state)
{
	static const struct {
		uint64_t bytes;
		int digits;
		const char *blank, *text;
	} cases[] = {
		{0, 4, "", "0B"},           {999, 4, "", "999B"},         {1000, 4, "", "1kB"},
		{1536, 4, "", "1.536kB"},   {25278652416, 4, "", "25.28GB"}, {4263936, 3, " ", "4.26 MB"},
		{999999, 4, "", "1000kB"},  {UINT64_MAX, 4, "", "18.45EB"},
	};
	char out[SIZE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(size_text(cases[i].bytes, cases[i].digits, cases[i].blank, out), cases[i].text);
}

TESTS("base/size", cmocka_unit_test(test_size_text))
