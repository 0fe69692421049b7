/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/receipt.h"
#include "audit/verb.h"
#include "base/testing.h"

#include <errno.h>
#include <string.h>

static void receipt_text_and_back(void **state)
{
	static const struct {
		struct audit_receipt r;
		const char *text;
	} cases[] = {
		{{.sec = 1700000000, .milli = 123, .serial = 4567}, "1700000000.123:4567"},
		{{.sec = 1700000000, .milli = 3, .serial = 1}, "1700000000.003:1"},
		{{.sec = 0, .milli = 0, .serial = UINT64_MAX}, "0.000:18446744073709551615"},
		{{.serial = 0}, "self"},
	};
	char text[AUDIT_RECEIPT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct audit_receipt r = {.uuid = "kept"};

		assert_string_equal(audit_receipt_text(&cases[i].r, text), cases[i].text);
		assert_int_equal(audit_receipt_parse(text, &r), 0);
		assert_int_equal(r.sec, cases[i].r.sec);
		assert_int_equal(r.milli, cases[i].r.milli);
		assert_int_equal(r.serial, cases[i].r.serial);
		assert_int_equal(audit_receipt_is(&r), cases[i].r.serial != 0);
		assert_string_equal(r.uuid, "kept");
	}
}

static void receipt_refuses(void **state)
{
	static const char *const bad[] = {
		"", "1", "1.2", "1700000000.123:", "1700000000.12:4567", "1700000000.1234:4567", "01.123:4567", "1.123:0",
		" 1.123:4", "1.123:4 ", "1.123:+4", "-1.123:4", "1.123:04", "SELF", "self ", "1.123:99999999999999999999",
		"18446744073709551616.000:1", "1700000000.123:45671700000000.123:4567170000000",
	};
	struct audit_receipt r = {.serial = 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(audit_receipt_parse(bad[i], &r), -EINVAL);
	assert_int_equal(r.serial, 7);
}

/* Not by memory: there is padding in it. */
static bool is_same(const struct audit_run *a, const struct audit_run *b)
{
	return a->boot == b->boot && a->pid == b->pid && a->start_ticks == b->start_ticks;
}

static void uuid_has_all_bits(void **state)
{
	static const struct audit_run runs[] = {
		{0, 0, 0},
		{(UINT64_C(1) << 42) - 1, UINT32_MAX, AUDIT_UUID_TICKS_MAX},
		{0x123456789ab, 148664, 99887766},
		{1, 1, 1},
	};
	struct audit_run back;
	char text[AUDIT_UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		audit_uuid_text(&runs[i], text);
		assert_int_equal(strlen(text), 36);
		assert_int_equal(text[14], '8');
		assert_non_null(strchr("89ab", text[19]));
		assert_int_equal(audit_uuid_parse(text, &back), 0);
		assert_true(is_same(&back, &runs[i]));
	}
	/* each bit of the three numbers has a place of its own */
	for (unsigned bit = 0; bit < 42 + 32 + 48; bit++) {
		struct audit_run one = {0};

		if (bit < 42)
			one.boot = UINT64_C(1) << bit;
		else if (bit < 74)
			one.pid = 1U << (bit - 42);
		else
			one.start_ticks = UINT64_C(1) << (bit - 74);
		audit_uuid_text(&one, text);
		assert_int_equal(audit_uuid_parse(text, &back), 0);
		assert_true(is_same(&back, &one));
	}
	audit_uuid_text(&runs[2], text);
	assert_string_equal(text + 24, "000005f42a96"); /* the ticks can be read with the eye */
}

static void uuid_refuses(void **state)
{
	static const char *const bad[] = {
		"", "00000000-0000-8000-8000-00000000000", "00000000-0000-8000-8000-0000000000000",
		"00000000-0000-4000-8000-000000000000", "00000000-0000-8000-c000-000000000000",
		"00000000-0000-8000-0000-000000000000", "0000000000000-8000-8000-000000000000",
		"0000000A-0000-8000-8000-000000000000", "00000000-0000-8000-8000-00000000000g",
	};
	struct audit_run run;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(audit_uuid_parse(bad[i], &run), -EINVAL);
}

static void boot_bits(void **state)
{
	uint64_t bits;

	(void)state;
	assert_int_equal(audit_boot_bits("ffffffff-ffff-4fff-bfff-ffffffffffff", &bits), 0);
	assert_int_equal(bits, (UINT64_C(1) << 42) - 1);
	assert_int_equal(audit_boot_bits("00000000-0040-4000-8000-000000000000", &bits), 0);
	assert_int_equal(bits, 1);
	assert_int_equal(audit_boot_bits("no boot id", &bits), -EINVAL);
}

static void verbs_are_whole(void **state)
{
	(void)state;
	for (unsigned v = 0; v < AUDIT_VERB_N; v++) {
		const struct audit_verb_row *row = audit_verb_row(v);

		assert_non_null(row);
		assert_true(row->type >= AUDIT_TYPE_VIRT_CONTROL && row->type <= AUDIT_TYPE_VIRT_DESTROY);
		assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->name));
		assert_int_equal(strspn(row->op, "abcdefghijklmnopqrstuvwxyz-_"), strlen(row->op)); /* health_status, as docker's event */
		assert_true(strlen(row->reason) > 0);
		assert_int_equal(audit_verb_find(row->name), v);
		assert_non_null(audit_trust_word(row->trust));
		assert_int_not_equal(row->trust, AUDIT_TRUST_ROOT); /* the witness writes by the row, for anybody */
	}
	assert_null(audit_verb_row(AUDIT_VERB_N));
	assert_null(audit_verb_row(UINT32_MAX));
	assert_int_equal(audit_verb_find("nothing"), AUDIT_VERB_N);
	assert_string_equal(audit_trust_word(audit_verb_row(AUDIT_VERB_START)->trust), "live");
	assert_string_equal(audit_trust_word(audit_verb_row(AUDIT_VERB_EXIT)->trust), "zombie");
	assert_string_equal(audit_trust_word(AUDIT_TRUST_ROOT), "root");
	assert_string_equal(audit_verb_row(AUDIT_VERB_EXIT)->op, "stop");
}

static void ops_are_about(void **state)
{
	static const struct {
		const char *op, *about;
	} ops[] = {{"gap", "ledger"},  {"trail-stop", "ledger"},     {"pull", "image"},      {"verify", "image"},
		   {"start", "container"}, {"volume-create", "volume"}, {"nothing", "container"},
		   {"pod-rm", "pod"},	    {"network-create", "network"}, {"secret-rm", "secret"}, {"podium", "container"}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		assert_string_equal(audit_op_about(ops[i].op), ops[i].about);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receipt_text_and_back), cmocka_unit_test(receipt_refuses),
		cmocka_unit_test(uuid_has_all_bits),     cmocka_unit_test(uuid_refuses),
		cmocka_unit_test(boot_bits),             cmocka_unit_test(verbs_are_whole),
		cmocka_unit_test(ops_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
