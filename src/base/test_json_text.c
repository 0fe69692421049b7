/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/json_text.h"

#include "base/json.h"
#include "base/testing.h"

static const struct {
	const char *in, *want;
	bool exact;
} strings[] = {
	{"", "\"\"", true},
	{"plain", "\"plain\"", true},
	{"a\"b\\c", "\"a\\\"b\\\\c\"", true},
	{"\x01\x1b[0m\r\n\t\b\f", "\"\\u0001\\u001b[0m\\r\\n\\t\\b\\f\"", true},
	{"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9f", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9f\"", true},
	{"a\xff\xc3z", "\"a\xef\xbf\xbd\xef\xbf\xbdz\"", false},
	{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", false}, /* a surrogate */
	{"\x7f", "\"\x7f\"", true},
};

static void test_string(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		bool exact = json_text_string(&b, strings[i].in, strlen(strings[i].in));

		if (exact != strings[i].exact || strcmp(buf_str(&b), strings[i].want) != 0)
			fail_msg("case %zu: %s", i, buf_str(&b));
	}
}

/* Each byte alone, and each pair: what is written is read back, or is hex. */
static void test_bytes(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 0x10000; n++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT, hex = BUF_INIT;
		_cleanup_json_ struct json_object *o = NULL;
		const char in[2] = {(char)(n >> 8), (char)(n & 0xff)};
		const char *got;

		buf_adds(&b, "[");
		json_text_bytes(&b, in, 2);
		buf_adds(&b, "]");
		assert_int_equal(json_parse(buf_str(&b), b.len, "text", &o, NULL), 0);
		o = json_object_get(o);
		json_text_hex(&hex, in, 2);
		got = json_str(json_object_array_get_idx(o, 0), "hex");
		if (*got ? strcmp(got, buf_str(&hex)) != 0
			 : memcmp(json_object_get_string(json_object_array_get_idx(o, 0)), in, 2) != 0)
			fail_msg("%04x: %s", n, buf_str(&b));
		json_object_put(o);
	}
}

static const struct {
	const char *in;
	size_t len, want;
} wholes[] = {
	{"", 0, 0},
	{"ab", 2, 2},
	{"a\xc3", 2, 1},
	{"a\xc3\xbc", 3, 3},
	{"a\xe2\x82", 3, 1},
	{"\xe2\x82\xac", 3, 3},
	{"\xf0\x9f\x90", 3, 0},
	{"\xf0\x9f\x90\x9f", 4, 4},
	{"\x80\x80\x80\x80", 4, 4}, /* no character begins there */
	{"\xff", 1, 1},
};

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wholes); i++)
		if (json_text_whole(wholes[i].in, wholes[i].len) != wholes[i].want)
			fail_msg("case %zu", i);
}

TESTS("base/json_text", cmocka_unit_test(test_string), cmocka_unit_test(test_bytes), cmocka_unit_test(test_whole))
