/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "registry/challenge.h"

static const struct {
	const char *value;
	int kind; /* enum challenge_kind; -1: refused */
	const char *realm, *service, *scope;
} cases[] = {
	{"Basic realm=\"x\"", CHALLENGE_BASIC, "x", "", ""},
	{"basic", CHALLENGE_BASIC, "", "", ""},
	{"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull\"", CHALLENGE_BEARER, "https://a/t", "s", "repository:x:pull"},
	{"bearer  scope = \"a b\" , realm = \"https://a\" ", CHALLENGE_BEARER, "https://a", "", "a b"},
	{"Bearer realm=token", CHALLENGE_BEARER, "token", "", ""},
	{"Bearer realm=\"a\\\"b\"", CHALLENGE_BEARER, "a\"b", "", ""},
	{"Bearer realm=\"a\",error=\"invalid_token\"", CHALLENGE_BEARER, "a", "", ""},
	{"Negotiate", CHALLENGE_NONE, "", "", ""},
	{"", CHALLENGE_NONE, "", "", ""},
	{"Bearer", -1, NULL, NULL, NULL},
	{"Bearer service=\"s\"", -1, NULL, NULL, NULL},
	{"Bearer realm", -1, NULL, NULL, NULL},
	{"Bearer realm=", -1, NULL, NULL, NULL},
	{"Bearer realm=\"a", -1, NULL, NULL, NULL},
	{"Bearer realm=\"a\" service=\"b\"", -1, NULL, NULL, NULL},
	{"Bearer realm=\"a\nb\"", -1, NULL, NULL, NULL},
	{"Bearer realm=\"a\x7f\"", -1, NULL, NULL, NULL},
	{"Bearer ,realm=\"a\"", -1, NULL, NULL, NULL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct challenge c;
		int r = challenge_parse(cases[i].value, &c, NULL);

		if (cases[i].kind < 0 ? r >= 0 : r < 0 || (int)c.kind != cases[i].kind)
			fail_msg("%s: %d", cases[i].value, r);
		if (r == 0 && (strcmp(c.realm, cases[i].realm) != 0 || strcmp(c.service, cases[i].service) != 0 ||
			       strcmp(c.scope, cases[i].scope) != 0))
			fail_msg("%s: %s|%s|%s", cases[i].value, c.realm, c.service, c.scope);
	}
}

static void test_long(void **state)
{
	char value[4096];
	struct challenge c;

	(void)state;
	snprintf(value, sizeof(value), "Bearer realm=\"%0*d\"", 3000, 0);
	assert_int_equal(challenge_parse(value, &c, NULL), -EINVAL);
}

TESTS("registry/challenge", cmocka_unit_test(test_parse), cmocka_unit_test(test_long))
