/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "registry/auth.h"

/* base64 of user:pass, u:, :p, a:b:c */
#define USER_PASS "dXNlcjpwYXNz"

static const struct {
	const char *file, *reference;
	int r; /* 1 found, 0 not, -1 refused */
	const char *user, *password;
} cases[] = {
	{"{\"auths\":{\"h.example\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/a/b", 1, "user", "pass"},
	{"{\"auths\":{\"h.example\":{\"auth\":\"" USER_PASS "\"}}}", "h.example.evil/a", 0, NULL, NULL},
	{"{\"auths\":{\"h.example\":{\"auth\":\"" USER_PASS "\"}}}", "other/a", 0, NULL, NULL},
	{"{\"auths\":{\"h.example\":{\"auth\":\"YTpiOmM=\"}}}", "h.example/a", 1, "a", "b:c"},
	{"{\"auths\":{\"h.example\":{\"auth\":\"dTo\"}}}", "h.example/a", 1, "u", ""},
	/* the most specific one */
	{"{\"auths\":{\"h.example\":{\"auth\":\"dTo=\"},\"h.example/a\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/a/b", 1, "user", "pass"},
	{"{\"auths\":{\"h.example/a\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/ab", 0, NULL, NULL},
	{"{\"auths\":{\"https://h.example/v1/\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/x", 1, "user", "pass"},
	{"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" USER_PASS "\"}}}", "docker.io/x", 1, "user", "pass"},
	{"{\"auths\":{\"h.example:5000\":{\"auth\":\"" USER_PASS "\"}}}", "h.example:5000/x", 1, "user", "pass"},
	{"{\"auths\":{\"h.example\":{\"identitytoken\":\"t\"}}}", "h.example/x", 1, NULL, NULL},
	{"{\"auths\":{\"h.example\":{}}}", "h.example/x", 0, NULL, NULL},
	{"{}", "h.example/x", 0, NULL, NULL},
	{"{\"credHelpers\":{\"h.example\":\"x\"}}", "h.example/x", AUTH_HELPER, NULL, NULL},
	{"{\"credHelpers\":{\"h.example/a\":\"x\"}}", "h.example/b", 0, NULL, NULL},
	{"{\"credHelpers\":{\"h.example\":\"../x\"}}", "h.example/x", -1, NULL, NULL},
	{"{\"credHelpers\":{\"h.example\":7}}", "h.example/x", -1, NULL, NULL},
	{"{\"credHelpers\":{\"o.example\":\"x\"},\"auths\":{\"h.example\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/x", 1, "user", "pass"},
	{"{\"credsStore\":\"x\",\"auths\":{\"h.example\":{}}}", "h.example/x", AUTH_HELPER, NULL, NULL},
	{"{\"credsStore\":\"x\",\"auths\":{\"h.example\":{\"auth\":\"" USER_PASS "\"}}}", "h.example/x", 1, "user", "pass"},
	{"{\"auths\":{\"h.example\":{\"auth\":\"*\"}}}", "h.example/x", -1, NULL, NULL},
	{"{\"auths\":{\"h.example\":{\"auth\":\"AAAA\"}}}", "h.example/x", -1, NULL, NULL},
	{"{\"auths\":{\"h.example\":{\"auth\":7}}}", "h.example/x", -1, NULL, NULL},
	{"{\"auths\":[]}", "h.example/x", -1, NULL, NULL},
	{"x", "h.example/x", -1, NULL, NULL},
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(auth_done) struct auth a = {0};
		struct auth_helper_name helper = {0};
		struct reference ref;
		struct err e = {0};
		int r;

		assert_int_equal(reference_parse(cases[i].reference, &ref, NULL), 0);
		r = auth_from_json(cases[i].file, strlen(cases[i].file), false, &ref, &a, &helper, &e);
		if (cases[i].r < 0 ? r >= 0 : r != cases[i].r)
			fail_msg("case %zu: %d %s", i, r, e.text);
		if (r >= 0 && (!same(a.username, cases[i].user) || !same(a.password, cases[i].password)))
			fail_msg("case %zu: %s %s", i, a.username, a.password);
	}
}

static void test_old_file(void **state)
{
	static const char text[] = "{\"https://h.example/v1/\":{\"auth\":\"" USER_PASS "\",\"email\":\"x\"}}";
	_cleanup_(auth_done) struct auth a = {0};
	struct auth_helper_name helper = {0};
	struct reference ref;

	(void)state;
	assert_int_equal(reference_parse("h.example/x", &ref, NULL), 0);
	assert_int_equal(auth_from_json(text, strlen(text), true, &ref, &a, &helper, NULL), AUTH_FOUND);
	assert_string_equal(a.username, "user");
}

static void test_creds(void **state)
{
	const struct registry_access o = {.creds = "u:p:q"};
	_cleanup_(auth_done) struct auth a = {0};
	struct reference ref;

	(void)state;
	assert_int_equal(reference_parse("h.example/x", &ref, NULL), 0);
	assert_int_equal(auth_find(&ref, &o, NULL, &a, NULL), 0);
	assert_string_equal(a.username, "u");
	assert_string_equal(a.password, "p:q");
}

TESTS("registry/auth", cmocka_unit_test(test_file), cmocka_unit_test(test_old_file), cmocka_unit_test(test_creds))
