/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/testing.h"

static void test_grow(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 10000; i++)
		buf_addf(&b, "%d,", i % 10);
	assert_int_equal(buf_bad(&b), 0);
	assert_int_equal(b.len, 20000);
	assert_int_equal(strlen(buf_str(&b)), 20000);
	buf_reset(&b);
	assert_string_equal(buf_str(&b), "");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(buf_str(&b), "a\0b", 4);
}

/* A builder checks once, at its end: nothing is added after the first failure. */
static void test_failure_sticks(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(10);

	(void)state;
	buf_adds(&b, "0123456789");
	assert_int_equal(buf_bad(&b), 0);
	buf_addc(&b, 'x');
	assert_int_equal(buf_bad(&b), EFBIG);
	buf_add(&b, "", 0);
	buf_addf(&b, "%s", "");
	assert_string_equal(buf_str(&b), "0123456789");
	assert_null(buf_take(&b));
	assert_null(buf_reserve(&b, 0));
	buf_reset(&b);
	assert_int_equal(buf_bad(&b), 0);
	buf_adds(&b, "again");
	assert_string_equal(buf_str(&b), "again");
}

static void test_huge(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(SIZE_MAX);

	(void)state;
	buf_addc(&b, 'x');
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_int_equal(buf_bad(&b), EFBIG);
	buf_reset(&b);
	assert_null(buf_reserve(&b, SIZE_MAX - 1));
}

static void test_reserve(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char *p = buf_reserve(&b, 100);

	(void)state;
	assert_non_null(p);
	assert_string_equal(buf_str(&b), ""); /* nothing was committed */
	memcpy(p, "abc", 3);
	buf_commit(&b, 3);
	assert_string_equal(buf_str(&b), "abc");
}

static void test_take(void **state)
{
	struct buf b = BUF_INIT;
	_cleanup_free_ char *empty = buf_take(&b);
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_string_equal(empty, "");
	buf_adds(&b, "mine");
	text = buf_take(&b);
	assert_string_equal(text, "mine");
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.cap, 0);
}

TESTS("base/buf", cmocka_unit_test(test_grow), cmocka_unit_test(test_failure_sticks), cmocka_unit_test(test_huge),
      cmocka_unit_test(test_reserve), cmocka_unit_test(test_take))
