/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/subid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		struct id_extent want[2];
	} cases[] = {
		{"", 0, {{0}}},
		{"alice:100000:65536\n", 1, {{1, 100000, 65536}}},
		{"alice:100000:65536", 1, {{1, 100000, 65536}}},
		{"1000:5000:10\n", 1, {{1, 5000, 10}}},
		{"bob:1:2\nalice:100000:10\nalice:200000:5\n", 2, {{1, 100000, 10}, {11, 200000, 5}}},
		{"alicex:1:2\nalic:1:2\nalice\nalice:\nalice:1\nalice:x:1\nalice:1:0\nalice:-1:1\n", 0, {{0}}},
		{"alice:100000:10\nalice:100005:10\nalice:300000:1\n", 2, {{1, 100000, 10}, {11, 300000, 1}}},
		{"alice:4294967290:100\n", 1, {{1, 4294967290, 5}}},
		{"alice:4294967295:1\n", 0, {{0}}},
		{"alice:99999999999999999999:1\n", 0, {{0}}},
		{"#alice:1:2\n\n\nalice:7:3\n", 1, {{1, 7, 3}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct id_list *l = calloc(1, sizeof(*l));

		subid_parse(cases[i].text, 1000, "alice", l);
		assert_int_equal(l->n, cases[i].n);
		for (size_t k = 0; k < l->n; k++)
			assert_memory_equal(&l->extents[k], &cases[i].want[k], sizeof(l->extents[k]));
		free(l);
	}
}

static void test_elsewhere(void **state)
{
	static const struct {
		const char *text;
		bool elsewhere;
	} cases[] = {
		{"", false},
		{"passwd: files systemd\n", false},
		{"passwd: files\nsubid: files\n", false},
		{"\tsubid:\tfiles \n", false},
		{"subid: sss\n", true},
		{"subid: files sss", true},
		{"subid:\npasswd: files\n", true},
		{"#subid: sss\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(subid_elsewhere(cases[i].text), cases[i].elsewhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_elsewhere)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
