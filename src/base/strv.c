/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	v->items = NULL;
	v->n = 0;
}

int strv_consume(struct strv *v, char *s)
{
	char **items;

	if (!s)
		return -ENOMEM;
	if (v->n >= STRV_MAX) {
		free(s);
		return -E2BIG;
	}
	/* grows by doubling: a new block only when n+1 is a power of two */
	if (!v->items || ((v->n + 1) & v->n) == 0) {
		items = mem_regrow(v->items, (v->n + 1) * 2, sizeof(*items));
		if (!items) {
			free(s);
			return -ENOMEM;
		}
		v->items = items;
	}
	v->items[v->n++] = s;
	v->items[v->n] = NULL;
	return 0;
}

int strv_add(struct strv *v, const char *s)
{
	return strv_consume(v, strdup(s));
}

int strv_addf(struct strv *v, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strv_consume(v, s);
}

int strv_add_all(struct strv *v, char *const *items)
{
	int r = 0;

	for (; items && *items && r == 0; items++)
		r = strv_add(v, *items);
	return r;
}

ptrdiff_t strv_find(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->items[i], s) == 0)
			return (ptrdiff_t)i;
	return -1;
}

static ptrdiff_t env_find(const struct strv *v, const char *key, size_t len)
{
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->items[i], key, len) == 0 && v->items[i][len] == '=')
			return (ptrdiff_t)i;
	return -1;
}

const char *strv_env_get(const struct strv *v, const char *key)
{
	size_t len = strlen(key);
	ptrdiff_t i = env_find(v, key, len);

	return i < 0 ? NULL : v->items[i] + len + 1;
}

int strv_env_set(struct strv *v, const char *pair)
{
	const char *eq = strchr(pair, '=');
	ptrdiff_t i = eq ? env_find(v, pair, (size_t)(eq - pair)) : -1;
	char *copy;

	if (!eq)
		return -EINVAL;
	if (i < 0)
		return strv_add(v, pair);
	copy = strdup(pair);
	if (!copy)
		return -ENOMEM;
	free(v->items[i]);
	v->items[i] = copy;
	return 0;
}

void strv_env_unset(struct strv *v, const char *key)
{
	ptrdiff_t i = env_find(v, key, strlen(key));

	if (i < 0)
		return;
	free(v->items[i]);
	/* the NULL at the end moves along */
	memmove(&v->items[i], &v->items[i + 1], (v->n - (size_t)i) * sizeof(*v->items));
	v->n--;
}
