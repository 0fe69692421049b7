/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * All places in the pattern that may be reached are followed at once, one byte
 * of the text after the other, so that stars do not multiply. "?" is one
 * character: it takes the bytes that continue one in UTF-8 along.
 */
#include "build/pattern.h"

#include <errno.h>
#include <string.h>

enum { ANY = 256, STAR };

int pattern_compile(const char *text, struct pattern *ret)
{
	ret->n = 0;
	ret->work = 0;
	for (const char *p = text; *p; p++) {
		if (ret->n == PATTERN_MAX)
			return -E2BIG;
		if (*p == '\\' && p[1])
			ret->items[ret->n++] = (unsigned char)*++p;
		else
			ret->items[ret->n++] = *p == '*' ? STAR : *p == '?' ? ANY : (unsigned char)*p;
	}
	return 0;
}

/* Places that are reached without a byte: past stars. */
static void past_stars(const struct pattern *p, bool at[static PATTERN_MAX + 1])
{
	for (size_t i = 0; i < p->n; i++)
		at[i + 1] = at[i + 1] || (at[i] && p->items[i] == STAR);
}

/* One byte on; false: nothing is left. */
static bool step(const struct pattern *p, unsigned char c, bool at[static PATTERN_MAX + 1])
{
	bool next[PATTERN_MAX + 1] = {false}, alive = false;

	for (size_t i = 0; i <= p->n; i++) {
		if (!at[i])
			continue;
		if (i < p->n && p->items[i] == STAR)
			next[i] = true;
		else if (i < p->n && (p->items[i] == ANY || p->items[i] == c))
			next[i + 1] = true;
		/* the rest of what a "?" took */
		if (i > 0 && p->items[i - 1] == ANY && (c & 0xC0) == 0x80)
			next[i] = true;
	}
	past_stars(p, next);
	for (size_t i = 0; i <= p->n; i++)
		alive = alive || next[i];
	memcpy(at, next, sizeof(next));
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
