/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/restart_policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_words(void **state)
{
	static const struct {
		const char *text;
		enum restart_kind kind;
		uint32_t retries;
	} good[] = {
		{NULL, RESTART_NO, 0},
		{"", RESTART_NO, 0},
		{"no", RESTART_NO, 0},
		{"always", RESTART_ALWAYS, 0},
		{"on-failure", RESTART_ON_FAILURE, 0},
		{"on-failure:0", RESTART_ON_FAILURE, 0},
		{"on-failure:3", RESTART_ON_FAILURE, 3},
		{"on-failure:2147483647", RESTART_ON_FAILURE, INT32_MAX},
		{"unless-stopped", RESTART_UNLESS_STOPPED, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct restart_policy p = {RESTART_ALWAYS, 77};

		assert_int_equal(restart_policy_parse(good[i].text, &p, NULL), 0);
		assert_int_equal(p.kind, good[i].kind);
		assert_int_equal(p.retries, good[i].retries);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"Always", "yes", "on-failure:", "on-failure:-1", "on-failure:x", "on-failure:1:2", "on-failure:2147483648",
		"always:3", "no:1", "unless-stopped:", "on-fail", "on-failures", ":", ":3", " no",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct restart_policy p = {RESTART_ALWAYS, 77};
		struct err e = {0};

		assert_int_equal(restart_policy_parse(bad[i], &p, &e), -EINVAL);
		assert_int_equal(p.retries, 77);
		assert_non_null(strstr(e.text, "--restart"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
