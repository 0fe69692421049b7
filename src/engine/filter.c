/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Values are checked when the options are read, so that a match cannot fail:
 * a value that became unreadable in between (there is none) matches nothing.
 */
#include "engine/filter.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/suggest.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

bool filter_is_like(const char *text, const char *value)
{
	regex_t re;
	bool found;

	if (regcomp(&re, value, REG_EXTENDED | REG_NOSUB) != 0)
		return strstr(text, value) != NULL;
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

bool filter_has_word(struct json_object *words, const char *value)
{
	struct json_object *have;
	size_t len = strcspn(value, "=");
	_cleanup_free_ char *key = strndup(value, len);

	if (!key || !words || !json_object_object_get_ex(words, key, &have))
		return false;
	return value[len] == '\0' || strcmp(json_object_get_string(have), value + len + 1) == 0;
}

int filter_against(const char *created, const char *value)
{
	struct timespec then = CLOCK_NEVER, now = clock_now(), at = CLOCK_NEVER;

	(void)!clock_parse_rfc3339(created, &then);
	(void)!clock_parse_moment(value, &now, &at);
	return clock_compare(&then, &at);
}

int filter_check_bool(const char *value)
{
	bool yes;

	return parse_bool(value, &yes);
}

int filter_check_moment(const char *value)
{
	struct timespec now = clock_now(), at;

	return clock_parse_moment(value, &now, &at);
}

static const char *key_word(size_t i, const void *ctx)
{
	return ((const struct filter_key *)ctx)[i].key;
}

static const char *value_of(const char *item, const char *key)
{
	size_t n = strlen(key);

	return strncmp(item, key, n) == 0 && item[n] == '=' ? item + n + 1 : NULL;
}

static int check_item(const struct filter_key *keys, const char *noun, const char *text, struct err *e)
{
	char key[64];
	const char *near;

	if (!strchr(text, '='))
		return err_set(e, EINVAL, "filter input must be in the form of filter=value: %s is invalid", text);
	for (const struct filter_key *k = keys; k->key; k++) {
		const char *value = value_of(text, k->key);

		if (value && k->check && k->check(value) < 0)
			return err_set(e, EINVAL, "filter %s: not a value for it", text);
		if (value)
			return 0;
	}
	snprintf(key, sizeof(key), "%.*s", (int)strcspn(text, "="), text);
	near = suggest(key, key_word, keys);
	err_set(e, EINVAL, "\"%s\" is an invalid %s filter", key, noun);
	if (near)
		err_hint(e, "did you mean %s?", near);
	return -EINVAL;
}

int filter_parse(const struct filter_key *keys, const char *noun, const struct strv *filters, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < filters->n; i++) {
		r = check_item(keys, noun, filters->items[i], e);
		if (r == 0 && strv_add(ret, filters->items[i]) < 0)
			r = err_errno(e, ENOMEM, "filter");
	}
	return r;
}

static bool match_key(const struct filter_key *k, const struct strv *items, const void *subject)
{
	bool given = false, any = false, every = true;

	for (size_t i = 0; i < items->n; i++) {
		const char *value = value_of(items->items[i], k->key);
		bool m = value && k->match(subject, value);

		given |= value != NULL;
		any |= m;
		every &= m || !value;
	}
	return !given || (k->every ? every : any);
}

bool filter_match(const struct filter_key *keys, const struct strv *items, const void *subject)
{
	for (const struct filter_key *k = keys; k->key; k++)
		if (!match_key(k, items, subject))
			return false;
	return true;
}
