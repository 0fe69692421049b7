/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/json.h"
#include "base/testing.h"

/* want: the value printed again, or what the error's text holds when it begins with '!' */
static const struct {
	const char *text, *want;
} cases[] = {
	{"{}", "{}"},
	{" [ 1 , 2 ] ", "[1,2]"},
	{"null", "null"},
	{"true", "true"},
	{"\"a\"", "\"a\""},
	{"1", "1"},
	{"-0", "0"},
	{"1.5", "1.5"},
	{"-1e5", "-1e5"},
	{"18446744073709551615", "18446744073709551615"},
	{"-9223372036854775808", "-9223372036854775808"},
	{"\"\\u00e9\\ud83d\\ude00\\/\"", "\"\303\251\360\237\230\200/\""},
	{"{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"},
	{"{\"a\":null}", "{\"a\":null}"},
	{"[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
	/* one text, two readings */
	{"{\"a\":1,\"a\":1}", "!same key twice"},
	{"{\"a\":1,\"\\u0061\":2}", "!same key twice"},
	{"{\"x\":{\"a\":1,\"b\":{},\"a\":{\"c\":2}}}", "!same key twice"},
	{"{\"\":1,\"\":2}", "!same key twice"},
	{"{\"a\\u0000b\":1}", "!NUL in a key"},
	{"[18446744073709551616]", "!does not fit"},
	{"[-9223372036854775809]", "!does not fit"},
	{"[99999999999999999999999]", "!does not fit"},
	{"[1e999]", "!too large"},
	{"[-1e999]", "!too large"},
	/* what json-c would take */
	{"NaN", "!a value was expected"},
	{"[Infinity]", "!a value was expected"},
	{"[-Infinity]", "!a value was expected"},
	{"{'a':1}", "!double quotes"},
	{"['a']", "!a value was expected"},
	{"[1] [2]", "!bytes after the value"},
	{"{}x", "!bytes after the value"},
	{"[1,]", "!a value was expected"},
	{"{\"a\":1,}", "!double quotes"},
	{"/* c */ 1", "!a value was expected"},
	{"TRUE", "!a value was expected"},
	{"[\"a\tb\"]", "!control character"},
	{"[\"\\x41\"]", "!unknown escape"},
	{"[\"\\u12g4\"]", "!hexadecimal"},
	{"[\"\\u12", "!hexadecimal"},
	/* UTF-8 */
	{"\"\xff\"", "!invalid UTF-8"},
	{"\"\xc0\xaf\"", "!invalid UTF-8"},
	{"\"\xed\xa0\x80\"", "!invalid UTF-8"},
	{"\"\xf4\x90\x80\x80\"", "!invalid UTF-8"},
	{"\"\xe2\x82\"", "!invalid UTF-8"},
	{"\xef\xbb\xbf{}", "!a value was expected"},
	/* shape */
	{"", "!unexpected end"},
	{"   ", "!unexpected end"},
	{"{", "!double quotes"},
	{"[", "!unexpected end"},
	{"[1", "!',' or ']'"},
	{"{\"a\"", "!':'"},
	{"{\"a\":", "!unexpected end"},
	{"{\"a\":1", "!',' or '}'"},
	{"{1:2}", "!double quotes"},
	{"\"abc", "!does not end"},
	{"01", "!leading zero"},
	{"-", "!a value was expected"},
	{"1.", "!digits were expected"},
	{"1e", "!digits were expected"},
	{".5", "!a value was expected"},
	{"+1", "!a value was expected"},
	{"[1 2]", "!',' or ']'"},
	{"{\"a\":1}\n}", "!line 2, column 1: bytes after"},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		const char *want = cases[i].want;
		struct err e = {0};
		int r = json_parse(cases[i].text, strlen(cases[i].text), "file", &o, &e);

		if (want[0] == '!' ? r != -EINVAL || !strstr(e.text, want + 1) || strncmp(e.text, "file: ", 6) != 0
				   : r != 0 || strcmp(json_text(o, NULL), want) != 0)
			fail_msg("%s: gave %d \"%s\", not \"%s\"", cases[i].text, r, e.text, want);
	}
}

static void test_parse_length(void **state)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(json_parse("[1]garbage", 3, "file", &o, &e), 0);
	assert_int_equal(json_parse("[1\0]", 4, "file", &o, &e), -EINVAL);
	assert_int_equal(json_parse("[1]\0", 4, "file", &o, &e), -EINVAL);
}

static int parse_nested(size_t depth)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *text = calloc(1, 2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return json_parse(text, 2 * depth, "file", &o, NULL);
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(JSON_DEPTH_MAX), 0);
	assert_int_equal(parse_nested(JSON_DEPTH_MAX + 1), -EINVAL);
	assert_int_equal(parse_nested(1000000), -EINVAL);
}

/* `n` times `item` in an array */
static int parse_many(const char *item, size_t n)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct err e = {0};
	int r;

	buf_addc(&b, '[');
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", item);
	buf_addc(&b, ']');
	r = json_parse(buf_str(&b), b.len, "file", &o, &e);
	assert_true(r == 0 || strstr(e.text, "too many values"));
	return r;
}

/* Memory is many times the text. */
static void test_many(void **state)
{
	(void)state;
	assert_int_equal(parse_many("{}", JSON_LISTS_MAX - 1), 0);
	assert_int_equal(parse_many("{}", JSON_LISTS_MAX), -EINVAL);
	assert_int_equal(parse_many("[]", JSON_LISTS_MAX), -EINVAL);
	assert_int_equal(parse_many("1", JSON_VALUES_MAX - 1), 0);
	assert_int_equal(parse_many("1", JSON_VALUES_MAX), -EINVAL);
	assert_int_equal(parse_many("{\"a\":\"b\"}", JSON_LISTS_MAX - 1), 0);
}

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), "test", &o, NULL), 0);
	return o;
}

static const char values[] = "{\"s\":\"text\",\"nul\":\"a\\u0000b\",\"t\":true,\"n\":7,\"neg\":-7,\"big\":18446744073709551615,"
			     "\"edge\":9223372036854775807,\"over\":9223372036854775808,\"d\":1.0,\"null\":null,"
			     "\"a\":[\"x\",\"y\"],\"mixed\":[\"x\",1],\"o\":{\"p\":{\"q\":5}}}";

static void test_strings(void **state)
{
	_cleanup_json_ struct json_object *o = parse(values);
	const char *s = "default";
	struct err e = {0};

	(void)state;
	assert_int_equal(json_get_str(o, "absent", &s, &e), 0);
	assert_int_equal(json_get_str(o, "null", &s, &e), 0);
	assert_string_equal(s, "default");
	assert_int_equal(json_get_str(o, "n", &s, &e), -EINVAL);
	assert_string_equal(e.text, "n: not a string");
	assert_int_equal(json_get_str(o, "nul", &s, &e), -EINVAL);
	assert_string_equal(s, "default");
	assert_int_equal(json_get_str(o, "s", &s, &e), 0);
	assert_string_equal(s, "text");
	assert_string_equal(json_str(o, "n"), "");
	assert_string_equal(json_str(NULL, "x.y"), "");
}

/* r: what json_get_* returns; the value counts when it is 0 */
static const struct {
	const char *path;
	uint64_t min, max;
	int r;
	uint64_t want;
} u64_cases[] = {
	{"n", 0, 10, 0, 7},
	{"n", 7, 7, 0, 7},
	{"n", 8, 10, -EINVAL, 0},
	{"n", 0, 6, -EINVAL, 0},
	{"neg", 0, UINT64_MAX, -EINVAL, 0},
	{"big", 0, UINT64_MAX, 0, UINT64_MAX},
	{"big", 0, UINT64_MAX - 1, -EINVAL, 0},
	{"over", 0, UINT64_MAX, 0, (uint64_t)INT64_MAX + 1},
	{"d", 0, 10, -EINVAL, 0},
	{"s", 0, 10, -EINVAL, 0},
	{"t", 0, 10, -EINVAL, 0},
	{"o.p.q", 0, 10, 0, 5},
	{"o.p.q.r", 0, 10, 0, 99},
	{"s.x", 0, 10, 0, 99},
	{"absent", 0, 10, 0, 99},
	{"null", 0, 10, 0, 99},
};

static void test_numbers(void **state)
{
	_cleanup_json_ struct json_object *o = parse(values);
	struct err e = {0};
	uint32_t u32 = 99;
	int64_t i64 = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(u64_cases); i++) {
		uint64_t v = 99;
		int r = json_get_u64(o, u64_cases[i].path, u64_cases[i].min, u64_cases[i].max, &v, &e);

		if (r != u64_cases[i].r || v != (r == 0 ? u64_cases[i].want : 99))
			fail_msg("case %zu (%s): %d, %llu", i, u64_cases[i].path, r, (unsigned long long)v);
	}
	assert_int_equal(json_get_u32(o, "big", 0, UINT32_MAX, &u32, &e), -EINVAL);
	assert_string_equal(e.text, "big: not a number from 0 to 4294967295");
	assert_int_equal(json_get_u32(o, "absent", 1, 2, &u32, &e), 0);
	assert_int_equal(u32, 99);
	assert_int_equal(json_get_i64(o, "over", INT64_MIN, INT64_MAX, &i64, &e), -EINVAL);
	assert_int_equal(json_get_i64(o, "big", INT64_MIN, INT64_MAX, &i64, &e), -EINVAL);
	assert_int_equal(i64, 99);
	assert_int_equal(json_get_i64(o, "edge", 0, INT64_MAX, &i64, &e), 0);
	assert_true(i64 == INT64_MAX);
	assert_int_equal(json_get_i64(o, "neg", -7, 0, &i64, &e), 0);
	assert_int_equal(i64, -7);
	assert_int_equal(json_get_i64(o, "neg", -6, 0, &i64, &e), -EINVAL);
}

static void test_containers(void **state)
{
	_cleanup_json_ struct json_object *o = parse(values);
	_cleanup_(strv_done) struct strv v = {0};
	struct json_object *found = o;
	struct err e = {0};
	bool yes = false;

	(void)state;
	assert_int_equal(json_get_bool(o, "t", &yes, &e), 0);
	assert_true(yes && json_true(o, "t") && !json_true(o, "n"));
	assert_int_equal(json_get_bool(o, "n", &yes, &e), -EINVAL);
	assert_int_equal(json_get_array(o, "absent", &found, &e), 0);
	assert_null(found);
	assert_int_equal(json_get_array(o, "o", &found, &e), -EINVAL);
	assert_int_equal(json_get_object(o, "o.p", &found, &e), 0);
	assert_int_equal(json_int(found, "q"), 5);
	assert_int_equal(json_get_strv(o, "a", &v, &e), 0);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.items[1], "y");
	assert_int_equal(json_get_strv(o, "mixed", &v, &e), -EINVAL);
	assert_string_equal(e.text, "mixed[1]: not a string without NUL");
}

static void test_build(void **state)
{
	static const char want[] = "{\n    \"s\": \"a/b\",\n    \"i\": -1,\n    \"u\": 18446744073709551615,\n    \"b\": true,\n"
				   "    \"v\": [\n        \"x\"\n    ],\n    \"e\": [],\n    \"o\": {}\n}";
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(strv_done) struct strv v = {0}, none = {0};
	size_t len;

	(void)state;
	assert_int_equal(strv_add(&v, "x"), 0);
	assert_int_equal(json_add_str(o, "s", "a/b"), 0);
	assert_int_equal(json_add_str(o, "absent", NULL), 0);
	assert_int_equal(json_add_int(o, "i", -1), 0);
	assert_int_equal(json_add_u64(o, "u", UINT64_MAX), 0);
	assert_int_equal(json_add_bool(o, "b", true), 0);
	assert_int_equal(json_add_strv(o, "v", &v), 0);
	assert_int_equal(json_add_strv(o, "e", &none), 0);
	assert_int_equal(json_add(o, "o", json_object_new_object()), 0);
	assert_int_equal(json_add(o, "x", NULL), -ENOMEM);
	assert_string_equal(json_pretty(o), want);
	/* the way of printing is that of the call, not of the last one */
	assert_string_equal(json_text(o, &len),
			    "{\"s\":\"a/b\",\"i\":-1,\"u\":18446744073709551615,\"b\":true,\"v\":[\"x\"],\"e\":[],\"o\":{}}");
	assert_int_equal(len, strlen(json_text(o, NULL)));
}

static void test_pretty_is_harmless(void **state)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *again = NULL;
	struct err e = {0};
	const char *text;

	(void)state;
	assert_int_equal(json_add_str(o, "k\xc2\x9b", "\x1b\x7f\xe2\x80\xae\xc3\xa9\xf3\xa0\x80\x81"), 0);
	text = json_pretty(o);
	assert_string_equal(text, "{\n    \"k\\u009b\": \"\\u001b\\u007f\\u202e\xc3\xa9\\udb40\\udc01\"\n}");
	assert_int_equal(json_parse(text, strlen(text), "again", &again, &e), 0);
	assert_string_equal(json_str(again, "k\xc2\x9b"), "\x1b\x7f\xe2\x80\xae\xc3\xa9\xf3\xa0\x80\x81");
}

/* What is left as text, and what the rest is then. */
static void test_apart(void **state)
{
	static const struct {
		const char *text, *part, *rest; /* part NULL: nothing is left apart; rest NULL: refused */
	} apart[] = {
		{"{\"a\":1,\"l\":{\"x\":2,\"s\":{\"k\":[1,{\"k\":2}]},\"y\":3},\"z\":4}", "{\"k\":[1,{\"k\":2}]}",
		 "{\"a\":1,\"l\":{\"x\":2,\"s\":null,\"y\":3},\"z\":4}"},
		{" { \"l\" : { \"s\" : {} } } ", "{}", "{\"l\":{\"s\":null}}"},
		{"{\"l\":{\"s\":[1]}}", NULL, "{\"l\":{\"s\":[1]}}"},
		{"{\"l\":{\"s\":null}}", NULL, "{\"l\":{\"s\":null}}"},
		{"{\"s\":{\"l\":{}},\"l\":2}", NULL, "{\"s\":{\"l\":{}},\"l\":2}"},
		{"{\"l\":[{\"s\":{}}]}", NULL, "{\"l\":[{\"s\":{}}]}"},
		{"{\"m\":{\"l\":{\"s\":{}}}}", NULL, "{\"m\":{\"l\":{\"s\":{}}}}"},
		{"{\"l\":{\"\\u0073\":{}}}", NULL, "{\"l\":{\"s\":{}}}"},
		{"{\"l\":{},\"x\":{\"s\":{}}}", NULL, "{\"l\":{},\"x\":{\"s\":{}}}"},
		{"7", NULL, "7"},
		{"{\"l\":{\"s\":{},\"s\":{}}}", NULL, NULL},
		{"{\"l\":{\"s\":{}},\"l\":{}}", NULL, NULL},
		{"{\"l\":{\"s\":{},\"\\u0073\":{}}}", NULL, NULL},
		{"{\"l\":{\"s\":{\"k\":tru}}}", NULL, NULL},
		{"{\"l\":{\"s\":{\"k\":1}", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(apart); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_free_ char *part = NULL;
		struct err e = {0};
		int r = json_parse_apart(apart[i].text, strlen(apart[i].text), "it", "l.s", &o, &part, &e);

		if (!apart[i].rest) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		if (r < 0)
			fail_msg("%s: %s", apart[i].text, e.text);
		assert_string_equal(json_text(o, NULL), apart[i].rest);
		if (apart[i].part)
			assert_string_equal(part, apart[i].part);
		else
			assert_null(part);
	}
}

/* What of an object is taken, in its order; NULL: refused. */
static void test_parts(void **state)
{
	static const struct {
		const char *text, *want;
	} c[] = {
		{"{}", "{}"},
		{"[{\"a\":1},{\"a\":2}]", "{}"},
		{"null", "{}"},
		{"{\"a\":1,\"b\":2}", "{\"a\":1}"},
		{"{\"b\":2,\"a\":[{\"x\":1},\"y\"]}", "{\"a\":[{\"x\":1},\"y\"]}"},
		{"{\"i\":{\"n\":1,\"m\":2,\"x\":3},\"a\":0}", "{\"i\":{\"n\":1,\"m\":2},\"a\":0}"},
		{"{\"i\":{\"x\":3}}", "{\"i\":{}}"},
		{"{\"i\":7,\"in\":{\"n\":1}}", "{}"},
		{"{\"i\":[{\"n\":1}]}", "{}"},
		{"{\"x\":{\"a\":1,\"i\":{\"n\":2}}}", "{}"},
		{" { \"i\" : { \"d\" : { \"e\" : \"\\u00e9 \\\" \" } } } ", "{\"i\":{\"d\":{\"e\":\"\u00e9 \\\" \"}}}"},
		{"{\"a\":1,\"a\":2}", NULL},
		{"{\"i\":{\"n\":1},\"i\":{\"n\":2}}", NULL},
		{"{\"i\":{\"n\":1,\"n\":1}}", NULL},
		{"{\"a\":{\"x\":1,\"\\u0078\":2}}", NULL},
		{"{\"a\":{\"x\":1e999}}", NULL},
		{"{\"a\":1,\"b\":tru}", NULL},
		{"{\"a\":1,\"b\":\"\001\"}", NULL},
		{"{\"b\":\"12345678\xff\"}", NULL},
		{"{\"a\":1}}", NULL},
		{"{\"a\":1", NULL},
	};
	_cleanup_(strv_done) struct strv paths = {0};

	(void)state;
	assert_int_equal(strv_add_all(&paths, (char *[]){"a", "i.n", "i.m", "i.d.e", "a", NULL}), 0);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		struct err e = {0};
		int r = json_parse_parts(c[i].text, strlen(c[i].text), "it", &paths, &o, &e);

		if (!c[i].want) {
			assert_int_equal(r, -EINVAL);
			assert_string_not_equal(e.text, "");
			continue;
		}
		if (r < 0)
			fail_msg("%s: %s", c[i].text, e.text);
		assert_string_equal(json_text(o, NULL), c[i].want);
	}
}

/* Bytes that end a plain stretch, at each place of the eight that are looked at at once. */
static void test_string_bytes(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++)
		for (size_t at = 0; at < 20; at++) {
			_cleanup_json_ struct json_object *o = NULL;
			char text[24] = "\"aaaaaaaaaaaaaaaaaaaa\"";
			bool ok = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

			text[1 + at] = (char)byte;
			/* \a is no escape, and before the last quote it takes that */
			assert_int_equal(json_parse(text, 22, "it", &o, NULL), ok ? 0 : -EINVAL);
		}
}

TESTS("base/json", cmocka_unit_test(test_parse), cmocka_unit_test(test_parse_length), cmocka_unit_test(test_depth), cmocka_unit_test(test_many),
      cmocka_unit_test(test_strings), cmocka_unit_test(test_numbers), cmocka_unit_test(test_containers),
      cmocka_unit_test(test_build), cmocka_unit_test(test_pretty_is_harmless), cmocka_unit_test(test_apart), cmocka_unit_test(test_parts), cmocka_unit_test(test_string_bytes))
