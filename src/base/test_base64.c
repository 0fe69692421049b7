/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/base64.h"
#include "base/testing.h"

/* RFC 4648 §10, and bytes that are no text. */
static const struct {
	const char *plain;
	size_t len;
	const char *text;
} cases[] = {
	{"", 0, ""}, {"f", 1, "Zg=="}, {"fo", 2, "Zm8="}, {"foo", 3, "Zm9v"}, {"foob", 4, "Zm9vYg=="}, {"fooba", 5, "Zm9vYmE="},
	{"foobar", 6, "Zm9vYmFy"}, {"\0\377\376", 3, "AP/+"},
};

static void test_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT, plain = BUF_INIT;

		base64_encode(cases[i].plain, cases[i].len, &text);
		assert_string_equal(buf_str(&text), cases[i].text);
		assert_int_equal(base64_decode(cases[i].text, strlen(cases[i].text), &plain), 0);
		assert_int_equal(plain.len, cases[i].len);
		assert_memory_equal(buf_str(&plain), cases[i].plain, cases[i].len);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"*", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zg==Zg==", "Zm-_"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(buf_done) struct buf plain = BUF_INIT;

		if (base64_decode(bad[i], strlen(bad[i]), &plain) != -EINVAL)
			fail_msg("%s", bad[i]);
	}
}

TESTS("base/base64", cmocka_unit_test(test_both_ways), cmocka_unit_test(test_bad))
