/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Written without stdio and time zones: the monitor stamps every piece of
 * output, and gmtime(3) and snprintf(3) would be most of its memory. The
 * reader is as strict as the writer is plain, but for what other writers of
 * the format do (conmon: a local zone).
 */
#include "monitor/log_format.h"

#include <errno.h>
#include <string.h>

#define SECONDS_PER_DAY 86400

/* Days since 1970-01-01 to a date and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" */
static void civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(yoe + era * 400) + (*month <= 2);
}

static int64_t days_from_civil(int year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2);
	int64_t era = y / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

/* `value` as exactly `width` digits. */
static char *put_digits(char *p, unsigned value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + width;
}

void log_stamp(const struct timespec *t, char out[static LOG_STAMP_LEN])
{
	unsigned second = (unsigned)(t->tv_sec % SECONDS_PER_DAY);
	unsigned month, day;
	char *p = out;
	int year;

	civil_from_days(t->tv_sec / SECONDS_PER_DAY, &year, &month, &day);
	p = put_digits(p, (unsigned)year, 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, second / 3600, 2);
	*p++ = ':';
	p = put_digits(p, second / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, second % 60, 2);
	*p++ = '.';
	p = put_digits(p, (unsigned)t->tv_nsec, 9);
	*p = 'Z';
}

static const char stream_names[2][8] = {[LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr"};

void log_head(const struct timespec *t, enum log_stream stream, bool partial, char out[static LOG_HEAD_LEN])
{
	char *p = out + LOG_STAMP_LEN;

	log_stamp(t, out);
	*p++ = ' ';
	memcpy(p, stream_names[stream], 6);
	p += 6;
	*p++ = ' ';
	*p++ = partial ? 'P' : 'F';
	*p = ' ';
}

/* A place in the text; reading past the end sets `more`, a mismatch `bad`; both stick. */
struct cursor {
	const char *s;
	size_t len, at;
	bool more, bad;
};

static char next(struct cursor *c)
{
	if (c->more || c->bad)
		return '\0';
	if (c->at == c->len) {
		c->more = true;
		return '\0';
	}
	return c->s[c->at++];
}

static void want(struct cursor *c, char what)
{
	if (next(c) != what && !c->more)
		c->bad = true;
}

/* Exactly `width` digits, a number within [min, max]. */
static unsigned number(struct cursor *c, int width, unsigned min, unsigned max)
{
	unsigned value = 0;

	for (int i = 0; i < width; i++) {
		char ch = next(c);

		if (ch < '0' || ch > '9')
			c->bad = c->bad || !c->more;
		else
			value = value * 10 + (unsigned)(ch - '0');
	}
	if (!c->more && (value < min || value > max))
		c->bad = true;
	return value;
}

/* "Z" (already read as `ch`) or "+01:00": seconds east of UTC. */
static int64_t zone(struct cursor *c, char ch)
{
	int64_t seconds;

	if (ch == 'Z' || c->more)
		return 0;
	if (ch != '+' && ch != '-') {
		c->bad = true;
		return 0;
	}
	seconds = (int64_t)number(c, 2, 0, 23) * 3600;
	want(c, ':');
	seconds += (int64_t)number(c, 2, 0, 59) * 60;
	return ch == '-' ? -seconds : seconds;
}

/* ".123" and the zone after it. */
static void fraction_and_zone(struct cursor *c, struct timespec *t)
{
	char ch = next(c);

	if (ch == '.') {
		long unit = 100000000;

		for (ch = next(c); ch >= '0' && ch <= '9'; ch = next(c)) {
			if (unit == 0)
				c->bad = true;
			t->tv_nsec += (ch - '0') * unit;
			unit /= 10;
		}
	}
	t->tv_sec -= zone(c, ch);
}

/* The days of a date; bad for one that the calendar has not. */
static int64_t date(struct cursor *c, unsigned year, unsigned month, unsigned day)
{
	int64_t days = days_from_civil((int)year, month, day);
	unsigned m, d;
	int y;

	civil_from_days(days, &y, &m, &d);
	if (!c->more && d != day)
		c->bad = true;
	return days;
}

static void stamp(struct cursor *c, struct timespec *t)
{
	unsigned year, month, day;

	year = number(c, 4, 1970, 9999);
	want(c, '-');
	month = number(c, 2, 1, 12);
	want(c, '-');
	day = number(c, 2, 1, 31);
	want(c, 'T');
	t->tv_nsec = 0;
	t->tv_sec = date(c, year, month, day) * SECONDS_PER_DAY;
	t->tv_sec += (int64_t)number(c, 2, 0, 23) * 3600;
	want(c, ':');
	t->tv_sec += (int64_t)number(c, 2, 0, 59) * 60;
	want(c, ':');
	t->tv_sec += number(c, 2, 0, 60);
	fraction_and_zone(c, t);
}

int log_stamp_parse(const char *s, size_t len, struct timespec *ret)
{
	struct cursor c = {.s = s, .len = len};
	struct timespec t;

	stamp(&c, &t);
	if (c.bad || c.more || c.at != len)
		return -EBADMSG;
	*ret = t;
	return 0;
}

int log_record_parse(const char *s, size_t len, struct log_record *ret)
{
	struct cursor c = {.s = s, .len = len < LOG_HEAD_MAX ? len : LOG_HEAD_MAX};
	struct log_record rec = {0};
	char ch;

	stamp(&c, &rec.time);
	want(&c, ' ');
	for (const char *p = "std"; *p; p++)
		want(&c, *p);
	ch = next(&c);
	rec.stream = ch == 'e' ? LOG_STDERR : LOG_STDOUT;
	for (const char *p = stream_names[rec.stream] + 3; *p; p++, ch = next(&c))
		if (ch != *p)
			c.bad = c.bad || !c.more;
	if (ch != ' ')
		c.bad = c.bad || !c.more;
	ch = next(&c);
	if (ch != 'F' && ch != 'P')
		c.bad = c.bad || !c.more;
	rec.partial = ch == 'P';
	want(&c, ' ');
	if (c.bad)
		return -EBADMSG;
	if (c.more)
		return len < LOG_HEAD_MAX ? -EAGAIN : -EBADMSG;
	rec.head_len = c.at;
	*ret = rec;
	return 0;
}
