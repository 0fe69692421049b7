/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pattern - what ${v#p}, ${v%p} and ${v/p/r} find: * and ? and \x in a text.
 *
 *	struct pattern p;
 *	r = pattern_compile(word, len, &p);
 *	r = pattern_match(&p, value, value_len, from, true, &end);	// 1: value[from..end) matches
 *
 * Work is bounded: a pattern and a value can be made so that each place must be
 * looked at from each other.
 */
#ifndef RANBY_BUILD_PATTERN_H
#define RANBY_BUILD_PATTERN_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_MAX 512           /* characters of one */
#define PATTERN_WORK_MAX 50000000 /* steps of all matches by one */

struct pattern {
	size_t n;
	uint16_t items[PATTERN_MAX]; /* a byte, or one of those of pattern.c */
	uint64_t work;
};

/* -E2BIG: longer than PATTERN_MAX. */
int pattern_compile(const char *text, struct pattern *ret) _must_check_;

/* 1: a match begins at `from` and *ret_end is its end (the furthest when `longest`, else the nearest); 0: none; -E2BIG: too much work. */
int pattern_match(struct pattern *p, const char *s, size_t len, size_t from, bool longest, size_t *ret_end) _must_check_;

#endif
