/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/landlock.h"
#include "base/buf.h"
#include "base/testing.h"

#define ONE(text) "[" text "]"

static const struct {
	const char *text;
	int r;
	int abi; /* that it needs */
	size_t paths, ports;
} cases[] = {
	{"{\"ro\":[\"/\"]}", 0, 3, 1, 0},
	{"{\"ro\":[]}", 0, 3, 0, 0},
	{"{\"ro\":[\"/etc\",\"/etc/\"],\"rw\":[\"/tmp\"],\"exec\":[\"/usr/bin\"]}", 0, 3, 4, 0},
	{"{\"comment\":\"c\",\"bind\":[0,80,65535]}", 0, 4, 0, 3},
	{"{\"bind\":[],\"connect\":[443]}", 0, 4, 0, 1},
	{"{\"scope\":[\"signal\"]}", 0, 6, 0, 0},
	{"{\"rw\":[\"/\"],\"scope\":[\"signal\",\"abstract-unix\"]}", 0, 6, 1, 0},
	{"{}", -EINVAL, 0, 0, 0},
	{"{\"scope\":[]}", -EINVAL, 0, 0, 0},
	{"{\"comment\":\"c\"}", -EINVAL, 0, 0, 0},
	{"{\"mounts\":true,\"ro\":[]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"etc\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"/a//b\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"/a/./b\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"/a/..\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"/a\\u0000/b\"]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":[\"/..a\"]}", 0, 3, 1, 0},
	{"{\"ro\":[1]}", -EINVAL, 0, 0, 0},
	{"{\"ro\":\"/\"}", -EINVAL, 0, 0, 0},
	{"{\"bind\":[-1]}", -EINVAL, 0, 0, 0},
	{"{\"bind\":[65536]}", -EINVAL, 0, 0, 0},
	{"{\"bind\":[\"80\"]}", -EINVAL, 0, 0, 0},
	{"{\"scope\":[\"all\"]}", -EINVAL, 0, 0, 0},
	{"1", -EINVAL, 0, 0, 0},
};

static void test_profiles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *json = NULL;
		struct landlock_profile *list = NULL;
		struct err e = {0};
		char text[256];
		size_t n = 0;
		int r;

		snprintf(text, sizeof(text), ONE("%s"), cases[i].text);
		r = landlock_profiles_parse(text, &json, &list, &n, &e);
		if (r != cases[i].r || (r < 0) != (e.text[0] != '\0'))
			fail_msg("%s: %d %s", cases[i].text, r, e.text);
		if (r < 0)
			continue;
		assert_int_equal(n, 1);
		assert_int_equal(list[0].n_paths, cases[i].paths);
		assert_int_equal(list[0].n_ports, cases[i].ports);
		/* one less than it needs is refused, with words, and what it needs is enough */
		assert_int_equal(landlock_abi_of(&list[0].handled), cases[i].abi);
		assert_int_equal(landlock_profile_check(&list[0], cases[i].abi, &e), 0);
		assert_int_equal(landlock_profile_check(&list[0], cases[i].abi - 1, &e), -ENOTSUP);
		assert_true(e.text[0] != '\0');
		landlock_profiles_free(list, n);
	}
}

static void test_number_of_profiles(void **state)
{
	static const char one[] = "{\"bind\":[]}";
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	for (int n = 0; n <= LANDLOCK_PROFILES_MAX + 1; n++) {
		_cleanup_json_ struct json_object *json = NULL;
		struct landlock_profile *list = NULL;
		struct err e = {0};
		size_t got = 0;
		int r;

		buf_reset(&b);
		for (int i = 0; i < n; i++)
			buf_addf(&b, "%s%s", i ? "," : "[", one);
		buf_adds(&b, n ? "]" : "[]");
		r = landlock_profiles_parse(buf_str(&b), &json, &list, &got, &e);
		assert_int_equal(r, n == 0 ? -EINVAL : n > LANDLOCK_PROFILES_MAX ? -E2BIG : 0);
		if (r == 0)
			assert_int_equal(got, n);
		landlock_profiles_free(list, got);
	}
}

TESTS("oci/landlock", cmocka_unit_test(test_profiles), cmocka_unit_test(test_number_of_profiles))
