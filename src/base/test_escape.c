/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/escape.h"
#include "base/testing.h"

static const struct {
	const char *text;
	size_t len; /* 0: strlen */
	unsigned flags;
	const char *want;
} cases[] = {
	{"plain", 0, 0, "plain"},
	{"", 0, 0, ""},
	{"\303\251\360\237\230\200", 0, 0, "\303\251\360\237\230\200"},
	{"a\nb\tc\rd", 0, 0, "a\\nb\\tc\\rd"},
	{"a\nb\tc\rd", 0, ESCAPE_KEEP_LINES, "a\nb\tc\\rd"},
	{"\x1b[31m\a\b\x7f", 0, 0, "\\x1b[31m\\x07\\x08\\x7f"},
	{"a\0b", 3, 0, "a\\x00b"},
	{"back\\slash", 0, 0, "back\\slash"},
	{"back\\slash", 0, ESCAPE_BACKSLASH, "back\\\\slash"},
	/* C1: CSI as one code point, and its raw byte */
	{"\302\233" "31m", 0, 0, "\\u009b31m"},
	{"\233" "31m", 0, 0, "\\x9b31m"},
	/* what reorders or breaks a line */
	{"\342\200\256" "txt.exe", 0, 0, "\\u202etxt.exe"},
	{"\342\201\246\342\201\251", 0, 0, "\\u2066\\u2069"},
	{"\342\200\250\342\200\217\330\234\357\273\277", 0, 0, "\\u2028\\u200f\\u061c\\ufeff"},
	{"\363\240\201\201", 0, 0, "\\U000e0041"},
	/* not UTF-8 */
	{"\xff\xfe", 0, 0, "\\xff\\xfe"},
	{"\xc0\x80\xc1\xbf", 0, 0, "\\xc0\\x80\\xc1\\xbf"},
	{"\xe0\x9f\xbf", 0, 0, "\\xe0\\x9f\\xbf"},
	{"\xed\xa0\x80", 0, 0, "\\xed\\xa0\\x80"},
	{"\xf4\x90\x80\x80", 0, 0, "\\xf4\\x90\\x80\\x80"},
	{"\xe2\x82", 0, 0, "\\xe2\\x82"},
	{"\xe2\x82" "a", 0, 0, "\\xe2\\x82" "a"},
	{"\xe2", 0, 0, "\\xe2"},
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);

		escape_text(cases[i].text, len, cases[i].flags, &b);
		if (strcmp(buf_str(&b), cases[i].want) != 0)
			fail_msg("case %zu: \"%s\", not \"%s\"", i, buf_str(&b), cases[i].want);
	}
}

/* Every byte at every place of two words and a bit, from every beginning. */
static void test_plain(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';

		for (size_t at = 0; at < 19; at++) {
			char text[19];

			memset(text, byte & 1 ? ' ' : '~', sizeof(text));
			text[at] = (char)byte;
			for (size_t from = 0; from <= sizeof(text); from++)
				assert_int_equal(text_plain(text + from, text + sizeof(text)), (plain || at < from ? sizeof(text) : at) - from);
		}
	}
}

/* The property itself, for every pair of bytes and every code point. */
static void assert_safe(const struct buf *b)
{
	const char *p = buf_str(b), *end = p + b->len;

	while (p < end) {
		uint32_t code;

		assert_int_equal(utf8_next(&p, end, &code), 0);
		assert_false(code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) ||
			     (code >= 0x2066 && code <= 0x2069));
	}
}

static void test_safe(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		const char pair[] = {(char)(i >> 8), (char)i};

		buf_reset(&b);
		escape_text(pair, 2, 0, &b);
		assert_safe(&b);
	}
	for (unsigned i = 0x800; i < 0x10000; i++) {
		const char three[] = {(char)(0xe0 | i >> 12), (char)(0x80 | (i >> 6 & 0x3f)), (char)(0x80 | (i & 0x3f))};

		buf_reset(&b);
		escape_text(three, 3, 0, &b);
		assert_safe(&b);
	}
}

static void test_into(void **state)
{
	char dst[8];

	(void)state;
	assert_string_equal(escape_into(dst, sizeof(dst), "abc"), "abc");
	assert_string_equal(escape_into(dst, sizeof(dst), "abcdefgh"), "abcdefg");
	assert_string_equal(escape_into(dst, sizeof(dst), "abcd\x1b"), "abcd");
	assert_string_equal(escape_into(dst, sizeof(dst), "abc\x1b"), "abc\\x1b");
	assert_string_equal(escape_into(dst, sizeof(dst), "abcdef\303\251"), "abcdef");
	assert_string_equal(escape_into(dst, 1, "x"), "");
}

static void test_shell(void **state)
{
	static const char *const c[][2] = {
		{"word", "word"}, {"", "''"}, {"two words", "'two words'"}, {"it's", "'it'\\''s'"}, {"$HOME;`x`", "'$HOME;`x`'"},
		{"--opt=/a/b:c,d@1.2%", "--opt=/a/b:c,d@1.2%"}, {"~", "'~'"}, {"a\nb", "'a\nb'"}, {"!", "'!'"}, {"#", "'#'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		escape_shell(c[i][0], &b);
		assert_string_equal(buf_str(&b), c[i][1]);
	}
}

static void test_utf8_both_ways(void **state)
{
	static const uint32_t codes[] = {0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff};
	static const uint32_t none[] = {0xd800, 0xdfff, 0x110000, UINT32_MAX};
	char text[4];
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		size_t n = utf8_put(codes[i], text);
		const char *p = text;

		assert_int_equal(utf8_next(&p, text + n, &code), 0);
		assert_ptr_equal(p, text + n);
		assert_int_equal(code, codes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(utf8_put(none[i], text), 3);
		assert_memory_equal(text, "\xef\xbf\xbd", 3);
	}
}

static void test_userinfo(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: as it is */
		bool is_cut;
	} rows[] = {
		{"http://user:hush@h/x", "http://***@h/x", false},
		{"ADD HTTPS://u:p@h https://q@h/ /f", "ADD HTTPS://***@h https://*@h/ /f", false},
		{"http://a@b@h:80?x@y", "http://***@h:80?x@y", false},
		{"http://a:b\"c@h", "http://***@h", false},
		{"http://@h/", "http://@h/", false},
		{"http://u:@h", "http://**@h", false},
		{"http://h/a@b", NULL, false},
		{"http://h#a@b", NULL, false},
		{"http://h a@b", NULL, false},
		{"RUN http://$h:$p", NULL, false},
		{"http://[::1]:80", NULL, false},
		{"a@b:c", NULL, false},
		{"://", NULL, false},
		{"", NULL, false},
		{"http://user:hus", "http://***@", true},
		{"http://u:p@h http://user", "http://***@h http://***@", true},
		{"http://u:p@h/http", "http://***@h/http", true},
		{"http://", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		escape_userinfo(text, rows[i].is_cut);
		if (strcmp(text, rows[i].want ? rows[i].want : rows[i].text) != 0)
			fail_msg("%s: %s", rows[i].text, text);
	}
}

TESTS("base/escape", cmocka_unit_test(test_text), cmocka_unit_test(test_plain), cmocka_unit_test(test_safe), cmocka_unit_test(test_into),
      cmocka_unit_test(test_shell), cmocka_unit_test(test_utf8_both_ways), cmocka_unit_test(test_userinfo))
