/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/pattern.h"
#include "base/testing.h"

/* paths: the examples of Go's path/filepath match_test.go */
static const struct {
	const char *pattern, *text;
	enum pattern_kind kind;
	int want; /* of pattern_is(), or what pattern_compile() says */
} cases[] = {
	{"abc", "abc", PATTERN_PATH, 1}, {"*", "abc", PATTERN_PATH, 1}, {"*c", "abc", PATTERN_PATH, 1}, {"a*", "a", PATTERN_PATH, 1},
	{"a*", "ab/c", PATTERN_PATH, 0}, {"a*/b", "abc/b", PATTERN_PATH, 1}, {"a*/b", "a/c/b", PATTERN_PATH, 0},
	{"a*b*c*d*e*/f", "axbxcxdxe/f", PATTERN_PATH, 1}, {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", PATTERN_PATH, 0},
	{"a*b?c*x", "abxbbxdbxebxczzx", PATTERN_PATH, 1}, {"a*b?c*x", "abxbbxdbxebxczzy", PATTERN_PATH, 0},
	{"ab[c]", "abc", PATTERN_PATH, 1}, {"ab[b-d]", "abc", PATTERN_PATH, 1}, {"ab[e-g]", "abc", PATTERN_PATH, 0}, {"ab[^c]", "abc", PATTERN_PATH, 0},
	{"ab[^b-d]", "abc", PATTERN_PATH, 0}, {"ab[^e-g]", "abc", PATTERN_PATH, 1}, {"a\\*b", "a*b", PATTERN_PATH, 1}, {"a\\*b", "ab", PATTERN_PATH, 0},
	{"a?b", "a/b", PATTERN_PATH, 0}, {"a*b", "a/b", PATTERN_PATH, 0}, {"[\\]a]", "]", PATTERN_PATH, 1}, {"[x\\-]", "-", PATTERN_PATH, 1}, {"[", "a", PATTERN_PATH, -EINVAL},
	{"[^", "a", PATTERN_PATH, -EINVAL}, {"a[", "ab", PATTERN_PATH, -EINVAL}, {"*x", "xxx", PATTERN_PATH, 1},
	{"a*", "ab/c", PATTERN_TEXT, 1}, {"a?c", "a/c", PATTERN_TEXT, 1}, {"[a]", "[a]", PATTERN_TEXT, 1}, {"[a]", "a", PATTERN_TEXT, 0}, {"", "", PATTERN_TEXT, 1},
};

static void test_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pattern p;
		int r = pattern_compile(cases[i].pattern, cases[i].kind, &p);

		if (r == 0)
			r = pattern_is(&p, cases[i].text);
		if (r != cases[i].want)
			fail_msg("%s on %s: %d", cases[i].pattern, cases[i].text, r);
	}
}

static void test_match(void **state)
{
	struct pattern p;
	size_t end = 77;

	(void)state;
	assert_int_equal(pattern_compile("a*b", PATTERN_TEXT, &p), 0);
	assert_int_equal(pattern_match(&p, "xabab", 5, 1, true, &end), 1);
	assert_int_equal(end, 5);
	assert_int_equal(pattern_match(&p, "xabab", 5, 1, false, &end), 1);
	assert_int_equal(end, 3);
	assert_int_equal(pattern_match(&p, "xabab", 5, 0, true, &end), 0);
	assert_int_equal(pattern_match(&p, "xabab", 2, 1, true, &end), 0);
}

/* A text that would take for ever is refused, and so is a pattern that is too long. */
static void test_bounds(void **state)
{
	char text[PATTERN_MAX + 2], *many = calloc(1, 100001);
	struct pattern p;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pattern_compile(text, PATTERN_TEXT, &p), -E2BIG);
	assert_non_null(many);
	memset(many, 'a', 100000);
	for (size_t i = 0; i < 400; i++)
		text[i] = i % 2 ? 'a' : '*';
	text[399] = 'b';
	text[400] = '\0';
	assert_int_equal(pattern_compile(text, PATTERN_TEXT, &p), 0);
	assert_true(pattern_is(&p, many) != 1);
	free(many);
}

static void test_plain(void **state)
{
	(void)state;
	assert_true(pattern_is_plain("a/b.c"));
	assert_false(pattern_is_plain("a*"));
	assert_false(pattern_is_plain("a?"));
	assert_false(pattern_is_plain("[a]"));
	assert_false(pattern_is_plain("a\\*"));
}

TESTS("base/pattern", cmocka_unit_test(test_is), cmocka_unit_test(test_match), cmocka_unit_test(test_bounds), cmocka_unit_test(test_plain))
