/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The methods that Go's time.Time, time.Duration, time.Month and
 * time.Weekday have, as far as a template can call them: one result, and
 * arguments that a template has. A value's type is its mark (base/json.h).
 */
#include "base/template_tree.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

#define NS 1000000000L

struct moment {
	struct timespec t;
	enum clock_zone zone;
	struct tm tm;
};

static bool is_time(const struct value *v)
{
	return json_has_mark(v->o, JSON_TIME) || json_has_mark(v->o, JSON_LOCAL_TIME);
}

static int read_moment(const struct value *v, struct moment *ret, struct err *e)
{
	int r = is_time(v) ? clock_parse_rfc3339(json_object_get_string(v->o), &ret->t) : -EINVAL;

	if (r < 0)
		return err_set(e, EINVAL, "wrong type of argument: want time.Time, got %s", value_type(v));
	ret->zone = json_has_mark(v->o, JSON_LOCAL_TIME) ? CLOCK_LOCAL : CLOCK_UTC;
	clock_tm(&ret->t, ret->zone, &ret->tm);
	return 0;
}

static int give(struct value *ret, struct json_object *consumed, struct err *e)
{
	*ret = (struct value){.o = consumed};
	return consumed ? 0 : err_errno(e, ENOMEM, "template");
}

static int give_marked(struct value *ret, struct json_object *consumed, enum json_mark mark, struct err *e)
{
	if (consumed)
		json_mark(consumed, mark);
	return give(ret, consumed, e);
}

static int give_text(struct value *ret, const struct buf *b, struct err *e)
{
	if (buf_bad(b))
		return err_errno(e, buf_bad(b), "template");
	return give(ret, json_object_new_string_len(buf_str(b), (int)b->len), e);
}

/* ---- time.Time ---- */

enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, NANOSECOND, YEAR_DAY, WEEKDAY, UNIX, UNIX_MILLI, UNIX_MICRO, UNIX_NANO };

static int64_t part_of(const struct moment *m, enum part part)
{
	const struct tm *tm = &m->tm;
	const int64_t all[] = {
		[YEAR] = tm->tm_year + 1900, [MONTH] = tm->tm_mon + 1, [DAY] = tm->tm_mday, [HOUR] = tm->tm_hour,
		[MINUTE] = tm->tm_min, [SECOND] = tm->tm_sec, [NANOSECOND] = m->t.tv_nsec, [YEAR_DAY] = tm->tm_yday + 1,
		[WEEKDAY] = tm->tm_wday, [UNIX] = m->t.tv_sec, [UNIX_MILLI] = m->t.tv_sec * 1000 + m->t.tv_nsec / 1000000,
		[UNIX_MICRO] = m->t.tv_sec * 1000000 + m->t.tv_nsec / 1000, [UNIX_NANO] = clock_ns(&m->t),
	};

	return all[part];
}

static int get_part(const struct value *v, unsigned part, const struct value *args, struct value *ret, struct err *e)
{
	struct json_object *o;
	struct moment m;
	int r = read_moment(v, &m, e);

	(void)args;
	if (r < 0)
		return r;
	o = json_object_new_int64(part_of(&m, part));
	if (part == MONTH)
		return give_marked(ret, o, JSON_MONTH, e);
	return part == WEEKDAY ? give_marked(ret, o, JSON_WEEKDAY, e) : give(ret, o, e);
}

static int in_zone(const struct value *v, unsigned mark, const struct value *args, struct value *ret, struct err *e)
{
	(void)args;
	return give_marked(ret, json_object_new_string(json_object_get_string(v->o)), mark, e);
}

static int is_zero(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e)
{
	struct moment m;
	int r = read_moment(v, &m, e);

	(void)how;
	(void)args;
	return r < 0 ? r : give(ret, json_object_new_boolean(clock_is_never(&m.t)), e);
}

static int format(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct moment m;
	int r = read_moment(v, &m, e);

	(void)how;
	if (r == 0 && (!json_object_is_type(args[0].o, json_type_string) || is_time(&args[0])))
		r = err_set(e, EINVAL, "wrong type of argument: want string, got %s", value_type(&args[0]));
	if (r < 0)
		return r;
	clock_format(&m.t, m.zone, json_object_get_string(args[0].o), &b);
	return give_text(ret, &b, e);
}

enum { BEFORE = -1, EQUAL, AFTER };

static int compare(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e)
{
	struct moment m, other;
	int r = read_moment(v, &m, e);

	if (r == 0)
		r = read_moment(&args[0], &other, e);
	return r < 0 ? r : give(ret, json_object_new_boolean(clock_compare(&m.t, &other.t) == (int)how), e);
}

/* Clamped, as Go's is. */
static int sub(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e)
{
	struct moment m, other;
	int64_t ns;
	int r = read_moment(v, &m, e);

	(void)how;
	if (r == 0)
		r = read_moment(&args[0], &other, e);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow((int64_t)(m.t.tv_sec - other.t.tv_sec), NS, &ns) ||
	    __builtin_add_overflow(ns, m.t.tv_nsec - other.t.tv_nsec, &ns))
		ns = m.t.tv_sec < other.t.tv_sec ? INT64_MIN : INT64_MAX;
	return give_marked(ret, json_object_new_int64(ns), JSON_DURATION, e);
}

/* ---- time.Duration, and what all have ---- */

enum unit { HOURS, MINUTES, SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS };

static int get_unit(const struct value *v, unsigned unit, const struct value *args, struct value *ret, struct err *e)
{
	static const int64_t of[] = {3600 * NS, 60 * NS, NS, 1000000, 1000, 1};
	int64_t ns = json_object_get_int64(v->o), n = of[unit], whole = ns / n;

	(void)args;
	if (unit > SECONDS)
		return give(ret, json_object_new_int64(whole), e);
	return give(ret, json_object_new_double((double)whole + (double)(ns % n) / (double)n), e);
}

static int string(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)how;
	(void)args;
	value_print(v, &b);
	return give_text(ret, &b, e);
}

static const struct method {
	const char *type, *name;
	unsigned n_args;
	int (*call)(const struct value *v, unsigned how, const struct value *args, struct value *ret, struct err *e);
	unsigned how;
} methods[] = {
	{"time.Time", "After", 1, compare, AFTER},
	{"time.Time", "Before", 1, compare, (unsigned)BEFORE},
	{"time.Time", "Day", 0, get_part, DAY},
	{"time.Time", "Equal", 1, compare, EQUAL},
	{"time.Time", "Format", 1, format, 0},
	{"time.Time", "Hour", 0, get_part, HOUR},
	{"time.Time", "IsZero", 0, is_zero, 0},
	{"time.Time", "Local", 0, in_zone, JSON_LOCAL_TIME},
	{"time.Time", "Minute", 0, get_part, MINUTE},
	{"time.Time", "Month", 0, get_part, MONTH},
	{"time.Time", "Nanosecond", 0, get_part, NANOSECOND},
	{"time.Time", "Second", 0, get_part, SECOND},
	{"time.Time", "String", 0, string, 0},
	{"time.Time", "Sub", 1, sub, 0},
	{"time.Time", "UTC", 0, in_zone, JSON_TIME},
	{"time.Time", "Unix", 0, get_part, UNIX},
	{"time.Time", "UnixMicro", 0, get_part, UNIX_MICRO},
	{"time.Time", "UnixMilli", 0, get_part, UNIX_MILLI},
	{"time.Time", "UnixNano", 0, get_part, UNIX_NANO},
	{"time.Time", "Weekday", 0, get_part, WEEKDAY},
	{"time.Time", "Year", 0, get_part, YEAR},
	{"time.Time", "YearDay", 0, get_part, YEAR_DAY},
	{"time.Duration", "Hours", 0, get_unit, HOURS},
	{"time.Duration", "Microseconds", 0, get_unit, MICROSECONDS},
	{"time.Duration", "Milliseconds", 0, get_unit, MILLISECONDS},
	{"time.Duration", "Minutes", 0, get_unit, MINUTES},
	{"time.Duration", "Nanoseconds", 0, get_unit, NANOSECONDS},
	{"time.Duration", "Seconds", 0, get_unit, SECONDS},
	{"time.Duration", "String", 0, string, 0},
	{"time.Month", "String", 0, string, 0},
	{"time.Weekday", "String", 0, string, 0},
};

int value_method(const struct value *v, const char *name, const struct value *args, size_t n, struct value *ret, struct err *e)
{
	const char *type;

	/* what has methods is marked, and little is */
	if (!json_object_get_userdata(v->o))
		return 0;
	type = value_type(v);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		const struct method *m = &methods[i];
		int r;

		if (strcmp(m->type, type) != 0 || strcmp(m->name, name) != 0)
			continue;
		if (m->n_args != n)
			return err_set(e, EINVAL, "wrong number of arguments for %s", name);
		r = m->call(v, m->how, args, ret, e);
		return r < 0 ? r : 1;
	}
	return 0;
}
