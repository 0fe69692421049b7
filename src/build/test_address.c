/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "build/address.h"

static void test_kind(void **state _unused_)
{
	static const struct {
		const char *text;
		enum address_kind kind;
	} cases[] = {
		{"http://h/a", ADDRESS_HTTP},     {"HTTPS://h", ADDRESS_HTTP},         {"https://h/a.git", ADDRESS_GIT},   {"https://h/a.git#b:c", ADDRESS_GIT},
		{"git://h/a", ADDRESS_GIT},       {"git@h:a", ADDRESS_GIT},            {"ssh://h/a", ADDRESS_GIT},         {"ftp://h/a", ADDRESS_OTHER},
		{"a", ADDRESS_NONE},              {"", ADDRESS_NONE},                  {"./http://h", ADDRESS_NONE},       {"http:/h", ADDRESS_NONE},
		{"https://h/a.gits", ADDRESS_HTTP}, {"https://h/a#.git", ADDRESS_HTTP}, {"a.git", ADDRESS_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum address_kind kind = address_kind(cases[i].text);

		if (kind != cases[i].kind || (address_refuse(cases[i].text, NULL) == 0) != (kind == ADDRESS_HTTP || kind == ADDRESS_NONE))
			fail_msg("%s: %d", cases[i].text, (int)kind);
	}
}

static void test_name(void **state _unused_)
{
	static const struct {
		const char *url, *name; /* NULL: refused */
	} cases[] = {
		{"http://h/a", "a"},          {"http://h/a/b.tar?x=/y#/z", "b.tar"}, {"http://h/a/", "a"},      {"http://h/a%20b", "a b"},
		{"http://h/a%2", "a%2"},      {"http://h/%zz", "%zz"},               {"http://h", NULL},        {"http://h/", NULL},
		{"http://h?a", NULL},         {"http://h/.", NULL},                  {"http://h/..", NULL},     {"http://h/%2e%2E", NULL},
		{"http://h/a%2fb", NULL},     {"http://h/..%2f..%2fetc", NULL},      {"http://h/a%00b", NULL},  {"h/a", NULL},
		{"http://h/\xc3\xa4", "\xc3\xa4"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *name = NULL;
		int r = address_file_name(cases[i].url, &name, NULL);

		if ((r == 0) != (cases[i].name != NULL) || (r == 0 && strcmp(name, cases[i].name) != 0))
			fail_msg("%s: %d %s", cases[i].url, r, name ? name : "");
	}
}

TESTS("build/address", cmocka_unit_test(test_kind), cmocka_unit_test(test_name))
