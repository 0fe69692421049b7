/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/digest.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ATTACKS A40: what was once used as a path */
static const struct {
	const char *text;
	int r;
} cases[] = {
	{"sha256:" HEX, 0},
	{"", -EINVAL},
	{"sha256", -EINVAL},
	{"sha256:", -EINVAL},
	{HEX, -EINVAL},
	{"sha256:" HEX "0", -EINVAL},
	{"sha256:" HEX "/", -EINVAL},
	{"sha256:e3b0c4", -EINVAL},
	{"sha256:../../../../../../../../../../../../../../../../../../../../etc/passwd", -EINVAL},
	{"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", -EINVAL},
	{"SHA256:" HEX, -EINVAL},
	{"sha256-" HEX, -EINVAL},
	{" sha256:" HEX, -EINVAL},
	{"sha256:" HEX " ", -EINVAL},
	{"sha256:" HEX "\n", -EINVAL},
	{"md5:d41d8cd98f00b204e9800998ecf8427e", -EINVAL},
	{"sha256+b64:" HEX, -EINVAL},
	{"sha512:" HEX HEX, -EOPNOTSUPP},
	{"unknown:" HEX, -EINVAL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct digest d = {"untouched"};
		struct err e = {0};
		int r = digest_parse(cases[i].text, &d, &e);

		if (r != cases[i].r || strcmp(d.text, r == 0 ? cases[i].text : "untouched") != 0 || (r < 0) != (e.text[0] != '\0'))
			fail_msg("%s: %d, %s", cases[i].text, r, d.text);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85\0";
	struct digest d;

	(void)state;
	assert_int_equal(digest_parse_n(text, sizeof(text) - 1, &d, NULL), -EINVAL);
	assert_int_equal(digest_parse_n("sha256:" HEX "tail", 7 + 64, &d, NULL), 0);
	assert_string_equal(digest_hex(&d), HEX);
}

static void test_of(void **state)
{
	struct digest d, none = {0};

	(void)state;
	digest_of("", 0, &d);
	assert_string_equal(d.text, "sha256:" HEX);
	assert_true(digest_is_set(&d));
	assert_false(digest_is_set(&none));
	assert_string_equal(digest_hex(&none), "");
	assert_false(digest_equal(&d, &none));
}

static void test_hex(void **state)
{
	(void)state;
	assert_true(digest_is_hex(HEX));
	assert_false(digest_is_hex("e3b0"));
	assert_true(digest_is_hex_prefix("e3b0"));
	assert_false(digest_is_hex_prefix(""));
	assert_false(digest_is_hex_prefix("E3"));
	assert_false(digest_is_hex_prefix("e3g"));
	assert_false(digest_is_hex_prefix(HEX "0"));
}

TESTS("oci/digest", cmocka_unit_test(test_parse),
      cmocka_unit_test(test_nul),
      cmocka_unit_test(test_of),
      cmocka_unit_test(test_hex))
