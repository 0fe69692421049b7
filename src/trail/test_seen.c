/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "trail/seen.h"

#include "base/testing.h"

static void test_each_once(void **state)
{
	_cleanup_free_ struct seen *s = calloc(1, sizeof(*s));
	static const uint64_t order[] = {5, 4, 6, 100, 99, 70, 64, 63, 65, 128, 127};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (seen_has(s, order[i]))
			fail_msg("%llu is there already", (unsigned long long)order[i]);
		assert_false(seen_add(s, order[i]));
		assert_true(seen_has(s, order[i]));
		assert_true(seen_add(s, order[i]));
	}
	assert_false(seen_has(s, 7));
	assert_false(seen_has(s, 1000));
}

/* A place in the ring belongs to another serial when the window has moved on: what was there must be gone, and no more. */
static void test_window(void **state)
{
	_cleanup_free_ struct seen *s = calloc(1, sizeof(*s));
	const uint64_t base = 10 * SEEN_WINDOW + 17;

	(void)state;
	assert_false(seen_add(s, base));
	assert_false(seen_add(s, base + SEEN_WINDOW - 1));
	assert_true(seen_has(s, base));
	assert_false(seen_add(s, base + SEEN_WINDOW));
	/* the same place, another serial; and the old one is too old to be known */
	assert_true(seen_add(s, base));
	assert_false(seen_has(s, base + 1));
	assert_false(seen_add(s, base + 1));
	assert_true(seen_has(s, base + SEEN_WINDOW - 1));
	/* a jump past the whole window forgets all of it */
	assert_false(seen_add(s, base + 5 * SEEN_WINDOW));
	assert_false(seen_has(s, base + 5 * SEEN_WINDOW - 1));
	assert_true(seen_has(s, base + SEEN_WINDOW));
	assert_true(seen_add(s, 1));
}

/* Against a plain array, with serials that come as auditd and its log bring them. */
static void test_against_a_list(void **state)
{
	enum { N = 300000 };
	_cleanup_free_ struct seen *s = calloc(1, sizeof(*s));
	_cleanup_free_ bool *met = calloc(N + 64, sizeof(*met));
	uint64_t x = 88172645463325252ULL;

	(void)state;
	for (uint64_t i = 1; i < N; i++) {
		uint64_t serial;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		serial = i + x % 64;
		assert_int_equal(seen_has(s, serial), met[serial]);
		assert_int_equal(seen_add(s, serial), met[serial]);
		met[serial] = true;
	}
}

TESTS("trail/seen", cmocka_unit_test(test_each_once), cmocka_unit_test(test_window), cmocka_unit_test(test_against_a_list))
