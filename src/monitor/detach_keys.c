/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * After a mismatch the longest end of what was held back that begins the
 * sequence again stays held (Knuth, Morris, Pratt): with "ctrl-p,ctrl-q",
 * ctrl-p ctrl-p ctrl-q detaches and gives one ctrl-p on.
 */
#include "monitor/detach_keys.h"

#include <errno.h>
#include <string.h>

static int parse_key(const char *text, size_t len, unsigned char *ret)
{
	static const char controls[] = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
	const char *at;
	char c;

	if (len == 1) {
		*ret = (unsigned char)text[0];
		return (signed char)text[0] > ' ' ? 0 : -EINVAL;
	}
	if (len == 3 && strncmp(text, "DEL", 3) == 0) {
		*ret = 127;
		return 0;
	}
	if (len != 6 || strncmp(text, "ctrl-", 5) != 0)
		return -EINVAL;
	c = text[5];
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	at = strchr(controls, c);
	if (!at)
		return -EINVAL;
	*ret = (unsigned char)(at - controls);
	return 0;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e)
{
	struct detach_keys k = {0};

	for (const char *p = text; *text; p++) {
		size_t len = strcspn(p, ",");

		if (k.n == DETACH_KEYS_MAX)
			return err_set(e, EINVAL, "detach keys %s: more than %d", text, DETACH_KEYS_MAX);
		if (parse_key(p, len, &k.keys[k.n]) < 0) {
			err_hint(e, "single characters and ctrl-[a-z@[\\]^_], with commas: ctrl-p,ctrl-q");
			return err_set(e, EINVAL, "detach keys %s: \"%.*s\" is not a key", text, (int)len, p);
		}
		k.n++;
		p += len;
		if (!*p)
			break;
	}
	*ret = k;
	return 0;
}

/* How many of the first `matched` keys still stand as a beginning when `next` does not follow them. */
static size_t fall_back(const struct detach_keys *k, size_t matched, unsigned char next)
{
	for (size_t keep = matched; keep > 0; keep--)
		/* the last keep-1 of those matched, and next, are the first keep */
		if (k->keys[keep - 1] == next && memcmp(k->keys, k->keys + matched - (keep - 1), keep - 1) == 0)
			return keep;
	return 0;
}

int detach_keys_filter(const struct detach_keys *k, size_t *matched, const unsigned char *in, size_t len, unsigned char *out,
		       size_t *ret_out_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		size_t keep;

		if (k->n == 0) {
			out[n++] = in[i];
			continue;
		}
		if (in[i] == k->keys[*matched]) {
			if (++*matched < k->n)
				continue;
			*matched = 0;
			*ret_out_len = n;
			return 1;
		}
		keep = fall_back(k, *matched, in[i]);
		/* held back were keys[0..matched), then came in[i]: all but the last `keep` go on */
		for (size_t j = 0; j < *matched + 1 - keep; j++)
			out[n++] = j < *matched ? k->keys[j] : in[i];
		*matched = keep;
	}
	*ret_out_len = n;
	return 0;
}
