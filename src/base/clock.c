/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Seconds since 1970 and nanoseconds in [0, 1e9), as clock_gettime(2) gives
 * them, for all years from 1 on: Go's zero time must go through unharmed, and
 * it does not fit nanoseconds in 64 bits. Calendar work is glibc's (gmtime_r,
 * timegm); text is read digit by digit, because strptime(3) takes blanks and
 * signs and follows the locale.
 */
#include "base/clock.h"

#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NS 1000000000L

struct timespec clock_now(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

int64_t clock_monotonic_ms(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ns(const struct timespec *t)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)t->tv_sec, NS, &ns) || __builtin_add_overflow(ns, t->tv_nsec, &ns))
		return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

struct timespec clock_from_ns(int64_t ns)
{
	struct timespec t = {.tv_sec = ns / NS, .tv_nsec = ns % NS};

	if (t.tv_nsec < 0) {
		t.tv_nsec += NS;
		t.tv_sec--;
	}
	return t;
}

bool clock_is_never(const struct timespec *t)
{
	return t->tv_sec == CLOCK_NEVER.tv_sec && t->tv_nsec == 0;
}

int clock_compare(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/* ".5", ".123456789" or "" in `out`, of `digits` digits, less the zeros at the end when `trim`. */
static void fraction_text(uint64_t value, int digits, bool trim, char out[static 12])
{
	int n = snprintf(out, 12, ".%0*llu", digits, (unsigned long long)(value % NS));

	while (trim && n > 0 && out[n - 1] == '0')
		n--;
	if (n == 1)
		n = 0;
	out[n] = '\0';
}

void clock_tm(const struct timespec *t, enum clock_zone zone, struct tm *tm)
{
	const time_t first = CLOCK_NEVER.tv_sec, last = 253402300799; /* years 1 to 9999 */
	time_t sec = t->tv_sec < first ? first : t->tv_sec > last ? last : t->tv_sec;

	memset(tm, 0, sizeof(*tm));
	if (zone == CLOCK_UTC || !localtime_r(&sec, tm))
		(void)gmtime_r(&sec, tm);
}

static char *rfc3339(const struct timespec *t, enum clock_zone zone, bool trim, char out[static CLOCK_TEXT_SIZE])
{
	char frac[12], offset[16] = "Z";
	struct tm tm;

	clock_tm(t, zone, &tm);
	fraction_text((uint64_t)t->tv_nsec, 9, trim, frac);
	if (tm.tm_gmtoff / 60 != 0) {
		unsigned minutes = (unsigned)(labs(tm.tm_gmtoff) / 60);

		snprintf(offset, sizeof(offset), "%c%02u:%02u", tm.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
	} else if (!trim && zone == CLOCK_LOCAL) {
		snprintf(offset, sizeof(offset), "+00:00");
	}
	snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, frac, offset);
	return out;
}

char *clock_rfc3339(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE])
{
	return rfc3339(t, zone, true, out);
}

char *clock_rfc3339_fixed(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE])
{
	return rfc3339(t, zone, false, out);
}

char *clock_go(const struct timespec *t, enum clock_zone zone, char out[static CLOCK_TEXT_SIZE])
{
	unsigned minutes;
	char frac[12];
	struct tm tm;

	clock_tm(t, zone, &tm);
	fraction_text((uint64_t)t->tv_nsec, 9, true, frac);
	minutes = (unsigned)(labs(tm.tm_gmtoff) / 60);
	snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02d %02d:%02d:%02d%s %c%02u%02u %.8s", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, frac, tm.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
		 minutes % 60, zone == CLOCK_UTC || !tm.tm_zone ? "UTC" : tm.tm_zone);
	return out;
}

/* Exactly `n` digits at *s, within [min, max]; moves past them. */
static bool number(const char **s, int n, int min, int max, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*ret = v;
	return v >= min && v <= max;
}

static bool literal(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool date(const char **s, struct tm *tm)
{
	if (!number(s, 4, 1, 9999, &tm->tm_year) || !literal(s, '-') || !number(s, 2, 1, 12, &tm->tm_mon) ||
	    !literal(s, '-') || !number(s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

/* ".123" when there is one; any number of digits, of which nine count. */
static bool fraction(const char **s, long *ns)
{
	long unit = NS / 10;

	*ns = 0;
	if (!literal(s, '.'))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*ns += unit * (**s - '0');
	return true;
}

static bool zone_offset(const char **s, long *seconds)
{
	bool west = **s == '-';
	int hours, minutes;

	*seconds = 0;
	if (literal(s, 'Z') || literal(s, 'z'))
		return true;
	if (!literal(s, west ? '-' : '+') || !number(s, 2, 0, 23, &hours) || !literal(s, ':') ||
	    !number(s, 2, 0, 59, &minutes))
		return false;
	*seconds = (west ? -1 : 1) * (hours * 3600L + minutes * 60L);
	return true;
}

/* The calendar's seconds; false for a day that its month has not. */
static bool to_seconds(struct tm *tm, bool local, time_t *ret)
{
	struct tm given = *tm;

	tm->tm_isdst = -1;
	*ret = local ? mktime(tm) : timegm(tm);
	return tm->tm_mday == given.tm_mday && tm->tm_mon == given.tm_mon;
}

int clock_parse_rfc3339(const char *s, struct timespec *ret)
{
	struct tm tm = {0};
	time_t sec;
	long ns, offset;

	/* a leap second counts as the one after it */
	if (!date(&s, &tm) || !(literal(&s, 'T') || literal(&s, 't')) || !number(&s, 2, 0, 23, &tm.tm_hour) ||
	    !literal(&s, ':') || !number(&s, 2, 0, 59, &tm.tm_min) || !literal(&s, ':') ||
	    !number(&s, 2, 0, 60, &tm.tm_sec) || !fraction(&s, &ns) || !zone_offset(&s, &offset) || *s)
		return -EINVAL;
	if (tm.tm_sec == 60) {
		tm.tm_sec = 59;
		offset--;
	}
	if (!to_seconds(&tm, false, &sec))
		return -EINVAL;
	*ret = (struct timespec){.tv_sec = sec - offset, .tv_nsec = ns};
	return 0;
}

/* "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05.5": local time. */
static int parse_local(const char *s, struct timespec *ret)
{
	struct tm tm = {0};
	time_t sec;
	long ns = 0;

	if (!date(&s, &tm))
		return -EINVAL;
	if (*s && (!(literal(&s, 'T') || literal(&s, ' ')) || !number(&s, 2, 0, 23, &tm.tm_hour) || !literal(&s, ':') ||
		   !number(&s, 2, 0, 59, &tm.tm_min)))
		return -EINVAL;
	if (literal(&s, ':') && (!number(&s, 2, 0, 59, &tm.tm_sec) || !fraction(&s, &ns)))
		return -EINVAL;
	if (*s || !to_seconds(&tm, true, &sec))
		return -EINVAL;
	*ret = (struct timespec){.tv_sec = sec, .tv_nsec = ns};
	return 0;
}

/* "1700000000" or "1700000000.25". */
static int parse_unix(const char *s, struct timespec *ret)
{
	size_t n = strspn(s, "0123456789");
	const char *rest = s + n;
	char whole[24];
	uint64_t sec;
	long ns;

	if (n == 0 || n >= sizeof(whole) || !fraction(&rest, &ns) || *rest)
		return -EINVAL;
	memcpy(whole, s, n);
	whole[n] = '\0';
	if (parse_u64(whole, 0, 253402300799, &sec) < 0) /* the end of year 9999 */
		return -EINVAL;
	*ret = (struct timespec){.tv_sec = (time_t)sec, .tv_nsec = ns};
	return 0;
}

int clock_parse_moment(const char *s, const struct timespec *now, struct timespec *ret)
{
	uint64_t us;
	int64_t ns;

	if (clock_parse_rfc3339(s, ret) == 0 || parse_local(s, ret) == 0 || parse_unix(s, ret) == 0)
		return 0;
	if (parse_duration(s, &us) < 0 || us > INT64_MAX / 1000)
		return -EINVAL;
	if (__builtin_sub_overflow(clock_ns(now), (int64_t)us * 1000, &ns))
		return -EINVAL;
	*ret = clock_from_ns(ns);
	return 0;
}

char *clock_human(int64_t seconds, char out[static CLOCK_TEXT_SIZE])
{
	int64_t minutes = seconds / 60, hours = seconds / 3600 + (seconds % 3600 >= 1800);
	const struct {
		int64_t below, here; /* the first row whose `here` is below `below` counts */
		int64_t n;
		const char *words;
	} rows[] = {
		{1, seconds, 0, "Less than a second"},
		{2, seconds, 0, "1 second"},
		{60, seconds, seconds, "seconds"},
		{2, minutes, 0, "About a minute"},
		{60, minutes, minutes, "minutes"},
		{2, hours, 0, "About an hour"},
		{48, hours, hours, "hours"},
		{24 * 7 * 2, hours, hours / 24, "days"},
		{24 * 30 * 2, hours, hours / 24 / 7, "weeks"},
		{24 * 365 * 2, hours, hours / 24 / 30, "months"},
		{INT64_MAX, hours, seconds / 3600 / 24 / 365, "years"},
	};
	size_t i = 0;

	while (rows[i].here >= rows[i].below)
		i++;
	if (rows[i].n > 0)
		snprintf(out, CLOCK_TEXT_SIZE, "%lld %s", (long long)rows[i].n, rows[i].words);
	else
		snprintf(out, CLOCK_TEXT_SIZE, "%s", rows[i].words);
	return out;
}

char *clock_ago(const struct timespec *then, const struct timespec *now, char out[static CLOCK_TEXT_SIZE])
{
	int64_t seconds = now->tv_sec - then->tv_sec - (now->tv_nsec < then->tv_nsec);
	size_t n;

	clock_human(seconds, out);
	n = strlen(out);
	snprintf(out + n, CLOCK_TEXT_SIZE - n, " ago");
	return out;
}

/* Below a second Go takes the largest unit that leaves a whole part. */
static void short_duration(uint64_t ns, const char *sign, char out[static CLOCK_TEXT_SIZE])
{
	char frac[12];

	if (ns < 1000) {
		snprintf(out, CLOCK_TEXT_SIZE, "%s%uns", sign, (unsigned)ns);
		return;
	}
	if (ns < 1000000) {
		fraction_text(ns % 1000, 3, true, frac);
		snprintf(out, CLOCK_TEXT_SIZE, "%s%u%s\302\265s", sign, (unsigned)(ns / 1000), frac);
		return;
	}
	fraction_text(ns % 1000000, 6, true, frac);
	snprintf(out, CLOCK_TEXT_SIZE, "%s%u%sms", sign, (unsigned)(ns / 1000000), frac);
}

char *clock_duration(int64_t ns, char out[static CLOCK_TEXT_SIZE])
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, sec = u / NS, min = sec / 60;
	const char *sign = ns < 0 ? "-" : "";
	char frac[12];

	if (u == 0) {
		snprintf(out, CLOCK_TEXT_SIZE, "0s");
		return out;
	}
	if (sec == 0) {
		short_duration(u, sign, out);
		return out;
	}
	fraction_text(u % NS, 9, true, frac);
	if (min == 0)
		snprintf(out, CLOCK_TEXT_SIZE, "%s%u%ss", sign, (unsigned)sec, frac);
	else if (min < 60)
		snprintf(out, CLOCK_TEXT_SIZE, "%s%um%u%ss", sign, (unsigned)min, (unsigned)(sec % 60), frac);
	else
		snprintf(out, CLOCK_TEXT_SIZE, "%s%lluh%um%u%ss", sign, (unsigned long long)(min / 60), (unsigned)(min % 60),
			 (unsigned)(sec % 60), frac);
	return out;
}
