/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/ident.h"

#include "base/testing.h"

static const struct {
	const char *text;
	int r;
	unsigned want;
} texts[] = {
	{NULL, 0, 0},
	{"", 0, 0},
	{"uid", 0, IDENT_UID},
	{"session", 0, IDENT_SESSION},
	{"landlock,uid", 0, IDENT_UID | IDENT_LANDLOCK},
	{"uid,session,landlock", 0, IDENT_UID | IDENT_SESSION | IDENT_LANDLOCK},
	{"uid,", -EINVAL, 0},
	{",uid", -EINVAL, 0},
	{"uid,,session", -EINVAL, 0},
	{"uids", -EINVAL, 0},
	{"ui", -EINVAL, 0},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err e = {0};
		unsigned got = 0;

		if (ident_parse(texts[i].text, &got, &e) != texts[i].r || got != texts[i].want)
			fail_msg("%s: %u, %s", texts[i].text, got, e.text);
	}
}

static void test_text(void **state)
{
	char out[IDENT_TEXT_SIZE];
	struct err e = {0};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		unsigned back = 99;

		assert_int_equal(ident_parse(ident_text(i, out), &back, &e), 0);
		assert_int_equal(back, i);
	}
}

static const struct {
	unsigned asked;
	const char *in_force, *want;
} facts[] = {
	{IDENT_UID, "{\"uidMap\":\"0 100000 1\\n1 100001 1023\\n\"}",
	 "{\"asked\":\"uid\",\"uidFrom\":100000,\"uidTo\":101023,\"inForce\":\"uid\"}"},
	{IDENT_SESSION, "{\"session\":8}", "{\"asked\":\"session\",\"session\":8,\"sessionOf\":7,\"inForce\":\"session\"}"},
	{IDENT_SESSION, "{\"session\":7}", "{\"asked\":\"session\",\"inForce\":\"\"}"},
	{IDENT_SESSION, "{}", "{\"asked\":\"session\",\"inForce\":\"\"}"},
	{IDENT_LANDLOCK, "{}", "{\"asked\":\"landlock\",\"inForce\":\"landlock\"}"},
};

/* What is in force is what the kernel shows, not what was asked. */
static void test_facts(void **state)
{
	const struct loginuid starter = {.how = LOGINUID_SET, .auid = 1000, .session = 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		_cleanup_json_ struct json_object *in = NULL, *out = NULL;

		assert_int_equal(json_parse(facts[i].in_force, strlen(facts[i].in_force), "facts", &in, NULL), 0);
		assert_int_equal(ident_json(facts[i].asked, in, &starter, &out), 0);
		assert_string_equal(json_text(out, NULL), facts[i].want);
	}
}

TESTS("engine/ident", cmocka_unit_test(test_parse), cmocka_unit_test(test_text), cmocka_unit_test(test_facts))
