/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/json_pack.h"
#include "base/testing.h"

#include <errno.h>

static const char *const texts[] = {
	"null",
	"true",
	"false",
	"0",
	"-9223372036854775808",
	"9223372036854775807",
	"18446744073709551615",
	"0.5",
	"1e300",
	"\"\"",
	"\"a\\u0000b\"",
	"\"\\\"\\\\\\n\303\251\"",
	"[]",
	"{}",
	"[[],[[null]],{},[1,\"2\",false]]",
	"{\"\":1,\"a\":{\"b\":[{\"c\":null}]},\"a.b\":\"x\",\"caf\303\251\":0.25}",
};

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;
	struct err e = {0};

	if (json_parse(text, strlen(text), "it", &o, &e) < 0)
		fail_msg("%s", e.text);
	return o;
}

static void test_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ struct json_object *o = parse(texts[i]), *again = NULL;
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		const char *p, *end;

		assert_int_equal(json_pack(o, &b), 0);
		/* and what follows is not touched */
		buf_addc(&b, 'x');
		p = buf_str(&b);
		end = p + b.len;
		assert_int_equal(json_unpack(&p, end, &again), 0);
		assert_ptr_equal(p, end - 1);
		assert_string_equal(json_text(again, NULL), json_text(o, NULL));
		assert_true(json_object_equal(o, again));
	}
}

/* Cut anywhere, it is refused. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ struct json_object *o = parse(texts[i]);
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		assert_int_equal(json_pack(o, &b), 0);
		for (size_t len = 0; len < b.len; len++) {
			struct json_object *again = NULL;
			const char *p = buf_str(&b);

			assert_int_equal(json_unpack(&p, p + len, &again), -EINVAL);
			assert_null(again);
		}
	}
}

static void test_not_ours(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"", 0},
		{"z", 1},
		{"s\377\377\377\377abc", 8},           /* longer than all */
		{"a\377\377\377\377n", 6},             /* as many, of which one is there */
		{"o\1\0\0\0\1\0\0\0\0n", 11},          /* NUL in a key */
		{"o\1\0\0\0\2\0\0\0kn", 11},           /* a key that takes the value with it */
		{"j\1\0\0\0{", 6},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *o = NULL;
		const char *p = cases[i].bytes;

		if (json_unpack(&p, p + cases[i].len, &o) != -EINVAL)
			fail_msg("case %zu", i);
	}
}

static void test_depth(void **state)
{
	_cleanup_(buf_done) struct buf deep = BUF_INIT, out = BUF_INIT;
	struct json_object *list = NULL, *o = NULL;
	const char *p;

	(void)state;
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++) {
		struct json_object *outer = json_object_new_array();

		assert_int_equal(json_object_array_add(outer, list), 0);
		list = outer;
		buf_addc(&deep, 'a');
		pack_u32(1, &deep);
	}
	/* the null in the innermost is one level more */
	assert_int_equal(json_pack(list, &out), -EFBIG);
	json_object_put(list);
	buf_addc(&deep, 'n');
	p = buf_str(&deep);
	assert_int_equal(json_unpack(&p, p + deep.len, &o), -EINVAL);
	p = buf_str(&deep) + 5;
	assert_int_equal(json_unpack(&p, buf_str(&deep) + deep.len, &o), 0);
	json_object_put(o);
}

TESTS("base/json_pack", cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_cut), cmocka_unit_test(test_not_ours),
      cmocka_unit_test(test_depth))
