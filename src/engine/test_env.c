/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/env.h"
#include "base/buf.h"
#include "base/testing.h"

static char *const caller[] = {(char[]){"MARK=secret"}, (char[]){"A=caller"}, (char[]){"P_1=one"}, (char[]){"P_2=two"},
			       (char[]){"http_proxy=http://p"}, (char[]){"no-equals"}, NULL};

static void joined(const struct strv *v, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++)
		buf_addf(out, "%s|", v->items[i]);
}

static const struct {
	const char *value;
	int r;
	const char *want;
} apply_cases[] = {
	{"X=1", 0, "X=1|"}, {"X=", 0, "X=|"}, {"X==", 0, "X==|"}, {"X=a b\nc", 0, "X=a b\nc|"},
	{"A", 0, "A=caller|"}, {"NONE", 0, ""}, {"P_*", 0, "P_1=one|P_2=two|"}, {"P_*=x", 0, "P_*=x|"},
	{"no-equals", 0, ""}, {"a.b-c=1", 0, "a.b-c=1|"},
	{"=x", -EINVAL, ""}, {"", -EINVAL, ""}, {"A B=x", -EINVAL, ""}, {"A\n=x", -EINVAL, ""}, {" A=x", -EINVAL, ""}, {"\x7f=x", -EINVAL, ""},
};

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(apply_cases); i++) {
		_cleanup_(strv_done) struct strv env = {0};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		int r = env_apply(&env, apply_cases[i].value, caller, NULL);

		joined(&env, &got);
		if (r != apply_cases[i].r || strcmp(buf_str(&got), apply_cases[i].want) != 0)
			fail_msg("%s: %d %s", apply_cases[i].value, r, buf_str(&got));
	}
}

/* That there are too many is said so. */
static void test_full(void **state)
{
	_cleanup_(strv_done) struct strv env = {0};
	struct err e = {0};

	(void)state;
	for (int i = 0; i < STRV_MAX; i++)
		assert_int_equal(strv_add(&env, "B=1"), 0);
	assert_int_equal(env_apply(&env, "A=1", caller, &e), -E2BIG);
	assert_string_equal(e.text, "environment: more than 65536 variables");
	assert_int_equal(env_apply(&env, "B=2", caller, &e), 0);
}

#define TEXT(s) s, sizeof(s) - 1
static const struct {
	const char *text;
	size_t len;
	int r;
	const char *want;
} file_cases[] = {
	{TEXT("A=1\nB=2\n"), 0, "A=1|B=2|"},
	{TEXT("A=1\nB=2"), 0, "A=1|B=2|"},
	{TEXT("# c\n\n  \t\n \tA=1 \r\n"), 0, "A=1 |"},
	{TEXT("\xef\xbb\xbf" "A=1\n"), 0, "A=1|"},
	{TEXT("A\nNONE\n"), 0, "A=caller|"},
	{TEXT("A=\"q\"\nB='x # y'\n"), 0, "A=\"q\"|B='x # y'|"},
	{TEXT("A=1\nA=2\n"), 0, "A=2|"},
	{TEXT(""), 0, ""},
	{TEXT("A B=1\n"), -EINVAL, NULL},
	{TEXT("=1\n"), -EINVAL, NULL},
	{TEXT("P_*\n"), -EINVAL, NULL},
	{TEXT("A=1\0B=2\n"), -EINVAL, NULL},
	{TEXT("A =1\n"), -EINVAL, NULL},
};

static void test_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(file_cases); i++) {
		_cleanup_(strv_done) struct strv env = {0};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		struct err e = {0};
		int r = env_file_apply(&env, "f", file_cases[i].text, file_cases[i].len, caller, &e);

		joined(&env, &got);
		if (r != file_cases[i].r || (r == 0 && strcmp(buf_str(&got), file_cases[i].want) != 0))
			fail_msg("%zu: %d %s %s", i, r, e.text, buf_str(&got));
	}
}

static void test_order(void **state)
{
	_cleanup_(strv_done) struct strv image = {0}, env = {0};
	_cleanup_(buf_done) struct buf got = BUF_INIT;
	struct container_options o = {0};
	struct env_input in = {.options = &o, .image = &image, .caller = caller, .home = "/h", .hostname = "web"};

	(void)state;
	container_options_defaults(&o);
	o.tty = true;
	assert_int_equal(strv_add(&image, "PATH=/image"), 0);
	assert_int_equal(strv_add(&image, "GONE=1"), 0);
	assert_int_equal(strv_add(&image, "broken"), 0);
	assert_int_equal(strv_add(&image, "=broken"), 0);
	assert_int_equal(strv_add(&o.unsetenv, "GONE"), 0);
	assert_int_equal(strv_add(&o.env, "A"), 0);
	assert_int_equal(env_resolve(&in, &env, NULL), 0);
	joined(&env, &got);
	assert_string_equal(buf_str(&got), "PATH=/image|container=ranby|http_proxy=http://p|A=caller|HOME=/h|HOSTNAME=web|TERM=xterm|");
	strv_done(&env);
	buf_reset(&got);
	o.unsetenv_all = true;
	o.http_proxy = o.tty = false;
	in.home = "";
	assert_int_equal(env_resolve(&in, &env, NULL), 0);
	joined(&env, &got);
	assert_string_equal(buf_str(&got), "A=caller|HOME=/|HOSTNAME=web|");
	strv_done(&o.unsetenv);
	strv_done(&o.env);
}

TESTS("engine/env", cmocka_unit_test(test_apply), cmocka_unit_test(test_full), cmocka_unit_test(test_file), cmocka_unit_test(test_order))
