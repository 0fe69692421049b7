/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * clock - times and durations, in and out of text as Go writes them.
 *
 *	char s[CLOCK_TEXT_SIZE];
 *	struct timespec now = clock_now();
 *	clock_rfc3339(&now, CLOCK_UTC, s);	// 2026-01-02T03:04:05.123456789Z
 *	clock_ago(&then, &now, s);		// "About a minute ago"
 *
 * Go's zero time, year 1, stands for "never": CLOCK_NEVER, which
 * prints as 0001-01-01T00:00:00Z. Years 1 to 9999 are known.
 */
#ifndef RANBY_BASE_CLOCK_H
#define RANBY_BASE_CLOCK_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_TEXT_SIZE 112
#define CLOCK_NEVER ((struct timespec){.tv_sec = -62135596800})

enum clock_zone { CLOCK_UTC, CLOCK_LOCAL };

/* CLOCK_REALTIME. */
struct timespec clock_now(void);

/* CLOCK_MONOTONIC, for waiting. */
int64_t clock_monotonic_ms(void);

/* From and to whole nanoseconds since 1970 (years 1678 to 2262; clamped). */
int64_t clock_ns(const struct timespec *t);
struct timespec clock_from_ns(int64_t ns);

bool clock_is_never(const struct timespec *t);

/* -1, 0, 1 as `a` is before, at or after `b`. */
int clock_compare(const struct timespec *a, const struct timespec *b);

/*
 * The formatters write at most CLOCK_TEXT_SIZE bytes with the NUL, and return `out`.
 * RFC 3339 with up to nine digits, trailing zeros left out (Go's RFC3339Nano).
 */
char *clock_rfc3339(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE]);
/* The same with all nine digits: the log format of k8s-file, where columns align. */
char *clock_rfc3339_fixed(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE]);
/* Go's time.String(): "2006-01-02 15:04:05.999999999 -0700 MST", the CreatedAt of ps. */
char *clock_go(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE]);

/* Go's Time.Format(): as `layout` has the moment "Mon Jan 2 15:04:05 MST 2006". Appends. */
void clock_format(const struct timespec *t, enum clock_zone zone, const char *layout, struct buf *out);

/* The calendar's; years below 1 and above 9999 count as these. */
void clock_tm(const struct timespec *t, enum clock_zone zone, struct tm *tm);

/* "January" of 1, "Sunday" of 0; NULL: there is none. */
const char *clock_month_name(int64_t month);
const char *clock_weekday_name(int64_t day);

/* Parses RFC 3339 with any number of digits of the second (nine count). -EINVAL. Result untouched on failure. */
int clock_parse_rfc3339(const char *s, struct timespec *ret) _must_check_;

/*
 * A moment as --since and --until take it: RFC 3339; the same without zone
 * (local), seconds or time of day; seconds since 1970 ("1700000000.5"); or a
 * Go duration, counted back from `now` ("10m").
 */
int clock_parse_moment(const char *s, const struct timespec *now, struct timespec *ret) _must_check_;

/* docker's words (go-units HumanDuration): "Less than a second", "3 seconds", "About a minute", "2 hours", ... Negative counts as 0. */
char *clock_human(int64_t seconds, char out[static CLOCK_TEXT_SIZE]);
/* clock_human() of now - then, and " ago". */
char *clock_ago(const struct timespec *then, const struct timespec *now, char out[static CLOCK_TEXT_SIZE]);

/* Go's Duration.String(): "0s", "1.5ms", "2µs", "1h0m3.25s". */
char *clock_duration(int64_t ns, char out[static CLOCK_TEXT_SIZE]);

#endif
