/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A layout is an example: the moment Mon Jan 2 15:04:05 MST 2006, written as
 * wanted (Go's package time). What is none of its pieces stands for itself.
 * Pieces are looked for in the order of the table, where one that is the
 * beginning of another stands behind it.
 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
				     "July",    "August",   "September", "October", "November", "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

const char *clock_month_name(int64_t month)
{
	return month >= 1 && month <= (int64_t)ARRAY_SIZE(months) ? months[month - 1] : NULL;
}

const char *clock_weekday_name(int64_t day)
{
	return day >= 0 && day < (int64_t)ARRAY_SIZE(days) ? days[day] : NULL;
}

enum piece {
	MONTH_NAME, MONTH_SHORT, MONTH, DAY_NAME, DAY_SHORT, DAY, YEAR_DAY, YEAR, YEAR_SHORT, HOUR, HOUR_12, MINUTE, SECOND,
	NOON, NOON_SMALL, ZONE_NAME, ZONE, ZONE_COLON, ZONE_HOUR, ZONE_SECONDS, ZONE_SECONDS_COLON, LITERAL,
};

/* `pad`: what fills a number up to `width`. Of a zone 'Z' stands for UTC, which has digits otherwise. */
static const struct row {
	const char *text;
	enum piece piece;
	int width;
	char pad;
} rows[] = {
	{"January", MONTH_NAME, 0, 0}, {"Jan", MONTH_SHORT, 0, 0}, {"Monday", DAY_NAME, 0, 0}, {"Mon", DAY_SHORT, 0, 0},
	{"MST", ZONE_NAME, 0, 0}, {"002", YEAR_DAY, 3, '0'}, {"01", MONTH, 2, '0'}, {"02", DAY, 2, '0'},
	{"03", HOUR_12, 2, '0'}, {"04", MINUTE, 2, '0'}, {"05", SECOND, 2, '0'}, {"06", YEAR_SHORT, 2, '0'},
	{"15", HOUR, 2, '0'}, {"1", MONTH, 0, 0}, {"2006", YEAR, 4, '0'}, {"2", DAY, 0, 0}, {"_2006", LITERAL, 0, 0},
	{"__2", YEAR_DAY, 3, ' '}, {"_2", DAY, 2, ' '}, {"3", HOUR_12, 0, 0}, {"4", MINUTE, 0, 0}, {"5", SECOND, 0, 0},
	{"PM", NOON, 0, 0}, {"pm", NOON_SMALL, 0, 0}, {"-070000", ZONE_SECONDS, 0, 0}, {"-07:00:00", ZONE_SECONDS_COLON, 0, 0},
	{"-0700", ZONE, 0, 0}, {"-07:00", ZONE_COLON, 0, 0}, {"-07", ZONE_HOUR, 0, 0}, {"Z070000", ZONE_SECONDS, 0, 'Z'},
	{"Z07:00:00", ZONE_SECONDS_COLON, 0, 'Z'}, {"Z0700", ZONE, 0, 'Z'}, {"Z07:00", ZONE_COLON, 0, 'Z'}, {"Z07", ZONE_HOUR, 0, 'Z'},
};

static const struct row *find(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].text);
		bool is_short = rows[i].piece == MONTH_SHORT || rows[i].piece == DAY_SHORT;

		/* "Month" is no "Mon" and "th" */
		if (strncmp(s, rows[i].text, n) == 0 && !(is_short && s[n] >= 'a' && s[n] <= 'z'))
			return &rows[i];
	}
	return NULL;
}

static void put_zone(enum piece piece, char utc, long offset, struct buf *out)
{
	unsigned seconds = (unsigned)labs(offset), minutes = seconds / 60;
	bool colon = piece == ZONE_COLON || piece == ZONE_SECONDS_COLON;

	if (utc && offset == 0) {
		buf_addc(out, utc);
		return;
	}
	buf_addf(out, "%c%02u", offset < 0 ? '-' : '+', minutes / 60);
	if (piece != ZONE_HOUR)
		buf_addf(out, "%s%02u", colon ? ":" : "", minutes % 60);
	if (piece == ZONE_SECONDS || piece == ZONE_SECONDS_COLON)
		buf_addf(out, "%s%02u", colon ? ":" : "", seconds % 60);
}

static int number(enum piece piece, const struct tm *tm)
{
	switch (piece) {
	case MONTH:
		return tm->tm_mon + 1;
	case DAY:
		return tm->tm_mday;
	case YEAR_DAY:
		return tm->tm_yday + 1;
	case YEAR:
		return tm->tm_year + 1900;
	case YEAR_SHORT:
		return (tm->tm_year + 1900) % 100;
	case HOUR:
		return tm->tm_hour;
	case HOUR_12:
		return tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
	case MINUTE:
		return tm->tm_min;
	default:
		return tm->tm_sec;
	}
}

static void put_number(const struct row *row, int n, struct buf *out)
{
	if (row->pad == '0')
		buf_addf(out, "%0*d", row->width, n);
	else
		buf_addf(out, "%*d", row->width, n);
}

static void put_piece(const struct row *row, const struct tm *tm, enum clock_zone zone, struct buf *out)
{
	switch (row->piece) {
	case MONTH_NAME:
		buf_adds(out, months[tm->tm_mon]);
		break;
	case MONTH_SHORT:
		buf_add(out, months[tm->tm_mon], 3);
		break;
	case DAY_NAME:
		buf_adds(out, days[tm->tm_wday]);
		break;
	case DAY_SHORT:
		buf_add(out, days[tm->tm_wday], 3);
		break;
	case NOON:
		buf_adds(out, tm->tm_hour >= 12 ? "PM" : "AM");
		break;
	case NOON_SMALL:
		buf_adds(out, tm->tm_hour >= 12 ? "pm" : "am");
		break;
	case ZONE_NAME:
		buf_adds(out, zone == CLOCK_UTC || !tm->tm_zone ? "UTC" : tm->tm_zone);
		break;
	case LITERAL:
		buf_addc(out, *row->text);
		break;
	case ZONE:
	case ZONE_COLON:
	case ZONE_HOUR:
	case ZONE_SECONDS:
	case ZONE_SECONDS_COLON:
		put_zone(row->piece, row->pad, tm->tm_gmtoff, out);
		break;
	default:
		put_number(row, number(row->piece, tm), out);
	}
}

/* ".000" has as many digits, ".999" the same without zeros at the end; returns how much of the layout it is, 0: it is none. */
static size_t put_fraction(const char *s, long ns, struct buf *out)
{
	char digits[16];
	size_t n, shown;

	if ((*s != '.' && *s != ',') || (s[1] != '0' && s[1] != '9'))
		return 0;
	n = strspn(s + 1, s[1] == '0' ? "0" : "9");
	if (s[1 + n] >= '0' && s[1 + n] <= '9')
		return 0;
	snprintf(digits, sizeof(digits), "%09ld", ns);
	shown = n < 9 ? n : 9;
	while (s[1] == '9' && shown > 0 && digits[shown - 1] == '0')
		shown--;
	if (shown > 0)
		buf_addf(out, "%c%.*s", *s, (int)shown, digits);
	return n + 1;
}

void clock_format(const struct timespec *t, enum clock_zone zone, const char *layout, struct buf *out)
{
	struct tm tm;

	clock_tm(t, zone, &tm);
	while (*layout) {
		const struct row *row = find(layout);
		size_t n = row ? strlen(row->text) : put_fraction(layout, t->tv_nsec, out);

		if (row && row->piece == LITERAL)
			n = 1; /* a year follows it */
		if (row)
			put_piece(row, &tm, zone, out);
		else if (n == 0)
			buf_addc(out, *layout);
		layout += n ? n : 1;
	}
}
