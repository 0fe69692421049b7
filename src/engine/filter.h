/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * filter - --filter KEY=VALUE of the ls commands, by a table of keys.
 *
 *	static const struct filter_key keys[] = {
 *		{"name", match_name, NULL, false},
 *		{"label", match_label, NULL, true},
 *		{.key = NULL},
 *	};
 *	r = filter_parse(keys, "volume", &args->filter, &items, e);
 *	if (filter_match(keys, &items, subject)) ...
 *
 * Of one key any value must match, or all (`every`); of different keys all.
 */
#ifndef RANBY_ENGINE_FILTER_H
#define RANBY_ENGINE_FILTER_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>

struct filter_key {
	const char *key; /* NULL ends the table */
	bool (*match)(const void *subject, const char *value);
	int (*check)(const char *value); /* negative: not a value for it; NULL: any is */
	bool every;
};

/* Checks them and appends copies to `ret`. `noun` is for errors. -EINVAL with text, and a hint for a mistyped key. */
int filter_parse(const struct filter_key *keys, const char *noun, const struct strv *filters, struct strv *ret, struct err *e) _must_check_;
bool filter_match(const struct filter_key *keys, const struct strv *items, const void *subject);

/* ---- what tables are made of ---- */

/* A regular expression, or a part of the text. */
bool filter_is_like(const char *text, const char *value);
/* "KEY" or "KEY=VALUE" in an object of strings (may be NULL). */
bool filter_has_word(struct json_object *words, const char *value);
/* Below, equal, above: an RFC 3339 time and a moment of clock_parse_moment(). */
int filter_against(const char *created, const char *value);

int filter_check_bool(const char *value);
int filter_check_moment(const char *value);

#endif
