/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/device_rules.h"

/* What the program answers, by the few instructions that it is made of. */
static int answer(const struct bpf_insn *p, size_t n, unsigned type, unsigned access, unsigned major, unsigned minor)
{
	uint64_t reg[11] = {0};
	const uint32_t ctx[] = {access << 16 | type, major, minor};

	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *in = &p[i];
		uint64_t *dst = &reg[in->dst_reg], other = BPF_SRC(in->code) == BPF_X ? reg[in->src_reg] : (uint64_t)in->imm;

		switch (BPF_CLASS(in->code) | BPF_OP(in->code)) {
		case BPF_JMP | BPF_EXIT: return (int)reg[0];
		case BPF_JMP | BPF_JNE: i += *dst != other ? (size_t)in->off : 0; break;
		case BPF_JMP | BPF_JEQ: i += *dst == other ? (size_t)in->off : 0; break;
		case BPF_ALU64 | BPF_MOV: *dst = other; break;
		case BPF_ALU64 | BPF_AND: *dst &= other; break;
		case BPF_ALU64 | BPF_RSH: *dst >>= other; break;
		default:
			if (BPF_CLASS(in->code) != BPF_LDX)
				fail_msg("instruction %zu: %02x", i, in->code);
			*dst = ctx[in->off / 4];
		}
	}
	fail_msg("no end");
	return -1;
}

static void test_answers(void **state)
{
	static const char text[] = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
				   "{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"},{\"allow\":true,\"type\":\"c\",\"major\":4},{\"allow\":false,\"type\":\"c\",\"major\":4,\"access\":\"w\"}]}";
	static const struct {
		unsigned type, access, major, minor;
		int want;
	} cases[] = {
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ | DEVICE_WRITE, 1, 3, 1}, /* null */
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ, 1, 1, 0},                /* mem */
		{BPF_DEVCG_DEV_CHAR, DEVICE_MAKE, 1, 1, 1},
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ | DEVICE_WRITE, 10, 229, 1},
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ, 10, 200, 0},
		{BPF_DEVCG_DEV_BLOCK, DEVICE_READ, 8, 1, 1},
		{BPF_DEVCG_DEV_BLOCK, DEVICE_READ | DEVICE_WRITE, 8, 1, 0},
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ, 8, 1, 0},
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ, 4, 1, 1},
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ | DEVICE_WRITE, 4, 1, 0}, /* a part is forbidden */
		{BPF_DEVCG_DEV_CHAR, DEVICE_READ | DEVICE_WRITE, 136, 77, 1},
	};
	_cleanup_json_ struct json_object *o = NULL;
	struct bpf_insn insns[DEVICE_INSNS_MAX];
	struct device_rule rules[DEVICE_RULES_MAX];
	struct err e = {0};
	size_t n;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), "x", &o, &e), 0);
	assert_int_equal(device_rules_read(o, rules, &n, &e), 0);
	n = device_filter_make(rules, n, insns);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (answer(insns, n, cases[i].type, cases[i].access, cases[i].major, cases[i].minor) != cases[i].want)
			fail_msg("case %zu", i);
}

static void test_refused(void **state)
{
	static const char *const cases[][2] = {
		{"{\"devices\":[{}]}", "devices[0]: allow"}, {"{\"devices\":[{\"allow\":true,\"type\":\"x\"}]}", "type"},
		{"{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}", "access"}, {"{\"devices\":[{\"allow\":true,\"major\":-2}]}", "major"},
		{"{\"devices\":{}}", "devices"}, {"{\"devices\":[1]}", "devices[0]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		struct device_rule rules[DEVICE_RULES_MAX];
		struct err e = {0};
		size_t n;

		assert_int_equal(json_parse(cases[i][0], strlen(cases[i][0]), "x", &o, &e), 0);
		assert_true(device_rules_read(o, rules, &n, &e) < 0);
		if (!strstr(e.text, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], e.text);
	}
}

TESTS("oci/device_rules", cmocka_unit_test(test_answers), cmocka_unit_test(test_refused))
