/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/testing.h"
#include "base/toml.h"

static const struct {
	const char *toml, *json;
} good[] = {
	{"", "{}"},
	{"# only a comment", "{}"},
	{"a=1\nb = -2 # c\r\nc=+3\n", "{\"a\":1,\"b\":-2,\"c\":3}"},
	{"a = 0xFf\nb=0o17\nc=0b101\nd=1_000", "{\"a\":255,\"b\":15,\"c\":5,\"d\":1000}"},
	{"a=1.5\nb=-2e3\nc=0", "{\"a\":1.5,\"b\":-2e3,\"c\":0}"},
	{"a=true\nb=false", "{\"a\":true,\"b\":false}"},
	{"a='c:\\x'\nb=\"\\t\\\"\\\\\\u00e9\\U0001F600\"", "{\"a\":\"c:\\\\x\",\"b\":\"\\t\\\"\\\\\xc3\xa9\xf0\x9f\x98\x80\"}"},
	{"a=\"\"\"\none\ntwo \\\n   three\"\"\"\nb='''x'y''z'''", "{\"a\":\"one\\ntwo three\",\"b\":\"x'y''z\"}"},
	{"a=\"\"\"x\"\"\"\"\"", "{\"a\":\"x\\\"\\\"\"}"},
	{"a=[1, 2,\n # c\n 3 ,]\nb=[]\nc=[[1],['x',{k=true}]]", "{\"a\":[1,2,3],\"b\":[],\"c\":[[1],[\"x\",{\"k\":true}]]}"},
	{"a={}\nb={x=1, y.z='w'}", "{\"a\":{},\"b\":{\"x\":1,\"y\":{\"z\":\"w\"}}}"},
	{"a.b.c=1\na.b.d=2\n\"q.r\" . s=3", "{\"a\":{\"b\":{\"c\":1,\"d\":2}},\"q.r\":{\"s\":3}}"},
	{"[t]\na=1\n[t.u]\nb=2\n[ v . 'w' ]\nc=3", "{\"t\":{\"a\":1,\"u\":{\"b\":2}},\"v\":{\"w\":{\"c\":3}}}"},
	{"[t.u]\n[t]\na=1", "{\"t\":{\"u\":{},\"a\":1}}"},
	{"[[r]]\na=1\n[[r.m]]\nb=2\n[[r.m]]\nb=3\n[[r]]\na=4\n[r.x]\ny=5",
	 "{\"r\":[{\"a\":1,\"m\":[{\"b\":2},{\"b\":3}]},{\"a\":4,\"x\":{\"y\":5}}]}"},
	{"a = [\"x\", {append=true}]", "{\"a\":[\"x\",{\"append\":true}]}"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_json_ struct json_object *got = NULL, *want = json_tokener_parse(good[i].json);
		struct err e = {0};

		if (toml_parse(good[i].toml, strlen(good[i].toml), "f", &got, &e) < 0)
			fail_msg("%s: %s", good[i].toml, e.text);
		if (!json_object_equal(got, want))
			fail_msg("%s: %s", good[i].toml, json_text(got, NULL));
	}
}

static const struct {
	const char *toml, *place;
} broken[] = {
	{"x", "f:1:"}, {"x =", "f:1:"}, {"= 1", "f:1:"}, {"x = \"a", "f:1:"}, {"\nx = [\"a\"", "f:2:"}, {"[x", "f:1:"},
	{"[[x]", "f:1:"}, {"[]", "f:1:"}, {"x = \"a\" y", "f:1:"}, {"x = 1 2", "f:1:"}, {"[[r]] x", "f:1:"},
	{"x = \"\\q\"", "f:1:"}, {"x = {", "f:1:"}, {"\"x = 1", "f:1:"}, {"a=1\na=2", "f:2:"}, {"[a]\n[a]", "f:2:"},
	{"a=1\n[a]", "f:2:"}, {"a=[]\n[[a]]", "f:2:"}, {"[[a]]\n[a]", "f:2:"}, {"a={}\n[a.b]", "f:2:"}, {"a={b=1}\na.c=2", "f:2:"},
	{"a=\"x\ny\"", "f:"}, {"a=01", "f:1:"}, {"a=1__0", "f:1:"}, {"a=_1", "f:1:"}, {"a=1_", "f:1:"}, {"a=0x", "f:1:"},
	{"a=1979-05-27", "f:1:"}, {"a=9223372036854775808", "f:1:"}, {"a=truex", "f:1:"}, {"a=\"\\ud800\"", "f:1:"},
	{"a=\"\\u0000\"", "f:1:"}, {"a='\x01'", "f:1:"}, {"a=nan", "f:1:"}, {"a=1.2.3", "f:1:"}, {"\"\"\"k\"\"\"=1", "f:1:"},
	{"a=[1 2]", "f:1:"}, {"a={x=1\n}", "f:1:"}, {"a=,", "f:1:"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		_cleanup_json_ struct json_object *got = NULL;
		struct err e = {0};

		if (toml_parse(broken[i].toml, strlen(broken[i].toml), "f", &got, &e) != -EINVAL ||
		    strncmp(e.text, broken[i].place, strlen(broken[i].place)) != 0)
			fail_msg("%s: %s %s", broken[i].toml, e.text, json_text(got, NULL));
		assert_null(got);
	}
}

static void test_bounds(void **state)
{
	_cleanup_json_ struct json_object *got = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct err e = {0};

	(void)state;
	buf_adds(&b, "a=");
	for (int i = 0; i < 100000; i++)
		buf_addc(&b, '[');
	assert_int_equal(toml_parse(buf_str(&b), b.len, "f", &got, &e), -EINVAL);
	buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		buf_adds(&b, "a.");
	buf_adds(&b, "b=1");
	assert_int_equal(toml_parse(buf_str(&b), b.len, "f", &got, &e), -EINVAL);
	assert_int_equal(toml_parse("a=1\0b", 5, "f", &got, &e), -EINVAL);
}

TESTS("base/toml", cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_bounds))
