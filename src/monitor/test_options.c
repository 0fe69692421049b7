/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MUST "m", "--id", "i", "--run-dir", "/r", "--exit-file", "/x", "--pid-file", "/p", "--sync-fd", "3"

static int count(char **v)
{
	int n = 0;

	while (v[n])
		n++;
	return n;
}

static void test_good(void **state)
{
	const char *argv[] = {MUST, "--on-exit", "3", "/a", ";", "--tty", ";", "--helper", "1", "pasta", ";", "--helper-fd", "4",
			      "--log", "/l", "--log-max", "10", "--tty", "--", "/rt", "--", "--id", NULL};
	struct monitor_options o;

	(void)state;
	assert_int_equal(monitor_options_parse(count((char **)(uintptr_t)argv), (char **)(uintptr_t)argv, &o, NULL), 0);
	assert_string_equal(o.id, "i");
	assert_string_equal(o.log, "/l");
	assert_int_equal(o.log_max, 10);
	assert_int_equal(o.sync_fd, 3);
	assert_true(o.userns_fd < 0);
	assert_int_equal(o.helper_fd, 4);
	assert_true(o.tty && !o.stdin_open);
	assert_string_equal(o.on_exit[1], ";");
	assert_string_equal(o.on_exit[2], "--tty");
	assert_null(o.on_exit[3]);
	assert_string_equal(o.helper[0], "pasta");
	assert_null(o.helper[1]);
	assert_string_equal(o.runtime[0], "/rt");
	assert_string_equal(o.runtime[2], "--id");
}

static void test_bad(void **state)
{
	const char *cases[][40] = {
		{"m"},
		{MUST},
		{MUST, "--"},
		{MUST, "--", "relative"},
		{MUST, "--nonsense", "--", "/rt"},
		{MUST, "--log"},
		{MUST, "--userns-fd", "2", "--", "/rt"},
		{MUST, "--userns-fd", "-1", "--", "/rt"},
		{MUST, "--log-max", "0", "--", "/rt"},
		{MUST, "--on-exit", "2", "/a", ";", "--", "/rt"},
		{MUST, "--on-exit", "0", ";", "--", "/rt"},
		{MUST, "--on-exit", "99999999", "/a", ";", "--", "/rt"},
		{MUST, "--helper-fd", "4", "--", "/rt"},
		{MUST, "--helper", "1", "x", ";", "--", "/rt"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct monitor_options o;
		struct err e = {0};

		assert_true(monitor_options_parse(count((char **)(uintptr_t)cases[i]), (char **)(uintptr_t)cases[i], &o, &e) < 0);
		assert_true(e.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests_name("monitor/options", tests, NULL, NULL);
}
