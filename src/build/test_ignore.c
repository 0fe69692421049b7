/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The examples of docker's reference (".dockerignore file") and of moby's patternmatcher. */
#include "build/ignore.h"
#include "base/testing.h"

static const struct one {
	const char *rules, *path;
	bool want;
} cases[] = {
	{"**", "file", true}, {"**", "dir/file", true}, {"**/", "file", true}, {"**/", "dir/file", true}, {"**/**", "dir/file", true},
	{"dir/**", "dir/file", true}, {"dir/**", "dir/dir2/file", true}, {"dir/**", "dir", false}, {"**/dir", "dir", true}, {"**/dir", "dir/file", true},
	{"**/dir2/*", "dir/dir2/file", true}, {"**/dir2/*", "dir/dir2/dir2/file", true}, {"**/dir2/**", "dir/dir2/dir2/file", true},
	{"**file", "file", true}, {"**file", "dir/file", true}, {"**/file", "dir/file", true}, {"**file", "dir/dir/file", true}, {"**/file*", "dir/dir/file.txt", true},
	{"**/file*txt", "dir/dir/file.txt", true}, {"**/file*.txt", "dir/dir/file.txt", true}, {"**/**/*.txt", "dir/dir/file.txt", true},
	{"**/*.txt", "file.txt", true}, {"**/*.txt", "dir/file.tx", false}, {"a**/*.txt", "a/file.txt", true}, {"a**/*.txt", "a/dir/dir/file.txt", true},
	{"a[b-d]e", "ae", false}, {"a[b-d]e", "ace", true}, {"a[b-d]e", "aae", false}, {"a[^b-d]e", "aze", true}, {"[]a]", "]", true}, {"[\\]a]", "]", true},
	{".*", ".foo", true}, {".*", "foo", false}, {"abc.def", "abcdef", false}, {"abc.def", "abc.def", true}, {"abc.def", "abcZdef", false},
	{"abc?def", "abcZdef", true}, {"abc?def", "abcdef", false}, {"a\\\\", "a\\", true}, {"**/foo/bar", "foo/bar", true}, {"**/foo/bar", "dir2/dir/foo/bar", true},
	{"abc/**", "abc", false}, {"abc/**", "abc/def/ghi", true}, {"**/.foo", "bar.foo", false}, {"**/.foo", "b/.foo", true}, {"./bar.*", "bar.foo", true},
	{"a(b)c/def", "a(b)c/def", true}, {"a.|)$(}+{bc", "a.|)$(}+{bc", true}, {"/docs", "docs/x", true}, {"  docs  ", "docs", true}, {"docs/", "docs/x", true},
	{"a/../b", "b", true}, {"../b", "b", true}, {"# x", "# x", false}, {" # x", "# x", true}, {"", "a", false}, {".", "a", false}, {"a\xc3\xa9?", "a\xc3\xa9\xc3\xa8", true},
	{"*", "a/b", true}, {"*/b", "a/b/c", true}, {"*/b", "a/x/b", false},
	/* exceptions; the last that matches */
	{"*.md\n!README.md", "README.md", false}, {"*.md\n!README.md", "a.md", true}, {"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
	{"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false}, {"*\n!src", "src/a.c", false}, {"*\n!src", "doc/a", true},
	{"docs\n!docs/README.md", "docs/README.md", false}, {"docs\n!docs/README.md", "docs/x", true}, {"*\n!src\nsrc/*.o", "src/x.o", true},
	{"**\n!util\n!docker/*", "util/docker/f", false}, {"!a\na", "a", true}, {"a\r\n! b \r\n", "a", true},
};

static void test_cases(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(ignore_done) struct ignore ig = {0};
		struct err e = {0};

		if (ignore_parse(cases[i].rules, strlen(cases[i].rules), "F", &ig, &e) < 0)
			fail_msg("%s: %s", cases[i].rules, e.text);
		if (ignore_has(&ig, cases[i].path) != cases[i].want)
			fail_msg("case %zu: %s on %s is not %d", i, cases[i].rules, cases[i].path, cases[i].want);
	}
}

static void test_bad(void **state _unused_)
{
	static const char *const bad[][2] = {{"a\n[b\n", "F:2: [b: a [ without its ]"}, {"!\n", "F:1: illegal exclusion pattern: \"!\""}, {"[]", "F:1: []: a [ without its ]"}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(ignore_done) struct ignore ig = {0};
		struct err e = {0};

		assert_int_equal(ignore_parse(bad[i][0], strlen(bad[i][0]), "F", &ig, &e), -EINVAL);
		assert_string_equal(e.text, bad[i][1]);
	}
}

/* Paths and patterns of any length have an end. */
static void test_bounds(void **state _unused_)
{
	_cleanup_(ignore_done) struct ignore ig = {0};
	char long_text[6000];

	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(ignore_add(&ig, long_text, NULL), -E2BIG);
	assert_int_equal(ignore_add(&ig, "*", NULL), 0);
	assert_false(ignore_has(&ig, long_text));
	for (size_t i = ig.n; i < IGNORE_RULES_MAX; i++)
		assert_int_equal(ignore_add(&ig, "x", NULL), 0);
	assert_int_equal(ignore_add(&ig, "x", NULL), -E2BIG);
}

TESTS("build/ignore", cmocka_unit_test(test_cases), cmocka_unit_test(test_bad), cmocka_unit_test(test_bounds))
