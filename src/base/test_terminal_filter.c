/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/terminal_filter.h"

#include "base/testing.h"

static const struct {
	const char *in, *want;
} cases[] = {
	{"plain text\r\n\ttab\b", "plain text\r\n\ttab\b"},
	{"gr\xc3\xbc\xc3\x9f \xc2\xa9 \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f \xc2\xa9 \xe2\x82\xac"},
	{"\x1b[1;31mred\x1b[0m\x1b[2J\x1b[10;20H\x1b[?1049h\x1b[?25l", "\x1b[1;31mred\x1b[0m\x1b[2J\x1b[10;20H\x1b[?1049h\x1b[?25l"},
	{"\x1b(B\x1b)0\x1b=\x1b>\x1b" "7\x1b" "8\x1bM\x1b" "c", "\x1b(B\x1b)0\x1b=\x1b>\x1b" "7\x1b" "8\x1bM\x1b" "c"},
	{"\x1b[!p", "\x1b[!p"}, /* a soft reset */
	{"\x1b[2 q", "\x1b[2 q"}, /* the cursor's shape */
	/* what sets more than the picture */
	{"a\x1b]0;title\x07" "b", "ab"},
	{"a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"},
	{"a\x1bPq#0\x1b\\b", "ab"},
	{"a\x1b_G..\x1b\\b\x1b^p\x1b\\c\x1bXs\x1b\\d", "abcd"},
	{"a\xc2\x9d" "0;title\x07" "b", "a0;title\x07" "b"}, /* OSC in one character: its text is text */
	{"\x1b]0;t\x18" "b", "b"},
	/* what makes a terminal answer */
	{"a\x1b[cb\x1b[>cc\x1b[0cd", "abcd"},
	{"a\x1b[6nb\x1b[?6nc", "abc"},
	{"a\x1b[21tb\x1b[8;1;1t", "ab"},
	{"a\x05" "b\x1bZc", "abc"},
	{"a\x1b[?2004$pb\x1b[>qc\x1b[?uc", "abcc"},
	{"a\xc2\x9b" "6nb", "a6nb"},
	/* cut and broken ones */
	{"a\x1b]0;x\x1b[6nb", "ab"},     /* a string that is cut off by a sequence */
	{"a\x1b[1\n;31mb", "a;31mb"},
	{"a\x1b\x1b[31mb", "a\x1b[31mb"},
	{"a\x1b[", "a"},
	{"\x1b\\a", "a"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf whole = BUF_INIT, pieces = BUF_INIT;
		struct terminal_filter a = {0}, b = {0};

		terminal_filter(&a, cases[i].in, strlen(cases[i].in), &whole);
		for (const char *p = cases[i].in; *p; p++)
			terminal_filter(&b, p, 1, &pieces);
		if (strcmp(buf_str(&whole), cases[i].want) != 0 || strcmp(buf_str(&pieces), cases[i].want) != 0)
			fail_msg("case %zu: %s", i, buf_str(&whole));
	}
}

/* A sequence without an end takes no more memory, and does not come out. */
static void test_endless(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct terminal_filter f = {0};

	(void)state;
	terminal_filter(&f, "\x1b[", 2, &out);
	for (int i = 0; i < 100000; i++)
		terminal_filter(&f, "1;", 2, &out);
	terminal_filter(&f, "mx", 2, &out);
	assert_string_equal(buf_str(&out), "x");
}

TESTS("base/terminal_filter", cmocka_unit_test(test_cases), cmocka_unit_test(test_endless))
