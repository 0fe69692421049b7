/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/healthcheck.h"

#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_words(const struct strv *v, const char *wanted)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < v->n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", v->items[i]);
	assert_string_equal(buf_str(&b), wanted);
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *test, *argv;
	} cases[] = {
		{"curl -f localhost || exit 1", "CMD-SHELL|curl -f localhost || exit 1", "/bin/sh|-c|curl -f localhost || exit 1"},
		{"true", "CMD-SHELL|true", "/bin/sh|-c|true"},
		{"none", "NONE", ""},
		{"NONE", "NONE", ""},
		{"CMD  a  b ", "CMD|a|b", "a|b"},
		{"CMD-SHELL a b", "CMD-SHELL|a b", "/bin/sh|-c|a b"},
		{"[\"a b\"]", "CMD-SHELL|a b", "/bin/sh|-c|a b"},
		{"[\"a\", \"b c\"]", "CMD|a|b c", "a|b c"},
		{"[\"CMD\", \"a\"]", "CMD|a", "a"},
		{"[\"CMD-SHELL\", \"a\"]", "CMD-SHELL|a", "/bin/sh|-c|a"},
		{"[\"NONE\"]", "NONE", ""},
		/* a test of the shell, and no JSON */
		{"[ -e /x ]", "CMD-SHELL|[ -e /x ]", "/bin/sh|-c|[ -e /x ]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(healthcheck_done) struct healthcheck h = {0};
		_cleanup_(strv_done) struct strv argv = {0};

		assert_int_equal(healthcheck_parse_text(cases[i].text, &h.test, NULL), 0);
		assert_words(&h.test, cases[i].test);
		assert_int_equal(healthcheck_command(&h, &argv, NULL), 0);
		assert_words(&argv, cases[i].argv);
	}
}

static int parse(const char *json, struct healthcheck *h, struct strv *argv)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = json_parse(json, strlen(json), "test", &o, NULL);

	assert_int_equal(r, 0);
	r = healthcheck_parse(o, h, NULL);
	return r == 0 ? healthcheck_command(h, argv, NULL) : r;
}

static void test_json(void **state)
{
	static const char *const bad[] = {
		"{\"Test\":[\"CMD\"]}",         "{\"Test\":[\"CMD-SHELL\"]}",      "{\"Test\":[\"CMD-SHELL\",\"a\",\"b\"]}",
		"{\"Test\":[\"RUN\",\"x\"]}",   "{\"Test\":\"x\"}",               "{\"Test\":[1]}",
		"{\"Interval\":-1}",            "{\"Interval\":\"30s\"}",         "{\"Timeout\":1e400}",
		"{\"Retries\":4294967296}",     "{\"Retries\":-1}",               "{\"StartPeriod\":[]}",
	};
	_cleanup_(healthcheck_done) struct healthcheck h = {0};
	_cleanup_(strv_done) struct strv argv = {0};

	(void)state;
	assert_int_equal(parse("{\"Test\":[\"CMD\",\"a\"],\"Interval\":5000000000,\"Timeout\":1,\"StartPeriod\":2,\"Retries\":7,\"New\":{}}",
			       &h, &argv), 0);
	assert_true(h.interval_ns == 5000000000 && h.timeout_ns == 1 && h.start_period_ns == 2 && h.retries == 7);
	assert_string_equal(argv.items[0], "a");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(healthcheck_done) struct healthcheck b = {0};
		_cleanup_(strv_done) struct strv none = {0};
		_cleanup_json_ struct json_object *o = NULL;

		if (json_parse(bad[i], strlen(bad[i]), "test", &o, NULL) == 0)
			assert_int_equal(parse(bad[i], &b, &none), -EINVAL);
	}
	assert_int_equal(healthcheck_parse(NULL, &h, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_json)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
