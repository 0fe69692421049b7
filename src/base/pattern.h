/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pattern - what ${v#p}, ${v%p} and ${v/p/r} find in a text, and what COPY and
 * a .containerignore find among paths.
 *
 *	struct pattern p;
 *	r = pattern_compile(word, PATTERN_TEXT, &p);
 *	r = pattern_match(&p, value, value_len, from, true, &end);	// 1: value[from..end) matches
 *	r = pattern_compile("*.c", PATTERN_PATH, &p);
 *	r = pattern_is(&p, "a.c");
 *
 * In a text: *, ? and \x. In a path, as Go's filepath.Match() and docker's
 * patternmatcher have it: * and ? do not match a slash, [a-z] and [^a-z] are
 * one byte, "**" with a slash after it is any number of directories, none too, and
 * "**" at the end is all that follows.
 *
 * Work is bounded: a pattern and a value can be made so that each place must be
 * looked at from each other.
 */
#ifndef RANBY_BASE_PATTERN_H
#define RANBY_BASE_PATTERN_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_MAX 512           /* characters of one */
#define PATTERN_SETS_MAX 16       /* [...] of one */
#define PATTERN_WORK_MAX 50000000 /* steps of all matches by one */

enum pattern_kind { PATTERN_TEXT, PATTERN_PATH };

struct pattern {
	size_t n;
	uint16_t items[PATTERN_MAX]; /* a byte, or one of those of pattern.c */
	size_t n_sets;
	uint8_t sets[PATTERN_SETS_MAX][32]; /* bits */
	uint64_t work;
};

/* -E2BIG: longer than PATTERN_MAX; -EINVAL: a [ without its end. */
int pattern_compile(const char *text, enum pattern_kind kind, struct pattern *ret) _must_check_;

/* Whether it holds something that is not only itself: for a path without, looking is enough. */
bool pattern_is_plain(const char *text);

/* 1: the whole text is one; 0: it is not; -E2BIG. Work is counted anew. */
int pattern_is(struct pattern *p, const char *s) _must_check_;

/* 1: a match begins at `from` and *ret_end is its end (the furthest when `longest`, else the nearest); 0: none; -E2BIG: too much work. */
int pattern_match(struct pattern *p, const char *s, size_t len, size_t from, bool longest, size_t *ret_end) _must_check_;

#endif
