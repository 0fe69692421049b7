/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Digits from `*s` on; at least one, no leading zero. Moves `*s` past them. */
static int digits(const char **s, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;
	bool big = false;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10U, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			big = true;
	*s = p;
	*ret = v;
	return big ? -ERANGE : 0;
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;
	int r;

	r = s ? digits(&s, &v) : -EINVAL;
	if (r == -EINVAL || *s != '\0')
		return -EINVAL;
	if (r < 0 || v < min || v > max)
		return -ERANGE;
	*ret_value = v;
	return 0;
}

int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret_value)
{
	uint64_t v;
	int r = parse_u64(s, min, max, &v);

	if (r == 0)
		*ret_value = (uint32_t)v;
	return r;
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value)
{
	bool neg = s && *s == '-';
	uint64_t u;
	int64_t v;
	int r;

	r = parse_u64(neg ? s + 1 : s, 0, (uint64_t)INT64_MAX + (neg ? 1 : 0), &u);
	if (r < 0)
		return r;
	v = neg ? (int64_t)(0 - u) : (int64_t)u;
	if (v < min || v > max)
		return -ERANGE;
	*ret_value = v;
	return 0;
}

int parse_mode(const char *s, uint32_t *ret_mode)
{
	uint32_t v = 0;
	size_t n = 0;

	if (!s || !*s)
		return -EINVAL;
	for (; *s; s++, n++) {
		if (*s < '0' || *s > '7')
			return -EINVAL;
		v = v * 8 + (uint32_t)(*s - '0');
		if (n >= 5 || v > 07777)
			return -ERANGE;
	}
	*ret_mode = v;
	return 0;
}

/* ".25" after whole units: adds that part of `unit` to `*sum`, moves past it. */
static int fraction(const char **s, uint64_t unit, uint64_t *sum)
{
	uint64_t part = 0, scale = 1;
	const char *p = *s;

	if (*p != '.')
		return 0;
	p++;
	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (scale >= 1000000000000000000U) /* 18 digits count */
			continue;
		scale *= 10;
		part = part * 10 + (uint64_t)(*p - '0');
	}
	if (__builtin_add_overflow(*sum, (uint64_t)((unsigned __int128)part * unit / scale), sum))
		return -ERANGE;
	*s = p;
	return 0;
}

static const char *skip_fraction(const char *p)
{
	if (*p == '.')
		p++;
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

int parse_size(const char *s, uint64_t max, uint64_t *ret_bytes)
{
	static const struct {
		const char *suffix;
		unsigned shift;
	} units[] = {
		{"", 0}, {"b", 0}, {"k", 10}, {"kb", 10}, {"kib", 10}, {"m", 20}, {"mb", 20}, {"mib", 20},
		{"g", 30}, {"gb", 30}, {"gib", 30}, {"t", 40}, {"tb", 40}, {"tib", 40}, {"p", 50}, {"pb", 50}, {"pib", 50},
	};
	const char *suffix;
	uint64_t v;
	int r;

	r = s ? digits(&s, &v) : -EINVAL;
	if (r < 0)
		return r;
	suffix = skip_fraction(s);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcasecmp(suffix, units[i].suffix) != 0)
			continue;
		if (v > (UINT64_MAX >> units[i].shift))
			return -ERANGE;
		v <<= units[i].shift;
		r = fraction(&s, (uint64_t)1 << units[i].shift, &v);
		if (r == 0 && v > max)
			r = -ERANGE;
		if (r == 0)
			*ret_bytes = v;
		return r;
	}
	return -EINVAL;
}

int parse_duration(const char *s, uint64_t *ret_us)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = {
		{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000ULL}, {"h", 3600000000ULL},
	};
	uint64_t total = 0, v;
	int r;

	if (parse_u64(s, 0, UINT64_MAX / 1000000, &v) == 0) {
		*ret_us = v * 1000000;
		return 0;
	}
	if (!s || !*s)
		return -EINVAL;
	while (*s) {
		const char *after;
		size_t i, len = 0;

		r = digits(&s, &v);
		if (r < 0)
			return r;
		after = skip_fraction(s);
		while (after[len] >= 'a' && after[len] <= 'z')
			len++;
		for (i = 0; i < ARRAY_SIZE(units); i++)
			if (strlen(units[i].unit) == len && strncmp(after, units[i].unit, len) == 0)
				break;
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		if (__builtin_mul_overflow(v, units[i].us, &v) || __builtin_add_overflow(total, v, &total))
			return -ERANGE;
		r = fraction(&s, units[i].us, &total);
		if (r < 0)
			return r;
		s = after + len;
	}
	*ret_us = total;
	return 0;
}

int parse_bool(const char *s, bool *ret_value)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; s && i < ARRAY_SIZE(yes); i++) {
		if (strcmp(s, yes[i]) == 0) {
			*ret_value = true;
			return 0;
		}
		if (strcmp(s, no[i]) == 0) {
			*ret_value = false;
			return 0;
		}
	}
	return -EINVAL;
}
