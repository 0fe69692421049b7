/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/reference.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TAG_128                                                            \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	const char *domain, *path, *tag; /* domain NULL: refused */
} cases[] = {
	{"debian", "", "debian", ""},
	{"debian:12", "", "debian", "12"},
	{"library/debian:12", "", "library/debian", "12"},
	{"localhost/x", "localhost", "x", ""},
	{"localhost:5000/debian", "localhost:5000", "debian", ""},
	{"localhost:5000/a/b/c:t", "localhost:5000", "a/b/c", "t"},
	{"x:5000", "", "x", "5000"},
	{"example.com/x", "example.com", "x", ""},
	{"Example.com/x", "example.com", "x", ""},
	{"LocalHost/x", "localhost", "x", ""},
	{"Host:5000/x", "host:5000", "x", ""},
	{"Index.Docker.IO/debian", "docker.io", "library/debian", ""},
	{"HOST/x", "HOST", "x", ""},
	{"docker.io/debian", "docker.io", "library/debian", ""},
	{"index.docker.io/debian", "docker.io", "library/debian", ""},
	{"docker.io/a/b", "docker.io", "a/b", ""},
	{"[::1]:5000/x", "[::1]:5000", "x", ""},
	{"[FE80::A]/x", "[fe80::a]", "x", ""},
	{"127.0.0.1:5000/x", "127.0.0.1:5000", "x", ""},
	{"a_b/c__d/e-f/g---h/i.j", "", "a_b/c__d/e-f/g---h/i.j", ""},
	{"x:" TAG_128, "", "x", TAG_128},
	{"x:_t.-", "", "x", "_t.-"},
	{"x@sha256:" HEX, "", "x", ""},
	{"x:t@sha256:" HEX, "", "x", "t"},
	/* refused */
	{"", NULL, NULL, NULL},
	{"Debian", NULL, NULL, NULL},
	{"a/Debian", NULL, NULL, NULL},
	{"-x", NULL, NULL, NULL},
	{"--help", NULL, NULL, NULL},
	{"x-", NULL, NULL, NULL},
	{"_x", NULL, NULL, NULL},
	{"a___b", NULL, NULL, NULL},
	{"a..b", NULL, NULL, NULL},
	{"..", NULL, NULL, NULL},
	{"a/../b", NULL, NULL, NULL},
	{"../b", NULL, NULL, NULL},
	{"/a", NULL, NULL, NULL},
	{"a/", NULL, NULL, NULL},
	{"a//b", NULL, NULL, NULL},
	{"localhost:5000/", NULL, NULL, NULL},
	{"a b", NULL, NULL, NULL},
	{"a\n", NULL, NULL, NULL},
	{"a\x1b[31m", NULL, NULL, NULL},
	{"caf\xc3\xa9", NULL, NULL, NULL},
	{"a%2fb", NULL, NULL, NULL},
	{"a?b", NULL, NULL, NULL},
	{"a#b", NULL, NULL, NULL},
	{"x:", NULL, NULL, NULL},
	{"x:-t", NULL, NULL, NULL},
	{"x:.t", NULL, NULL, NULL},
	{"x:a/b", NULL, NULL, NULL},
	{"x:" TAG_128 "a", NULL, NULL, NULL},
	{"x@", NULL, NULL, NULL},
	{"x@sha256:../x", NULL, NULL, NULL},
	{"x@" HEX, NULL, NULL, NULL},
	{"@sha256:" HEX, NULL, NULL, NULL},
	{HEX, NULL, NULL, NULL},
	{"host:0/x", NULL, NULL, NULL},
	{"host:65536/x", NULL, NULL, NULL},
	{"host:x/x", NULL, NULL, NULL},
	{"-host.com/x", NULL, NULL, NULL},
	{"user@host.com/x", NULL, NULL, NULL},
	{"http://host/x", NULL, NULL, NULL},
	{"[::1/x", NULL, NULL, NULL},
	{"[]:1/x", NULL, NULL, NULL},
	{"host../x", NULL, NULL, NULL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reference ref;
		struct err e = {0};
		int r = reference_parse(cases[i].text, &ref, &e);

		if ((r == 0) != (cases[i].domain != NULL) || (r < 0) != (e.text[0] != '\0'))
			fail_msg("%s: %d, %s", cases[i].text, r, e.text);
		if (r == 0 && cases[i].domain && (strcmp(ref.domain, cases[i].domain) != 0 || strcmp(ref.path, cases[i].path) != 0 ||
			       strcmp(ref.tag, cases[i].tag) != 0))
			fail_msg("%s: %s %s %s", cases[i].text, ref.domain, ref.path, ref.tag);
	}
}

/* What is printed is read back as the same. */
static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) && cases[i].domain; i++) {
		struct reference ref, again;
		char text[REFERENCE_TEXT_SIZE], second[REFERENCE_TEXT_SIZE];

		assert_int_equal(reference_parse(cases[i].text, &ref, NULL), 0);
		reference_text(&ref, text);
		assert_int_equal(reference_parse(text, &again, NULL), 0);
		reference_text(&again, second);
		assert_string_equal(text, second);
	}
}

static void test_long(void **state)
{
	char text[1024];
	struct reference ref;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[REFERENCE_NAME_MAX] = '\0';
	assert_int_equal(reference_parse(text, &ref, NULL), 0);
	assert_int_equal(reference_set_domain(&ref, "localhost", NULL), -ENAMETOOLONG);
	text[REFERENCE_NAME_MAX] = 'a';
	text[REFERENCE_NAME_MAX + 1] = '\0';
	assert_true(reference_parse(text, &ref, NULL) < 0);
	text[REFERENCE_NAME_MAX + 1] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_true(reference_parse(text, &ref, NULL) < 0);
}

static void test_defaults(void **state)
{
	struct reference ref;
	char text[REFERENCE_TEXT_SIZE];

	(void)state;
	assert_int_equal(reference_parse("debian", &ref, NULL), 0);
	reference_set_default_tag(&ref);
	assert_int_equal(reference_set_domain(&ref, "localhost:5000", NULL), 0);
	reference_text(&ref, text);
	assert_string_equal(text, "localhost:5000/debian:latest");
	reference_repository(&ref, text);
	assert_string_equal(text, "localhost:5000/debian");
	assert_int_equal(reference_set_domain(&ref, "bad domain", NULL), -EINVAL);
	assert_int_equal(reference_parse("x@sha256:" HEX, &ref, NULL), 0);
	reference_set_default_tag(&ref);
	assert_string_equal(ref.tag, "");
}

static const struct {
	const char *full, *path;
	bool match;
} short_cases[] = {
	{"localhost:5000/debian", "debian", true},      {"docker.io/debian", "debian", true},
	{"localhost:5000/a/debian", "debian", true},    {"localhost:5000/a/debian", "a/debian", true},
	{"localhost:5000/mydebian", "debian", false},   {"localhost:5000/debian", "a/debian", false},
	{"localhost:5000/debian/x", "debian", false},
};

static void test_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(short_cases); i++) {
		struct reference ref;

		assert_int_equal(reference_parse(short_cases[i].full, &ref, NULL), 0);
		if (reference_path_matches(&ref, short_cases[i].path) != short_cases[i].match)
			fail_msg("%s %s", short_cases[i].full, short_cases[i].path);
	}
}

static const struct {
	const char *domain;
	bool loopback;
} loopback_cases[] = {
	{"localhost", true},       {"localhost:5000", true},  {"127.0.0.1", true},     {"127.0.0.1:443", true},
	{"127.255.3.4:1", true},   {"[::1]", true},           {"[::1]:5000", true},    {"localhost.evil.com", false},
	{"127.0.0.1.evil.com", false}, {"127.evil.com", false}, {"127.0.0.256", false}, {"127.0.0", false},
	{"128.0.0.1", false},      {"[::2]", false},          {"example.com", false},  {"127.0.0.01", false},
};

static void test_loopback(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loopback_cases); i++)
		if (reference_domain_is_loopback(loopback_cases[i].domain) != loopback_cases[i].loopback)
			fail_msg("%s", loopback_cases[i].domain);
}

TESTS("oci/reference", cmocka_unit_test(test_parse),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_long),
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_short),
      cmocka_unit_test(test_loopback))
