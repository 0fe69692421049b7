/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/detach_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text, *keys; /* NULL: refused */
	} cases[] = {
		{"ctrl-p,ctrl-q", "\x10\x11"}, {"ctrl-P,ctrl-Q", "\x10\x11"}, {"a", "a"}, {"a,b,c", "abc"}, {"", ""},
		{"ctrl-[", "\x1b"}, {"ctrl-\\", "\x1c"}, {"ctrl-_", "\x1f"}, {"ctrl-^,x", "\x1ex"}, {"DEL", "\x7f"},
		{"ctrl-", NULL}, {"ctrl-1", NULL}, {"ctrl-pp", NULL}, {"a,,b", NULL}, {"a,", NULL}, {",a", NULL}, {"ab", NULL},
		{" ", NULL}, {"\xc3\xa9", NULL}, {"Ctrl-p", NULL},
		{"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p", "abcdefghijklmnop"}, {"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct detach_keys k = {.n = 99};
		struct err e = {0};
		int r = detach_keys_parse(cases[i].text, &k, &e);

		if ((r == 0) != (cases[i].keys != NULL))
			fail_msg("\"%s\": %d", cases[i].text, r);
		if (r < 0)
			assert_true(e.text[0] && k.n == 99);
		else
			assert_true(k.n == strlen(cases[i].keys) && memcmp(k.keys, cases[i].keys, k.n) == 0);
	}
}

static void test_filter(void **state)
{
	static const struct {
		const char *keys, *in, *out;
		int found;
	} cases[] = {
		{"ctrl-p,ctrl-q", "hello", "hello", 0},
		{"ctrl-p,ctrl-q", "a\x10\x11z", "a", 1},
		{"ctrl-p,ctrl-q", "\x10\x10\x11", "\x10", 1},
		{"ctrl-p,ctrl-q", "\x10x\x11", "\x10x\x11", 0},
		{"ctrl-p,ctrl-q", "x\x10", "x", 0}, /* held back */
		{"a,a,b", "aaab", "a", 1},
		{"a,a,b", "aacaab", "aac", 1},
		{"a,b,a,c", "abab", "ab", 0},
		{"a,b,a,c", "ababac", "ab", 1},
		{"a,b,a,c", "ababab", "abab", 0},
		{"x", "abx", "ab", 1},
		{"", "a\x10\x11", "a\x10\x11", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		/* all at once, and byte by byte */
		for (size_t step = strlen(cases[i].in); step > 0; step = step > 1 ? 1 : 0) {
			unsigned char out[64];
			size_t matched = 0, n = 0, len = strlen(cases[i].in);
			struct detach_keys k;
			int found = 0;

			assert_int_equal(detach_keys_parse(cases[i].keys, &k, NULL), 0);
			for (size_t at = 0; at < len && !found; at += step) {
				size_t got;

				found = detach_keys_filter(&k, &matched, (const unsigned char *)cases[i].in + at, step, out + n, &got);
				n += got;
			}
			assert_int_equal(found, cases[i].found);
			if (n != strlen(cases[i].out) || memcmp(out, cases[i].out, n) != 0)
				fail_msg("%s on \"%s\": \"%.*s\"", cases[i].keys, cases[i].in, (int)n, (char *)out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_filter)};

	return cmocka_run_group_tests_name("monitor/detach_keys", tests, NULL, NULL);
}
