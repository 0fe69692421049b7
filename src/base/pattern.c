/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * All places in the pattern that may be reached are followed at once, one byte
 * of the text after the other, so that stars do not multiply. "?" is one
 * character: it takes the bytes that continue one in UTF-8 along.
 *
 * "**" and the slash after it are two items: OPEN, which may be left out together with
 * the next, and DIRS, which takes bytes until a slash lets it go on.
 */
#include "base/pattern.h"

#include <errno.h>
#include <string.h>

enum { ANY = 256, STAR, SEGMENT_ANY, SEGMENT_STAR, OPEN, DIRS, SET };

static void set_add(uint8_t set[static 32], unsigned char from, unsigned char to)
{
	for (unsigned c = from; c <= to; c++)
		set[c / 8] |= (uint8_t)(1U << c % 8);
}

/* The set at `p`, past its "[". Returns past its "]", NULL: it has none. */
static const char *take_set(const char *p, uint8_t set[static 32])
{
	bool inverse = *p == '^', any = false;

	memset(set, 0, 32);
	p += inverse;
	while (*p && (*p != ']' || !any)) {
		unsigned char from, to;

		p += *p == '\\' && p[1];
		from = to = (unsigned char)*p++;
		if (*p == '-' && p[1] && p[1] != ']') {
			p++;
			p += *p == '\\' && p[1];
			to = (unsigned char)*p++;
		}
		set_add(set, from, to);
		any = true;
	}
	for (size_t i = 0; inverse && i < 32; i++)
		set[i] = (uint8_t)~set[i];
	/* a slash and the text's end are never of a set */
	set['/' / 8] &= (uint8_t)~(1U << '/' % 8);
	return *p == ']' ? p + 1 : NULL;
}

static int push(struct pattern *p, unsigned item)
{
	if (p->n == PATTERN_MAX)
		return -E2BIG;
	p->items[p->n++] = (uint16_t)item;
	return 0;
}

/* At "**": a slash after it is part of it. */
static int push_dirs(struct pattern *p, const char **text)
{
	int r;

	*text += 2;
	*text += **text == '/';
	if (!**text)
		return push(p, STAR);
	r = push(p, OPEN);
	return r < 0 ? r : push(p, DIRS);
}

static int push_set(struct pattern *p, const char **text)
{
	const char *end;

	if (p->n_sets == PATTERN_SETS_MAX)
		return -E2BIG;
	end = take_set(*text + 1, p->sets[p->n_sets]);
	if (!end)
		return -EINVAL;
	*text = end;
	return push(p, SET + (unsigned)p->n_sets++);
}

static int push_next(struct pattern *p, const char **text, bool path)
{
	const char *s = *text;

	if (path && s[0] == '*' && s[1] == '*')
		return push_dirs(p, text);
	if (path && *s == '[')
		return push_set(p, text);
	*text = s + 1;
	if (*s == '*')
		return push(p, path ? SEGMENT_STAR : STAR);
	if (*s == '?')
		return push(p, path ? SEGMENT_ANY : ANY);
	if (*s == '\\' && s[1])
		*text = ++s + 1;
	return push(p, (unsigned char)*s);
}

int pattern_compile(const char *text, enum pattern_kind kind, struct pattern *ret)
{
	int r = 0;

	ret->n = ret->n_sets = 0;
	ret->work = 0;
	while (r == 0 && *text)
		r = push_next(ret, &text, kind == PATTERN_PATH);
	return r;
}

bool pattern_is_plain(const char *text)
{
	return !strpbrk(text, "*?[\\");
}

/* Places that are reached without a byte: past stars. */
static void past_stars(const struct pattern *p, bool at[static PATTERN_MAX + 1])
{
	for (size_t i = 0; i < p->n; i++) {
		if (!at[i])
			continue;
		if (p->items[i] == STAR || p->items[i] == SEGMENT_STAR || p->items[i] == OPEN)
			at[i + 1] = true;
		if (p->items[i] == OPEN)
			at[i + 2] = true;
	}
}

/* Whether the item takes the byte; *ret_stays: and then may take more. */
static bool takes(const struct pattern *p, unsigned item, unsigned char c, bool *ret_stays)
{
	*ret_stays = false;
	if (item < ANY)
		return item == c;
	if (item >= SET)
		return p->sets[item - SET][c / 8] & (1U << c % 8);
	*ret_stays = item == STAR || item == DIRS || (item == SEGMENT_STAR && c != '/');
	return item == ANY || (item == SEGMENT_ANY && c != '/') || (item == DIRS && c == '/');
}

/* One byte on; false: nothing is left. */
static bool step(const struct pattern *p, unsigned char c, bool at[static PATTERN_MAX + 1])
{
	bool next[PATTERN_MAX + 1], alive = false, stays;

	memset(next, 0, p->n + 1);
	for (size_t i = 0; i <= p->n; i++) {
		if (!at[i])
			continue;
		if (i < p->n && takes(p, p->items[i], c, &stays))
			next[i + 1] = true;
		if (i < p->n && stays)
			next[i] = true;
		/* the rest of what a "?" took */
		if (i > 0 && (p->items[i - 1] == ANY || p->items[i - 1] == SEGMENT_ANY) && (c & 0xC0) == 0x80)
			next[i] = true;
	}
	past_stars(p, next);
	for (size_t i = 0; i <= p->n; i++)
		alive = alive || next[i];
	memcpy(at, next, p->n + 1);
	return alive;
}

/* In the midst of a character nothing ends. */
static bool is_edge(const char *s, size_t len, size_t i)
{
	return i == len || ((unsigned char)s[i] & 0xC0) != 0x80;
}

int pattern_match(struct pattern *p, const char *s, size_t len, size_t from, bool longest, size_t *ret_end)
{
	bool at[PATTERN_MAX + 1] = {true};
	int found = 0;

	past_stars(p, at);
	for (size_t i = from; i <= len; i++) {
		if (at[p->n] && is_edge(s, len, i)) {
			*ret_end = i;
			found = 1;
		}
		if ((found && !longest) || i == len)
			break;
		p->work += p->n + 1;
		if (p->work > PATTERN_WORK_MAX)
			return -E2BIG;
		if (!step(p, (unsigned char)s[i], at))
			break;
	}
	return found;
}

int pattern_is(struct pattern *p, const char *s)
{
	size_t len = strlen(s), end = 0;
	int r;

	p->work = 0;
	r = pattern_match(p, s, len, 0, true, &end);
	return r > 0 && end != len ? 0 : r;
}
