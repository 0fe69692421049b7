/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/strv.h"
#include "base/testing.h"

static void test_grow(void **state)
{
	_cleanup_(strv_done) struct strv v = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(strv_addf(&v, "item %d", i), 0);
		assert_null(v.items[v.n]);
	}
	assert_int_equal(v.n, 1000);
	assert_string_equal(v.items[999], "item 999");
	assert_int_equal(strv_find(&v, "item 500"), 500);
	assert_int_equal(strv_find(&v, "item"), -1);
}

static void test_limit(void **state)
{
	_cleanup_(strv_done) struct strv v = {0};

	(void)state;
	for (int i = 0; i < STRV_MAX; i++)
		assert_int_equal(strv_add(&v, ""), 0);
	assert_int_equal(strv_add(&v, ""), -E2BIG);
	assert_int_equal(strv_consume(&v, strdup("freed all the same")), -E2BIG);
	assert_int_equal(strv_consume(&v, NULL), -ENOMEM);
}

static void test_add_all(void **state)
{
	_cleanup_(strv_done) struct strv v = {0}, w = {0};

	(void)state;
	assert_int_equal(strv_add_all(&v, NULL), 0);
	assert_int_equal(strv_add(&v, "a"), 0);
	assert_int_equal(strv_add_all(&w, v.items), 0);
	assert_int_equal(strv_add_all(&w, v.items), 0);
	assert_int_equal(w.n, 2);
	assert_string_equal(w.items[1], "a");
}

static void test_env(void **state)
{
	_cleanup_(strv_done) struct strv v = {0};

	(void)state;
	assert_int_equal(strv_env_set(&v, "A=1"), 0);
	assert_int_equal(strv_env_set(&v, "AB=2"), 0);
	assert_int_equal(strv_env_set(&v, "A=3=x"), 0);
	assert_int_equal(strv_env_set(&v, "noequals"), -EINVAL);
	assert_int_equal(v.n, 2);
	assert_string_equal(strv_env_get(&v, "A"), "3=x");
	assert_string_equal(strv_env_get(&v, "AB"), "2");
	assert_null(strv_env_get(&v, "B"));
	assert_null(strv_env_get(&v, ""));
	strv_env_unset(&v, "A");
	strv_env_unset(&v, "A");
	assert_int_equal(v.n, 1);
	assert_string_equal(v.items[0], "AB=2");
	assert_null(v.items[1]);
	strv_env_unset(&v, "AB");
	assert_int_equal(v.n, 0);
	/* growing again after shrinking, over each power of two */
	for (int i = 0; i < 40; i++)
		assert_int_equal(strv_addf(&v, "K%d=", i), 0);
	for (int i = 0; i < 40; i += 2) {
		char key[8];

		snprintf(key, sizeof(key), "K%d", i);
		strv_env_unset(&v, key);
	}
	for (int i = 0; i < 40; i++)
		assert_int_equal(strv_addf(&v, "L%d=", i), 0);
	assert_int_equal(v.n, 60);
	assert_null(v.items[60]);
}

TESTS("base/strv", cmocka_unit_test(test_grow), cmocka_unit_test(test_limit), cmocka_unit_test(test_add_all),
      cmocka_unit_test(test_env))
