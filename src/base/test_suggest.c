/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/suggest.h"
#include "base/testing.h"

static const char *word(size_t i, const void *ctx)
{
	static const char *const words[] = {"run", "rm", "rmi", "images", "image", "inspect", "container", "restart", "start"};

	(void)ctx;
	return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

static void test_suggest(void **state)
{
	static const char *const cases[][2] = {
		{"rnu", "run"}, /* two letters swapped are one error */
		{"ru", "run"},		{"imagse", "images"},	{"imges", "images"},  {"inpsect", "inspect"}, {"conatiner", "container"},
		{"ontaner", "container"}, {"strat", "start"},	{"resstart", "restart"}, {"run", "run"},
		{"x", NULL},		{"", NULL},		{"xyzzy", NULL},      {"rxx", NULL},	      {"imxxxx", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *s = suggest(cases[i][0], word, NULL);

		if (!s != !cases[i][1] || (s && strcmp(s, cases[i][1]) != 0))
			fail_msg("%s: %s", cases[i][0], s);
	}
}

TESTS("base/suggest", cmocka_unit_test(test_suggest))
