/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "trust/gpg_status.h"

#define FPR "0123456789ABCDEF0123456789ABCDEF01234567"
#define G "[GNUPG:] "
#define GOOD G "NEWSIG\n" G "GOODSIG 89ABCDEF01234567 somebody\n" G "VALIDSIG " FPR " 2026-01-01 1 0 4 0 22 10 00 " FPR "\n"
#define PLAIN G "PLAINTEXT 62 1 x\n"

static void test_status(void **state)
{
	static const struct {
		const char *text;
		bool ended_well, good;
	} cases[] = {
		{PLAIN GOOD, true, true},
		{PLAIN GOOD, false, false},
		{GOOD, true, false},
		{PLAIN PLAIN GOOD, true, false},
		{PLAIN GOOD GOOD, true, false},
		{PLAIN GOOD G "BADSIG 0 x\n", true, false},
		{PLAIN GOOD G "SOMETHING_NEW 1\n", true, false},
		{PLAIN G "NEWSIG\n" G "EXPKEYSIG 0 x\n" G "VALIDSIG " FPR " 0 0 0 0 0 0 0 00 " FPR "\n", true, false},
		{PLAIN G "ERRSIG 1 22 10 00 1 9\n" G "NO_PUBKEY 1\n", true, false},
		{PLAIN G "GOODSIG 1 x\n" G "VALIDSIG short\n", true, false},
		{"", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char key[TRUST_WORD_SIZE] = "";

		if ((trust_gpg_status(cases[i].text, cases[i].ended_well, key, NULL) == 0) != cases[i].good)
			fail_msg("case %zu", i);
		if (cases[i].good)
			assert_string_equal(key, FPR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_status)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
