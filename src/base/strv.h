/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * strv - a list of strings, NULL-terminated, as execve() wants it.
 *
 *	_cleanup_(strv_done) struct strv v = {0};
 *	r = strv_add(&v, "a");			// copies
 *	execve(path, v.items, envp);
 */
#ifndef RANBY_BASE_STRV_H
#define RANBY_BASE_STRV_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define STRV_MAX 65536 /* items at most */

struct strv {
	char **items; /* NULL while never grown; else items[n] is NULL */
	size_t n;
};

/* Frees all; for _cleanup_(). */
void strv_done(struct strv *v);

/* Appends a copy. 0, -ENOMEM, -E2BIG past STRV_MAX. */
int strv_add(struct strv *v, const char *s) _must_check_;
int strv_addf(struct strv *v, const char *fmt, ...) _printf_(2, 3) _must_check_;

/* Appends `s` itself, which the list then owns (freed on failure too). NULL is -ENOMEM. */
int strv_consume(struct strv *v, char *s) _must_check_;

/* Appends copies of a NULL-terminated list (NULL: nothing). */
int strv_add_all(struct strv *v, char *const *items) _must_check_;

/* Index of the first equal item, or -1. */
ptrdiff_t strv_find(const struct strv *v, const char *s);

/* "KEY=value" lists: the value of KEY, or NULL. */
const char *strv_env_get(const struct strv *v, const char *key);

/* "KEY=value" lists: replaces the item of that KEY, or appends. `pair` holds '='. */
int strv_env_set(struct strv *v, const char *pair) _must_check_;

/* "KEY=value" lists: removes the item of that KEY, if there. */
void strv_env_unset(struct strv *v, const char *key);

#endif
