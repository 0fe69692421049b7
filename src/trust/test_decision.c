/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "trust/check.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void assert_text(const struct trust_decision *d, const char *digest, const char *want)
{
	struct json_object *o = NULL;
	char text[TRUST_RECORD_SIZE];

	assert_int_equal(trust_decision_json(d, &o, NULL), 0);
	trust_record_text(o, digest, text);
	assert_string_equal(text, want);
	json_object_put(o);
}

/* The longest of a key: nothing of it is cut. The record's digest is said once. */
static void keys(void **state)
{
	const struct trust_decision d = {.verdict = TRUST_VERIFIED, .key = "sha256:" HEX, .signed_digest = {"sha256:" OTHER}};

	(void)state;
	assert_text(&d, "sha256:" OTHER, "image verified key=sha256:" HEX);
	assert_text(&d, "sha256:" HEX, "image verified key=sha256:" HEX " digest=sha256:" OTHER);
	assert_text(&d, "", "image verified key=sha256:" HEX " digest=sha256:" OTHER);
}

static void without_a_key(void **state)
{
	char text[TRUST_RECORD_SIZE] = "x";

	(void)state;
	assert_text(&(struct trust_decision){.verdict = TRUST_NO_POLICY}, "sha256:" HEX, "image no policy");
	assert_text(&(struct trust_decision){.verdict = TRUST_UNSIGNED}, "", "image accepted without signature");
	trust_record_text(NULL, "", text);
	assert_string_equal(text, "");
}

/* Of a name that somebody chose, the end is what gives way, and is seen to; no byte of it is one of a terminal's. */
static void identities(void **state)
{
	struct trust_decision d = {.verdict = TRUST_VERIFIED, .signed_digest = {"sha256:" OTHER}};
	char text[TRUST_RECORD_SIZE];
	struct json_object *o = NULL;

	(void)state;
	memset(d.key, 'k', sizeof(d.key) - 1);
	assert_int_equal(trust_decision_json(&d, &o, NULL), 0);
	trust_record_text(o, "sha256:" HEX, text);
	assert_int_equal(strlen(text), TRUST_RECORD_SIZE - 1);
	assert_non_null(strstr(text, "kkk… digest=sha256:" OTHER));
	trust_record_text(o, "sha256:" OTHER, text);
	assert_int_equal(strlen(text), TRUST_RECORD_SIZE - 1);
	assert_string_equal(text + strlen(text) - 6, "kkk…");
	json_object_put(o);
	snprintf(d.key, sizeof(d.key), "a@b.example\x1b[2J (i)");
	assert_text(&d, "sha256:" OTHER, "image verified key=a@b.example\\x1b[2J (i)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(without_a_key), cmocka_unit_test(identities)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
