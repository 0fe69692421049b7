/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/err.h"
#include "base/testing.h"

static void test_origin(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_errno(&e, ENOENT, "open %s", "x"), -ENOENT);
	assert_string_equal(e.text, "open x: No such file or directory");
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(err_set(&e, EINVAL, "no such image: %s", "y"), -EINVAL);
	assert_string_equal(e.text, "no such image: y");
	assert_int_equal(err_errno(&e, 99999, "odd"), -99999);
	assert_string_equal(e.text, "odd: Unknown error");
}

static void test_wrap(void **state)
{
	struct err e = {0};

	(void)state;
	(void)err_errno(&e, EACCES, "open config.json");
	err_exit(&e, EXIT_CANNOT_RUN);
	err_hint(&e, "try %d", 1);
	assert_int_equal(err_wrap(&e, -EACCES, "container %s", "web"), -EACCES);
	assert_int_equal(err_wrap(&e, 7, "run"), 7);
	assert_string_equal(e.text, "run: container web: open config.json: Permission denied");
	assert_string_equal(e.hint, "try 1");
	assert_int_equal(e.code, EACCES);
	assert_int_equal(e.exit_code, EXIT_CANNOT_RUN);
	err_clear(&e);
	assert_string_equal(e.text, "");
	assert_string_equal(e.hint, "");
	assert_int_equal(e.exit_code, 0);
}

/* Text is cut, never written past the end, and the struct needs no care of its own. */
static void test_long(void **state)
{
	struct {
		struct err e;
		char guard[8];
	} s = {.guard = "guarded"};
	char longest[4 * ERR_TEXT_MAX];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	(void)err_errno(&s.e, ENOENT, "%s", longest);
	assert_int_equal(strlen(s.e.text), ERR_TEXT_MAX - 1);
	(void)err_set(&s.e, ENOENT, "why");
	for (int i = 0; i < 1000; i++)
		(void)err_wrap(&s.e, -1, "context %d", i);
	assert_int_equal(strlen(s.e.text), ERR_TEXT_MAX - 1);
	assert_int_equal(strncmp(s.e.text, "context 999: context 998: ", 26), 0);
	(void)err_wrap(&s.e, -1, "%s", longest);
	err_hint(&s.e, "%s", longest);
	assert_int_equal(strlen(s.e.hint), ERR_HINT_MAX - 1);
	assert_string_equal(s.guard, "guarded");
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(err_errno(NULL, ENOENT, "x"), -ENOENT);
	assert_int_equal(err_set(NULL, ENOENT, "x"), -ENOENT);
	assert_int_equal(err_wrap(NULL, -ENOENT, "x"), -ENOENT);
	err_hint(NULL, "x");
	err_exit(NULL, 1);
	err_clear(NULL);
}

TESTS("base/err", cmocka_unit_test(test_origin), cmocka_unit_test(test_wrap), cmocka_unit_test(test_long),
      cmocka_unit_test(test_null))
