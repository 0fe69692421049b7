/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/clock.h"
#include "base/testing.h"

static const struct {
	const char *text;
	int64_t sec;
	long nsec;
	const char *again; /* printed in UTC; NULL: the same */
} good[] = {
	{"1970-01-01T00:00:00Z", 0, 0, NULL},
	{"2006-01-02T15:04:05.999999999Z", 1136214245, 999999999, NULL},
	{"2006-01-02T15:04:05.5Z", 1136214245, 500000000, NULL},
	{"2006-01-02T15:04:05.000000001Z", 1136214245, 1, NULL},
	{"2006-01-02T15:04:05.1234567899999Z", 1136214245, 123456789, "2006-01-02T15:04:05.123456789Z"},
	{"2006-01-02t15:04:05.500z", 1136214245, 500000000, "2006-01-02T15:04:05.5Z"},
	{"2006-01-02T15:04:05+02:00", 1136207045, 0, "2006-01-02T13:04:05Z"},
	{"2006-01-02T15:04:05-07:30", 1136241245, 0, "2006-01-02T22:34:05Z"},
	{"0001-01-01T00:00:00Z", -62135596800, 0, NULL},
	{"9999-12-31T23:59:59Z", 253402300799, 0, NULL},
	{"2024-02-29T00:00:00Z", 1709164800, 0, NULL},
	{"2016-12-31T23:59:60Z", 1483228800, 0, "2017-01-01T00:00:00Z"},
	{"1969-12-31T23:59:59.5Z", -1, 500000000, NULL},
};

static const char *const bad[] = {
	"", "2006", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z", "2006-1-2T15:04:05Z", "2006-13-01T00:00:00Z",
	"2006-00-01T00:00:00Z", "2006-02-29T00:00:00Z", "2006-04-31T00:00:00Z", "2006-01-02T24:00:00Z", "2006-01-02T15:60:00Z",
	"2006-01-02T15:04:61Z", "2006-01-02T15:04:05.Z", "2006-01-02T15:04:05+2:00", "2006-01-02T15:04:05+0200",
	"2006-01-02T15:04:05+24:00", "2006-01-02T15:04:05ZZ", " 2006-01-02T15:04:05Z", "2006-01-02T15:04:05Z ",
	"+006-01-02T15:04:05Z", "0000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
};

static void test_rfc3339(void **state)
{
	char s[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct timespec t = {0};

		if (clock_parse_rfc3339(good[i].text, &t) != 0 || t.tv_sec != good[i].sec || t.tv_nsec != good[i].nsec)
			fail_msg("%s: %lld.%09ld", good[i].text, (long long)t.tv_sec, t.tv_nsec);
		assert_string_equal(clock_rfc3339(&t, CLOCK_UTC, s), good[i].again ? good[i].again : good[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct timespec t = {.tv_sec = 7};

		if (clock_parse_rfc3339(bad[i], &t) != -EINVAL || t.tv_sec != 7)
			fail_msg("%s was taken", bad[i]);
	}
}

static void test_local(void **state)
{
	const struct timespec t = {.tv_sec = 1136214245, .tv_nsec = 120000000}, never = CLOCK_NEVER,
			      far = {.tv_sec = INT64_MAX};
	char s[CLOCK_TEXT_SIZE];

	(void)state;
	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	assert_string_equal(clock_rfc3339(&t, CLOCK_LOCAL, s), "2006-01-02T20:34:05.12+05:30");
	assert_string_equal(clock_rfc3339_fixed(&t, CLOCK_LOCAL, s), "2006-01-02T20:34:05.120000000+05:30");
	assert_string_equal(clock_go(&t, CLOCK_LOCAL, s), "2006-01-02 20:34:05.12 +0530 XYZ");
	setenv("TZ", "ABC8", 1);
	tzset();
	assert_string_equal(clock_go(&t, CLOCK_LOCAL, s), "2006-01-02 07:04:05.12 -0800 ABC");
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(clock_go(&t, CLOCK_UTC, s), "2006-01-02 15:04:05.12 +0000 UTC");
	assert_string_equal(clock_rfc3339(&never, CLOCK_UTC, s), "0001-01-01T00:00:00Z");
	assert_true(clock_is_never(&never) && !clock_is_never(&t));
	assert_string_equal(clock_rfc3339(&far, CLOCK_UTC, s), "9999-12-31T23:59:59Z");
}

static void test_arithmetic(void **state)
{
	const struct timespec a = {.tv_sec = 1, .tv_nsec = 5}, b = {.tv_sec = 1, .tv_nsec = 6}, c = {.tv_sec = 2}, never = CLOCK_NEVER;
	struct timespec t;

	(void)state;
	assert_true(clock_compare(&a, &b) < 0 && clock_compare(&b, &a) > 0 && clock_compare(&a, &a) == 0);
	assert_true(clock_compare(&b, &c) < 0 && clock_compare(&never, &a) < 0);
	assert_true(clock_ns(&a) == 1000000005);
	assert_true(clock_ns(&never) == INT64_MIN);
	t = clock_from_ns(-1);
	assert_true(t.tv_sec == -1 && t.tv_nsec == 999999999);
	assert_true(clock_ns(&t) == -1);
	t = clock_now();
	assert_true(t.tv_sec > 1700000000);
}

static void test_moment(void **state)
{
	static const struct {
		const char *text;
		int64_t sec;
		long nsec;
	} c[] = {
		{"1700000000", 1700000000, 0}, {"1700000000.25", 1700000000, 250000000}, {"0", 0, 0}, {"10m", 1699999400, 0},
		{"1h0.5s", 1699996399, 500000000}, {"2006-01-02T15:04:05Z", 1136214245, 0}, {"2006-01-02T15:04:05", 1136214245, 0},
		{"2006-01-02T15:04", 1136214240, 0}, {"2006-01-02 15:04:05.5", 1136214245, 500000000}, {"2006-01-02", 1136160000, 0},
	};
	static const char *const no[] = {"", "yesterday", "-10m", "2006-01-02T", "2006-01-02T15", "1700000000.", "10x",
					 "99999999999999999999", "2006-02-30"};
	const struct timespec now = {.tv_sec = 1700000000};

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct timespec t = {0};

		if (clock_parse_moment(c[i].text, &now, &t) != 0 || t.tv_sec != c[i].sec || t.tv_nsec != c[i].nsec)
			fail_msg("%s: %lld.%09ld", c[i].text, (long long)t.tv_sec, t.tv_nsec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		struct timespec t;

		if (clock_parse_moment(no[i], &now, &t) != -EINVAL)
			fail_msg("%s was taken", no[i]);
	}
}

/* go-units' own tests (duration_test.go), and the edges. */
static void test_human(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} c[] = {
		{-5, "Less than a second"}, {0, "Less than a second"}, {1, "1 second"}, {2, "2 seconds"}, {45, "45 seconds"},
		{59, "59 seconds"}, {60, "About a minute"}, {119, "About a minute"}, {120, "2 minutes"}, {3599, "59 minutes"},
		{3600, "About an hour"}, {5399, "About an hour"}, {5400, "2 hours"}, {3 * 3600, "3 hours"}, {24 * 3600, "24 hours"},
		{47 * 3600, "47 hours"}, {48 * 3600, "2 days"}, {13 * 86400, "13 days"}, {14 * 86400, "2 weeks"},
		{59 * 86400, "8 weeks"}, {60 * 86400, "2 months"}, {729 * 86400LL, "24 months"}, {730 * 86400LL, "2 years"},
		{INT64_MAX, "292471208677 years"},
	};
	const struct timespec now = {.tv_sec = 100, .tv_nsec = 0}, then = {.tv_sec = 98, .tv_nsec = 1};
	char s[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		assert_string_equal(clock_human(c[i].seconds, s), c[i].want);
	assert_string_equal(clock_ago(&then, &now, s), "1 second ago");
	assert_string_equal(clock_ago(&now, &then, s), "Less than a second ago");
}

static void test_duration(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} c[] = {
		{0, "0s"}, {1, "1ns"}, {1100, "1.1\302\265s"}, {2200000, "2.2ms"}, {3300000000, "3.3s"}, {245000000000, "4m5s"},
		{245001000000, "4m5.001s"}, {18367001000000, "5h6m7.001s"}, {480000000001, "8m0.000000001s"},
		{INT64_MAX, "2562047h47m16.854775807s"}, {INT64_MIN, "-2562047h47m16.854775808s"}, {-1500000, "-1.5ms"},
		{1000000000, "1s"}, {3600000000000, "1h0m0s"},
	};
	char s[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		assert_string_equal(clock_duration(c[i].ns, s), c[i].want);
}

/* What Go writes (package time), with its own examples. */
static void test_format(void **state)
{
	static const struct {
		const char *layout, *utc, *local;
	} c[] = {
		{"2006-01-02", "2001-09-09", "2001-09-09"},
		{"Mon Jan _2 15:04:05 2006", "Sun Sep  9 01:46:40 2001", "Sun Sep  9 03:16:40 2001"},
		{"Monday, January 2 06 3:4:5pm 1 __2 002", "Sunday, September 9 01 1:46:40am 9 252 252", NULL},
		{"03:04PM -0700 -07:00 -07 MST", "01:46AM +0000 +00:00 +00 UTC", "03:16AM +0130 +01:30 +01 XYZ"},
		{"Z0700 Z07:00 Z07 Z07:00:00 -070000", "Z Z Z Z +000000", "+0130 +01:30 +01 +01:30:00 +013000"},
		{"15:04:05.000 .000000000000 .9 .99999", "01:46:40.120 .120000000 .1 .12", NULL},
		{"05.9999 05,000 5.01 .0x", "40.12 40,120 40.09 .1x", NULL},
		{"Month Mont Monx Januar Ma _2006 _x Zx -x 100%", "Month Mont Monx Januar Ma _2001 _x Zx -x 900%", NULL},
		{"", "", ""},
		{"\303\251 2", "\303\251 9", NULL},
	};
	const struct timespec t = {.tv_sec = 1000000000, .tv_nsec = 120000000}, never = CLOCK_NEVER;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	setenv("TZ", "XYZ-1:30", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		buf_reset(&b);
		clock_format(&t, CLOCK_UTC, c[i].layout, &b);
		assert_string_equal(buf_str(&b), c[i].utc);
		buf_reset(&b);
		clock_format(&t, CLOCK_LOCAL, c[i].layout, &b);
		if (c[i].local)
			assert_string_equal(buf_str(&b), c[i].local);
	}
	unsetenv("TZ");
	tzset();
	buf_reset(&b);
	clock_format(&never, CLOCK_UTC, "2006-01-02T15:04:05Z07:00 Mon .999", &b);
	assert_string_equal(buf_str(&b), "0001-01-01T00:00:00Z Mon ");
	assert_null(clock_month_name(0));
	assert_null(clock_month_name(13));
	assert_null(clock_weekday_name(-1));
	assert_null(clock_weekday_name(7));
	assert_string_equal(clock_weekday_name(6), "Saturday");
}

TESTS("base/clock", cmocka_unit_test(test_rfc3339), cmocka_unit_test(test_local), cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_moment), cmocka_unit_test(test_human), cmocka_unit_test(test_duration),
      cmocka_unit_test(test_format))
