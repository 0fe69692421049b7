/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/parse.h"
#include "base/testing.h"

#define UNTOUCHED 0xdeadbeefU

static const struct {
	const char *text;
	uint64_t min, max;
	int r;
	uint64_t want;
} u64_cases[] = {
	{"0", 0, 10, 0, 0},
	{"10", 0, 10, 0, 10},
	{"11", 0, 10, -ERANGE, 0},
	{"4", 5, 10, -ERANGE, 0},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0},
	{"", 0, 10, -EINVAL, 0},
	{NULL, 0, 10, -EINVAL, 0},
	{" 1", 0, 10, -EINVAL, 0},
	{"1 ", 0, 10, -EINVAL, 0},
	{"+1", 0, 10, -EINVAL, 0},
	{"-1", 0, 10, -EINVAL, 0},
	{"-0", 0, 10, -EINVAL, 0},
	{"01", 0, 10, -EINVAL, 0},
	{"00", 0, 10, -EINVAL, 0},
	{"0x1", 0, 10, -EINVAL, 0},
	{"1\n", 0, 10, -EINVAL, 0},
	{"1.0", 0, 10, -EINVAL, 0},
	{"1e1", 0, 10, -EINVAL, 0},
	{"\xd9\xa1", 0, 10, -EINVAL, 0}, /* an Arabic one */
};

static void test_u64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(u64_cases); i++) {
		uint64_t v = UNTOUCHED;
		int r = parse_u64(u64_cases[i].text, u64_cases[i].min, u64_cases[i].max, &v);

		if (r != u64_cases[i].r || v != (r == 0 ? u64_cases[i].want : UNTOUCHED))
			fail_msg("%s: %d, %llu", u64_cases[i].text, r, (unsigned long long)v);
	}
}

static const struct {
	const char *text;
	int64_t min, max;
	int r;
	int64_t want;
} i64_cases[] = {
	{"-1", -1, 1, 0, -1},
	{"-0", -1, 1, 0, 0},
	{"1", -1, 1, 0, 1},
	{"-2", -1, 1, -ERANGE, 0},
	{"2", -1, 1, -ERANGE, 0},
	{"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
	{"9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0},
	{"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
	{"-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0},
	{"-", -1, 1, -EINVAL, 0},
	{"--1", -1, 1, -EINVAL, 0},
	{"- 1", -1, 1, -EINVAL, 0},
	{NULL, -1, 1, -EINVAL, 0},
};

static void test_i64(void **state)
{
	uint32_t u32 = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(i64_cases); i++) {
		int64_t v = UNTOUCHED;
		int r = parse_i64(i64_cases[i].text, i64_cases[i].min, i64_cases[i].max, &v);

		if (r != i64_cases[i].r || v != (r == 0 ? i64_cases[i].want : (int64_t)UNTOUCHED))
			fail_msg("%s: %d, %lld", i64_cases[i].text, r, (long long)v);
	}
	assert_int_equal(parse_u32("4294967296", 0, UINT32_MAX, &u32), -ERANGE);
	assert_int_equal(u32, UNTOUCHED);
	assert_int_equal(parse_u32("4294967295", 0, UINT32_MAX, &u32), 0);
	assert_true(u32 == UINT32_MAX);
}

static const struct {
	const char *text;
	int r;
	uint32_t want;
} mode_cases[] = {
	{"0", 0, 0}, {"644", 0, 0644}, {"0644", 0, 0644}, {"7777", 0, 07777}, {"07777", 0, 07777}, {"10000", -ERANGE, 0},
	{"000000000644", -ERANGE, 0}, {"8", -EINVAL, 0}, {"", -EINVAL, 0}, {NULL, -EINVAL, 0}, {"0o644", -EINVAL, 0},
	{"-644", -EINVAL, 0}, {"u=rw", -EINVAL, 0},
};

static void test_mode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mode_cases); i++) {
		uint32_t v = UNTOUCHED;
		int r = parse_mode(mode_cases[i].text, &v);

		if (r != mode_cases[i].r || v != (r == 0 ? mode_cases[i].want : UNTOUCHED))
			fail_msg("%s: %d, %o", mode_cases[i].text, r, v);
	}
}

struct scaled_case {
	const char *text;
	int r;
	uint64_t want;
};

static const struct scaled_case size_cases[] = {
	{"0", 0, 0}, {"10", 0, 10}, {"10b", 0, 10}, {"4k", 0, 4096}, {"4K", 0, 4096}, {"4kb", 0, 4096}, {"4KiB", 0, 4096},
	{"64m", 0, 64 << 20}, {"1g", 0, 1 << 30}, {"2t", 0, 2ULL << 40}, {"1p", 0, 1ULL << 50}, {"1.5g", 0, 3 << 29},
	{"0.5k", 0, 512}, {"1.25m", 0, 1310720}, {"1.9", 0, 1}, {"0.333333333333333333333333333k", 0, 341},
	{"16777215t", 0, 16777215ULL << 40}, {"16777216t", -ERANGE, 0}, {"16383p", 0, 16383ULL << 50},
	{"16384p", -ERANGE, 0}, {"99999999999999999999", -ERANGE, 0}, {"", -EINVAL, 0}, {NULL, -EINVAL, 0},
	{"k", -EINVAL, 0}, {"-1", -EINVAL, 0}, {"1 g", -EINVAL, 0}, {"1.g", -EINVAL, 0}, {"1..5g", -EINVAL, 0},
	{".5g", -EINVAL, 0}, {"1e", -EINVAL, 0}, {"1kk", -EINVAL, 0}, {"01k", -EINVAL, 0}, {"1g\n", -EINVAL, 0},
};

static const struct scaled_case duration_cases[] = {
	{"0", 0, 0}, {"10", 0, 10000000}, {"1s", 0, 1000000}, {"1.5s", 0, 1500000}, {"200ms", 0, 200000}, {"7us", 0, 7},
	{"1h30m", 0, 5400000000ULL}, {"1h0m0.5s", 0, 3600500000ULL}, {"1m1m", 0, 120000000}, {"0.000001s", 0, 1},
	{"0.0000001s", 0, 0}, {"0.25h", 0, 900000000}, {"18446744073709551615us", 0, UINT64_MAX},
	{"18446744073709551615us0.9s", -ERANGE, 0}, {"18446744073709551615us1us", -ERANGE, 0}, {"18446744073709551615h", -ERANGE, 0},
	{"5124095576.9h", -ERANGE, 0}, {"", -EINVAL, 0}, {NULL, -EINVAL, 0}, {"s", -EINVAL, 0}, {"1x", -EINVAL, 0},
	{"1s2", -EINVAL, 0}, {"1.s", -EINVAL, 0}, {"-1s", -EINVAL, 0}, {"1 s", -EINVAL, 0}, {"1d", -EINVAL, 0}, {"1.5", -EINVAL, 0},
};

static void check_scaled(const struct scaled_case *c, int r, uint64_t v)
{
	if (r != c->r || v != (r == 0 ? c->want : UNTOUCHED))
		fail_msg("%s: %d, %llu", c->text, r, (unsigned long long)v);
}

static void test_scaled(void **state)
{
	uint64_t v = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size_cases); i++, v = UNTOUCHED) {
		int r = parse_size(size_cases[i].text, UINT64_MAX, &v);

		check_scaled(&size_cases[i], r, v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(duration_cases); i++, v = UNTOUCHED) {
		int r = parse_duration(duration_cases[i].text, &v);

		check_scaled(&duration_cases[i], r, v);
	}
	assert_int_equal(parse_size("1k", 1023, &v), -ERANGE);
	assert_int_equal(parse_size("0.999k", 1023, &v), 0);
}

static void test_bool(void **state)
{
	static const struct {
		const char *text;
		int r;
		bool want;
	} c[] = {
		{"true", 0, true}, {"1", 0, true}, {"T", 0, true}, {"True", 0, true}, {"false", 0, false}, {"0", 0, false},
		{"f", 0, false}, {"FALSE", 0, false}, {"yes", -EINVAL, true}, {"", -EINVAL, true}, {NULL, -EINVAL, true},
		{"tRUE", -EINVAL, true}, {"1 ", -EINVAL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		bool v = !c[i].want;
		int r = parse_bool(c[i].text, &v);

		if (r != c[i].r || (r == 0 && v != c[i].want) || (r < 0 && v))
			fail_msg("%s: %d, %d", c[i].text, r, v);
	}
}

TESTS("base/parse", cmocka_unit_test(test_u64), cmocka_unit_test(test_i64), cmocka_unit_test(test_mode),
      cmocka_unit_test(test_scaled), cmocka_unit_test(test_bool))
