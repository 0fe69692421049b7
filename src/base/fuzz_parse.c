/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Numbers, sizes, durations and times: what is taken is in range, what is not is left untouched, and times print as they were read. */
#include "base/clock.h"
#include "base/parse.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void check_numbers(const char *s)
{
	uint64_t u = 7;
	int64_t i = 7;
	char back[32];
	uint32_t mode = 0;
	bool yes;

	if (parse_u64(s, 3, 1000000, &u) == 0) {
		check(u >= 3 && u <= 1000000);
		snprintf(back, sizeof(back), "%llu", (unsigned long long)u);
		check(strcmp(back, s) == 0);
	} else {
		check(u == 7);
	}
	if (parse_i64(s, INT64_MIN, INT64_MAX, &i) == 0) {
		snprintf(back, sizeof(back), "%lld", (long long)i);
		check(strcmp(back, s) == 0 || strcmp(s, "-0") == 0);
	}
	check(parse_mode(s, &mode) < 0 || mode <= 07777);
	(void)!parse_bool(s, &yes);
	u = 7;
	check(parse_size(s, 1 << 20, &u) == 0 ? u <= 1 << 20 : u == 7);
	u = 7;
	check(parse_duration(s, &u) == 0 || u == 7);
}

static void check_times(const char *s)
{
	const struct timespec now = {.tv_sec = 1700000000};
	struct timespec t, again;
	char text[CLOCK_TEXT_SIZE];

	if (clock_parse_rfc3339(s, &t) == 0) {
		check(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
		clock_rfc3339(&t, CLOCK_UTC, text);
		/* an offset may lead out of the years 1 to 9999, which print as their ends */
		if (t.tv_sec >= CLOCK_NEVER.tv_sec && t.tv_sec <= 253402300799)
			check(clock_parse_rfc3339(text, &again) == 0 && clock_compare(&t, &again) == 0);
	}
	if (clock_parse_moment(s, &now, &t) == 0) {
		clock_go(&t, CLOCK_LOCAL, text);
		clock_ago(&t, &now, text);
		clock_duration(clock_ns(&t), text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *s = strndup((const char *)data, size);

	check_numbers(s);
	check_times(s);
	return 0;
}
