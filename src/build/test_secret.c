/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What --secret says, and that a word which is not understood is none. */
#include "build/secret.h"

#include "base/testing.h"

static void good(const char *text, const char *id, const char *src, const char *env)
{
	struct secret m;

	assert_int_equal(secret_parse(text, &m, NULL), 0);
	assert_string_equal(m.id, id);
	assert_string_equal(m.src ? m.src : "-", src);
	assert_string_equal(m.env ? m.env : "-", env);
	secret_done(&m);
}

static void test_good(void **state)
{
	(void)state;
	good("id=a", "a", "a", "-");
	good("id=a,src=/b=c", "a", "/b=c", "-");
	good("source=b,id=a,type=file", "a", "b", "-");
	good("id=a,env=B", "a", "-", "B");
	good("id=a,type=env", "a", "-", "a");
	good("type=env,id=a,src=B", "a", "-", "B");
}

/* Without a word of it: a variable of that name before a file. */
static void test_either(void **state)
{
	static const char *const texts[] = {"id=a", "id=a,type=file", "id=a,src=a", "id=a,env=a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct secret m;

		assert_int_equal(secret_parse(texts[i], &m, NULL), 0);
		assert_int_equal(m.either, i == 0);
		secret_done(&m);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"", "a", "src=b", "id=", "id=a,scr=/nope", "id=a,src", "id=a,env=", "id=a,src=b,env=C",
					  "id=a,type=other", "id=a,type=file,env=C", "id=a,,src=b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct secret m;

		if (secret_parse(bad[i], &m, NULL) != -EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_either),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
